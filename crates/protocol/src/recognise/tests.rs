//! Promises about the protocol of a request, and that no bytes make inspection panic.

use aegis_policy::CallKind;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::testing::{get, post, request};

#[test]
fn content_names_the_protocol_where_the_catalogue_does_not() {
    let chat = json!({"model": "m", "messages": []});
    let rpc = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let table = [
        (
            post("a.example.net", "/v1/chat/completions").json(&chat),
            CallKind::Llm,
        ),
        (
            post("a.example.net", "/x/%63hat/completions/").json(&chat),
            CallKind::Llm,
        ),
        (
            post("a.example.net", "/v1/other").json(&chat),
            CallKind::Http,
        ),
        (
            post("a.example.net", "/v1/chat/completions").json(&json!({"model": "m"})),
            CallKind::Http,
        ),
        (post("a.example.net", "/").json(&rpc), CallKind::Mcp),
        (
            request("PUT", "a.example.net", "/").json(&rpc),
            CallKind::Mcp,
        ),
        (
            post("a.example.net", "/").body("text/plain", rpc.to_string()),
            CallKind::Mcp,
        ),
        (
            post("a.example.net", "/").json(&json!({"method": "tools/list"})),
            CallKind::Http,
        ),
        (get("a.example.net", "/"), CallKind::Http),
    ];
    for (sent, kind) in table {
        assert_eq!(sent.seen().call.kind, kind);
    }
}

