//! What one message of a WebSocket is taken for.

use aegis_policy::{Action, Authority, Redaction};
use serde_json::{Value, json};

use super::*;
use crate::testing::{MAIL, Sent, catalogue, get, means, request, scanner};
use crate::{Dialect, RedactError};

#[test]
fn a_json_rpc_message_is_a_call_of_mcp_or_of_an_agent_on_any_host() {
    let call = json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "read", "arguments": {"path": "/a"}}});
    let seen = text("any.example.net", &call).unwrap();
    assert_eq!(seen.name(), "any.example.net/read call");
    assert_eq!(seen.call.kind, CallKind::Mcp);
    assert_eq!(seen.parameter("path"), Some(&json!("/a")));
    assert_eq!(seen.reading.dialect, Dialect::JsonRpc { id: json!(7) });

    let sent = json!({"jsonrpc": "2.0", "id": 1, "method": "message/send", "params": {"message": {"role": "user", "parts": []}}});
    let seen = text("any.example.net", &sent).unwrap();
    assert_eq!(
        (seen.call.kind, &*seen.call.action),
        (CallKind::A2a, "send")
    );
}

#[test]
fn binary_json_is_read_as_text_is_and_other_binary_data_is_opaque() {
    let call = json!({"jsonrpc": "2.0", "id": 7, "method": "ping"}).to_string();
    let seen = binary(call.as_bytes()).unwrap();
    assert_eq!((seen.call.kind, seen.call.opaque), (CallKind::Mcp, false));
    for payload in [&b"\x00\x01"[..], b"plain text", b"{\xff}"] {
        let seen = binary(payload).unwrap();
        assert_eq!(seen.name(), "http message");
        assert!(seen.call.opaque);
        assert_eq!(seen.call.truncation, Truncation::Whole);
    }
}

#[test]
fn other_text_is_a_message_whose_data_is_found() {
    let seen = text("any.example.net", &json!({"to": MAIL})).unwrap();
    assert_eq!(seen.name(), "http message");
    assert_eq!(seen.found(), [("EMAIL_ADDRESS", "body:/to")]);
    let seen = inspected("files.example.com", "/", Kind::Text, b"[12:30] hello").unwrap();
    assert_eq!(seen.name(), "files message");
    let seen = inspected("pay.example.com", "/v1/charges", Kind::Text, b"{}").unwrap();
    assert_eq!(seen.name(), "payments message");
}

#[test]
fn what_looks_like_json_and_is_none_is_no_text() {
    for payload in [
        r#"{"method": "a", "method": "b"}"#,
        " [ {]",
        "\u{feff}{\"a\": 1}",
    ] {
        for kind in [Kind::Text, Kind::Binary] {
            let error = inspected("any.example.net", "/", kind, payload.as_bytes());
            let rule = error.map(|_| ()).unwrap_err().rule();
            assert_eq!(rule, "protocol.malformed", "{payload}");
        }
    }
}

#[test]
fn several_calls_in_one_message_are_refused() {
    let batch = json!([{"jsonrpc": "2.0", "id": 1, "method": "ping"}]);
    let error = text("any.example.net", &batch).map(|_| ()).unwrap_err();
    assert_eq!(error, InspectError::Batch);
}

#[test]
fn an_event_for_a_model_is_a_chat_with_the_model_of_the_conversation() {
    let update = json!({"type": "session.update", "event_id": "e1", "session": {
        "type": "realtime", "instructions": format!("write to {MAIL}"), "max_output_tokens": 9,
        "tools": [{"type": "function", "name": "pay"}, {"type": "mcp", "server_label": "x"}],
    }});
    let seen = text("any.example.net", &update).unwrap();
    assert_eq!(seen.name(), "any.example.net chat");
    assert_eq!(seen.call.kind, CallKind::Llm);
    assert_eq!(seen.call.model.as_deref(), Some("gpt-realtime"));
    assert_eq!(
        Value::Object(seen.call.parameters.clone()),
        json!({"type": "session.update", "event_id": "e1", "max_output_tokens": 9, "tools": ["pay", "mcp"], "model": "gpt-realtime"})
    );
    assert_eq!(
        seen.found(),
        [("EMAIL_ADDRESS", "body:/session/instructions")]
    );
    let event = Some(json!("e1"));
    assert_eq!(seen.reading.dialect, Dialect::Realtime { event });
}

