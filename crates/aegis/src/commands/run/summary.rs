//! Five lines about a run, counted in the audit log. Of two runs of one agent with one log at the same time it counts both.

use std::fmt;

use serde_json::Value;

use crate::audit_lines::{NewLines, word};

/// Whose lines count.
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
        for line in lines.iter().filter(|line| scope.has(line)) {
            match word(line, "/event") {
                "decision" => summary.add(line),
                "malformed" => summary.denied += 1,
                _ => {}
            }
        }
        summary
    }

    /// A tunnel that is let through is only the way to the calls inside it.
    fn add(&mut self, line: &Value) {
        let is_call = word(line, "/phase") != "connect";
        match word(line, "/outcome") {
            "allow" => self.allowed += usize::from(is_call),
            "sanitize" => self.redacted += 1,
            "approval_needed" => self.held += 1,
            _ => self.denied += 1,
        }
        if !matches!(word(line, "/outcome"), "allow" | "sanitize") {
            push_rules(&mut self.rules, line.pointer("/rules"));
        }
        if is_call && line.get("would").is_some() {
            self.would.push(word(line, "/would/outcome").to_owned());
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
        word(line, "/tenant") == self.tenant && word(line, "/agent") == self.agent
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

fn push_rules(known: &mut Vec<String>, rules: Option<&Value>) {
    for rule in rules.and_then(Value::as_array).into_iter().flatten() {
        let rule = word(rule, "/rule").to_owned();
        if !known.contains(&rule) {
            known.push(rule);
        }
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
        summary.add(&json!({"phase": "connect", "outcome": "allow"}));
        assert_eq!(summary, Summary::default());
        summary.add(&json!({"phase": "connect", "outcome": "deny"}));
        assert_eq!(summary.denied, 1);
    }

    #[test]
    fn each_outcome_has_its_line_and_the_rules_that_stopped_something_are_named_once() {
        let mut summary = Summary::default();
        for outcome in ["allow", "sanitize", "approval_needed", "deny", "deny"] {
            summary.add(&call(outcome));
        }
        let mut shadowed = call("allow");
        shadowed["would"] = json!({"outcome": "deny"});
        summary.add(&shadowed);
        let text = summary.to_string();
        assert_eq!(text.lines().count(), 5);
        assert!(text.contains("allowed            2\n"), "{text}");
        assert!(text.contains("denied             2  (r)\n"), "{text}");
        assert!(text.ends_with("would have  1 denied"), "{text}");
    }
}
