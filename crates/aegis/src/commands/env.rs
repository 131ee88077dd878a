//! `aegis env`: prints the variables that put a process behind the proxy. Starts nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aegis_config::{Credential, Proof, Settings};
use clap::Args;

use crate::env::gateway::BaseUrls;
use crate::env::{Shell, Variables};
use crate::exit::{Exit, Failure};
use crate::output::{self, note, warning};
use crate::proxy_url::ProxyUrl;
use crate::secret::Secret;
use crate::{settings, trust};

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Who is going to read the variables
    #[arg(long, value_enum)]
    shell: Shell,
    /// The proxy's settings file: where it listens, and where its CA is
    #[arg(long, value_name = "FILE", conflicts_with = "data_dir")]
    config: Option<PathBuf>,
    /// The proxy's data directory, with its CA in it
    #[arg(
        long,
        value_name = "DIR",
        required_unless_present = "config",
        requires = "proxy"
    )]
    data_dir: Option<PathBuf>,
    /// Where the proxy is reached, instead of where the settings say
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,
    /// Base URLs of the gateway's services for their SDKs, instead of the proxy
    #[arg(long, requires = "config", conflicts_with_all = ["proxy", "data_dir"])]
    gateway: bool,
    #[command(flatten)]
    credential: CredentialArguments,
}

/// Who calls, for commands that act for an agent.
#[derive(Debug, Args)]
pub(crate) struct CredentialArguments {
    /// The credential's id; its secret comes from --secret-file or from `AEGIS_SECRET`
    #[arg(long = "credential", value_name = "ID")]
    pub(crate) id: Option<String>,
    /// A file with the credential's secret
    #[arg(long, value_name = "FILE", requires = "id")]
    pub(crate) secret_file: Option<PathBuf>,
}

impl CredentialArguments {
    pub(crate) fn secret(&self) -> Result<Option<(&str, Secret)>, Failure> {
        let Some(id) = &self.id else { return Ok(None) };
        let secret = Secret::given(self.secret_file.as_deref())
            .map_err(|error| Failure::new(Exit::Usage, format!("{error:#}")))?;
        Ok(Some((id, secret)))
    }

    /// What a proxy with these settings would refuse at each call is refused before there is one.
    pub(crate) fn secret_of(&self, settings: &Settings) -> Result<Option<(&str, Secret)>, Failure> {
        let given = self.secret()?;
        if let Some((id, secret)) = &given {
            check(&settings.identity.credentials, id, secret)?;
        }
        Ok(given)
    }
}

fn check(credentials: &[Credential], id: &str, secret: &Secret) -> Result<(), Failure> {
    let known = credentials.iter().find(|known| &*known.id == id);
    let mistake = match known.map(|known| &known.proof) {
        Some(Proof::Secret(digest)) if *digest == secret.digest() => return Ok(()),
        Some(Proof::Secret(_)) => "the secret is not the one that the settings know it by",
        Some(Proof::Certificate(_)) => "the settings know it by a certificate, not by a secret",
        None => "the settings do not have it",
    };
    let message = format!("credential `{id}`: {mistake}, so every call would be refused");
    Err(Failure::new(Exit::Usage, message))
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    if let (true, Some(file)) = (arguments.gateway, &arguments.config) {
        return base_urls(arguments, file);
    }
    let Place {
        data_dir,
        url,
        credential,
    } = place(arguments)?;
    let ca_pem = read_ca(&data_dir.join("ca.pem"))?;
    let credential = credential.as_ref().map(|(id, secret)| (*id, secret));
    let variables = variables(&data_dir, &ca_pem, &url.with(credential))?;
    if url.is_loopback() && matches!(arguments.shell, Shell::Docker | Shell::K8s) {
        warning(format!(
            "{url} is this machine's loopback, which a container does not reach; name the proxy \
             with --proxy as the container sees it"
        ));
    }
    if url.speaks_tls() {
        note(format!(
            "{url} speaks TLS, and curl reads no variable for its certificate: give it --proxy-cacert {}",
            data_dir.join("ca.pem").display()
        ));
    }
    output::result(variables.render(arguments.shell).trim_end());
    Ok(ExitCode::SUCCESS)
}

