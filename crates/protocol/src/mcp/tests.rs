//! Promises about MCP messages.

use aegis_policy::{CallKind, Truncation};
use serde_json::{Value, json};

use crate::inspected::Place;
use crate::mcp::Expected;
use crate::testing::{MAIL, Sent, get, post, request};
use crate::{Dialect, InspectError};

const SERVER: &str = "mcp.example.com:8443";

fn send(message: &Value) -> Sent {
    post(SERVER, "/mcp").json(message)
}

fn search(arguments: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call",
           "params": {"name": "search", "arguments": arguments}})
}

#[test]
fn a_tool_call_gives_server_tool_and_arguments() {
    let seen = send(&search(&json!({"query": "tea", "a/b": 1}))).seen();
    assert_eq!(seen.name(), "docs/search call");
    assert_eq!(seen.call.kind, CallKind::Mcp);
    assert_eq!(seen.reading.dialect, Dialect::JsonRpc { id: json!(7) });
    assert_eq!(seen.parameter("query"), Some(&json!("tea")));
    assert_eq!(
        seen.reading.recordable.first().map(|name| &**name),
        Some("query")
    );
    let (_, place) = seen.reading.parameters.last().expect("a place");
    assert_eq!(*place, Place::Body("/params/arguments/a~1b".to_owned()));
}

#[test]
fn a_server_that_is_not_catalogued_is_known_by_its_content() {
    let seen = post("other.example.net", "/")
        .json(&search(&json!({})))
        .seen();
    assert_eq!(seen.name(), "other.example.net/search call");
}

#[test]
fn every_message_has_an_action() {
    let messages = [
        (
            json!({"jsonrpc": "2.0", "id": "a", "method": "initialize", "params": {}}),
            "initialize",
        ),
        (
            json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}),
            "tools/list",
        ),
        (
            json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
            "notifications/initialized",
        ),
        (json!({"jsonrpc": "2.0", "id": 1, "result": {}}), "response"),
        (
            json!({"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": "x"}}),
            "response",
        ),
    ];
    for (message, action) in messages {
        assert_eq!(send(&message).seen().name(), format!("docs {action}"));
    }
}

#[test]
fn the_parameters_of_other_methods_are_judged_without_their_metadata() {
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "resources/read",
                         "params": {"uri": "file:///a", "_meta": {"traceparent": "x"}}});
    let seen = send(&message).seen();
    assert_eq!(
        Value::Object(seen.call.parameters),
        json!({"uri": "file:///a"})
    );
}

#[test]
fn what_a_client_answers_is_judged_by_what_it_says() {
    for (member, said) in [
        (
            "result",
            json!({"role": "assistant", "model": "m", "content": {"type": "text", "text": "x"}}),
        ),
        (
            "result",
            json!({"action": "accept", "content": {"name": "Ann"}}),
        ),
        ("result", json!({"roots": [{"uri": "file:///home/ann"}]})),
        ("error", json!({"code": -1, "message": "no", "data": "x"})),
    ] {
        let mut answered = said.clone();
        answered["_meta"] = json!({"traceparent": "x"});
        let seen = send(&json!({"jsonrpc": "2.0", "id": 1, member: answered})).seen();
        assert_eq!(Value::Object(seen.call.parameters), said);
        let places = seen.reading.parameters.iter().map(|(name, place)| {
            assert_eq!(*place, Place::Body(format!("/{member}/{name}")));
        });
        assert_eq!(places.count(), said.as_object().expect("members").len());
    }
}

#[test]
fn a_response_that_servers_could_read_differently_is_refused() {
    for said in [
        json!({"result": "text"}),
        json!({"result": null}),
        json!({"error": ["x"]}),
        json!({"result": {}, "error": {"code": 1, "message": "x"}}),
        json!({"result": {"Action": "accept"}}),
    ] {
        let mut message = json!({"jsonrpc": "2.0", "id": 1});
        for (name, value) in said.as_object().expect("members") {
            message[name] = value.clone();
        }
        let error = send(&message).error();
        assert!(matches!(error, InspectError::Malformed(_)), "{said}");
    }
}

