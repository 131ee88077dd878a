//! What a caller shows to prove itself, wherever its client puts it. Proves nothing.

use aegis_policy::Front;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// A secret, and the id that it was shown with where the form has one.
pub(super) struct Presented {
    pub(super) id: Option<String>,
    pub(super) secret: Vec<u8>,
}

/// Something is there, and it is no credential in any known form.
pub(super) struct Unreadable;

/// Everything that is presented. A header that is there twice is no credential.
pub(super) fn all(front: Front, headers: &HeaderMap) -> Result<Vec<Presented>, Unreadable> {
    let names = match front {
        Front::Forward => std::slice::from_ref(&header::PROXY_AUTHORIZATION),
        Front::Gateway => &AT_A_GATEWAY[..],
    };
    let mut found = Vec::new();
    for name in names {
        let mut values = headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (None, _) => {}
            (Some(value), None) => found.push(read(name, value, headers).ok_or(Unreadable)?),
            (Some(_), Some(_)) => return Err(Unreadable),
        }
    }
    Ok(found)
}

/// Takes out what was presented at the gateway, and what belongs to it. None of it is for the service.
pub(crate) fn strip(headers: &mut HeaderMap) {
    for name in AT_A_GATEWAY.iter().chain(&OF_A_SIGNATURE) {
        headers.remove(name);
    }
}

fn read(name: &HeaderName, value: &HeaderValue, headers: &HeaderMap) -> Option<Presented> {
    let value = value.to_str().ok()?;
    if ![header::PROXY_AUTHORIZATION, header::AUTHORIZATION].contains(name) {
        return Some(Presented {
            id: None,
            secret: value.trim().into(),
        });
    }
    let (scheme, rest) = value.split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(Presented {
            id: None,
            secret: rest.into(),
        });
    }
    if scheme.eq_ignore_ascii_case("basic") {
        return basic(rest);
    }
    let signed = scheme == "AWS4-HMAC-SHA256" && *name == header::AUTHORIZATION;
    signed.then(|| session(rest, headers)).flatten()
}

/// RFC 7617.
fn basic(encoded: &str) -> Option<Presented> {
    let pair = STANDARD.decode(encoded).ok()?;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    let (id, secret) = pair.split_at_checked(colon)?;
    Some(Presented {
        id: Some(String::from_utf8(id.to_vec()).ok()?),
        secret: secret.get(1..)?.to_vec(),
    })
}

/// A client that signs shows the id of its access key and, as it is, its session token. The signature
/// proves nothing here: only hashes of secrets are known, and a hash verifies no HMAC.
fn session(parameters: &str, headers: &HeaderMap) -> Option<Presented> {
    let scope = parameters
        .split(',')
        .find_map(|it| it.trim().strip_prefix("Credential="))?;
    let (id, _) = scope.split_once('/')?;
    let mut tokens = headers.get_all(&SESSION_TOKEN).iter();
    let (Some(token), None) = (tokens.next(), tokens.next()) else {
        return None;
    };
    Some(Presented {
        id: Some(id.to_owned()),
        secret: token.to_str().ok()?.into(),
    })
}

/// Where SDKs put an API key.
const AT_A_GATEWAY: [HeaderName; 5] = [
    header::AUTHORIZATION,
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("api-key"),
    HeaderName::from_static("x-goog-api-key"),
];

const SESSION_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// Of a client's own signature, which its request does not carry on.
const OF_A_SIGNATURE: [HeaderName; 3] = [
    SESSION_TOKEN,
    HeaderName::from_static("x-amz-date"),
    HeaderName::from_static("x-amz-content-sha256"),
];
