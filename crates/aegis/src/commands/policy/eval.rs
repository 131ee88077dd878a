//! `aegis policy eval`: decides one call and says why. Remembers nothing.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aegis_document::Problem;
use aegis_policy::Source;
use aegis_policy::explain::{Explanation, Values};
use clap::Args;
use serde_json::{Value as Json, json};

use super::opened::Opened;
use super::{Format, words};
use crate::exit::{Exit, Failure};
use crate::output;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The policy, with everything below it
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// The call as a table test writes it, or `-` for standard input
    #[arg(value_name = "CALL")]
    call: PathBuf,
    /// Show what the call had where a reason is about it
    #[arg(long)]
    show_values: bool,
    #[arg(short, long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Format,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let policy = Opened::directory(&arguments.directory)?;
    let call = call(&arguments.call)?;
    let (intent, doubts) = policy
        .bench
        .read_call(&call)
        .map_err(|problems| Failure::new(Exit::Configuration, problems))?;
    let values = if arguments.show_values {
        Values::Shown
    } else {
        Values::Hidden
    };
    let explained = policy.bench.explain(&intent, values);
    match arguments.output {
        Format::Text => write_text(&policy, &explained, &doubts),
        Format::Json => output::json(&as_json(&policy, &explained, &doubts)),
    }
    Ok(if explained.decision.outcome.forwards() {
        ExitCode::SUCCESS
    } else {
        Exit::Refused.into()
    })
}

fn call(file: &Path) -> Result<Source, Failure> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        io::stdin()
            .take(MAX_BYTES)
            .read_to_string(&mut text)
            .map(|_| ())
    } else {
        fs::read_to_string(file).map(|read| text = read)
    };
    let name = file.display().to_string();
    read.map_err(|error| {
        Failure::new(
            Exit::Configuration,
            format!("cannot read the call {name}: {error}"),
        )
    })?;
    Ok(Source { file: name, text })
}

fn write_text(policy: &Opened, explained: &Explanation, doubts: &[Problem]) {
    doubts.iter().for_each(output::warning);
    let decision = &explained.decision;
    output::result(decision.outcome.as_str());
    for cause in &explained.causes {
        output::result(words::cause(policy, cause));
    }
    if let Some(would) = &decision.would {
        output::result(format!("without shadow: {}", would.outcome.as_str()));
    }
    for cause in &explained.suspended {
        output::result(format!("suspended: {}", words::cause(policy, cause)));
    }
    words::obligations(decision).iter().for_each(output::result);
    for held in &explained.held {
        output::result(format!("held: {}", words::held(policy, held)));
    }
}

fn as_json(policy: &Opened, explained: &Explanation, doubts: &[Problem]) -> Json {
    let decision = &explained.decision;
    let causes = |causes: &[aegis_policy::explain::Cause]| {
        let causes = causes.iter().map(|cause| words::cause_json(policy, cause));
        causes.collect::<Vec<_>>()
    };
    let held = explained
        .held
        .iter()
        .map(|held| words::held_json(policy, held));
    json!({
        "schema_version": 1,
        "outcome": decision.outcome,
        "reasons": causes(&explained.causes),
        "would": decision.would.as_ref().map(|would| would.outcome),
        "suspended": causes(&explained.suspended),
        "obligations": words::obligations_json(decision),
        "fault": decision.fault.map(aegis_policy::Fault::rule),
        "held": held.collect::<Vec<_>>(),
        "doubts": doubts.iter().map(words::problem).collect::<Vec<_>>(),
    })
}

/// More than any call that a proxy reads whole.
const MAX_BYTES: u64 = 16 << 20;

const EXAMPLES: &str = "\
Examples:
  aegis policy eval ./policies call.yaml
  aegis policy eval ./policies call.yaml --show-values -o json
  aegis policy eval ./policies -

A call is written as in a table test:
  {agent: finance-bot, tool: stripe-payments, action: charge, parameters: {amount: 100, currency: eur}}

Ends with 3 where the call is denied or needs an approval, with 78 where there are mistakes.";
