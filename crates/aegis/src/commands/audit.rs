//! `aegis audit query`: calls from the audit lines that the control plane has. What is not the caller's to see never comes.

use std::process::ExitCode;

use aegis_api::{AuditPage, AuditRecord, paths};
use aegis_client::encoded;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Format;
use crate::audit_lines::word;
use crate::control_plane::{Reach, failure};
use crate::exit::Failure;
use crate::output::{self, note};
use crate::table::table;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    reach: Reach,
    #[arg(long)]
    tenant: Option<String>,
    #[arg(long)]
    agent: Option<String>,
    #[arg(long, value_enum)]
    outcome: Option<Outcome>,
    /// Id of a rule among the reasons
    #[arg(long)]
    rule: Option<String>,
    /// Of the data plane
    #[arg(long)]
    region: Option<String>,
    /// At this time or later (RFC 3339)
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Before this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// The most calls to show
    #[arg(long, default_value_t = 100, value_name = "N")]
    limit: usize,
    #[arg(
        short,
        long,
        value_enum,
        default_value = "table",
        value_name = "FORMAT"
    )]
    output: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Outcome {
    Allow,
    Deny,
    Sanitize,
    ApprovalNeeded,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let client = arguments.reach.client()?;
    let question = question(&arguments);
    let mut records = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let left = arguments.limit.saturating_sub(records.len());
        if left == 0 {
            break;
        }
        let mut path = format!("{}?limit={}{question}", paths::AUDIT, left.min(PAGE));
        if let Some(cursor) = &cursor {
            path = format!("{path}&cursor={}", encoded(cursor));
        }
        let page: AuditPage = client.get(&path).await.map_err(|error| failure(&error))?;
        records.extend(page.records);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    match arguments.output {
        Format::Json => output::json(&json!({"schema_version": 1, "records": records})),
        Format::Table => output::result(calls(&records)),
    }
    if cursor.is_some() {
        note(format!(
            "only the newest {}; there are more",
            arguments.limit
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn question(arguments: &Arguments) -> String {
    let outcome = arguments
        .outcome
        .and_then(|outcome| outcome.to_possible_value());
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
    let asked = [
        ("tenant", arguments.tenant.clone()),
        ("agent", arguments.agent.clone()),
        (
            "outcome",
            outcome.map(|outcome| outcome.get_name().to_owned()),
        ),
        ("rule", arguments.rule.clone()),
        ("region", arguments.region.clone()),
        ("since", time(arguments.since)),
        ("until", time(arguments.until)),
    ];
    let asked = asked
        .iter()
        .filter_map(|(name, value)| Some(format!("&{name}={}", encoded(value.as_deref()?))));
    asked.collect()
}

fn calls(records: &[AuditRecord]) -> String {
    let rows: Vec<[String; 7]> = records.iter().map(call).collect();
    let head = ["TIME", "OUTCOME", "TENANT", "AGENT", "CALL", "RULES", "ID"];
    table(head, &rows)
}

/// What was refused after its decision, for the address behind its name, say, has not passed.
fn call(record: &AuditRecord) -> [String; 7] {
    let decision = &record.decision;
    let refusal = record.end.as_ref().and_then(|end| end.get("refusal"));
    let text = |pointer: &str| word(decision, pointer).to_owned();
    let outcome = match refusal {
        Some(refusal) => format!("{}, then {}", text("/outcome"), word(refusal, "/outcome")),
        None => text("/outcome"),
    };
    let rules = [Some(decision), refusal].into_iter().flatten();
    let rules = rules.filter_map(|line| line.pointer("/rules").and_then(Value::as_array));
    let rules = rules.flatten().map(|rule| word(rule, "/rule"));
    [
        text("/time"),
        outcome,
        text("/tenant"),
        text("/agent"),
        format!("{}/{}", word(decision, "/tool"), word(decision, "/action")),
        rules.collect::<Vec<_>>().join(" "),
        text("/id"),
    ]
}

/// The most that a page may have.
const PAGE: usize = 1_000;

const EXAMPLES: &str = "\
Examples:
  aegis audit query --control https://control.example:8181 --tenant acme --outcome deny --since 2026-11-20T00:00:00Z
  aegis audit query --control http://127.0.0.1:8181 --token-file token --rule parameter.max --limit 1000 -o json";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_after_its_decision_is_not_shown_as_let_through() {
        let mut record = AuditRecord {
            data_plane: "eu-1".to_owned(),
            decision: json!({"outcome": "sanitize", "rules": [{"rule": "data.EMAIL_ADDRESS"}]}),
            end: Some(json!({"status": 200})),
        };
        let told = |record: &AuditRecord| {
            let [_, outcome, _, _, _, rules, _] = call(record);
            (outcome, rules)
        };
        assert_eq!(told(&record).0, "sanitize");
        let refusal = json!({"outcome": "deny", "rules": [{"rule": "address.loopback"}]});
        record.end = Some(json!({"status": 403, "refusal": refusal}));
        let (outcome, rules) = told(&record);
        assert_eq!(outcome, "sanitize, then deny");
        assert_eq!(rules, "data.EMAIL_ADDRESS address.loopback");
    }
}
