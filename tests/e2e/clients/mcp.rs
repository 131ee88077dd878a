//! SDKs of MCP against a server that one of them makes, each against each: what passes, what is not listed, and how they tell a refusal.

use aegis_testkit::{Aegis, TestCa, bearer};
use serde_json::{Value, json};

use super::approval_ids;
use super::environment::Environment;
use super::front::{Front, SERVICE_KEY};
use super::matrix::{self, CASES, Row, clients};
use super::server::Server;

/// A package, the revision that it speaks, and how the server answers it.
#[derive(Clone, Copy)]
struct Client {
    package: &'static str,
    revision: &'static str,
    answers: Answers,
    server: Sdk,
    /// What it raises for a refusal.
    error: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Answers {
    Json,
    Events,
}

/// Of the server.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sdk {
    Python,
    Node,
}

clients! {
    Client;
    mcp_for_python_without_sessions_in_json: python(STATELESS, Answers::Json),
    mcp_for_python_without_sessions_in_events: python(STATELESS, Answers::Events),
    mcp_for_python_with_sessions_in_json: python(SESSIONS, Answers::Json),
    mcp_for_python_with_sessions_in_events: python(SESSIONS, Answers::Events),
    mcp_for_node_with_sessions_in_json: node(Answers::Json),
    mcp_for_node_with_sessions_in_events: node(Answers::Events),
    mcp_for_python_with_a_server_of_node_in_json: python(SESSIONS, Answers::Json).at_node(),
    mcp_for_python_with_a_server_of_node_in_events: python(SESSIONS, Answers::Events).at_node(),
    mcp_for_node_with_a_server_of_node_in_json: node(Answers::Json).at_node(),
    mcp_for_node_with_a_server_of_node_in_events: node(Answers::Events).at_node(),
}

/// The model reads it, and no SDK raises anything.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_can_be_the_result_of_a_tool() {
    for client in [python(STATELESS, Answers::Events), node(Answers::Json)] {
        Front::both(|front| Box::pin(is_refused_by_results(client, front))).await;
    }
}

/// In a message of its own, or in the result of the call. In the older revision, a server that answers in
/// JSON has no way to.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_asks_what_policy_lets_it_ask_and_hears_what_policy_lets_it_hear() {
    for client in [
        python(STATELESS, Answers::Json),
        python(STATELESS, Answers::Events),
        python(SESSIONS, Answers::Events),
    ] {
        Front::both(|front| Box::pin(is_asked(client, front))).await;
    }
}

async fn is_asked(client: Client, front: Front) {
    let world = World::with_policy(&client, front, ASKING).await;
    let seen = world.drive(&client, "mcp_asked.py").await;
    let heard = "to [REDACTED:EMAIL_ADDRESS]";
    assert_eq!(seen["plan"]["text"], heard, "{seen}");
    let denied = client.refusal(&seen["ponder"], "deny");
    assert!(denied.contains("(rule tool)"), "{denied}");
    assert_eq!(seen["asked"]["who"], json!(["user"]), "{seen}");
}

async fn keeps_its_promises(client: Client, front: Front) {
    let world = World::start(&client, front, "error").await;
    let seen = world.drive(&client, client.driver()).await;

    let begun = json!([seen["initialize"]["server"], seen["initialize"]["protocol"]]);
    assert_eq!(begun, json!(["docs", client.revision]), "{seen}");
    let usable = json!(["search", "index", "publish", "seen"]);
    assert_eq!(seen["list"]["tools"], usable, "{seen}");
    assert_eq!(seen["allow"]["text"], "found: rego", "{seen}");
    assert_eq!(seen["stream"]["text"], "indexed", "{seen}");
    if client.answers == Answers::Events {
        assert_eq!(seen["stream"]["progress"], json!([1, 2]), "{seen}");
    }

    let denied = client.refusal(&seen["deny"], "deny");
    assert!(denied.contains("(rule tool)"), "{denied}");
    let waiting = client.refusal(&seen["approval_needed"], "approval_needed");
    let id = world.approval_id().await;
    assert!(waiting.contains(&id), "{waiting}");
    assert_eq!(seen["approval_needed"]["data"]["approval_id"], id, "{seen}");

    assert_eq!(seen["seen"]["called"], json!(["search", "index"]), "{seen}");
    let key = format!("Bearer {SERVICE_KEY}");
    assert_eq!(seen["seen"]["key"], key, "{seen}");
    matrix::compare(&client.row(&seen, front));
}

async fn is_refused_by_results(client: Client, front: Front) {
    let world = World::start(&client, front, "tool_result").await;
    let seen = world.drive(&client, client.driver()).await;
    for (case, told) in [
        ("deny", "(rule tool)"),
        ("approval_needed", &world.approval_id().await),
    ] {
        let result = &seen[case];
        assert_eq!(result["is_error"], true, "{result}");
        let text = result["text"].as_str().expect("a text");
        assert!(text.contains(told), "{text}");
    }
}

const fn python(revision: &'static str, answers: Answers) -> Client {
    Client {
        package: "mcp (PyPI)",
        revision,
        answers,
        server: Sdk::Python,
        error: "MCPError",
    }
}

/// It knows no later revision.
const fn node(answers: Answers) -> Client {
    Client {
        package: "@modelcontextprotocol/sdk (npm)",
        revision: SESSIONS,
        answers,
        server: Sdk::Python,
        error: "McpError",
    }
}

impl Client {
    const fn at_node(self) -> Self {
        Self {
            server: Sdk::Node,
            ..self
        }
    }

