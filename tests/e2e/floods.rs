//! Too many connections, and HTTP/2 used as a weapon: the flood ends with a record, others are served.

use std::time::Duration;

use aegis_testkit::{Aegis, AegisBuilder, Answer, RawClient, TestCa, Upstream, eventually, within};
use serde_json::Value;

use crate::malformed::{WEB_BOT, who};

#[tokio::test]
async fn a_connection_too_many_is_told_so_and_room_is_given_back() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = web(&TestCa::new())
        .settings(|s| s.limits.connections = 2)
        .start()
        .await;
    let url = upstream.url_as("plain.test", "/");
    let held = [aegis.raw().await, aegis.raw().await];
    connections(&aegis, 2).await;

    let mut late = aegis.raw().await;
    late.send(format!(
        "GET {url} HTTP/1.1\r\nHost: plain.test:{}\r\n\r\n",
        upstream.port()
    ))
    .await;
    let answer = late.read_response().await;
    assert_eq!(answer.status, 503);
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
    assert_eq!(answer.json()["reasons"][0]["rule"], "overload");
    let id = answer
        .header("aegis-decision-id")
        .expect("an id")
        .to_owned();
    let (decision, end) = aegis.lines(|line| line["id"] == *id).await;
    assert_eq!(
        (&decision["outcome"], &end["status"]),
        (&"deny".into(), &503.into())
    );
    assert_eq!(
        (&end["outcome_detail"], &end["error"]),
        (&"refused".into(), &"overload".into())
    );
    assert_eq!(upstream.connections(), 0);

    drop(held);
    connections(&aegis, 0).await;
    assert_eq!(aegis.client("web-bot").get(&url).await.status(), 200);
}

#[tokio::test]
async fn rapid_resets_end_the_connection() {
    let (upstream, aegis, mut client) = silent_upstream(100).await;
    let name = authority(&upstream);
    client.send(get(1, &name)).await;
    upstream.received(1).await;
    for stream in (3..2001).step_by(2) {
        client
            .send([get(stream, &name), reset(stream)].concat())
            .await;
    }
    client.read_to_end().await;

    misbehaviour_is_recorded(&aegis).await;
    let calls = every_call_has_both_lines(&aegis, &name).await;
    assert!(calls > 0, "the first one was on its way before the flood");
    others_are_served(&aegis).await;
}

#[tokio::test]
async fn a_client_has_no_more_streams_than_it_may() {
    let (upstream, aegis, mut client) = silent_upstream(3).await;
    let name = authority(&upstream);
    client
        .send(
            (1..41)
                .step_by(2)
                .flat_map(|stream| get(stream, &name))
                .collect::<Vec<u8>>(),
        )
        .await;
    upstream.received(3).await;

    others_are_served(&aegis).await;
    drop(client);
    assert_eq!(every_call_has_both_lines(&aegis, &name).await, 3);
    assert_eq!(upstream.count(), 3);
    unread_streams_are_recorded(&aegis, 17).await;
}

#[tokio::test]
async fn a_header_list_beyond_the_limit_is_refused_and_recorded() {
    let (upstream, aegis, mut client) = silent_upstream(100).await;
    let huge = field("x-huge", &"a".repeat(8000));
    let mut frames = frame(
        HEADERS,
        END_STREAM,
        1,
        &request(0x82, &authority(&upstream)),
    );
    for _ in 0..2 {
        frames.extend(frame(CONTINUATION, 0, 1, &huge));
    }
    frames.extend(frame(CONTINUATION, END_HEADERS, 1, &huge));
    client.send(frames).await;

    let (decision, end) = aegis.lines(|line| line["phase"] == "request").await;
    assert_eq!(decision["rules"][0]["rule"], "http.too_large");
    assert_eq!(who(&decision), WEB_BOT);
    assert_eq!(end["status"], 431);
    assert_eq!(upstream.connections(), 0);
    others_are_served(&aegis).await;
}

/// What hyper answers by itself is on record when the connection ends.
#[tokio::test]
async fn streams_that_never_become_requests_are_recorded_with_their_connection() {
    let (upstream, aegis, mut client) = silent_upstream(100).await;
    let name = authority(&upstream);
    let huge = field("x-huge", &"a".repeat(16_000));
    let mut frames = frame(HEADERS, END_STREAM, 1, &request(0x82, &name));
    for _ in 0..2 {
        frames.extend(frame(CONTINUATION, 0, 1, &huge));
    }
    frames.extend(frame(CONTINUATION, END_HEADERS, 1, &huge));
    // RFC 9113, 8.2.2: a field that only HTTP/1.1 has.
    let malformed = [&request(0x82, &name)[..], b"\x00\x0aconnection\x05close"].concat();
    frames.extend(frame(HEADERS, END_HEADERS | END_STREAM, 3, &malformed));
    frames.extend(get(5, &name));
    client.send(frames).await;
    upstream.received(1).await;
    drop(client);

    unread_streams_are_recorded(&aegis, 2).await;
    assert_eq!(every_call_has_both_lines(&aegis, &name).await, 1);
    others_are_served(&aegis).await;
}

