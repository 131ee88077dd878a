//! A WebSocket by hand, for either side; written apart from what is tested, and for frames that no library would send.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use ring::digest;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::raw::Wire;
use crate::{Answer, RawClient, RawResponse, Received, within};

/// One side of an open WebSocket.
pub struct WebSocket {
    wire: Wire,
    is_client: bool,
    deflate: Option<Box<(Compress, Decompress)>>,
}

/// A frame as it came, unmasked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The final bit, the reserved ones and the opcode.
    pub first: u8,
    pub payload: Bytes,
}

/// The server's side of each `WebSocket` that an upstream accepts, in their order.
#[derive(Clone, Debug)]
pub struct Sockets {
    sender: mpsc::UnboundedSender<(OnUpgrade, bool)>,
    receiver: Arc<tokio::sync::Mutex<mpsc::UnboundedReceiver<(OnUpgrade, bool)>>>,
    extensions: Arc<Mutex<Option<String>>>,
}

impl Sockets {
    pub fn new() -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self {
            sender,
            receiver: Arc::new(tokio::sync::Mutex::new(receiver)),
            extensions: Arc::default(),
        }
    }

    /// Agrees to every offer of compression, as Aegis makes them.
    #[must_use]
    pub fn compressing(self) -> Self {
        self.agreeing("permessage-deflate; server_no_context_takeover")
    }

    /// Answers every offer of extensions so, whatever it is.
    #[must_use]
    pub fn agreeing(self, extensions: &str) -> Self {
        *self.extensions.lock().expect("nobody panics with it") = Some(extensions.to_owned());
        self
    }

    /// Accepts this handshake.
    pub fn accept(&self, request: &Received) -> Answer {
        let key = request.header("sec-websocket-key").unwrap_or_default();
        let accept = format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
        let accept = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, accept.as_bytes());
        let answer =
            Answer::upgrade("websocket").header("sec-websocket-accept", &STANDARD.encode(accept));
        let extensions = self.extensions.lock().expect("nobody panics with it");
        let offered = request.header("sec-websocket-extensions").is_some();
        match &*extensions {
            Some(agreed) if offered => answer
                .header("sec-websocket-extensions", agreed)
                .handing_over(self.clone(), true),
            _ => answer.handing_over(self.clone(), false),
        }
    }

    pub async fn next(&self) -> WebSocket {
        let mut receiver = self.receiver.lock().await;
        let next = within("a WebSocket", receiver.recv()).await;
        let (upgrade, compresses) = next.expect("the upstream is there");
        let upgraded = within("the switch", upgrade).await.expect("a switch");
        WebSocket::new(
            Wire::new(Box::new(TokioIo::new(upgraded))),
            false,
            compresses,
        )
    }

    pub(crate) fn hand_over(&self, upgrade: OnUpgrade, compresses: bool) {
        self.sender.send((upgrade, compresses)).ok();
    }
}

impl Default for Sockets {
    fn default() -> Self {
        Self::new()
    }
}

impl RawClient {
    /// Opens a WebSocket; `headers` are whole lines. An error is another answer than 101.
    pub async fn websocket(
        mut self,
        target: &str,
        host: &str,
        headers: &str,
    ) -> Result<WebSocket, RawResponse> {
        self.send(format!(
            "GET {target} HTTP/1.1\r\nhost: {host}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
        ))
        .await;
        let response = self.read_response().await;
        if response.status != 101 {
            return Err(response);
        }
        let accept = response.header("sec-websocket-accept");
        assert_eq!(accept, Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        let compresses = response.header("sec-websocket-extensions").is_some();
        Ok(WebSocket::new(self.into_wire(), true, compresses))
    }
}

impl WebSocket {
    fn new(wire: Wire, is_client: bool, compresses: bool) -> Self {
        let deflate = || {
            let compress = Compress::new(Compression::default(), false);
            Box::new((compress, Decompress::new(false)))
        };
        Self {
            wire,
            is_client,
            deflate: compresses.then(deflate),
        }
    }

    pub async fn send_text(&mut self, text: &str) {
        self.send_frame(0x81, text.as_bytes()).await;
    }

    pub async fn send_json(&mut self, value: &Value) {
        self.send_text(&value.to_string()).await;
    }

    /// With every earlier compressed message of a client as its context; a server's have none.
    pub async fn send_compressed(&mut self, text: &str) {
        let (compress, _) = &mut **self.deflate.as_mut().expect("compression is agreed on");
        let mut out = Vec::with_capacity(text.len() + 1024);
        compress
            .compress_vec(text.as_bytes(), &mut out, FlushCompress::Sync)
            .expect("it can be compressed");
        out.truncate(out.len() - 4);
        if !self.is_client {
            compress.reset();
        }
        self.send_frame(0xc1, &out).await;
    }

