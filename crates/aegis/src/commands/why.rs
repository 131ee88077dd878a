//! `aegis why`: a recorded decision, why it was made, and the smallest change that lets the call through. Changes nothing.

mod afterwards;
mod explained;
pub(crate) mod recorded;
mod together;
mod write;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::policy::Format;
use super::policy::opened::{Believed, Opened};
use crate::exit::{Exit, Failure};
use crate::output;
use explained::Explained;
use recorded::Line;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The decision's id, as refusals and the audit log have it
    #[arg(value_name = "DECISION_ID")]
    id: String,
    /// The audit log that has the decision
    #[arg(long, value_name = "AUDIT.jsonl")]
    log: PathBuf,
    /// The policy to explain it by: a directory or a bundle
    #[arg(long, value_name = "DIR|BUNDLE")]
    policy: PathBuf,
    #[command(flatten)]
    believed: Believed,
    #[arg(long, value_enum, default_value = "rule")]
    depth: Depth,
    #[arg(short, long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Format,
}

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Depth {
    /// One sentence
    Sentence,
    /// The rules, the policy, and what would let the call through
    Rule,
    /// And every check that held
    Trace,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let (line, blamed) = find(arguments)?;
    if arguments.depth == Depth::Sentence && arguments.output == Format::Text {
        output::result(write::sentence(&line));
        return Ok(ExitCode::SUCCESS);
    }
    let policy = Opened::read(&arguments.policy, &arguments.believed)?;
    let policy = as_recorded(policy, &line)?;
    let explained = Explained::of(&line, &policy);
    match arguments.output {
        Format::Text => {
            write::text(&line, &policy, &explained, arguments.depth);
            afterwards::write(&line, &blamed, &explained.way);
        }
        Format::Json => output::json(&write::json(&line, &policy, &explained, &blamed)),
    }
    Ok(ExitCode::SUCCESS)
}

/// With the ids of the calls for which this one was refused.
fn find(arguments: &Arguments) -> Result<(Line, Vec<String>), Failure> {
    let lines = recorded::read(&arguments.log)?;
    let decisions = lines.len();
    let readable: Vec<Line> = lines.into_iter().filter_map(Result::ok).collect();
    let Some(line) = readable.iter().find(|line| line.id == arguments.id) else {
        let message = format!(
            "no decision `{}` among the {decisions} of {}",
            arguments.id,
            arguments.log.display()
        );
        return Err(Failure::new(Exit::Failed, message));
    };
    let blamed = afterwards::blamed(line, &readable);
    Ok((line.clone(), blamed))
}

/// A setting may have suspended the whole policy: it is the same policy, then, in another mode.
fn as_recorded(policy: Opened, line: &Line) -> Result<Opened, Failure> {
    if !policy.is_bundle() && !explained::is_version(&policy, line) {
        let shadow = policy.in_shadow()?;
        if explained::is_version(&shadow, line) {
            return Ok(shadow);
        }
    }
    Ok(policy)
}

const EXAMPLES: &str = "\
Examples:
  aegis why 01930d5e-7c1a-7e30-9b50-2f6e6a1d0c11 --log audit.jsonl --policy ./policies
  aegis why 01930d5e-7c1a-7e30-9b50-2f6e6a1d0c11 --log audit.jsonl --policy ./policies --depth trace -o json
  aegis why 01930d5e-7c1a-7e30-9b50-2f6e6a1d0c11 --log audit.jsonl --policy acme.tar.gz --key release=EdDSA:release.pub";