#[tokio::test]
async fn headers_that_never_end_end_the_connection() {
    let (_upstream, aegis, mut client) = silent_upstream(100).await;
    client
        .send(frame(HEADERS, END_STREAM, 1, &request(0x82, "plain.test")))
        .await;
    for _ in 0..200 {
        client
            .send(frame(
                CONTINUATION,
                0,
                1,
                &field("x-endless", &"a".repeat(8000)),
            ))
            .await;
    }
    client.read_to_end().await;

    misbehaviour_is_recorded(&aegis).await;
    others_are_served(&aegis).await;
}

#[tokio::test]
async fn frames_that_make_no_sense_end_the_connection() {
    let (_upstream, aegis, client) = silent_upstream(100).await;
    drop(client);
    for frames in [
        frame(
            0x1,
            END_HEADERS | END_STREAM,
            2,
            &request(0x82, "plain.test"),
        ),
        frame(0x8, 0, 0, &[0, 0, 0, 0]),
        frame(0x0, 0, 1, b"data before headers"),
        frame(SETTINGS, 0, 1, &[]),
        frame(0x6, 0, 0, b"short"),
        frame(HEADERS, END_HEADERS | END_STREAM, 1, &[0xff; 32]),
        b"GET / HTTP/1.1\r\nHost: plain.test\r\n\r\n".to_vec(),
    ] {
        let before = misbehaviours(&aegis);
        let mut client = http2(&aegis, "plain.test", 443).await;
        client.send(frames).await;
        client.read_to_end().await;
        eventually("a record", async || misbehaviours(&aegis) != before).await;
    }
    others_are_served(&aegis).await;
}

#[tokio::test]
async fn floods_of_settings_and_pings_hold_nobody_up() {
    let (_upstream, aegis, mut client) = silent_upstream(100).await;
    let flood = [frame(SETTINGS, 0, 0, &[]), frame(PING, 0, 0, &[0; 8])]
        .concat()
        .repeat(2000);
    client.send(flood).await;

    others_are_served(&aegis).await;
    drop(client);
    connections(&aegis, 0).await;
    let (tunnel, end) = aegis.lines(|line| line["phase"] == "connect").await;
    assert_eq!(tunnel["outcome"], "allow");
    assert!(end["outcome_detail"].is_string(), "{end}");
}

/// An intercepted HTTP/2 tunnel to an upstream that never answers.
async fn silent_upstream(streams: u32) -> (Upstream, Aegis, RawClient) {
    let ca = TestCa::new();
    let upstream = Upstream::https(&ca, &["plain.test"])
        .answer(|_| Answer::never())
        .start()
        .await;
    let aegis = web(&ca)
        .settings(|settings| {
            settings.limits.http2_streams = streams;
            settings.limits.header_bytes = 16 * 1024;
        })
        .start()
        .await;
    let client = http2(&aegis, "plain.test", upstream.port()).await;
    (upstream, aegis, client)
}

async fn others_are_served(aegis: &Aegis) {
    let upstream = Upstream::http().echo().start().await;
    let reply = aegis
        .client("web-bot")
        .get(&upstream.url_as("plain.test", "/"))
        .await;
    assert_eq!(reply.status(), 200);
}

async fn misbehaviour_is_recorded(aegis: &Aegis) {
    let (decision, end) = aegis
        .lines(|line| line["rules"][0]["rule"] == "http.malformed")
        .await;
    assert_eq!(decision["outcome"], "deny");
    assert_eq!(who(&decision), WEB_BOT, "the tunnel's caller");
    assert!(decision["tunnel"].is_string(), "{decision}");
    assert_eq!(end["outcome_detail"], "refused");
    assert_eq!(end["error"], "http.malformed");
    assert_eq!(end.get("status"), None, "nobody saw one");
}