/// What stands for each LLM API: the end of a path, and a body that names no model.
fn generations() -> [(&'static str, Value); 8] {
    let turn = json!([{"role": "user", "content": "x"}]);
    [
        ("chat/completions", json!({"messages": turn})),
        ("chat/completions", json!({"messages": [], "model": 5})),
        ("chat/completions", json!({"Messages": turn})),
        ("responses", json!({"input": "x"})),
        ("responses", json!({"input": turn, "model": null})),
        ("responses", json!({"prompt": {"id": "p"}})),
        ("v1/messages", json!({"messages": turn, "max_tokens": 5})),
        ("models/g:generateContent", json!({"contents": []})),
    ]
}

#[test]
fn a_generation_that_names_no_model_is_one() {
    for (path, body) in generations() {
        let sent = post("a.example.net", &format!("/v1/{path}")).json(&body);
        let Ok(seen) = sent.inspect() else {
            assert!(body.get("Messages").is_some(), "{path} {body}");
            continue;
        };
        assert_eq!(seen.call.kind, CallKind::Llm, "{path} {body}");
        assert_eq!(&*seen.call.action, "chat", "{path} {body}");
        assert!(seen.reading.llm().is_some(), "{path} {body}");
        let named = path.starts_with("models/").then_some("g");
        assert_eq!(seen.call.model.as_deref(), named, "{path} {body}");
    }
    for (path, body) in [
        ("/v1/chat/completions", json!({"messages": "x"})),
        ("/v1/messages", json!({"messages": {}})),
        ("/v1/responses", json!({"input": 5})),
        ("/v1/responses", json!({"answers": ["x"]})),
    ] {
        let seen = post("a.example.net", path).json(&body).seen();
        assert_eq!(seen.call.kind, CallKind::Http, "{path} {body}");
    }
}

#[test]
fn a_service_that_is_no_models_may_have_such_paths() {
    let body = json!({"messages": [{"to": "1", "text": "x"}]});
    let seen = post("files.example.com", "/v1/messages").json(&body).seen();
    assert_eq!(seen.call.kind, CallKind::Http);
}

#[test]
fn no_spelling_of_a_path_makes_a_generation_plain_http() {
    for (path, body) in generations() {
        let (start, end) = path.rsplit_once('/').unwrap_or(("", path));
        for path in [
            format!("/v1/x/../{path}"),
            format!("/v1/{start}/./{end}"),
            format!("/v1/{start}/%2e/{end}"),
            format!("/v1/{start}/x%2F%2e./{end}"),
            format!("/v1/{start}%2f{end}"),
            format!("/v1/{start}%252F{end}"),
            format!("/v1/{start}\\{end}"),
            format!("/v1/{path};x=1"),
            format!("/v1/{start};x=1/{end}"),
            format!("/v1/{path}%00"),
            format!("/v1/{path}%20"),
            format!("/v1/{path}."),
            format!("/v1/{start}./{end}%2e%20."),
            format!("/v1/{}", path.replace(':', "%253A")),
            format!("/v1/{}", path.replace("me", "%256de")),
            format!("/v1/{path}/x/.."),
        ] {
            let sent = post("a.example.net", &path).json(&body);
            match sent.inspect() {
                Ok(seen) => assert_eq!(seen.call.kind, CallKind::Llm, "{path} {body}"),
                Err(error) => assert!(ERRORS.contains(&error.rule()), "{path} {error}"),
            }
        }
    }
    let body = json!({"message": {"role": "user", "parts": []}});
    for path in [
        "/x/../message:send",
        "/a/message%253Asend",
        "/message:stream;x",
    ] {
        let sent = post("a.example.net", path).json(&body);
        assert_eq!(sent.error().rule(), "protocol.ambiguous_path", "{path}");
    }
}

#[test]
fn a_message_at_a_path_with_dots_or_blanks_at_its_end_is_still_one() {
    let body = json!({"message": {"role": "user", "parts": []}});
    for path in [
        "/message:send.",
        "/v1/message:stream%20",
        "/message:send.%20.",
    ] {
        let seen = post("a.example.net", path).json(&body).seen();
        assert_eq!(seen.call.kind, CallKind::A2a, "{path}");
        assert!(matches!(&*seen.call.action, "send" | "stream"), "{path}");
    }
}

#[test]
fn a_call_that_names_no_version_of_json_rpc_or_another_is_never_plain_http() {
    for method in [
        "tools/call",
        "resources/read",
        "notifications/cancelled",
        "SendMessage",
        "tasks/get",
        "message/send",
    ] {
        for version in [Value::Null, json!("1.0"), json!(2.0), json!("2.0 ")] {
            let mut call =
                json!({"jsonrpc": version, "id": 1, "method": method, "params": {"id": "x"}});
            if version.is_null() {
                call.as_object_mut().expect("an object").remove("jsonrpc");
            }
            for body in [call.clone(), json!([call])] {
                let sent = post("a.example.net", "/x").json(&body);
                assert_eq!(sent.error().rule(), "protocol.malformed", "{body}");
                for host in [
                    "mcp.example.com:8443",
                    "agent.example.com",
                    "llm.example.com",
                ] {
                    assert!(
                        post(host, "/x").json(&body).inspect().is_err(),
                        "{host} {body}"
                    );
                }
            }
        }
        let spelled = json!({"jsonrpc": "2.0", "ID": 1, "Method": method, "PARAMS": {}});
        let sent = post("a.example.net", "/x").json(&spelled);
        assert_eq!(sent.error().rule(), "protocol.malformed", "{spelled}");
    }
}

#[test]
fn ordinary_json_with_a_method_is_plain_http() {
    for body in [
        json!({"method": "GET", "params": {"a": 1}, "id": 1}),
        json!({"method": "ping", "id": 1}),
        json!({"method": "initialize", "params": {"key": "x"}}),
        json!({"method": "tools/call"}),
        json!({"method": "eth_call", "params": [], "id": 1}),
        json!({"method": {"name": "tools/call"}, "id": 1}),
        json!([{"method": "card", "id": 7}]),
    ] {
        let seen = post("a.example.net", "/x").json(&body).seen();
        assert_eq!(seen.name(), "http post", "{body}");
    }
}

/// The second for `Messages`.
const ERRORS: [&str; 2] = ["protocol.ambiguous_path", "protocol.malformed"];

#[test]
fn plain_http_is_named_by_its_method() {
    assert_eq!(get("a.example.net", "/?a=1&a=2").seen().name(), "http get");
    assert_eq!(
        request("PATCH", "a.example.net", "//x").seen().name(),
        "http patch"
    );
    assert_eq!(get("files.example.com", "/x").seen().name(), "files get");
}

const HOSTS: [&str; 9] = [
    "pay.example.com",
    "llm.example.com",
    "claude.example.com",
    "bedrock.example.com",
    "gemini.example.com",
    "mcp.example.com:8443",
    "agent.example.com",
    "files.example.com",
    "a.example.net",
];
const TYPES: [&str; 4] = [
    "",
    "application/json",
    "application/x-www-form-urlencoded",
    "text/plain; charset=utf-8",
];

proptest! {
    #[test]
    fn no_bytes_make_inspection_panic(
        host in prop::sample::select(&HOSTS[..]),
        content_type in prop::sample::select(&TYPES[..]),
        path in "/[ -~]{0,40}|.{0,20}",
        body in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let _ = post(host, &path).body(content_type, body).inspect();
    }

    #[test]
    fn no_message_makes_inspection_panic(
        host in prop::sample::select(&HOSTS[..]),
        method in ".{0,10}|tools/call|resources/read|prompts/get|SendMessage|message/send|tasks/get",
        name in "name|arguments|Name|uri|id|message|.{0,5}",
        value in "[\\[{\"0-9a-z}\\]]{0,8}",
        path in "/message:send|/tasks/.{0,5}|/v1/chat/completions|/v1/charges|/mcp|/v1/responses|/v1/messages(/count_tokens)?|/model/.{0,9}/(converse|invoke)|/models/.{0,9}:generateContent",
    ) {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": {name: "x"},
                          "model": "m", "messages": [], "input": {}, "contents": []}).to_string();
        let _ = post(host, &path).body("application/json", body.replace("\"x\"", &value)).inspect();
        let _ = post(host, &path).body("application/json", body).inspect();
    }
}
