//! A body that readers take differently, or that hides what it is, has one outcome, whatever protocol it is said to speak.

use aegis_testkit::{Aegis, Payload, Upstream};
use http::{HeaderName, Request};

use crate::finance::rules;

#[tokio::test]
async fn what_readers_take_differently_is_refused_in_every_protocol() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = data_plane(&upstream).start().await;
    let deep = format!("{}{}", "[".repeat(70), "]".repeat(70));
    for (what, value) in [
        ("two members of one name", br#"1,"value":2"#.to_vec()),
        ("the same in an escape", br#"1,"valu\u0065":2"#.to_vec()),
        ("more levels than any reader takes", deep.into_bytes()),
        ("a number out of range", b"1e999".to_vec()),
        ("half of a character", br#""\ud800""#.to_vec()),
        ("no UTF-8", b"\"\xff\"".to_vec()),
        ("no number", b"NaN".to_vec()),
        ("a comment", b"/* */ 1".to_vec()),
    ] {
        for (path, body) in BODIES {
            let body = filled(body, &value);
            let sent = request(
                &upstream,
                path,
                &[("content-type", "application/json")],
                body,
            );
            refused(&aegis, sent, "protocol.malformed", what).await;
        }
    }
    assert_eq!(upstream.connections(), 0);
    for (path, body) in BODIES {
        let json = [("content-type", "application/json")];
        let sent = request(&upstream, path, &json, filled(body, b"1"));
        let passed = aegis.client("worker").send(sent).await;
        assert_eq!(passed.header("aegis-decision"), Some("allow"), "{path}");
    }
    assert_eq!(upstream.count(), BODIES.len());
}

#[tokio::test]
async fn what_hides_what_it_is_is_refused_in_every_protocol() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = data_plane(&upstream).start().await;
    let json = ("content-type", "application/json");
    for (what, headers, rule) in [
        (
            "two codings, one within the other",
            [json, ("content-encoding", "gzip, gzip")],
            "truncated",
        ),
        (
            "a coding that nobody knows",
            [json, ("content-encoding", "x-secret")],
            "truncated",
        ),
        (
            "another character set",
            [("content-type", "application/json; charset=utf-16"), ACCEPT],
            "protocol.charset",
        ),
        (
            "a media type that is none",
            [("content-type", "application/json, text/plain"), ACCEPT],
            "protocol.malformed",
        ),
    ] {
        for (path, body) in BODIES {
            let sent = request(&upstream, path, &headers, filled(body, b"1"));
            refused(&aegis, sent, rule, what).await;
        }
    }
    assert_eq!(upstream.connections(), 0);
}

/// JSON under the name of a form is a call to some servers and a form to others.
#[tokio::test]
async fn a_call_under_a_wrong_content_type_is_refused() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = data_plane(&upstream).start().await;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for (path, body) in BODIES.iter().skip(1) {
        let sent = request(&upstream, path, &form, filled(body, b"1"));
        refused(&aegis, sent, "protocol.disagreement", path).await;
    }
    assert_eq!(upstream.connections(), 0);
}

async fn refused(aegis: &Aegis, sent: Request<Payload>, rule: &str, what: &str) {
    let what = format!("{what} to {}", sent.uri());
    let mut reply = aegis.client("worker").send(sent).await;
    let said = reply.text().await;
    assert!(said.contains(rule), "{what}: {said}");
    let (decision, end) = aegis.lines_of(&reply).await;
    assert_eq!(rules(&decision["rules"]), [rule], "{what}");
    assert_eq!(decision["outcome"], "deny", "{what}");
    assert_eq!(end["outcome_detail"], "refused", "{what}");
}

fn request(
    upstream: &Upstream,
    path: &str,
    headers: &[(&'static str, &str)],
    body: Vec<u8>,
) -> Request<Payload> {
    let mut request = Request::post(upstream.url_as("any.test", path));
    for (name, value) in headers {
        request = request.header(HeaderName::from_static(name), *value);
    }
    request.body(Payload::from(body)).expect("a request")
}

fn filled(body: &str, value: &[u8]) -> Vec<u8> {
    let (before, behind) = body.split_once("VALUE").expect("a place");
    [before.as_bytes(), value, behind.as_bytes()].concat()
}

fn data_plane(upstream: &Upstream) -> aegis_testkit::AegisBuilder {
    let policy = POLICY.replace("PORT", &upstream.port().to_string());
    Aegis::with_policy(&policy)
        .agent("acme", "worker")
        .hosts(&["any.test"])
}

const ACCEPT: (&str, &str) = ("accept", "*/*");

/// Each would pass with a number: to a plain server, to one of MCP, an agent, and models of four kinds.
const BODIES: [(&str, &str); 8] = [
    ("/anything", r#"{"value":VALUE}"#),
    (
        "/mcp",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"value":VALUE}}}"#,
    ),
    (
        "/agent",
        r#"{"jsonrpc":"2.0","id":1,"method":"message/send","params":{"message":{"role":"user","kind":"message","messageId":"1","parts":[{"kind":"text","text":"a"}]},"metadata":{"value":VALUE}}}"#,
    ),
    (
        "/v1/chat/completions",
        r#"{"model":"m","messages":[],"value":VALUE}"#,
    ),
    (
        "/v1/responses",
        r#"{"model":"m","input":"a","value":VALUE}"#,
    ),
    (
        "/v1/messages",
        r#"{"model":"m","max_tokens":1,"messages":[],"value":VALUE}"#,
    ),
    (
        "/model/m/converse",
        r#"{"messages":[],"additionalModelRequestFields":{"value":VALUE}}"#,
    ),
    (
        "/v1beta/models/m:generateContent",
        r#"{"contents":[],"value":VALUE}"#,
    ),
];

const POLICY: &str = "
tenants: {acme: {}}
agents: {worker: {tenant: acme, profile: worker}}
profiles:
  worker:
    hosts: ['any.test:PORT']
    tools: {http: {'*': {}}, any.test: {'*': {}}, any.test/a: {call: {}}}
catalogue: {}
";
