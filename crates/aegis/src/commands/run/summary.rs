//! Five lines about a run, counted in the audit log. Of two proxies with one log at the same time it counts both.

use std::collections::HashMap;
use std::fmt;

use serde_json::Value;

use crate::audit_lines::{NewLines, word};

/// Whose lines count: this agent's, and those of calls that proved or said nothing, since nobody
/// but the process knows the port.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub(super) tenant: String,
    pub(super) agent: String,
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

impl Summary {
    pub(super) fn read(lines: &NewLines, scope: &Scope) -> Self {
        let mut summary = Self::default();
        let lines = lines.read().unwrap_or_default();
        let refusals = refusals(&lines);
        let decisions = lines
            .iter()
            .filter(|line| word(line, "/event") == "decision");
        for line in decisions.filter(|line| scope.has(line)) {
            summary.add(line, refusals.get(word(line, "/id")).copied());
        }
        summary
    }

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
        if is_call && line.get("would").is_some() {
            self.would.push(word(line, "/would/outcome").to_owned());
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

impl Scope {
    fn has(&self, line: &Value) -> bool {
        let (tenant, agent) = (word(line, "/tenant"), word(line, "/agent"));
        matches!(tenant, "" | "anonymous") || (tenant == self.tenant && agent == self.agent)
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

/// Refusals that came after the decision, by the id of their call.
fn refusals(lines: &[Value]) -> HashMap<&str, &Value> {
    let ends = lines.iter().filter(|line| word(line, "/event") == "end");
    ends.filter_map(|line| Some((word(line, "/id"), line.get("refusal")?)))
        .collect()
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
    fn a_call_that_says_nothing_about_itself_counts_and_one_of_another_agent_does_not() {
        let scope = Scope {
            tenant: "acme".to_owned(),
            agent: "bot".to_owned(),
        };
        let by = |tenant: &str, agent: &str| scope.has(&json!({"tenant": tenant, "agent": agent}));
        assert!(by("acme", "bot") && by("", "") && by("anonymous", "anonymous"));
        assert!(!by("acme", "other") && !by("labs", "bot"));
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
        let text = summary.to_string();
        assert_eq!(text.lines().count(), 5);
        assert!(text.contains("allowed            2\n"), "{text}");
        assert!(text.contains("denied             2  (r)\n"), "{text}");
        assert!(text.ends_with("would have  1 denied"), "{text}");
    }
}