#[test]
fn a_session_may_name_another_model_and_is_judged_by_it() {
    let update = json!({"type": "session.update", "session": {"model": "other"}});
    let seen = text("llm.example.com", &update).unwrap();
    assert_eq!(seen.name(), "llm chat");
    assert_eq!(seen.call.model.as_deref(), Some("other"));
    assert_eq!(seen.parameter("model"), Some(&json!("other")));
}

#[test]
fn what_is_no_event_that_aegis_knows_is_another_action_where_only_events_are_due() {
    let unknown = json!({"type": "session.erase"}).to_string();
    let seen = inspected(
        "a.example.net",
        "/v1/realtime",
        Kind::Text,
        unknown.as_bytes(),
    );
    assert_eq!(seen.unwrap().name(), "a.example.net other");
    let seen = inspected(
        "llm.example.com",
        "/elsewhere",
        Kind::Text,
        unknown.as_bytes(),
    );
    assert_eq!(seen.unwrap().name(), "llm other");
}

#[test]
fn an_event_is_no_message_for_a_host_that_speaks_something_else() {
    for host in ["files.example.com", "pay.example.com", "claude.example.com"] {
        let error = text(host, &json!({"type": "response.create"})).map(|_| ());
        assert_eq!(error.unwrap_err().rule(), "protocol.disagreement", "{host}");
    }
}

#[test]
fn members_in_another_spelling_are_refused() {
    for event in [
        json!({"type": "session.update", "Session": {}}),
        json!({"type": "session.update", "session": {"Tools": []}}),
        json!({"type": "session.update", "session": []}),
    ] {
        let error = text("any.example.net", &event).map(|_| ()).unwrap_err();
        assert_eq!(error.rule(), "protocol.malformed");
    }
}

#[test]
fn the_bodies_of_responses_are_events_at_their_path() {
    let event = json!({"type": "response.create", "model": "m", "input": "hi", "tools": [{"type": "function", "name": "pay"}]});
    let payload = event.to_string();
    let seen = inspected(
        "llm.example.com",
        "/v1/responses",
        Kind::Text,
        payload.as_bytes(),
    );
    let seen = seen.unwrap();
    assert_eq!(seen.name(), "llm chat");
    assert_eq!(seen.parameter("tools"), Some(&json!(["pay"])));
    assert_eq!(seen.reading.dialect, Dialect::Realtime { event: None });
}

#[test]
fn a_handshake_is_judged_as_the_conversation_that_it_opens() {
    let opening = |host, path| handshake(get(host, path));
    let seen = opening("a.example.net", "/v1/realtime?model=gpt-realtime").seen();
    assert_eq!(seen.name(), "a.example.net chat");
    assert_eq!(seen.call.model.as_deref(), Some("gpt-realtime"));
    let seen = opening(
        "llm.example.com",
        "/openai/realtime?deployment=voice&api-version=1",
    )
    .seen();
    assert_eq!(seen.parameter("model"), Some(&json!("voice")));
    assert_eq!(
        opening("llm.example.com", "/v1/responses").seen().name(),
        "llm chat"
    );
    assert_eq!(
        opening("mcp.example.com:8443", "/ws").seen().name(),
        "docs stream"
    );
    assert_eq!(opening("a.example.net", "/chat").seen().name(), "http get");
    let twice = opening("a.example.net", "/v1/realtime?model=a&model=b");
    assert_eq!(twice.error().rule(), "protocol.malformed");
    assert_eq!(
        get("llm.example.com", "/v1/realtime").seen().name(),
        "llm other"
    );
}

#[test]
fn data_in_what_a_message_is_judged_by_cannot_be_redacted() {
    for (path, message) in [
        (
            "/v1/responses",
            json!({"type": "response.create", "model": MAIL, "input": "hi"}),
        ),
        (
            "/v1/realtime",
            json!({"type": "session.update", "session": {"model": MAIL}}),
        ),
        (
            "/socket",
            json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": MAIL}}),
        ),
        (
            "/socket",
            json!({"jsonrpc": "2.0", "id": 7, "method": format!("tools/{MAIL}"), "params": {}}),
        ),
    ] {
        let sent = Bytes::from(message.to_string());
        let seen = inspected("any.example.net", path, Kind::Text, &sent).unwrap();
        let view = RequestView {
            method: &Method::POST,
            authority: &Authority::parse("any.example.net", 443).unwrap(),
            path,
            query: None,
            opens_websocket: false,
            headers: &HeaderMap::new(),
            body: BodyView::Whole(&sent),
        };
        let email = [Redaction::Data("EMAIL_ADDRESS".into(), Action::Label)];
        let redacted = seen.reading.redact(&view, &email, &means());
        assert_eq!(redacted, Err(RedactError::Fixed), "{message}");
    }
}

