//! A well-behaved agent's HTTP client: through the proxy, plain or intercepted, HTTP/1.1 or HTTP/2.

use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::{HOST, PROXY_AUTHORIZATION};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri, Version};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ClientConfig;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::payload::Payload;
use crate::raw::{RawClient, RawResponse};
use crate::tls::Certificate;
use crate::within;

/// Opens a new connection for every [`send`](Self::send); [`open`](Self::open) keeps one.
#[derive(Clone, Debug)]
pub struct ProxyClient {
    proxy: SocketAddr,
    /// Where the proxy's own port speaks TLS.
    proxy_tls: Option<Arc<ClientConfig>>,
    credentials: Option<String>,
    trusted: String,
    http2: bool,
}

/// One connection to one origin, through the proxy.
#[derive(Debug)]
pub struct Session {
    sender: Sender,
    route: Route,
}

/// An answer whose body is read as the test asks for it.
#[derive(Debug)]
pub struct Reply {
    head: Response<()>,
    body: ReplyBody,
    trailers: HeaderMap,
    /// Keeps the connection while the body is being read.
    _sender: Option<Sender>,
}

#[derive(Debug)]
enum Route {
    /// Absolute-form; each request carries the credentials itself.
    Proxied { credentials: Option<String> },
    /// Origin-form inside a tunnel that the credentials have opened.
    Tunnelled,
}

#[derive(Clone, Debug)]
enum Sender {
    Http1(Arc<Mutex<http1::SendRequest<Payload>>>),
    Http2(http2::SendRequest<Payload>),
}

#[derive(Debug)]
enum ReplyBody {
    Whole(Bytes),
    Streamed(Incoming),
}

impl ProxyClient {
    pub fn new(proxy: SocketAddr) -> Self {
        Self {
            proxy,
            proxy_tls: None,
            credentials: None,
            trusted: String::new(),
            http2: false,
        }
    }

    #[must_use]
    pub fn credentials(mut self, id: &str, secret: &str) -> Self {
        self.credentials = Some(format!(
            "Basic {}",
            BASE64_STANDARD.encode(format!("{id}:{secret}"))
        ));
        self
    }

    /// Speaks TLS with the proxy itself, known as `localhost`, and shows a certificate of its own.
    #[must_use]
    pub fn proxy_tls(mut self, ca_pem: &str, identity: Option<&Certificate>) -> Self {
        self.proxy_tls = Some(crate::tls::client(ca_pem, identity, &["http/1.1"]));
        self
    }

    /// Trusts these authorities for what it reaches through tunnels, and no others.
    #[must_use]
    pub fn trust(mut self, ca_pem: &str) -> Self {
        self.trusted.push_str(ca_pem);
        self
    }

    /// Speaks HTTP/2 inside tunnels, and nothing else.
    #[must_use]
    pub fn h2(mut self) -> Self {
        self.http2 = true;
        self
    }

    pub async fn get(&self, url: &str) -> Reply {
        self.send(
            Request::get(url)
                .body(Payload::from(""))
                .expect("the test gives a URL"),
        )
        .await
    }

    pub async fn post_json(&self, url: &str, body: &Value) -> Reply {
        let request = Request::post(url)
            .header("content-type", "application/json")
            .body(Payload::from(body.to_string()));
        self.send(request.expect("the test gives a URL")).await
    }

    /// Sends one request on a connection of its own. A refused CONNECT is the reply.
    pub async fn send(&self, request: Request<Payload>) -> Reply {
        match self.open(request.uri()).await {
            Ok(session) => session.send(request).await,
            Err(refusal) => Reply::refused(refusal),
        }
    }

    /// A connection to the origin of `url`, or the refusal of its CONNECT.
    pub async fn open(&self, url: &Uri) -> Result<Session, RawResponse> {
        if url.scheme_str() != Some("https") {
            let sender = start_http1(self.connect().await).await;
            let route = Route::Proxied {
                credentials: self.credentials.clone(),
            };
            return Ok(Session { sender, route });
        }
        let host = url.host().expect("the test gives an absolute URL");
        let tunnel = self
            .tunnel(&format!("{host}:{}", url.port_u16().unwrap_or(443)))
            .await?;
        let alpn = if self.http2 { "h2" } else { "http/1.1" };
        let secured = tunnel.tls(&self.trusted, host, &[alpn]).await;
        let secured = secured.expect("the client trusts what the tunnel leads to");
        assert_eq!(
            secured.alpn().unwrap_or("http/1.1"),
            alpn,
            "what the tunnel leads to agrees"
        );
        Ok(Session::inside(secured).await)
    }

    /// A tunnel, nothing said inside yet, or the refusal.
    pub async fn tunnel(&self, authority: &str) -> Result<RawClient, RawResponse> {
        let credentials = match &self.credentials {
            Some(value) => format!("Proxy-Authorization: {value}\r\n"),
            None => String::new(),
        };
        let mut client = self.connect().await;
        client
            .send(format!(
                "CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n{credentials}\r\n"
            ))
            .await;
        let answer = client.read_connect_response().await;
        if answer.status == 200 {
            Ok(client)
        } else {
            Err(answer)
        }
    }

    async fn connect(&self) -> RawClient {
        let client = RawClient::connect(self.proxy).await;
        match &self.proxy_tls {
            None => client,
            Some(config) => {
                let secured = client.tls_with(Arc::clone(config), "localhost").await;
                secured.expect("the proxy and its client accept each other's certificates")
            }
        }
    }
}

