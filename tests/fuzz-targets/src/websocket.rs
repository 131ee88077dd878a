//! One direction of a WebSocket: cutting changes nothing, limits hold, and what goes on can be read by whoever gets it.

use aegis_protocol::websocket::{
    Agreement, Encoder, Event, Kind, Manner, Message, Offer, Reader, Side, Violation,
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::input::{choice, pieces};

/// A character for the side, one for the manner and one for the way to cut; lines of what was offered
/// and agreed on for compression; then the frames.
pub fn websocket(input: &[u8]) -> bool {
    let Some((direction, seed, sent)) = Direction::of(input) else {
        return false;
    };
    let whole = direction.relayed([sent], seed);
    let cut = direction.relayed(pieces(sent, seed), seed);
    assert_eq!(cut.violation, whole.violation);
    let (told, told_whole) = (direction.told(&cut.sent), direction.told(&whole.sent));
    if whole.violation.is_none() {
        assert_eq!(told, told_whole);
    } else {
        // Of what is not looked into, more has gone before the end is seen to be wrong.
        assert!(told.0.starts_with(&told_whole.0));
    }
    if direction.manner == 0 {
        assert_eq!(told_whole, (whole.expected, None));
    }
    whole.violation.is_none() && !told_whole.0.is_empty()
}

#[derive(Clone, Copy)]
struct Direction {
    from: Side,
    /// 0 for whole messages, 1 for pieces, 2 for both in turn.
    manner: usize,
    agreed: Option<Agreement>,
}

struct Relayed {
    sent: Vec<u8>,
    /// What the other side has to find in that.
    expected: Vec<Seen>,
    violation: Option<Violation>,
}

/// An event, whichever frames it came in.
#[derive(Debug, PartialEq)]
enum Seen {
    Message(Kind, Bytes),
    Control(Bytes),
    Close(Bytes),
}

impl Direction {
    fn of(input: &[u8]) -> Option<(Self, usize, &[u8])> {
        let (side, rest) = choice(input, 2)?;
        let (manner, rest) = choice(rest, 3)?;
        let (seed, rest) = choice(rest, 256)?;
        let mut lines = rest.splitn(3, |byte| *byte == b'\n');
        let (offered, answered) = (lines.next()?, lines.next()?);
        let from = [Side::Client, Side::Server].get(side).copied()?;
        let direction = Self {
            from,
            // What a client sends is always looked into.
            manner: if from == Side::Client { 0 } else { manner },
            agreed: agreed(offered, answered).ok()?,
        };
        Some((direction, seed, lines.next()?))
    }

    /// Some messages are left out and some get another text, as they may be where they are whole.
    fn relayed<'a>(self, pieces: impl IntoIterator<Item = &'a [u8]>, seed: usize) -> Relayed {
        let mut reader = Reader::new(self.from, self.agreed, LIMIT);
        let mut encoder = Encoder::new(self.from, self.agreed);
        let (mut relayed, mut ended) = (Relayed::new(), 0_usize);
        for piece in pieces {
            reader.buffer().extend_from_slice(piece);
            loop {
                let manner = match (self.manner, ended % 2) {
                    (0, _) | (2, 0) => Manner::Whole,
                    _ => Manner::Pieces,
                };
                match reader.next(manner) {
                    Ok(Some(event)) => {
                        ended += usize::from(ends_message(&event));
                        relayed.event(event, &mut encoder, seed.wrapping_add(ended) % 5);
                    }
                    Ok(None) => break,
                    Err(violation) => {
                        relayed.violation = Some(violation);
                        return relayed;
                    }
                }
            }
            assert!(reader.kept() <= LIMIT);
        }
        relayed
    }

    /// What the other side reads.
    fn told(self, sent: &[u8]) -> (Vec<Seen>, Option<Violation>) {
        let mut reader = Reader::new(self.from, self.agreed, WIDE);
        reader.buffer().extend_from_slice(sent);
        let mut seen = Vec::new();
        loop {
            match reader.next(Manner::Whole) {
                Ok(Some(event)) => seen.extend(Seen::of(event)),
                Ok(None) => return (seen, None),
                Err(violation) => return (seen, Some(violation)),
            }
        }
    }
}

