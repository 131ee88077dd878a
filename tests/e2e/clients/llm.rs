//! SDKs of LLM APIs against models that propose calls: what passes, and the error that each raises for what does not.

mod signature;
mod world;

use serde_json::{Value, json};

use super::environment::Environment;
use super::fakes::{ALLOWED_CALL, Api, DENIED_CALL, DOUBTED_CALL, HEARD, PLACE, SECRET_TEXT};
use super::front::{CREDENTIAL, Front, SERVICE_KEY};
use super::matrix::{self, Row, clients};
use world::World;

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
    /// Where it looks for its base URL.
    base_url: &'static str,
    key: Key,
    /// Whether it shows its key over TLS only.
    wants_tls: bool,
}

/// What an SDK shows.
#[derive(Clone, Copy)]
enum Key {
    /// What it finds in this variable.
    Alone(&'static str),
    /// A signature of AWS, and a session token where it has one.
    Signature,
}

#[derive(Clone, Copy)]
enum Runtime {
    /// With the packages of this environment, which `make tools` makes.
    Python(&'static str),
    Node,
}

clients! {
    Client;
    anthropic_for_python: python("anthropic", Api::Messages, "anthropic_messages.py", "APIError"),
    anthropic_on_bedrock: Client {
        base_url: "ANTHROPIC_BEDROCK_BASE_URL",
        ..python("anthropic", Api::InvokeModel, "anthropic_messages.py", "APIError")
    },
    anthropic_on_vertex: python("anthropic", Api::VertexMessages, "anthropic_messages.py", "APIError"),
    anthropic_for_node: node("@anthropic-ai/sdk", Api::Messages, "anthropic_messages.mjs", "APIError"),
    boto3_converse: Client {
        wants_tls: true,
        ..python("boto3", Api::Converse, "boto3_converse.py", "ClientError")
    },
    boto3_invoke_model: Client {
        key: Key::Signature,
        ..python("boto3", Api::InvokeModel, "boto3_invoke_model.py", "ClientError")
    },
    google_genai: python("google-genai", Api::GenerateContent, "google_genai.py", "APIError"),
    google_genai_on_vertex: python("google-genai", Api::VertexContent, "google_genai.py", "APIError"),
    openai_for_python_chat: python("openai", Api::ChatCompletions, "openai_chat.py", "APIError"),
    openai_for_python_responses: python("openai", Api::Responses, "openai_responses.py", "APIError"),
    openai_on_azure_chat: python("openai", Api::AzureChat, "openai_chat.py", "APIError"),
    openai_on_azure_responses: python("openai", Api::AzureResponses, "openai_responses.py", "APIError"),
    openai_for_node_chat: node("openai", Api::ChatCompletions, "openai_chat.mjs", "APIError"),
    openai_for_node_responses: node("openai", Api::Responses, "openai_responses.mjs", "APIError"),
    openai_for_node_on_azure_chat: node("openai", Api::AzureChat, "openai_chat.mjs", "APIError"),
    openai_for_node_on_azure_responses: node("openai", Api::AzureResponses, "openai_responses.mjs", "APIError"),
    litellm_to_anthropic: litellm(Api::Messages, "anthropic/"),
    litellm_to_azure: Client {
        key: Key::Alone("AZURE_API_KEY"),
        ..litellm(Api::AzureChat, "azure/")
    },
    litellm_to_bedrock: litellm(Api::Converse, "bedrock/converse/"),
    litellm_to_gemini: litellm(Api::GenerateContent, "gemini/"),
    litellm_to_openai: litellm(Api::ChatCompletions, "openai/"),
    litellm_to_vertex: litellm(Api::VertexContent, "vertex_ai/"),
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
        base_url: api.base_url(),
        key: Key::Alone(api.key()),
        wants_tls: false,
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
        base_url: match api {
            Api::Converse => "AWS_BEDROCK_RUNTIME_ENDPOINT",
            Api::GenerateContent => "GEMINI_API_BASE",
            Api::AzureChat => "AZURE_API_BASE",
            Api::VertexContent => "VERTEXAI_API_BASE",
            _ => api.base_url(),
        },
        ..python("litellm", api, "litellm_completion.py", "OpenAIError")
    }
}

async fn keeps_its_promises(client: Client, front: Front) {
    let world = World::start(&client, front).await;
    let seen = world.drive(&client).await;

    assert_eq!(seen["allow"]["text"], HEARD, "{seen}");
    let denied = client.refusal(&seen["deny"]);
    assert!(denied.contains("parameter.enum"), "{denied}");
    let waiting = client.refusal(&seen["approval_needed"]);
    let asked = world.approval_id("llm").await;
    assert!(waiting.contains(&asked), "{waiting}");

    assert_eq!(seen["stream"]["exception"], Value::Null, "{seen}");
    assert_eq!(joined(&seen["stream"]), HEARD, "{seen}");
    assert!(!seen.to_string().contains(SECRET_TEXT), "{seen}");
    let proposed = &seen["proposed_allowed"];
    let call = json!({"name": ALLOWED_CALL.name, "arguments": ALLOWED_CALL.whole()});
    assert_eq!(proposed["calls"], json!([call]), "{proposed}");
    assert_eq!(proposed["exception"], Value::Null, "{proposed}");

    client.assert_token(&seen["proposed_token"], front);

    let proposed = world.approval_id(DOUBTED_CALL.name).await;
    for (case, told) in [
        ("proposed_denied", "(rule tool)"),
        ("proposed_approval_needed", &proposed),
    ] {
        let ended = &seen[case];
        assert_eq!(joined(ended), HEARD, "{ended}");
        assert!(client.refusal(ended).contains(told), "{ended}");
        for hidden in [DENIED_CALL.name, DOUBTED_CALL.name, "secret-plans"] {
            assert!(!ended.to_string().contains(hidden), "{ended}");
        }
    }

    if client.driver == "openai_responses.py" {
        client.assert_stored(&seen);
    }
    matrix::compare(&client.row(&seen, front));
}

/// All of the text that the caller was given, however it came in pieces.
fn joined(case: &Value) -> String {
    let texts = case["texts"].as_array().expect("texts");
    texts.iter().filter_map(Value::as_str).collect()
}

impl Client {
    /// In the variables that its own documentation names.
    fn configure(&self, environment: Environment, base_url: &str, front: Front) -> Environment {
        let environment = environment.with(self.base_url, base_url);
        match (self.key, front) {
            (Key::Alone(variable), _) => environment.with(variable, front.api_key()),
            (Key::Signature, Front::Forward) => environment
                .with("AWS_ACCESS_KEY_ID", SERVICE_KEY)
                .with("AWS_SECRET_ACCESS_KEY", "anything"),
            (Key::Signature, Front::Gateway) => environment
                .with("AWS_ACCESS_KEY_ID", "bot")
                .with("AWS_SECRET_ACCESS_KEY", "anything")
                .with("AWS_SESSION_TOKEN", CREDENTIAL),
        }
    }

