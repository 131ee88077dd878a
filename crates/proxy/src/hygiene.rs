//! Which headers cross the proxy. Must not let a hop's own headers, a credential or a claimed identity through.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Takes out of a request what is meant for this hop, and what a caller may not claim about itself.
pub(crate) fn clean_request(headers: &mut HeaderMap) {
    strip_hop_by_hop(headers);
    let claimed: Vec<HeaderName> = headers
        .keys()
        .filter(|name| is_identity(name.as_str()))
        .cloned()
        .collect();
    for name in claimed {
        headers.remove(name);
    }
}

/// Takes out of a response what was meant for this hop, and what only Aegis may say.
pub(crate) fn clean_response(headers: &mut HeaderMap) {
    strip_hop_by_hop(headers);
    let ours: Vec<HeaderName> = headers
        .keys()
        .filter(|name| name.as_str().starts_with("aegis-"))
        .cloned()
        .collect();
    for name in ours {
        headers.remove(name);
    }
}

/// The protocol that an HTTP/1.1 request asks to switch to. `h2c` may always be ignored
/// (RFC 9110, 7.8) and is: the request is then an ordinary one.
pub(crate) fn upgrade(headers: &HeaderMap) -> Option<HeaderValue> {
    let wanted = headers.get(header::UPGRADE)?;
    let asks = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|token| token.trim().eq_ignore_ascii_case("upgrade"));
    let h2c = wanted.as_bytes().eq_ignore_ascii_case(b"h2c");
    (asks && !h2c).then(|| wanted.clone())
}

/// RFC 9110, 7.6.1: the fixed names, and those that `Connection` names. `TE: trailers` survives
/// because gRPC servers insist on it.
fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|token| HeaderName::try_from(token.trim()).ok())
        .filter(|name| !END_TO_END.contains(name))
        .collect();
    let trailers = headers
        .get(header::TE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|te| {
            te.split(',')
                .any(|part| part.trim().eq_ignore_ascii_case("trailers"))
        });
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
    if trailers {
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
    }
}

/// CGI and WSGI turn hyphens into underscores, so `x_agent_id` would arrive there as `x-agent-id`.
fn is_identity(name: &str) -> bool {
    let name = name.replace('_', "-");
    IDENTITY_PREFIXES
        .iter()
        .any(|prefix| name.starts_with(prefix))
        || IDENTITY.contains(&name.as_str())
}

/// What `Connection` must not be able to take away: a caller could otherwise remove what the
/// upstream needs to see, or what was judged.
const END_TO_END: [HeaderName; 5] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::AUTHORIZATION,
];

const HOP_BY_HOP: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("http2-settings"),
];

const IDENTITY_PREFIXES: [&str; 5] = [
    "aegis-",
    "x-aegis-",
    "x-agent-",
    "x-tenant-",
    "x-forwarded-",
];

const IDENTITY: [&str; 8] = [
    "forwarded",
    "x-forwarded",
    "x-real-ip",
    "x-client-ip",
    "true-client-ip",
    "x-client-cert",
    "x-agent",
    "x-tenant",
];

#[cfg(test)]
mod tests;
