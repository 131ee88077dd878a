//! The headers in which MCP (2026-07-28) mirrors a message, held against the body. They decide nothing.
//!
//! Whatever the revision, what they say must be in the body as well: something on the way may go by
//! the one or by the other. From 2026-07-28 on they must also be there.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName};
use serde_json::{Map, Number, Value};

use crate::InspectError;

/// What the headers have to agree with.
pub(super) struct Mirrored<'a> {
    pub(super) method: &'a str,
    pub(super) params: Option<&'a Map<String, Value>>,
    /// Of notifications, no header is required.
    pub(super) is_request: bool,
}

/// Refuses headers that say something else than the body, or that stand twice, and those that are
/// missing where the revision requires them.
pub(super) fn agree(headers: &HeaderMap, message: &Mirrored<'_>) -> Result<(), InspectError> {
    let stateless = version(headers, message)?.is_some_and(|version| *version >= *STATELESS);
    let required = stateless && message.is_request;
    compare(headers, &METHOD, Some(message.method), required)?;
    let member = match message.method {
        "tools/call" | "prompts/get" => Some("name"),
        "resources/read" => Some("uri"),
        _ => None,
    };
    if let Some(member) = member {
        let named = message.params.and_then(|params| params.get(member));
        compare(headers, &NAME, named.and_then(Value::as_str), required)?;
    }
    parameters(headers, message)
}

/// Whether headers repeat what may be a parameter of `method`. The name of a tool or prompt is not one.
pub(super) fn repeat_parameters(headers: &HeaderMap, method: &str) -> bool {
    let is_name = |name: &HeaderName| *name == NAME && method != "resources/read";
    let repeats = |name: &HeaderName| is_mirror(name) && !is_name(name);
    headers.keys().any(repeats)
}

/// Whether a header of this name repeats a value of the body.
pub(crate) fn is_mirror(name: &HeaderName) -> bool {
    *name == NAME || name.as_str().starts_with(PARAMETER_PREFIX)
}

/// The value as it stands, or what its `=?base64?…?=` form holds; `None` where that is broken.
pub(crate) fn decode(value: &str) -> Option<String> {
    let encoded = value
        .strip_prefix("=?base64?")
        .and_then(|rest| rest.strip_suffix("?="));
    match encoded {
        None => Some(value.to_owned()),
        Some(encoded) => String::from_utf8(STANDARD.decode(encoded).ok()?).ok(),
    }
}

/// Whether the client speaks a revision that has no batches: all from 2025-06-18 on, which is also
/// the first that sends the header.
pub(super) fn forbid_batches(headers: &HeaderMap) -> bool {
    let batches = |value: &http::HeaderValue| value.as_bytes() < NO_BATCHES;
    !headers.get_all(&VERSION).iter().all(batches)
}

/// The revision that both header and body name, or the header alone.
fn version<'h>(
    headers: &'h HeaderMap,
    message: &Mirrored<'_>,
) -> Result<Option<&'h str>, InspectError> {
    let header = single(headers, &VERSION)?;
    let meta = message.params.and_then(|params| params.get("_meta"));
    let stated = meta.and_then(|meta| meta.get(VERSION_IN_BODY));
    match stated {
        Some(stated) if stated.as_str() != header => Err(mismatch(&VERSION)),
        _ => Ok(header),
    }
}

fn compare(
    headers: &HeaderMap,
    name: &HeaderName,
    said: Option<&str>,
    required: bool,
) -> Result<(), InspectError> {
    let agreed = match single(headers, name)? {
        None => !required,
        Some(value) => decode(value).as_deref() == said,
    };
    if agreed { Ok(()) } else { Err(mismatch(name)) }
}

/// The tool's schema says which argument a header repeats, and it is not known here: the argument of
/// the header's own name, where there is one, or else one of the others must have the value.
fn parameters(headers: &HeaderMap, message: &Mirrored<'_>) -> Result<(), InspectError> {
    let params = message.params.filter(|_| message.method == "tools/call");
    let arguments = params.and_then(|params| params.get("arguments"));
    for name in headers.keys() {
        let Some(parameter) = name.as_str().strip_prefix(PARAMETER_PREFIX) else {
            continue;
        };
        let refused = || mismatch_of_parameter();
        let value = single(headers, name).map_err(|_| refused())?;
        let value = value.and_then(decode).ok_or_else(refused)?;
        let same = arguments.and_then(Value::as_object).and_then(|members| {
            members
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(parameter))
        });
        let agreed = match same {
            Some((_, argument)) => says(argument, &value),
            None => arguments.is_some_and(|arguments| says(arguments, &value)),
        };
        if !agreed {
            return Err(refused());
        }
    }
    Ok(())
}

/// Whether a value, or one within it, is what a header repeats.
fn says(value: &Value, header: &str) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => header == if *truth { "true" } else { "false" },
        Value::Number(number) => *header == number.to_string() || same_whole(number, header),
        Value::String(text) => text == header,
        Value::Array(items) => items.iter().any(|item| says(item, header)),
        Value::Object(members) => members.values().any(|member| says(member, header)),
    }
}

/// `42` and `42.0` are the same integer.
fn same_whole(number: &Number, header: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    let whole = |value: &f64| value.fract() == 0.0 && value.abs() < EXACT;
    let header = header
        .parse::<f64>()
        .ok()
        .filter(|_| header.bytes().all(plain));
    let number = number.as_f64();
    header.zip(number).is_some_and(|(header, number)| {
        whole(&header) && whole(&number) && header.total_cmp(&number).is_eq()
    })
}

/// The one value of a header: readers differ on which of two counts.
fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, InspectError> {
    crate::body::single(headers, name).map_err(|_| mismatch(name))
}

fn mismatch(name: &HeaderName) -> InspectError {
    let header = match name.as_str() {
        "mcp-method" => "mcp-method",
        "mcp-name" => "mcp-name",
        _ => "mcp-protocol-version",
    };
    InspectError::HeaderMismatch { header }
}

/// The name is the client's own text, so it is not repeated.
fn mismatch_of_parameter() -> InspectError {
    InspectError::HeaderMismatch {
        header: "mcp-param",
    }
}

pub(super) const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");
/// `HeaderName` is in lower case.
const PARAMETER_PREFIX: &str = "mcp-param-";

/// Where a message of the stateless revisions names its own.
const VERSION_IN_BODY: &str = "io.modelcontextprotocol/protocolVersion";
/// The first revision without sessions. Revisions are dates.
const STATELESS: &str = "2026-07-28";
/// The first revision without batches.
const NO_BATCHES: &[u8] = b"2025-06-18";
/// Integers beyond 2^53 are not exact as floating point numbers.
const EXACT: f64 = 9_007_199_254_740_992.0;
