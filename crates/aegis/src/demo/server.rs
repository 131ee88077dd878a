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
use tokio_rustls::TlsAcceptor;

use super::mocks::Answer;

/// Answers a request that has been read whole.
pub(crate) type Handler = fn(&Request<Bytes>) -> Answer;

/// A certificate for the demo's own names, made anew at each start and trusted by nobody else.
pub(crate) struct DemoCertificate {
    /// To be trusted by the proxy, as `upstream.ca_file`.
    pub(crate) pem: String,
    acceptor: TlsAcceptor,
}

/// Serves on a free loopback port until the program ends; with a certificate it speaks TLS.
pub(crate) async fn serve(
    handler: Handler,
    certificate: Option<&DemoCertificate>,
) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let listener = listener.context("the demo needs a free port on loopback")?;
    let address = listener.local_addr()?;
    tokio::spawn(accept(
        listener,
        handler,
        certificate.map(|own| own.acceptor.clone()),
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

async fn accept(listener: TcpListener, handler: Handler, tls: Option<TlsAcceptor>) {
    // An accept error concerns one connection that is already gone.
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let tls = tls.clone();
        tokio::spawn(async move {
            match tls {
                None => answer_all(stream, handler).await,
                Some(tls) => {
                    // A peer that does not trust the certificate hangs up; it knows why.
                    let Ok(stream) = tls.accept(stream).await else {
                        return;
                    };
                    answer_all(stream, handler).await;
                }
            }
        });
    }
}

async fn answer_all(stream: impl AsyncRead + AsyncWrite + Unpin, handler: Handler) {
    let service = service_fn(async |request| Ok::<_, Infallible>(answer(request, handler).await));
    // The client may leave whenever it likes.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(request: Request<Incoming>, handler: Handler) -> Response<Body> {
    let (parts, body) = request.into_parts();
    #[expect(clippy::disallowed_methods, reason = "bounded by the line before")]
    let Ok(body) = Limited::new(body, BODY_LIMIT).collect().await else {
        let mut refusal = Response::new(Full::default().boxed_unsync());
        *refusal.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        return refusal;
    };
    handler(&Request::from_parts(parts, body.to_bytes())).map(paced)
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
