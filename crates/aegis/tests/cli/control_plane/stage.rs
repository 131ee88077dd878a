//! A control plane's process with its principals and a directory of policies, and data planes that belong to it.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output};

use aegis_client::{Access, Client};
use aegis_testkit::{Aegis, AegisBuilder, Certificate, Publisher, TestCa, Upstream, fixed_port};
use ring::digest::{SHA256, digest};
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Running, command, home, path, write};

pub(super) struct Stage {
    pub(super) k1: Publisher,
    pub(super) k2: Publisher,
    home: TempDir,
    config: String,
    url: String,
    tls: Option<Tls>,
    plane: Option<Running>,
    upstream: Upstream,
}

/// An authority that both sides trust; by the certificate `acme-1` proves itself, instead of by a token.
pub(super) struct Tls {
    pub(super) ca: TestCa,
    pub(super) acme: Certificate,
}

impl Stage {
    pub(super) async fn start() -> Self {
        Self::start_with(None, "").await
    }

    pub(super) async fn start_with_tls() -> Self {
        let ca = TestCa::new();
        let acme = ca.issue_client("acme-1");
        Self::start_with(Some(Tls { ca, acme }), "").await
    }

    /// With more lines in its settings.
    pub(super) async fn start_with(tls: Option<Tls>, more: &str) -> Self {
        let home = home();
        // It must come back at the same address after a crash.
        let address = format!("127.0.0.1:{}", fixed_port());
        let (k1, k2) = (Publisher::new(), Publisher::new());
        for (name, key) in [("k1.pem", &k1), ("k2.pem", &k2)] {
            write_private(&home, name, key.private_pem());
        }
        let scheme = if let Some(tls) = &tls {
            tls.write(&home);
            "https"
        } else {
            "http"
        };
        let text = settings(&address, "data", KEY, tls.as_ref()) + more;
        let config = write(&home, "control.yaml", &text);
        let mut stage = Self {
            k1,
            k2,
            home,
            config,
            url: format!("{scheme}://{address}"),
            tls,
            plane: None,
            upstream: Upstream::http().echo().start().await,
        };
        stage.start_again();
        stage
    }

    pub(super) fn start_again(&mut self) {
        let mut plane =
            Running::start(&["control", "--log-level", "error", "--config", &self.config]);
        plane.wait_for("control plane on");
        self.plane = Some(plane);
    }

    pub(super) fn kill(&mut self) {
        self.plane.take().expect("it runs").kill();
    }

    pub(super) fn signal(&self, signal: Signal) {
        self.plane.as_ref().expect("it runs").signal(signal);
    }

    pub(super) fn tls(&self) -> &Tls {
        self.tls.as_ref().expect("it speaks TLS")
    }

    /// A file beside the control plane's.
    pub(super) fn write(&self, name: &str, text: &str) -> PathBuf {
        write(&self.home, name, text).into()
    }

    /// The second key signs from now on.
    pub(super) fn rotate(&mut self) {
        self.kill();
        let address = self.url.trim_start_matches("http://");
        let keys = format!("{KEY}, {}", KEY.replace("k1", "k2").replace('}', SINCE));
        fs::write(&self.config, settings(address, "data", &keys, None)).expect("the settings");
        self.start_again();
    }

    /// Of another control plane, on any port.
    pub(super) fn second_config(&self) -> String {
        write(
            &self.home,
            "second.yaml",
            &settings("127.0.0.1:0", "other", KEY, None),
        )
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// A charge may be as high as this.
    pub(super) fn policy(&self, max: u32) -> String {
        POLICY
            .replace("MAX", &max.to_string())
            .replace("PORT", &self.upstream.port().to_string())
    }

    pub(super) fn write_policy(&self, max: u32) {
        write(&self.home, "policies/policy.yaml", &self.policy(max));
        write(&self.home, "policies/tests/pay.yaml", TEST);
    }

    pub(super) fn publish(&self, more: &[&str]) -> Output {
        self.publishing(more).output().expect("it starts")
    }

    /// Not started yet.
    pub(super) fn publishing(&self, more: &[&str]) -> Command {
        let policies = path(&self.home.path().join("policies"));
        let words = ["publish", &policies, "--reason", "a test"];
        self.command("ann", &[&words, more].concat())
    }

    /// As somebody whose token is `token-of-NAME`.
    pub(super) fn aegis(&self, name: &str, words: &[&str]) -> Output {
        self.command(name, words).output().expect("it starts")
    }

    fn command(&self, name: &str, words: &[&str]) -> Command {
        let mut command = command(words);
        command.args(["--control", &self.url]);
        command.env("AEGIS_TOKEN", format!("token-of-{name}"));
        if self.tls.is_some() {
            command
                .arg("--ca-file")
                .arg(self.home.path().join("ca.pem"));
        }
        command
    }

    pub(super) fn client(&self, name: &str) -> Client {
        let access = Access {
            url: self.url.clone(),
            token: Some(format!("token-of-{name}")),
            ..Access::default()
        };
        Client::new(&access).expect("a client")
    }

    /// With one agent, `finance-bot` of acme or `look-bot` of globex. Both keys are trusted.
    pub(super) async fn data_plane(&self, id: &str, tenant: &str) -> Aegis {
        let keys = [("k1", &self.k1), ("k2", &self.k2)];
        self.builder(id, tenant, &keys).start().await
    }

    pub(super) fn builder(
        &self,
        id: &str,
        tenant: &str,
        keys: &[(&str, &Publisher)],
    ) -> AegisBuilder {
        Aegis::with_policy("")
            .agent(tenant, agent_of(tenant))
            .hosts(&["payments.test"])
            .controlled(&self.url, id, tenant, keys)
    }

    /// The status of a charge that acme's agent asks for.
    pub(super) async fn charge(&self, aegis: &Aegis, amount: u32) -> u16 {
        self.charge_as(aegis, "acme", amount).await
    }

    pub(super) async fn charge_as(&self, aegis: &Aegis, tenant: &str, amount: u32) -> u16 {
        let url = self.upstream.url_as("payments.test", "/v1/charges");
        let client = aegis.client(agent_of(tenant));
        let reply = client.post_json(&url, &json!({"amount": amount})).await;
        reply.status()
    }

    /// The calls that this auditor may see.
    pub(super) fn audit(&self, name: &str, more: &[&str]) -> Vec<Value> {
        let words = ["audit", "query", "--limit", "5000", "-o", "json"];
        let output = self.aegis(name, &[&words, more].concat());
        let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(told["schema_version"], 1, "{told:#}");
        told["records"].as_array().expect("a list").clone()
    }
}

fn agent_of(tenant: &str) -> &'static str {
    if tenant == "acme" {
        "finance-bot"
    } else {
        "look-bot"
    }
}

