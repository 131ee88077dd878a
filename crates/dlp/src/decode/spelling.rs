//! How one character may be spelled otherwise: as an escape, or by another that looks like it. Knows no text around it.

use super::look_alike::meant;

/// What stands at a place where a spelling may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// So many bytes that say what they say.
    None(usize),
    /// So many bytes that say this; nothing, where it cannot be seen.
    Is(usize, Option<char>),
}

/// What a character has to do with values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It may be within one.
    Part,
    /// It may stand between two parts of one.
    Gap,
    Other,
}

/// More bytes may come, and would tell.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct More;

/// Where the first spelling may begin.
pub(crate) fn first(bytes: &[u8]) -> Option<usize> {
    if bytes.first().copied().is_some_and(begins) {
        return Some(0);
    }
    let mut at = 0;
    for block in bytes.chunks(32) {
        // Without a way out of the loop, so that it is one over many bytes at a time.
        if block.iter().fold(false, |any, byte| any | begins(*byte)) {
            return Some(at + block.iter().position(|byte| begins(*byte))?);
        }
        at += block.len();
    }
    None
}

fn begins(byte: u8) -> bool {
    byte >= 0x80 || byte == b'%' || byte == b'\\' || byte == b'&' || is_unseen(byte)
}

/// Of ASCII, what nobody sees: no line end, and no tab. Where it is written as an escape it can be seen, and parts
/// what stands beside it.
fn is_unseen(byte: u8) -> bool {
    byte < b'\t' || (0x0e..b' ').contains(&byte) || byte == 0x7f
}

/// The spelling that these bytes begin with; `open` where more of them may follow.
pub(crate) fn spelling(bytes: &[u8], open: bool) -> Result<Spelling, More> {
    let bytes = Bytes { bytes, open };
    let escape = match bytes.at(0)? {
        Some(b'%') => bytes.percent()?,
        Some(b'\\') => bytes.backslash()?,
        Some(b'&') => bytes.entity()?,
        Some(0x80..) => return bytes.raw(),
        Some(byte) if is_unseen(byte) => return Ok(Spelling::Is(1, None)),
        _ => None,
    };
    Ok(match escape {
        Some((length, said)) => Spelling::Is(length, meant(said)),
        None => Spelling::None(1),
    })
}

pub(crate) fn role(said: Option<char>) -> Role {
    match said {
        Some('-' | ' ') => Role::Gap,
        None | Some('@' | '.' | ':' | '/' | '=' | '_' | '+') => Role::Part,
        Some(said) if said.is_ascii_alphanumeric() => Role::Part,
        Some(_) => Role::Other,
    }
}

struct Bytes<'a> {
    bytes: &'a [u8],
    open: bool,
}

/// How long an escape is, and what it says.
type Escape = Option<(usize, char)>;

