//! Promises about Amazon Bedrock.

use aegis_policy::{Action, CallKind, Redaction, Truncation};
use serde_json::{Value, json};

use super::inference_profile_region;
use crate::testing::{MAIL, Sent, get, post};
use crate::{Dialect, LlmApi, RedactError};

fn converse() -> Value {
    json!({
        "messages": [{"role": "user", "content": [{"text": "hello"}]}],
        "system": [{"text": "be brief"}],
        "inferenceConfig": {"maxTokens": 512},
        "toolConfig": {
            "tools": [
                {"toolSpec": {"name": "get_weather", "inputSchema": {"json": {"type": "object"}}}},
                {"systemTool": {"name": "nova_grounding"}},
                {"cachePoint": {"type": "default"}},
            ],
            "toolChoice": {"auto": {}},
        },
        "additionalModelRequestFields": {"tools": [{"type": "computer_20250124", "name": "computer"}]},
    })
}

fn sent(host: &str, model: &str, verb: &str, body: &Value) -> Sent {
    post(host, &format!("/model/{model}/{verb}")).json(body)
}

#[test]
fn a_conversation_gives_model_region_stream_and_tool_names() {
    for (host, tool) in [
        ("bedrock.example.com", "aws"),
        ("any.example.net", "any.example.net"),
    ] {
        let model = "eu.anthropic.claude-x-v1%3A0";
        let seen = sent(host, model, "converse-stream", &converse()).seen();
        assert_eq!(seen.name(), format!("{tool} chat"));
        assert_eq!(seen.call.kind, CallKind::Llm);
        assert_eq!(
            seen.call.model.as_deref(),
            Some("eu.anthropic.claude-x-v1:0")
        );
        assert!(seen.call.stream);
        assert_eq!(seen.reading.llm(), Some(LlmApi::Converse));
        assert_eq!(seen.reading.dialect, Dialect::Bedrock);
        let parameters = json!({
            "model": "eu.anthropic.claude-x-v1:0", "stream": true,
            "inference_profile_region": "eu",
            "inferenceConfig": {"maxTokens": 512},
            "tools": ["get_weather", "nova_grounding", "computer_20250124"],
            "toolChoice": {"auto": {}},
            "additionalModelRequestFields":
                {"tools": [{"type": "computer_20250124", "name": "computer"}]},
        });
        assert_eq!(Value::Object(seen.call.parameters), parameters);
    }
}

#[test]
fn a_model_of_its_own_language_is_a_chat_without_its_prompts() {
    let claude = json!({
        "anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "system": "s",
        "messages": [], "tools": [{"name": "search", "input_schema": {}}],
    });
    let nova = json!({"messages": [], "toolConfig": {"tools": [{"toolSpec": {"name": "search"}}]}});
    for body in [claude, nova] {
        let seen = sent("bedrock.example.com", "m", "invoke", &body).seen();
        assert_eq!(seen.name(), "aws chat");
        assert_eq!(seen.reading.llm(), Some(LlmApi::InvokeModel));
        assert_eq!(seen.parameter("tools"), Some(&json!(["search"])));
        assert_eq!(seen.parameter("messages"), None);
        assert_eq!(seen.parameter("stream"), Some(&json!(false)));
    }
    let titan = json!({"inputText": MAIL, "textGenerationConfig": {"topP": 1}});
    let seen = sent("bedrock.example.com", "amazon.t-1", "invoke", &titan).seen();
    assert_eq!(seen.parameter("inputText"), None);
    assert_eq!(seen.found(), vec![("EMAIL_ADDRESS", "body:/inputText")]);
}

#[test]
fn an_inference_profile_says_where_it_leads() {
    let arn = |resource: &str| format!("arn:aws:bedrock:eu-west-1:123456789012:{resource}");
    let table = [
        ("eu.anthropic.claude-x-v1:0".to_owned(), Some("eu")),
        ("us-gov.anthropic.claude-x".to_owned(), Some("us-gov")),
        ("global.anthropic.claude-x".to_owned(), Some("global")),
        ("APAC.amazon.nova-x".to_owned(), Some("apac")),
        ("eu.zai.glm-4.7".to_owned(), Some("eu")),
        ("us.new.1st".to_owned(), Some("us")),
        ("mars.new.model".to_owned(), Some("mars")),
        ("anthropic.claude-v2:1".to_owned(), None),
        ("zai.glm-4.7".to_owned(), None),
        ("custom".to_owned(), None),
        (arn("inference-profile/us.meta.llama-x"), Some("us")),
        (arn("inference-profile/plain"), Some("unknown")),
        (arn("application-inference-profile/a1b2c3"), Some("unknown")),
        (arn("prompt/ABCDEFGHIJ:1"), Some("unknown")),
        (arn("default-prompt-router/x"), Some("unknown")),
        (arn("provisioned-model/a1b2c3"), None),
        (
            "arn:aws:bedrock:eu-west-1::foundation-model/x.y".to_owned(),
            None,
        ),
        ("arn:aws".to_owned(), Some("unknown")),
    ];
    for (model, region) in table {
        assert_eq!(
            inference_profile_region(&model).as_deref(),
            region,
            "{model}"
        );
    }
}

