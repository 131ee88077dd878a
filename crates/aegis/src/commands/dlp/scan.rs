//! `aegis dlp scan`: the types and places of what is found.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::ExitCode;

use aegis_dlp::{Hit, Scanner};
use clap::Args;
use serde::{Deserialize, Serialize};

use super::body::{self, Text};
use super::{Input, Rules};
use crate::commands::Format;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::table;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    rules: Rules,
    /// Read a JSON object in each line, {"id", "text"} or {"id", "format", "body"}, and write one for each
    #[arg(long, conflicts_with = "output")]
    jsonl: bool,
    #[arg(
        short,
        long,
        value_enum,
        default_value = "table",
        value_name = "FORMAT"
    )]
    output: Format,
}

/// One line of `--jsonl`.
#[derive(Deserialize)]
struct Line {
    id: serde_json::Value,
    text: Option<String>,
    body: Option<String>,
    #[serde(default)]
    format: String,
}

#[derive(Serialize)]
struct Told<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    schema_version: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a serde_json::Value>,
    findings: Vec<Finding>,
}

/// Never the value. Offsets are bytes of the decoded text.
#[derive(Serialize)]
struct Finding {
    #[serde(rename = "type")]
    kind: &'static str,
    class: &'static str,
    start: usize,
    end: usize,
    confidence: f64,
    /// Where in a body the text stands.
    #[serde(skip_serializing_if = "String::is_empty")]
    path: String,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let scanner = arguments.rules.scanner()?;
    if arguments.jsonl {
        return lines(arguments, &scanner);
    }
    let mut bytes = Vec::new();
    let read = arguments.input.open()?.read_to_end(&mut bytes);
    read.map_err(|error| arguments.input.failure(&error))?;
    let text = String::from_utf8_lossy(&bytes);
    let findings = found(&scanner, &Text::plain(&text));
    match arguments.output {
        Format::Table => print(&text, &findings),
        Format::Json => output::json(&Told {
            schema_version: Some(1),
            id: None,
            findings,
        }),
    }
    Ok(ExitCode::SUCCESS)
}

fn lines(arguments: &Arguments, scanner: &Scanner) -> Result<ExitCode, Failure> {
    for (at, line) in BufReader::new(arguments.input.open()?).lines().enumerate() {
        let line = line.map_err(|error| arguments.input.failure(&error))?;
        if line.trim().is_empty() {
            continue;
        }
        let line: Line = serde_json::from_str(&line).map_err(|error| malformed(at + 1, &error))?;
        let texts = match (&line.text, &line.body) {
            (Some(text), None) => vec![Text::plain(text)],
            (None, Some(body)) => body::texts(&line.format, body),
            _ => return Err(malformed(at + 1, &"it has either `text` or `body`")),
        };
        let findings = texts.iter().flat_map(|text| found(scanner, text));
        let told = Told {
            schema_version: None,
            id: Some(&line.id),
            findings: findings.collect(),
        };
        output::result(serde_json::to_string(&told).unwrap_or_default());
    }
    Ok(ExitCode::SUCCESS)
}

fn found(scanner: &Scanner, text: &Text) -> Vec<Finding> {
    // A name may be data itself.
    let kinds: Vec<&str> = scanner.kinds().collect();
    let path = scanner.redact(&text.path, &kinds);
    let path = path.unwrap_or_else(|| text.path.clone());
    let finding = |hit: Hit| Finding {
        kind: hit.kind,
        class: hit.class.as_str(),
        start: hit.range.start,
        end: hit.range.end,
        confidence: f64::from(hit.confidence) / 100.0,
        path: path.clone(),
    };
    let hits = scanner.scan_field(&text.field());
    hits.into_iter().map(finding).collect()
}

fn print(text: &str, findings: &[Finding]) {
    if findings.is_empty() {
        return output::note("nothing found");
    }
    let row = |finding: &Finding| {
        let before = text.get(..finding.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        [
            finding.kind.to_owned(),
            finding.class.to_owned(),
            format!("{line}:{column}"),
            (finding.end - finding.start).to_string(),
            format!("{:.2}", finding.confidence),
        ]
    };
    let rows: Vec<_> = findings.iter().map(row).collect();
    let head = ["TYPE", "CLASS", "PLACE", "BYTES", "CONFIDENCE"];
    output::result(table::table(head, &rows));
}

fn malformed(line: usize, why: &dyn std::fmt::Display) -> Failure {
    Failure::new(Exit::Failed, format!("line {line} cannot be used: {why}"))
}

const EXAMPLES: &str = "\
Examples:
  aegis dlp scan notes.txt
  kubectl logs deploy/agent | aegis dlp scan -o json
  aegis dlp scan --policy policy/ notes.txt
  aegis dlp scan --jsonl samples.jsonl > findings.jsonl";
