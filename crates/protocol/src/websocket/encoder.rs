//! Keeps what one direction sends decodable when messages are left out or changed. It compresses nothing.

use bytes::Bytes;

use super::{Agreement, Message, Side};

/// For one direction.
///
/// Compressed messages may refer to earlier ones. As long as the receiver has got every compressed
/// message as it was sent, the next one can go as it was sent; after that, all go uncompressed.
#[derive(Debug)]
pub struct Encoder {
    takeover: bool,
    in_step: bool,
}

impl Encoder {
    pub fn new(from: Side, agreed: Option<Agreement>) -> Self {
        Self {
            takeover: agreed.is_some_and(|agreed| agreed.takes_over(from)),
            in_step: true,
        }
    }

    /// The frame of a message that goes on as it is.
    pub fn pass(&self, message: &Message) -> Bytes {
        if self.takeover && !self.in_step {
            message.plain_frame()
        } else {
            message.frame()
        }
    }

    /// The receiver does not get a message as it was sent.
    pub fn leave_out(&mut self) {
        self.in_step = false;
    }
}
