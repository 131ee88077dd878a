//! What every socket of agents' traffic is told once it is open. Reads and writes nothing.

use std::io;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

/// A quiet connection is nothing bad: an event stream may have nothing to say for hours. So there
/// is no other limit that would ever notice that its peer is gone.
pub(crate) fn prepare(stream: &TcpStream) -> io::Result<()> {
    // Small messages must not wait for the peer's acknowledgement.
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    let probes = TcpKeepalive::new()
        .with_time(QUIET)
        .with_interval(PROBE_INTERVAL)
        .with_retries(PROBES);
    socket.set_tcp_keepalive(&probes)?;
    // Probes are for what is quiet; this is for what was sent and is not taken (RFC 5482).
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(UNANSWERED))?;
    Ok(())
}

const QUIET: Duration = Duration::from_mins(1);
const PROBE_INTERVAL: Duration = Duration::from_secs(15);
const PROBES: u32 = 4;
/// As long as it takes with probes.
#[cfg(target_os = "linux")]
const UNANSWERED: Duration = Duration::from_mins(2);
