//! Follows the HTTP/1 messages that a client sends and refuses what two readers could frame differently.
//!
//! It stands before the real parser and sees the same bytes. It changes, keeps and answers nothing.
//! What it says depends on the bytes alone, never on how they were cut into reads.

mod error;
mod head;
#[cfg(test)]
mod tests;

pub use error::{FramingError, FramingKind};
use head::{After, Body, Head, Hold};
use memchr::memchr;

/// Limits for one message head; a trailer section has as much again.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Request line, header lines and their line ends together.
    pub head_bytes: usize,
    pub headers: usize,
}

/// One client connection, from its first byte.
///
/// Whoever wraps the connection's reader feeds every byte here before passing it on, and closes the
/// connection on an error: every later call gives the same error again.
///
/// After the head of a CONNECT, and after the whole of a message with an `upgrade` header, the next
/// bytes are not HTTP for certain. It then waits ([`Framing::waits`]) until the caller
/// knows the answer: [`Framing::opaque`] before the tunnel or the upgrade is granted,
/// [`Framing::resume`] before any other answer is sent.
#[derive(Debug)]
pub struct Framing {
    limits: Limits,
    state: State,
    /// The head or the trailer section that is being read.
    head: Head,
    /// What the head asked to turn the connection into, until the caller has answered.
    hold: Option<Hold>,
    /// The line that has begun; empty where a read ended with a line.
    line: Vec<u8>,
    /// An empty line before the request.
    skipped: bool,
    /// Bytes that heads or trailers may still take.
    budget: usize,
    failed: Option<FramingError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Line(Line),
    /// Bytes of a body that are still to come; nobody looks at them.
    Body(u64),
    Chunk(u64),
    /// CONNECT: bytes may come before the answer (a TLS hello), but nobody knows what they are.
    Tunnel {
        early: bool,
    },
    /// Upgrade: bytes before the answer would be HTTP to one reader and not to another.
    Upgrade,
    Opaque,
}

/// What the next line must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    Request,
    Header,
    ChunkSize,
    ChunkEnd,
    Trailer,
}

