//! The frames of one direction as they arrive: control frames, and messages whole or piece by piece. It decides nothing.

use std::fmt;

use bytes::{Bytes, BytesMut};

use super::deflate::Inflate;
use super::frame::{self, Bits, Head, Opcode};
use super::message::{Message, opcode};
use super::{Agreement, Close, Kind, Side, Violation};

/// How the data of a direction is given out. A change takes effect with the next message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Each message as a whole, decoded.
    Whole,
    /// Frame by frame as it comes, long frames in parts; nothing of it is decoded or kept. Only for
    /// a side whose messages do not refer to earlier ones.
    Pieces,
}

/// What has arrived.
#[derive(Clone, PartialEq, Eq)]
pub enum Event {
    /// A ping or pong.
    Control(Control),
    /// Nothing follows it.
    Close(Control),
    Message(Message),
    /// Whole frames of a message that is not looked into.
    Piece {
        frames: Bytes,
        ends_message: bool,
    },
}

/// A control frame.
#[derive(Clone, PartialEq, Eq)]
pub struct Control {
    /// As it came.
    pub frame: Bytes,
    /// What it carries, unmasked.
    pub payload: Bytes,
    opcode: Opcode,
}

impl Control {
    /// A server's frame that says nothing; of a close frame, the code stays.
    pub fn silent(&self) -> Bytes {
        let code = match self.opcode {
            Opcode::Close => self.payload.get(..2),
            _ => None,
        };
        frame::write(self.opcode, frame::LAST, None, code.unwrap_or_default())
    }
}

/// Reads what one side sends.
pub struct Reader {
    from: Side,
    inflate: Option<Inflate>,
    limit: usize,
    buffer: BytesMut,
    /// The frame whose payload is being read.
    frame: Option<Frame>,
    message: Option<Begun>,
    closed: bool,
}

struct Frame {
    head: Head,
    done: usize,
}

struct Begun {
    manner: Manner,
    kind: Kind,
    compressed: bool,
    mask: Option<[u8; 4]>,
    sent: BytesMut,
    /// No frame of it has been given out.
    fresh: bool,
}

impl Reader {
    /// `limit`: bytes of a whole message, as sent and decoded.
    pub fn new(from: Side, agreed: Option<Agreement>, limit: usize) -> Self {
        Self {
            from,
            inflate: agreed.map(|agreed| Inflate::new(agreed.takes_over(from))),
            limit,
            buffer: BytesMut::new(),
            frame: None,
            message: None,
            closed: false,
        }
    }

    /// Where the next bytes belong. Ask for [`Self::next`] until there is nothing before adding more.
    pub fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// Bytes that are kept for a message that is not whole.
    pub fn kept(&self) -> usize {
        self.message.as_ref().map_or(0, |begun| begun.sent.len())
    }

    /// A message has begun and is not whole.
    pub fn is_amid_message(&self) -> bool {
        self.message.is_some()
    }

    /// The next event; `None` before more bytes are there.
    pub fn next(&mut self, manner: Manner) -> Result<Option<Event>, Violation> {
        loop {
            if self.closed {
                return Ok(None);
            }
            if self.frame.is_none() && !self.begin_frame(manner)? {
                return Ok(None);
            }
            let Some(frame) = self.frame.take() else {
                return Ok(None);
            };
            if frame.head.opcode.is_control() {
                return self.control(frame);
            }
            if self.buffer.is_empty() && frame.done < frame.head.length {
                self.frame = Some(frame);
                return Ok(None);
            }
            if let Some(event) = self.data(frame)? {
                return Ok(Some(event));
            }
        }
    }

    /// Reads a head, as far as it is there.
    fn begin_frame(&mut self, manner: Manner) -> Result<bool, Violation> {
        let Some(head) = Head::read(&self.buffer, self.from, self.inflate.is_some())? else {
            return Ok(false);
        };
        match (head.opcode, &self.message) {
            (Opcode::Continuation, None) => {
                return Err(Violation::Frame("a part of a message that has not begun"));
            }
            (Opcode::Text | Opcode::Binary, Some(_)) => {
                return Err(Violation::Frame("a message within another"));
            }
            (Opcode::Text | Opcode::Binary, None) => self.message = Some(Begun::new(&head, manner)),
            _ => {}
        }
        let whole = self
            .message
            .as_ref()
            .filter(|it| it.manner == Manner::Whole);
        if let Some(begun) = whole.filter(|_| !head.opcode.is_control())
            && begun.sent.len().saturating_add(head.length) > self.limit
        {
            return Err(Violation::TooLong);
        }
        if !head.opcode.is_control() {
            drop(self.buffer.split_to(head.size));
        }
        self.frame = Some(Frame { head, done: 0 });
        Ok(true)
    }

