//! A request as a fake upstream got it, whole or broken off; nothing is repaired or left out.

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, Request, Version};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde_json::Value;

use crate::server::Ledger;

#[derive(Clone, Debug)]
pub struct Received {
    pub method: Method,
    /// The request target as sent, in HTTP/2 without scheme and authority.
    pub target: String,
    pub headers: HeaderMap,
    /// In HTTP/2 the `:authority`, in HTTP/1 the `Host` header.
    pub authority: String,
    pub body: Bytes,
    pub trailers: HeaderMap,
    /// False where the sender broke off before the end of the body.
    pub complete: bool,
    /// The connection that brought it, counted from zero.
    pub connection: usize,
}

impl Received {
    pub fn path(&self) -> &str {
        self.target
            .split_once('?')
            .map_or(&self.target, |(path, _)| path)
    }

    pub fn query(&self) -> Option<&str> {
        self.target.split_once('?').map(|(_, query)| query)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .get(name)
            .map(|value| value.to_str().expect("the header is text"))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the request body is JSON")
    }

    /// Reads it to its end, or to where its sender broke off.
    pub(crate) async fn read(
        request: Request<Incoming>,
        connection: usize,
        ledger: &Ledger,
    ) -> Self {
        let (parts, mut body) = request.into_parts();
        let host = parts
            .headers
            .get("host")
            .map(|host| String::from_utf8_lossy(host.as_bytes()));
        let authority = parts.uri.authority().map(ToString::to_string);
        let target = match parts.uri.path_and_query() {
            Some(target) if parts.version == Version::HTTP_2 => target.to_string(),
            _ => parts.uri.to_string(),
        };
        let mut received = Received {
            method: parts.method,
            target,
            authority: authority.or(host.map(String::from)).unwrap_or_default(),
            headers: parts.headers,
            body: Bytes::new(),
            trailers: HeaderMap::new(),
            complete: true,
            connection,
        };
        let mut whole = BytesMut::new();
        while let Some(frame) = body.frame().await {
            match frame.map(hyper::body::Frame::into_data) {
                Ok(Ok(data)) => {
                    ledger.note(|seen| seen.body_bytes += data.len() as u64);
                    whole.extend_from_slice(&data);
                }
                Ok(Err(frame)) => received.trailers = frame.into_trailers().unwrap_or_default(),
                Err(_) => {
                    received.complete = false;
                    break;
                }
            }
        }
        received.body = whole.freeze();
        received
    }
}