async fn unread_streams_are_recorded(aegis: &Aegis, count: u64) {
    let (decision, end) = aegis
        .lines(|line| line["rules"][0]["rule"] == "http.unread")
        .await;
    let message = decision["rules"][0]["message"].as_str().expect("words");
    assert!(
        message.starts_with(&format!("{count} streams ")),
        "{message}"
    );
    assert_eq!(decision["outcome"], "deny");
    assert_eq!(who(&decision), WEB_BOT, "the tunnel's caller");
    assert_eq!(
        (&end["outcome_detail"], &end["error"], end.get("status")),
        (&"refused".into(), &"http.unread".into(), None)
    );
}

/// Waits for the end lines of all calls to `authority`, and counts them.
async fn every_call_has_both_lines(aegis: &Aegis, authority: &str) -> usize {
    within("an end line for each decision line", async {
        loop {
            let lines = aegis.audit();
            let (ends, rest): (Vec<_>, Vec<_>) =
                lines.iter().partition(|line| line["event"] == "end");
            let calls: Vec<_> = rest
                .into_iter()
                .filter(|line| is_call_to(line, authority))
                .collect();
            let ended = |call: &&Value| ends.iter().any(|end| end["id"] == call["id"]);
            if calls.iter().all(ended) {
                return calls.len();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
}

fn is_call_to(line: &Value, authority: &str) -> bool {
    let to = &line["destination"];
    let named = to["host"].as_str().zip(to["port"].as_u64());
    line["phase"] == "request"
        && named.is_some_and(|(host, port)| format!("{host}:{port}") == authority)
}

fn misbehaviours(aegis: &Aegis) -> usize {
    let malformed = |line: &Value| line["rules"][0]["rule"] == "http.malformed";
    aegis.audit().iter().filter(|line| malformed(line)).count()
}

pub(crate) async fn connections(aegis: &Aegis, count: usize) {
    let wanted = format!("aegis_connections {count}\n");
    let counted = async || aegis.admin_get("/metrics").await.1.contains(&wanted);
    eventually("the count of connections", counted).await;
}

/// The proxy's side of an HTTP/2 connection inside a tunnel, after the preface.
pub(crate) async fn http2(aegis: &Aegis, host: &str, port: u16) -> RawClient {
    let tunnel = aegis
        .client("web-bot")
        .tunnel(&format!("{host}:{port}"))
        .await
        .expect("a tunnel");
    let mut client = tunnel
        .tls(aegis.ca_pem(), host, &["h2"])
        .await
        .expect("the CA is trusted");
    assert_eq!(client.alpn(), Some("h2"));
    client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    client.send(frame(SETTINGS, 0, 0, &[])).await;
    client
}

pub(crate) fn get(stream: u32, authority: &str) -> Vec<u8> {
    frame(
        HEADERS,
        END_HEADERS | END_STREAM,
        stream,
        &request(0x82, authority),
    )
}

/// Its body has not ended.
pub(crate) fn post(stream: u32, authority: &str) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, stream, &request(0x83, authority))
}

pub(crate) fn reset(stream: u32) -> Vec<u8> {
    frame(0x3, 0, stream, &8_u32.to_be_bytes())
}

/// RFC 9113, 4.1.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len())
        .expect("a short frame")
        .to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A header block in HPACK (RFC 7541): method, `:scheme https`, `:path /`, and the authority as a literal.
fn request(method: u8, authority: &str) -> Vec<u8> {
    let length = u8::try_from(authority.len()).expect("a short name");
    [&[method, 0x87, 0x84, 0x01, length], authority.as_bytes()].concat()
}

/// A literal field that is not indexed (RFC 7541, 6.2.2), the value's length in two continuation bytes.
fn field(name: &str, value: &str) -> Vec<u8> {
    let length = u8::try_from(name.len()).expect("a short name");
    let rest = u16::try_from(value.len() - 127).expect("a long value");
    let bits = |value: u16| u8::try_from(value).expect("seven bits");
    let [low, high] = [bits(rest & 0x7f) | 0x80, bits(rest >> 7)];
    assert!(high < 0x80, "two bytes hold the length");
    [
        &[0, length],
        name.as_bytes(),
        &[127, low, high],
        value.as_bytes(),
    ]
    .concat()
}

fn authority(upstream: &Upstream) -> String {
    format!("plain.test:{}", upstream.port())
}

fn web(upstreams: &TestCa) -> AegisBuilder {
    Aegis::with_policy(POLICY)
        .agent("acme", "web-bot")
        .hosts(&["plain.test"])
        .upstream_ca(upstreams)
}

const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

const POLICY: &str = "
tenants:
  acme: {}
agents:
  web-bot: {tenant: acme, profile: web}
profiles:
  web:
    hosts: [plain.test]
    tools: {http: {'*': {}}}
";
