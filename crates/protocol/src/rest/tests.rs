//! Promises about calls of catalogued REST services.

use serde_json::{Value, json};

use crate::InspectError;
use crate::inspected::Place;
use crate::testing::{get, post, request};
use aegis_policy::{AmbiguousPath, CallKind, Truncation};

#[test]
fn an_operation_gives_tool_action_and_parameters() {
    let seen = post("pay.example.com", "/v1/charges?expand=all")
        .json(&json!({"amount": 20, "note": {"text": "x"}}))
        .seen();
    assert_eq!(seen.name(), "payments charge");
    assert_eq!(seen.call.kind, CallKind::Tool);
    assert_eq!(seen.parameter("amount"), Some(&json!(20)));
    assert_eq!(seen.parameter("note"), Some(&json!({"text": "x"})));
    assert_eq!(seen.parameter("expand"), Some(&json!("all")));
    assert_eq!(
        seen.reading.recordable.first().map(|name| &**name),
        Some("amount")
    );
    let expected = vec![
        ("expand".to_owned(), Place::Query),
        ("amount".to_owned(), Place::Member),
        ("note".to_owned(), Place::Member),
    ];
    assert_eq!(seen.reading.parameters, expected);
}

#[test]
fn a_placeholder_gives_a_decoded_parameter() {
    let seen = post("pay.example.com", "/v1/charges/ch%5F1/refund")
        .form("reason=a+b")
        .seen();
    assert_eq!(seen.name(), "payments refund");
    assert_eq!(seen.parameter("charge"), Some(&json!("ch_1")));
    assert_eq!(seen.parameter("reason"), Some(&json!("a b")));
}

#[test]
fn what_no_operation_matches_is_other() {
    assert_eq!(
        get("pay.example.com", "/v1/customers?id=7").seen().name(),
        "payments other"
    );
    assert_eq!(
        request("DELETE", "pay.example.com", "/v1/charges")
            .seen()
            .name(),
        "payments other"
    );
}

#[test]
fn a_parameter_in_two_places_is_refused() {
    let twice = [
        post("pay.example.com", "/v1/charges?amount=1").json(&json!({"amount": 2})),
        post("pay.example.com", "/v1/charges?amount=1&amount=2"),
        post("pay.example.com", "/v1/charges?Amount=1&amount=2"),
        post("pay.example.com", "/v1/charges?amount=1&%61mount=2"),
        post("pay.example.com", "/v1/charges?amount=1").form("amount=2"),
        post("pay.example.com", "/v1/charges/1/refund").form("charge=2"),
        post("pay.example.com", "/v1/charges").form("amount=1&amount[]=2"),
        post("pay.example.com", "/v1/charges").form("amount[]=1&amount=2"),
        post("pay.example.com", "/v1/charges?amount[]=1").form("amount[]=2"),
        post("pay.example.com", "/v1/charges").json(&json!({"amount": 1, "AMOUNT": 2})),
        post("pay.example.com", "/v1/charges?pay.to=1&pay_to=2"),
        post("pay.example.com", "/v1/charges?pay+to[]=1").json(&json!({"pay_to": 2})),
    ];
    for sent in twice {
        assert_eq!(sent.error().rule(), "protocol.duplicate_parameter");
    }
}

#[test]
fn members_are_parameters_in_their_order_however_they_are_spelled() {
    for members in [json!({"b": 1, "a": [2]}), json!({"B": 1, "a": [2]})] {
        let seen = post("pay.example.com", "/v1/charges").json(&members).seen();
        assert_eq!(Value::Object(seen.call.parameters), members);
        let names = members.as_object().unwrap().keys();
        let places = names.map(|name| (name.clone(), Place::Member));
        assert_eq!(seen.reading.parameters, places.collect::<Vec<_>>());
    }
}

