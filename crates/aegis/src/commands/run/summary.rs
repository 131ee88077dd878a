//! Five lines about a run, counted from what its own proxy puts on record. Other proxies may have the same log.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;

use aegis_proxy::App;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::audit_lines::word;

/// Counts while the run goes on.
#[derive(Debug)]
pub(super) struct Tally {
    lines: UnboundedReceiver<Vec<u8>>,
    /// Decision lines of calls that have not ended, by id.
    open: HashMap<String, Value>,
    summary: Summary,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Summary {
    allowed: usize,
    denied: usize,
    redacted: usize,
    held: usize,
    would: Vec<String>,
    /// Rules that denied or held, each once.
    rules: Vec<String>,
}

impl Tally {
    pub(super) fn of(app: &App) -> Self {
        Self {
            lines: app.follow_audit(),
            open: HashMap::new(),
            summary: Summary::default(),
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
        for decision in self.open.values() {
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
                self.open.insert(word(&line, "/id").to_owned(), line);
            }
            "end" => {
                if let Some(decision) = self.open.remove(word(&line, "/id")) {
                    self.summary.add(&decision, line.get("refusal"));
                }
            }
            _ => {}
        }
    }
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
            self.stopped_by(last);
        }
        let would = word(line, "/would/outcome");
        if is_call && !would.is_empty() && would != word(line, "/outcome") {
            self.would.push(would.to_owned());
        }
    }

    fn stopped_by(&mut self, line: &Value) {
        let rules = line.pointer("/rules").and_then(Value::as_array);
        for rule in rules.into_iter().flatten() {
            let rule = word(rule, "/rule");
            if !self.rules.iter().any(|known| known == rule) {
                self.rules.push(rule.to_owned());
            }
        }
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
        let rules = match self.rules.as_slice() {
            [] => String::new(),
            rules => format!("  ({})", rules.join(", ")),
        };
        writeln!(f, "aegis: allowed            {}", self.allowed)?;
        writeln!(f, "aegis: denied             {}{rules}", self.denied)?;
        writeln!(f, "aegis: redacted           {}", self.redacted)?;
        writeln!(f, "aegis: held for approval  {}", self.held)?;
        write!(f, "aegis: shadow would have  {}", self.would_have())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(outcome: &str) -> Value {
        json!({"phase": "request", "outcome": outcome, "rules": [{"rule": "r", "message": "m"}]})
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
        assert_eq!(summary.rules, ["address"]);
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
        assert_eq!(text.lines().count(), 5);
        assert!(text.contains("allowed            2\n"), "{text}");
        assert!(text.contains("denied             3  (r)\n"), "{text}");
        assert!(text.ends_with("would have  1 denied"), "{text}");
    }
}
