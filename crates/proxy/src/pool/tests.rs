//! What is kept, and for how long.

use bytes::Bytes;
use http::Response;
use http_body_util::Empty;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::task::JoinHandle;
use tokio::time::advance;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_shared_connection_is_kept_while_any_request_on_it_is_under_way() {
    let (pool, open) = shared().await;
    let (_, answer) = taken(&pool).expect("it is kept");
    for _ in 0..10 {
        advance(IDLE).await;
        pool.sweep();
    }
    assert!(!open.is_finished());
    drop(answer);
    assert!(taken(&pool).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_shared_connection_that_nobody_uses_is_closed() {
    let (pool, open) = shared().await;
    pool.sweep();
    advance(IDLE / 2).await;
    pool.sweep();
    // That is a use.
    assert!(taken(&pool).is_some());
    pool.sweep();
    advance(IDLE / 2).await;
    pool.sweep();
    assert!(taken(&pool).is_some());
    pool.sweep();
    advance(IDLE).await;
    pool.sweep();
    assert!(taken(&pool).is_none());
    open.await.unwrap().unwrap();
}

fn taken(pool: &Pool) -> Option<(http2::SendRequest<RequestBody>, InUse)> {
    match pool.take(&key())?.0 {
        Sender::Http2(sender, in_use) => Some((sender, in_use)),
        Sender::Http1(_) => None,
    }
}

/// A pool with one HTTP/2 connection in it, and that connection.
async fn shared() -> (Pool, JoinHandle<hyper::Result<()>>) {
    let (near, far) = tokio::io::duplex(1 << 16);
    let silent = service_fn(|_| std::future::pending::<hyper::Result<Response<Empty<Bytes>>>>());
    let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    tokio::spawn(server.serve_connection(TokioIo::new(far), silent));
    let client = http2::Builder::new(TokioExecutor::new());
    let (sender, connection) = client.handshake(TokioIo::new(near)).await.unwrap();
    let pool = Pool::new(IDLE, 1);
    pool.share(key(), sender, "192.0.2.1:443".into(), InUse::default());
    (pool, tokio::spawn(connection))
}

fn key() -> PoolKey {
    PoolKey {
        scheme: Scheme::Https,
        authority: Authority::parse("up.test", 443).unwrap(),
        tenant: "acme".into(),
    }
}

const IDLE: Duration = Duration::from_mins(1);
