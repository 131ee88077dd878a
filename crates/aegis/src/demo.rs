//! `aegis demo`: the whole story on loopback with the real proxy. Nothing in it is simulated but the services and the agent.

mod agent;
mod mocks;
mod play;
mod server;
mod show;
mod stage;
mod story;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use crate::commands::Telling;
use crate::env::Shell;
use crate::exit::{Exit, Failure};
use crate::log::{self, Level};
use crate::output::{self, note};
use crate::settings;
use crate::signals::Signals;
use play::Played;
use show::Show;
use stage::Stage;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// End after the walk, with 0 if everything was as expected
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    telling: Telling,
    /// Home of the CA, the audit log and the policies [default: ~/.local/share/aegis-demo]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Where the proxy listens; port 0 lets the system choose
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:3128")]
    forward: SocketAddr,
    /// Where health, metrics and status are
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9901")]
    admin: SocketAddr,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let mut signals = Signals::to_end().map_err(|error| Failure::new(Exit::Failed, error))?;
    let data_dir = match &arguments.data_dir {
        Some(directory) => directory.clone(),
        None => settings::user_data("aegis-demo")?,
    };
    let mut stage = Stage::set(&data_dir, arguments.forward, arguments.admin).await?;
    // From here on: what the stage could not do has been said already.
    log::start_brief(Level::Info);
    let show = (!arguments.telling.in_json()).then(Show::new);
    if let Some(show) = &show {
        show.opening(&stage);
    }
    let told = tell(&mut stage, show.as_ref(), &mut signals).await?;
    let good = told.iter().all(Played::as_expected);
    if arguments.telling.in_json() {
        output::json(&document(&stage, &told, arguments.once)?);
        output::complete()?;
    }
    if let Some(show) = &show {
        show.verdict(&told, &stage);
    }
    if !arguments.once {
        if let Some(show) = &show {
            show.farewell(&stage)?;
        }
        signals.next().await;
        note("stopping");
    }
    tokio::select! {
        _ = stage.app.stop() => {}
        _ = signals.next() => {}
    }
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        Exit::Failed.into()
    })
}

/// Each scene with the real agent; what was shown stays shown when a later one fails.
async fn tell(
    stage: &mut Stage,
    show: Option<&Show>,
    signals: &mut Signals,
) -> Result<Vec<Played>, Failure> {
    let mut told = Vec::new();
    for scene in story::scenes() {
        let played = tokio::select! {
            played = play::play(stage, scene) => played?,
            _ = signals.next() => return Err(Failure::new(Exit::Failed, "interrupted")),
        };
        if let Some(show) = show {
            show.scene(told.len() + 1, &played, stage);
        }
        told.push(played);
    }
    Ok(told)
}

fn document(stage: &Stage, told: &[Played], once: bool) -> Result<Value, Failure> {
    let mut document = json!({
        "schema_version": 1,
        "as_expected": told.iter().all(Played::as_expected),
        "data_dir": stage.data_dir,
        "policy_directory": stage.policy_directory,
        "policy_edited": stage.policy_edited,
        "audit_file": stage.audit_file,
        "proxy": format!("http://{}", stage.app.forward_address()),
        "admin": format!("http://{}", stage.app.admin_address()),
        "modes": stage.app.modes(),
        "scenes": told.iter().map(|played| played.json(stage)).collect::<Vec<_>>(),
    });
    // Secrets only while there is a proxy that knows them.
    if let (false, Some(members)) = (once, document.as_object_mut()) {
        let environment = stage.environment()?;
        let environment = environment.iter();
        let environment: serde_json::Map<String, Value> = environment
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        members.insert("environment".to_owned(), environment.into());
        let curl: serde_json::Map<String, Value> = story::for_curl()
            .map(|scene| (scene.name.to_owned(), stage.curl(&scene).into()))
            .collect();
        members.insert("curl".to_owned(), curl.into());
    }
    Ok(document)
}

const SHELL: Shell = Shell::Bash;

const EXAMPLES: &str = "\
Examples:
  aegis demo
  aegis demo --once
  aegis demo --once -o json --forward 127.0.0.1:0 --admin 127.0.0.1:0
  aegis demo --data-dir ./demo --forward 127.0.0.1:13128

Edit the policies in the data directory while it runs: they are reloaded.";
