//! SDKs of LLM APIs against models that propose calls: what passes, and the error that each raises for what does not.

use aegis_testkit::{Aegis, TestCa, Upstream};
use serde_json::{Value, json};

use super::environment::Environment;
use super::fakes::{ALLOWED_CALL, Api, DENIED_CALL, TEXT};
use super::matrix::{self, Row};

/// A package that speaks an API, and the driver that calls it.
#[derive(Clone, Copy)]
struct Client {
    package: &'static str,
    runtime: Runtime,
    api: Api,
    driver: &'static str,
    /// Every error of it that is no accident stands on this type.
    error: &'static str,
    /// What a package of many providers wants before the model's name.
    prefix: &'static str,
}

#[derive(Clone, Copy)]
enum Runtime {
    /// With the packages of this environment, which `make tools` makes.
    Python(&'static str),
    Node,
}

/// One promise for each.
macro_rules! clients {
    ($($promise:ident: $client:expr,)+) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $promise() {
            keeps_its_promises(&$client).await;
        })+

        const CLIENTS: &[Client] = &[$($client),+];
    };
}

clients! {
    anthropic_for_python: python("anthropic", Api::Messages, "anthropic_messages.py", "APIError"),
    anthropic_for_node: node("@anthropic-ai/sdk", Api::Messages, "anthropic_messages.mjs", "APIError"),
    boto3: python("boto3", Api::Converse, "boto3_converse.py", "ClientError"),
    google_genai: python("google-genai", Api::GenerateContent, "google_genai.py", "APIError"),
    openai_for_python_chat: python("openai", Api::ChatCompletions, "openai_chat.py", "APIError"),
    openai_for_python_responses: python("openai", Api::Responses, "openai_responses.py", "APIError"),
    openai_for_node_chat: node("openai", Api::ChatCompletions, "openai_chat.mjs", "APIError"),
    openai_for_node_responses: node("openai", Api::Responses, "openai_responses.mjs", "APIError"),
    litellm_to_anthropic: litellm(Api::Messages, "anthropic/"),
    litellm_to_bedrock: litellm(Api::Converse, "bedrock/converse/"),
    litellm_to_gemini: litellm(Api::GenerateContent, "gemini/"),
    litellm_to_openai: litellm(Api::ChatCompletions, "openai/"),
}

#[test]
fn the_matrix_has_a_row_for_each_client_and_no_other() {
    let mut rows: Vec<String> = CLIENTS
        .iter()
        .map(|client| client.row(&Value::Null, FORWARD).key())
        .chain(super::a2a::keys())
        .collect();
    rows.sort();
    assert_eq!(matrix::keys(), rows);
}

const fn python(
    package: &'static str,
    api: Api,
    driver: &'static str,
    error: &'static str,
) -> Client {
    Client {
        package,
        runtime: Runtime::Python("python"),
        api,
        driver,
        error,
        prefix: "",
    }
}

const fn node(
    package: &'static str,
    api: Api,
    driver: &'static str,
    error: &'static str,
) -> Client {
    Client {
        runtime: Runtime::Node,
        ..python(package, api, driver, error)
    }
}

/// Its exceptions stand on those of the openai SDK, whatever the provider.
const fn litellm(api: Api, prefix: &'static str) -> Client {
    Client {
        runtime: Runtime::Python("litellm"),
        prefix,
        ..python("litellm", api, "litellm_completion.py", "OpenAIError")
    }
}

async fn keeps_its_promises(client: &Client) {
    let world = World::forward(client.api).await;
    let seen = world.drive(client).await;
    let text = TEXT.concat();

    assert_eq!(seen["allow"]["text"], text, "{seen}");
    let denied = client.refusal(&seen["deny"]);
    assert!(denied.contains("parameter.enum"), "{denied}");
    let waiting = client.refusal(&seen["approval_needed"]);
    assert!(waiting.contains(&world.approval_id().await), "{waiting}");

    assert_eq!(seen["stream"]["exception"], Value::Null, "{seen}");
    assert_eq!(seen["stream"]["texts"], json!(TEXT), "{seen}");
    let proposed = &seen["proposed_allowed"];
    let call = json!({"name": ALLOWED_CALL.name, "arguments": ALLOWED_CALL.whole()});
    assert_eq!(proposed["calls"], json!([call]), "{proposed}");
    assert_eq!(proposed["exception"], Value::Null, "{proposed}");

    let ended = &seen["proposed_denied"];
    assert_eq!(ended["texts"], json!(TEXT), "{ended}");
    assert!(client.refusal(ended).contains("(rule tool)"), "{ended}");
    for hidden in [DENIED_CALL.name, "secret-plans"] {
        assert!(!ended.to_string().contains(hidden), "{ended}");
    }

    matrix::compare(&client.row(&seen, world.front));
}