#[test]
fn what_a_client_answers_with_its_call_is_shown_beside_the_arguments() {
    let input = json!({"who": {"action": "accept", "content": {"name": "Ann"}}});
    let params = json!({"name": "search", "arguments": {"q": "x"}, "inputResponses": input, "requestState": "s"});
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
    let seen = send(&message).seen();
    let judged = json!({"q": "x", "inputResponses": input});
    assert_eq!(Value::Object(seen.call.parameters), judged);

    let twice =
        json!({"name": "search", "arguments": {"inputResponses": 1}, "inputResponses": input});
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": twice});
    assert!(matches!(send(&message).error(), InspectError::Malformed(_)));
}

#[test]
fn only_a_request_is_answered_in_band() {
    let notification = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    assert!(!send(&notification).seen().reading.dialect.answers_in_band());
    let response = json!({"jsonrpc": "2.0", "id": 1, "result": {}});
    assert!(!send(&response).seen().reading.dialect.answers_in_band());
    assert!(
        send(&search(&json!({})))
            .seen()
            .reading
            .dialect
            .answers_in_band()
    );
}

#[test]
fn streams_and_ends_of_sessions_have_actions() {
    let stream = get(SERVER, "/mcp")
        .header("accept", "application/json")
        .header("accept", "Text/Event-Stream;q=0.9")
        .seen();
    assert_eq!(stream.name(), "docs stream");
    assert!(stream.call.stream);
    assert_eq!(stream.reading.dialect, Dialect::Problem);
    let end = request("DELETE", SERVER, "/mcp").header("mcp-session-id", "s");
    assert_eq!(end.seen().name(), "docs end");
    assert_eq!(
        request("OPTIONS", SERVER, "/mcp").seen().name(),
        "docs other"
    );
}

#[test]
fn a_stream_that_a_client_of_mcp_opens_is_one_on_any_host() {
    for header in ["mcp-session-id", "mcp-protocol-version"] {
        let opens = get("unknown.test", "/mcp")
            .header("accept", "application/json, text/event-stream")
            .header("last-event-id", "1")
            .header(header, "2025-06-18");
        let seen = opens.seen();
        assert_eq!(seen.call.kind, CallKind::Mcp);
        assert_eq!(
            (&*seen.call.tool, &*seen.call.action),
            ("unknown.test", "stream")
        );
        assert!(seen.reading.expected().is_some_and(Expected::lists));
    }
    // Discovery of OAuth servers names the revision as well; event streams are not only of MCP.
    let others = [
        get("unknown.test", "/.well-known/oauth-protected-resource")
            .header("accept", "application/json")
            .header("mcp-protocol-version", "2025-06-18"),
        get("unknown.test", "/news")
            .header("accept", "text/event-stream")
            .header("last-event-id", "1"),
    ];
    for other in others {
        assert_eq!(other.seen().call.kind, CallKind::Http);
    }
}

#[test]
fn a_request_without_the_header_of_its_purpose_is_other() {
    let others = [
        get(SERVER, "/mcp"),
        get(SERVER, "/mcp").header("accept", "*/*"),
        get(SERVER, "/mcp").header("mcp-session-id", "s"),
        request("DELETE", SERVER, "/mcp"),
    ];
    for sent in others {
        let seen = sent.seen();
        assert_eq!(seen.name(), "docs other");
        assert!(!seen.call.stream);
    }
}

#[test]
fn an_ambiguous_path_is_an_error() {
    for path in ["/mcp/../admin", "//mcp", "/mcp/", "/a%2fmcp", "/mcp;x"] {
        let calls = [
            post(SERVER, path).json(&search(&json!({}))),
            get(SERVER, path),
        ];
        for sent in calls {
            assert_eq!(sent.error().rule(), "protocol.ambiguous_path", "{path}");
        }
    }
}

#[test]
fn a_message_that_cannot_be_read_is_unknown() {
    let seen = post(SERVER, "/mcp").too_long().seen();
    assert_eq!(seen.name(), "docs unknown");
    assert_eq!(seen.call.truncation, Truncation::Truncated);
}

#[test]
fn anything_but_a_message_is_a_disagreement() {
    let others = [
        post(SERVER, "/mcp"),
        post(SERVER, "/mcp").json(&json!({"hello": 1})),
        post(SERVER, "/mcp").json(&json!({"jsonrpc": "1.0", "method": "x"})),
        post(SERVER, "/mcp").body("text/plain", "hello"),
        get(SERVER, "/mcp").json(&search(&json!({}))),
        request("PUT", SERVER, "/mcp").json(&search(&json!({}))),
    ];
    for sent in others {
        assert_eq!(sent.error().rule(), "protocol.disagreement");
    }
}