impl Relayed {
    fn new() -> Self {
        Self {
            sent: Vec::new(),
            expected: Vec::new(),
            violation: None,
        }
    }

    fn event(&mut self, event: Event, encoder: &mut Encoder, fate: usize) {
        let Event::Message(message) = event else {
            let frames = match &event {
                Event::Control(control) | Event::Close(control) => &control.frame,
                Event::Piece { frames, .. } => frames,
                Event::Message(_) => return,
            };
            self.sent.extend(frames);
            self.expected.extend(Seen::of(event));
            return;
        };
        is_within_limits(&message);
        let message = match fate {
            0 => return encoder.leave_out(),
            1 => {
                encoder.leave_out();
                message.with(Bytes::from_static(b"[REDACTED]"))
            }
            _ => message,
        };
        let frame = if fate == 1 {
            message.frame()
        } else {
            encoder.pass(&message)
        };
        self.sent.extend(frame);
        self.expected
            .push(Seen::Message(message.kind, message.payload));
    }
}

impl Seen {
    fn of(event: Event) -> Option<Self> {
        match event {
            Event::Message(message) => Some(Self::Message(message.kind, message.payload)),
            Event::Control(control) => Some(Self::Control(control.frame)),
            Event::Close(control) => Some(Self::Close(control.frame)),
            Event::Piece { .. } => None,
        }
    }
}

fn ends_message(event: &Event) -> bool {
    match event {
        Event::Message(_) => true,
        Event::Piece { ends_message, .. } => *ends_message,
        Event::Control(_) | Event::Close(_) => false,
    }
}

fn is_within_limits(message: &Message) {
    assert!(message.payload.len() <= LIMIT && message.size() <= 2 * LIMIT);
    let text = std::str::from_utf8(&message.payload);
    assert!(message.kind == Kind::Binary || text.is_ok());
}

/// What both sides agree on where a client offers this and a server answers that.
fn agreed(offered: &[u8], answered: &[u8]) -> Result<Option<Agreement>, Unlike> {
    let mut request = HeaderMap::new();
    request.insert(header::SEC_WEBSOCKET_KEY, KEY);
    add(&mut request, offered)?;
    let offer = Offer::narrow(&mut request).ok_or(Unlike)?;
    for value in request.get_all(EXTENSIONS) {
        let names = value.as_bytes().split(|byte| *byte == b',');
        for name in names {
            assert!(name.trim_ascii().starts_with(b"permessage-deflate"));
        }
    }
    assert_eq!(Offer::narrow(&mut request.clone()).as_ref(), Some(&offer));
    let mut answer = HeaderMap::new();
    answer.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    answer.insert(header::SEC_WEBSOCKET_ACCEPT, ACCEPT);
    add(&mut answer, answered)?;
    let agreed = offer.answered(&answer).map_err(|_| Unlike)?;
    assert_eq!(agreed.is_some(), !answered.is_empty());
    if let Some(agreed) = agreed {
        let text = String::from_utf8_lossy(answered);
        for (side, word) in [(Side::Client, "client"), (Side::Server, "server")] {
            let forgets = text.contains(&format!("{word}_no_context_takeover"));
            assert_eq!(agreed.takes_over(side), !forgets);
        }
    }
    Ok(agreed)
}

/// A header for a line, unless that is empty.
fn add(headers: &mut HeaderMap, line: &[u8]) -> Result<(), Unlike> {
    if !line.is_empty() {
        let line = HeaderValue::from_bytes(line).map_err(|_| Unlike)?;
        headers.insert(EXTENSIONS, line);
    }
    Ok(())
}

/// The two do not understand each other.
struct Unlike;

const EXTENSIONS: HeaderName = header::SEC_WEBSOCKET_EXTENSIONS;
/// A key, and what accepts it.
const KEY: HeaderValue = HeaderValue::from_static("dGhlIHNhbXBsZSBub25jZQ==");
const ACCEPT: HeaderValue = HeaderValue::from_static("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
/// Small, so that short inputs reach it.
const LIMIT: usize = 512;
/// For who only checks what was sent.
const WIDE: usize = 1 << 26;
