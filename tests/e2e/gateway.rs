//! An SDK that changes nothing but its base URL is judged like any other caller, and never sees the key that its calls carry.

mod hygiene;
mod keys;
mod paths;
mod policy;

use aegis_testkit::{Aegis, AegisBuilder, Payload, Reply, TestCa, Upstream, bearer};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::Request;
use serde_json::{Value, json};

use crate::finance::rules;

#[tokio::test]
async fn a_call_arrives_with_the_services_key_and_without_the_agents() {
    let llm = Llm::start().await;

    let mut reply = llm.chat("small").await;

    assert_eq!(reply.status(), 200, "{}", reply.text().await);
    assert_eq!(reply.header("aegis-decision"), Some("allow"));
    let received = llm.upstream.request();
    assert_eq!(received.target, "/v1/chat/completions");
    assert_eq!(
        received.authority,
        format!("llm.test:{}", llm.upstream.port())
    );
    assert_eq!(received.header("authorization"), Some("Bearer sk-real"));
    assert_eq!(received.json()["model"], "small");
    let (decision, _) = llm.aegis.lines_of(&reply).await;
    assert_eq!(
        (&decision["front"], &decision["agent"]),
        (&json!("gateway"), &json!("bot"))
    );
    assert_eq!(
        (&decision["tool"], &decision["action"], &decision["auth"]),
        (&json!("llm"), &json!("chat"), &json!("credential"))
    );
    assert_eq!(decision["destination"]["host"], "llm.test");
    assert_eq!(decision["destination"]["path"], "/v1/chat/completions");
}

#[tokio::test]
async fn the_caller_is_proven_by_what_stands_where_its_sdk_puts_a_key() {
    let llm = Llm::start().await;
    let basic = format!("Basic {}", BASE64_STANDARD.encode("bot:secret-of-bot"));
    let signed = "AWS4-HMAC-SHA256 Credential=bot/20261121/eu-west-1/bedrock/aws4_request, \
                  SignedHeaders=host, Signature=00";
    let shown: [&[(&str, &str)]; 7] = [
        &[("authorization", "Bearer secret-of-bot")],
        &[("authorization", &basic)],
        &[("proxy-authorization", &basic)],
        &[("x-api-key", "secret-of-bot")],
        &[("api-key", "secret-of-bot")],
        &[("x-goog-api-key", "secret-of-bot")],
        &[
            ("authorization", signed),
            ("x-amz-security-token", "secret-of-bot"),
            ("x-amz-date", "20261121T000000Z"),
        ],
    ];
    for headers in shown {
        let reply = llm.show(headers).await;

        assert_eq!(reply.status(), 200, "{headers:?}");
        let received = llm.upstream.requests().pop().expect("it arrived");
        let sent: Vec<&str> = received
            .headers
            .values()
            .filter_map(|it| it.to_str().ok())
            .collect();
        assert!(
            !sent
                .iter()
                .any(|value| value.contains("secret-of-bot") || *value == basic),
            "{sent:?}"
        );
        assert_eq!(received.header("x-amz-date"), None);
        assert_eq!(
            received.header("authorization"),
            Some("Bearer sk-real"),
            "{headers:?}"
        );
    }
}

#[tokio::test]
async fn a_wrong_credential_is_refused_in_the_providers_words() {
    let llm = Llm::start().await;
    for headers in [
        &[("authorization", "Bearer sk-real")][..],
        &[("x-api-key", "wrong")],
        &[
            ("authorization", "Bearer secret-of-bot"),
            ("x-api-key", "secret-of-other"),
        ],
        &[
            ("authorization", "Bearer secret-of-bot"),
            ("x-api-key", "wrong"),
        ],
    ] {
        let mut reply = llm.show(headers).await;

        assert_eq!(reply.status(), 401, "{headers:?}");
        assert!(reply.header("www-authenticate").is_some());
        let error = &reply.json().await["error"];
        assert_eq!(error["code"], "identity.invalid", "{error}");
        let (decision, end) = llm.aegis.lines_of(&reply).await;
        assert_eq!(
            (&decision["outcome"], &decision["front"]),
            (&json!("deny"), &json!("gateway"))
        );
        assert_eq!(end["status"], 401);
    }
    assert_eq!(llm.upstream.connections(), 0);
}

#[tokio::test]
async fn who_shows_nothing_is_anonymous_and_denied_by_default() {
    let llm = Llm::start().await;

    let mut reply = llm.show(&[]).await;

    assert_eq!(reply.status(), 401);
    let error = &reply.json().await["error"];
    assert_eq!(error["aegis"]["outcome"], "deny", "{error}");
    let (decision, end) = llm.aegis.lines_of(&reply).await;
    assert_eq!(decision["auth"], "anonymous");
    assert_eq!(end["error"], "identity.anonymous");
    assert_eq!(llm.upstream.connections(), 0);
}

/// One agent, `bot`, that may ask one model of one LLM, which is the service `openai`.
struct Llm {
    upstream: Upstream,
    aegis: Aegis,
}

impl Llm {
    async fn start() -> Self {
        Self::answering(|it| it.answer(|_| completion()), |it| it).await
    }

    async fn answering(
        script: impl FnOnce(aegis_testkit::UpstreamBuilder) -> aegis_testkit::UpstreamBuilder,
        change: impl FnOnce(AegisBuilder) -> AegisBuilder,
    ) -> Self {
        let ca = TestCa::new();
        let upstream = script(Upstream::https(&ca, &["llm.test"])).start().await;
        let builder = Aegis::with_policy(&rulebook(upstream.port()))
            .agent("acme", "bot")
            .agent("acme", "other")
            .hosts(&["llm.test"])
            .upstream_ca(&ca);
        let key = bearer(builder.key_file("openai", "sk-real\n"));
        let builder = builder.service("openai", &upstream.url_as("llm.test", "/v1"), key);
        let aegis = change(builder).start().await;
        Self { upstream, aegis }
    }

    async fn chat(&self, model: &str) -> Reply {
        self.aegis.post_as("bot", CHAT, &chat(model)).await
    }

    async fn show(&self, headers: &[(&str, &str)]) -> Reply {
        let mut request =
            Request::post(self.aegis.gateway_url(CHAT)).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Payload::from(chat("small").to_string()));
        self.aegis.ask_gateway(request.expect("headers")).await
    }
}

fn chat(model: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "hello"}]})
}

fn completion() -> aegis_testkit::Answer {
    aegis_testkit::Answer::json(&json!({"choices": []}))
}

async fn rule(reply: &mut Reply) -> String {
    rules(&reply.json().await["reasons"]).join(",")
}

fn rulebook(port: u16) -> String {
    format!(
        "
tenants: {{acme: {{}}}}
agents: {{bot: {{tenant: acme, profile: p}}}}
profiles:
  p:
    data: {{EMAIL_ADDRESS: sanitize, CREDIT_CARD: deny}}
    tools:
      llm:
        chat:
          model: {{enum: [small]}}
          seed: {{max: 100, approve_above: 10}}
        other: {{}}
catalogue:
  llm: {{hosts: ['llm.test:{port}'], protocol: openai}}
"
    )
}

const CHAT: &str = "/openai/chat/completions";
