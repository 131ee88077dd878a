//! One file per command; each reads its arguments, calls the crates below and ends with an exit code.

pub(crate) mod audit;
pub(crate) mod control;
pub(crate) mod credential;
pub(crate) mod dlp;
pub(crate) mod env;
pub(crate) mod mcp;
pub(crate) mod policy;
pub(crate) mod promote;
pub(crate) mod proxy;
pub(crate) mod publish;
pub(crate) mod rollback;
pub(crate) mod run;
pub(crate) mod shadow;
pub(crate) mod status;
pub(crate) mod validate;
pub(crate) mod why;

use clap::ValueEnum;

/// For humans or for machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
}
