//! What stays open is judged again when the policy changes: it is closed where it is no longer allowed, and only there.

use aegis_testkit::{
    Aegis, Answer, Feed, ProxyClient, RawClient, Reply, Session, TestCa, Upstream,
};
use http::{Request, Uri};
use serde_json::{Value, json};

#[tokio::test]
async fn an_open_stream_ends_with_its_permission() {
    let (gone, stays) = (Feed::new(), Feed::new());
    let upstream = streams(Upstream::http(), &gone, &stays).start().await;
    let aegis = proxy(&TestCa::new()).await;
    let mut revoked = begun(
        &gone,
        &aegis.client("bot"),
        &upstream.url_as("gone.test", "/gone"),
    )
    .await;
    let mut kept = begun(
        &stays,
        &aegis.client("bot"),
        &upstream.url_as("stays.test", "/stays"),
    )
    .await;

    aegis.change_policy(&policy("stays.test")).await;

    assert!(revoked.try_chunk().await.is_err());
    gone.abandoned().await;
    expect_closed(&aegis.lines_of(&revoked).await.1);
    stays.event("still here");
    assert_eq!(
        kept.chunk().await.as_deref(),
        Some(&b"data: still here\n\n"[..])
    );
}

#[tokio::test]
async fn nothing_passes_any_more_although_it_was_there_already() {
    let (gone, stays) = (Feed::new(), Feed::new());
    let upstream = streams(Upstream::http(), &gone, &stays).start().await;
    let aegis = proxy(&TestCa::new()).await;
    let mut revoked = begun(
        &gone,
        &aegis.client("bot"),
        &upstream.url_as("gone.test", "/gone"),
    )
    .await;

    aegis.change_policy(&policy("stays.test")).await;
    gone.event("too late");

    assert!(revoked.try_chunk().await.is_err());
}

#[tokio::test]
async fn a_client_that_has_stopped_reading_does_not_keep_what_it_lost() {
    let upstream = Upstream::http().answer(|_| Answer::large(1 << 40));
    let upstream = upstream.start().await;
    let aegis = proxy(&TestCa::new()).await;
    let mut silent = aegis.raw().await;
    let url = upstream.url_as("gone.test", "/");
    let host = url.trim_start_matches("http://").trim_end_matches('/');
    let request = format!("GET {url} HTTP/1.1\r\nhost: {host}\r\n{CREDENTIAL}\r\n");
    silent.send(request).await;
    assert_eq!(silent.read_response_head().await.status, 200);

    aegis.change_policy(&policy("stays.test")).await;

    let to_gone = |line: &Value| line["destination"]["host"] == "gone.test";
    expect_closed(&aegis.lines(to_gone).await.1);
    upstream.abandoned().await;
}

#[tokio::test]
async fn an_upgraded_connection_ends_with_its_permission() {
    let upstream = Upstream::http()
        .answer(|_| Answer::upgrade("echo"))
        .start()
        .await;
    let aegis = proxy(&TestCa::new()).await;
    let mut revoked = upgraded(&aegis, &upstream.url_as("gone.test", "/")).await;
    let mut kept = upgraded(&aegis, &upstream.url_as("stays.test", "/")).await;

    aegis.change_policy(&policy("stays.test")).await;

    assert_eq!(revoked.read_to_end().await.len(), 0);
    let lines = aegis
        .lines(|line| line["destination"]["host"] == "gone.test")
        .await;
    expect_closed(&lines.1);
    expect_echo(&mut kept).await;
}

#[tokio::test]
async fn a_blind_tunnel_ends_with_its_permission() {
    blind_tunnels_under(&policy("stays.test")).await;
}

#[tokio::test]
async fn a_blind_tunnel_ends_when_its_host_is_to_be_looked_into() {
    // It stays allowed, and is only no longer to be passed blindly.
    let changed = policy("gone.test, stays.test")
        .replace("passthrough: [blind-gone.test, ", "passthrough: [")
        .replace("hosts: [", "hosts: [blind-gone.test, ");
    let (aegis, upstream) = blind_tunnels_under(&changed).await;

    let named = format!("blind-gone.test:{}", upstream.port());
    let again = aegis.client("bot").tunnel(&named).await;
    assert!(again.is_ok(), "{again:?}");
}

/// Two blind tunnels, of which only the one to `blind-gone.test` ends when the policy changes.
async fn blind_tunnels_under(changed: &str) -> (Aegis, Upstream) {
    let ca = TestCa::new();
    let upstream = Upstream::https(&ca, &["blind-gone.test", "blind-stays.test"])
        .answer(|_| Answer::upgrade("echo"))
        .start()
        .await;
    let aegis = proxy(&ca).await;
    let mut revoked = echoing(&aegis, &upstream, "blind-gone.test", ca.pem()).await;
    let mut kept = echoing(&aegis, &upstream, "blind-stays.test", ca.pem()).await;

    aegis.change_policy(changed).await;

    assert_eq!(revoked.read_to_end().await.len(), 0);
    let to_gone = |line: &Value| line["destination"]["host"] == "blind-gone.test";
    expect_closed(&aegis.lines(to_gone).await.1);
    expect_echo(&mut kept).await;
    (aegis, upstream)
}

