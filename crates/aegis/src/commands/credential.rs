//! `aegis credential new`: makes a secret and the settings lines for it. Keeps neither.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::output::{self, note};
use crate::secret::Secret;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The user name that the agent sends
    #[arg(long, value_parser = id)]
    id: String,
    /// Whose agent it is, by the name that the policy has
    #[arg(long)]
    tenant: String,
    /// The agent, by the name that the policy has
    #[arg(long)]
    agent: String,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let secret = Secret::random()?;
    let entry: Value = json!({
        "id": arguments.id,
        "tenant": arguments.tenant,
        "agent": arguments.agent,
        "secret_sha256": secret.digest_hex(),
    });
    note("The secret, shown this once; give it to the agent:");
    output::result(secret.expose());
    note("\nFor the settings file:");
    // JSON is YAML, and quotes what needs quotes.
    output::result(format!("identity:\n  credentials:\n    - {entry}"));
    Ok(ExitCode::SUCCESS)
}

fn id(text: &str) -> Result<String, &'static str> {
    if text.is_empty() || text.contains(':') {
        return Err("an id is not empty and has no colon");
    }
    Ok(text.to_owned())
}

const EXAMPLES: &str = "\
Examples:
  aegis credential new --id finance-bot --tenant acme --agent finance-bot
  aegis credential new --id ops --tenant acme --agent ops-bot | head -1";
