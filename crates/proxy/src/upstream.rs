//! Dials what `route` has judged, and keeps connections for reuse. The only file that opens sockets for agents' traffic.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aegis_config::UpstreamSettings;
use aegis_policy::{Host, Scheme};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use crate::body::RequestBody;
use crate::exchange::Via;
use crate::pool::{InUse, Pool, PoolKey};
use crate::refusal::{Cause, Refusal};
use crate::roots::{self, RootsError};
use crate::route::Target;
use crate::socket;

/// A connection on which one request may be sent now.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) sender: Sender,
    pub(crate) address: Arc<str>,
    pub(crate) reused: bool,
}

#[derive(Debug)]
pub(crate) enum Sender {
    Http1(http1::SendRequest<RequestBody>),
    Http2(http2::SendRequest<RequestBody>, InUse),
}

/// Makes connections for targets.
pub(crate) struct Dialer {
    pub(crate) pool: Arc<Pool>,
    tls: TlsConnector,
    /// Offers HTTP/1.1 alone: only there can a request ask to switch protocols.
    tls_http1: TlsConnector,
    connect_time: Duration,
}

impl Dialer {
    pub(crate) fn new(settings: &UpstreamSettings, pool: Arc<Pool>) -> Result<Self, RootsError> {
        let config = roots::client_config(settings)?;
        let mut http1 = config.clone();
        http1.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            pool,
            tls: TlsConnector::from(Arc::new(config)),
            tls_http1: TlsConnector::from(Arc::new(http1)),
            connect_time: settings.connect_timeout,
        })
    }

    /// A kept connection to the target, or a new one.
    pub(crate) async fn connect(&self, target: &Target) -> Result<Upstream, Refusal> {
        if let Some((sender, address)) = self.pool.take(&PoolKey::of(target)) {
            return Ok(Upstream {
                sender,
                address,
                reused: true,
            });
        }
        self.connect_anew(target).await
    }

    /// A new connection, for when a kept one turned out to be closed.
    pub(crate) async fn connect_anew(&self, target: &Target) -> Result<Upstream, Refusal> {
        // Boxed, here and below: a request that finds a kept connection need not carry room for a
        // handshake.
        let upstream = Box::pin(self.connect_with(target, &self.tls)).await?;
        if let Sender::Http2(sender, in_use) = &upstream.sender {
            let (key, address) = (PoolKey::of(target), Arc::clone(&upstream.address));
            self.pool
                .share(key, sender.clone(), address, in_use.clone());
        }
        Ok(upstream)
    }

    /// A connection of its own for a request that asks to switch protocols.
    pub(crate) async fn connect_for_upgrade(&self, target: &Target) -> Result<Upstream, Refusal> {
        Box::pin(self.connect_with(target, &self.tls_http1)).await
    }

    /// A plain connection for a tunnel whose bytes are copied blindly.
    pub(crate) async fn dial_blind(&self, target: &Target) -> Result<(TcpStream, Via), Refusal> {
        let (stream, address) = self.dial(target).await?;
        Ok((
            stream,
            Via {
                address,
                reused: false,
                protocol: "tunnel",
            },
        ))
    }

    async fn connect_with(&self, target: &Target, tls: &TlsConnector) -> Result<Upstream, Refusal> {
        let (stream, address) = self.dial(target).await?;
        let sender = match target.scheme() {
            Scheme::Http => handshake_http1(TokioIo::new(stream)).await?,
            Scheme::Https => {
                let name = server_name(target.authority().host())?;
                let handshake = tls.connect(name, stream);
                let stream = timeout(self.connect_time, handshake)
                    .await
                    .map_err(|_| Refusal::new(Cause::ConnectTimeout))?
                    .map_err(|error| tls_refusal(&error))?;
                if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                    handshake_http2(TokioIo::new(stream)).await?
                } else {
                    handshake_http1(TokioIo::new(stream)).await?
                }
            }
        };
        Ok(Upstream {
            sender,
            address,
            reused: false,
        })
    }

    /// A plain connection to the target's first address that answers.
    async fn dial(&self, target: &Target) -> Result<(TcpStream, Arc<str>), Refusal> {
        let deadline = Instant::now() + self.connect_time;
        let mut refusal = Refusal::new(Cause::ConnectFailed);
        for address in target.addresses() {
            let address = SocketAddr::new(address.ip(), target.authority().port());
            match tokio::time::timeout_at(deadline, dial(address)).await {
                Ok(Ok(stream)) => return Ok((stream, address.to_string().into())),
                Ok(Err(_)) => refusal = Refusal::new(Cause::ConnectFailed),
                Err(_) => return Err(Refusal::new(Cause::ConnectTimeout)),
            }
        }
        Err(refusal)
    }
}

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialer").finish_non_exhaustive()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place, and the address was judged"
)]
async fn dial(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    socket::prepare(&stream)?;
    Ok(stream)
}

async fn handshake_http1<S>(io: TokioIo<S>) -> Result<Sender, Refusal>
where
    TokioIo<S>: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
    S: Send + 'static,
{
    let (sender, connection) = http1::Builder::new()
        .max_headers(MAX_RESPONSE_HEADERS)
        .handshake(io)
        .await
        .map_err(|_| Refusal::new(Cause::UpstreamBroken))?;
    // Ends with the connection: its errors reach whoever waits on the sender or the body.
    tokio::spawn(async move { drop(connection.with_upgrades().await) });
    Ok(Sender::Http1(sender))
}

async fn handshake_http2<S>(io: TokioIo<S>) -> Result<Sender, Refusal>
where
    TokioIo<S>: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
    S: Send + 'static,
{
    let (sender, connection) = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE)
        .handshake(io)
        .await
        .map_err(|_| Refusal::new(Cause::UpstreamBroken))?;
    tokio::spawn(async move { drop(connection.await) });
    Ok(Sender::Http2(sender, InUse::default()))
}

fn server_name(host: &Host) -> Result<ServerName<'static>, Refusal> {
    match host {
        Host::Address(ip) => Ok(ServerName::from(*ip)),
        Host::Name(name) => {
            ServerName::try_from(name.to_string()).map_err(|_| Refusal::new(Cause::Destination))
        }
    }
}

/// rustls says precisely what it dislikes about a certificate; the operator needs to know.
fn tls_refusal(error: &io::Error) -> Refusal {
    match error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>())
    {
        Some(rustls::Error::InvalidCertificate(why)) => {
            let message = format!("the destination's certificate is not acceptable: {why}");
            Refusal::with(Cause::UpstreamTls, message)
        }
        _ => Refusal::new(Cause::UpstreamTls),
    }
}

const MAX_RESPONSE_HEADERS: usize = 200;
const KEEP_ALIVE: Duration = Duration::from_secs(20);
