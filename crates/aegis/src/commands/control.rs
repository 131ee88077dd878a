//! `aegis control`: starts the control plane, says what it serves, drains on a signal.

mod convert;

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use aegis_control::{Control, Role, Settings, StartError};
use clap::Args;

use crate::compiler::SourceCompiler;
use crate::exit::{Exit, Failure};
use crate::log::{self, Level};
use crate::output::note;
use crate::settings;
use crate::signals::Signals;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The settings file, YAML or JSON
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// How much to say on standard error
    #[arg(long, value_enum, default_value_t, value_name = "LEVEL")]
    log_level: Level,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let mut signals = Signals::to_end().map_err(|error| Failure::new(Exit::Failed, error))?;
    log::start(arguments.log_level);
    let settings = settings::read_control_plane(&arguments.config)?;
    make_directory(&settings.data_dir)?;
    let settings = convert::settings(settings);
    let words = announcement(&settings);
    let scheme = if settings.listen.tls.is_some() {
        "https"
    } else {
        "http"
    };
    let control = Control::start(settings, Arc::new(SourceCompiler))
        .await
        .map_err(|error| failure(&error))?;
    note(format!("control plane on {scheme}://{}", control.address()));
    words.iter().for_each(note);
    signals.next().await;
    note("draining: no new connections; a second signal ends at once");
    tokio::select! {
        () = control.stop() => Ok(ExitCode::SUCCESS),
        _ = signals.next() => Err(Failure::new(Exit::Failed, "ended without draining")),
    }
}

/// Scopes, principals and keys, since a missing one is found out late otherwise.
fn announcement(settings: &Settings) -> Vec<String> {
    let mut words = Vec::new();
    let mut scopes = std::collections::BTreeMap::new();
    let mut others = 0;
    for principal in &settings.principals {
        match &principal.role {
            Role::DataPlane { scope, .. } => {
                let names: &mut Vec<&str> = scopes.entry(scope.to_string()).or_default();
                names.push(&principal.name);
            }
            _ => others += 1,
        }
    }
    for (scope, names) in &scopes {
        let shown = names
            .iter()
            .take(SHOWN)
            .copied()
            .collect::<Vec<_>>()
            .join(" ");
        let more = match names.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        words.push(format!("scope {scope}: {shown}{more}"));
    }
    if scopes.is_empty() {
        words.push("NO DATA PLANES: nothing can be published".to_owned());
    }
    for key in &settings.keys {
        let from = key.active_from;
        let from = from.map_or_else(String::new, |from| format!(", active from {from}"));
        words.push(format!(
            "signing key {} ({}){from}",
            key.id,
            key.algorithm.name()
        ));
    }
    words.push(format!("{others} publishers, operators and auditors"));
    words
}

/// Policies and audit lines are nobody else's business.
fn make_directory(directory: &Path) -> Result<(), Failure> {
    let made = DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory);
    made.map_err(|error| {
        let message = format!("cannot make the directory {}: {error}", directory.display());
        Failure::new(Exit::Configuration, message)
    })
}

fn failure(error: &StartError) -> Failure {
    let exit = match error {
        StartError::Settings(_) | StartError::Keys(_) | StartError::Tls(_) => Exit::Configuration,
        StartError::Store(_) | StartError::Listen { .. } => Exit::Failed,
    };
    Failure::new(exit, error)
}

/// Data planes of a scope that are named at the start.
const SHOWN: usize = 10;

const EXAMPLES: &str = "\
Examples:
  aegis control --config control.yaml
  aegis control --config /etc/aegis/control.yaml --log-level warn

SIGTERM, SIGINT and SIGHUP drain: no new connections, whoever waits for a bundle is
answered, open requests may finish within limits.drain_grace. A second signal
ends at once with 1.";
