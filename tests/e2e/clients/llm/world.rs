//! One provider behind TLS, which takes nobody without its own key, and a data plane in front of it. It judges no answer.

use aegis_config::{KeySource, ListenTls, ServiceCredential, Sigv4};
use aegis_testkit::{Aegis, AegisBuilder, TestCa, Upstream, bearer, header_key};
use serde_json::Value;

use super::super::approval_ids;
use super::super::environment::Environment;
use super::super::fakes::{Api, PLACE};
use super::super::front::{CREDENTIAL, Front, SERVICE_KEY};
use super::{Client, Runtime, signature};

pub(super) struct World {
    aegis: Aegis,
    api: Api,
    front: Front,
    base_url: String,
    environment: Environment,
    provider: Upstream,
}

impl World {
    pub(super) async fn start(client: &Client, front: Front) -> Self {
        let api = client.api;
        let ca = TestCa::new();
        let provider = Upstream::https(&ca, &[HOST]).h2();
        let provider = provider
            .answer(move |request| api.answer(request))
            .start()
            .await;
        let upstream = provider.url_as(HOST, api.base_path());
        let policy = POLICY
            .replace("MODEL", api.model())
            .replace("PROTOCOL", api.protocol());
        // Nobody else has such an action.
        let stored = match api.protocol() {
            "openai" => "        retrieve: {}\n",
            _ => "",
        };
        let policy = policy.replace("STORED", stored);
        let builder = Aegis::with_policy(&policy)
            .agent("acme", "bot")
            .hosts(&[HOST])
            .upstream_ca(&ca);
        let key = credential(api, &builder);
        let mut builder = builder.service(SERVICE, &upstream, key);
        if client.wants_tls && front == Front::Gateway {
            builder = builder.settings(|it| it.listen.tls = Some(ListenTls::default()));
        }
        let aegis = builder.start().await;
        Self {
            api,
            front,
            base_url: front.base_url(&aegis, SERVICE, &upstream),
            environment: front.environment(&aegis, &ca).await,
            aegis,
            provider,
        }
    }

    /// What the client saw; the provider saw its own key, and nothing that was refused.
    pub(super) async fn drive(&self, client: &Client) -> Value {
        let model = |name: &str| format!("{}{name}", client.prefix);
        let environment = self
            .environment
            .clone()
            .with("LLM_MODEL", model(self.api.model()))
            .with("LLM_DENIED_MODEL", model("forbidden-model"));
        let environment = client.configure(environment, &self.base_url, self.front);
        let seen = match client.runtime {
            Runtime::Python(packages) => environment.python_of(packages, client.driver).await,
            Runtime::Node => environment.node(client.driver).await,
        };
        let requests = self.provider.requests();
        for request in &requests {
            // Some SDKs of Anthropic show their key as a bearer.
            let mut shown = [self.api.key_header(), "authorization"]
                .into_iter()
                .filter_map(|name| request.header(name));
            let paid = shown.any(|value| value.contains(SERVICE_KEY));
            assert!(paid, "{:?}", request.headers);
            let (target, headers) = (&request.target, &request.headers);
            let sent = format!("{target} {headers:?} {}", request.text());
            for refused in ["forbidden-model", "ann@corp.example", PLACE, CREDENTIAL] {
                assert!(!sent.contains(refused), "{refused} reached the provider");
            }
        }
        if self.front == Front::Gateway && self.api.protocol() == "bedrock" {
            signature::verify(&requests).await;
        }
        seen
    }

    /// Of the one call of this tool that waits for a human.
    pub(super) async fn approval_id(&self, tool: &str) -> String {
        let mut waiting = approval_ids(&self.aegis, tool).await;
        assert_eq!(waiting.len(), 1, "of {tool}");
        waiting.remove(0)
    }
}

/// The provider's key, as the gateway shows it.
fn credential(api: Api, builder: &AegisBuilder) -> ServiceCredential {
    let file = |name: &str| KeySource::File(builder.key_file(name, SERVICE_KEY));
    match api {
        _ if api.key_header() != "authorization" => header_key(api.key_header(), file("key")),
        Api::Converse | Api::InvokeModel => ServiceCredential::Sigv4(Sigv4 {
            region: "eu-central-1".into(),
            service: "bedrock".into(),
            access_key_id: file("id"),
            secret_access_key: file("secret"),
            session_token: None,
        }),
        _ => bearer(builder.key_file("key", SERVICE_KEY)),
    }
}

const HOST: &str = "llm.test";
const SERVICE: &str = "model";

const POLICY: &str = "
tenants:
  acme: {regions: [eu-central-1]}
agents:
  bot: {tenant: acme, profile: bot}
profiles:
  bot:
    tools:
      llm:
        chat: {model: {enum: ['MODEL']}}
STORED    data: {EMAIL_ADDRESS: approval_needed, IP_ADDRESS: {sanitize: token}}
    answers: {EMAIL_ADDRESS: sanitize}
    proposed:
      tools:
        get_weather: {city: {required: true}}
        transfer_money: {amount: {approve_above: 100}}
catalogue:
  llm: {hosts: [llm.test], protocol: PROTOCOL, regions: [eu-central-1]}
";
