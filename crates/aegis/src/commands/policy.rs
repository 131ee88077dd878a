//! `aegis policy …`: what people do with policies before a proxy decides by them. One file per command.

pub(crate) mod build;
pub(crate) mod check;
pub(crate) mod diff;
pub(crate) mod directory;
pub(crate) mod eval;
mod key;
pub(crate) mod keys;
pub(crate) mod new;
pub(crate) mod opened;
mod template;
pub(crate) mod test;
pub(crate) mod words;

use std::process::ExitCode;

use clap::ValueEnum;

use crate::cli::{KeysCommand, PolicyCommand};
use crate::exit::Failure;

/// For humans or for machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}

pub(crate) fn run(command: &PolicyCommand) -> Result<ExitCode, Failure> {
    match command {
        PolicyCommand::New(arguments) => new::run(arguments),
        PolicyCommand::Check(arguments) => check::run(arguments),
        PolicyCommand::Test(arguments) => test::run(arguments),
        PolicyCommand::Eval(arguments) => eval::run(arguments),
        PolicyCommand::Diff(arguments) => diff::run(arguments),
        PolicyCommand::Build(arguments) => build::run(arguments),
        PolicyCommand::Keys(KeysCommand::New(arguments)) => keys::run(arguments),
    }
}
