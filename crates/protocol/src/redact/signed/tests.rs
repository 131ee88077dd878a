//! Which headers vouch for the bytes of a body.

use http::HeaderValue;

use super::*;

fn headers(name: &'static str, value: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(
        HeaderName::from_static(name),
        HeaderValue::from_static(value),
    )])
}

#[test]
fn a_signed_request_is_not_rewritten() {
    let signed = [
        ("digest", "sha-256=x"),
        ("content-digest", "sha-256=:x:"),
        ("repr-digest", "sha-256=:x:"),
        ("content-md5", "x"),
        ("signature", "x"),
        ("signature-input", "x"),
        ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
        ("authorization", "AWS4-HMAC-SHA256 Credential=x"),
        ("authorization", "aws4-ecdsa-p256-sha256 Credential=x"),
        ("authorization", "Signature keyId=x"),
        ("x-hub-signature", "sha1=x"),
        ("x-hub-signature-256", "sha256=x"),
        ("stripe-signature", "t=1,v1=x"),
        ("x-shop-hmac-signature", "x"),
        ("x-amz-checksum-crc32", "x"),
        ("x-goog-hash", "crc32c=x"),
        ("x-ms-content-sha256", "x"),
        ("content-range", "bytes 0-15/100"),
        (
            "authorization",
            "OAuth oauth_signature_method=\"HMAC-SHA1\", oauth_signature=\"x\"",
        ),
        ("authorization", "GOOG4-RSA-SHA256 Credential=x"),
        ("authorization", "HMAC-SHA256 SignedHeaders=x"),
        ("authorization", "SharedKey account:x"),
        ("authorization", "TC3-HMAC-SHA256 Credential=x"),
        ("authorization", "AWS id:x"),
    ];
    for (name, value) in signed {
        assert_eq!(
            rewritable(&headers(name, value)),
            Err(RedactError::Signed),
            "{name}"
        );
    }
}

#[test]
fn an_encoded_body_is_not_rewritten() {
    for value in ["gzip", "identity, gzip", "x"] {
        assert_eq!(
            rewritable(&headers("content-encoding", value)),
            Err(RedactError::Encoded)
        );
    }
}

#[test]
fn an_ordinary_request_may_be_rewritten() {
    assert_eq!(rewritable(&HeaderMap::new()), Ok(()));
    let ordinary = [
        ("authorization", "Bearer x"),
        ("authorization", "Basic eDp5"),
        ("authorization", "Token token=x"),
        ("authorization", "aws-token-without-a-scheme"),
        ("want-content-digest", "sha-256=1"),
        ("content-encoding", "identity"),
        ("x-assigned", "x"),
    ];
    for (name, value) in ordinary {
        assert_eq!(rewritable(&headers(name, value)), Ok(()), "{name}");
    }
}
