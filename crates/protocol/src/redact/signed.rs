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
    let signs = |name: &HeaderName| vouches(name.as_str()) || is_signature(name.as_str());
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

/// Headers that hold a digest of the body (RFC 9530, RFC 3230, RFC 1864, those of clouds), or say which bytes of
/// something larger it is; one that only asks for a digest does not.
fn vouches(name: &str) -> bool {
    name == "content-range"
        || !name.starts_with("want-") && name.split('-').any(|word| DIGESTS.contains(&word))
}

/// Schemes that sign the request, not a bearer's secret: those of clouds, HTTP signatures, Hawk, OAuth 1.0.
fn signs_request(authorization: &http::HeaderValue) -> bool {
    let value = String::from_utf8_lossy(authorization.as_bytes()).to_ascii_lowercase();
    let (scheme, parameters) = value.split_once(' ').unwrap_or((&value, ""));
    SCHEMES.contains(&scheme)
        || scheme.contains("hmac")
        || ["aws4-", "goog4-", "tc3-", "oss4-", "bce-auth"]
            .iter()
            .any(|start| scheme.starts_with(start))
        || ["signature=", "signedheaders="]
            .iter()
            .any(|name| parameters.contains(name))
}

const DIGESTS: [&str; 9] = [
    "checksum", "crc32", "crc32c", "digest", "hash", "hmac", "md5", "sha1", "sha256",
];
const SCHEMES: [&str; 7] = [
    "aws",
    "escher",
    "hawk",
    "oss",
    "sharedkey",
    "sharedkeylite",
    "signature",
];

#[cfg(test)]
mod tests;
