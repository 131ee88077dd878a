//! Promises about the protocol of a request, and that no bytes make inspection panic.

use aegis_policy::CallKind;
use proptest::prelude::*;
use serde_json::json;

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
