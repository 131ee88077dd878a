use http::HeaderValue;
use serde_json::{Value, json};

use super::*;
use crate::testing::{get, post};

const UNKNOWN: &str = "unknown.example";
const LIMIT: usize = 4096;

fn stored(path: &str) -> Stored {
    let seen = get(UNKNOWN, path).seen();
    seen.reading.stored().cloned().expect("a path of the API")
}

fn claimed(path: &str, content_type: &'static str, body: &[u8]) -> Result<Claim, AnswerError> {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    stored(path).claim(&headers, body, true, LIMIT)
}

fn of_json(path: &str, body: &Value) -> Claim {
    let body = body.to_string();
    claimed(path, "application/json", body.as_bytes()).expect("a claim")
}

#[test]
fn what_a_client_reads_as_a_generation_is_one() {
    let item = json!({"type": "function_call", "name": "x"});
    for body in [
        json!({"object": "response"}),
        json!({"output": [item]}),
        json!({"Output": [{"Type": "x"}]}),
    ] {
        let claim = of_json("/responses/5", &body);
        assert_eq!(claim, Claim::Generation(Framing::Document), "{body}");
    }
    for body in [
        json!({"object": "chat.completion"}),
        json!({"choices": [{}]}),
        json!({"object": "list", "data": [{"choices": [{}]}]}),
    ] {
        let claim = of_json("/chat/completions/5", &body);
        assert_eq!(claim, Claim::Generation(Framing::Document), "{body}");
    }
}

#[test]
fn what_it_does_not_is_anybodys() {
    for body in [
        json!({}),
        json!({"object": "survey.response", "output": ["x"]}),
        json!({"output": [{"value": 1}], "response": {"output": []}}),
        json!({"choices": ["red", "blue"], "data": [{"id": 1}]}),
    ] {
        for path in ["/responses/5", "/chat/completions/5"] {
            assert_eq!(of_json(path, &body), Claim::Other, "{body}");
        }
    }
    for body in [
        "",
        "  \n",
        "[{\"object\":\"response\"}]",
        "%PDF-1.7",
        "{{ x }}",
        "{\"a\":1}\n{\"a\":2}",
    ] {
        let claim = claimed("/responses/5", "application/json", body.as_bytes());
        assert_eq!(claim, Ok(Claim::Other), "{body}");
    }
}

#[test]
fn events_are_those_that_are_named_or_asked_for() {
    let events = Ok(Claim::Generation(Framing::ServerSentEvents));
    let body = b": hello\n\n";
    assert_eq!(
        claimed("/responses/5", "text/event-stream; charset=utf-8", body),
        events
    );
    assert_eq!(
        claimed("/responses/5?stream=True", "text/plain", body),
        events
    );
    for path in [
        "/responses/5",
        "/responses/5?stream=false",
        "/responses/5?stream=",
    ] {
        assert_eq!(
            claimed(path, "text/plain", body),
            Ok(Claim::Other),
            "{path}"
        );
    }
}

#[test]
fn what_only_some_clients_read_is_an_error() {
    let document = r#"{"output":[{"type":"x"}],"output":[]}"#;
    let utf16: Vec<u8> = document.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (path, body) in [
        ("/responses/5", document.as_bytes().to_vec()),
        ("/responses/5", format!("\u{feff}{document}").into_bytes()),
        ("/responses/5", utf16),
        (
            "/responses/5",
            format!("{{\"a\":\"{}\"}}", "x".repeat(LIMIT)).into_bytes(),
        ),
        ("/responses/5?stream=true", b"{x\n\ndata: {}\n\n".to_vec()),
        (
            "/responses/5?stream=true",
            "{\"a\":\"\u{2028}data: {}\"}".into(),
        ),
    ] {
        assert!(claimed(path, "application/json", &body).is_err(), "{path}");
    }
}

#[test]
fn a_document_is_waited_for() {
    let of = stored("/responses/5");
    for body in ["", " ", "{", "{\"a\":"] {
        let claim = of.claim(&HeaderMap::new(), body.as_bytes(), false, LIMIT);
        assert_eq!(claim, Ok(Claim::Open), "{body}");
    }
    let claim = of.claim(&HeaderMap::new(), b"x", false, LIMIT);
    assert_eq!(claim, Ok(Claim::Other));
    for ended in [false, true] {
        let claim = of.claim(&HeaderMap::new(), &[b' '; LIMIT + 1], ended, LIMIT);
        assert_eq!(claim, Err(AnswerError::EventTooLong));
    }
}

#[test]
fn the_path_is_found_in_every_spelling_and_nowhere_else() {
    for sent in [
        get(UNKNOWN, "/v1/responses/r/"),
        get(UNKNOWN, "/x/../v1/Responses/r;y"),
        get(UNKNOWN, "/v1%2fresponses%2fr"),
        get(UNKNOWN, "/chat/completions"),
        post(UNKNOWN, "/v1/responses/r/cancel"),
        post(UNKNOWN, "/v1/chat/completions/c").json(&json!({"metadata": {}})),
    ] {
        assert!(sent.seen().reading.stored().is_some());
    }
    for sent in [
        get(UNKNOWN, "/v1/responses"),
        get(UNKNOWN, "/v1/responses/r/input_items"),
        get(UNKNOWN, "/v1/chat/completions/c/messages"),
        post(UNKNOWN, "/v1/responses/r"),
        get("files.example.com", "/v1/responses/r"),
        get("claude.example.com", "/v1/responses/r"),
    ] {
        assert!(sent.seen().reading.stored().is_none());
    }
}

#[test]
fn of_a_stream_only_what_a_client_reads_as_the_apis_is_its_event() {
    let is = |name: &str, data: &str| is_event(LlmApi::Responses, name, data.as_bytes());
    for (name, data) in [
        ("", r#"{"type":"response.created"}"#),
        ("", r#"{"TYPE":"response.created"}"#),
        ("response.created", "{}"),
        ("", r#"{"type":"x","type":"response.created"}"#),
        ("x", r#"{"object":"response"}"#),
    ] {
        assert!(is(name, data), "{data}");
    }
    for data in ["tick", "{}", "[1]", r#"{"type":"tick"}"#, "{{ x }}", "7"] {
        assert!(!is("tick", data), "{data}");
    }
}
