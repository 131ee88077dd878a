//! Requests whose bytes somebody vouches for: rewriting them would only break them, later and elsewhere.

use http::{HeaderMap, HeaderName, header};

use super::RedactError;
use crate::is_identity;

/// Whether a request with these headers may be rewritten: not signed, no digest, no content coding.
pub(crate) fn rewritable(headers: &HeaderMap) -> Result<(), RedactError> {
    if is_signed(headers) {
        return Err(RedactError::Signed);
    }
    if !is_identity(headers) {
        return Err(RedactError::Encoded);
    }
    Ok(())
}

/// Whether these headers vouch for the bytes of the body.
pub fn is_signed(headers: &HeaderMap) -> bool {
    let signs = |name: &HeaderName| SIGNING.contains(&name.as_str()) || is_signature(name.as_str());
    let authorization = headers.get_all(header::AUTHORIZATION);
    headers.keys().any(signs) || authorization.iter().any(signs_request)
}

/// Names of headers and query parameters that carry a signature: `stripe-signature`,
/// `x-hub-signature-256`, `X-Amz-Signature`.
pub(super) fn is_signature(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    matches!(name.as_str(), "signature" | "sig" | "signature-input")
        || name.ends_with("-signature")
        || name.contains("-signature-")
}

/// Schemes that sign the request (AWS, HTTP signatures, Hawk), not a bearer's secret.
fn signs_request(authorization: &http::HeaderValue) -> bool {
    let scheme = authorization
        .as_bytes()
        .split(|byte| *byte == b' ')
        .next()
        .unwrap_or_default();
    let is = |name: &[u8]| scheme.eq_ignore_ascii_case(name);
    is(b"signature")
        || is(b"hawk")
        || scheme
            .get(..5)
            .is_some_and(|start| start.eq_ignore_ascii_case(b"aws4-"))
}

/// RFC 9530, RFC 3230, RFC 1864, RFC 9421 and AWS.
const SIGNING: [&str; 7] = [
    "content-digest",
    "repr-digest",
    "digest",
    "content-md5",
    "signature",
    "signature-input",
    "x-amz-content-sha256",
];
