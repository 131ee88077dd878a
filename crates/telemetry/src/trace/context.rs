//! W3C Trace Context (Level 1): read strictly, passed on unchanged where it is valid, begun anew where
//! it is not; no span is made here.

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, HeaderValue};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};

/// The place of one request in a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: [u8; 16],
    span_id: [u8; 8],
    parent_id: Option<[u8; 8]>,
    flags: u8,
    state: Option<TraceState>,
}

/// The other vendors' part, passed on as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceState(Arc<str>);

impl TraceContext {
    /// Begins a trace of its own.
    pub fn root() -> Self {
        let ids = RandomIdGenerator::default();
        Self {
            trace_id: ids.new_trace_id().to_bytes(),
            span_id: ids.new_span_id().to_bytes(),
            parent_id: None,
            flags: SAMPLED,
            state: None,
        }
    }

    /// The context of a request that came with these headers: a child of the caller's span, or the
    /// root of a new trace where the caller sent none, two, or an invalid one.
    pub fn of_request(headers: &HeaderMap) -> Self {
        Self::from_headers(headers).map_or_else(Self::root, |caller| caller.child())
    }

    /// Reads the caller's own context. An invalid `tracestate` is dropped without the rest.
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let mut parents = headers.get_all(TRACEPARENT).iter();
        let parent = parents.next()?;
        if parents.next().is_some() {
            return None;
        }
        let mut context = Self::parse(parent.to_str().ok()?)?;
        context.state = TraceState::from_headers(headers);
        Some(context)
    }

    /// Reads a `traceparent`. A version above 00 is read as far as 00 goes.
    pub fn parse(traceparent: &str) -> Option<Self> {
        let mut parts = traceparent.splitn(5, '-');
        let [version] = hex(parts.next()?)?;
        let trace_id = hex(parts.next()?)?;
        let span_id = hex(parts.next()?)?;
        let [flags] = hex(parts.next()?)?;
        let more = parts.next().is_some();
        if version == 0xff || (version == 0 && more) {
            return None;
        }
        if trace_id == [0; 16] || span_id == [0; 8] {
            return None;
        }
        Some(Self {
            trace_id,
            span_id,
            parent_id: None,
            flags,
            state: None,
        })
    }

    /// A new span below this one.
    #[must_use]
    pub fn child(&self) -> Self {
        Self {
            span_id: RandomIdGenerator::default().new_span_id().to_bytes(),
            parent_id: Some(self.span_id),
            flags: self.flags & KNOWN_FLAGS,
            ..self.clone()
        }
    }

    /// Sets the headers for the next hop, in place of whatever is there.
    pub fn inject(&self, headers: &mut HeaderMap) {
        headers.remove(TRACESTATE);
        headers.remove(TRACEPARENT);
        if let Ok(parent) = HeaderValue::try_from(self.traceparent()) {
            headers.insert(TRACEPARENT, parent);
        }
        let state = self
            .state
            .as_ref()
            .map(|state| HeaderValue::try_from(state.as_str()));
        if let Some(Ok(state)) = state {
            headers.insert(TRACESTATE, state);
        }
    }

    /// In version 00.
    fn traceparent(&self) -> String {
        let mut text = String::with_capacity(TRACEPARENT_LENGTH);
        text.push_str("00-");
        push_hex(&mut text, &self.trace_id);
        text.push('-');
        push_hex(&mut text, &self.span_id);
        text.push('-');
        push_hex(&mut text, &[self.flags]);
        text
    }

    /// The trace id as the audit log writes it: 32 hexadecimal digits.
    pub fn trace_id_hex(&self) -> String {
        let mut digits = String::with_capacity(32);
        push_hex(&mut digits, &self.trace_id);
        digits
    }

    pub fn trace_id(&self) -> [u8; 16] {
        self.trace_id
    }

    pub fn span_id(&self) -> [u8; 8] {
        self.span_id
    }

    /// The caller's span, where there is one.
    pub fn parent_id(&self) -> Option<[u8; 8]> {
        self.parent_id
    }

    pub fn state(&self) -> Option<&TraceState> {
        self.state.as_ref()
    }
}

/// The `traceparent` of this span, in version 00.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.traceparent())
    }
}

impl TraceState {
    /// Reads all `tracestate` headers as one list; `None` when it is empty or breaks a rule of the
    /// specification.
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let mut whole = String::new();
        for header in headers.get_all(TRACESTATE) {
            if !whole.is_empty() {
                whole.push(',');
            }
            whole.push_str(header.to_str().ok()?);
        }
        Self::parse(&whole)
    }

    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > LONGEST_STATE {
            return None;
        }
        let mut keys = Vec::new();
        for member in text
            .split(',')
            .map(|member| member.trim_matches([' ', '\t']))
        {
            if member.is_empty() {
                continue;
            }
            let (key, value) = member.split_once('=')?;
            if !is_key(key) || !is_value(value) || keys.contains(&key) {
                return None;
            }
            keys.push(key);
        }
        (1..=MOST_MEMBERS)
            .contains(&keys.len())
            .then(|| Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `key` or `tenant@system`, lower case.
fn is_key(key: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-*/".contains(&b);
    let part = |part: &str, longest: usize, digit_first: bool| {
        let starts = part.bytes().next();
        starts.is_some_and(|b| b.is_ascii_lowercase() || (digit_first && b.is_ascii_digit()))
            && part.len() <= longest
            && part.bytes().all(allowed)
    };
    match key.split_once('@') {
        Some((tenant, system)) => part(tenant, 241, true) && part(system, 14, false),
        None => part(key, 256, false),
    }
}

/// 1 to 256 printable ASCII characters without comma and equals sign, not ending in a space.
fn is_value(value: &str) -> bool {
    (1..=256).contains(&value.len())
        && value
            .bytes()
            .all(|b| matches!(b, 0x20..=0x7e) && b != b',' && b != b'=')
        && !value.ends_with(' ')
}

/// Exactly `N` bytes in lower-case hexadecimal digits.
fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        for &digit in pair {
            *byte = *byte << 4 | hex_digit(digit)?;
        }
    }
    Some(bytes)
}

/// Two lower-case digits for each byte: a formatter takes ten times as long.
fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        for digit in [byte >> 4, byte & 0xf] {
            text.push(char::from(if digit < 10 {
                b'0' + digit
            } else {
                b'a' + digit - 10
            }));
        }
    }
}

fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";
/// Bytes, in version 00.
const TRACEPARENT_LENGTH: usize = 55;
const SAMPLED: u8 = 1;
/// Version 00 knows one flag; the others are not passed on.
const KNOWN_FLAGS: u8 = SAMPLED;
const MOST_MEMBERS: usize = 32;
/// Bytes; the specification asks for at least 512 to be passed on.
const LONGEST_STATE: usize = 1_024;