impl Session {
    /// Speaks what the TLS handshake agreed on, with whatever is at the other end of `client`.
    pub async fn inside(client: RawClient) -> Self {
        let sender = match client.alpn() {
            Some("h2") => start_http2(client).await,
            _ => start_http1(client).await,
        };
        Self {
            sender,
            route: Route::Tunnelled,
        }
    }

    /// Speaks HTTP/2 without asking (RFC 9113, 3.3).
    pub async fn h2c(client: RawClient) -> Self {
        Self {
            sender: start_http2(client).await,
            route: Route::Tunnelled,
        }
    }

    pub async fn send(&self, mut request: Request<Payload>) -> Reply {
        if let Route::Proxied {
            credentials: Some(value),
        } = &self.route
        {
            request
                .headers_mut()
                .insert(PROXY_AUTHORIZATION, header(value));
        }
        // HTTP/2 keeps the absolute URL: it becomes `:scheme` and `:authority`.
        if let Sender::Http1(_) = self.sender {
            add_host(&mut request);
            if let Route::Tunnelled = self.route {
                to_origin_form(&mut request);
            }
        }
        let response = within("an answer", self.sender.send(request)).await;
        let (parts, body) = response.expect("the proxy answers").into_parts();
        Reply {
            head: Response::from_parts(parts, ()),
            body: ReplyBody::Streamed(body),
            trailers: HeaderMap::new(),
            _sender: Some(self.sender.clone()),
        }
    }

    pub async fn get(&self, url: &str) -> Reply {
        self.send(
            Request::get(url)
                .body(Payload::from(""))
                .expect("the test gives a URL"),
        )
        .await
    }
}

impl Reply {
    fn refused(refusal: RawResponse) -> Self {
        let mut head = Response::new(());
        *head.status_mut() = StatusCode::from_u16(refusal.status).expect("a status is 100 to 999");
        *head.headers_mut() = refusal.headers;
        let body = ReplyBody::Whole(refusal.body);
        Self {
            head,
            body,
            trailers: refusal.trailers,
            _sender: None,
        }
    }

    pub fn status(&self) -> u16 {
        self.head.status().as_u16()
    }

    pub fn version(&self) -> Version {
        self.head.version()
    }

    pub fn headers(&self) -> &HeaderMap {
        self.head.headers()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers()
            .get(name)
            .map(|value| value.to_str().expect("the header is text"))
    }

    /// The next piece of the body; `None` at its proper end, an error where it was cut.
    pub async fn try_chunk(&mut self) -> Result<Option<Bytes>, hyper::Error> {
        let incoming = match &mut self.body {
            ReplyBody::Streamed(incoming) => incoming,
            ReplyBody::Whole(bytes) if bytes.is_empty() => return Ok(None),
            ReplyBody::Whole(bytes) => return Ok(Some(std::mem::take(bytes))),
        };
        while let Some(frame) = within("more of the body", incoming.frame()).await {
            match frame?.into_data() {
                Ok(data) => return Ok(Some(data)),
                Err(frame) => self.trailers = frame.into_trailers().unwrap_or_default(),
            }
        }
        Ok(None)
    }

    pub async fn chunk(&mut self) -> Option<Bytes> {
        self.try_chunk()
            .await
            .expect("the body goes on or ends properly")
    }

    pub async fn bytes(&mut self) -> Bytes {
        let mut whole = Vec::new();
        while let Some(chunk) = self.chunk().await {
            whole.extend_from_slice(&chunk);
        }
        whole.into()
    }

    pub async fn text(&mut self) -> String {
        String::from_utf8_lossy(&self.bytes().await).into_owned()
    }

    pub async fn json(&mut self) -> Value {
        serde_json::from_slice(&self.bytes().await).expect("the response body is JSON")
    }

    /// Complete once the body has been read.
    pub fn trailers(&self) -> &HeaderMap {
        &self.trailers
    }
}

impl Sender {
    async fn send(&self, request: Request<Payload>) -> hyper::Result<Response<Incoming>> {
        match self {
            Self::Http1(sender) => {
                let mut sender = sender.lock().await;
                sender.ready().await?;
                sender.send_request(request).await
            }
            Self::Http2(sender) => sender.clone().send_request(request).await,
        }
    }
}

async fn start_http1(client: RawClient) -> Sender {
    let stream = TokioIo::new(client.into_stream());
    let (sender, connection) = http1::handshake(stream)
        .await
        .expect("HTTP/1 needs no handshake");
    tokio::spawn(connection.with_upgrades());
    Sender::Http1(Arc::new(Mutex::new(sender)))
}

async fn start_http2(client: RawClient) -> Sender {
    let stream = TokioIo::new(client.into_stream());
    let handshake = http2::handshake(TokioExecutor::new(), stream);
    let (sender, connection) = within("the HTTP/2 handshake", handshake)
        .await
        .expect("the peer speaks HTTP/2");
    tokio::spawn(connection);
    Sender::Http2(sender)
}

fn add_host(request: &mut Request<Payload>) {
    if request.headers().contains_key(HOST) {
        return;
    }
    let authority = request
        .uri()
        .authority()
        .expect("the test gives an absolute URL")
        .to_string();
    request.headers_mut().insert(HOST, header(&authority));
}

fn to_origin_form(request: &mut Request<Payload>) {
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = path.map_or(Uri::from_static("/"), Uri::from);
}

fn header(value: &str) -> HeaderValue {
    value.parse().expect("the test gives a valid header value")
}
