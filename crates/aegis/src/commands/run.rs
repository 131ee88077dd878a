//! `aegis run`: starts a process behind the proxy, hands signals on, ends with its exit code and a summary.
//!
//! The process may ignore the variables that it is given; only the network around it can hold it.

mod caller;
mod child;
mod summary;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use aegis_config::{PolicySettings, PolicySource, Settings};
use aegis_proxy::App;
use clap::Args;
use tokio::net::TcpStream;

use super::env::{CredentialArguments, read_ca, variables};
use super::proxy::announce_policy;
use crate::env::Variables;
use crate::exit::{Exit, Failure};
use crate::log::{self, Level};
use crate::output::note;
use crate::proxy_url::ProxyUrl;
use crate::signals::Signals;
use crate::{data_dir, samples, settings};
use summary::Tally;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Start a proxy of its own with this settings file, on free ports
    #[arg(long, value_name = "FILE", conflicts_with_all = ["policy", "proxy"])]
    config: Option<PathBuf>,
    /// Start a proxy of its own with the policies of this directory [default: ./policies where it
    /// is there, else the built-in sample in shadow]
    #[arg(long, value_name = "DIR")]
    policy: Option<PathBuf>,
    /// Use a proxy that is running; needs its CA
    #[arg(long, value_name = "URL", requires = "ca", conflicts_with = "policy")]
    proxy: Option<String>,
    /// The CA certificate of the running proxy
    #[arg(long, value_name = "FILE", requires = "proxy")]
    ca: Option<PathBuf>,
    /// Whom the process acts for, with a credential that ends with the run [default: the agent
    /// that the policies know, if it is the only one]
    #[arg(long, requires = "agent", conflicts_with_all = ["id", "proxy"])]
    tenant: Option<String>,
    /// The agent that the process is
    #[arg(long, requires = "tenant")]
    agent: Option<String>,
    #[command(flatten)]
    credential: CredentialArguments,
    /// CA, trust files and audit log of the proxy of its own [default: ~/.local/share/aegis]
    #[arg(long, value_name = "DIR", conflicts_with = "config")]
    data_dir: Option<PathBuf>,
    /// Region of the proxy of its own
    #[arg(long, default_value = "local")]
    region: String,
    /// How much the proxy says on standard error
    #[arg(long, value_enum, default_value = "warn", value_name = "LEVEL")]
    log_level: Level,
    /// The process and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let mut signals = Signals::to_hand_on().map_err(|error| Failure::new(Exit::Failed, error))?;
    log::start_brief(arguments.log_level);
    let Some(url) = &arguments.proxy else {
        let mut own = behind_own(&arguments).await?;
        let child = child::run(&arguments.command, &own.variables, &mut signals);
        let ended = tokio::select! {
            ended = child => ended,
            never = own.tally.follow() => match never {},
        };
        // The drain brings the last end lines before they are counted.
        own.app.stop().await;
        note(own.tally.finish());
        return ended;
    };
    let variables = behind_running(&arguments, &ProxyUrl::given(url)?).await?;
    let ended = child::run(&arguments.command, &variables, &mut signals).await;
    note("aegis: what was decided is in the audit log of the running proxy");
    ended
}

/// A proxy of its own, to be stopped after the process.
struct Own {
    variables: Variables,
    app: App,
    tally: Tally,
}

async fn behind_running(arguments: &Arguments, url: &ProxyUrl) -> Result<Variables, Failure> {
    // The argument parser has asked for it already.
    let ca = arguments
        .ca
        .as_ref()
        .ok_or_else(|| Failure::new(Exit::Usage, "give --ca"))?;
    let ca_pem = read_ca(ca)?;
    reach(url).await?;
    let credential = arguments.credential.secret()?;
    let credential = credential.as_ref().map(|(id, secret)| (*id, secret));
    let data_dir = data_dir(arguments)?;
    variables(&data_dir, &ca_pem, &url.with(credential))
}

