//! The whole application on free ports with a policy of the test's own; nothing in it is faked.

use std::fmt::Write as _;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use aegis_config::{Credential, Digest, ListenTls, Mode, PolicySource, Proof, Settings};
use aegis_proxy::App;
use serde_json::Value;
use tempfile::TempDir;

use crate::client::ProxyClient;
use crate::raw::RawClient;
use crate::tls::{Certificate, TestCa};
use crate::{Reply, eventually, within};

/// A running data plane. Its directory goes when it is dropped.
#[derive(Debug)]
pub struct Aegis {
    app: Option<App>,
    settings: Settings,
    _directory: TempDir,
}

/// What the data plane is started with.
#[derive(Debug)]
pub struct AegisBuilder {
    settings: Settings,
    directory: TempDir,
}

impl Aegis {
    /// In region `eu-central-1`, with these words below `aegis:` as its policy, and with loopback
    /// allowed as a destination, because that is where the fakes are.
    pub fn with_policy(policy: &str) -> AegisBuilder {
        let directory = TempDir::new().expect("a directory for the test");
        let mut settings = Settings::for_directory(directory.path().join("data"), "eu-central-1");
        settings.listen.forward = any_port();
        settings.listen.admin = any_port();
        let policies = directory.path().join("policies");
        settings.policy.source = PolicySource::Directory(policies.clone());
        settings.upstream.allow_addresses = vec!["127.0.0.0/8".parse().expect("a network")];
        settings.limits.drain_grace = Duration::from_secs(2);
        fs::create_dir(&policies).expect("the policy directory");
        let builder = AegisBuilder {
            settings,
            directory,
        };
        builder.write_policy(policy);
        builder
    }

    pub(crate) fn app(&self) -> &App {
        self.app
            .as_ref()
            .expect("the application has not been stopped")
    }

    pub fn forward(&self) -> SocketAddr {
        self.app().forward_address()
    }

    pub fn admin(&self) -> SocketAddr {
        self.app().admin_address()
    }

