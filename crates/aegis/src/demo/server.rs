//! A tiny loopback server for the demo's services; it serves nobody but the demo.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream;
use http::{Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedSender;
use tokio_rustls::TlsAcceptor;

use super::mocks::Answer;

/// Answers a request that has been read whole.
pub(crate) type Handler = fn(&Request<Bytes>) -> Answer;

/// What really arrived at a service: the demo's proof of what was forwarded, and that nothing was.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arrived {
    pub(crate) target: String,
    pub(crate) body: Bytes,
}

/// Told of each request before it is answered.
pub(crate) type Watch = UnboundedSender<Arrived>;

/// A certificate for the demo's own names, made anew at each start and trusted by nobody else.
pub(crate) struct DemoCertificate {
    /// To be trusted by the proxy, as `upstream.ca_file`.
    pub(crate) pem: String,
    acceptor: TlsAcceptor,
}

/// Serves over TLS on a free loopback port until the program ends.
pub(crate) async fn serve(
    handler: Handler,
    certificate: &DemoCertificate,
    watch: &Watch,
) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let listener = listener.context("the demo needs a free port on loopback")?;
    let address = listener.local_addr()?;
    tokio::spawn(accept(
        listener,
        handler,
        certificate.acceptor.clone(),
        watch.clone(),
    ));
    Ok(address)
}

impl DemoCertificate {
    pub(crate) fn new(names: &[&str]) -> anyhow::Result<Self> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let own = rcgen::generate_simple_self_signed(names)?;
        let key = PrivatePkcs8KeyDer::from(own.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], key.into())?;
        Ok(Self {
            pem: own.cert.pem(),
            acceptor: Arc::new(config).into(),
        })
    }
}

async fn accept(listener: TcpListener, handler: Handler, tls: TlsAcceptor, watch: Watch) {
    // An accept error concerns one connection that is already gone.
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let (tls, watch) = (tls.clone(), watch.clone());
        tokio::spawn(async move {
            // A peer that does not trust the certificate hangs up; it knows why.
            if let Ok(stream) = tls.accept(stream).await {
                answer_all(stream, handler, &watch).await;
            }
        });
    }
}

async fn answer_all(stream: impl AsyncRead + AsyncWrite + Unpin, handler: Handler, watch: &Watch) {
    let service =
        service_fn(async |request| Ok::<_, Infallible>(answer(request, handler, watch).await));
    // The client may leave whenever it likes.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(request: Request<Incoming>, handler: Handler, watch: &Watch) -> Response<Body> {
    let (parts, body) = request.into_parts();
    #[expect(clippy::disallowed_methods, reason = "bounded by `Limited`")]
    let Ok(body) = Limited::new(body, BODY_LIMIT).collect().await else {
        let mut refusal = Response::new(Full::default().boxed_unsync());
        *refusal.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        return refusal;
    };
    let body = body.to_bytes();
    // Once the story is told nobody listens any more, and that is no error.
    let _ = watch.send(Arrived {
        target: parts.uri.to_string(),
        body: body.clone(),
    });
    handler(&Request::from_parts(parts, body)).map(paced)
}

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// Several pieces are sent with a pause before each, so that a streamed answer looks like one.
fn paced(mut pieces: Vec<Bytes>) -> Body {
    if pieces.len() < 2 {
        return Full::new(pieces.pop().unwrap_or_default()).boxed_unsync();
    }
    let frames = stream::iter(pieces).then(async |piece| {
        tokio::time::sleep(PACE).await;
        Ok(Frame::data(piece))
    });
    StreamBody::new(frames).boxed_unsync()
}

const PACE: Duration = Duration::from_millis(40);
const BODY_LIMIT: usize = 1024 * 1024;
