//! Whether every server reads a resource's URI as the one that policy judges. It resolves nothing.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::InspectError;

/// Refuses what a pattern such as `file:///public/*` would let out: a server that resolves `..`
/// would read another resource than the one that is named.
pub(super) fn unambiguous(uri: &Value) -> Result<(), InspectError> {
    let text = uri.as_str().filter(|text| !text.is_empty());
    let text = text.ok_or(InspectError::Malformed("the uri of a resource is no text"))?;
    if is_ambiguous(text) {
        return Err(InspectError::Malformed(
            "the uri of a resource has dot segments or control characters",
        ));
    }
    Ok(())
}

/// Escapes are looked through as often as a server might.
fn is_ambiguous(uri: &str) -> bool {
    let mut text = uri.to_owned();
    for _ in 0..MOST_ENCODINGS {
        let dots = |segment: &str| segment == "." || segment == "..";
        if text.contains(char::is_control) || text.split(SEPARATORS).any(dots) {
            return true;
        }
        let decoded = percent_decode_str(&text).decode_utf8_lossy().into_owned();
        if decoded == text {
            return false;
        }
        text = decoded;
    }
    true
}

const SEPARATORS: [char; 4] = ['/', '\\', '?', '#'];
const MOST_ENCODINGS: usize = 4;

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::unambiguous;

    #[test]
    fn a_uri_that_leads_elsewhere_once_resolved_is_refused() {
        let ambiguous = [
            json!("file:///public/../secret"),
            json!("file:///public/%2e%2E/secret"),
            json!("file:///public/%252e%252e/secret"),
            json!("file:///public%2f..%2fsecret"),
            json!("file:///public/..\\secret"),
            json!("file:///./a"),
            json!("file:///a/.."),
            json!("file:///a/..?x"),
            json!("file:///a\u{0}b"),
            json!("file:///a%00b"),
            json!("file:///%25252525252e"),
            json!(""),
            json!(1),
            Value::Null,
        ];
        for uri in ambiguous {
            assert!(unambiguous(&uri).is_err(), "{uri}");
        }
        for uri in [
            "file:///a/..b/c.txt",
            "note://x",
            "a",
            "file:///50%/x",
            "db://t?q=1.2",
        ] {
            assert!(unambiguous(&json!(uri)).is_ok(), "{uri}");
        }
    }
}
