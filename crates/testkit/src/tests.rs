//! The fakes keep their own promises: what a test relies on must not itself be wrong.

use http::{HeaderMap, Method, Request};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1 as proto;
use prost::Message as _;
use serde_json::json;

use super::*;

/// The client side without a proxy in between: an upstream takes absolute-form like any server.
fn direct(upstream: &Upstream) -> ProxyClient {
    ProxyClient::new(upstream.address())
}

async fn raw_https(upstream: &Upstream, ca: &TestCa, alpn: &str) -> std::io::Result<RawClient> {
    RawClient::connect(upstream.address())
        .await
        .tls(ca.pem(), "api.test", &[alpn])
        .await
}

#[tokio::test]
async fn an_echo_shows_the_request_as_it_arrived_and_the_ledger_keeps_it() {
    let upstream = Upstream::http().echo().start().await;
    let client = direct(&upstream).credentials("bot", "secret");

    let mut reply = client
        .post_json(&upstream.url("/a?b=c"), &json!({"x": 1}))
        .await;

    assert_eq!(reply.status(), 200);
    assert_eq!(reply.json().await["body"], r#"{"x":1}"#);
    let request = upstream.request();
    assert_eq!(
        request.target,
        upstream.url("/a?b=c"),
        "absolute-form, as to a proxy"
    );
    assert_eq!(
        request.header("proxy-authorization"),
        Some("Basic Ym90OnNlY3JldA==")
    );
    assert_eq!(request.authority, upstream.address().to_string());
    assert_eq!(request.json(), json!({"x": 1}));
}

#[tokio::test]
async fn a_request_that_nobody_scripted_fails_the_test() {
    let upstream = Upstream::http()
        .on(Method::POST, "/known", |_| Answer::text("yes"))
        .start()
        .await;

    let mut client = RawClient::connect(upstream.address()).await;
    client
        .send("POST /known HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n")
        .await;
    assert_eq!(client.read_response().await.text(), "yes");
    client
        .send("GET /unknown HTTP/1.1\r\nhost: a\r\n\r\n")
        .await;
    assert_eq!(client.read_response().await.status, 501);

    assert_eq!(
        panic_of(upstream),
        "the fake upstream failed: nobody scripted GET /unknown"
    );
}

#[tokio::test]
async fn a_panic_in_a_script_fails_the_test_that_owns_the_fake() {
    let upstream = Upstream::http()
        .answer(|_| panic!("the wrong request"))
        .start()
        .await;
    let mut client = RawClient::connect(upstream.address()).await;

    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    client.read_to_end().await;

    assert_eq!(
        panic_of(upstream),
        "the fake upstream failed: a script panicked"
    );
}

#[tokio::test]
async fn events_arrive_one_by_one_and_the_feed_hears_of_hanging_up() {
    let (feed, finished) = (Feed::new(), Feed::new());
    let script = {
        let (feed, finished) = (feed.clone(), finished.clone());
        move |request: &Received| {
            Answer::events(if request.path().ends_with("/end") {
                &finished
            } else {
                &feed
            })
        }
    };
    let upstream = Upstream::http().answer(script).start().await;

    let mut reply = direct(&upstream).get(&upstream.url("/")).await;
    feed.event("one");
    assert_eq!(reply.chunk().await.as_deref(), Some(&b"data: one\n\n"[..]));
    feed.event("two");
    assert_eq!(reply.chunk().await.as_deref(), Some(&b"data: two\n\n"[..]));
    drop(reply);
    feed.abandoned().await;

    finished.event("last");
    finished.end();
    let mut client = RawClient::connect(upstream.address()).await;
    client.send("GET /end HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(client.read_response().await.text(), "data: last\n\n");
}

#[tokio::test]
async fn a_cut_body_is_never_taken_for_a_whole_one() {
    let feed = Feed::new();
    let script = feed.clone();
    let upstream = Upstream::http()
        .answer(move |_| Answer::events(&script))
        .start()
        .await;

    let mut reply = direct(&upstream).get(&upstream.url("/")).await;
    feed.event("half");
    reply.chunk().await;
    feed.cut();

    assert!(reply.try_chunk().await.is_err());
}

#[tokio::test]
async fn a_request_body_is_seen_while_it_is_still_being_sent() {
    let upstream = Upstream::http().echo().start().await;
    let feed = Feed::new();
    let request = Request::post(upstream.url("/"))
        .body(feed.payload())
        .expect("a request");
    let client = direct(&upstream);
    let answer = tokio::spawn(async move { client.send(request).await.text().await });

    feed.send("first ");
    upstream.received_body_bytes(6).await;
    assert_eq!(upstream.count(), 0, "it is recorded once it is whole");
    feed.send("second");
    let mut trailers = HeaderMap::new();
    trailers.insert("checksum", "7".parse().expect("a value"));
    feed.trailers(trailers);
    feed.end();

    assert!(answer.await.expect("an answer").contains("first second"));
    assert_eq!(upstream.request().body, "first second");
}

#[tokio::test]
async fn a_client_that_stops_half_way_is_recorded_as_such() {
    let upstream = Upstream::http().echo().start().await;
    let mut client = RawClient::connect(upstream.address()).await;
    client
        .send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhalf")
        .await;
    upstream.received_body_bytes(4).await;
    drop(client);

    let request = upstream.received(1).await.remove(0);

    assert!(!request.complete);
    upstream.abandoned().await;
}

#[tokio::test]
async fn trailers_follow_the_body_over_both_versions_of_http() {
    let ca = TestCa::new();
    let answer = |_: &Received| Answer::text("body").trailers(&[("checksum", "42")]);
    let upstream = Upstream::https(&ca, &["api.test"])
        .h2()
        .answer(answer)
        .start()
        .await;

    let mut client = raw_https(&upstream, &ca, "http/1.1")
        .await
        .expect("a handshake");
    client
        .send("GET / HTTP/1.1\r\nhost: api.test\r\nte: trailers\r\n\r\n")
        .await;
    let response = client.read_response().await;

    assert_eq!(response.text(), "body");
    assert_eq!(response.trailers["checksum"], "42");
    let client = raw_https(&upstream, &ca, "h2").await.expect("a handshake");
    assert_eq!(client.alpn(), Some("h2"));
    let mut reply = Session::inside(client).await.get("https://api.test/").await;
    assert_eq!(reply.text().await, "body");
    assert_eq!(reply.trailers()["checksum"], "42");
    assert_eq!(
        upstream.alpn(),
        [Some("http/1.1".to_owned()), Some("h2".to_owned())]
    );
}

#[tokio::test]
async fn an_upgraded_connection_echoes_bytes() {
    let upstream = Upstream::http()
        .answer(|_| Answer::upgrade("websocket"))
        .start()
        .await;
    let mut client = RawClient::connect(upstream.address()).await;

    client
        .send("GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")
        .await;
    assert_eq!(client.read_response().await.status, 101);
    client.send("\x01opaque").await;

    assert_eq!(client.read_exactly(7).await, "\x01opaque");
}

#[tokio::test]
async fn a_body_is_asked_for_with_100_continue_and_interim_answers_are_read_as_answers() {
    let upstream = Upstream::http().echo().start().await;
    let mut client = RawClient::connect(upstream.address()).await;
    client
        .send("POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n")
        .await;
    assert_eq!(client.read_response().await.status, 100);
    client.send("ok").await;
    assert_eq!(client.read_response().await.json()["body"], "ok");

    let hints = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n!";
    let upstream = Upstream::http().wire(hints).start().await;
    let mut client = RawClient::connect(upstream.address()).await;
    client.send("GET /hints HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(client.read_response().await.header("link"), Some("</a>"));
    assert_eq!(client.read_response().await.text(), "!");
    assert_eq!(upstream.request().path(), "/hints");
}

#[tokio::test]
async fn wire_bytes_may_be_garbage_or_stop_half_way() {
    let garbage = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n";
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf";
    for (bytes, expected) in [
        (garbage, std::io::ErrorKind::InvalidData),
        (half, std::io::ErrorKind::UnexpectedEof),
    ] {
        let upstream = Upstream::http().wire_then_close(bytes).start().await;
        let mut client = RawClient::connect(upstream.address()).await;
        client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        let failure = client
            .try_read_response()
            .await
            .expect_err("a broken response");
        assert_eq!(failure.kind(), expected);
    }
}

#[tokio::test]
async fn head_has_a_length_and_no_body() {
    let upstream = Upstream::http()
        .answer(|_| Answer::large(1_000_000))
        .start()
        .await;
    let mut client = RawClient::connect(upstream.address()).await;

    client.send("HEAD / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let head = client.read_response_head().await;
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;

    assert_eq!(head.header("content-length"), Some("1000000"));
    assert_eq!(client.read_response().await.body.len(), 1_000_000);
    assert_eq!((upstream.count(), upstream.connections()), (2, 1));
}

#[tokio::test]
async fn only_a_good_certificate_is_accepted() {
    let ca = TestCa::new();
    let good = ca.issue(&["api.test"]);
    assert_eq!(good.sha256().len(), 64);
    let bad = [
        ca.issue(&["other.test"]),
        ca.issue_valid(&["api.test"], Validity::Expired),
        ca.issue_valid(&["api.test"], Validity::NotYet),
        TestCa::new().issue(&["api.test"]),
    ];
    let upstream = Upstream::http().certificate(good).echo().start().await;
    assert!(raw_https(&upstream, &ca, "http/1.1").await.is_ok());
    for certificate in bad {
        let upstream = Upstream::http()
            .certificate(certificate)
            .echo()
            .start()
            .await;
        assert!(raw_https(&upstream, &ca, "http/1.1").await.is_err());
        upstream.refused_by_peer().await;
        assert_eq!(upstream.connections(), 0);
    }
}

#[tokio::test]
async fn a_refused_tunnel_is_the_reply() {
    let refusal = "HTTP/1.1 403 Forbidden\r\naegis-decision: deny\r\ncontent-length: 2\r\n\r\nno";
    let proxy = Upstream::http().wire(refusal).start().await;
    let client = direct(&proxy).credentials("bot", "secret");

    let mut reply = client.get("https://api.test/secret-path").await;

    assert_eq!(
        (reply.status(), reply.header("aegis-decision")),
        (403, Some("deny"))
    );
    assert_eq!(reply.text().await, "no");
    assert_eq!(proxy.request().target, "api.test:443");
}

#[tokio::test]
async fn the_receiver_decodes_spans() {
    let receiver = OtlpReceiver::start().await;
    let span = proto::Span {
        name: "call".to_owned(),
        trace_id: vec![0xab; 16],
        ..Default::default()
    };
    let scope = proto::ScopeSpans {
        spans: vec![span],
        ..Default::default()
    };
    let group = proto::ResourceSpans {
        scope_spans: vec![scope],
        ..Default::default()
    };
    let export = ExportTraceServiceRequest {
        resource_spans: vec![group],
    };

    let mut exporter = RawClient::connect(receiver.address()).await;
    let body = export.encode_to_vec();
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    exporter.send([head.as_bytes(), &body].concat()).await;
    assert_eq!(exporter.read_response().await.status, 200);

    let spans = receiver.received(1).await;
    assert_eq!(
        (spans[0].name.as_str(), spans[0].trace_id.as_str()),
        ("call", &*"ab".repeat(16))
    );
}

fn panic_of(upstream: Upstream) -> String {
    let unwinding = std::panic::AssertUnwindSafe(|| drop(upstream));
    let panic = std::panic::catch_unwind(unwinding).expect_err("dropping it should panic");
    *panic.downcast::<String>().expect("a formatted message")
}
