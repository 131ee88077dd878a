//! One frame's head (RFC 6455, section 5.2), read strictly and written. It knows no message.

use bytes::{BufMut, Bytes, BytesMut};

use super::{Side, Violation};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) opcode: Opcode,
    pub(super) bits: Bits,
    pub(super) mask: Option<[u8; 4]>,
    /// Of the payload.
    pub(super) length: usize,
    /// Of the head itself.
    pub(super) size: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bits {
    pub(super) last: bool,
    pub(super) compressed: bool,
}

pub(super) const LAST: Bits = Bits {
    last: true,
    compressed: false,
};

impl Head {
    /// The head that `bytes` begin with; `None` where it is not whole yet. Where nothing was agreed
    /// on compression, `compression` is false.
    pub(super) fn read(
        bytes: &[u8],
        from: Side,
        compression: bool,
    ) -> Result<Option<Self>, Violation> {
        let [first, second, ..] = *bytes else {
            return Ok(None);
        };
        let opcode = Opcode::of(first & 0x0f)?;
        let bits = Bits {
            last: first & 0x80 != 0,
            compressed: first & 0x40 != 0,
        };
        if first & 0x30 != 0 || (bits.compressed && !(compression && opcode.begins())) {
            return Err(Violation::Frame("a reserved bit that nobody agreed on"));
        }
        let masked = second & 0x80 != 0;
        if masked != (from == Side::Client) {
            return Err(Violation::Frame(
                "clients mask their frames, and servers do not",
            ));
        }
        let short = second & 0x7f;
        if opcode.is_control() && !(bits.last && short <= 125) {
            return Err(Violation::Frame("a control frame in parts, or too long"));
        }
        let Some((length, size)) = length(bytes, short)? else {
            return Ok(None);
        };
        let mask = match bytes.get(size..).and_then(|rest| rest.first_chunk::<4>()) {
            _ if !masked => None,
            Some(mask) => Some(*mask),
            None => return Ok(None),
        };
        let size = if masked { size + 4 } else { size };
        Ok(Some(Self {
            opcode,
            bits,
            mask,
            length,
            size,
        }))
    }
}

/// The payload's length and where it ends in the head, in the shortest form.
fn length(bytes: &[u8], short: u8) -> Result<Option<(usize, usize)>, Violation> {
    let rest = bytes.get(2..).unwrap_or_default();
    let (length, size, least) = match short {
        126 => match rest.first_chunk() {
            Some(length) => (u64::from(u16::from_be_bytes(*length)), 4, 126),
            None => return Ok(None),
        },
        127 => match rest.first_chunk() {
            Some(length) => (u64::from_be_bytes(*length), 10, 1 << 16),
            None => return Ok(None),
        },
        length => (u64::from(length), 2, 0),
    };
    if length < least || length > i64::MAX as u64 {
        return Err(Violation::Frame(
            "a length that is not in its shortest form, or negative",
        ));
    }
    let length = usize::try_from(length).map_err(|_| Violation::TooLong)?;
    Ok(Some((length, size)))
}

impl Opcode {
    fn of(number: u8) -> Result<Self, Violation> {
        Ok(match number {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return Err(Violation::Frame("an opcode that means nothing")),
        })
    }

    fn number(self) -> u8 {
        match self {
            Self::Continuation => 0,
            Self::Text => 1,
            Self::Binary => 2,
            Self::Close => 8,
            Self::Ping => 9,
            Self::Pong => 10,
        }
    }

    pub(super) fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }

    /// Whether it is the first frame of a message.
    pub(super) fn begins(self) -> bool {
        matches!(self, Self::Text | Self::Binary)
    }
}

/// A whole frame.
pub(super) fn write(opcode: Opcode, bits: Bits, mask: Option<[u8; 4]>, payload: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(payload.len() + LONGEST_HEAD);
    let first = [(bits.last, 0x80), (bits.compressed, 0x40)];
    let first = first.iter().filter(|(set, _)| *set);
    frame.put_u8(first.fold(opcode.number(), |byte, (_, bit)| byte | bit));
    let masked = if mask.is_some() { 0x80 } else { 0 };
    let length = payload.len();
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short), _) if short <= 125 => frame.put_u8(masked | short),
        (_, Ok(length)) => {
            frame.put_u8(masked | 0x7e);
            frame.put_u16(length);
        }
        _ => {
            frame.put_u8(masked | 0x7f);
            frame.put_u64(length as u64);
        }
    }
    let Some(key) = mask else {
        frame.put_slice(payload);
        return frame.freeze();
    };
    frame.put_slice(&key);
    let start = frame.len();
    frame.put_slice(payload);
    if let Some(payload) = frame.get_mut(start..) {
        apply(key, 0, payload);
    }
    frame.freeze()
}

/// Masks or unmasks what stands `offset` bytes into a payload.
pub(super) fn apply(key: [u8; 4], offset: usize, payload: &mut [u8]) {
    let mut key = key;
    key.rotate_left(offset % 4);
    for chunk in payload.chunks_mut(4) {
        for (byte, key) in chunk.iter_mut().zip(key) {
            *byte ^= key;
        }
    }
}

/// Bytes, with a mask.
const LONGEST_HEAD: usize = 14;
