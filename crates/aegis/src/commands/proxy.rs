//! `aegis proxy`: the production form. Starts the data plane, says what is in force, drains on a signal.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use aegis_config::{PolicySource, Settings};
use aegis_policy::{Mode, TenantMode};
use aegis_proxy::App;
use clap::Args;

use crate::exit::{Exit, Failure};
use crate::log::{self, Level};
use crate::output::{Style, note, warning};
use crate::proxy_url::ProxyUrl;
use crate::signals::Signals;
use crate::{data_dir, samples, settings};

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
    let settings = settings::read(&arguments.config)?;
    for (_, message) in exposed(&settings) {
        warning(message);
    }
    let tls = settings.listen.tls.is_some();
    let data_dir = settings.data_dir.clone();
    let is_sample = matches!(settings.policy.source, PolicySource::Sample(_));
    samples::install(&settings.policy).map_err(|failure| data_dir::named(failure, &data_dir))?;
    let app = App::start(settings)
        .await
        .map_err(|error| data_dir::named(Failure::start(&error, PORTS), &data_dir))?;
    let url = ProxyUrl::of_listener(app.forward_address(), tls);
    note(format!(
        "forward proxy on {} ({url})",
        app.forward_address()
    ));
    if let Some(gateway) = app.gateway_address() {
        let url = ProxyUrl::of_listener(gateway, tls);
        note(format!("gateway on {gateway} ({url})"));
    }
    note(format!("admin on http://{}", app.admin_address()));
    announce_policy(&app);
    if app.knows_nobody() {
        let agent = is_sample.then_some(samples::AGENT);
        warning(nobody(agent));
    }
    signals.next().await;
    note("draining: no new connections; a second signal ends at once");
    tokio::select! {
        _ = app.stop() => Ok(ExitCode::SUCCESS),
        _ = signals.next() => Err(Failure::new(Exit::Failed, "ended without draining")),
    }
}

/// What is in force, in one line; shadow is said loudly, since it looks exactly like enforcement
/// until somebody reads the log.
pub(crate) fn announce_policy(app: &App) {
    let style = Style::stderr();
    let Some(modes) = app.tenant_modes() else {
        // The mistakes are in the log already, one line each.
        return note(style.red("NO POLICY IS IN FORCE, everything is denied"));
    };
    note(format!("policy modes: {}", app.modes().unwrap_or_default()));
    for (tenant, mode) in modes {
        if let Some(warning) = shadow_warning(&tenant, mode) {
            note(style.yellow(&warning));
        }
    }
}

/// What to do where no caller can prove anything, and who proves nothing is not let in; with the agent
/// and its tenant that the credential is for, where the policies leave a choice to make.
pub(crate) fn nobody(agent: Option<(&str, &str)>) -> String {
    let (agent, tenant) = agent.unwrap_or(("AGENT", "TENANT"));
    format!(
        "`identity.credentials` is empty and the policies let no anonymous caller in, so every call is refused; \
         make one with aegis credential new --id {agent} --tenant {tenant} --agent {agent}"
    )
}

/// Addresses that others reach, where what they are sent crosses a network as text: the place of each in the settings,
/// and what that means.
pub(crate) fn exposed(settings: &Settings) -> Vec<(&'static [&'static str], String)> {
    let listen = &settings.listen;
    let credentials = "credentials cross the network as text: set `listen.tls`";
    let gateway = settings.gateway.as_ref().map(|it| it.address);
    let agents: [(&[&str], Option<SocketAddr>); 2] = [
        (&["listen", "forward"], Some(listen.forward)),
        (&["gateway", "address"], gateway),
    ];
    let agents = agents.into_iter().filter(|_| listen.tls.is_none());
    let agents = agents.map(|(place, address)| (place, address, credentials));
    let admin: (&[&str], _, _) = (
        &["listen", "admin"],
        Some(listen.admin),
        "it speaks no TLS and asks nobody who they are: leave it to loopback, or to a network of operators",
    );
    let all = agents.chain([admin]);
    all.filter_map(|(place, address, why)| {
        let address = address.filter(|address| !address.ip().is_loopback())?;
        let named = place.join(".");
        Some((
            place,
            format!("`{named}`: {address} is not loopback, and {why}"),
        ))
    })
    .collect()
}

pub(crate) fn shadow_warning(tenant: &str, mode: TenantMode) -> Option<String> {
    let what = match (mode.policy, mode.residency) {
        (Mode::Enforce, Mode::Enforce) => return None,
        (Mode::Shadow, Mode::Enforce) => "policy findings are recorded and NOT enforced",
        (Mode::Enforce, Mode::Shadow) => "REGIONS ARE NOT ENFORCED, calls may leave for any region",
        (Mode::Shadow, Mode::Shadow) => "policy findings AND REGIONS are recorded and NOT enforced",
    };
    Some(format!("SHADOW {tenant}: {what}"))
}

const PORTS: &str =
    "choose another address with listen.forward, listen.admin or gateway.address in the settings";

const EXAMPLES: &str = "\
Examples:
  aegis proxy --config aegis.yaml
  aegis proxy --config /etc/aegis/aegis.yaml --log-level warn

SIGTERM, SIGINT and SIGHUP drain: no new connections, open requests may finish within
limits.drain_grace. A second signal ends at once with 1.";
