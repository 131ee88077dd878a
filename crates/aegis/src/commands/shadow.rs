//! `aegis shadow report`: what policies in shadow would have done, from an audit log. Changes nothing.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::process::ExitCode;

use aegis_telemetry::shadow;
use clap::Args;

use super::Format;
use crate::exit::{Exit, Failure};
use crate::output;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The audit log
    #[arg(long, value_name = "FILE")]
    audit: PathBuf,
    #[arg(
        short,
        long,
        value_enum,
        default_value = "table",
        value_name = "FORMAT"
    )]
    output: Format,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let report = File::open(&arguments.audit).and_then(|file| shadow::report(BufReader::new(file)));
    let report = report.map_err(|error| {
        let file = arguments.audit.display();
        Failure::new(
            Exit::Failed,
            format!("cannot read the audit log {file}: {error}"),
        )
    })?;
    match arguments.output {
        Format::Table => output::result(report.to_string().trim_end()),
        Format::Json => output::json(&report),
    }
    Ok(ExitCode::SUCCESS)
}

const EXAMPLES: &str = "\
Examples:
  aegis shadow report --audit ./data/audit.jsonl
  aegis shadow report --audit ./data/audit.jsonl -o json";
