//! The accept loop under every fake server: counts connections, notes panics, ends with its owner.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::Received;

/// A bound loopback port and the task that serves it. Dropping it closes every connection.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

/// One accepted connection, TLS already spoken.
pub(crate) struct Connection {
    /// Counted from zero.
    pub(crate) number: usize,
    /// What ALPN agreed on; `None` without TLS or without agreement.
    pub(crate) alpn: Option<String>,
    pub(crate) stream: BoxedStream,
}

/// What a fake server has seen. Shared by its tasks; a test may wait for any state of it.
#[derive(Clone, Debug)]
pub(crate) struct Ledger(watch::Sender<Seen>);

#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) requests: Vec<Received>,
    /// The ALPN protocol of each connection that got through its handshake.
    pub(crate) connections: Vec<Option<String>>,
    pub(crate) open: usize,
    pub(crate) failed_handshakes: usize,
    pub(crate) body_bytes: u64,
    pub(crate) failures: Vec<String>,
}

pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}
pub(crate) type BoxedStream = Box<dyn Stream>;

impl Server {
    pub(crate) async fn start<F, S>(
        tls: Option<Arc<ServerConfig>>,
        ledger: Ledger,
        serve: S,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
        S: Fn(Connection) -> F + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a loopback port is free");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let accepting = tokio::spawn(accept(listener, tls, ledger, Arc::new(serve)));
        Self { address, accepting }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Ledger {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(Seen::default()))
    }

    pub(crate) fn note(&self, change: impl FnOnce(&mut Seen)) {
        self.0.send_modify(change);
    }

    pub(crate) fn read<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.0.borrow())
    }

    pub(crate) async fn wait(&self, what: &str, enough: impl FnMut(&Seen) -> bool) {
        let mut seen = self.0.subscribe();
        let waited = crate::within(what, seen.wait_for(enough)).await;
        assert!(waited.is_ok(), "the ledger outlives whoever waits for it");
    }

    /// Runs part of a fake; if it panics, whoever owns the fake will hear of it.
    pub(crate) async fn guard<F: Future>(&self, part: F) -> F::Output {
        let _note = PanicNote(self);
        part.await
    }
}

async fn accept<F, S>(
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    ledger: Ledger,
    serve: Arc<S>,
) where
    F: Future<Output = ()> + Send + 'static,
    S: Fn(Connection) -> F + Send + Sync + 'static,
{
    // Owned by this task: when the server is dropped, the connections go with it.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted.expect("a loopback listener accepts");
                let (tls, ledger, serve) = (tls.clone(), ledger.clone(), Arc::clone(&serve));
                connections.spawn(async move {
                    let Some(connection) = welcome(stream, tls, &ledger).await else { return };
                    let _open = Open(ledger.clone());
                    serve(connection).await;
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn welcome(
    stream: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    ledger: &Ledger,
) -> Option<Connection> {
    stream.set_nodelay(true).ok();
    let (stream, alpn): (BoxedStream, _) = match tls {
        None => (Box::new(stream), None),
        Some(config) => {
            let Ok(stream) = TlsAcceptor::from(config).accept(stream).await else {
                ledger.note(|seen| seen.failed_handshakes += 1);
                return None;
            };
            let alpn = stream.get_ref().1.alpn_protocol();
            let alpn = alpn.map(|name| String::from_utf8_lossy(name).into_owned());
            (Box::new(stream), alpn)
        }
    };
    let mut number = 0;
    ledger.note(|seen| {
        number = seen.connections.len();
        seen.connections.push(alpn.clone());
        seen.open += 1;
    });
    Some(Connection {
        number,
        alpn,
        stream,
    })
}

/// Counts a connection as open while it lives.
struct Open(Ledger);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.note(|seen| seen.open -= 1);
    }
}

struct PanicNote<'a>(&'a Ledger);

impl Drop for PanicNote<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0
                .note(|seen| seen.failures.push("a script panicked".to_owned()));
        }
    }
}