impl Bytes<'_> {
    fn at(&self, at: usize) -> Result<Option<u8>, More> {
        match self.bytes.get(at) {
            None if self.open => Err(More),
            byte => Ok(byte.copied()),
        }
    }

    /// A character by itself.
    fn raw(&self) -> Result<Spelling, More> {
        let length = match self.at(0)? {
            Some(0xc2..=0xdf) => 2,
            Some(0xe0..=0xef) => 3,
            Some(0xf0..=0xf4) => 4,
            _ => return Ok(Spelling::None(1)),
        };
        let Some(encoded) = self.bytes.get(..length) else {
            return if self.open {
                Err(More)
            } else {
                Ok(Spelling::None(1))
            };
        };
        let Some(said) = decoded(encoded) else {
            return Ok(Spelling::None(1));
        };
        Ok(match meant(said) {
            Some(same) if same == said => Spelling::None(length),
            meant => Spelling::Is(length, meant),
        })
    }

    /// `%40`, and `%2540` of a text that was escaped twice; a character beyond ASCII is several.
    fn percent(&self) -> Result<Escape, More> {
        let mut encoded = [0; 4];
        let mut length = 0;
        for count in 1..=encoded.len() {
            let Some((byte, part)) = self.percent_byte(length)? else {
                return Ok(None);
            };
            length += part;
            if let Some(place) = encoded.get_mut(count - 1) {
                *place = byte;
            }
            if let Some(said) = decoded(encoded.get(..count).unwrap_or_default()) {
                return Ok(Some((length, said)));
            }
        }
        Ok(None)
    }

    fn percent_byte(&self, at: usize) -> Result<Option<(u8, usize)>, More> {
        if self.at(at)? != Some(b'%') {
            return Ok(None);
        }
        let Some(byte) = self.hex(at + 1, 2)? else {
            return Ok(None);
        };
        let (byte, length) = match (byte, self.hex_or_none(at + 3, 2)?) {
            (0x25, Some(twice)) => (twice, 5),
            _ => (byte, 3),
        };
        Ok(u8::try_from(byte).ok().map(|byte| (byte, length)))
    }

    /// `\x40`, `\u0040`, `\u{40}`, `\U00000040` and `\/`; of two halves of a character, both. In JSON
    /// that is written in strings there are more signs before the letter.
    fn backslash(&self) -> Result<Escape, More> {
        let mut signs = 1;
        while signs < MOST_SIGNS && self.at(signs)? == Some(b'\\') {
            signs += 1;
        }
        let from = signs + 1;
        let (digits, length) = match self.at(signs)? {
            Some(b'/') => return Ok(Some((from, '/'))),
            Some(b'x') => (self.hex(from, 2)?, from + 2),
            Some(b'U') => (self.hex(from, 8)?, from + 8),
            Some(b'u') if self.at(from)? == Some(b'{') => return self.braces(from + 1),
            Some(b'u') => (self.hex(from, 4)?, from + 4),
            _ => (None, 0),
        };
        let Some(digits) = digits else {
            return Ok(None);
        };
        if (0xD800..0xDC00).contains(&digits) && length == from + 4 {
            return self.second_half(digits, signs);
        }
        Ok(char::from_u32(digits).map(|said| (length, said)))
    }

    fn second_half(&self, first: u32, signs: usize) -> Result<Escape, More> {
        let from = signs + 5;
        for at in from..from + signs {
            if self.at(at)? != Some(b'\\') {
                return Ok(None);
            }
        }
        if self.at(from + signs)? != Some(b'u') {
            return Ok(None);
        }
        let end = from + signs + 5;
        let second = self.hex(end - 4, 4)?;
        let second = second.filter(|half| (0xDC00..0xE000).contains(half));
        let code = second.map(|half| 0x1_0000 + ((first - 0xD800) << 10) + (half - 0xDC00));
        Ok(code.and_then(char::from_u32).map(|said| (end, said)))
    }

    /// A code in braces, which begins here.
    fn braces(&self, from: usize) -> Result<Escape, More> {
        let (code, end) = self.number(from, 16, 6)?;
        let closed = end > from && self.at(end)? == Some(b'}');
        let said = closed.then(|| char::from_u32(code)).flatten();
        Ok(said.map(|said| (end + 1, said)))
    }

    /// `&#64;`, `&#x40;`, with or without the semicolon, and some by their names.
    fn entity(&self) -> Result<Escape, More> {
        if self.at(1)? == Some(b'#') {
            let (radix, from) = match self.at(2)? {
                Some(b'x' | b'X') => (16, 3),
                _ => (10, 2),
            };
            let (code, end) = self.number(from, radix, 7)?;
            if end == from {
                return Ok(None);
            }
            let end = end + usize::from(self.at(end)? == Some(b';'));
            return Ok(char::from_u32(code).map(|said| (end, said)));
        }
        let mut length = 1;
        while length <= LONGEST_NAME && self.at(length)?.is_some_and(|it| it.is_ascii_lowercase()) {
            length += 1;
        }
        let name = self.bytes.get(1..length).unwrap_or_default();
        let named = NAMES.iter().find(|(known, _)| known.as_bytes() == name);
        match named {
            Some((_, said)) if self.at(length)? == Some(b';') => Ok(Some((length + 1, *said))),
            _ => Ok(None),
        }
    }

    /// The number at a place, of at most so many digits, and where it ends.
    fn number(&self, from: usize, radix: u32, most: usize) -> Result<(u32, usize), More> {
        let (mut number, mut at) = (0, from);
        while at < from + most
            && let Some(digit) = self.at(at)?.and_then(|it| char::from(it).to_digit(radix))
        {
            number = number * radix + digit;
            at += 1;
        }
        Ok((number, at))
    }

    /// So many hexadecimal digits.
    fn hex(&self, from: usize, count: usize) -> Result<Option<u32>, More> {
        let mut number: u32 = 0;
        for at in from..from + count {
            let digit = self.at(at)?.and_then(|it| char::from(it).to_digit(16));
            let Some(digit) = digit else {
                return Ok(None);
            };
            number = (number << 4) | digit;
        }
        Ok(Some(number))
    }

    /// What follows `%25`, which by itself is a sign already.
    fn hex_or_none(&self, from: usize, count: usize) -> Result<Option<u32>, More> {
        if self.bytes.get(from - 2..from) != Some(b"25") {
            return Ok(None);
        }
        self.hex(from, count)
    }
}

fn decoded(encoded: &[u8]) -> Option<char> {
    std::str::from_utf8(encoded).ok()?.chars().next()
}

const NAMES: [(&str, char); 9] = [
    ("amp", '&'),
    ("apos", '\''),
    ("commat", '@'),
    ("gt", '>'),
    ("lt", '<'),
    ("nbsp", ' '),
    ("period", '.'),
    ("quot", '"'),
    ("shy", '\u{ad}'),
];
/// Of those.
const LONGEST_NAME: usize = 6;
/// In JSON that is written in three strings, one within the other, an escape begins with as many.
const MOST_SIGNS: usize = 8;