#[test]
fn a_batch_is_refused_wherever_it_goes() {
    for host in [SERVER, "pay.example.com", "other.example.net"] {
        let error = post(host, "/mcp")
            .json(&json!([search(&json!({}))]))
            .error();
        assert_eq!(error, InspectError::Batch, "{host}");
        assert_eq!(error.rule(), "protocol.batch");
    }
}

#[test]
fn messages_against_the_schema_are_malformed() {
    let messages = [
        json!({"jsonrpc": "2.0", "id": null, "method": "x"}),
        json!({"jsonrpc": "2.0", "id": [1], "method": "x"}),
        json!({"jsonrpc": "2.0", "id": 1, "method": ""}),
        json!({"jsonrpc": "2.0", "id": 1, "method": 5}),
        json!({"jsonrpc": "2.0", "id": 1, "method": "x", "result": {}}),
        json!({"jsonrpc": "2.0", "id": 1, "result": {}, "error": {}}),
        json!({"jsonrpc": "2.0", "id": 1, "method": "x", "params": [1]}),
        json!({"jsonrpc": "2.0", "id": 1, "method": "x", "Method": "tools/call"}),
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call"}),
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": ""}}),
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "a", "Name": "b"}}),
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "a", "arguments": [1]}}),
    ];
    for message in messages {
        assert_eq!(
            send(&message).error().rule(),
            "protocol.malformed",
            "{message}"
        );
    }
}

#[test]
fn mirrored_headers_must_say_what_the_body_says() {
    let call = search(&json!({}));
    let agreed = send(&call)
        .header("mcp-method", "tools/call")
        .header("mcp-name", "=?base64?c2VhcmNo?=");
    assert_eq!(agreed.seen().name(), "docs/search call");
    let mismatched = [
        send(&call).header("mcp-method", "tools/list"),
        send(&call).header("mcp-name", "delete"),
        send(&call).header("mcp-name", "=?base64?ZGVsZXRl?="),
        send(
            &json!({"jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": {"uri": "a"}}),
        )
        .header("mcp-name", "b"),
    ];
    for sent in mismatched {
        assert_eq!(sent.error().rule(), "protocol.header_mismatch");
    }
    for broken in ["=?base64?!?=", "=?base64?/w==?="] {
        let sent = send(&call).header("mcp-name", broken);
        assert_eq!(sent.error().rule(), "protocol.header_mismatch");
    }
    for header in ["mcp-name", "mcp-method", "mcp-protocol-version"] {
        let twice = send(&call)
            .header(header, "search")
            .header(header, "search");
        assert_eq!(twice.error(), InspectError::HeaderMismatch { header });
    }
}

const STATELESS: &str = "2026-07-28";

