//! The opening handshake: is it one, what may be offered of extensions, and what a server's answer agrees to. It opens nothing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use ring::digest;

use super::Side;

/// What the two sides agreed on for the compression of messages.
///
/// A server's messages never refer to earlier ones, so that those which nobody looks into need not
/// be decoded for the sake of later ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreement {
    client_takes_over: bool,
}

/// What a client may be answered: its key, and those of its extensions that can be looked into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    accept: String,
    deflate: Vec<Deflate>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    #[error("the server's answer does not accept the handshake of this client")]
    NotAccepted,
    #[error("the server's answer agrees to an extension otherwise than it was offered")]
    Extension,
}

/// The parameters of one offer or answer of permessage-deflate (RFC 7692, section 7.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Deflate {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<u8>,
    client_max_window_bits: ClientBits,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum ClientBits {
    #[default]
    Absent,
    /// The client can do it, and gives no number.
    Any,
    Most(u8),
}

/// Whether a request opens a WebSocket of the one version there is (RFC 6455, section 4.2.1). What
/// only resembles one is a switch to something unknown, or none at all.
pub fn is_handshake(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::GET
        && switches(headers)
        && asks_to_switch(headers)
        && single(headers, &header::SEC_WEBSOCKET_VERSION) == Some("13")
        && key(headers).is_some()
}

impl Offer {
    /// Takes out of a handshake every extension that could not be looked into, and asks the server
    /// that its messages do not refer to earlier ones; `None` where it is no handshake.
    pub fn narrow(headers: &mut HeaderMap) -> Option<Self> {
        let accept = accept(key(headers)?);
        let values = headers.get_all(header::SEC_WEBSOCKET_EXTENSIONS).iter();
        let texts = values.filter_map(|value| value.to_str().ok());
        let deflate: Vec<Deflate> = texts
            .flat_map(|text| text.split(','))
            .filter_map(Deflate::read)
            .map(|offer| Deflate {
                server_no_context_takeover: true,
                ..offer
            })
            .collect();
        headers.remove(header::SEC_WEBSOCKET_EXTENSIONS);
        let offers: Vec<String> = deflate.iter().map(|offer| offer.words()).collect();
        if !offers.is_empty()
            && let Ok(value) = HeaderValue::from_str(&offers.join(", "))
        {
            headers.insert(header::SEC_WEBSOCKET_EXTENSIONS, value);
        }
        Some(Self { accept, deflate })
    }

    /// What a server's answer, 101 already, agrees to.
    pub fn answered(&self, headers: &HeaderMap) -> Result<Option<Agreement>, HandshakeError> {
        let accepts = single(headers, &header::SEC_WEBSOCKET_ACCEPT);
        if !switches(headers) || accepts != Some(self.accept.as_str()) {
            return Err(HandshakeError::NotAccepted);
        }
        if !headers.contains_key(header::SEC_WEBSOCKET_EXTENSIONS) {
            return Ok(None);
        }
        let answer = single(headers, &header::SEC_WEBSOCKET_EXTENSIONS).and_then(Deflate::read);
        let answer = answer.ok_or(HandshakeError::Extension)?;
        if !self.deflate.iter().any(|offer| offer.allows(answer)) {
            return Err(HandshakeError::Extension);
        }
        Ok(Some(Agreement {
            client_takes_over: !answer.client_no_context_takeover,
        }))
    }
}

impl Agreement {
    /// Whether later messages of this side refer to earlier ones.
    pub fn takes_over(self, side: Side) -> bool {
        match side {
            Side::Client => self.client_takes_over,
            Side::Server => false,
        }
    }
}

