//! Which headers cross the proxy. Must not let a hop's own headers, a credential or a claimed identity through.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

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

/// Trailers are headers that come late: out of them goes what a head may not claim, what counts only
/// in a head, and what the proxy itself has taken from there or has judged.
pub(crate) fn clean_trailers(trailers: &mut HeaderMap) {
    clean_request(trailers);
    let of_a_head = |name: &&HeaderName| {
        let spelled = name.as_str().replace('_', "-");
        OF_A_HEAD.contains(&spelled.as_str()) || spelled.starts_with("mcp-")
    };
    let late: Vec<HeaderName> = trailers.keys().filter(of_a_head).cloned().collect();
    for name in late {
        trailers.remove(name);
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

/// Takes out of a service's answer what is meant for its own origin: at the gateway's, which all
/// services share, it would reach the others.
pub(crate) fn clean_service_response(
    headers: &mut HeaderMap,
    relocate: impl Fn(&HeaderValue) -> Option<HeaderValue>,
) {
    for name in &OF_AN_ORIGIN {
        headers.remove(name);
    }
    for name in [header::LOCATION, header::CONTENT_LOCATION] {
        if let Some(elsewhere) = headers.remove(&name)
            && let Some(here) = relocate(&elsewhere)
        {
            headers.insert(name, here);
        }
    }
}

/// Takes the cookies out of a request to a service: they were set at the gateway's origin. No trailers
/// go there.
pub(crate) fn clean_service_request(headers: &mut HeaderMap) {
    headers.remove(header::COOKIE);
    headers.remove(header::TRAILER);
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
    let first = name.as_bytes().first();
    let Some(claims) = first.and_then(|letter| CLAIMS.get(letter)) else {
        return false;
    };
    let spelled: Cow<'_, str> = if name.contains('_') {
        name.replace('_', "-").into()
    } else {
        name.into()
    };
    claims
        .iter()
        .any(|claim| spelled == *claim || (claim.ends_with('-') && spelled.starts_with(claim)))
}

/// [`IDENTITY`] by first letter: few headers begin like a claim.
static CLAIMS: LazyLock<BTreeMap<u8, Vec<&'static str>>> = LazyLock::new(|| {
    let mut claims = BTreeMap::<u8, Vec<_>>::new();
    for claim in IDENTITY.iter().flat_map(|(_, names)| *names) {
        if let Some(letter) = claim.as_bytes().first() {
            claims.entry(*letter).or_default().push(*claim);
        }
    }
    claims
});

/// What `Connection` must not be able to take away: a caller could otherwise remove what the
/// upstream needs to see, or what was judged.
const END_TO_END: [HeaderName; 5] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::AUTHORIZATION,
];

/// RFC 9110, 6.5.1: what says how the message is framed, routed, understood, who sends it and why.
const OF_A_HEAD: [&str; 23] = [
    "a2a-version",
    "api-key",
    "authorization",
    "baggage",
    "content-encoding",
    "content-length",
    "content-location",
    "content-range",
    "content-type",
    "cookie",
    "expect",
    "host",
    "range",
    "traceparent",
    "tracestate",
    "trailer",
    "x-api-key",
    "x-goog-api-key",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-url",
    "x-rewrite-url",
];

const OF_AN_ORIGIN: [HeaderName; 10] = [
    header::ALT_SVC,
    HeaderName::from_static("clear-site-data"),
    HeaderName::from_static("nel"),
    HeaderName::from_static("public-key-pins"),
    HeaderName::from_static("refresh"),
    HeaderName::from_static("report-to"),
    HeaderName::from_static("reporting-endpoints"),
    header::SERVER,
    header::SET_COOKIE,
    header::STRICT_TRANSPORT_SECURITY,
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

/// Who takes a header for a proven identity, and the names; one that ends with a hyphen stands for
/// all that begin so. Credentials that the destination itself checks (`authorization`, `x-api-key`,
/// `cf-access-client-id`) are not among them: with those a caller proves, it does not claim.
#[rustfmt::skip]
const IDENTITY: [(&str, &[&str]); 15] = [
    ("aegis and its users", &["aegis-", "x-aegis-", "x-agent", "x-agent-", "x-tenant", "x-tenant-"]),
    ("servers behind a proxy: the client's address", &[
        "forwarded", "x-forwarded", "x-forwarded-", "x-original-forwarded-for", "x-real-ip", "client-ip", "x-client-ip",
        "true-client-ip", "x-cluster-client-ip", "x-originating-ip", "x-remote-", "x-envoy-",
    ]),
    ("servers behind a CDN: the client's address", &[
        "cf-connecting-ip", "cf-connecting-ipv6", "cf-pseudo-ipv4", "fastly-client-ip", "x-azure-clientip",
        "x-azure-socketip",
    ]),
    ("servers behind a proxy: the client's certificate", &[
        "client-cert", "client-cert-chain", "x-client-cert", "x-client-cert-", "x-client-certificate", "x-client-dn",
        "x-client-verify", "ssl-client-", "x-ssl-", "x-arr-clientcert", "x-amzn-mtls-",
    ]),
    ("applications that trust a proxy with the login", &[
        "remote-", "auth-user", "x-user", "x-user-id", "x-userid", "x-user-name", "x-username", "x-user-email",
        "x-user-role", "x-user-roles", "x-user-groups", "x-userinfo", "x-email", "x-groups", "x-roles", "x-principal",
        "x-principal-id", "x-authenticated-", "x-webauth-", "x-proxy-user", "x-jwt-assertion",
    ]),
    ("oauth2-proxy, Vouch", &["x-auth-request-", "x-vouch-"]),
    ("authentik, Authelia, Pomerium, Tailscale", &["x-authentik-", "x-authelia-", "x-pomerium-", "tailscale-"]),
    ("mod_auth_openidc, mod_auth_mellon, Shibboleth", &["oidc-", "mellon-", "shib-", "x-shib-"]),
    ("SiteMinder, WebSEAL, Oracle Access Manager", &["sm-user", "sm-userdn", "iv-user", "iv-groups", "iv-creds", "oam-"]),
    ("Kong", &["x-consumer-", "x-credential-identifier", "x-credential-username", "x-anonymous-consumer"]),
    ("AWS load balancers", &["x-amzn-oidc-"]),
    ("Google App Engine, IAP and API Gateway", &[
        "x-appengine-user-", "x-goog-authenticated-user-", "x-goog-iap-jwt-assertion", "x-apigateway-api-userinfo",
        "x-endpoint-api-userinfo",
    ]),
    ("Azure App Service", &["x-ms-client-principal", "x-ms-client-principal-", "x-ms-token-"]),
    ("Cloudflare Access", &["cf-access-authenticated-user-email", "cf-access-jwt-assertion"]),
    ("service meshes", &["x-spiffe-id", "l5d-client-id", "l5d-remote-ip"]),
];

#[cfg(test)]
mod tests;
