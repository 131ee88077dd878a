//! A fake server that answers what the test scripted, records what arrived, and fails on anything else.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;

use crate::answer::{Answer, Manner};
use crate::payload::Payload;
use crate::raw::RawServer;
use crate::received::Received;
use crate::server::{Connection, Ledger, Server};
use crate::tls::{Certificate, TestCa};

/// A running fake. If a script panicked or an unscripted request came, dropping it fails the test.
#[derive(Debug)]
pub struct Upstream {
    server: Server,
    ledger: Ledger,
    scheme: &'static str,
}

/// What a fake will answer; nothing is served before [`start`](UpstreamBuilder::start).
#[expect(missing_debug_implementations, reason = "scripts are closures")]
pub struct UpstreamBuilder {
    certificate: Option<Certificate>,
    http2: bool,
    script: Script,
}

type Handler = Arc<dyn Fn(&Received) -> Answer + Send + Sync>;

#[derive(Clone)]
struct Script {
    routes: Vec<(Method, String, Handler)>,
    otherwise: Option<Handler>,
    wire: Option<Wire>,
}

/// Bytes that a well-behaved server could not send.
#[derive(Clone)]
struct Wire {
    bytes: Bytes,
    close: bool,
}

impl Upstream {
    pub fn http() -> UpstreamBuilder {
        UpstreamBuilder {
            certificate: None,
            http2: false,
            script: Script {
                routes: Vec::new(),
                otherwise: None,
                wire: None,
            },
        }
    }

    pub fn https(ca: &TestCa, names: &[&str]) -> UpstreamBuilder {
        Self::http().certificate(ca.issue(names))
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    pub fn port(&self) -> u16 {
        self.address().port()
    }

    /// A URL of this upstream under its address.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address())
    }

    /// A URL of this upstream under a name that the proxy is told to resolve to it.
    pub fn url_as(&self, name: &str, path: &str) -> String {
        format!("{}://{name}:{}{path}", self.scheme, self.port())
    }

    pub fn requests(&self) -> Vec<Received> {
        self.ledger.read(|seen| seen.requests.clone())
    }

    /// The only request that arrived.
    pub fn request(&self) -> Received {
        let mut all = self.requests();
        assert_eq!(
            all.len(),
            1,
            "the upstream should have received one request"
        );
        all.remove(0)
    }

    pub fn count(&self) -> usize {
        self.ledger.read(|seen| seen.requests.len())
    }

    /// Connections that got through their handshake, ever.
    pub fn connections(&self) -> usize {
        self.ledger.read(|seen| seen.connections.len())
    }

    /// Connections whose TLS handshake failed, as when the peer does not trust the certificate.
    pub fn failed_handshakes(&self) -> usize {
        self.ledger.read(|seen| seen.failed_handshakes)
    }

    /// What ALPN agreed on, for each connection.
    pub fn alpn(&self) -> Vec<Option<String>> {
        self.ledger.read(|seen| seen.connections.clone())
    }

    /// Waits until `count` requests have arrived whole or were broken off.
    pub async fn received(&self, count: usize) -> Vec<Received> {
        let what = format!("arrival of {count} requests");
        self.ledger
            .wait(&what, |seen| seen.requests.len() >= count)
            .await;
        self.requests()
    }

    /// Waits until `count` bytes of request bodies have arrived, also of unfinished ones.
    pub async fn received_body_bytes(&self, count: u64) {
        let what = format!("arrival of {count} body bytes");
        self.ledger
            .wait(&what, |seen| seen.body_bytes >= count)
            .await;
    }

    /// Waits until a TLS handshake has failed.
    pub async fn refused_by_peer(&self) {
        self.ledger
            .wait("a failed handshake", |seen| seen.failed_handshakes > 0)
            .await;
    }

    /// Waits until no connection is open.
    pub async fn abandoned(&self) {
        self.ledger
            .wait("the end of all connections", |seen| seen.open == 0)
            .await;
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        let failures = self.ledger.read(|seen| seen.failures.clone());
        // A second panic would abort the process and hide the first.
        let hidden = std::thread::panicking();
        assert!(
            failures.is_empty() || hidden,
            "the fake upstream failed: {}",
            failures.join("; ")
        );
    }
}

impl UpstreamBuilder {
    /// Speaks TLS with this certificate: an expired one, or one for other names.
    #[must_use]
    pub fn certificate(mut self, certificate: Certificate) -> Self {
        self.certificate = Some(certificate);
        self
    }

    /// Offers HTTP/2 before HTTP/1.1; without TLS it speaks HTTP/2 alone.
    #[must_use]
    pub fn h2(mut self) -> Self {
        self.http2 = true;
        self
    }

    /// Answers every request that no [`on`](Self::on) names.
    #[must_use]
    pub fn answer(mut self, script: impl Fn(&Received) -> Answer + Send + Sync + 'static) -> Self {
        self.script.otherwise = Some(Arc::new(script));
        self
    }