async fn behind_own(arguments: &Arguments) -> Result<Own, Failure> {
    let mut settings = settings_of(arguments)?;
    let agents = caller::agents(&settings)?;
    let (id, secret) = caller::credential(arguments, &mut settings, agents.as_ref())?;
    let data_dir = settings.data_dir.clone();
    samples::install(&settings.policy).map_err(|failure| data_dir::named(failure, &data_dir))?;
    let audit = settings.audit.file.clone();
    let app = App::start(settings)
        .await
        .map_err(|error| data_dir::named(Failure::start(&error, ""), &data_dir))?;
    let tally = Tally::of(&app, audit);
    announce_policy(&app);
    if app.tenant_modes().is_none() {
        let message = "the process is not started, since every call of it would be denied";
        return Err(Failure::new(Exit::Configuration, message));
    }
    let url = ProxyUrl::of_listener(app.forward_address(), false);
    let variables = variables(&data_dir, app.ca_pem(), &url.with(Some((&id, &secret))))?;
    Ok(Own {
        variables,
        app,
        tally,
    })
}

/// Free ports on loopback, and no longer drain than somebody waits at a prompt.
fn settings_of(arguments: &Arguments) -> Result<Settings, Failure> {
    let mut settings = if let Some(file) = &arguments.config {
        settings::read(file)?
    } else {
        let mut settings = Settings::for_directory(data_dir(arguments)?, &arguments.region);
        settings.policy = policy(arguments.policy.as_deref(), &settings.data_dir);
        settings
    };
    settings.listen.forward = ANY_PORT;
    settings.listen.admin = ANY_PORT;
    settings.listen.tls = None;
    // The command is behind the proxy; whoever else uses the gateway has a data plane of its own.
    settings.gateway = None;
    settings.limits.drain_grace = settings.limits.drain_grace.min(DRAIN);
    Ok(settings)
}

/// Anything that has the name counts as there: what cannot be read is told, not passed over.
fn policy(named: Option<&Path>, data_dir: &Path) -> PolicySettings {
    let of = |directory: &Path| PolicySettings {
        source: PolicySource::Directory(directory.to_owned()),
        ..PolicySettings::default()
    };
    if let Some(directory) = named {
        return of(directory);
    }
    let here = Path::new("policies");
    match here.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => PolicySettings::sample(data_dir),
        _ => {
            note("aegis: the policies are those of ./policies");
            of(here)
        }
    }
}

fn data_dir(arguments: &Arguments) -> Result<PathBuf, Failure> {
    let directory = match &arguments.data_dir {
        Some(directory) => directory.clone(),
        None => settings::user_data("aegis")?,
    };
    data_dir::make(&directory)?;
    Ok(directory)
}

/// A proxy that is just being started is waited for.
async fn reach(url: &ProxyUrl) -> Result<(), Failure> {
    let attempts = async {
        #[expect(
            clippy::disallowed_methods,
            reason = "the proxy's own address, named by the user"
        )]
        while TcpStream::connect(url.address()).await.is_err() {
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::time::timeout(PATIENCE, attempts).await.map_err(|_| {
        let message = format!("no proxy answers at {url} within {} s", PATIENCE.as_secs());
        Failure::new(Exit::Unreachable, message)
    })
}

const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
const DRAIN: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(100);

const EXAMPLES: &str = "\
Examples:
  aegis run -- python agent.py
  aegis run --policy ./policies --tenant acme --agent finance-bot -- python agent.py
  aegis run --config aegis.yaml --credential finance-bot --secret-file secret -- node agent.js
  aegis run --proxy http://127.0.0.1:3128 --ca ca.pem --credential finance-bot -- ./agent

Signals (TERM, INT, HUP, QUIT, USR1, USR2) are handed on to the process.
Ends with the exit code of the process; 127 where it is not found, 126 where it cannot be
started, 128 and the signal's number where a signal ended it.";
