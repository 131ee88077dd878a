//! One whole message, as it was sent and as it reads, and the frame in which it goes on. It decides nothing.

use std::fmt;

use bytes::Bytes;

use super::Kind;
use super::frame::{self, Bits, Opcode};

/// A whole message.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    pub kind: Kind,
    /// Decoded; UTF-8 where it is text.
    pub payload: Bytes,
    /// As it was sent, unmasked.
    pub(super) sent: Bytes,
    pub(super) compressed: bool,
    pub(super) mask: Option<[u8; 4]>,
}

impl Message {
    /// A message of our own; a client's has a mask.
    pub fn text(payload: Bytes, mask: Option<[u8; 4]>) -> Self {
        Self {
            kind: Kind::Text,
            sent: payload.clone(),
            payload,
            compressed: false,
            mask,
        }
    }

    /// Bytes that it takes, as sent and decoded.
    pub fn size(&self) -> usize {
        self.sent.len()
            + if self.compressed {
                self.payload.len()
            } else {
                0
            }
    }

    pub fn is_compressed(&self) -> bool {
        self.compressed
    }

    /// In one frame, in the form in which it was sent.
    pub fn frame(&self) -> Bytes {
        self.written(self.compressed, &self.sent)
    }

    /// In one frame, uncompressed: what an extension's earlier messages were does not matter.
    pub fn plain_frame(&self) -> Bytes {
        self.written(false, &self.payload)
    }

    /// With another payload.
    #[must_use]
    pub fn with(&self, payload: Bytes) -> Self {
        Self {
            kind: self.kind,
            ..Self::text(payload, self.mask)
        }
    }

    fn written(&self, compressed: bool, payload: &[u8]) -> Bytes {
        let bits = Bits {
            last: true,
            compressed,
        };
        frame::write(opcode(self.kind), bits, self.mask, payload)
    }
}

pub(super) fn opcode(kind: Kind) -> Opcode {
    match kind {
        Kind::Text => Opcode::Text,
        Kind::Binary => Opcode::Binary,
    }
}

/// Lengths instead of bytes.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("kind", &self.kind)
            .field("bytes", &self.payload.len())
            .finish_non_exhaustive()
    }
}
