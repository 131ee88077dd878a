//! Looks on while the answer to a tool's call goes by, and tells whether the tool failed. It holds nothing back.

use bytes::{Buf, BytesMut};

use crate::answer::frames::{Frames, Payload};
use crate::answer::{Framing, Limits};
use crate::json::{Kind, Node, Tree};

/// Bytes that have been sent are fed; what cannot be read, or is beyond the limits, is not told.
#[derive(Debug)]
pub struct Watch {
    frames: Frames,
    buffer: BytesMut,
    tool_error: bool,
    gave_up: bool,
}

impl Watch {
    pub(super) fn new(framing: Framing, limits: Limits) -> Self {
        Self {
            frames: Frames::new(framing, false, limits),
            buffer: BytesMut::new(),
            tool_error: false,
            gave_up: false,
        }
    }

    pub fn feed(&mut self, bytes: &[u8]) {
        if !self.gave_up {
            self.buffer.extend_from_slice(bytes);
            self.look(false);
        }
    }

    /// The body is complete.
    pub fn finish(&mut self) {
        self.look(true);
    }

    /// Whether the result of a tool said `isError`, as far as the answer has been seen.
    pub fn tool_error(&self) -> bool {
        self.tool_error
    }

    fn look(&mut self, ended: bool) {
        while !self.gave_up {
            match self.frames.next(&self.buffer, ended) {
                Ok(Some(frame)) => {
                    let length = frame.length;
                    if let Payload::Json(json) = &frame.payload {
                        self.tool_error |= Tree::parse(json).is_ok_and(|tree| says_error(&tree));
                    }
                    self.buffer.advance(length);
                }
                Ok(None) => return,
                Err(_) => {
                    self.gave_up = true;
                    self.buffer = BytesMut::new();
                }
            }
        }
    }
}

fn says_error(tree: &Tree<'_>) -> bool {
    let Some(root) = tree.root() else {
        return false;
    };
    match root.kind() {
        Kind::Array => root.children().any(failed),
        _ => failed(root),
    }
}

/// Whether a message is the result of a tool that failed.
pub(super) fn failed(message: Node<'_>) -> bool {
    let result = message.get("result");
    let flag = result.and_then(|result| result.get("isError"));
    flag.is_some_and(|flag| flag.kind() == Kind::Bool(true))
}
