//! What happens after CONNECT or an upgrade: interception, or bytes copied blindly. Never looks into what it copies.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aegis_config::Limits;
use aegis_policy::Host;
use bytes::BytesMut;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use rustls::server::Acceptor;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::body::Traffic;
use crate::lease::Lease;
use crate::plane::Plane;
use crate::record::{Ending, Record};
use crate::relay::Cut;
use crate::request::{Channel, Inside};
use crate::session::{self, LAST_WORD};
use crate::wire::Said;

/// A tunnel that policy lets be opened.
#[derive(Debug)]
pub(crate) enum Opened {
    Intercepted(Inside),
    Blind { upstream: TcpStream, host: Host },
}

/// Lives as long as the tunnel; its record ends with it.
pub(crate) async fn run(
    plane: Arc<Plane>,
    channel: Channel,
    client: OnUpgrade,
    opened: Opened,
    mut record: Record,
    mut lease: Lease,
) {
    let _open = plane.evidence.metrics.tunnel_opened();
    let traffic = Arc::clone(record.traffic());
    let revoked = match &opened {
        Opened::Intercepted(inside) => inside.revoked.clone(),
        Opened::Blind { .. } => Said::default(),
    };
    let ended = async {
        let cut = lease.ended().await;
        if matches!(cut, Cut::Revoked) {
            revoked.say();
        }
        cut
    };
    let inside = async {
        let client = TokioIo::new(client.await.map_err(io::Error::other)?);
        match opened {
            Opened::Intercepted(inside) => {
                session::serve_inside(&plane, &channel, client, inside).await
            }
            Opened::Blind { upstream, host } => {
                pass_blindly(client, upstream, &host, &plane.limits, &traffic).await
            }
        }
    };
    let result = tokio::select! {
        biased;
        cut = ended => return record.end(ending_of(&cut)),
        result = inside => result,
    };
    // What is inside may have ended for the same reason a moment earlier.
    let ending = match (lease.has_ended().await, result) {
        (Some(cut), _) => ending_of(&cut),
        (None, Err(error)) => broken(&error),
        (None, Ok(())) => Ending::Forwarded,
    };
    record.end(ending);
}

/// Two upgraded connections become one opaque tunnel; `linger` is for what one side has left.
pub(crate) async fn join(
    client: OnUpgrade,
    upstream: OnUpgrade,
    mut record: Record,
    mut lease: Lease,
    linger: Duration,
) {
    let traffic = Arc::clone(record.traffic());
    let copying = async {
        let (client, upstream) = tokio::try_join!(client, upstream).map_err(io::Error::other)?;
        let (client, upstream) = (TokioIo::new(client), TokioIo::new(upstream));
        copy(client, upstream, &traffic, linger).await
    };
    let ending = tokio::select! {
        result = copying => match result {
            Ok(()) => Ending::Forwarded,
            Err(error) => broken(&error),
        },
        cut = lease.ended() => ending_of(&cut),
    };
    record.end(ending);
}

/// Blind means that only the names can be judged: what does not begin with a TLS greeting for the
/// judged host is not let through.
async fn pass_blindly<C>(
    mut client: C,
    mut upstream: TcpStream,
    host: &Host,
    limits: &Limits,
    traffic: &Traffic,
) -> io::Result<()>
where
    C: AsyncRead + AsyncWrite + Unpin,
{
    let greeting = session::within(limits.tls_handshake_timeout, read_greeting(&mut client));
    let (greeting, name) = greeting.await?;
    if let Some(name) = name
        && Host::parse(&name).ok().as_ref() != Some(host)
    {
        session::last_word(&mut client, &ACCESS_DENIED, LAST_WORD).await;
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            NAME_DISAGREEMENT,
        ));
    }
    upstream.write_all(&greeting).await?;
    traffic
        .inbound
        .fetch_add(greeting.len() as u64, Ordering::Relaxed);
    copy(client, upstream, traffic, limits.idle_timeout).await
}

