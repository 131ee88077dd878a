//! Accepts connections on the agents' ports, as many as the settings allow. Reads nothing of them.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aegis_policy::Front;
use aegis_telemetry::metrics::Open;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;

use crate::plane::Plane;
use crate::record;
use crate::refusal::{Cause, Refusal};
use crate::request::Channel;
use crate::session;
use crate::sha256::sha256;
use crate::socket;

/// A client's connection.
#[derive(Debug)]
pub(crate) struct Connection {
    /// Of the port that it came to.
    pub(crate) front: Front,
    /// Counted from the start of the process.
    pub(crate) number: u64,
    /// Address and port of its other end, as records show them.
    pub(crate) peer: String,
    /// SHA-256 of the certificate that the client proved to own.
    pub(crate) certificate: Option<[u8; 32]>,
    /// Its place among those that may be open; `None` for one too many. A tunnel keeps it.
    permit: Option<(OwnedSemaphorePermit, Open)>,
}

/// Counts the connections of all ports, and those that are open.
#[derive(Debug)]
pub(crate) struct Admission {
    places: Arc<Semaphore>,
    numbers: AtomicU64,
}

impl Admission {
    /// For so many open connections.
    pub(crate) fn new(places: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
            numbers: AtomicU64::new(0),
        }
    }
}

/// Accepts until the drain begins.
pub(crate) async fn accept(
    plane: Arc<Plane>,
    front: Front,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
) {
    let Admission { places, numbers } = &plane.admission;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = plane.drain.begun() => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, mostly: what is open has to end first.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let number = numbers.fetch_add(1, Ordering::Relaxed) + 1;
        let permit = Arc::clone(places).try_acquire_owned().ok();
        let permit = permit.map(|permit| (permit, plane.evidence.metrics.connection_opened()));
        let connection = Connection {
            front,
            number,
            peer: peer.to_string(),
            certificate: None,
            permit,
        };
        plane
            .drain
            .spawn(welcome(Arc::clone(&plane), stream, connection, tls.clone()));
    }
}

async fn welcome(
    plane: Arc<Plane>,
    stream: TcpStream,
    mut connection: Connection,
    tls: Option<TlsAcceptor>,
) {
    if connection.permit.is_none() {
        turn_away(&plane, stream, connection, tls.is_some()).await;
        return;
    }
    // It fails only for a client that is gone, and reading tells that, too.
    let _ = socket::prepare(&stream);
    let Some(tls) = tls else {
        return serve(&plane, connection, stream).await;
    };
    let limit = plane.limits.tls_handshake_timeout;
    let begun = Instant::now();
    let mut first = [0];
    let spoken = tokio::select! {
        spoken = session::within(limit, stream.peek(&mut first)) => spoken,
        () = plane.drain.begun() => return,
    };
    // Who says nothing has asked for nothing.
    if !spoken.is_ok_and(|bytes| bytes > 0) {
        return;
    }
    let secured = tokio::select! {
        secured = session::within(limit.saturating_sub(begun.elapsed()), tls.accept(stream)) => secured,
        () = plane.drain.over() => {
            let channel = Channel::outside(Arc::new(connection));
            return session::cut(&plane, &channel, Cause::Handshake).await;
        }
    };
    match secured {
        Ok(stream) => {
            let certificates = stream.get_ref().1.peer_certificates();
            connection.certificate = certificates
                .and_then(|chain| chain.first())
                .map(|first| sha256(first));
            serve(&plane, connection, stream).await;
        }
        Err(error) => not_secured(&plane, connection, error).await,
    }
}

/// A proxy speaks HTTP/1.1 with its clients; a server is asked for HTTP/2 as well.
async fn serve<S>(plane: &Arc<Plane>, connection: Connection, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let front = connection.front;
    let channel = Channel::outside(Arc::new(connection));
    match front {
        Front::Forward => session::serve_http1(plane, &channel, stream).await,
        // Either protocol's state is large, and connections of the other front need no room for it.
        Front::Gateway => Box::pin(session::serve_either(plane, &channel, stream)).await,
    }
}

/// A handshake that failed. TLS itself has told the client why.
async fn not_secured(plane: &Plane, connection: Connection, error: io::Error) {
    let channel = Channel::outside(Arc::new(connection));
    if let Some(rustls::Error::InvalidCertificate(_)) = session::tls_error(&error) {
        let message = "the client certificate is not acceptable";
        let refusal = Refusal::because(Cause::Credential, "identity.certificate", message);
        record::refuse_unread(plane, &channel, &refusal, false).await;
    } else {
        session::not_greeted(plane, &channel, error).await;
    }
}

/// Over the limit: said and recorded, where the client can read it without a handshake.
async fn turn_away(plane: &Plane, mut stream: TcpStream, connection: Connection, is_tls: bool) {
    plane.evidence.metrics.connection_rejected();
    let refusal = Refusal::new(Cause::Overload);
    let channel = Channel::outside(Arc::new(connection));
    let stamp = record::refuse_unread(plane, &channel, &refusal, !is_tls).await;
    if !is_tls {
        let answer = refusal.raw_answer(&stamp);
        session::last_word(&mut stream, &answer, PAUSE).await;
    }
}

/// Binds a port for listening.
pub(crate) async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"))
    })
}

const PAUSE: Duration = Duration::from_millis(100);
