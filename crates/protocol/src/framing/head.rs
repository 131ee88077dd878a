//! One message head, line by line: what it says about where the message ends, and nothing else.

use http::Uri;
use memchr::memchr;

use super::FramingError;

/// What the lines so far have said.
#[derive(Debug, Default)]
pub(super) struct Head {
    http10: bool,
    hosts: usize,
    length: Option<u64>,
    chunked: bool,
    hold: Option<Hold>,
    lines: usize,
}

/// What follows the head.
pub(super) struct After {
    pub(super) body: Body,
    pub(super) hold: Option<Hold>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Body {
    None,
    Length(u64),
    Chunked,
}

/// What the message asks to turn the connection into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    Tunnel,
    Upgrade,
}

impl Head {
    /// RFC 9112 section 3, without its leniency: one space between the parts.
    pub(super) fn request_line(&mut self, line: &[u8]) -> Result<(), FramingError> {
        let mut parts = line.split(|byte| *byte == b' ');
        let (method, target) = match (parts.next(), parts.next()) {
            (Some(method), Some(target)) if is_token(method) && is_visible(target) => {
                (method, target)
            }
            _ => return Err(FramingError::RequestLine),
        };
        match (parts.next(), parts.next()) {
            (Some(b"HTTP/1.1"), None) => {}
            (Some(b"HTTP/1.0"), None) => self.http10 = true,
            (Some(b"HTTP/2.0"), None) if (method, target) == (b"PRI", b"*") => {
                return Err(FramingError::Http2Preface);
            }
            (None, None) => return Err(FramingError::Http09),
            _ => return Err(FramingError::RequestLine),
        }
        // The real parser would answer for itself what it cannot read, and nobody would record it.
        if Uri::try_from(target).is_err() {
            return Err(FramingError::Target);
        }
        self.hold = (method == b"CONNECT").then_some(Hold::Tunnel);
        Ok(())
    }

    pub(super) fn header(&mut self, line: &[u8], limit: usize) -> Result<(), FramingError> {
        let (name, value) = self.field(line, limit)?;
        if name.eq_ignore_ascii_case(b"host") {
            self.hosts += 1;
        } else if name.eq_ignore_ascii_case(b"content-length") {
            if self.length.is_some() {
                return Err(FramingError::ContentLengthTwice);
            }
            self.length = Some(content_length(value)?);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if self.chunked || trimmed(value) != b"chunked" {
                return Err(FramingError::TransferEncoding);
            }
            self.chunked = true;
        } else if name.eq_ignore_ascii_case(b"upgrade") {
            self.hold.get_or_insert(Hold::Upgrade);
        }
        Ok(())
    }

    /// Trailers come when everything has been decided; those that would decide otherwise are refused.
    pub(super) fn trailer(&mut self, line: &[u8], limit: usize) -> Result<(), FramingError> {
        let (name, _) = self.field(line, limit)?;
        if FRAMING_NAMES
            .iter()
            .any(|framing| name.eq_ignore_ascii_case(framing))
        {
            return Err(FramingError::Trailer);
        }
        Ok(())
    }

    /// The empty line after the headers.
    pub(super) fn end(&self) -> Result<After, FramingError> {
        match self.hosts {
            0 if !self.http10 => return Err(FramingError::HostMissing),
            0 | 1 => {}
            _ => return Err(FramingError::HostTwice),
        }
        let body = match (self.chunked, self.length) {
            (true, Some(_)) => return Err(FramingError::BothLengths),
            (true, None) if self.http10 => return Err(FramingError::ChunkedHttp10),
            (true, None) => Body::Chunked,
            (false, None | Some(0)) => Body::None,
            (false, Some(length)) => Body::Length(length),
        };
        if self.hold == Some(Hold::Tunnel) && body != Body::None {
            return Err(FramingError::ConnectBody);
        }
        Ok(After {
            body,
            hold: self.hold,
        })
    }

    /// Splits a header or trailer line and counts it.
    fn field<'l>(
        &mut self,
        line: &'l [u8],
        limit: usize,
    ) -> Result<(&'l [u8], &'l [u8]), FramingError> {
        self.lines += 1;
        if self.lines > limit {
            return Err(FramingError::TooManyHeaders);
        }
        if matches!(line, [b' ' | b'\t', ..]) {
            return Err(FramingError::Folding);
        }
        let colon = memchr(b':', line).ok_or(FramingError::HeaderName)?;
        let (name, value) = line
            .split_at_checked(colon)
            .ok_or(FramingError::HeaderName)?;
        let value = value.strip_prefix(b":").unwrap_or(value);
        if !is_token(name) {
            return Err(FramingError::HeaderName);
        }
        if has_control(value) {
            return Err(FramingError::HeaderValue);
        }
        Ok((name, value))
    }
}

/// The size that a chunk line begins with. Extensions must follow at once, by their semicolon.
pub(super) fn chunk_size(line: &[u8]) -> Result<u64, FramingError> {
    let mut parts = line.splitn(2, |byte| *byte == b';');
    let digits = parts.next().unwrap_or_default();
    let extension = parts.next().unwrap_or_default();
    let plain = !digits.is_empty() && digits.len() <= HEX_DIGITS;
    if !plain || has_control(extension) {
        return Err(FramingError::ChunkSize);
    }
    digits.iter().try_fold(0_u64, |size, digit| {
        let digit = char::from(*digit)
            .to_digit(16)
            .ok_or(FramingError::ChunkSize)?;
        Ok(size << 4 | u64::from(digit))
    })
}

/// Digits only; 19 of them always fit.
fn content_length(value: &[u8]) -> Result<u64, FramingError> {
    let digits = trimmed(value);
    if digits.is_empty() || digits.len() > 19 {
        return Err(FramingError::ContentLength);
    }
    digits.iter().try_fold(0_u64, |length, digit| match digit {
        b'0'..=b'9' => Ok(length * 10 + u64::from(digit - b'0')),
        _ => Err(FramingError::ContentLength),
    })
}

/// Without spaces around it. Tabs stay: readers disagree about them, and so the value is refused.
fn trimmed(mut value: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] | [rest @ .., b' '] = value {
        value = rest;
    }
    value
}

/// RFC 9110 section 5.6.2.
fn is_token(bytes: &[u8]) -> bool {
    let part = |byte: &u8| {
        matches!(byte, b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'!' | b'#'..=b'\'' | b'*' | b'+'
            | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
    };
    !bytes.is_empty() && bytes.iter().all(part)
}

fn is_visible(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(u8::is_ascii_graphic)
}

/// Other than a tab. All bytes are looked at, several at a time.
fn has_control(bytes: &[u8]) -> bool {
    let is_control = |byte: u8| byte.is_ascii_control() && byte != b'\t';
    bytes
        .iter()
        .fold(false, |has, byte| has | is_control(*byte))
}

/// The largest size is far beyond any body, and cannot overflow.
const HEX_DIGITS: usize = 15;
const FRAMING_NAMES: [&[u8]; 4] = [b"content-length", b"transfer-encoding", b"host", b"upgrade"];