#[test]
fn a_request_that_only_looks_like_a_handshake_opens_no_conversation() {
    let response = "/v1/responses/resp_1/responses";
    let key = |sent: Sent| sent.header("sec-websocket-key", KEY);
    for (seen, name) in [
        (key(get("llm.example.com", response)).seen(), "llm other"),
        (
            handshake(request("DELETE", "llm.example.com", response)).seen(),
            "llm other",
        ),
        (key(get("a.example.net", "/v1/realtime")).seen(), "http get"),
    ] {
        assert_eq!(seen.name(), name);
    }
}

#[test]
fn what_is_said_of_the_session_stands_in_one_place() {
    let tools = |kind: &str| json!([{"type": kind, "name": "pay"}]);
    for (event, rule) in [
        (
            json!({"type": "session.update", "session": {"model": "other", "tools": tools("mcp")},
                "response": {"model": "gpt-realtime", "tools": tools("function")}}),
            "protocol.malformed",
        ),
        (
            json!({"type": "session.update", "model": "gpt-realtime", "session": {"model": "other"}}),
            "protocol.duplicate_parameter",
        ),
        (
            json!({"type": "response.create", "tools": tools("mcp"), "response": {"tools": tools("function")}}),
            "protocol.duplicate_parameter",
        ),
        (
            json!({"type": "response.create", "temperature": 2, "response": {"temperature": 1}}),
            "protocol.duplicate_parameter",
        ),
        (
            json!({"type": "response.create", "Model": "other"}),
            "protocol.malformed",
        ),
    ] {
        let error = text("any.example.net", &event).map(|_| ()).unwrap_err();
        assert_eq!(error.rule(), rule, "{event}");
    }
}

#[test]
fn settings_of_the_event_itself_are_read_as_those_of_its_response_are() {
    let flat = json!({"type": "response.create", "model": "other", "input": "hi", "session": null,
        "tools": [{"type": "mcp", "name": "pay"}]});
    let seen = text("any.example.net", &flat).unwrap();
    assert_eq!(seen.call.model.as_deref(), Some("other"));
    assert_eq!(
        Value::Object(seen.call.parameters.clone()),
        json!({"type": "response.create", "model": "other", "tools": ["mcp"]})
    );
}

#[test]
fn what_is_an_event_and_a_json_rpc_message_at_once_is_refused() {
    let both = |kind: &str| json!({"jsonrpc": "2.0", "id": 1, "method": "ping", "type": kind});
    let at = |path: &str, kind: &str| {
        let payload = both(kind).to_string();
        let seen = inspected("a.example.net", path, Kind::Text, payload.as_bytes());
        seen.map(|seen| seen.name()).map_err(|error| error.rule())
    };
    assert_eq!(at("/socket", "response.create"), Err("protocol.malformed"));
    assert_eq!(at("/v1/realtime", "anything"), Err("protocol.malformed"));
    assert_eq!(at("/v1/responses", "anything"), Err("protocol.malformed"));
    assert_eq!(at("/socket", "anything").unwrap(), "a.example.net ping");
}

fn handshake(sent: Sent) -> Sent {
    sent.header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", KEY)
}

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

fn text(host: &str, message: &Value) -> Result<Inspected, InspectError> {
    inspected(host, "/socket", Kind::Text, message.to_string().as_bytes())
}

fn binary(payload: &[u8]) -> Result<Inspected, InspectError> {
    inspected("any.example.net", "/socket", Kind::Binary, payload)
}

fn inspected(
    host: &str,
    path: &str,
    kind: Kind,
    payload: &[u8],
) -> Result<Inspected, InspectError> {
    let authority = Authority::parse(host, 443).unwrap();
    let model: Arc<str> = "gpt-realtime".into();
    let view = MessageView {
        authority: &authority,
        path,
        kind,
        payload: &Bytes::copy_from_slice(payload),
        model: Some(&model),
    };
    let catalogue = catalogue();
    inspect_message(&view, catalogue.service(&authority), scanner())
}
