//! What a peer of a WebSocket may not send, with the close code that says so. It carries nothing of a message.

use super::Close;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    #[error("a frame is not as RFC 6455 has it: {0}")]
    Frame(&'static str),
    #[error("a text message is not utf-8")]
    NotUtf8,
    #[error("a compressed message cannot be decoded")]
    Undecodable,
    #[error("a message is longer than the limit")]
    TooLong,
}

impl Violation {
    /// The stable id under which records and metrics count it.
    pub fn rule(self) -> &'static str {
        match self {
            Self::Frame(_) => "websocket.malformed",
            Self::NotUtf8 => "websocket.not_utf8",
            Self::Undecodable => "websocket.undecodable",
            Self::TooLong => "websocket.too_long",
        }
    }

    /// What the peer is told.
    pub fn close(self) -> Close {
        let code = match self {
            Self::Frame(_) => Close::PROTOCOL,
            Self::NotUtf8 | Self::Undecodable => Close::UNREADABLE,
            Self::TooLong => Close::TOO_LONG,
        };
        Close::new(code, self.rule())
    }
}
