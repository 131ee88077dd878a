//! Bodies that are neither JSON nor a form: what is text in them is searched, and redacted in place or refused.

use aegis_testkit::{Aegis, AegisBuilder, Payload, Reply, Upstream};
use http::Request;

use crate::finance::{post, rules, under};

#[tokio::test]
async fn events_that_are_sent_are_redacted_as_the_text_that_they_are() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = notes().start().await;
    let body = "event: note\ndata: {\"to\":\"ann@example.org\"}\n\n\
                data: card 4111 1111 1111 1111\ndata: of bob@example.org\n\n";

    let reply = aegis
        .client("finance-bot")
        .send(post(&notes_url(&upstream), "text/event-stream", body))
        .await;

    assert_eq!(reply.header("aegis-decision"), Some("sanitize"));
    let expected = body
        .replace("ann@example.org", "[REDACTED:EMAIL_ADDRESS]")
        .replace("bob@example.org", "[REDACTED:EMAIL_ADDRESS]")
        .replace("4111 1111 1111 1111", "[REDACTED:CREDIT_CARD]");
    assert_eq!(upstream.request().text(), expected);
}

#[tokio::test]
async fn beside_a_file_that_is_no_text_the_other_parts_are_redacted_where_policy_lets_it_pass() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = notes().start().await;

    let mut refused = send(&aegis, upload(&upstream, ["none", "none"])).await;
    assert_eq!(rules(&refused.json().await["reasons"]), ["truncated"]);
    assert_eq!(upstream.count(), 0);

    for passes in ["parts", "allow"] {
        aegis.change_policy(&unread(passes)).await;
        let sent = ["to ann@example.org", "4111 1111 1111 1111"];
        let reply = send(&aegis, upload(&upstream, sent)).await;

        assert_eq!(reply.header("aegis-decision"), Some("sanitize"));
        let received = upstream.requests().pop().expect("the call");
        let expected = body(["to [REDACTED:EMAIL_ADDRESS]", "[REDACTED:CREDIT_CARD]"]);
        assert_eq!(received.body, expected);
        let length = expected.len().to_string();
        assert_eq!(received.header("content-length"), Some(&*length));
        let (decision, _) = aegis.lines_of(&reply).await;
        assert_eq!(decision["unread"], "parts");
        let places = decision["data"].as_array().expect("a list of findings");
        let places: Vec<_> = places.iter().map(|found| &found["path"]).collect();
        assert_eq!(places, ["part:mail", "part:card"]);

        let clean = send(&aegis, upload(&upstream, ["none", "none"])).await;
        assert_eq!(clean.header("aegis-decision"), Some("allow"));
        let received = upstream.requests().pop().expect("the call");
        assert_eq!(received.body, body(["none", "none"]));
    }
}

#[tokio::test]
async fn who_lets_parts_pass_unread_lets_no_body_pass_nor_what_is_denied_beside_them() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = notes().start().await;
    let keys = unread("parts").replace("data: {", "data: {SECRET_AWS: deny, ");
    aegis.change_policy(&keys).await;
    let key = "AKIAQYLPMN5HHHFPZAM2";
    let name =
        "none\r\n--x\r\ncontent-disposition: form-data; name=\"ann@example.org\"\r\n\r\nnone";
    let whole = Request::post(notes_url(&upstream))
        .header("content-type", "image/png")
        .body(Payload::from(file()));

    for (request, rule) in [
        (upload(&upstream, [key, "none"]), "data.SECRET_AWS"),
        (upload(&upstream, ["none", key]), "data.SECRET_AWS"),
        (upload(&upstream, ["none", name]), "sanitize.impossible"),
        (whole.expect("a URL"), "truncated"),
    ] {
        let mut reply = send(&aegis, request).await;
        assert_eq!(rules(&reply.json().await["reasons"]), [rule]);
    }
    assert_eq!(upstream.count(), 0);
}

async fn send(aegis: &Aegis, request: Request<Payload>) -> Reply {
    aegis.client("finance-bot").send(request).await
}

fn upload(upstream: &Upstream, texts: [&str; 2]) -> Request<Payload> {
    Request::post(notes_url(upstream))
        .header("content-type", "multipart/form-data; boundary=x")
        .body(Payload::from(body(texts)))
        .expect("a URL")
}

/// A file between two texts.
fn body([mail, card]: [&str; 2]) -> Vec<u8> {
    let head = "--x\r\ncontent-disposition: form-data; name=";
    let before = format!("{head}mail\r\n\r\n{mail}\r\n");
    let of_file = format!("{head}file; filename=\"f.png\"\r\ncontent-type: image/png\r\n\r\n");
    let after = format!("\r\n{head}card\r\n\r\n{card}\r\n--x--\r\n");
    [before.into(), of_file.into(), file(), after.into()].concat()
}

/// Every byte there is, ends of lines and of other parts, and what would be data if it were text.
fn file() -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n eve@example.org \r\n--y\r\n\r\n-".to_vec();
    file.extend(0..=u8::MAX);
    file.extend(b"\r\n");
    file
}

fn unread(passes: &str) -> String {
    NOTES.replace("data:", &format!("truncated: {passes}\n    data:"))
}

fn notes() -> AegisBuilder {
    under(NOTES).hosts(&["notes.test"])
}

fn notes_url(upstream: &Upstream) -> String {
    upstream.url_as("notes.test", "/notes")
}

/// A host of which nothing is known.
const NOTES: &str = "
tenants:
  acme: {}
agents:
  finance-bot: {tenant: acme, profile: careful}
profiles:
  careful:
    data: {EMAIL_ADDRESS: sanitize, CREDIT_CARD: sanitize}
    hosts: [notes.test]
    tools: {http: {'*': {}}}
";
