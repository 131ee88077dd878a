//! What a fake upstream answers, as a value that a test's script returns.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use crate::payload::{Feed, Payload};
use crate::received::Received;
use crate::websocket::Sockets;

/// An answer being written down. What HTTP forbids is said with [`crate::UpstreamBuilder::wire`].
#[derive(Debug)]
pub struct Answer {
    pub(crate) response: Response<Payload>,
    pub(crate) manner: Manner,
}

#[derive(Clone, Debug)]
pub(crate) enum Manner {
    Plain,
    /// Takes the request and stays silent.
    Silent,
    /// Takes the request and closes the connection.
    HangUp,
    /// Switches protocols, then echoes bytes.
    Upgrade,
    /// Switches to a WebSocket, which the test drives; compressing or not.
    WebSocket(Sockets, bool),
}

impl Answer {
    pub fn status(status: u16) -> Self {
        let mut response = Response::new(Payload::from(Bytes::new()));
        *response.status_mut() = StatusCode::from_u16(status).expect("a status is 100 to 999");
        Self {
            response,
            manner: Manner::Plain,
        }
    }

    pub fn text(body: impl Into<Bytes>) -> Self {
        Self::status(200)
            .header("content-type", "text/plain")
            .body(body.into())
    }

    pub fn json(value: &Value) -> Self {
        Self::status(200)
            .header("content-type", "application/json")
            .body(value.to_string())
    }

    /// The request as it arrived, in JSON.
    pub fn echo(request: &Received) -> Self {
        let headers: Vec<Value> = request
            .headers
            .iter()
            .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
            .collect();
        Self::json(&json!({
            "method": request.method.as_str(),
            "target": request.target,
            "headers": headers,
            "body": request.text(),
        }))
    }

    /// Server-sent events, released by the test through `feed`.
    pub fn events(feed: &Feed) -> Self {
        Self::status(200)
            .header("content-type", "text/event-stream")
            .body(feed.payload())
    }

    /// A body of `total` bytes.
    pub fn large(total: u64) -> Self {
        Self::status(200).body(Payload::large(total))
    }

    /// Takes the request and never answers.
    pub fn never() -> Self {
        Self {
            manner: Manner::Silent,
            ..Self::status(200)
        }
    }

    /// Takes the request and closes the connection without an answer.
    pub fn hang_up() -> Self {
        Self {
            manner: Manner::HangUp,
            ..Self::status(200)
        }
    }

    /// 101, and from then on every byte comes back.
    pub fn upgrade(protocol: &str) -> Self {
        let accepted = Self::status(101)
            .header("connection", "upgrade")
            .header("upgrade", protocol);
        Self {
            manner: Manner::Upgrade,
            ..accepted
        }
    }

    pub(crate) fn handing_over(self, sockets: Sockets, compresses: bool) -> Self {
        Self {
            manner: Manner::WebSocket(sockets, compresses),
            ..self
        }
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.response
            .headers_mut()
            .append(header_name(name), header_value(value));
        self
    }

    #[must_use]
    pub fn body(mut self, body: impl Into<Payload>) -> Self {
        *self.response.body_mut() = body.into();
        self
    }

    /// Trailers after the body, announced in `trailer` as HTTP/1 asks for.
    #[must_use]
    pub fn trailers(mut self, trailers: &[(&str, &str)]) -> Self {
        let mut map = HeaderMap::new();
        for &(name, value) in trailers {
            self = self.header("trailer", name);
            map.append(header_name(name), header_value(value));
        }
        self.response.body_mut().set_trailers(map);
        self
    }
}

fn header_name(name: &str) -> HeaderName {
    name.parse().expect("the test names a valid header")
}

fn header_value(value: &str) -> HeaderValue {
    value.parse().expect("the test gives a valid header value")
}
