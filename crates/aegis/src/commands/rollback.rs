//! `aegis rollback`: the policies of an older publication, under a new number, to all at once. It asks for no consent: it is the way out.

use std::process::ExitCode;

use aegis_api::{PublicationDetail, Rollback, paths};
use clap::Args;

use super::Telling;
use crate::control_plane::{Reach, announcement, announcement_json, failure_of_change};
use crate::exit::Failure;
use crate::output::{self, result};

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The publication whose policies come back
    #[arg(long, value_name = "N")]
    to: u64,
    /// Why, for whoever reads the history
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The newest publication that you know; refused if there is a newer one
    #[arg(long, value_name = "N")]
    base: Option<u64>,
    /// After a restore from a backup: the greatest bundle number that data planes have
    #[arg(long, value_name = "N")]
    above: Option<u64>,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    telling: Telling,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let rollback = Rollback {
        to: arguments.to,
        reason: arguments.reason,
        base: arguments.base,
        above: arguments.above,
    };
    let done: PublicationDetail = arguments
        .reach
        .client()?
        .post(paths::ROLLBACKS, &rollback)
        .await
        .map_err(|error| failure_of_change(&error))?;
    if arguments.telling.in_json() {
        output::json(&announcement_json(&done));
        return Ok(ExitCode::SUCCESS);
    }
    let diff = &done.publication.diff;
    result(format!(
        "changes since publication {}:",
        done.publication.base
    ));
    diff.lines
        .iter()
        .for_each(|line| result(format!("  {line}")));
    result(announcement(&done));
    Ok(ExitCode::SUCCESS)
}

const EXAMPLES: &str = "\
Examples:
  aegis rollback --to 6 --control https://control.example:8181 --reason '7 denies payroll'";
