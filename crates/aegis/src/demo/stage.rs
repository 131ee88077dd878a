//! Sets the stage: data directory, policies, mock services, credentials, the real proxy. Plays nothing.

use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use aegis_config::{Credential, PolicySource, Proof, Settings};
use aegis_proxy::App;
use anyhow::Context as _;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::agent::Agent;
use super::mocks;
use super::server::{Arrived, DemoCertificate, serve};
use super::story::{Scene, Service};
use crate::commands::env::variables;
use crate::env::Variables;
use crate::exit::{Exit, Failure};
use crate::proxy_url::{ProxyUrl, SecretUrl};
use crate::samples;
use crate::secret::Secret;

pub(crate) struct Stage {
    pub(crate) app: App,
    pub(crate) agent: Agent,
    pub(crate) data_dir: PathBuf,
    pub(crate) policy_directory: PathBuf,
    /// Whether the policies on disk differ from those of this binary.
    pub(crate) policy_edited: bool,
    pub(crate) audit_file: PathBuf,
    /// What the services saw, in its order.
    pub(crate) arrived: UnboundedReceiver<Arrived>,
    ports: Ports,
    secrets: BTreeMap<&'static str, Secret>,
}

impl Stage {
    pub(crate) async fn set(
        data_dir: &Path,
        forward: SocketAddr,
        admin: SocketAddr,
    ) -> Result<Self, Failure> {
        fs::create_dir_all(data_dir)
            .and_then(|()| data_dir.canonicalize())
            .with_context(|| format!("cannot use the data directory {}", data_dir.display()))?;
        let data_dir = data_dir.canonicalize().context("the data directory")?;
        let policy_directory = data_dir.join("policies");
        let policy_edited = samples::write(&samples::DEMO, &policy_directory)?;
        let (watch, arrived) = unbounded_channel();
        let certificate = DemoCertificate::new(&SERVICES.map(Service::host))?;
        let ca_file = data_dir.join("upstream-ca.pem");
        fs::write(&ca_file, &certificate.pem)
            .with_context(|| format!("cannot write {}", ca_file.display()))?;
        let ports = Ports {
            payments: serve(mocks::payments, &certificate, &watch).await?.port(),
            llm: serve(mocks::llm, &certificate, &watch).await?.port(),
            mcp: serve(mocks::mcp, &certificate, &watch).await?.port(),
        };
        let secrets = secrets()?;
        let mut settings = settings(&data_dir, &secrets);
        settings.listen.forward = forward;
        settings.listen.admin = admin;
        settings.upstream.ca_file = Some(ca_file);
        let audit_file = settings.audit.file.clone();
        let app = App::start(settings)
            .await
            .map_err(|error| Failure::start(&error, PORTS))?;
        if let (None, Some(error)) = (app.tenant_modes(), app.policy_error()) {
            return Err(Failure::new(
                Exit::Configuration,
                format!("{error}\n{FRESH}"),
            ));
        }
        let agent = Agent::new(app.forward_address(), app.ca_pem())?;
        Ok(Self {
            app,
            agent,
            data_dir,
            policy_directory,
            policy_edited,
            audit_file,
            arrived,
            ports,
            secrets,
        })
    }

    pub(crate) fn port(&self, service: Service) -> u16 {
        match service {
            Service::Payments | Service::UsPayments => self.ports.payments,
            Service::Llm => self.ports.llm,
            Service::Mcp => self.ports.mcp,
        }
    }

    pub(crate) fn credential(&self, agent: &str) -> Option<(&'static str, &Secret)> {
        self.secrets
            .get_key_value(agent)
            .map(|(id, secret)| (*id, secret))
    }

    /// The variables for an agent of one's own, as `finance-bot`.
    pub(crate) fn environment(&self) -> Result<Variables, Failure> {
        variables(
            &self.data_dir,
            self.app.ca_pem(),
            &self.proxy_url(Some("finance-bot")),
        )
    }

    /// A scene as a line for a shell.
    pub(crate) fn curl(&self, scene: &Scene) -> String {
        format!(
            "curl -sS --cacert '{}' -x '{}' -H 'content-type: application/json' -d '{}' {}",
            self.data_dir.join("ca.pem").display(),
            self.proxy_url(scene.agent).expose(),
            scene.body,
            self.url(scene),
        )
    }

    pub(crate) fn url(&self, scene: &Scene) -> String {
        let (host, port) = (scene.service.host(), self.port(scene.service));
        format!("https://{host}:{port}{}", scene.path)
    }

    fn proxy_url(&self, agent: Option<&str>) -> SecretUrl {
        let url = ProxyUrl::of_listener(self.app.forward_address(), false);
        url.with(agent.and_then(|agent| self.credential(agent)))
    }
}

struct Ports {
    payments: u16,
    llm: u16,
    mcp: u16,
}

/// Made anew at each start; they live in this process and in what it prints.
fn secrets() -> anyhow::Result<BTreeMap<&'static str, Secret>> {
    AGENTS
        .into_iter()
        .map(|(_, agent)| Ok((agent, Secret::random()?)))
        .collect()
}

fn settings(data_dir: &Path, secrets: &BTreeMap<&'static str, Secret>) -> Settings {
    let mut settings = Settings::for_directory(data_dir, "eu-central-1");
    settings.policy.source = PolicySource::Directory(data_dir.join("policies"));
    // The demo needs no internet, and reaches none.
    settings.upstream.web_roots = false;
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    settings.upstream.allow_addresses = vec![loopback.into()];
    for service in SERVICES {
        settings
            .upstream
            .hosts
            .insert(service.host().into(), vec![loopback]);
    }
    settings.limits.drain_grace = DRAIN;
    for (tenant, agent) in AGENTS {
        let Some(secret) = secrets.get(agent) else {
            continue;
        };
        settings.identity.credentials.push(Credential {
            id: agent.into(),
            tenant: tenant.into(),
            agent: agent.into(),
            proof: Proof::Secret(secret.digest()),
        });
    }
    settings
}

const SERVICES: [Service; 4] = [
    Service::Payments,
    Service::UsPayments,
    Service::Llm,
    Service::Mcp,
];
const AGENTS: [(&str, &str); 3] = [
    ("acme", "finance-bot"),
    ("acme", "research-bot"),
    ("labs", "intern-bot"),
];
const DRAIN: std::time::Duration = std::time::Duration::from_secs(2);
const PORTS: &str =
    "choose another address with --forward or --admin; port 0 lets the system choose";
const FRESH: &str = "correct the policies, or remove their directory to get the original ones back";