#[test]
fn a_key_twice_in_one_object_is_malformed() {
    let sent = post("pay.example.com", "/v1/charges")
        .body("application/json", r#"{"amount":1,"amount":2}"#);
    assert_eq!(sent.error().rule(), "protocol.malformed");
}

#[test]
fn parts_of_a_parameter_become_an_array() {
    let seen = post("pay.example.com", "/v1/charges")
        .form("tag[]=a&tag[]=b&meta[x]=1")
        .seen();
    assert_eq!(seen.parameter("tag"), Some(&json!(["a", "b"])));
    assert_eq!(seen.parameter("meta"), Some(&json!(["1"])));
}

#[test]
fn a_body_of_unknown_shape_counts_as_not_seen() {
    let bodies = [
        post("pay.example.com", "/v1/charges").json(&json!([{"amount": 1}])),
        post("pay.example.com", "/v1/charges").body("text/plain", "amount: 1"),
        post("pay.example.com", "/v1/charges").body("", "amount=1"),
        post("pay.example.com", "/v1/charges").body("application/octet-stream", [0xff, 0xfe]),
        post("pay.example.com", "/v1/charges").body(
            "multipart/mixed; boundary=x",
            "--x\r\n\r\namount=1\r\n--x--",
        ),
        post("pay.example.com", "/v1/charges")
            .json(&json!({}))
            .header("content-encoding", "gzip"),
        post("pay.example.com", "/v1/charges").too_long(),
    ];
    for sent in bodies {
        let seen = sent.seen();
        assert_eq!(seen.call.truncation, Truncation::Truncated);
        assert!(seen.call.parameters.is_empty());
    }
}

#[test]
fn json_without_a_content_type_is_judged_as_json() {
    let seen = post("pay.example.com", "/v1/charges")
        .body("", r#" {"amount": 5}"#)
        .seen();
    assert_eq!(seen.parameter("amount"), Some(&json!(5)));
    assert_eq!(seen.call.truncation, Truncation::Whole);
}

#[test]
fn json_that_is_called_a_form_is_refused() {
    let error = post("pay.example.com", "/v1/charges")
        .form(r#"{"amount":5}"#)
        .error();
    assert_eq!(
        error,
        InspectError::Disagreement {
            declared: "a form",
            found: "JSON"
        }
    );
}

#[test]
fn queries_and_forms_that_servers_read_differently_are_malformed() {
    for query in ["amount=1;amount=2", "amount=%zz", "amount=%f", "amount=%ff"] {
        let sent = post("pay.example.com", &format!("/v1/charges?{query}"));
        assert_eq!(sent.error().rule(), "protocol.malformed", "{query}");
        let sent = post("pay.example.com", "/v1/charges").form(query);
        assert_eq!(sent.error().rule(), "protocol.malformed", "{query}");
    }
}

#[test]
fn names_that_servers_read_differently_are_malformed() {
    let names = [
        "[amount]",
        "",
        "+amount",
        "amount+",
        "amount+[x]",
        "amount%00x",
        "amount%0A",
        "amount]",
        "amount[x]]",
        "amount[x",
        ".amount",
    ];
    for name in names {
        let pair = format!("{name}=1000000");
        let sent = post("pay.example.com", &format!("/v1/charges?{pair}"));
        assert_eq!(sent.error().rule(), "protocol.malformed", "{name}");
        let sent = post("pay.example.com", "/v1/charges").form(&pair);
        assert_eq!(sent.error().rule(), "protocol.malformed", "{name}");
    }
    let seen = post("pay.example.com", "/v1/charges?pay.to=a&full+name=b").seen();
    assert_eq!(seen.parameter("pay.to"), Some(&json!("a")));
    assert_eq!(seen.parameter("full name"), Some(&json!("b")));
}

#[test]
fn another_method_cannot_be_smuggled_in() {
    let overrides = [
        post("pay.example.com", "/v1/charges").header("x-http-method-override", "DELETE"),
        post("pay.example.com", "/v1/charges?_method=DELETE"),
        post("pay.example.com", "/v1/charges").form("_METHOD=DELETE"),
        post("plain.example.com", "/").header("x-http-method", "DELETE"),
        post("plain.example.com", "/").header("x_http_method_override", "DELETE"),
        post("plain.example.com", "/?a=1&_method=DELETE"),
        post("plain.example.com", "/").form("_Method=DELETE"),
        post("plain.example.com", "/").form("%00.method[]=DELETE"),
        post("files.example.com", "/?+%5Fmethod=DELETE"),
        post("pay.example.com", "/v1/charges").json(&json!({"_method": "DELETE"})),
    ];
    for sent in overrides {
        assert_eq!(sent.error().rule(), "protocol.method_override");
    }
}

#[test]
fn a_header_that_names_another_path_is_refused() {
    for header in ["x-original-url", "x-rewrite-url", "x_original_url"] {
        let sent = post("pay.example.com", "/v1/charges").header(header, "/v1/payouts");
        assert_eq!(sent.error().rule(), "protocol.path_override", "{header}");
    }
}

#[test]
fn an_ambiguous_path_is_refused() {
    let error = post("pay.example.com", "/v1//charges").error();
    assert_eq!(
        error,
        InspectError::AmbiguousPath(AmbiguousPath::EmptySegment)
    );
    assert_eq!(error.rule(), "protocol.ambiguous_path");
}

#[test]
fn json_rpc_at_a_rest_service_is_a_disagreement() {
    let message =
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "x"}});
    for host in ["pay.example.com", "llm.example.com", "files.example.com"] {
        let error = post(host, "/v1/charges").json(&message).error();
        assert_eq!(error.rule(), "protocol.disagreement", "{host}");
    }
}
