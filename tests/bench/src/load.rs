//! The load: connections that each send one request after the other and wait for its whole answer (a closed loop).

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use bytes::{Buf as _, Bytes, BytesMut};
use http::{HeaderMap, Method, Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A way to the upstream.
#[derive(Clone)]
pub(crate) struct Way {
    /// On loopback.
    pub(crate) port: u16,
    /// `host:port` of the upstream.
    pub(crate) authority: String,
    pub(crate) path: String,
    pub(crate) proxied: bool,
    /// TLS to the upstream, through a tunnel where there is a proxy.
    pub(crate) tls: Option<Arc<ClientConfig>>,
    /// For the proxy.
    pub(crate) credential: String,
    pub(crate) bodies: Bodies,
}

/// Bodies in turn, whichever connection asks.
#[derive(Clone)]
pub(crate) struct Bodies {
    all: Arc<[Bytes]>,
    next: Arc<AtomicUsize>,
}

impl Bodies {
    pub(crate) fn new(all: Vec<Bytes>) -> Self {
        Self {
            all: all.into(),
            next: Arc::default(),
        }
    }

    fn next(&self) -> Bytes {
        let at = self.next.fetch_add(1, Ordering::Relaxed) % self.all.len().max(1);
        self.all.get(at).cloned().unwrap_or_default()
    }
}

#[derive(Debug, Default)]
pub(crate) struct Measured {
    pub(crate) requests: usize,
    /// Nanoseconds of each request, sorted.
    pub(crate) nanos: Vec<u64>,
}

/// All connections are made and used once before the time begins.
pub(crate) async fn run(way: &Way, connections: usize, time: Duration) -> Result<Measured> {
    let mut ready = Vec::with_capacity(connections);
    for _ in 0..connections {
        let mut connection = Connection::open(way).await?;
        connection.exchange().await?;
        ready.push(connection);
    }
    let end = Instant::now() + time;
    let tasks: Vec<_> = ready
        .into_iter()
        .map(|connection| tokio::spawn(connection.exchange_until(end)))
        .collect();
    let mut nanos = Vec::new();
    for task in tasks {
        nanos.extend(task.await??);
    }
    nanos.sort_unstable();
    Ok(Measured {
        requests: nanos.len(),
        nanos,
    })
}

/// One connection, on which requests follow each other.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    uri: String,
    headers: HeaderMap,
    bodies: Bodies,
}

impl Connection {
    pub(crate) async fn open(way: &Way) -> Result<Self> {
        let stream = connect(way.port).await?;
        let sender = match (&way.tls, way.proxied) {
            (None, _) => handshake(stream).await?,
            (Some(tls), false) => encrypt(way, tls, stream).await?,
            (Some(tls), true) => encrypt(way, tls, tunnel(way, stream).await?).await?,
        };
        let absolute = way.proxied && way.tls.is_none();
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, way.authority.parse()?);
        headers.insert(header::CONTENT_TYPE, "application/json".parse()?);
        if absolute {
            headers.insert(header::PROXY_AUTHORIZATION, way.credential.parse()?);
        }
        let uri = if absolute {
            format!("http://{}{}", way.authority, way.path)
        } else {
            way.path.clone()
        };
        Ok(Self {
            sender,
            uri,
            headers,
            bodies: way.bodies.clone(),
        })
    }

    async fn exchange_until(mut self, end: Instant) -> Result<Vec<u64>> {
        let mut nanos = Vec::with_capacity(1 << 12);
        let mut started = Instant::now();
        while started < end {
            self.exchange().await?;
            nanos.push(u64::try_from(started.elapsed().as_nanos())?);
            started = Instant::now();
        }
        Ok(nanos)
    }

    pub(crate) async fn exchange(&mut self) -> Result<()> {
        let mut body = self.ask().await?;
        while let Some(frame) = body.frame().await {
            frame?;
        }
        Ok(())
    }

    /// Each line of an answer as soon as it is there, without its end.
    pub(crate) async fn lines(&mut self, mut read: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut body = self.ask().await?;
        let mut unread = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else {
                continue;
            };
            unread.extend_from_slice(&data);
            while let Some(end) = unread.iter().position(|byte| *byte == b'\n') {
                let line = unread.split_to(end);
                unread.advance(1);
                read(&line)?;
            }
        }
        Ok(())
    }

    async fn ask(&mut self) -> Result<Incoming> {
        let mut request = Request::new(Full::new(self.bodies.next()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.parse()?;
        *request.headers_mut() = self.headers.clone();
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        let mut body = response.into_body();
        if !status.is_success() {
            let said = body.frame().await.transpose()?;
            bail!("{status}: {:?}", said.map(Frame::into_data));
        }
        Ok(body)
    }
}

/// To a port on loopback.
#[expect(
    clippy::disallowed_methods,
    reason = "this is a client, and no part of the proxy"
)]
pub(crate) async fn connect(port: u16) -> Result<TcpStream> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn tunnel(
    way: &Way,
    stream: TcpStream,
) -> Result<impl AsyncRead + AsyncWrite + Unpin + Send + use<>> {
    let mut sender = handshake(stream).await?;
    let request = Request::connect(&way.authority)
        .header(header::HOST, &way.authority)
        .header(header::PROXY_AUTHORIZATION, &way.credential)
        .body(Full::default())?;
    let response = sender.send_request(request).await?;
    if !response.status().is_success() {
        bail!("CONNECT: {}", response.status());
    }
    Ok(TokioIo::new(hyper::upgrade::on(response).await?))
}

async fn encrypt<S>(
    way: &Way,
    config: &Arc<ClientConfig>,
    stream: S,
) -> Result<SendRequest<Full<Bytes>>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let host = way.authority.split(':').next().unwrap_or_default();
    let name = ServerName::try_from(host.to_owned())?;
    handshake(
        TlsConnector::from(Arc::clone(config))
            .connect(name, stream)
            .await?,
    )
    .await
}

async fn handshake<S>(stream: S) -> Result<SendRequest<Full<Bytes>>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection.with_upgrades());
    Ok(sender)
}