#[test]
fn an_arn_stands_in_one_segment_or_in_two() {
    let arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/eu.anthropic.claude-x";
    let escaped = arn.replace(':', "%3A").replace('/', "%2F");
    for host in ["bedrock.example.com", "any.example.net"] {
        for written in [arn, &escaped, &escaped.to_lowercase()] {
            let seen = sent(host, written, "converse", &converse()).seen();
            assert_eq!(seen.call.model.as_deref(), Some(arn));
            assert_eq!(
                seen.parameter("inference_profile_region"),
                Some(&json!("eu"))
            );
        }
    }
}

#[test]
fn a_model_that_servers_read_differently_is_refused_wherever_it_is_sent() {
    for host in ["bedrock.example.com", "any.example.net"] {
        for model in [
            "a%2F..%2Fb",
            "a%252Fb",
            "a//b",
            "a;x=1",
            "a/converse/../../b",
            "a%5Cb",
        ] {
            let error = sent(host, model, "converse", &converse()).error();
            assert_eq!(error.rule(), "protocol.ambiguous_path", "{host} {model}");
        }
    }
}

#[test]
fn a_body_cannot_say_another_model_stream_or_region_than_the_path() {
    let body = json!({"messages": [], "model": "other.model"});
    let error = sent("bedrock.example.com", "a.b", "invoke", &body).error();
    assert_eq!(error.rule(), "protocol.malformed");
    let body = json!({
        "messages": [], "model": "us.a.b", "stream": true, "inference_profile_region": "eu",
    });
    let seen = sent("bedrock.example.com", "us.a.b", "invoke", &body).seen();
    assert!(!seen.call.stream);
    assert_eq!(seen.parameter("stream"), Some(&json!(false)));
    assert_eq!(
        seen.parameter("inference_profile_region"),
        Some(&json!("us"))
    );
}

#[test]
fn what_cannot_be_read_is_a_chat_that_names_its_model_alone() {
    let seen = post("bedrock.example.com", "/model/eu.a.b/converse")
        .too_long()
        .seen();
    assert_eq!(seen.name(), "aws chat");
    assert_eq!(seen.call.truncation, Truncation::Truncated);
    let parameters = json!({"model": "eu.a.b", "stream": false, "inference_profile_region": "eu"});
    assert_eq!(Value::Object(seen.call.parameters), parameters);
}

#[test]
fn what_is_no_conversation_is_a_disagreement() {
    let path = "/model/a.b/converse";
    for body in [json!([]), json!("x"), json!({"messages": "x"})] {
        let error = post("bedrock.example.com", path).json(&body).error();
        assert_eq!(error.rule(), "protocol.disagreement", "{body}");
    }
    for sent in [
        post("bedrock.example.com", path),
        post("bedrock.example.com", path).form("a=b"),
        post("bedrock.example.com", path).body("text/plain", "hello"),
    ] {
        assert_eq!(sent.error().rule(), "protocol.disagreement");
    }
}

#[test]
fn counting_and_other_endpoints_have_actions_of_their_own() {
    let body = json!({"input": {"converse": {"messages": []}}});
    let seen = sent("bedrock.example.com", "a.b", "count-tokens", &body).seen();
    assert_eq!(seen.name(), "aws count_tokens");
    assert_eq!(seen.parameter("input"), None);
    assert_eq!(seen.reading.llm(), None);
    let arn = "/async-invoke/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Aasync-invoke%2Fx";
    assert_eq!(get("bedrock.example.com", arn).seen().name(), "aws other");
}

#[test]
fn a_signed_request_is_never_rewritten() {
    let body = json!({"messages": [{"role": "user", "content": [{"text": MAIL}]}]});
    let unsigned = sent("bedrock.example.com", "a.b", "converse", &body);
    let redactions = [Redaction::Data("EMAIL_ADDRESS".into(), Action::Label)];
    assert!(
        unsigned
            .redact(&redactions)
            .expect("rewritten")
            .body
            .is_some()
    );
    let signed = sent("bedrock.example.com", "a.b", "converse", &body).header(
        "authorization",
        "AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/bedrock/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature=00",
    );
    assert_eq!(signed.redact(&redactions), Err(RedactError::Signed));
    let bearer =
        sent("bedrock.example.com", "a.b", "converse", &body).header("authorization", "Bearer key");
    assert!(bearer.redact(&redactions).is_ok());
}

#[test]
fn judged_members_have_one_spelling() {
    for name in ["Messages", "toolconfig", "SYSTEM", "inferenceconfig"] {
        let mut body = converse();
        body[name] = json!({});
        let error = sent("bedrock.example.com", "a.b", "converse", &body).error();
        assert_eq!(error.rule(), "protocol.malformed", "{name}");
    }
}