impl Tls {
    fn write(&self, home: &TempDir) {
        let server = self.ca.issue(&["127.0.0.1"]);
        write(home, "ca.pem", self.ca.pem());
        write(home, "server.pem", server.pem());
        write_private(home, "server-key.pem", &server.key_pem());
    }
}

fn write_private(home: &TempDir, name: &str, text: &str) {
    let file = write(home, name, text);
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).expect("a mode");
}

fn settings(address: &str, data_dir: &str, keys: &str, tls: Option<&Tls>) -> String {
    let files = "tls: {certificate: server.pem, key: server-key.pem, client_ca: ca.pem}";
    let files = tls.map_or("", |_| files);
    let mut text = format!(
        "listen: {{address: '{address}', {files}}}\ndata_dir: {data_dir}\nsigning: {{keys: [{keys}]}}\n"
    );
    let mut add = |section: &str, people: &[(&str, &str)]| {
        writeln!(text, "{section}:").expect("a String takes all");
        for (name, more) in people {
            let hash = digest(&SHA256, format!("token-of-{name}").as_bytes());
            let hash = hash.as_ref().iter();
            let hash = hash.fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
            let proof = match tls {
                Some(tls) if *name == "acme-1" => {
                    format!("certificate_sha256: {}", tls.acme.sha256())
                }
                _ => format!("token_sha256: {hash}"),
            };
            writeln!(text, "  - {{name: {name}, {proof}{more}}}").expect("a String takes all");
        }
    };
    let plane = ", region: eu-central-1, tenants:";
    add(
        "data_planes",
        &[
            (
                "acme-1",
                &format!("{plane} [acme], labels: {{ring: canary}}"),
            ),
            ("acme-2", &format!("{plane} [acme], labels: {{ring: rest}}")),
            ("globex-1", &format!("{plane} [globex]")),
            ("both-1", &format!("{plane} [acme, globex]")),
        ],
    );
    add("publishers", &[("ann", "")]);
    add("operators", &[("olga", "")]);
    add(
        "auditors",
        &[
            ("acme-audit", ", tenants: [acme]"),
            ("all-audit", ", tenants: ['*']"),
        ],
    );
    text
}

const KEY: &str = "{id: k1, algorithm: EdDSA, file: k1.pem}";
const SINCE: &str = ", active_from: '2026-01-01T00:00:00Z'}";

pub(super) const TEST: &str = "tests:
  - name: a charge of ten is allowed
    call: {agent: finance-bot, tool: pay, action: charge, parameters: {amount: 10}}
    expect: {outcome: allow}
";

const POLICY: &str = "
apiVersion: aegis.dev/v1
kind: Tenant
metadata: {name: acme}
spec: {agents: {finance-bot: {}}}
---
apiVersion: aegis.dev/v1
kind: Tenant
metadata: {name: globex}
spec: {agents: {look-bot: {}}}
---
apiVersion: aegis.dev/v1
kind: AgentPolicy
metadata: {name: finance}
spec:
  agents: {tenant: acme}
  tools:
    - {tool: pay, actions: [charge], parameters: {amount: {max: MAX}}}
---
apiVersion: aegis.dev/v1
kind: AgentPolicy
metadata: {name: look}
spec:
  agents: {tenant: globex}
  tools:
    - {tool: pay, actions: [charge], parameters: {amount: {max: 1}}}
---
apiVersion: aegis.dev/v1
kind: Tool
metadata: {name: pay}
spec:
  protocol: rest
  hosts: ['payments.test:PORT']
  operations:
    - {action: charge, method: POST, path: /v1/charges, recordable: [amount]}
";
