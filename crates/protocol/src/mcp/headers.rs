//! The headers in which MCP (2026-07-28) mirrors a message's method and name, held against the body.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName};
use serde_json::{Map, Value};

use crate::InspectError;
use crate::body::single;

/// Refuses mirrored headers that say something else than the body, whatever the version: something
/// on the way may go by the one or by the other.
pub(super) fn agree(
    headers: &HeaderMap,
    method: &str,
    params: Option<&Map<String, Value>>,
) -> Result<(), InspectError> {
    if mirrored(headers, &METHOD)?.is_some_and(|mirrored| mirrored != method) {
        return Err(InspectError::HeaderMismatch {
            header: "mcp-method",
        });
    }
    let Some(mirrored) = mirrored(headers, &NAME)? else {
        return Ok(());
    };
    let member = match method {
        "tools/call" | "prompts/get" => "name",
        "resources/read" => "uri",
        _ => return Ok(()),
    };
    let named = params
        .and_then(|params| params.get(member))
        .and_then(Value::as_str);
    if named == Some(mirrored.as_str()) {
        return Ok(());
    }
    Err(InspectError::HeaderMismatch { header: "mcp-name" })
}

/// Whether headers repeat what may be a parameter of `method`. A tool's name is not one.
pub(super) fn repeat_parameters(headers: &HeaderMap, method: &str) -> bool {
    let repeats = |name: &HeaderName| is_mirror(name) && !(*name == NAME && method == "tools/call");
    headers.keys().any(repeats)
}

/// Whether a header of this name repeats a value of the body.
pub(crate) fn is_mirror(name: &HeaderName) -> bool {
    *name == NAME || name.as_str().starts_with(PARAMETER_PREFIX)
}

fn mirrored(headers: &HeaderMap, name: &HeaderName) -> Result<Option<String>, InspectError> {
    let Some(value) = single(headers, name)? else {
        return Ok(None);
    };
    match decode(value) {
        Some(decoded) => Ok(Some(decoded)),
        None => Err(InspectError::Malformed(
            "a mirrored header is not base64 of utf-8",
        )),
    }
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

const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");
/// `HeaderName` is in lower case.
const PARAMETER_PREFIX: &str = "mcp-param-";
