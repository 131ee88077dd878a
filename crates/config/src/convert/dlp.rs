//! The section `dlp`: how values behind tokens are kept, and the detector that finds what no rule can.

use super::policy::is_loopback;
use super::{Check, GIB, or};
use crate::mirror;
use crate::names::is_place_of_a_server;
use crate::sections::{DetectorSettings, DlpSettings, Secret, TokenSettings};

pub(super) fn dlp(written: mirror::Dlp, check: &mut Check<'_>) -> DlpSettings {
    let default = TokenSettings::default();
    let tokens = TokenSettings {
        ttl: or(written.tokens.ttl, default.ttl),
        max: written.tokens.max.unwrap_or(default.max),
    };
    check.duration(&["dlp", "tokens", "ttl"], tokens.ttl);
    check.count(&["dlp", "tokens", "max"], tokens.max, 0..=1_000_000);
    let detector = written.detector.map(|written| detector(written, check));
    DlpSettings { tokens, detector }
}

fn detector(written: mirror::Detector, check: &mut Check<'_>) -> DetectorSettings {
    let insecure = written.insecure_http.unwrap_or(false);
    url(&written.url, insecure, check);
    if let Some(value) = &written.authorization {
        authorization(value, check);
    }
    if written.types.as_ref().is_some_and(Vec::is_empty) {
        let message = "at least one type is needed: without any, there is nothing to ask for";
        check.refuse(&["dlp", "detector", "types"], message);
    }
    let default = DetectorSettings::at(written.url);
    let types = written.types.map(|types| types.into_iter().collect());
    let detector = DetectorSettings {
        authorization: written.authorization.map(Secret::new),
        types: types.unwrap_or(default.types),
        timeout: or(written.timeout, default.timeout),
        max_bytes: or(written.max_bytes, default.max_bytes),
        url: default.url,
    };
    check.duration(&["dlp", "detector", "timeout"], detector.timeout);
    let place = ["dlp", "detector", "max_bytes"];
    check.size(&place, detector.max_bytes, LEAST_QUESTION..=GIB);
    detector
}

fn url(url: &str, insecure: bool, check: &mut Check<'_>) {
    let place = ["dlp", "detector", "url"];
    let rest = url.strip_prefix("https://").or(url.strip_prefix("http://"));
    let Some(rest) = rest.filter(|rest| is_place_of_a_server(rest)) else {
        let message =
            "expected a URL such as https://detector.example/v1/find, without credentials or query";
        return check.refuse(&place, message);
    };
    if url.starts_with("http://") && !insecure && !is_loopback(rest) && check.knows(&place) {
        let message = "the texts of every request would cross the network in the clear";
        let problem = check.document.problem(&place, message);
        let hint = "write https://, or `insecure_http: true` beside it";
        check.problems.push(problem.with_hint(hint));
    }
}

/// Nothing of the value is repeated.
fn authorization(value: &str, check: &mut Check<'_>) {
    let is_header = |byte: u8| (b' '..=b'~').contains(&byte);
    if value.trim().is_empty() || !value.bytes().all(is_header) {
        let message =
            "expected the value of a header such as `Bearer …`: printable ASCII on one line";
        check.refuse(&["dlp", "detector", "authorization"], message);
    }
}

/// Room for a text of some words and what stands around it, in bytes.
const LEAST_QUESTION: usize = 1024;
