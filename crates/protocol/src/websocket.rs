//! WebSocket (RFC 6455) with permessage-deflate (RFC 7692): bytes of one direction to messages, and back. No sockets, no policy.
//!
//! What a peer may not send is a [`Violation`], and whoever gets one closes the connection.

mod close;
mod deflate;
mod encoder;
mod error;
mod frame;
mod handshake;
mod message;
mod reader;
#[cfg(test)]
mod tests;

pub use close::Close;
pub use encoder::Encoder;
pub use error::Violation;
pub use handshake::{Agreement, HandshakeError, Offer, is_handshake};
pub use message::Message;
pub use reader::{Control, Event, Manner, Reader};

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Client,
    Server,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Binary,
}
