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

use clap::{Args, ValueEnum};

/// How commands answer that otherwise say in words what they did.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Telling {
    /// Words, or one JSON document
    #[arg(short, long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: policy::Format,
    /// As `-o json`
    #[arg(long, hide = true)]
    json: bool,
}

impl Telling {
    pub(crate) fn in_json(self) -> bool {
        self.json || self.output == policy::Format::Json
    }
}

/// For humans or for machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
}
