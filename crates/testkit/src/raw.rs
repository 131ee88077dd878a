//! HTTP/1 by hand, for bytes that no library would send or accept; it never repairs what it reads.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;

use bytes::{Buf as _, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::server::BoxedStream;
use crate::tls::Certificate;
use crate::{Received, within};

/// A connection that says exactly the bytes it is told to.
pub struct RawClient {
    wire: Wire,
    alpn: Option<String>,
}

/// A response, or an interim one (1xx), as it came.
#[derive(Clone, Debug)]
pub struct RawResponse {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub trailers: HeaderMap,
}

impl RawClient {
    pub async fn connect(address: SocketAddr) -> Self {
        Self::over(Box::new(dial(address).await))
    }

    fn over(stream: BoxedStream) -> Self {
        Self {
            wire: Wire::new(stream),
            alpn: None,
        }
    }

    /// Speaks TLS from here on, trusting only `ca_pem`; an error is the handshake's.
    pub async fn tls(self, ca_pem: &str, name: &str, alpn: &[&str]) -> io::Result<Self> {
        self.tls_as(ca_pem, name, alpn, None).await
    }

    /// As [`tls`](Self::tls), and shows a client certificate if asked.
    pub async fn tls_as(
        self,
        ca_pem: &str,
        name: &str,
        alpn: &[&str],
        identity: Option<&Certificate>,
    ) -> io::Result<Self> {
        self.tls_with(crate::tls::client(ca_pem, identity, alpn), name)
            .await
    }

    pub(crate) async fn tls_with(self, config: Arc<ClientConfig>, name: &str) -> io::Result<Self> {
        let name = ServerName::try_from(name.to_owned()).expect("the test gives a valid name");
        let handshake = TlsConnector::from(config).connect(name, self.into_stream());
        let stream = within("the TLS handshake", handshake).await?;
        let alpn = stream.get_ref().1.alpn_protocol();
        let alpn = alpn.map(|name| String::from_utf8_lossy(name).into_owned());
        Ok(Self {
            alpn,
            ..Self::over(Box::new(stream))
        })
    }

    /// What the TLS handshake agreed on.
    pub fn alpn(&self) -> Option<&str> {
        self.alpn.as_deref()
    }

    /// Sends bytes. A peer that has hung up is no failure here: what it answered is what counts.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        within("sending", self.wire.write(bytes.as_ref()))
            .await
            .ok();
    }

    /// Says that nothing more will come, and goes on reading.
    pub async fn finish_sending(&mut self) {
        within("half-closing", self.wire.stream.shutdown())
            .await
            .ok();
    }

    /// The next response with its body, interim responses included.
    pub async fn read_response(&mut self) -> RawResponse {
        self.try_read_response().await.expect("a whole response")
    }

    /// As [`read_response`](Self::read_response), where the peer may break off.
    pub async fn try_read_response(&mut self) -> io::Result<RawResponse> {
        within("a response", self.wire.read_response(Asked::Any)).await
    }

    /// The next response to a HEAD request: its header alone.
    pub async fn read_response_head(&mut self) -> RawResponse {
        within("a response", self.wire.read_response(Asked::Head))
            .await
            .expect("a whole response")
    }

    /// The answer to a CONNECT; a refusal has a body, a tunnel has none.
    pub async fn read_connect_response(&mut self) -> RawResponse {
        let response = within(
            "an answer to CONNECT",
            self.wire.read_response(Asked::Connect),
        )
        .await;
        response.expect("a whole answer to CONNECT")
    }

    /// So many bytes, exactly.
    pub async fn read_exactly(&mut self, length: usize) -> Bytes {
        let bytes = within("reading", self.wire.take(length)).await;
        bytes.expect("the peer sends that many bytes")
    }

    /// Everything until the peer closes. A reset is an end like any other.
    pub async fn read_to_end(&mut self) -> Bytes {
        within("the peer's closing", async {
            while let Ok(true) = self.wire.fill().await {}
            self.wire.buffer.split().freeze()
        })
        .await
    }

    pub(crate) fn into_wire(self) -> Wire {
        self.wire
    }

    pub(crate) fn into_stream(self) -> BoxedStream {
        assert!(
            self.wire.buffer.is_empty(),
            "the peer spoke before it was asked"
        );
        self.wire.stream
    }
}

impl fmt::Debug for RawClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawClient")
            .field("alpn", &self.alpn)
            .finish_non_exhaustive()
    }
}

impl RawResponse {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .get(name)
            .map(|value| value.to_str().expect("the header is text"))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the response body is JSON")
    }
}

/// The server side of the same, for upstreams that answer with bytes of the test's choice.
pub(crate) struct RawServer {
    wire: Wire,
    connection: usize,
}

impl RawServer {
    pub(crate) fn new(stream: BoxedStream, connection: usize) -> Self {
        Self {
            wire: Wire::new(stream),
            connection,
        }
    }