#[tokio::test]
async fn an_upload_ends_with_its_permission() {
    for h2 in [false, true] {
        let (ca, feed) = (TestCa::new(), Feed::new());
        let upstream = Upstream::https(&ca, &["stays.test"]);
        let upstream = if h2 { upstream.h2() } else { upstream };
        let upstream = upstream.answer(|_| Answer::text("done")).start().await;
        let aegis = proxy(&ca).await;
        let upload = Request::post(upstream.url_as("stays.test", "/")).body(feed.payload());
        let agent = aegis.client("bot");
        let sending = tokio::spawn(async move { agent.send(upload.expect("a request")).await });
        feed.send(vec![b'x'; 2 * LIMIT]);
        upstream.received_body_bytes(2 * LIMIT as u64).await;

        aegis.change_policy(&without_post()).await;

        expect_told(&aegis, &mut sending.await.expect("an answer")).await;
        assert!(!upstream.received(1).await[0].complete);
        feed.abandoned().await;
    }
}

#[tokio::test]
async fn a_call_that_waits_for_its_answer_ends_with_its_permission() {
    let upstream = Upstream::http().answer(|_| Answer::never()).start().await;
    let aegis = proxy(&TestCa::new()).await;
    let (agent, url) = (aegis.client("bot"), upstream.url_as("stays.test", "/"));
    let waiting = tokio::spawn(async move { agent.post_json(&url, &1.into()).await });
    upstream.received(1).await;

    aegis.change_policy(&without_post()).await;

    expect_told(&aegis, &mut waiting.await.expect("an answer")).await;
    upstream.abandoned().await;
}

#[tokio::test]
async fn an_intercepted_tunnel_ends_with_its_permission() {
    for h2 in [false, true] {
        let (ca, gone, stays) = (TestCa::new(), Feed::new(), Feed::new());
        let upstream = Upstream::https(&ca, &["gone.test", "stays.test"]);
        let upstream = streams(upstream, &gone, &stays).start().await;
        let aegis = proxy(&ca).await;
        let agent = aegis.client("bot");
        let agent = if h2 { agent.h2() } else { agent };
        let url = upstream.url_as("gone.test", "/gone");
        let mut revoked = begun(&gone, &agent, &url).await;
        let mut kept = begun(&stays, &agent, &upstream.url_as("stays.test", "/stays")).await;

        aegis.change_policy(&policy("stays.test")).await;

        assert!(revoked.try_chunk().await.is_err());
        gone.abandoned().await;
        expect_closed(&aegis.lines_of(&revoked).await.1);
        let connects = |line: &Value| {
            line["action"] == "connect" && line["destination"]["host"] == "gone.test"
        };
        expect_closed(&aegis.lines(connects).await.1);
        stays.event("still here");
        assert_eq!(
            kept.chunk().await.as_deref(),
            Some(&b"data: still here\n\n"[..])
        );
    }
}

#[tokio::test]
async fn an_open_tunnel_does_not_outlast_a_call_s_permission() {
    let ca = TestCa::new();
    let upstream = Upstream::https(&ca, &["stays.test"]).echo().start().await;
    let aegis = proxy(&ca).await;
    let url = upstream.url_as("stays.test", "/");
    let origin: Uri = url.parse().expect("a URL");
    let session: Session = aegis.client("bot").open(&origin).await.expect("a tunnel");
    assert_eq!(session.get(&url).await.status(), 200);

    // The tunnel's host stays allowed, what is done in it does not.
    aegis
        .change_policy(&policy("stays.test").replace("get: {}, ", ""))
        .await;

    assert_eq!(session.get(&url).await.status(), 403);
}

#[tokio::test]
async fn a_redacted_call_ends_when_more_of_it_would_be_redacted() {
    let (gone, stays) = (Feed::new(), Feed::new());
    let upstream = streams(Upstream::http(), &gone, &stays).start().await;
    let aegis = proxy(&TestCa::new()).await;
    let agent = aegis.client("bot");
    let sanitized = |types: &str| {
        let types = format!("    data: {{{types}}}\n");
        policy("gone.test, stays.test") + &types
    };
    aegis
        .change_policy(&sanitized("EMAIL_ADDRESS: sanitize, CREDIT_CARD: allow"))
        .await;
    let both = json!({"to": "ann@example.org", "card": "4111111111111111"});
    let (gone_url, stays_url) = (
        upstream.url_as("gone.test", "/gone"),
        upstream.url_as("stays.test", "/stays"),
    );
    let mut revoked = agent.post_json(&gone_url, &both).await;
    let only_one = json!({"to": "ann@example.org"});
    let mut kept = agent.post_json(&stays_url, &only_one).await;
    assert_eq!(revoked.header("aegis-decision"), Some("sanitize"));
    assert_eq!(kept.header("aegis-decision"), Some("sanitize"));

    let more = sanitized("EMAIL_ADDRESS: sanitize, CREDIT_CARD: sanitize");
    aegis.change_policy(&more).await;

    assert!(revoked.try_chunk().await.is_err());
    expect_closed(&aegis.lines_of(&revoked).await.1);
    stays.event("still here");
    assert_eq!(
        kept.chunk().await.as_deref(),
        Some(&b"data: still here\n\n"[..])
    );
}

