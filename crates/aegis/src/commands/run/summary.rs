//! A few lines about a run, counted from what its own proxy puts on record. Other proxies may have the same log.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;

use aegis_proxy::App;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::audit_lines::word;
use crate::table::shown;

/// Counts while the run goes on.
#[derive(Debug)]
pub(super) struct Tally {
    lines: UnboundedReceiver<Vec<u8>>,
    /// Decision lines of calls that have not ended, by id.
    open: HashMap<String, Value>,
    /// Calls that were asked for a credential, by their connection: a client that then shows one on
    /// the same connection has been denied nothing.
    challenged: HashMap<u64, Value>,
    summary: Summary,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Summary {
    allowed: usize,
    denied: usize,
    redacted: usize,
    held: usize,
    would: Vec<String>,
    /// Rules that denied or held, each with the places for which it did.
    rules: BTreeMap<String, Vec<String>>,
    audit: PathBuf,
}

impl Tally {
    /// `audit` is where the reader finds all of it.
    pub(super) fn of(app: &App, audit: PathBuf) -> Self {
        Self {
            lines: app.follow_audit(),
            open: HashMap::new(),
            challenged: HashMap::new(),
            summary: Summary {
                audit,
                ..Summary::default()
            },
        }
    }

    /// Takes the lines as they come, for as long as somebody waits for it.
    pub(super) async fn follow(&mut self) -> Infallible {
        while let Some(line) = self.lines.recv().await {
            self.add(&line);
        }
        std::future::pending().await
    }

    /// With what has come meanwhile. A call that has no end line counts by its decision.
    pub(super) fn finish(mut self) -> Summary {
        while let Ok(line) = self.lines.try_recv() {
            self.add(&line);
        }
        for decision in self.open.values().chain(self.challenged.values()) {
            self.summary.add(decision, None);
        }
        self.summary
    }

    fn add(&mut self, line: &[u8]) {
        let Ok(line) = serde_json::from_slice::<Value>(line) else {
            return;
        };
        match word(&line, "/event") {
            "decision" => {
                if !matches!(word(&line, "/auth"), "" | "anonymous") {
                    self.challenged.remove(&connection(&line));
                }
                self.open.insert(word(&line, "/id").to_owned(), line);
            }
            "end" => {
                if let Some(decision) = self.open.remove(word(&line, "/id")) {
                    self.ended(decision, &line);
                }
            }
            _ => {}
        }
    }

    fn ended(&mut self, decision: Value, end: &Value) {
        if word(end, "/error") != CHALLENGE {
            return self.summary.add(&decision, end.get("refusal"));
        }
        let before = self.challenged.insert(connection(&decision), decision);
        if let Some(unanswered) = before {
            self.summary.add(&unanswered, None);
        }
    }
}

fn connection(line: &Value) -> u64 {
    let number = line.get("connection").and_then(Value::as_u64);
    number.unwrap_or_default()
}

impl Summary {
    /// A tunnel that is let through is only the way to the calls inside it. `refusal` is what became
    /// of a call that the decision line lets go: the address behind its name is private, say.
    fn add(&mut self, line: &Value, refusal: Option<&Value>) {
        let is_call = word(line, "/phase") != "connect";
        let last = refusal.unwrap_or(line);
        match word(last, "/outcome") {
            "allow" => self.allowed += usize::from(is_call),
            "sanitize" => self.redacted += 1,
            "approval_needed" => self.held += 1,
            _ => self.denied += 1,
        }
        if !matches!(word(last, "/outcome"), "allow" | "sanitize") {
            self.stopped_by(last, &place(line));
        }
        let would = word(line, "/would/outcome");
        if is_call && !would.is_empty() && would != word(line, "/outcome") {
            self.would.push(would.to_owned());
        }
    }

    fn stopped_by(&mut self, line: &Value, place: &str) {
        let rules = line.pointer("/rules").and_then(Value::as_array);
        for rule in rules.into_iter().flatten() {
            let places = self.rules.entry(word(rule, "/rule").to_owned());
            let places = places.or_default();
            if !place.is_empty() && !places.iter().any(|known| known == place) {
                places.push(place.to_owned());
            }
        }
    }