    /// `None` once the peer has closed, or sends what is no request.
    pub(crate) async fn read_request(&mut self) -> Option<Received> {
        let (first, headers) = self.wire.read_head().await.ok()?;
        let mut words = first.split(' ');
        let method = Method::from_str(words.next()?).ok()?;
        let target = words.next()?.to_owned();
        let authority = headers
            .get("host")
            .and_then(|host| host.to_str().ok())
            .unwrap_or_default();
        // Who waits for "100 Continue" sends its body only if the scripted bytes ask for it.
        let body = if framing(&headers).is_some() && !headers.contains_key("expect") {
            self.wire.read_body(&headers).await
        } else {
            Ok((Bytes::new(), HeaderMap::new()))
        };
        let complete = body.is_ok();
        let (body, trailers) = body.unwrap_or_default();
        Some(Received {
            method,
            target,
            authority: authority.to_owned(),
            headers,
            body,
            trailers,
            complete,
            connection: self.connection,
        })
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.wire.write(bytes).await
    }
}

/// A stream and what was read of it but not yet used.
pub(crate) struct Wire {
    stream: BoxedStream,
    buffer: BytesMut,
}

/// The request decides whether its response has a body.
enum Asked {
    Any,
    Head,
    Connect,
}

enum Framing {
    Length(usize),
    Chunked,
}

impl Wire {
    pub(crate) fn new(stream: BoxedStream) -> Self {
        Self {
            stream,
            buffer: BytesMut::new(),
        }
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    async fn read_response(&mut self, asked: Asked) -> io::Result<RawResponse> {
        let (first, headers) = self.read_head().await?;
        let status = first
            .split(' ')
            .nth(1)
            .and_then(|digits| digits.parse().ok());
        let status = status.ok_or_else(|| malformed("status line", &first))?;
        let bodiless = match asked {
            Asked::Head => true,
            Asked::Connect if matches!(status, 200..300) => true,
            Asked::Connect | Asked::Any => matches!(status, 100..200 | 204 | 304),
        };
        let (body, trailers) = if bodiless {
            Default::default()
        } else {
            self.read_body(&headers).await?
        };
        Ok(RawResponse {
            status,
            headers,
            body,
            trailers,
        })
    }

    async fn read_head(&mut self) -> io::Result<(String, HeaderMap)> {
        let first = self.read_line().await?;
        Ok((first, self.read_fields().await?))
    }

    /// Header or trailer fields, with the empty line that ends them.
    async fn read_fields(&mut self) -> io::Result<HeaderMap> {
        let mut fields = HeaderMap::new();
        loop {
            let line = self.read_line().await?;
            if line.is_empty() {
                return Ok(fields);
            }
            let (name, value) = line
                .split_once(':')
                .ok_or_else(|| malformed("header", &line))?;
            let name = HeaderName::from_str(name).map_err(|_| malformed("header", &line))?;
            let value =
                HeaderValue::from_str(value.trim()).map_err(|_| malformed("header", &line))?;
            fields.append(name, value);
        }
    }

    async fn read_body(&mut self, headers: &HeaderMap) -> io::Result<(Bytes, HeaderMap)> {
        match framing(headers) {
            Some(Framing::Length(length)) => Ok((self.take(length).await?, HeaderMap::new())),
            Some(Framing::Chunked) => self.read_chunks().await,
            None => {
                while self.fill().await? {}
                Ok((self.buffer.split().freeze(), HeaderMap::new()))
            }
        }
    }

    async fn read_chunks(&mut self) -> io::Result<(Bytes, HeaderMap)> {
        let mut body = BytesMut::new();
        loop {
            let line = self.read_line().await?;
            let size = line.split(';').next().unwrap_or_default().trim();
            let size =
                usize::from_str_radix(size, 16).map_err(|_| malformed("chunk size", &line))?;
            if size == 0 {
                return Ok((body.freeze(), self.read_fields().await?));
            }
            body.extend_from_slice(&self.take(size).await?);
            let end = self.read_line().await?;
            if !end.is_empty() {
                return Err(malformed("end of a chunk", &end));
            }
        }
    }

    async fn read_line(&mut self) -> io::Result<String> {
        loop {
            if let Some(length) = self.buffer.iter().position(|&byte| byte == b'\n') {
                let line = self.buffer.split_to(length);
                self.buffer.advance(1);
                let line = line.strip_suffix(b"\r").unwrap_or(&line);
                return Ok(String::from_utf8_lossy(line).into_owned());
            }
            self.need_more().await?;
        }
    }

    pub(crate) async fn take(&mut self, length: usize) -> io::Result<Bytes> {
        while self.buffer.len() < length {
            self.need_more().await?;
        }
        Ok(self.buffer.split_to(length).freeze())
    }

    async fn need_more(&mut self) -> io::Result<()> {
        if self.fill().await? {
            Ok(())
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }

    /// Reads once; false at the end.
    async fn fill(&mut self) -> io::Result<bool> {
        Ok(self.stream.read_buf(&mut self.buffer).await? > 0)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test's own client, to an address it was given"
)]
async fn dial(address: SocketAddr) -> TcpStream {
    let stream = within("connecting", TcpStream::connect(address)).await;
    let stream = stream.expect("something listens at the address");
    stream.set_nodelay(true).ok();
    stream
}

fn framing(headers: &HeaderMap) -> Option<Framing> {
    if headers.contains_key("transfer-encoding") {
        return Some(Framing::Chunked);
    }
    let length = headers.get("content-length")?.to_str().ok()?;
    Some(Framing::Length(length.parse().ok()?))
}

fn malformed(what: &str, line: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("no {what}: {line:?}"))
}