    /// Answers one method and path.
    #[must_use]
    pub fn on(
        mut self,
        method: Method,
        path: &str,
        script: impl Fn(&Received) -> Answer + Send + Sync + 'static,
    ) -> Self {
        self.script
            .routes
            .push((method, path.to_owned(), Arc::new(script)));
        self
    }

    /// Answers every request with itself.
    #[must_use]
    pub fn echo(self) -> Self {
        self.answer(Answer::echo)
    }

    /// Writes these bytes, right or wrong, after each HTTP/1 request.
    #[must_use]
    pub fn wire(mut self, bytes: impl Into<Bytes>) -> Self {
        self.script.wire = Some(Wire {
            bytes: bytes.into(),
            close: false,
        });
        self
    }

    /// Writes these bytes after the first HTTP/1 request of a connection and closes it.
    #[must_use]
    pub fn wire_then_close(mut self, bytes: impl Into<Bytes>) -> Self {
        self.script.wire = Some(Wire {
            bytes: bytes.into(),
            close: true,
        });
        self
    }

    pub async fn start(self) -> Upstream {
        let Self {
            certificate,
            http2,
            script,
        } = self;
        let alpn: &[&str] = if http2 {
            &["h2", "http/1.1"]
        } else {
            &["http/1.1"]
        };
        let tls: Option<Arc<ServerConfig>> = certificate.map(|own| own.server(alpn));
        let (scheme, plain_http2) = match tls {
            Some(_) => ("https", false),
            None => ("http", http2),
        };
        let ledger = Ledger::new();
        let book = ledger.clone();
        let serve = move |connection: Connection| {
            let script = script.clone();
            let speaks_http2 = plain_http2 || connection.alpn.as_deref() == Some("h2");
            serve(connection, speaks_http2, script, book.clone())
        };
        let server = Server::start(tls, ledger.clone(), serve).await;
        Upstream {
            server,
            ledger,
            scheme,
        }
    }
}

impl Script {
    /// `None` where the test did not foresee this request.
    fn answer(&self, request: &Received) -> Option<Answer> {
        let route = self
            .routes
            .iter()
            .find(|(method, path, _)| *method == request.method && path == request.path());
        let handler = route
            .map(|(_, _, handler)| handler)
            .or(self.otherwise.as_ref())?;
        Some(handler(request))
    }
}

async fn serve(connection: Connection, http2: bool, script: Script, ledger: Ledger) {
    let number = connection.number;
    if let Some(wire) = script.wire {
        return serve_wire(connection, wire, &ledger).await;
    }
    let script = Arc::new(script);
    let service = service_fn(move |request| {
        let (script, ledger) = (Arc::clone(&script), ledger.clone());
        async move {
            ledger
                .guard(respond(request, number, &script, &ledger))
                .await
        }
    });
    let stream = TokioIo::new(connection.stream);
    // Peers may break off as they like; what they sent is in the ledger.
    if http2 {
        let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        server.serve_connection(stream, service).await.ok();
    } else {
        let server = hyper::server::conn::http1::Builder::new();
        server
            .serve_connection(stream, service)
            .with_upgrades()
            .await
            .ok();
    }
}

async fn serve_wire(connection: Connection, wire: Wire, ledger: &Ledger) {
    let mut server = RawServer::new(connection.stream, connection.number);
    while let Some(request) = server.read_request().await {
        ledger.note(|seen| {
            seen.body_bytes += request.body.len() as u64;
            seen.requests.push(request);
        });
        if server.write(&wire.bytes).await.is_err() || wire.close {
            return;
        }
    }
}

async fn respond(
    mut request: Request<Incoming>,
    connection: usize,
    script: &Script,
    ledger: &Ledger,
) -> io::Result<Response<Payload>> {
    let upgrade = hyper::upgrade::on(&mut request);
    let received = Received::read(request, connection, ledger).await;
    ledger.note(|seen| seen.requests.push(received.clone()));
    if !received.complete {
        return Err(io::Error::other("the request broke off"));
    }
    let Some(answer) = script.answer(&received) else {
        let unforeseen = format!("nobody scripted {} {}", received.method, received.path());
        ledger.note(|seen| seen.failures.push(unforeseen));
        return Ok(Answer::status(501).response);
    };
    match answer.manner {
        Manner::Plain => {}
        Manner::HangUp => return Err(io::Error::other("hung up by the test")),
        Manner::Silent => std::future::pending().await,
        Manner::WebSocket(sockets, compresses) => sockets.hand_over(upgrade, compresses),
        Manner::Upgrade => drop(tokio::spawn(echo_bytes(upgrade))),
    }
    Ok(answer.response)
}

async fn echo_bytes(upgrade: OnUpgrade) {
    // The handshake may fail at the peer's end, and then there is nothing to echo.
    let Ok(upgraded) = upgrade.await else { return };
    let (mut reader, mut writer) = tokio::io::split(TokioIo::new(upgraded));
    tokio::io::copy(&mut reader, &mut writer).await.ok();
}