    /// The model was told a token, and the agent is to call with the value. Not where the client
    /// vouches for the bytes of its request: nothing in them can be replaced.
    fn assert_token(&self, seen: &Value, front: Front) {
        if let (Key::Signature, Front::Forward) = (self.key, front) {
            return assert!(self.refusal(seen).contains("signed"), "{seen}");
        }
        let call = json!({"name": ALLOWED_CALL.name, "arguments": {"city": PLACE}});
        assert_eq!(seen["calls"], json!([call]), "{seen}");
        assert_eq!(seen["exception"], Value::Null, "{seen}");
    }

    /// What the provider has kept is judged when it is fetched.
    fn assert_stored(&self, seen: &Value) {
        let call = json!({"name": ALLOWED_CALL.name, "arguments": ALLOWED_CALL.whole()});
        for case in ["stored_allowed", "stored_allowed_stream"] {
            assert_eq!(seen[case]["exception"], Value::Null, "{seen}");
            assert_eq!(joined(&seen[case]), HEARD, "{seen}");
            assert_eq!(seen[case]["calls"], json!([call]), "{seen}");
        }
        for case in ["stored_denied", "stored_denied_stream"] {
            let ended = &seen[case];
            assert!(self.refusal(ended).contains("(rule tool)"), "{ended}");
            assert!(!ended.to_string().contains(DENIED_CALL.name), "{ended}");
        }
    }

    /// The message of a typed error.
    fn refusal<'c>(&self, case: &'c Value) -> &'c str {
        let bases = case["bases"].as_array();
        assert!(
            bases.is_some_and(|it| it.contains(&self.error.into())),
            "{case}"
        );
        case["message"].as_str().expect("a message")
    }

    fn row(&self, seen: &Value, front: Front) -> Row {
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
            api: self.api.name().to_owned(),
            front: front.name(),
            version: seen["client"]["version"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            outcomes: matrix::CASES.map(outcome),
        }
    }
}