    fn driver(&self) -> &'static str {
        if self.error == "McpError" {
            "mcp_client.mjs"
        } else {
            "mcp_client.py"
        }
    }

    async fn drive(&self, environment: Environment, driver: &str) -> Value {
        if self.error == "McpError" {
            return environment.node(driver).await;
        }
        // It asks a server of another revision for the newest one first.
        let mode = if self.revision == STATELESS || self.server == Sdk::Node {
            "auto"
        } else {
            "legacy"
        };
        let environment = environment.with("MCP_MODE", mode);
        environment.python(driver).await
    }

    /// The message of its own error, whose data is our document.
    fn refusal<'c>(&self, case: &'c Value, outcome: &str) -> &'c str {
        assert_eq!(case["exception"], self.error, "{case}");
        assert_eq!(case["data"]["outcome"], outcome, "{case}");
        case["message"].as_str().expect("a message")
    }

    /// Servers propose no calls, and what is one document is no stream.
    fn row(&self, seen: &Value, front: Front) -> Row {
        let in_json = self.answers == Answers::Json;
        let outcome = |case: &str| match seen[case]["exception"].as_str() {
            _ if case.starts_with("proposed") || (in_json && case == "stream") => "–".to_owned(),
            None => "ok".to_owned(),
            Some(exception) => format!("`{exception}`"),
        };
        let form = if in_json { "JSON" } else { "SSE" };
        let server = match self.server {
            Sdk::Python => "",
            Sdk::Node => ", npm server",
        };
        let version = seen["client"]["version"].as_str();
        Row {
            client: self.package.to_owned(),
            api: format!("MCP {} {form}{server}", self.revision),
            front: front.name(),
            version: version.unwrap_or_default().to_owned(),
            outcomes: CASES.map(outcome),
        }
    }
}

/// A server behind TLS, and a data plane in front of it.
struct World {
    aegis: Aegis,
    environment: Environment,
    _server: Server,
}

impl World {
    /// `refuse_as` is of the agent's profile.
    async fn start(client: &Client, front: Front, refuse_as: &str) -> Self {
        Self::with_policy(client, front, &POLICY.replace("REFUSE_AS", refuse_as)).await
    }

    async fn with_policy(client: &Client, front: Front, policy: &str) -> Self {
        let ca = TestCa::new();
        let server = serve(&ca, client).await;
        let policy = policy.replace("PORT", &server.port.to_string());
        let builder = Aegis::with_policy(&policy)
            .agent("acme", "bot")
            .hosts(&[HOST])
            .upstream_ca(&ca);
        let key = bearer(builder.key_file("key", SERVICE_KEY));
        let upstream = format!("https://{HOST}:{}", server.port);
        let aegis = builder.service("tools", &upstream, key).start().await;
        let url = front.base_url(&aegis, "tools", &upstream);
        let environment = front.environment(&aegis, &ca).await;
        Self {
            environment: environment
                .with("MCP_URL", format!("{url}/mcp"))
                .with("MCP_KEY", front.api_key()),
            aegis,
            _server: server,
        }
    }

    async fn drive(&self, client: &Client, driver: &str) -> Value {
        client.drive(self.environment.clone(), driver).await
    }

    /// Of the one call that waits for a human.
    async fn approval_id(&self) -> String {
        let mut waiting = approval_ids(&self.aegis, "docs/publish").await;
        assert_eq!(waiting.len(), 1);
        waiting.remove(0)
    }
}

/// It has read its certificate when it says where it is.
async fn serve(ca: &TestCa, client: &Client) -> Server {
    let certificate = ca.issue(&[HOST]);
    let home = tempfile::tempdir().expect("a directory");
    let file = |name: &str, text: &str| {
        let path = home.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("UTF-8").to_owned()
    };
    let answers = match client.answers {
        Answers::Json => "json",
        Answers::Events => "events",
    };
    let settings = [
        ("MCP_ANSWERS", answers),
        ("CERTIFICATE", &file("server.pem", certificate.pem())),
        ("KEY", &file("server.key", &certificate.key_pem())),
    ];
    match client.server {
        Sdk::Python => Server::launch("python", "mcp_server.py", &settings).await,
        Sdk::Node => Server::launch_node("mcp_server.mjs", &settings).await,
    }
}

const HOST: &str = "docs.test";
const STATELESS: &str = "2026-07-28";
const SESSIONS: &str = "2025-11-25";

const POLICY: &str = "
tenants:
  acme: {regions: [eu-central-1]}
agents:
  bot: {tenant: acme, profile: bot}
profiles:
  bot:
    mcp: {refuse_as: REFUSE_AS}
    tools:
      docs: {server/discover: {}, initialize: {}, notifications/initialized: {}, tools/list: {}, stream: {}, end: {}}
      docs/search: {call: {}}
      docs/index: {call: {}}
      docs/publish: {call: {readers: {approve_above: 100}}}
      docs/seen: {call: {}}
catalogue:
  docs: {hosts: ['docs.test:PORT'], protocol: mcp, regions: [eu-central-1]}
";

const ASKING: &str = "
tenants:
  acme: {regions: [eu-central-1]}
agents:
  bot: {tenant: acme, profile: bot}
profiles:
  bot:
    data: {EMAIL_ADDRESS: sanitize}
    proposed: {tools: {docs/elicitation/create: {}}}
    tools:
      docs: {server/discover: {}, initialize: {}, notifications/initialized: {}, tools/list: {}, stream: {}, end: {}, response: {}}
      docs/plan: {call: {}}
      docs/ponder: {call: {}}
catalogue:
  docs: {hosts: ['docs.test:PORT'], protocol: mcp, regions: [eu-central-1]}
";