    /// The interception CA's certificate.
    pub fn ca_pem(&self) -> &str {
        self.app().ca_pem()
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    pub fn data_dir(&self) -> &Path {
        &self.settings.data_dir
    }

    pub fn policy_directory(&self) -> &Path {
        let directory = self.settings.policy.source.directory();
        directory.expect("the policy comes from a directory")
    }

    /// A client with this credential that trusts the interception CA.
    pub fn client(&self, id: &str) -> ProxyClient {
        self.anonymous().credentials(id, &secret_of(id))
    }

    pub fn anonymous(&self) -> ProxyClient {
        ProxyClient::new(self.forward()).trust(self.ca_pem())
    }

    /// A socket to the forward port, for what no well-behaved client sends.
    pub async fn raw(&self) -> RawClient {
        RawClient::connect(self.forward()).await
    }

    /// `GET` on the admin port.
    pub async fn admin_get(&self, path: &str) -> (u16, String) {
        let mut client = RawClient::connect(self.admin()).await;
        let request = format!("GET {path} HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n");
        client.send(request.as_bytes()).await;
        let response = client.read_response().await;
        let body = String::from_utf8(response.body.to_vec()).expect("text");
        (response.status, body)
    }

    /// Writes the words below `aegis:` in place of the policy's, and waits until they are in force.
    pub async fn change_policy(&self, policy: &str) {
        let before = self.policy_version().await;
        write_policy(self.policy_directory(), policy);
        eventually("the new policy", async || {
            self.policy_version().await != before
        })
        .await;
    }

    /// `GET /status`, the part about the policy.
    pub async fn policy_status(&self) -> Value {
        let (_, status) = self.admin_get("/status").await;
        let status: Value = serde_json::from_str(&status).expect("JSON");
        status.get("policy").cloned().unwrap_or_default()
    }

    /// The active revision, as `/status` names it; empty while there is none.
    pub async fn policy_version(&self) -> String {
        self.policy_status()
            .await
            .get("active")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    }

    /// All lines of the audit log so far.
    pub fn audit(&self) -> Vec<Value> {
        let text = fs::read_to_string(&self.settings.audit.file).unwrap_or_default();
        // The last one may be on its way.
        let complete = text.rsplit_once('\n').map_or("", |(lines, _)| lines);
        complete
            .lines()
            .map(|line| serde_json::from_str(line).expect("a line is JSON"))
            .collect()
    }

    /// The two lines of the call that this answer belongs to; waits for the end line.
    pub async fn lines_of(&self, reply: &Reply) -> (Value, Value) {
        let id = reply
            .header("aegis-decision-id")
            .expect("the answer names its decision");
        self.lines(|line| line["id"] == id).await
    }

    /// The decision line and the end line of the first call whose decision line passes `wanted`.
    pub async fn lines(&self, wanted: impl Fn(&Value) -> bool) -> (Value, Value) {
        within("both audit lines", async {
            loop {
                let lines = self.audit();
                let decision = lines
                    .iter()
                    .find(|line| line["event"] == "decision" && wanted(line));
                let end = decision.and_then(|decision| {
                    lines
                        .iter()
                        .find(|line| line["event"] == "end" && line["id"] == decision["id"])
                });
                if let (Some(decision), Some(end)) = (decision, end) {
                    return (decision.clone(), end.clone());
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await
    }

    /// Accepts an MCP server's tool as it is listed now, as an operator does, once its change is on disk.
    pub async fn accept_tool(&self, name: &str) {
        let changed = self.changed_tool(name).await;
        aegis_proxy::accept_tool(self.data_dir(), &changed).expect("it can be written");
    }

    /// Forgets the server of a tool that has changed, as an operator does, once its change is on disk.
    pub async fn forget_server_of(&self, name: &str) {
        let changed = self.changed_tool(name).await;
        let forgotten =
            aegis_proxy::forget_tools(self.data_dir(), &changed.tenant, &changed.server);
        forgotten.expect("it can be written");
    }

    async fn changed_tool(&self, name: &str) -> aegis_proxy::SeenTool {
        within("the change on disk", async {
            loop {
                let known = aegis_proxy::seen_tools(self.data_dir()).expect("the file is whole");
                let mut known = known.into_iter();
                if let Some(tool) = known.find(|tool| tool.tool == name && tool.has_changed()) {
                    break tool;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await
    }

    /// Stops and starts again on the same data directory, with the settings changed.
    pub async fn restart(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        let app = self.app.take().expect("it has not been stopped");
        within("the drain", app.stop()).await;
        change(&mut self.settings);
        let app = App::start(self.settings.clone()).await;
        self.app = Some(app.expect("the application starts"));
        self
    }

    /// Begins the drain and waits for its end; returns how much was cut, and what the log holds.
    pub async fn stop(mut self) -> (u64, Vec<Value>) {
        let app = self.app.take().expect("it has not been stopped");
        let cut = within("the drain", app.stop()).await;
        (cut, self.audit())
    }
}

impl AegisBuilder {
    /// A credential whose secret is `secret-of-ID`, for an agent of the same name.
    #[must_use]
    pub fn agent(mut self, tenant: &str, agent: &str) -> Self {
        let proof = Proof::Secret(sha256(secret_of(agent).as_bytes()));
        self.settings
            .identity
            .credentials
            .push(credential(tenant, agent, proof));
        self
    }

    /// An agent that proves itself by this client certificate, issued by `ca`; the forward port
    /// then speaks TLS.
    #[must_use]
    pub fn agent_with_certificate(
        mut self,
        tenant: &str,
        agent: &str,
        certificate: &Certificate,
        ca: &TestCa,
    ) -> Self {
        let digest = Digest::parse(&certificate.sha256()).expect("a SHA-256");
        let proof = Proof::Certificate(digest);
        self.settings
            .identity
            .credentials
            .push(credential(tenant, agent, proof));
        let client_ca = Some(self.write("client-ca.pem", ca.pem()));
        self.settings.listen.tls = Some(ListenTls {
            client_ca,
            ..ListenTls::default()
        });
        self
    }

    /// These names resolve to loopback.
    #[must_use]
    pub fn hosts(self, names: &[&str]) -> Self {
        names
            .iter()
            .fold(self, |builder, name| builder.host(name, "127.0.0.1"))
    }

    #[must_use]
    pub fn host(mut self, name: &str, address: &str) -> Self {
        let addresses = self.settings.upstream.hosts.entry(name.into()).or_default();
        addresses.push(address.parse().expect("an address"));
        self
    }

    /// Upstream certificates of this CA are accepted.
    #[must_use]
    pub fn upstream_ca(mut self, ca: &TestCa) -> Self {
        self.settings.upstream.ca_file = Some(self.write("upstream-ca.pem", ca.pem()));
        self
    }

    /// Every policy in shadow.
    #[must_use]
    pub fn shadow(mut self) -> Self {
        self.settings.policy.mode = Mode::Shadow;
        self
    }

    /// A module of the user's own beside the policy data.
    #[must_use]
    pub fn module(self, name: &str, rego: &str) -> Self {
        fs::write(self.directory.path().join("policies").join(name), rego).expect("a module");
        self
    }

    /// Anything else that can be set.
    #[must_use]
    pub fn settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    pub async fn start(self) -> Aegis {
        let Self {
            settings,
            directory,
        } = self;
        let app = App::start(settings.clone())
            .await
            .expect("the application starts");
        Aegis {
            app: Some(app),
            settings,
            _directory: directory,
        }
    }

    fn write_policy(&self, policy: &str) {
        write_policy(&self.directory.path().join("policies"), policy);
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        fs::write(&path, text).expect("a file");
        path
    }
}

/// Whole or not at all, as a careful editor does it.
fn write_policy(directory: &Path, policy: &str) {
    let mut text = String::from("aegis:\n");
    for line in policy.lines() {
        writeln!(text, "  {line}").expect("a String takes all");
    }
    let draft = directory.join(".policy.yaml.draft");
    fs::write(&draft, text).expect("a draft");
    fs::rename(draft, directory.join("policy.yaml")).expect("the policy");
}

fn credential(tenant: &str, agent: &str, proof: Proof) -> Credential {
    Credential {
        id: agent.into(),
        tenant: tenant.into(),
        agent: agent.into(),
        proof,
    }
}

pub(crate) fn any_port() -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0)
}

pub(crate) fn secret_of(id: &str) -> String {
    format!("secret-of-{id}")
}

fn sha256(bytes: &[u8]) -> Digest {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    Digest::parse(&hex::encode(digest)).expect("a SHA-256")
}
