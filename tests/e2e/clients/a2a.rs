//! The a2a-sdk for Python against an agent that the same SDK serves: what passes, and the error that it raises for what does not.

use aegis_testkit::{Aegis, TestCa};
use serde_json::{Value, json};

use super::approval_ids;
use super::front::Front;
use super::matrix::{self, CASES, Row, clients};
use super::server::Server;

/// A version of A2A in one of its bindings, as cards name them.
#[derive(Clone, Copy)]
struct Language {
    api: &'static str,
    version: &'static str,
    binding: &'static str,
    /// What the SDK raises for a refusal.
    error: &'static str,
}

clients! {
    Language;
    a2a_1_0_over_json_rpc: language("A2A 1.0 JSON-RPC", "1.0", "JSONRPC", "A2AClientError"),
    a2a_1_0_over_http: language("A2A 1.0 HTTP+JSON", "1.0", "HTTP+JSON", "UnsupportedOperationError"),
    a2a_0_3_over_json_rpc: language("A2A 0.3 JSON-RPC", "0.3", "JSONRPC", "A2AClientError"),
    a2a_0_3_over_http: language("A2A 0.3 HTTP+JSON", "0.3", "HTTP+JSON", "UnsupportedOperationError"),
}

async fn keeps_its_promises(language: Language, front: Front) {
    let mut agent = launch(language).await;
    let upstream = format!("http://{HOST}:{}", agent.port);
    let aegis = Aegis::with_policy(&POLICY.replace("PORT", &agent.port.to_string()))
        .agent("acme", "bot")
        .hosts(&[HOST])
        .service("agent", &upstream, None)
        .start()
        .await;
    let url = front.base_url(&aegis, "agent", &upstream);
    // Its card names the URL under which its callers reach it, as any server's does behind a gateway.
    agent.tell(&url).await;
    let environment = front.environment(&aegis, &TestCa::new()).await;
    let seen = environment
        .with("A2A_URL", url)
        .with("A2A_KEY", front.api_key())
        .with("A2A_BINDING", language.binding)
        .python_of("a2a", "a2a_client.py")
        .await;

    assert_eq!(seen["card"]["agent"], "helper", "{seen}");
    assert_eq!(seen["allow"]["text"], "hello", "{seen}");
    assert_eq!(seen["get"]["state"], "TASK_STATE_COMPLETED", "{seen}");
    assert_eq!(seen["cancel"]["state"], "TASK_STATE_CANCELED", "{seen}");
    assert_eq!(seen["stream"]["texts"], json!(["hel", "lo"]), "{seen}");
    for case in ["deny", "deny_stream"] {
        let message = language.refusal(&seen[case]);
        assert!(message.contains("(rule parameter.enum)"), "{message}");
    }
    let waiting = approval_ids(&aegis, "helper").await;
    assert_eq!(waiting.len(), 2, "one for each action");
    for case in ["approval_needed", "approval_needed_stream"] {
        let message = language.refusal(&seen[case]);
        let names_one = waiting.iter().any(|id| message.contains(id));
        assert!(names_one, "{message}");
    }
    matrix::compare(&language.row(&seen, front));
}

const fn language(
    api: &'static str,
    version: &'static str,
    binding: &'static str,
    error: &'static str,
) -> Language {
    Language {
        api,
        version,
        binding,
        error,
    }
}

impl Language {
    /// The message of a typed error.
    fn refusal(self, case: &Value) -> &str {
        assert_eq!(case["exception"], self.error, "{case}");
        let bases = case["bases"].as_array().expect("a list");
        assert!(bases.contains(&json!("A2AError")), "{case}");
        case["message"].as_str().expect("a message")
    }

    /// Agents propose no calls to their callers.
    fn row(self, seen: &Value, front: Front) -> Row {
        let outcome = |case: &str| match seen[case]["exception"].as_str() {
            _ if case.starts_with("proposed") => "–".to_owned(),
            None => "ok".to_owned(),
            Some(exception) => format!("`{exception}`"),
        };
        let version = seen["client"]["version"].as_str();
        Row {
            client: "a2a-sdk (PyPI)".to_owned(),
            api: self.api.to_owned(),
            front: front.name(),
            version: version.unwrap_or_default().to_owned(),
            outcomes: CASES.map(outcome),
        }
    }
}

/// An agent that the SDK itself makes.
async fn launch(language: Language) -> Server {
    let settings = [
        ("A2A_VERSION", language.version),
        ("A2A_BINDING", language.binding),
    ];
    Server::launch("a2a", "a2a_agent.py", &settings).await
}

const HOST: &str = "helper.test";

const POLICY: &str = "
tenants:
  acme: {regions: [eu-central-1]}
agents:
  bot: {tenant: acme, profile: bot}
profiles:
  bot:
    data: {EMAIL_ADDRESS: approval_needed}
    tools:
      helper:
        card: {}
        send: {skill: {enum: [greet], required: true}}
        stream: {skill: {enum: [greet], required: true}}
        get: {}
        cancel: {}
catalogue:
  helper: {hosts: ['helper.test:PORT'], protocol: a2a, regions: [eu-central-1]}
";
