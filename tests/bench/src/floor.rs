//! The floor: a forward proxy of the same libraries that judges nothing and writes nothing down. What Aegis adds is measured against it.

use std::net::Ipv4Addr;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Method, Request, Response, Uri};
use http_body_util::{Either, Empty};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::client::conn::http1::SendRequest;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

pub(crate) const WORKER: &str = "floor";

/// The upstream's.
#[derive(Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) plain: u16,
    pub(crate) tls: u16,
}

#[tokio::main]
pub(crate) async fn serve(own: u16, upstream: Ports, directory: &Path) -> Result<()> {
    let proxy = Arc::new(Proxy {
        upstream,
        acceptor: TlsAcceptor::from(crate::tls::server(directory)?),
        connector: TlsConnector::from(crate::tls::client(&directory.join(crate::tls::CA))?),
        plain: Arc::default(),
        tls: Arc::default(),
    });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, own)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(connection(Arc::clone(&proxy), stream, false));
    }
}

type Sender = SendRequest<Incoming>;
type Pool = Arc<Mutex<Vec<Sender>>>;

struct Proxy {
    upstream: Ports,
    acceptor: TlsAcceptor,
    connector: TlsConnector,
    plain: Pool,
    tls: Pool,
}

async fn connection<S>(proxy: Arc<Proxy>, stream: S, inside: bool)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| handle(Arc::clone(&proxy), request, inside));
    // A client that goes away is how every measurement ends.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
}

async fn handle(
    proxy: Arc<Proxy>,
    request: Request<Incoming>,
    inside: bool,
) -> Result<Response<Either<Relayed, Empty<Bytes>>>> {
    if request.method() == Method::CONNECT {
        tokio::spawn(intercept(proxy, request));
        return Ok(Response::new(Either::Right(Empty::new())));
    }
    let pool = if inside { &proxy.tls } else { &proxy.plain };
    let kept = pool.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let mut sender = match kept {
        Some(sender) => sender,
        None => proxy.dial(inside).await?,
    };
    let response = sender.send_request(in_origin_form(request)).await?;
    let pool = Arc::clone(pool);
    Ok(response.map(|upstream| {
        Either::Left(Relayed {
            upstream,
            pool,
            sender: Some(sender),
        })
    }))
}

/// Boxed by its type: a connection in a connection would otherwise be a type without end.
fn intercept(
    proxy: Arc<Proxy>,
    request: Request<Incoming>,
) -> Pin<Box<dyn Future<Output = Result<()>> + Send>> {
    Box::pin(async move {
        let tunnel = hyper::upgrade::on(request).await?;
        let stream = proxy.acceptor.accept(TokioIo::new(tunnel)).await?;
        connection(proxy, stream, true).await;
        Ok(())
    })
}

impl Proxy {
    async fn dial(&self, tls: bool) -> Result<Sender> {
        let port = if tls {
            self.upstream.tls
        } else {
            self.upstream.plain
        };
        let stream = crate::load::connect(port).await?;
        if tls {
            let name = ServerName::try_from("api-00.bench.test")?;
            handshake(self.connector.connect(name, stream).await?).await
        } else {
            handshake::<TcpStream>(stream).await
        }
    }
}

async fn handshake<S>(stream: S) -> Result<Sender>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .context("handshake")?;
    tokio::spawn(connection);
    Ok(sender)
}

fn in_origin_form(mut request: Request<Incoming>) -> Request<Incoming> {
    let path = std::mem::take(request.uri_mut())
        .into_parts()
        .path_and_query;
    *request.uri_mut() = Uri::from(path.unwrap_or_else(|| PathAndQuery::from_static("/")));
    request
        .headers_mut()
        .remove(http::header::PROXY_AUTHORIZATION);
    request
}

/// An answer whose connection goes back to the pool at its end.
struct Relayed {
    upstream: Incoming,
    pool: Pool,
    sender: Option<Sender>,
}

impl Body for Relayed {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.upstream).poll_frame(cx);
        if self.upstream.is_end_stream()
            && let Some(sender) = self.sender.take()
        {
            self.pool
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(sender);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.upstream.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.upstream.size_hint()
    }
}
