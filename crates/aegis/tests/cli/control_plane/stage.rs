//! A control plane's process with its principals and a directory of policies, and data planes that belong to it.

use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use aegis_client::{Access, Client};
use aegis_testkit::{Aegis, AegisBuilder, Publisher, Upstream};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Running, command, home, path, write};

pub(super) struct Stage {
    pub(super) k1: Publisher,
    pub(super) k2: Publisher,
    home: TempDir,
    config: String,
    url: String,
    plane: Option<Running>,
    upstream: Upstream,
}

impl Stage {
    pub(super) async fn start() -> Self {
        let home = home();
        // It must come back at the same address after a crash.
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = free.local_addr().expect("an address").to_string();
        drop(free);
        let (k1, k2) = (Publisher::new(), Publisher::new());
        for (name, key) in [("k1.pem", &k1), ("k2.pem", &k2)] {
            let file = write(&home, name, key.private_pem());
            fs::set_permissions(file, fs::Permissions::from_mode(0o600)).expect("a mode");
        }
        let config = write(&home, "control.yaml", &settings(&address, "data", KEY));
        let mut stage = Self {
            k1,
            k2,
            home,
            config,
            url: format!("http://{address}"),
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

    /// The second key signs from now on.
    pub(super) fn rotate(&mut self) {
        self.kill();
        let address = self.url.trim_start_matches("http://");
        let keys = format!("{KEY}, {}", KEY.replace("k1", "k2").replace('}', SINCE));
        fs::write(&self.config, settings(address, "data", &keys)).expect("the settings");
        self.start_again();
    }

    /// Of another control plane, on any port.
    pub(super) fn second_config(&self) -> String {
        write(
            &self.home,
            "second.yaml",
            &settings("127.0.0.1:0", "other", KEY),
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
        let policies = path(&self.home.path().join("policies"));
        let words = ["publish", &policies, "--reason", "a test"];
        self.aegis("ann", &[&words, more].concat())
    }

    /// As somebody whose token is `token-of-NAME`.
    pub(super) fn aegis(&self, name: &str, words: &[&str]) -> Output {
        let mut command = command(words);
        command.args(["--control", &self.url]);
        command.env("AEGIS_TOKEN", format!("token-of-{name}"));
        command.output().expect("it starts")
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
        serde_json::from_slice(&output.stdout).expect("JSON")
    }
}

fn agent_of(tenant: &str) -> &'static str {
    if tenant == "acme" {
        "finance-bot"
    } else {
        "look-bot"
    }
}

fn settings(address: &str, data_dir: &str, keys: &str) -> String {
    let mut text = format!(
        "listen: {{address: '{address}'}}\ndata_dir: {data_dir}\nsigning: {{keys: [{keys}]}}\n"
    );
    let mut add = |section: &str, people: &[(&str, &str)]| {
        writeln!(text, "{section}:").expect("a String takes all");
        for (name, more) in people {
            let hash = digest(&SHA256, format!("token-of-{name}").as_bytes());
            let hash = hash.as_ref().iter();
            let hash = hash.fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
            writeln!(text, "  - {{name: {name}, token_sha256: {hash}{more}}}")
                .expect("a String takes all");
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
