//! Bodies that are neither JSON nor a form: what is text in them is searched, and redacted in place or refused.

use aegis_testkit::{Aegis, AegisBuilder, Payload, Upstream};
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
async fn beside_a_part_that_is_no_text_nothing_is_redacted_but_the_body_refused() {
    let send = async |aegis: &Aegis, upstream: &Upstream, mail: &str| {
        let head = |name: &str| format!("--x\r\ncontent-disposition: form-data; name={name}\r\n");
        let mail = format!("{}\r\n{mail}\r\n", head("mail"));
        let file = format!("{}content-type: image/png\r\n\r\n", head("file"));
        let body = [
            mail.as_bytes(),
            file.as_bytes(),
            b"\x89PNG\xff\0\r\n--x--\r\n",
        ];
        let request = Request::post(notes_url(upstream))
            .header("content-type", "multipart/form-data; boundary=x")
            .body(Payload::from(body.concat()));
        let request = request.expect("a URL");
        let mut reply = aegis.client("finance-bot").send(request).await;
        if reply.status() == 200 {
            return Vec::new();
        }
        let problem = reply.json().await;
        let rules = rules(&problem["reasons"]);
        rules.into_iter().map(str::to_owned).collect()
    };
    let upstream = Upstream::http().echo().start().await;
    let aegis = notes().start().await;
    assert_eq!(send(&aegis, &upstream, "none").await, ["truncated"]);

    let open = NOTES.replace("data:", "truncated: allow\n    data:");
    aegis.change_policy(&open).await;

    let data = send(&aegis, &upstream, "ann@example.org").await;
    assert_eq!(data, ["sanitize.impossible"]);
    assert_eq!(upstream.count(), 0);
    assert_eq!(send(&aegis, &upstream, "none").await, [""; 0]);
    assert_eq!(upstream.count(), 1);
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