/// An SDK shows the secret alone, in the place of its API key.
fn base_urls(arguments: &Arguments, file: &Path) -> Result<ExitCode, Failure> {
    let settings = settings::read(file)?;
    let Some(gateway) = &settings.gateway else {
        let message = "the settings have no section `gateway`";
        return Err(Failure::new(Exit::Usage, message));
    };
    let tls = settings.listen.tls.is_some();
    let url = ProxyUrl::of_listener(gateway.address, tls);
    if tls {
        let ca = settings.data_dir.join("ca.pem");
        note(format!(
            "{url} speaks TLS: its clients must trust {}",
            ca.display()
        ));
    }
    let url = url.with(None);
    let credential = arguments.credential.secret_of(&settings)?;
    let secret = credential.as_ref().map(|(_, secret)| secret);
    let said = BaseUrls::render(gateway, url.expose(), secret, arguments.shell);
    said.notes.into_iter().for_each(warning);
    output::result(said.lines.trim_end());
    Ok(ExitCode::SUCCESS)
}

/// The trust files made and the variables filled in, with the warnings that belong to them.
pub(crate) fn variables(
    data_dir: &Path,
    ca_pem: &str,
    url: &crate::proxy_url::SecretUrl,
) -> Result<Variables, Failure> {
    let inherited = |name: &str| std::env::var_os(name);
    let failed = |error: &dyn std::error::Error| Failure::new(Exit::Failed, error);
    let trust = trust::prepare(data_dir, ca_pem, &inherited).map_err(|error| failed(&error))?;
    if trust.others == 0 {
        warning("this machine has no trusted roots: tunnels that are not intercepted will fail");
    }
    let variables =
        Variables::new(url.expose(), &trust, &inherited).map_err(|error| failed(&error))?;
    if !variables.outside().is_empty() {
        warning(format!(
            "NO_PROXY is set: {} go around the proxy",
            variables.outside()
        ));
    }
    Ok(variables)
}

pub(crate) fn read_ca(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|error| {
        let message = format!(
            "cannot read the proxy's CA {}: {error}; it is made when the proxy starts for the first time",
            file.display()
        );
        Failure::new(Exit::Failed, message)
    })
}

/// Where the proxy is, and who calls.
struct Place<'a> {
    data_dir: PathBuf,
    url: ProxyUrl,
    credential: Option<(&'a str, Secret)>,
}

fn place(arguments: &Arguments) -> Result<Place<'_>, Failure> {
    let named = arguments
        .proxy
        .as_deref()
        .map(ProxyUrl::given)
        .transpose()?;
    let Some(file) = &arguments.config else {
        // The argument parser has asked for both already.
        let given = arguments.data_dir.clone().zip(named);
        let (data_dir, url) =
            given.ok_or_else(|| Failure::new(Exit::Usage, "give --data-dir and --proxy"))?;
        return Ok(Place {
            data_dir,
            url,
            credential: arguments.credential.secret()?,
        });
    };
    let settings = settings::read(file)?;
    let (forward, tls) = (settings.listen.forward, settings.listen.tls.is_some());
    let url = match named {
        Some(url) => url,
        None if forward.port() == 0 => {
            let message = "the system chooses the port of listen.forward: name it with --proxy";
            return Err(Failure::new(Exit::Usage, message));
        }
        None => ProxyUrl::of_listener(forward, tls),
    };
    let credential = arguments.credential.secret_of(&settings)?;
    Ok(Place {
        data_dir: settings.data_dir,
        url,
        credential,
    })
}

const EXAMPLES: &str = "\
Examples:
  aegis env --shell bash --config aegis.yaml --credential finance-bot --secret-file secret
  aegis env --shell dotenv --data-dir ./data --proxy http://127.0.0.1:3128
  aegis env --shell bash --config aegis.yaml --gateway --credential finance-bot --secret-file secret
  aegis env --shell docker --config aegis.yaml --proxy http://172.17.0.1:3128

The variables are an invitation, not a wall: a process that ignores them is held
back only by the network around it.";
