//! Promises that all LLM APIs keep: nothing of one is taken for another, and no bytes make them panic.

use aegis_policy::CallKind;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::testing::post;

/// One request of each family, at its own path.
fn requests() -> [(&'static str, &'static str, Value); 5] {
    [
        (
            "llm.example.com",
            "/v1/chat/completions",
            json!({"model": "m", "messages": []}),
        ),
        (
            "llm.example.com",
            "/v1/responses",
            json!({"model": "m", "input": "x"}),
        ),
        (
            "claude.example.com",
            "/v1/messages",
            json!({"model": "m", "messages": []}),
        ),
        (
            "bedrock.example.com",
            "/model/m/converse",
            json!({"messages": []}),
        ),
        (
            "gemini.example.com",
            "/v1beta/models/m:generateContent",
            json!({"contents": []}),
        ),
    ]
}

#[test]
fn one_action_stands_for_every_generation() {
    for (host, path, body) in requests() {
        let seen = post(host, path).json(&body).seen();
        assert_eq!(&*seen.call.action, "chat", "{path}");
        assert_eq!(seen.call.model.as_deref(), Some("m"), "{path}");
        assert!(seen.reading.llm().is_some(), "{path}");
    }
}

#[test]
fn a_call_of_one_family_is_not_taken_at_a_host_of_another() {
    let others = [
        "pay.example.com",
        "files.example.com",
        "mcp.example.com:8443",
    ];
    for (own, path, body) in requests() {
        let hosts = requests().map(|(host, _, _)| host);
        for host in hosts.iter().chain(&others).filter(|host| **host != own) {
            let sent = post(host, path).json(&body);
            assert_eq!(
                sent.error().rule(),
                "protocol.disagreement",
                "{host} {path}"
            );
        }
    }
}

#[test]
fn what_does_not_fit_its_endpoint_is_never_plain_http() {
    for (host, path, _) in requests() {
        for body in [json!({}), json!([]), json!(1)] {
            if path.ends_with("/converse") && body.is_object() {
                continue; // a stored prompt has its own messages
            }
            let sent = post(host, path).json(&body);
            assert_eq!(
                sent.error().rule(),
                "protocol.disagreement",
                "{path} {body}"
            );
        }
        let rpc = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
        let sent = post(host, path).json(&rpc);
        assert_eq!(sent.error().rule(), "protocol.disagreement", "{path}");
        let form = post(host, path).form("model=m&messages=x&contents=y");
        assert_eq!(form.error().rule(), "protocol.disagreement", "{path}");
    }
}

#[test]
fn duplicate_keys_and_deep_nesting_stay_refused() {
    for (host, path, _) in requests() {
        let twice = r#"{"model":"m","messages":[],"messages":[],"contents":[],"input":1}"#;
        let sent = post(host, path).body("application/json", twice);
        assert_eq!(sent.error().rule(), "protocol.malformed", "{path}");
        let deep = format!("{}{}", r#"{"contents":"#.repeat(99), "}".repeat(99));
        let sent = post(host, path).body("application/json", deep);
        assert_eq!(sent.error().rule(), "protocol.malformed", "{path}");
    }
}

/// Any JSON, with the words of the APIs among its names.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,6}|function|custom|namespace".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        let name = prop::sample::select(&NAMES[..]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map(name, inner, 0..6).prop_map(|members| {
                let members = members.into_iter().map(|(name, it)| (name.to_owned(), it));
                Value::Object(members.collect())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn no_request_makes_inspection_panic_and_none_shows_its_conversation(
        which in 0..5_usize,
        catalogued in any::<bool>(),
        more in any_json(),
    ) {
        let (host, path, mut body) = requests()[which].clone();
        let conversation = ["messages", "input", "messages", "messages", "contents"][which];
        if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
            body.extend(more);
        }
        let host = if catalogued { host } else { "any.example.net" };
        if let Ok(seen) = post(host, path).json(&body).inspect()
            && seen.call.kind == CallKind::Llm
        {
            prop_assert!(seen.parameter(conversation).is_none());
            let places = seen.reading.parameters.len();
            prop_assert_eq!(places, seen.call.parameters.len());
        }
    }
}

const NAMES: [&str; 22] = [
    "messages",
    "contents",
    "input",
    "system",
    "systemInstruction",
    "system_instruction",
    "instructions",
    "prompt",
    "model",
    "stream",
    "tools",
    "functions",
    "function",
    "type",
    "name",
    "id",
    "toolConfig",
    "toolSpec",
    "toolChoice",
    "functionDeclarations",
    "function_declarations",
    "additionalModelRequestFields",
];
