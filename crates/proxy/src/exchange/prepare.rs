//! A request as it leaves: in the form that the version of the next hop wants. It sends nothing.

use std::sync::Arc;

use aegis_policy::Scheme;
use aegis_telemetry::trace::TraceContext;
use http::uri::{PathAndQuery, Uri};
use http::{HeaderMap, HeaderName, HeaderValue, Version, header};
use hyper::body::Body as _;

use crate::body::RequestBody;
use crate::gateway::Service;
use crate::refusal::{Cause, Refusal};
use crate::request::{Head, Request, Upgrade};

/// With what is kept back of it: its upgrade, and the gateway's service that it is for.
pub(super) type Prepared = (
    http::Request<RequestBody>,
    Option<Upgrade>,
    Option<Arc<Service>>,
);

/// The request as it leaves: absolute, without what was meant for this hop.
pub(super) fn prepare(
    request: Request<RequestBody>,
    trace: &TraceContext,
) -> Result<Prepared, Refusal> {
    let Request { head, body } = request;
    let Head {
        method,
        scheme,
        authority,
        path,
        query,
        mut headers,
        upgrade,
        service,
    } = *head;
    // Aegis has answered it, or the body is on its way anyway.
    headers.remove(header::EXPECT);
    headers.remove(header::HOST);
    trace.inject(&mut headers);
    if let Some(upgrade) = &upgrade {
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, upgrade.protocol.clone());
    }
    let named = if authority.port() == scheme.default_port() {
        authority.host().to_string()
    } else {
        authority.to_string()
    };
    let path_and_query = match query {
        Some(query) => format!("{path}?{query}"),
        None => path.to_string(),
    };
    let uri = Uri::builder()
        .scheme(match scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        })
        .authority(named)
        .path_and_query(path_and_query)
        .build()
        .map_err(|_| Refusal::new(Cause::Malformed))?;
    let mut request = http::Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    Ok((request, upgrade, service))
}

/// HTTP/1.1 wants the path in the request line and the name in `Host`.
pub(super) fn as_http1(request: &mut http::Request<RequestBody>) -> Result<(), Refusal> {
    *request.version_mut() = Version::HTTP_11;
    let uri = std::mem::take(request.uri_mut());
    let host = uri.authority().map_or("", http::uri::Authority::as_str);
    let host = HeaderValue::from_str(host).map_err(|_| Refusal::new(Cause::Destination))?;
    request.headers_mut().insert(header::HOST, host);
    join_cookies(request.headers_mut());
    announce_trailers(request);
    frame_body(request);
    let path = uri.into_parts().path_and_query;
    *request.uri_mut() = Uri::from(path.unwrap_or_else(|| PathAndQuery::from_static("/")));
    Ok(())
}

/// HTTP/2 may split cookies over several fields, HTTP/1.1 knows one (RFC 9113, 8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let mut fields = headers
        .get_all(header::COOKIE)
        .iter()
        .map(HeaderValue::as_bytes);
    let (Some(first), Some(second)) = (fields.next(), fields.next()) else {
        return;
    };
    let all: Vec<&[u8]> = [first, second].into_iter().chain(fields).collect();
    if let Ok(joined) = HeaderValue::from_bytes(&all.join(&b"; "[..])) {
        headers.insert(header::COOKIE, joined);
    }
}

/// HTTP/1.1 sends trailers only after a chunked body, and only those that the head announces.
fn announce_trailers(request: &mut http::Request<RequestBody>) {
    let Some(trailers) = request.body().trailers() else {
        return;
    };
    let names: Vec<&str> = trailers.keys().map(HeaderName::as_str).collect();
    if let Ok(names) = HeaderValue::from_str(&names.join(", ")) {
        request.headers_mut().remove(header::CONTENT_LENGTH);
        request.headers_mut().insert(header::TRAILER, names);
    }
}

/// hyper sends no body with a GET whose length it does not know; what was judged would be lost.
fn frame_body(request: &mut http::Request<RequestBody>) {
    let body = request.body();
    if !body.is_end_stream() && body.size_hint().exact().is_none() {
        let headers = request.headers_mut();
        headers.remove(header::CONTENT_LENGTH);
        headers.insert(
            header::TRANSFER_ENCODING,
            HeaderValue::from_static("chunked"),
        );
    }
}

/// HTTP/2 wants the name in `:authority`, which hyper takes from the URI.
pub(super) fn as_http2(request: &mut http::Request<RequestBody>) {
    *request.version_mut() = Version::HTTP_2;
    request.headers_mut().remove(header::HOST);
}
