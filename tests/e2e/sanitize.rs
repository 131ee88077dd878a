//! What policy wants redacted does not leave; everything else leaves byte for byte, or nothing does.

mod bodies;
mod names;

use std::fmt::Write as _;

use aegis_testkit::{Aegis, Answer, Feed, OtlpReceiver, Payload, Upstream};
use http::{HeaderMap, HeaderValue, Request};
use serde_json::json;

use crate::finance::{charge_url, payments, post, rules};

#[tokio::test]
async fn a_named_parameter_and_an_address_in_json_are_redacted_in_place() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;
    // Odd spacing, an escape, a number in another notation: none of it may be written anew.
    let body = r#"{ "amount":1e2,"currency" : "eur", "note":"for ann", "to":["x", "ann@example.org, b"],"caf\u00e9": 1.50 }"#;

    let reply = aegis
        .client("finance-bot")
        .send(post(&charge_url(&upstream), "application/json", body))
        .await;

    let received = upstream.request();
    let expected = body
        .replace("for ann", "[REDACTED]")
        .replace("ann@example.org", "[REDACTED:EMAIL_ADDRESS]");
    assert_eq!(received.text(), expected);
    let length = expected.len().to_string();
    assert_eq!(received.header("content-length"), Some(length.as_str()));
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.header("aegis-decision"), Some("sanitize"));
    let (decision, _) = aegis.lines_of(&reply).await;
    assert_eq!(decision["redacted"], json!(["note", "EMAIL_ADDRESS"]));
    assert_eq!(
        rules(&decision["rules"]),
        ["parameter.redact", "data.EMAIL_ADDRESS"]
    );
    assert_eq!(decision["data"][0]["path"], "body:/to/1");
}

#[tokio::test]
async fn a_form_and_a_query_are_redacted_in_place() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;
    let url = charge_url(&upstream) + "?a=%7e&mail=ann%40example.org&b=+";
    let form = "application/x-www-form-urlencoded";

    let reply = aegis
        .client("finance-bot")
        .send(post(
            &url,
            form,
            "amount=7&currency=eur&x=%7E+y&note=for+ann&cc=bob@example.org",
        ))
        .await;

    assert_eq!(reply.header("aegis-decision"), Some("sanitize"));
    let received = upstream.request();
    assert_eq!(
        received.query(),
        Some("a=%7e&mail=%5BREDACTED%3AEMAIL_ADDRESS%5D&b=+")
    );
    let expected =
        "amount=7&currency=eur&x=%7E+y&note=%5BREDACTED%5D&cc=%5BREDACTED%3AEMAIL_ADDRESS%5D";
    assert_eq!(received.text(), expected);
    let length = expected.len().to_string();
    assert_eq!(received.header("content-length"), Some(length.as_str()));
}

