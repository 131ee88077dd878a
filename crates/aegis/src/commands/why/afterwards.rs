//! What became of a call beside its decision: what Aegis refused before or after it, and what an operator may do. Explains no rule of policy.

use serde_json::{Value as Json, json};

use super::explained::Way;
use super::recorded::{Line, Rule};
use crate::output;

/// The calls for which this one was refused: those that its answer proposed, or that came in the same batch.
pub(super) fn blamed(line: &Line, all: &[Line]) -> Vec<String> {
    if line.refused().is_none() {
        return Vec::new();
    }
    let is_of = |other: &&Line| {
        let is_proposed = other.proposed_by.as_ref() == Some(&line.id);
        let is_beside = line.batched_by.is_some() && other.batched_by == line.batched_by;
        other.id != line.id && (is_proposed || is_beside) && !other.outcome.forwards()
    };
    let blamed = all.iter().filter(is_of);
    blamed.map(|line| line.id.clone()).collect()
}

/// After what is to be said of the decision.
pub(super) fn write(line: &Line, blamed: &[String], way: &Way) {
    let Some(stopped) = line.stopped() else {
        return;
    };
    if line.unasked().is_none() {
        let is_open = matches!(way, Way::Open);
        let policy = if is_open { OPEN } else { BESIDES };
        output::result(format!("{policy}: {}", stopped.how));
    }
    for rule in stopped.rules {
        output::result(format!("  {}: {}", rule.rule, rule.message));
    }
    for advice in advice(line) {
        output::result(format!("what to do: {advice}"));
    }
    for id in blamed {
        output::result(format!("explained by the call: aegis why {id}"));
    }
}

pub(super) fn json(line: &Line, blamed: &[String]) -> Json {
    let end = line.end.as_ref();
    let refused = line.refused();
    let rules = refused.map(|refused| {
        let rules = refused.rules.iter();
        let rules = rules.map(|rule| json!({"rule": rule.rule, "message": rule.message}));
        json!({"outcome": refused.outcome, "rules": rules.collect::<Vec<_>>(), "because_of": blamed})
    });
    json!({
        "outcome_detail": end.map(|end| &end.outcome_detail),
        "error": end.and_then(|end| end.error.as_ref()),
        "refusal": rules,
        "advice": advice(line),
    })
}

/// What, other than policy, kept a call from going on.
pub(super) struct Stopped<'a> {
    how: String,
    rules: &'a [Rule],
}

impl Line {
    pub(super) fn stopped(&self) -> Option<Stopped<'_>> {
        if self.unasked().is_some() {
            let (how, rules) = (String::new(), &*self.rules);
            return Some(Stopped { how, rules });
        }
        if let Some(refused) = self.refused() {
            let (how, rules) = (
                "Aegis refused the call after it".to_owned(),
                &*refused.rules,
            );
            return Some(Stopped { how, rules });
        }
        let end = self.end.as_ref().filter(|_| self.outcome.forwards())?;
        let error = end.error.as_deref()?;
        let how = match &*end.outcome_detail {
            "failed" => format!("the call failed at its destination ({error})"),
            "aborted" => format!("its client ended the call ({error})"),
            _ => format!("the call ended with {error}"),
        };
        Some(Stopped { how, rules: &[] })
    }
}

/// Each once.
fn advice(line: &Line) -> Vec<&'static str> {
    let rules = match line.refused() {
        Some(refused) => &refused.rules,
        None if line.unasked().is_some() => &line.rules,
        None => return Vec::new(),
    };
    let mut all: Vec<&str> = Vec::new();
    for advice in rules.iter().filter_map(|rule| cure(&rule.rule)) {
        if !all.contains(&advice) {
            all.push(advice);
        }
    }
    all
}

/// In the words of those who run the proxy: what the agent may do, it has been told.
#[rustfmt::skip] // One rule, one line.
fn cure(rule: &str) -> Option<&'static str> {
    Some(match rule {
        "address.metadata" => "add this very address (/32 or /128) to upstream.allow_addresses in the settings, if agents are meant to reach it",
        "identity.anonymous" => "give the agent a credential: aegis credential new --help",
        "identity.invalid" => "compare what the agent shows with identity.credentials in the settings",
        "identity.certificate" => "compare the client's certificate with listen.tls.client_ca and identity.credentials in the settings",
        "gateway.unknown_service" => "name the service in gateway.services of the settings, or correct the agent's base URL",
        "gateway.path" => "correct the agent's base URL: its path begins with a name of gateway.services",
        "gateway.key" => "see why the key of the service cannot be had: credential in gateway.services, and the proxy's log",
        "http.not_proxy_form" => "set this address as the agent's proxy, not as its server",
        "http.not_gateway_form" => "set this address as the agent's base URL, not as its proxy",
        "mcp.batch" => "explain the messages of the batch that were refused by themselves",
        "audit.unavailable" => "see why the audit log cannot be written: the proxy's log says it",
        "dlp.detector_unavailable" => "see why the detector does not answer: dlp.detector in the settings, and the proxy's log",
        "policy.revoked" => "compare the policy that came into force meanwhile: aegis policy diff --help",
        "overload" => "raise limits.connections in the settings, if the machine bears it",
        "draining" => "send the call again: the proxy was being stopped",
        _ if rule.starts_with("address.") => "add the address to upstream.allow_addresses in the settings, if agents are meant to reach it",
        _ if rule.starts_with("data.") => "see what `answers` of the DlpProfile says about this type",
        _ => return None,
    })
}

const OPEN: &str = "nothing needs to change in the policy, which lets the call through";
const BESIDES: &str = "and besides";
