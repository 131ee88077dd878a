//! Accepts connections, as many as the settings allow, and serves HTTP/1.1 on them. Knows no operation.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;
use tower_service::Service as _;

use crate::plane::Plane;
use crate::principals::sha256;
use crate::routes::PeerCertificate;

/// Accepts until the control plane stops. One connection too many waits in the kernel's queue.
pub(crate) async fn accept(
    plane: Arc<Plane>,
    listener: TcpListener,
    tls: Option<watch::Receiver<TlsAcceptor>>,
    router: Router,
    tasks: TaskTracker,
) {
    let permits = Arc::new(Semaphore::new(plane.limits.connections));
    loop {
        let next = async {
            let permit = Arc::clone(&permits).acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            next = next => next,
            () = plane.stopping.cancelled() => return,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of descriptors, mostly: what is open has to end first.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let tls = tls.as_ref().map(|current| current.borrow().clone());
        let (plane, router) = (Arc::clone(&plane), router.clone());
        tasks.spawn(async move {
            welcome(&plane, stream, tls, router).await;
            drop(permit);
        });
    }
}

async fn welcome(plane: &Plane, stream: TcpStream, tls: Option<TlsAcceptor>, router: Router) {
    // It fails only for a client that is gone, and reading tells that, too.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else {
        return serve(plane, stream, PeerCertificate::default(), router).await;
    };
    let handshake = tokio::time::timeout(plane.limits.header_timeout, tls.accept(stream));
    let secured = tokio::select! {
        secured = handshake => secured,
        () = plane.stopping.cancelled() => return,
    };
    let Ok(Ok(stream)) = secured else {
        // TLS itself has told the client why.
        return tracing::info!("a TLS handshake failed");
    };
    let certificates = stream.get_ref().1.peer_certificates();
    let first = certificates.and_then(|chain| chain.first());
    let certificate = PeerCertificate(first.map(|first| sha256(first)));
    serve(plane, stream, certificate, router).await;
}

async fn serve<S>(plane: &Plane, stream: S, certificate: PeerCertificate, router: Router)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(certificate);
        answer(router.clone(), request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(plane.limits.header_timeout)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = plane.stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    // A client that goes away is nobody's error.
    drop(served);
}

fn answer(
    mut router: Router,
    request: Request<Incoming>,
) -> impl Future<Output = Result<axum::response::Response, Infallible>> {
    router.call(request.map(Body::new))
}

const PAUSE: Duration = Duration::from_millis(100);
