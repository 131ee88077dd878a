//! A request as it goes out: rewritten where policy asks for it, and refused where that cannot be done.

use aegis_dlp::Scanner;
use aegis_policy::{Decision, Outcome};
use aegis_protocol::{Heard, Means, RedactError, Rewritten};
use http::{HeaderMap, HeaderValue, Method, header};

use crate::body::RequestBody;
use crate::describe::Described;
use crate::pseudonyms::Names;
use crate::refusal::{Cause, Refusal};
use crate::request::Request;

/// A request as policy lets it go: what had to be redacted is.
#[derive(Debug)]
pub(crate) struct Outbound {
    request: Request<RequestBody>,
}

impl Outbound {
    pub(super) fn new(request: Request<RequestBody>, rewritten: Option<Rewritten>) -> Self {
        let mut outbound = Self { request };
        if let Some(rewritten) = rewritten {
            outbound.apply(rewritten);
        }
        outbound
    }

    /// For what Aegis adds by itself.
    pub(crate) fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.request.head.headers
    }

    pub(crate) fn method(&self) -> &Method {
        &self.request.head.method
    }

    pub(crate) fn into_request(self) -> Request<RequestBody> {
        self.request
    }

    fn apply(&mut self, rewritten: Rewritten) {
        let Rewritten { query, body } = rewritten;
        if query.is_some() {
            self.request.head.query = query;
        }
        if let Some(body) = body {
            let headers = &mut self.request.head.headers;
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
            self.request.body.replace(body);
        }
    }
}

/// What policy wants to be redacted of a described request, if it does.
pub(super) fn rewrite(
    described: &Described,
    decision: &Decision,
    means: &Means<'_>,
) -> Result<Option<Rewritten>, Refusal> {
    if decision.outcome != Outcome::Sanitize {
        return Ok(None);
    }
    if described.request.body.has_trailers() {
        // They come after the body and may vouch for it; nobody has looked into them.
        return Err(Refusal::with(Cause::SanitizeImpossible, TRAILERS));
    }
    let view = described.view();
    described
        .reading
        .redact(&view, &decision.obligations.redact, means)
        .map(Some)
        .map_err(impossible)
}

/// What a redaction is made with; of what was heard, nothing.
pub(super) fn means<'a>(scanner: &'a Scanner, decision: &Decision, names: &'a Names) -> Means<'a> {
    Means {
        scanner,
        heard: Heard::nothing(),
        numbers: decision.obligations.numbers,
        names,
    }
}

pub(super) fn impossible(error: RedactError) -> Refusal {
    let cause = Cause::SanitizeImpossible;
    match error.rule() {
        Some(rule) => Refusal::because(cause, rule, error.to_string()),
        None => Refusal::with(cause, error.to_string()),
    }
}

pub(super) const TRAILERS: &str = "the request has trailers";
