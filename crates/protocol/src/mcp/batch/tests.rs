//! Promises about batches: every message is judged, and only MCP up to 2025-03-26 has them.

use aegis_policy::{Action, Redaction};
use serde_json::{Value, json};

use crate::mcp::{Batch, render_batch};
use crate::testing::{MAIL, REFUSAL, Sent, means, post};
use crate::{InspectError, Inspected, RedactError};

const SERVER: &str = "mcp.example.com:8443";

fn call(id: u32, name: &str, arguments: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": "tools/call",
           "params": {"name": name, "arguments": arguments}})
}

fn send(batch: &Value) -> Sent {
    post(SERVER, "/mcp").json(batch)
}

fn batch(sent: &Sent) -> Result<Batch, InspectError> {
    assert_eq!(sent.error(), InspectError::Batch);
    sent.batch()
}

fn listed() -> Value {
    json!([
        call(1, "search", &json!({"query": "tea"})),
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 3}},
        call(2, "mail", &json!({"to": MAIL})),
        {"jsonrpc": "2.0", "id": 3, "method": "tools/list"},
        {"jsonrpc": "2.0", "id": 4, "result": {}},
    ])
}

#[test]
fn each_message_is_described_as_the_request_that_it_would_be() {
    for host in [SERVER, "other.example.net"] {
        let found = batch(&post(host, "/mcp").json(&listed())).expect("a batch");
        let name = if host == SERVER { "docs" } else { host };
        let names: Vec<_> = found.messages().iter().map(Inspected::name).collect();
        let actions = [
            "/search call",
            " notifications/cancelled",
            "/mail call",
            " tools/list",
            " response",
        ];
        assert_eq!(names, actions.map(|action| format!("{name}{action}")));
        let found: Vec<_> = found.messages().iter().map(Inspected::found).collect();
        let mail = vec![("EMAIL_ADDRESS", "body:/params/arguments/to")];
        assert_eq!(found, [vec![], vec![], mail, vec![], vec![]]);
    }
}

#[test]
fn one_message_is_redacted_and_the_others_stay() {
    let body = format!(
        "[ {},\n{} , {}]",
        call(1, "mail", &json!({"to": MAIL})),
        call(2, "mail", &json!({"to": MAIL})),
        call(3, "search", &json!({"query": "tea"}))
    );
    let sent = post(SERVER, "/mcp?q=1").body("application/json", body.clone());
    let found = batch(&sent).expect("a batch");
    let data = vec![Redaction::Data("EMAIL_ADDRESS".into(), Action::Label)];
    let parameter = vec![Redaction::Parameter("query".into(), Action::Label)];
    let redacted = found
        .redact(&sent.view(), &[vec![], data, parameter], &means())
        .expect("a rewritten batch");
    let after: Value = serde_json::from_slice(&redacted.body.expect("a body")).expect("JSON");
    assert_eq!(after[0], call(1, "mail", &json!({"to": MAIL})));
    assert!(!after[1].to_string().contains(MAIL));
    assert_eq!(after[2], call(3, "search", &json!({"query": "[REDACTED]"})));
    assert_eq!(redacted.query, None);

    let nothing = found.redact(&sent.view(), &[vec![], vec![], vec![]], &means());
    assert_eq!(nothing.expect("nothing to do").body, None);
    let fewer = found.redact(&sent.view(), &[vec![]], &means());
    assert_eq!(fewer, Err(RedactError::Missing));
}

#[test]
fn later_revisions_have_no_batches() {
    let body = json!([call(1, "search", &json!({}))]);
    for version in ["2024-11-05", "2025-03-26"] {
        let sent = send(&body).header("mcp-protocol-version", version);
        assert!(batch(&sent).is_ok(), "{version}");
    }
    for version in ["2025-06-18", "2025-11-25", "2026-07-28", "DRAFT-2026"] {
        let sent = send(&body).header("mcp-protocol-version", version);
        assert_eq!(batch(&sent).err(), Some(InspectError::Batch), "{version}");
    }
}

#[test]
fn what_is_not_a_batch_of_messages_is_refused() {
    let one = call(1, "search", &json!({}));
    let rules = [
        (json!([one, [one]]), "protocol.batch"),
        (json!([one, {"hello": 1}]), "protocol.disagreement"),
        (json!([one, 5]), "protocol.disagreement"),
        (json!([one, one]), "protocol.malformed"),
        (json!([one, call(2, "", &json!({}))]), "protocol.malformed"),
        (
            json!(vec![json!({"jsonrpc": "2.0", "method": "x"}); 51]),
            "protocol.batch",
        ),
    ];
    for (body, rule) in rules {
        let refused = batch(&send(&body)).expect_err("a refused batch");
        assert_eq!(refused.rule(), rule, "{body}");
    }
    let elsewhere = post("other.example.net", "/").json(&json!([one, {"hello": 1}]));
    assert_eq!(batch(&elsewhere).err(), Some(InspectError::Batch));
    let rest = post("pay.example.com", "/v1/charges").json(&json!([one]));
    assert_eq!(
        batch(&rest).expect_err("refused").rule(),
        "protocol.disagreement"
    );
    let most = json!(vec![json!({"jsonrpc": "2.0", "method": "x"}); 50]);
    assert!(batch(&send(&most)).is_ok());
}

#[test]
fn mirrored_headers_must_agree_with_every_message() {
    let body = json!([call(1, "search", &json!({})), call(2, "mail", &json!({}))]);
    let sent = send(&body).header("mcp-name", "search");
    assert_eq!(
        batch(&sent).expect_err("refused").rule(),
        "protocol.header_mismatch"
    );
}

#[test]
fn a_refused_batch_has_an_error_for_each_id() {
    let found = batch(&send(&listed())).expect("a batch");
    let refused = found
        .messages()
        .iter()
        .map(|it| (&it.reading.dialect, REFUSAL));
    let rendered = render_batch(refused).expect("calls are answered");
    let errors: Value = serde_json::from_slice(&rendered.body).expect("JSON");
    let ids: Vec<_> = errors
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["id"])
        .collect();
    assert_eq!(ids, [1, 2, 3]);

    let notes = json!([{"jsonrpc": "2.0", "method": "notifications/initialized"}]);
    let found = batch(&send(&notes)).expect("a batch");
    let refused = found
        .messages()
        .iter()
        .map(|it| (&it.reading.dialect, REFUSAL));
    assert!(render_batch(refused).is_none());
}

#[test]
fn the_answer_to_a_batch_is_followed_for_all_of_it() {
    let found = batch(&send(&listed())).expect("a batch");
    let shown = format!("{:?}", found.expected().expect("answers"));
    assert!(shown.contains("[Call, Call, List]"), "{shown}");
}
