//! `aegis promote`: a canary to more data planes. What it holds is not changed.

use std::process::ExitCode;

use aegis_api::{Promotion, PublicationDetail, Rollout, paths};
use clap::Args;

use super::Telling;
use crate::control_plane::{
    Reach, announcement, announcement_json, failure_of_change, newest_diff, rollout,
};
use crate::exit::Failure;
use crate::output::{self, result};

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The publication that is in canary
    #[arg(value_name = "N")]
    publication: u64,
    /// `all`, or a greater percentage such as 50%
    #[arg(long, value_name = "SHARE", value_parser = rollout)]
    to: Rollout,
    /// Why, for whoever reads the history
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    telling: Telling,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let path = paths::PROMOTE.replace("{number}", &arguments.publication.to_string());
    let promotion = Promotion {
        reason: arguments.reason,
        rollout: arguments.to,
    };
    let done: PublicationDetail = arguments
        .reach
        .client()?
        .post(&path, &promotion)
        .await
        .map_err(|error| failure_of_change(&error))?;
    if arguments.telling.in_json() {
        output::json(&announcement_json(&done));
        return Ok(ExitCode::SUCCESS);
    }
    result("changes for the data planes that it reaches now:");
    newest_diff(&done)
        .lines
        .iter()
        .for_each(|line| result(format!("  {line}")));
    result(announcement(&done));
    Ok(ExitCode::SUCCESS)
}

const EXAMPLES: &str = "\
Examples:
  aegis promote 7 --to 50% --control https://control.example:8181 --reason 'a quiet hour'
  aegis promote 7 --to all --control http://127.0.0.1:8181 --token-file token --reason 'a quiet day'";