    /// A frame, right or wrong. A peer that has hung up is no failure here.
    pub async fn send_frame(&mut self, first: u8, payload: &[u8]) {
        let key = if self.is_client {
            [7, 77, 177, 211]
        } else {
            [0; 4]
        };
        let bit = if self.is_client { 0x80 } else { 0 };
        let mut frame = vec![first];
        match payload.len() {
            length @ ..=125 => frame.push(bit | u8::try_from(length).expect("it fits")),
            length @ ..=0xffff => {
                frame.push(bit | 0x7e);
                frame.extend(u16::try_from(length).expect("it fits").to_be_bytes());
            }
            length => {
                frame.push(bit | 0x7f);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        if self.is_client {
            frame.extend(key);
        }
        let key = key.into_iter().cycle();
        frame.extend(payload.iter().zip(key).map(|(byte, key)| byte ^ key));
        self.send_bytes(&frame).await;
    }

    /// Anything.
    pub async fn send_bytes(&mut self, bytes: &[u8]) {
        within("sending", self.wire.write(bytes)).await.ok();
    }

    /// The next frame; `None` once the peer has closed without one.
    pub async fn read_frame(&mut self) -> Option<Frame> {
        match within("a frame", self.frame()).await {
            Ok(frame) => Some(frame),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => None,
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => None,
            Err(error) => panic!("a frame: {error}"),
        }
    }

    /// The next message, put together and decoded.
    pub async fn read_message(&mut self) -> Bytes {
        let (mut message, mut compressed) = (Vec::new(), None);
        loop {
            let frame = self.read_frame().await.expect("a message");
            assert!(frame.first & 0x0f < 8, "a message, not {frame:?}");
            message.extend_from_slice(&frame.payload);
            let compressed = *compressed.get_or_insert(frame.first & 0x40 != 0);
            if frame.first & 0x80 == 0 {
                continue;
            }
            return if compressed {
                self.inflate(&message).into()
            } else {
                message.into()
            };
        }
    }

    pub async fn read_text(&mut self) -> String {
        let message = self.read_message().await;
        String::from_utf8(message.to_vec()).expect("text")
    }

    pub async fn read_json(&mut self) -> Value {
        serde_json::from_slice(&self.read_message().await).expect("JSON")
    }

    /// Answers every message with those that `script` gives, compressed where that is agreed on, until
    /// the peer closes; pings too.
    pub async fn serve(mut self, mut script: impl FnMut(&str) -> Vec<String>) {
        let mut message = Vec::new();
        let mut compressed = false;
        while let Ok(frame) = self.frame().await {
            match frame.first & 0x0f {
                8 => return self.send_frame(0x88, &frame.payload).await,
                9 => {
                    self.send_frame(0x8a, &frame.payload).await;
                    continue;
                }
                10 => continue,
                _ => message.extend_from_slice(&frame.payload),
            }
            compressed |= frame.first & 0x40 != 0;
            if frame.first & 0x80 == 0 {
                continue;
            }
            let whole = std::mem::take(&mut message);
            let whole = if std::mem::take(&mut compressed) {
                self.inflate(&whole)
            } else {
                whole
            };
            for answer in script(&String::from_utf8_lossy(&whole)) {
                match self.deflate {
                    Some(_) => self.send_compressed(&answer).await,
                    None => self.send_text(&answer).await,
                }
            }
        }
    }

    /// Code and reason of the close frame that must come next, and nothing behind it.
    pub async fn read_close(&mut self) -> (u16, String) {
        let frame = self.read_frame().await.expect("a close frame");
        assert_eq!(frame.first, 0x88, "a close frame, not {frame:?}");
        let (code, reason) = frame.payload.split_at(2);
        let code = u16::from_be_bytes(code.try_into().expect("two bytes"));
        (code, String::from_utf8_lossy(reason).into_owned())
    }

    async fn frame(&mut self) -> io::Result<Frame> {
        let [first, second] = self.take().await?;
        let length = match second & 0x7f {
            126 => usize::from(u16::from_be_bytes(self.take().await?)),
            127 => usize::try_from(u64::from_be_bytes(self.take().await?)).expect("it fits"),
            short => usize::from(short),
        };
        let masked = second & 0x80 != 0;
        assert_ne!(masked, self.is_client, "only clients mask");
        let key: [u8; 4] = if masked { self.take().await? } else { [0; 4] };
        let payload = self.wire.take(length).await?;
        let key = key.into_iter().cycle();
        Ok(Frame {
            first,
            payload: payload
                .iter()
                .zip(key)
                .map(|(byte, key)| byte ^ key)
                .collect(),
        })
    }

    async fn take<const LENGTH: usize>(&mut self) -> io::Result<[u8; LENGTH]> {
        let bytes = self.wire.take(LENGTH).await?;
        Ok(bytes[..].try_into().expect("as many as were asked for"))
    }

    fn inflate(&mut self, message: &[u8]) -> Vec<u8> {
        let (_, decompress) = &mut **self.deflate.as_mut().expect("compression is agreed on");
        let sent = [message, &[0, 0, 0xff, 0xff]].concat();
        let mut out = Vec::with_capacity(1 << 20);
        decompress
            .decompress_vec(&sent, &mut out, FlushDecompress::Sync)
            .expect("it can be decoded");
        out
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("is_client", &self.is_client)
            .finish_non_exhaustive()
    }
}
