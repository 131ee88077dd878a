//! Gives out the interception CA's certificate and says how to trust it. Never touches a key, and dials nobody.
//!
//! An agent in a container reaches the forward port and nothing else, so both are there as well,
//! under a name that no host can have (RFC 6761, 6.4). They are public: a handshake shows the
//! same certificate to everybody.

use aegis_policy::{Host, Scheme};
use bytes::Bytes;
use http::{HeaderValue, Method, Response, header};

use crate::ca::Ca;
use crate::request::{Channel, Head};

/// The answer to a request that is for Aegis itself; `None` for all others, which are judged.
pub(crate) fn answer(ca: &Ca, head: &Head, channel: &Channel) -> Option<Response<Bytes>> {
    let is_ours = channel.tunnel.is_none()
        && head.scheme == Scheme::Http
        && head.authority.port() == 80
        && matches!(head.authority.host(), Host::Name(name) if **name == *NAME)
        && [Method::GET, Method::HEAD].contains(&head.method);
    match &*head.path {
        "/" if is_ours => Some(page(ca)),
        "/ca.pem" if is_ours => Some(certificate(ca)),
        _ => None,
    }
}

pub(crate) fn page(ca: &Ca) -> Response<Bytes> {
    let text = PAGE.replace("{{fingerprints}}", &ca.fingerprints().join("\n"));
    let mut response = response("text/html; charset=utf-8", text);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, STYLE_ONLY);
    response
}

pub(crate) fn certificate(ca: &Ca) -> Response<Bytes> {
    response("application/x-pem-file", ca.certificate_pem().to_owned())
}

fn response(content_type: &'static str, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

const NAME: &str = "aegis.invalid";
const PAGE: &str = include_str!("install_page.html");
const STYLE_ONLY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'");