impl Framing {
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: State::Line(Line::Request),
            head: Head::default(),
            hold: None,
            line: Vec::new(),
            skipped: false,
            budget: limits.head_bytes,
            failed: None,
        }
    }

    /// Follows the next bytes of the connection.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), FramingError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = self
                .step(rest)
                .inspect_err(|error| self.failed = Some(*error))?;
        }
        Ok(())
    }

    /// Whether the last message asked for a tunnel or an upgrade and the answer is still open.
    pub fn waits(&self) -> bool {
        self.hold.is_some()
    }

    /// The tunnel or the upgrade is granted: nothing that follows is HTTP/1.
    pub fn opaque(&mut self) {
        self.state = State::Opaque;
        self.hold = None;
        self.line = Vec::new();
    }

    /// The tunnel or the upgrade is not granted: the connection goes on with the next message.
    ///
    /// Bytes that came early cannot be told apart from that message, so they are an error.
    pub fn resume(&mut self) -> Result<(), FramingError> {
        self.hold = None;
        match self.state {
            State::Tunnel { early: true } => self.failed = Some(FramingError::EarlyBytes),
            State::Tunnel { early: false } | State::Upgrade => self.next_message(),
            State::Line(_) | State::Body(_) | State::Chunk(_) | State::Opaque => {}
        }
        self.failed.map_or(Ok(()), Err)
    }

    /// Whether the client may close the connection now without cutting a message. After an error it
    /// never may: the message that was wrong has no end.
    pub fn between_messages(&self) -> bool {
        match self.state {
            _ if self.failed.is_some() => false,
            State::Line(Line::Request) => self.line.is_empty(),
            State::Line(_) | State::Body(_) | State::Chunk(_) => false,
            State::Tunnel { .. } | State::Upgrade | State::Opaque => true,
        }
    }

    /// Whether a message's head has begun and is not complete. After an error nobody waits for one.
    pub fn in_head(&self) -> bool {
        match self.state {
            _ if self.failed.is_some() => false,
            State::Line(Line::Request) => !self.line.is_empty(),
            State::Line(Line::Header) => true,
            _ => false,
        }
    }

    /// Whether the head of a message is complete and its body or trailers are not.
    pub fn in_body(&self) -> bool {
        matches!(
            self.state,
            State::Body(_)
                | State::Chunk(_)
                | State::Line(Line::ChunkSize | Line::ChunkEnd | Line::Trailer)
        )
    }

    /// Takes what the state can use from the front of `bytes`, which are not empty.
    fn step<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8], FramingError> {
        match self.state {
            State::Line(line) => self.take_line(line, bytes),
            State::Body(left) => {
                let (left, rest) = skip(left, bytes);
                self.state = State::Body(left);
                if left == 0 {
                    self.end_message();
                }
                Ok(rest)
            }
            State::Chunk(left) => {
                let (left, rest) = skip(left, bytes);
                self.state = if left == 0 {
                    State::Line(Line::ChunkEnd)
                } else {
                    State::Chunk(left)
                };
                Ok(rest)
            }
            State::Tunnel { .. } => {
                self.state = State::Tunnel { early: true };
                Ok(&[])
            }
            State::Upgrade => Err(FramingError::EarlyBytes),
            State::Opaque => Ok(&[]),
        }
    }

    /// Takes bytes up to and with the next LF, and reads the line when it is whole.
    fn take_line<'b>(&mut self, line: Line, bytes: &'b [u8]) -> Result<&'b [u8], FramingError> {
        let end = memchr(b'\n', bytes).map(|at| at + 1);
        let (piece, rest) = bytes
            .split_at_checked(end.unwrap_or(bytes.len()))
            .unwrap_or((bytes, &[]));
        let room = match line {
            Line::Request | Line::Header | Line::Trailer => self.budget,
            Line::ChunkSize => CHUNK_LINE,
            Line::ChunkEnd => CRLF.len(),
        };
        if self.line.len() + piece.len() > room {
            return Err(line.too_long());
        }
        if end.is_none() {
            self.line.extend_from_slice(piece);
        } else if self.line.is_empty() {
            self.whole_line(line, piece)?;
        } else {
            let mut whole = std::mem::take(&mut self.line);
            whole.extend_from_slice(piece);
            self.whole_line(line, &whole)?;
        }
        Ok(rest)
    }

    fn whole_line(&mut self, line: Line, bytes: &[u8]) -> Result<(), FramingError> {
        let content = bytes.strip_suffix(CRLF).ok_or(FramingError::LineEnd)?;
        if memchr(b'\r', content).is_some() {
            return Err(FramingError::LineEnd);
        }
        self.budget = self.budget.saturating_sub(match line {
            Line::Request | Line::Header | Line::Trailer => bytes.len(),
            Line::ChunkSize | Line::ChunkEnd => 0,
        });
        match line {
            // RFC 9112 section 2.2: some clients send one behind a body.
            Line::Request if content.is_empty() && !self.skipped => self.skipped = true,
            Line::Request => {
                self.head.request_line(content)?;
                self.state = State::Line(Line::Header);
            }
            Line::Header if content.is_empty() => self.end_head()?,
            Line::Header => self.head.header(content, self.limits.headers)?,
            Line::ChunkSize => self.begin_chunk(head::chunk_size(content)?),
            Line::ChunkEnd if content.is_empty() => self.state = State::Line(Line::ChunkSize),
            Line::ChunkEnd => return Err(FramingError::ChunkEnd),
            Line::Trailer if content.is_empty() => self.end_message(),
            Line::Trailer => self.head.trailer(content, self.limits.headers)?,
        }
        Ok(())
    }

    fn end_head(&mut self) -> Result<(), FramingError> {
        let After { body, hold } = self.head.end()?;
        self.head = Head::default();
        self.hold = hold;
        match body {
            Body::None => self.end_message(),
            Body::Length(length) => self.state = State::Body(length),
            Body::Chunked => self.state = State::Line(Line::ChunkSize),
        }
        Ok(())
    }

    fn begin_chunk(&mut self, size: u64) {
        self.budget = self.limits.head_bytes;
        self.state = if size == 0 {
            State::Line(Line::Trailer)
        } else {
            State::Chunk(size)
        };
    }

    fn end_message(&mut self) {
        match self.hold {
            Some(Hold::Tunnel) => self.state = State::Tunnel { early: false },
            Some(Hold::Upgrade) => self.state = State::Upgrade,
            None => self.next_message(),
        }
    }

    fn next_message(&mut self) {
        self.skipped = false;
        self.head = Head::default();
        self.budget = self.limits.head_bytes;
        self.state = State::Line(Line::Request);
    }
}

impl Line {
    fn too_long(self) -> FramingError {
        match self {
            Self::Request | Self::Header | Self::Trailer => FramingError::HeadTooLong,
            Self::ChunkSize => FramingError::ChunkLineTooLong,
            Self::ChunkEnd => FramingError::ChunkEnd,
        }
    }
}

/// What is left to skip after these bytes, and what of them is not skipped.
fn skip(left: u64, bytes: &[u8]) -> (u64, &[u8]) {
    match usize::try_from(left)
        .ok()
        .and_then(|count| bytes.split_at_checked(count))
    {
        Some((_, rest)) => (0, rest),
        None => (
            left.saturating_sub(u64::try_from(bytes.len()).unwrap_or(u64::MAX)),
            &[],
        ),
    }
}

const CRLF: &[u8] = b"\r\n";
/// Size and extensions of one chunk, with the line end. Nobody uses extensions.
const CHUNK_LINE: usize = 256;