impl Deflate {
    /// `None` for another extension, and for what is not well-formed.
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        if !parts.next()?.eq_ignore_ascii_case("permessage-deflate") {
            return None;
        }
        let mut read = Self::default();
        for part in parts {
            let (name, value) = match part.split_once('=') {
                Some((name, value)) => (name.trim(), Some(bits(value.trim())?)),
                None => (part, None),
            };
            let twice = match (name, value) {
                (SERVER_NO_TAKEOVER, None) => {
                    std::mem::replace(&mut read.server_no_context_takeover, true)
                }
                (CLIENT_NO_TAKEOVER, None) => {
                    std::mem::replace(&mut read.client_no_context_takeover, true)
                }
                (SERVER_BITS, Some(bits)) => read.server_max_window_bits.replace(bits).is_some(),
                (CLIENT_BITS, bits) => {
                    let bits = bits.map_or(ClientBits::Any, ClientBits::Most);
                    let known = std::mem::replace(&mut read.client_max_window_bits, bits);
                    known != ClientBits::Absent
                }
                _ => return None,
            };
            if twice {
                return None;
            }
        }
        Some(read)
    }

    fn words(self) -> String {
        let mut words = "permessage-deflate".to_owned();
        if self.server_no_context_takeover {
            words = format!("{words}; {SERVER_NO_TAKEOVER}");
        }
        if self.client_no_context_takeover {
            words = format!("{words}; {CLIENT_NO_TAKEOVER}");
        }
        if let Some(bits) = self.server_max_window_bits {
            words = format!("{words}; {SERVER_BITS}={bits}");
        }
        match self.client_max_window_bits {
            ClientBits::Most(bits) => format!("{words}; {CLIENT_BITS}={bits}"),
            ClientBits::Any => format!("{words}; {CLIENT_BITS}"),
            ClientBits::Absent => words,
        }
    }

    /// Whether a server may answer this offer so.
    fn allows(self, answer: Self) -> bool {
        let server = match (self.server_max_window_bits, answer.server_max_window_bits) {
            (Some(asked), Some(agreed)) => agreed <= asked,
            (Some(_), None) => false,
            (None, _) => true,
        };
        let client = match (self.client_max_window_bits, answer.client_max_window_bits) {
            (_, ClientBits::Absent) | (ClientBits::Any, ClientBits::Most(_)) => true,
            (ClientBits::Most(asked), ClientBits::Most(agreed)) => agreed <= asked,
            (ClientBits::Absent, _) | (_, ClientBits::Any) => false,
        };
        let takeover = answer.server_no_context_takeover || !self.server_no_context_takeover;
        server && client && takeover
    }
}

/// A window's size: 8 to 15, without a leading zero, quoted or not.
fn bits(value: &str) -> Option<u8> {
    let inner = value.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    let value = inner.unwrap_or(value);
    let bits = value.parse().ok().filter(|bits| (8..=15).contains(bits))?;
    (!value.starts_with(['0', '+'])).then_some(bits)
}

fn switches(headers: &HeaderMap) -> bool {
    single(headers, &header::UPGRADE).is_some_and(|to| to.eq_ignore_ascii_case("websocket"))
}

fn asks_to_switch(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::CONNECTION).iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    texts
        .flat_map(|text| text.split(','))
        .any(|token| token.trim().eq_ignore_ascii_case("upgrade"))
}

/// The client's key, which is 16 bytes.
fn key(headers: &HeaderMap) -> Option<&str> {
    let key = single(headers, &header::SEC_WEBSOCKET_KEY)?;
    let bytes = STANDARD.decode(key).ok()?;
    (bytes.len() == 16).then_some(key)
}

/// RFC 6455, section 4.2.2.
fn accept(key: &str) -> String {
    let digest = digest::digest(
        &digest::SHA1_FOR_LEGACY_USE_ONLY,
        [key, ACCEPT_ID].concat().as_bytes(),
    );
    STANDARD.encode(digest)
}

/// `None` where it stands twice, too.
fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    crate::body::single(headers, name).ok()?.map(str::trim)
}

const SERVER_NO_TAKEOVER: &str = "server_no_context_takeover";
const CLIENT_NO_TAKEOVER: &str = "client_no_context_takeover";
const SERVER_BITS: &str = "server_max_window_bits";
const CLIENT_BITS: &str = "client_max_window_bits";
const ACCEPT_ID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