    /// `host: a.test:443, b.test:443; tool: c.test:80`
    fn stopped(&self) -> String {
        let rules = self.rules.iter().map(|(rule, places)| {
            let named: Vec<&str> = places.iter().take(NAMED).map(String::as_str).collect();
            match (named.join(", "), places.len().saturating_sub(NAMED)) {
                (named, _) if named.is_empty() => rule.clone(),
                (named, 0) => format!("{rule}: {named}"),
                (named, more) => format!("{rule}: {named} and {more} more"),
            }
        });
        rules.collect::<Vec<_>>().join("; ")
    }

    fn would_have(&self) -> String {
        let count = |outcome: &str| self.would.iter().filter(|would| *would == outcome).count();
        let words = [
            ("deny", "denied"),
            ("approval_needed", "held"),
            ("sanitize", "redacted"),
        ];
        let parts = words
            .into_iter()
            .map(|(outcome, word)| (count(outcome), word));
        let parts = parts
            .filter(|(count, _)| *count > 0)
            .map(|(n, word)| format!("{n} {word}"));
        match parts.collect::<Vec<_>>() {
            parts if parts.is_empty() => "nothing else".to_owned(),
            parts => parts.join(", "),
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules = match self.stopped() {
            none if none.is_empty() => none,
            rules => format!("  ({})", shown(&rules)),
        };
        writeln!(f, "aegis: allowed            {}", self.allowed)?;
        writeln!(f, "aegis: denied             {}{rules}", self.denied)?;
        writeln!(f, "aegis: redacted           {}", self.redacted)?;
        writeln!(f, "aegis: held for approval  {}", self.held)?;
        writeln!(f, "aegis: shadow would have  {}", self.would_have())?;
        write!(f, "aegis: audit log          {}", self.audit.display())
    }
}

/// Host and port; empty where the call names none.
fn place(line: &Value) -> String {
    let port = line.pointer("/destination/port").and_then(Value::as_u64);
    match (word(line, "/destination/host"), port) {
        ("", _) | (_, None) => String::new(),
        (host, Some(port)) => format!("{host}:{port}"),
    }
}

const CHALLENGE: &str = "identity.anonymous";
/// Places of one rule.
const NAMED: usize = 5;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(outcome: &str) -> Value {
        json!({
            "phase": "request", "outcome": outcome, "rules": [{"rule": "r", "message": "m"}],
            "destination": {"host": "api.test", "port": 443},
        })
    }

    #[test]
    fn a_tunnel_that_is_let_through_is_no_call_and_one_that_is_refused_is_a_denial() {
        let mut summary = Summary::default();
        summary.add(&json!({"phase": "connect", "outcome": "allow"}), None);
        assert_eq!(summary, Summary::default());
        summary.add(&json!({"phase": "connect", "outcome": "deny"}), None);
        assert_eq!(summary.denied, 1);
    }

    #[test]
    fn what_policy_let_through_and_the_proxy_refused_is_a_denial_by_the_last_rule() {
        let mut summary = Summary::default();
        let refusal = json!({"outcome": "deny", "rules": [{"rule": "address"}]});
        summary.add(&call("allow"), Some(&refusal));
        summary.add(&call("sanitize"), Some(&refusal));
        assert_eq!(
            (summary.allowed, summary.redacted, summary.denied),
            (0, 0, 2)
        );
        assert_eq!(summary.stopped(), "address: api.test:443");
    }

    #[test]
    fn each_outcome_has_its_line_and_the_rules_that_stopped_something_are_named_once() {
        let mut summary = Summary::default();
        for outcome in ["allow", "sanitize", "approval_needed", "deny", "deny"] {
            summary.add(&call(outcome), None);
        }
        let mut shadowed = call("allow");
        shadowed["would"] = json!({"outcome": "deny"});
        summary.add(&shadowed, None);
        shadowed["outcome"] = json!("deny");
        summary.add(&shadowed, None);
        let text = summary.to_string();
        assert_eq!(text.lines().count(), 6);
        assert!(text.contains("allowed            2\n"), "{text}");
        assert!(
            text.contains("denied             3  (r: api.test:443)\n"),
            "{text}"
        );
        assert!(text.contains("would have  1 denied\n"), "{text}");
        for port in 1..=6 {
            let mut call = call("deny");
            call["destination"]["port"] = json!(port);
            summary.add(&call, None);
        }
        assert!(summary.stopped().ends_with("api.test:4 and 2 more"));
    }
}