impl Client {
    /// The message of a typed error.
    fn refusal<'c>(&self, case: &'c Value) -> &'c str {
        let bases = case["bases"].as_array();
        assert!(
            bases.is_some_and(|it| it.contains(&self.error.into())),
            "{case}"
        );
        case["message"].as_str().expect("a message")
    }

    fn row(&self, seen: &Value, front: &'static str) -> Row {
        let registry = match self.runtime {
            Runtime::Python(_) => "PyPI",
            Runtime::Node => "npm",
        };
        let outcome = |case: &str| match seen[case]["exception"].as_str() {
            None => "ok".to_owned(),
            Some(exception) => format!("`{exception}`"),
        };
        Row {
            client: format!("{} ({registry})", self.package),
            api: self.api.name(),
            front,
            version: seen["client"]["version"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            outcomes: matrix::CASES.map(outcome),
        }
    }
}

/// One provider behind TLS, and a proxy in front of it.
struct World {
    aegis: Aegis,
    front: &'static str,
    base_url: String,
    environment: Environment,
    provider: Upstream,
}

impl World {
    /// Its address is the provider's own, and the proxy stands in the environment.
    async fn forward(api: Api) -> Self {
        let ca = TestCa::new();
        let provider = Upstream::https(&ca, &[HOST]).h2();
        let provider = provider
            .answer(move |request| api.answer(request))
            .start()
            .await;
        let aegis = Aegis::with_policy(&POLICY.replace("PROTOCOL", api.protocol()))
            .agent("acme", "bot")
            .hosts(&[HOST])
            .upstream_ca(&ca)
            .start()
            .await;
        Self {
            front: FORWARD,
            base_url: provider.url_as(HOST, api.base_path()),
            environment: Environment::of(&aegis, &ca).await,
            aegis,
            provider,
        }
    }

    async fn drive(&self, client: &Client) -> Value {
        let model = |name: &str| format!("{}{name}", client.prefix);
        let environment = self
            .environment
            .clone()
            .with("LLM_URL", &self.base_url)
            .with("LLM_MODEL", model("demo-model"))
            .with("LLM_DENIED_MODEL", model("forbidden-model"));
        let seen = match client.runtime {
            Runtime::Python(packages) => environment.python_of(packages, client.driver).await,
            Runtime::Node => environment.node(client.driver).await,
        };
        for request in self.provider.requests() {
            let sent = format!("{} {}", request.target, request.text());
            for refused in ["forbidden-model", "ann@corp.example"] {
                assert!(!sent.contains(refused), "{refused} reached the provider");
            }
        }
        seen
    }

    /// Of the one call that waits for a human.
    async fn approval_id(&self) -> String {
        let (_, list) = self.aegis.admin_get("/approvals").await;
        let list: Value = serde_json::from_str(&list).expect("JSON");
        assert_eq!(list["pending"].as_array().map(Vec::len), Some(1), "{list}");
        let id = list["pending"][0]["approval_id"].as_str();
        id.expect("an id").to_owned()
    }
}

const HOST: &str = "llm.test";

const FORWARD: &str = "forward";

const POLICY: &str = "
tenants:
  acme: {regions: [eu-central-1]}
agents:
  bot: {tenant: acme, profile: bot}
profiles:
  bot:
    tools:
      llm:
        chat: {model: {enum: [demo-model]}}
    data: {email: approval_needed}
    proposed:
      tools:
        get_weather: {city: {required: true}}
catalogue:
  llm: {hosts: [llm.test], protocol: PROTOCOL, regions: [eu-central-1]}
";