/// Reads a TLS greeting (`ClientHello`) and the name in it. The bytes are kept: they are sent on as they are.
async fn read_greeting<C>(client: &mut C) -> io::Result<(BytesMut, Option<String>)>
where
    C: AsyncRead + Unpin,
{
    let mut greeting = BytesMut::with_capacity(2048);
    let mut acceptor = Acceptor::default();
    loop {
        let before = greeting.len();
        if client.read_buf(&mut greeting).await? == 0 || greeting.len() > MAX_GREETING {
            return Err(io::Error::new(io::ErrorKind::InvalidData, NOT_TLS));
        }
        let mut new = greeting.get(before..).unwrap_or_default();
        while !new.is_empty() {
            acceptor.read_tls(&mut new)?;
        }
        let accepted = acceptor
            .accept()
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, NOT_TLS))?;
        if let Some(accepted) = accepted {
            let name = accepted.client_hello().server_name().map(str::to_owned);
            return Ok((greeting, name));
        }
    }
}

/// Both directions until both have ended. One that ends is closed for the other side, which may then
/// go on while it has something to say, but not be silent: whoever waited for it may be gone, and
/// nobody reads there any more who would notice.
async fn copy<A, B>(client: A, upstream: B, traffic: &Traffic, linger: Duration) -> io::Result<()>
where
    A: AsyncRead + AsyncWrite,
    B: AsyncRead + AsyncWrite,
{
    let (client_read, client_write) = tokio::io::split(client);
    let (upstream_read, upstream_write) = tokio::io::split(upstream);
    let half = HalfClosed {
        closed: CancellationToken::new(),
        linger,
    };
    tokio::try_join!(
        copy_one_way(client_read, upstream_write, &traffic.inbound, &half),
        copy_one_way(upstream_read, client_write, &traffic.outbound, &half),
    )?;
    Ok(())
}

/// Shared by the directions of a tunnel.
pub(crate) struct HalfClosed {
    pub(crate) closed: CancellationToken,
    pub(crate) linger: Duration,
}

impl HalfClosed {
    /// Resolves when the other direction has been closed for too long.
    pub(crate) async fn over(&self) {
        self.closed.cancelled().await;
        tokio::time::sleep(self.linger).await;
    }
}

async fn copy_one_way<R, W>(
    mut from: R,
    mut to: W,
    count: &AtomicU64,
    half: &HalfClosed,
) -> io::Result<()>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut buffer = BytesMut::with_capacity(COPY_BUFFER);
    loop {
        buffer.clear();
        let read = tokio::select! {
            biased;
            read = from.read_buf(&mut buffer) => read?,
            () = half.over() => return Err(io::ErrorKind::TimedOut.into()),
        };
        if read == 0 {
            // The other side may have closed already.
            let _ = to.shutdown().await;
            half.closed.cancel();
            return Ok(());
        }
        to.write_all(&buffer).await?;
        to.flush().await?;
        count.fetch_add(buffer.len() as u64, Ordering::Relaxed);
    }
}

pub(crate) fn ending_of(cut: &Cut) -> Ending {
    match cut {
        Cut::Drained => Ending::Drained,
        Cut::Revoked | Cut::Refused | Cut::Upstream(_) => Ending::ClosedByPolicy,
    }
}

/// What is no TLS, or is for another host than was judged, Aegis does not let through. Of everything else nobody knows
/// whose fault it is.
fn broken(error: &io::Error) -> Ending {
    let code = code(error);
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidData => Ending::Refused(code),
        _ => Ending::Failed(code),
    }
}

pub(crate) fn code(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::TimedOut => "tunnel.stalled",
        io::ErrorKind::PermissionDenied => NAME_DISAGREEMENT,
        io::ErrorKind::InvalidData => NOT_TLS,
        _ => "tunnel.broken",
    }
}

const NAME_DISAGREEMENT: &str = "name.disagreement";
/// The fatal alert `access_denied` as a TLS record, in the clear as any is before the server has greeted.
const ACCESS_DENIED: [u8; 7] = [21, 3, 3, 0, 2, 2, 49];
const NOT_TLS: &str = "tunnel.not_tls";
/// Bytes. A greeting with post-quantum key shares has about 2,000.
const MAX_GREETING: usize = 16 * 1024;
const COPY_BUFFER: usize = 16 * 1024;