    /// A control frame, once it is whole.
    fn control(&mut self, frame: Frame) -> Result<Option<Event>, Violation> {
        let Head { size, length, .. } = frame.head;
        if self.buffer.len() < size + length {
            self.frame = Some(frame);
            return Ok(None);
        }
        let raw = self.buffer.split_to(size + length).freeze();
        let mut payload = raw.slice(size..).to_vec();
        frame::apply(frame.head.mask.unwrap_or_default(), 0, &mut payload);
        let control = Control {
            frame: raw,
            payload: payload.into(),
            opcode: frame.head.opcode,
        };
        if frame.head.opcode != Opcode::Close {
            return Ok(Some(Event::Control(control)));
        }
        Close::check(&control.payload)?;
        self.closed = true;
        self.buffer.clear();
        Ok(Some(Event::Close(control)))
    }

    /// What is there of a data frame's payload.
    fn data(&mut self, mut frame: Frame) -> Result<Option<Event>, Violation> {
        let Some(mut begun) = self.message.take() else {
            return Err(Violation::Frame("a part of a message that has not begun"));
        };
        let Head { length, mask, .. } = frame.head;
        let there = self.buffer.len().min(length - frame.done);
        let mut part = self.buffer.split_to(there);
        if let Some(mask) = mask {
            frame::apply(mask, frame.done, &mut part);
        }
        frame.done += there;
        let ends_frame = frame.done == length;
        let ends_message = ends_frame && frame.head.bits.last;
        if !ends_frame {
            self.frame = Some(frame);
        }
        let event = match begun.manner {
            Manner::Pieces => Some(begun.piece(mask, &part, ends_message)),
            Manner::Whole => {
                begun.sent.extend_from_slice(&part);
                None
            }
        };
        if !ends_message {
            self.message = Some(begun);
            return Ok(event);
        }
        match event {
            Some(event) => Ok(Some(event)),
            None => self.whole(begun).map(Event::Message).map(Some),
        }
    }

    fn whole(&mut self, begun: Begun) -> Result<Message, Violation> {
        let sent = begun.sent.freeze();
        let payload = match self.inflate.as_mut().filter(|_| begun.compressed) {
            Some(inflate) => Bytes::from(inflate.message(&sent, self.limit)?),
            None => sent.clone(),
        };
        if begun.kind == Kind::Text && std::str::from_utf8(&payload).is_err() {
            return Err(Violation::NotUtf8);
        }
        Ok(Message {
            kind: begun.kind,
            payload,
            sent,
            compressed: begun.compressed,
            mask: begun.mask,
        })
    }
}

impl Begun {
    fn new(head: &Head, manner: Manner) -> Self {
        Self {
            manner,
            kind: match head.opcode {
                Opcode::Text => Kind::Text,
                _ => Kind::Binary,
            },
            compressed: head.bits.compressed,
            mask: head.mask,
            sent: BytesMut::new(),
            fresh: true,
        }
    }

    /// A part of a long frame is a frame of its own, so that others may stand between them.
    fn piece(&mut self, mask: Option<[u8; 4]>, part: &[u8], ends_message: bool) -> Event {
        let fresh = std::mem::replace(&mut self.fresh, false);
        let bits = Bits {
            last: ends_message,
            compressed: self.compressed && fresh,
        };
        let opcode = if fresh {
            opcode(self.kind)
        } else {
            Opcode::Continuation
        };
        Event::Piece {
            frames: frame::write(opcode, bits, mask, part),
            ends_message,
        }
    }
}

/// Lengths instead of bytes.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Control(control) => control.fmt(f),
            Self::Close(control) => write!(f, "Close({} bytes)", control.frame.len()),
            Self::Message(message) => message.fmt(f),
            Self::Piece {
                frames,
                ends_message,
            } => write!(f, "Piece({} bytes, ends: {ends_message})", frames.len()),
        }
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Control({} bytes)", self.frame.len())
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("from", &self.from)
            .field("kept", &self.kept())
            .finish_non_exhaustive()
    }
}
