//! Paths of REST services: strict reading, and templates that match decoded segments. No normalising.

use std::cmp::Ordering;

/// Why a path cannot be judged: servers and proxies read it in different ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmbiguousPath {
    #[error("it does not start with a slash")]
    Relative,
    #[error("it has an empty segment (two slashes, or one at the end)")]
    EmptySegment,
    #[error("it has a `.` or `..` segment")]
    DotSegment,
    #[error("it has an encoded slash, a backslash or an encoded percent sign")]
    Separator,
    #[error("it has a percent sign that two hexadecimal digits do not follow")]
    Escape,
    #[error("it is not utf-8, or has a control character or one that must be percent-encoded")]
    Character,
    #[error("it has a `;` parameter")]
    Parameter,
    #[error("it differs from a known operation only in upper and lower case")]
    Case,
}

/// The percent-decoded segments of a path that every server reads in the same way.
///
/// `/` has none. Refused is what RFC 3986 leaves to normalisation or to the server's taste.
pub fn decoded_segments(path: &str) -> Result<Vec<String>, AmbiguousPath> {
    let rest = path.strip_prefix('/').ok_or(AmbiguousPath::Relative)?;
    if rest.is_empty() {
        return Ok(Vec::new());
    }
    rest.split('/').map(decode).collect()
}

fn decode(segment: &str) -> Result<String, AmbiguousPath> {
    let mut decoded = Vec::with_capacity(segment.len());
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => escaped(bytes.next(), bytes.next())?,
            b';' => return Err(AmbiguousPath::Parameter),
            b'\\' => return Err(AmbiguousPath::Separator),
            0x21..=0x7e => byte,
            _ => return Err(AmbiguousPath::Character),
        });
    }
    let decoded = String::from_utf8(decoded).map_err(|_| AmbiguousPath::Character)?;
    match decoded.as_str() {
        "" => Err(AmbiguousPath::EmptySegment),
        "." | ".." => Err(AmbiguousPath::DotSegment),
        _ if decoded.chars().any(char::is_control) => Err(AmbiguousPath::Character),
        _ => Ok(decoded),
    }
}

fn escaped(high: Option<u8>, low: Option<u8>) -> Result<u8, AmbiguousPath> {
    let digit = |byte: Option<u8>| byte.and_then(|b| char::from(b).to_digit(16));
    let (Some(high), Some(low)) = (digit(high), digit(low)) else {
        return Err(AmbiguousPath::Escape);
    };
    match u8::try_from(high * 16 + low) {
        Ok(b'/' | b'\\' | b'%') => Err(AmbiguousPath::Separator),
        Ok(b';') => Err(AmbiguousPath::Parameter),
        Ok(byte) => Ok(byte),
        Err(_) => Err(AmbiguousPath::Escape),
    }
}

/// A path with `{name}` in place of some of its segments.
#[derive(Clone, Debug)]
pub(super) struct Template(Vec<Pattern>);

#[derive(Clone, Debug)]
pub(super) enum Pattern {
    Literal(Box<str>),
    Placeholder(Box<str>),
}

impl Template {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let segments =
            decoded_segments(text).map_err(|error| format!("the path is ambiguous: {error}"))?;
        let mut patterns: Vec<Pattern> = Vec::with_capacity(segments.len());
        for segment in segments {
            let pattern = Pattern::parse(&segment)?;
            if let Pattern::Placeholder(name) = &pattern {
                let twice = patterns
                    .iter()
                    .any(|p| matches!(p, Pattern::Placeholder(n) if n == name));
                if twice {
                    return Err(format!(
                        "the placeholder `{{{name}}}` stands twice in the path"
                    ));
                }
            }
            patterns.push(pattern);
        }
        Ok(Self(patterns))
    }

    /// What stands in the placeholders, if `same` holds for every literal.
    pub(super) fn matches(
        &self,
        segments: &[String],
        same: fn(&str, &str) -> bool,
    ) -> Option<Vec<(&str, String)>> {
        if self.0.len() != segments.len() {
            return None;
        }
        let mut parameters = Vec::new();
        for (pattern, segment) in self.0.iter().zip(segments) {
            match pattern {
                Pattern::Placeholder(name) => parameters.push((&**name, segment.clone())),
                Pattern::Literal(literal) if same(literal, segment) => {}
                Pattern::Literal(_) => return None,
            }
        }
        Some(parameters)
    }

    /// Whether both match the same paths, whatever their placeholders are called.
    pub(super) fn same_shape(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self.0.iter().zip(&other.0).all(|pair| match pair {
                (Pattern::Literal(a), Pattern::Literal(b)) => a == b,
                (Pattern::Placeholder(_), Pattern::Placeholder(_)) => true,
                _ => false,
            })
    }

    /// Literals before placeholders at the first segment where they differ: the more specific first.
    pub(super) fn by_precedence(&self, other: &Self) -> Ordering {
        let rank = |pattern: &Pattern| matches!(pattern, Pattern::Placeholder(_));
        self.0.iter().map(rank).cmp(other.0.iter().map(rank))
    }
}

impl Pattern {
    fn parse(segment: &str) -> Result<Self, String> {
        let inner = segment
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'));
        match inner {
            Some(name) if is_name(name) => Ok(Self::Placeholder(name.into())),
            None if !segment.contains(['{', '}']) => Ok(Self::Literal(segment.into())),
            _ => Err(format!(
                "`{segment}` is neither plain text nor one `{{name}}` of letters, digits, `_` and `-`"
            )),
        }
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}