#[tokio::test]
async fn a_chunked_body_is_redacted_like_any_other() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;
    let feed = Feed::new();
    let request = Request::post(charge_url(&upstream))
        .header("content-type", "application/json")
        .body(feed.payload());
    // The address spans two chunks.
    feed.send(r#"{"amount": 7, "currency": "eur", "to": "ann@exa"#);
    feed.send(r#"mple.org"}"#);
    feed.end();

    let reply = aegis
        .client("finance-bot")
        .send(request.expect("a URL"))
        .await;

    assert_eq!(reply.header("aegis-decision"), Some("sanitize"));
    let expected = r#"{"amount": 7, "currency": "eur", "to": "[REDACTED:EMAIL_ADDRESS]"}"#;
    assert_eq!(upstream.request().text(), expected);
}

#[tokio::test]
async fn what_cannot_be_redacted_is_refused_whole() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;
    let body = r#"{"amount": 7, "currency": "eur", "to": "ann@example.org"}"#;

    for (name, value) in [
        ("content-digest", "sha-256=:AAAA:"),
        ("stripe-signature", "t=1,v1=00"),
        ("signature-input", "sig=()"),
        ("authorization", "AWS4-HMAC-SHA256 Credential=x"),
    ] {
        let mut request = post(&charge_url(&upstream), "application/json", body);
        let headers = request.headers_mut();
        headers.insert(name, HeaderValue::from_static(value));
        let mut reply = aegis.client("finance-bot").send(request).await;

        assert_eq!(reply.status(), 403, "{name}");
        let problem = reply.json().await;
        assert_eq!(
            rules(&problem["reasons"]),
            ["sanitize.impossible"],
            "{name}"
        );
        let (decision, end) = aegis.lines_of(&reply).await;
        assert_eq!(decision["outcome"], "deny");
        assert!(decision.get("redacted").is_none(), "{decision}");
        assert_eq!(end["error"], "sanitize.impossible");
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_value_in_a_presigned_url_or_in_the_path_cannot_be_redacted() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;
    let words = r#"{"amount": 7, "currency": "eur"}"#;
    let signed = charge_url(&upstream) + "?to=ann%40example.org&X-Amz-Signature=00";

    let mut reply = aegis
        .client("finance-bot")
        .send(post(&signed, "application/json", words))
        .await;

    assert_eq!(
        rules(&reply.json().await["reasons"]),
        ["sanitize.impossible"]
    );
    assert_eq!(upstream.connections(), 0);
}

/// Trailers come after the body and may vouch for it.
#[tokio::test]
async fn a_body_with_trailers_is_not_redacted_but_refused() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;
    let feed = Feed::new();
    let request = Request::post(charge_url(&upstream))
        .header("content-type", "application/json")
        .header("trailer", "content-digest")
        .body(feed.payload());
    feed.send(r#"{"amount": 7, "currency": "eur", "to": "ann@example.org"}"#);
    let mut trailers = HeaderMap::new();
    trailers.insert("content-digest", HeaderValue::from_static("sha-256=:AAAA:"));
    feed.trailers(trailers);
    feed.end();

    let mut reply = aegis
        .client("finance-bot")
        .send(request.expect("a URL"))
        .await;

    assert_eq!(
        rules(&reply.json().await["reasons"]),
        ["sanitize.impossible"]
    );
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn cards_and_keys_are_denied_in_json_form_and_query() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;
    let form = "application/x-www-form-urlencoded";

    for (secret, rule) in [
        (CARD, "data.CREDIT_CARD"),
        (AWS_KEY, "data.SECRET_AWS"),
        (PEM_KEY, "data.SECRET_PRIVATE_KEY"),
    ] {
        let json = json!({"amount": 7, "currency": "eur", "memo": secret}).to_string();
        let encoded = secret.replace('\n', "%0A").replace(' ', "+");
        let in_form = format!("amount=7&currency=eur&memo={encoded}");
        let in_query = charge_url(&upstream) + "?memo=" + &encoded;
        let words = r#"{"amount": 7, "currency": "eur"}"#;
        for request in [
            post(&charge_url(&upstream), "application/json", &json),
            post(&charge_url(&upstream), form, &in_form),
            post(&in_query, "application/json", words),
        ] {
            let mut reply = aegis.client("finance-bot").send(request).await;
            let problem = reply.json().await;
            assert_eq!(rules(&problem["reasons"]), [rule], "{problem}");
        }
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_redacted_value_is_nowhere_but_at_its_sender() {
    let upstream = Upstream::http()
        .answer(|_| Answer::status(204))
        .start()
        .await;
    let collector = OtlpReceiver::start().await;
    let endpoint = collector.endpoint();
    let aegis = payments(&upstream)
        .settings(|settings| settings.telemetry.otlp_endpoint = Some(endpoint.into()))
        .start()
        .await;
    let body = format!(
        r#"{{"amount": 7, "currency": "eur", "to": "ann@example.org", "note": "hush", "ann@example.org": {CARD}}}"#
    );
    let mut said = String::new();

    for (path, body) in [
        ("/v1/charges", body.as_str()),
        (
            "/v1/charges?x=ann%40example.org",
            r#"{"amount": 7, "currency": "eur"}"#,
        ),
        ("/v1/charges/ann@example.org/refund", "{}"),
        (
            "/v1/charges",
            r#"{"amount": 7, "currency": "ann@example.org"}"#,
        ),
        ("/v1/charges", r#"{"amount": "ann@example.org"}"#),
        ("/v1/charges", r#"{"ann@example.org"#),
    ] {
        let request = post(
            &upstream.url_as("payments.test", path),
            "application/json",
            body,
        );
        let mut reply = aegis.client("finance-bot").send(request).await;
        aegis.lines_of(&reply).await;
        writeln!(said, "{:?}", reply.headers()).expect("a String takes all");
        said += &reply.text().await;
    }
    for line in aegis.audit() {
        said += &line.to_string();
    }
    for path in ["/metrics", "/status", "/approvals"] {
        said += &aegis.admin_get(path).await.1;
    }
    write!(said, "{:?}", collector.received(6).await).expect("a String takes all");
    for value in ["ann@example", "ann%40example", "hush", CARD] {
        assert!(!said.contains(value), "{value} was written down: {said}");
    }
}

#[tokio::test]
async fn data_in_a_recordable_parameter_masks_it_and_only_it() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;
    let body = json!({"amount": 7, "currency": "ann@example.org"});

    let reply = aegis
        .client("finance-bot")
        .post_json(&charge_url(&upstream), &body)
        .await;

    let (decision, _) = aegis.lines_of(&reply).await;
    assert_eq!(
        decision["parameters"],
        json!({"amount": 7, "currency": "[masked]"})
    );
}

#[tokio::test]
async fn redactions_are_counted_by_type() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;
    let body = json!({"amount": 7, "currency": "eur", "note": "n", "to": "ann@example.org"});

    aegis
        .client("finance-bot")
        .post_json(&charge_url(&upstream), &body)
        .await;

    let (_, metrics) = aegis.admin_get("/metrics").await;
    for line in [
        r#"aegis_data_found_total{type="EMAIL_ADDRESS",in="call"} 1"#,
        r#"aegis_redactions_total{type="EMAIL_ADDRESS",action="label"} 1"#,
        r#"aegis_redactions_total{type="parameter",action="label"} 1"#,
    ] {
        assert!(metrics.contains(line), "{metrics}");
    }
}

#[tokio::test]
async fn an_argument_of_an_mcp_call_is_redacted_too() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = Aegis::with_policy(&format!(
        "
tenants: {{acme: {{}}}}
agents: {{bot: {{tenant: acme, profile: p}}}}
profiles:
  p: {{data: {{EMAIL_ADDRESS: sanitize}}, tools: {{docs/search: {{call: {{who: {{redact: true}}}}}}}}}}
catalogue:
  docs: {{hosts: ['mcp.test:{}'], protocol: mcp}}
",
        upstream.port()
    ))
    .agent("acme", "bot")
    .hosts(&["mcp.test"])
    .start()
    .await;
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search","arguments":{"who":{"is":1},"q":"of ann@example.org"}}}"#;
    let url = upstream.url_as("mcp.test", "/mcp");

    let request: Request<Payload> = post(&url, "application/json", body);
    let reply = aegis.client("bot").send(request).await;

    assert_eq!(reply.header("aegis-decision"), Some("sanitize"));
    let expected = body
        .replace(r#"{"is":1}"#, r#""[REDACTED]""#)
        .replace("ann@example.org", "[REDACTED:EMAIL_ADDRESS]");
    assert_eq!(upstream.request().text(), expected);
}

#[tokio::test]
async fn data_in_the_name_of_a_tool_or_a_method_is_not_written_down() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).hosts(&["mcp.test"]).start().await;
    let url = upstream.url_as("mcp.test", "/mcp");

    for message in [
        json!({"jsonrpc": "2.0", "id": 1, "method": "ann@example.org"}),
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "ann@example.org"}}),
    ] {
        let reply = aegis.client("finance-bot").post_json(&url, &message).await;
        let (decision, _) = aegis.lines_of(&reply).await;
        assert_eq!(decision["outcome"], "deny");
        assert!(!decision.to_string().contains("ann@"), "{decision}");
        assert_eq!(decision["data"][0]["type"], "EMAIL_ADDRESS");
    }
}

#[tokio::test]
async fn a_caller_cannot_fill_the_log_with_what_it_sends() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;
    let mut body = json!({"amount": 7, "currency": "e".repeat(10_000), "n".repeat(10_000): 1});
    for number in 0..1000 {
        body[format!("p{number}")] = json!(1);
    }

    let url = charge_url(&upstream);
    let reply = aegis.client("finance-bot").post_json(&url, &body).await;

    let (decision, _) = aegis.lines_of(&reply).await;
    assert_eq!(decision["parameters"]["currency"], "[masked]");
    assert_eq!(decision["parameters"]["amount"], 7);
    assert!(decision.to_string().len() < 4000, "{decision}");
}

/// Valid by its check digit, issued to nobody.
const CARD: &str = "4539578763621486";
const AWS_KEY: &str = "AKIAQ3EGXAMTLE7RHWZD";
const PEM_KEY: &str =
    "-----BEGIN PRIVATE KEY-----\nMIIBnotarealkeybutlongenough\n-----END PRIVATE KEY-----";