#[test]
fn the_stateless_revision_requires_what_it_mirrors() {
    let mut call = search(&json!({"query": "tea"}));
    call["params"]["_meta"] = json!({"io.modelcontextprotocol/protocolVersion": STATELESS});
    let with = |headers: &[(&'static str, &str)]| {
        let sent = send(&call);
        headers
            .iter()
            .fold(sent, |sent, (name, value)| sent.header(name, value))
    };
    let whole = [
        ("mcp-protocol-version", STATELESS),
        ("mcp-method", "tools/call"),
        ("mcp-name", "search"),
    ];
    assert_eq!(with(&whole).seen().name(), "docs/search call");
    for missing in 0..whole.len() {
        let mut headers = whole.to_vec();
        let (header, _) = headers.remove(missing);
        assert_eq!(
            with(&headers).error(),
            InspectError::HeaderMismatch { header }
        );
    }
    let mut other = whole;
    other[0].1 = "2026-07-29";
    assert_eq!(with(&other).error().rule(), "protocol.header_mismatch");

    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let list = send(&list).header("mcp-protocol-version", STATELESS);
    assert_eq!(list.error().rule(), "protocol.header_mismatch");
    assert_eq!(
        list.header("mcp-method", "tools/list").seen().name(),
        "docs tools/list"
    );
    let note = json!({"jsonrpc": "2.0", "method": "notifications/cancelled"});
    let note = send(&note).header("mcp-protocol-version", STATELESS);
    assert_eq!(note.seen().name(), "docs notifications/cancelled");
}

#[test]
fn earlier_revisions_require_nothing() {
    for version in ["2025-06-18", "2025-11-25"] {
        let call = send(&search(&json!({}))).header("mcp-protocol-version", version);
        assert_eq!(call.seen().name(), "docs/search call");
    }
}

#[test]
fn a_mirrored_argument_must_stand_in_the_body() {
    let arguments = json!({"query": "tea", "limit": 42, "whole": 42.0, "deep": {"on": true},
                           "word": "Gr\u{fc}n", "none": null});
    let table = [
        ("mcp-param-query", "tea", true),
        ("mcp-param-QUERY", "tea", true),
        ("mcp-param-query", "coffee", false),
        // Another argument has the value, but not the one of this name.
        ("mcp-param-query", "42", false),
        ("mcp-param-limit", "42", true),
        ("mcp-param-limit", "42.0", true),
        ("mcp-param-limit", "4.2e1", false),
        ("mcp-param-limit", "43", false),
        ("mcp-param-whole", "42", true),
        ("mcp-param-flag", "true", true),
        ("mcp-param-flag", "false", false),
        ("mcp-param-colour", "=?base64?R3LDvG4=?=", true),
        ("mcp-param-colour", "=?base64?!?=", false),
        ("mcp-param-none", "null", false),
        ("mcp-param-other", "", false),
    ];
    for (header, value, agreed) in table {
        let header: &'static str = header.to_ascii_lowercase().leak();
        let sent = send(&search(&arguments)).header(header, value);
        if agreed {
            assert_eq!(sent.seen().name(), "docs/search call", "{header} {value}");
        } else {
            let rule = sent.error().rule();
            assert_eq!(rule, "protocol.header_mismatch", "{header} {value}");
        }
    }
    let twice = send(&search(&arguments)).header("mcp-param-query", "tea");
    let twice = twice.header("mcp-param-query", "tea");
    assert_eq!(twice.error().rule(), "protocol.header_mismatch");
    let list =
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"query": "tea"}});
    let list = send(&list).header("mcp-param-query", "tea");
    assert_eq!(list.error().rule(), "protocol.header_mismatch");
}

#[test]
fn a_prompt_is_judged_as_a_tool_is_and_a_resource_by_its_uri() {
    let get = json!({"jsonrpc": "2.0", "id": 1, "method": "prompts/get",
                     "params": {"name": "greet", "arguments": {"who": "me"}}});
    let seen = send(&get).seen();
    assert_eq!(seen.name(), "docs/greet get");
    assert_eq!(Value::Object(seen.call.parameters), json!({"who": "me"}));
    for (method, uri) in [
        ("resources/read", "file:///a/../b"),
        ("resources/subscribe", "file:///a/%2e%2e/b"),
        ("resources/read", ""),
    ] {
        let read = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": {"uri": uri}});
        assert_eq!(send(&read).error().rule(), "protocol.malformed");
    }
    for params in [
        json!({}),
        json!({"URI": "a"}),
        json!({"uri": "a", "Uri": "b"}),
    ] {
        let read = json!({"jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": params});
        assert_eq!(send(&read).error().rule(), "protocol.malformed");
    }
}

#[test]
fn mirrored_arguments_are_searched_and_cannot_be_redacted() {
    let seen = send(&search(&json!({"query": MAIL})))
        .header("mcp-param-query", MAIL)
        .seen();
    let places = [
        ("EMAIL_ADDRESS", "header:mcp-param-query"),
        ("EMAIL_ADDRESS", "body:/params/arguments/query"),
    ];
    assert_eq!(seen.found(), places);
    assert_eq!(
        seen.reading.parameters,
        vec![("query".to_owned(), Place::Fixed)]
    );
}

#[test]
fn a_mirrored_name_fixes_parameters_but_not_the_arguments_of_a_tool() {
    let places = |sent: Sent| sent.seen().reading.parameters;
    let call = send(&search(&json!({"query": "tea"}))).header("mcp-name", "search");
    let in_body = Place::Body("/params/arguments/query".to_owned());
    assert_eq!(places(call), vec![("query".to_owned(), in_body)]);
    let read =
        json!({"jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": {"uri": "a"}});
    let read = send(&read).header("mcp-name", "a");
    assert_eq!(places(read), vec![("uri".to_owned(), Place::Fixed)]);
}