/// Told in an answer, because none had begun.
async fn expect_told(aegis: &Aegis, reply: &mut Reply) {
    assert_eq!(reply.status(), 403);
    assert_eq!(reply.json().await["reasons"][0]["rule"], "policy.revoked");
    let (_, end) = aegis.lines_of(reply).await;
    expect_closed(&end);
    assert_eq!(end["status"], 403);
}

fn expect_closed(end: &Value) {
    let expected = (&"closed_by_policy".into(), &"policy.revoked".into());
    assert_eq!((&end["outcome_detail"], &end["error"]), expected, "{end}");
}

fn streams(
    upstream: aegis_testkit::UpstreamBuilder,
    gone: &Feed,
    stays: &Feed,
) -> aegis_testkit::UpstreamBuilder {
    let (gone, stays) = (gone.clone(), stays.clone());
    upstream.answer(move |request| match request.path() {
        "/gone" => Answer::events(&gone),
        _ => Answer::events(&stays),
    })
}

/// A stream of which one event has arrived.
async fn begun(feed: &Feed, client: &ProxyClient, url: &str) -> Reply {
    let mut reply = client.get(url).await;
    feed.event("first");
    assert_eq!(
        reply.chunk().await.as_deref(),
        Some(&b"data: first\n\n"[..])
    );
    reply
}

async fn upgraded(aegis: &Aegis, url: &str) -> RawClient {
    let host = url.trim_start_matches("http://").trim_end_matches('/');
    let mut client = aegis.raw().await;
    client
        .send(format!(
            "GET {url} HTTP/1.1\r\nhost: {host}\r\n{CREDENTIAL}{ECHO}\r\n"
        ))
        .await;
    assert_eq!(client.read_response().await.status, 101);
    expect_echo(&mut client).await;
    client
}

/// A tunnel in which the upstream itself has switched to echoing.
async fn echoing(aegis: &Aegis, upstream: &Upstream, name: &str, trusted: &str) -> RawClient {
    let named = format!("{name}:{}", upstream.port());
    let tunnel = aegis.client("bot").tunnel(&named).await.expect("a tunnel");
    let mut inside = tunnel.tls(trusted, name, &["http/1.1"]).await.expect("TLS");
    inside
        .send(format!("GET / HTTP/1.1\r\nhost: {named}\r\n{ECHO}\r\n"))
        .await;
    assert_eq!(inside.read_response().await.status, 101);
    expect_echo(&mut inside).await;
    inside
}

async fn expect_echo(client: &mut RawClient) {
    client.send("ping").await;
    assert_eq!(&client.read_exactly(4).await[..], b"ping");
}

async fn proxy(upstream_ca: &TestCa) -> Aegis {
    Aegis::with_policy(&policy("gone.test, stays.test"))
        .agent("acme", "bot")
        .hosts(&[
            "gone.test",
            "stays.test",
            "blind-gone.test",
            "blind-stays.test",
        ])
        .upstream_ca(upstream_ca)
        .settings(|settings| settings.limits.inspected_body_bytes = LIMIT)
        .start()
        .await
}

/// The hosts stay allowed, one method does not.
fn without_post() -> String {
    policy("gone.test, stays.test").replace(", post: {}", "")
}

/// A policy for these hosts, and for blind tunnels to their twins.
fn policy(hosts: &str) -> String {
    let blind: Vec<String> = hosts
        .split(", ")
        .map(|host| format!("blind-{host}"))
        .collect();
    POLICY
        .replace("BLIND", &blind.join(", "))
        .replace("HOSTS", hosts)
}

/// Bytes.
const LIMIT: usize = 16 * 1024;
const ECHO: &str = "connection: Upgrade\r\nupgrade: echo\r\n";
const CREDENTIAL: &str = "proxy-authorization: Bearer secret-of-bot\r\n";
const POLICY: &str = "
tenants:
  acme: {}
agents:
  bot: {tenant: acme, profile: plain}
profiles:
  plain:
    hosts: [HOSTS]
    upgrades: [HOSTS]
    passthrough: [BLIND]
    truncated: allow
    tools: {http: {get: {}, post: {}}}
";
