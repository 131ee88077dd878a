//! Endurance: the same promises as elsewhere, over and over. A few seconds as a test, `SOAK_SECONDS` as `make soak`.

mod flips;

use std::fs;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use aegis_testkit::{Aegis, AegisBuilder, ProxyClient, eventually};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::finance::post;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_is_answered_by_a_revision_while_policies_change() {
    let port = upstream().await;
    let aegis = plane(port, 0).start().await;
    let end = Instant::now() + duration();
    let answered = Arc::new(AtomicU64::new(0));
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            tokio::spawn(call_until(
                end,
                aegis.client("bot"),
                port,
                Arc::clone(&answered),
            ))
        })
        .collect();
    let mut memory = Vec::new();
    let mut revision = 0;
    while Instant::now() < end {
        revision += 1;
        aegis.change_policy(&policy(port, revision)).await;
        memory.push((Instant::now(), resident_mib()));
    }
    for caller in callers {
        caller.await.expect("no call was dropped");
    }

    assert_eq!(
        aegis.policy_version().await.split('-').next(),
        Some(&*(revision + 1).to_string())
    );
    assert!(answered.load(Ordering::Relaxed) > revision);
    // The first half is for pools, caches and the allocator to fill up.
    if duration() >= LONG {
        let half = end
            .checked_sub(duration() / 2)
            .expect("it has been that long");
        let settled = memory
            .iter()
            .find(|(at, _)| *at >= half)
            .expect("it was measured")
            .1;
        let last = memory.last().expect("it was measured").1;
        assert!(
            last <= settled + settled / 4,
            "{settled} MiB became {last} MiB"
        );
    }
}

#[tokio::test]
async fn clients_that_go_away_leave_nothing_behind() {
    let port = upstream().await;
    let aegis = plane(port, 0).start().await;
    let request = format!(
        "POST http://soak.test:{port}/x HTTP/1.1\r\nhost: soak.test:{port}\r\n\
         proxy-authorization: Bearer secret-of-bot\r\ncontent-length: 10\r\n\r\n0123456789"
    );
    let end = Instant::now() + duration();
    let mut gone = 0;
    while Instant::now() < end {
        // Within the head, within the body, and before the answer.
        for sent in [20, request.len() - 5, request.len()] {
            let mut client = aegis.raw().await;
            client.send(&request.as_bytes()[..sent]).await;
            gone += 1;
        }
    }

    assert!(gone > 100, "{gone}");
    eventually("the end of all connections", async || {
        let (_, metrics) = aegis.admin_get("/metrics").await;
        let nothing = |name: &str| metrics.lines().any(|line| line == format!("{name} 0"));
        nothing("aegis_connections") && nothing("aegis_requests_in_flight")
    })
    .await;
    let mut reply = aegis.client("bot").send(a_call(port)).await;
    assert_eq!(reply.status(), 200, "{}", reply.text().await);
}

#[tokio::test]
async fn an_audit_log_that_comes_and_goes_is_followed_every_time() {
    let port = upstream().await;
    let aegis = plane(port, 0).start().await;
    let log = aegis.data_dir().join("audit.jsonl");
    let end = Instant::now() + duration();
    let mut cycles = 0;
    while cycles == 0 || Instant::now() < end {
        // A directory in its place can be neither opened nor written.
        fs::rename(&log, log.with_extension(cycles.to_string())).expect("the log is there");
        fs::create_dir(&log).expect("a directory in its place");
        until_status(&aegis, port, 503).await;
        fs::remove_dir(&log).expect("it is empty");
        until_status(&aegis, port, 200).await;
        cycles += 1;
    }
    assert!(log.is_file());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_is_followed_in_the_same_memory_however_long_it_is() {
    let port = model().await;
    let aegis = Aegis::with_policy(&streams(port))
        .agent("acme", "bot")
        .hosts(&["soak.test"])
        .start()
        .await;
    let url = format!("http://soak.test:{port}/v1/chat/completions");
    let question = json!({"model": "m", "stream": true, "messages": []});
    let mut reply = aegis.client("bot").post_json(&url, &question).await;
    assert_eq!(reply.status(), 200);
    let end = Instant::now() + duration();
    let (mut received, mut settled) = (0, None);
    while received < MUCH || Instant::now() < end {
        let chunk = reply.chunk().await.expect("it has no end");
        received += chunk.len();
        if received > MUCH / 8 {
            settled.get_or_insert_with(resident_mib);
        }
    }

    // What other tests take in the same process says nothing about this one.
    if std::env::var_os("NEXTEST").is_some() || duration() >= LONG {
        let (settled, last) = (settled.expect("it was measured"), resident_mib());
        assert!(
            last <= settled + HELD_MIB,
            "{settled} MiB became {last} MiB after {received} bytes"
        );
    }
}

/// Calls one after the other on one connection; every answer must be a good one.
async fn call_until(end: Instant, client: ProxyClient, port: u16, answered: Arc<AtomicU64>) {
    let url = format!("http://soak.test:{port}/x").parse().expect("a URL");
    let session = client.open(&url).await.expect("a connection");
    while Instant::now() < end {
        let mut reply = session.send(a_call(port)).await;
        assert_eq!(reply.status(), 200, "{}", reply.text().await);
        assert!(
            reply
                .header("aegis-policy-version")
                .is_some_and(|version| version.contains('-'))
        );
        reply.bytes().await;
        answered.fetch_add(1, Ordering::Relaxed);
    }
}

async fn until_status(aegis: &Aegis, port: u16, status: u16) {
    eventually("the audit log's change", async || {
        aegis.client("bot").send(a_call(port)).await.status() == status
    })
    .await;
}

fn a_call(port: u16) -> Request<aegis_testkit::Payload> {
    post(
        &format!("http://soak.test:{port}/x"),
        "application/json",
        r#"{"amount": 7}"#,
    )
}

fn plane(port: u16, revision: u64) -> AegisBuilder {
    Aegis::with_policy(&policy(port, revision))
        .agent("acme", "bot")
        .hosts(&["soak.test"])
}

fn policy(port: u16, revision: u64) -> String {
    format!(
        "
tenants: {{acme: {{labels: {{revision: '{revision}'}}}}}}
agents: {{bot: {{tenant: acme, profile: small}}}}
profiles: {{small: {{hosts: ['soak.test:{port}'], tools: {{http: {{post: {{}}}}}}}}}}
"
    )
}

/// Unlike the test kit's, it remembers nothing: its memory would be taken for the proxy's.
async fn upstream() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service_fn(answer));
            tokio::spawn(connection);
        }
    });
    port
}

async fn answer(request: Request<Incoming>) -> hyper::Result<Response<Full<Bytes>>> {
    let mut body = request.into_body();
    while let Some(frame) = body.frame().await {
        frame?;
    }
    Ok(Response::new(Full::new(Bytes::from_static(b"{}"))))
}

/// A model whose answer has a proposed call and no end.
async fn model() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let answer = service_fn(|_| async {
                let response = Response::builder().header("content-type", "text/event-stream");
                response.body(Tokens::default())
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), answer);
            tokio::spawn(connection);
        }
    });
    port
}

/// One call, then text for as long as somebody reads.
#[derive(Default)]
struct Tokens {
    text: Option<Bytes>,
}

impl Body for Tokens {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let event = |delta: Value, finish: Value| {
            let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
            format!("data: {}\n\n", json!({"id": "c1", "choices": [choice]}))
        };
        let data = if let Some(text) = &self.text {
            text.clone()
        } else {
            let text = event(json!({"content": "a word or two"}), Value::Null);
            self.text = Some(Bytes::from(text.repeat(100)));
            let call = json!({"tool_calls": [{"index": 0, "id": "t1", "type": "function",
                "function": {"name": "get_weather", "arguments": "{}"}}]});
            Bytes::from(event(call, Value::Null) + &event(json!({}), json!("tool_calls")))
        };
        Poll::Ready(Some(Ok(Frame::data(data))))
    }
}

fn streams(port: u16) -> String {
    format!(
        "
tenants: {{acme: {{}}}}
agents: {{bot: {{tenant: acme, profile: small}}}}
profiles: {{small: {{tools: {{llm: {{chat: {{}}}}}}, proposed: {{tools: {{get_weather: {{}}}}}}}}}}
catalogue: {{llm: {{hosts: ['soak.test:{port}'], protocol: openai}}}}
"
    )
}

fn duration() -> Duration {
    let seconds = std::env::var("SOAK_SECONDS")
        .ok()
        .map(|text| text.parse().expect("a number"));
    seconds.map_or(SHORT, Duration::from_secs)
}

fn resident_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .expect("a line");
    let kib = line.split_whitespace().next().expect("a number");
    kib.parse::<u64>().expect("a number") / 1024
}

const CALLERS: usize = 8;
/// Bytes of a stream, in a hundred thousand events.
const MUCH: usize = 16 << 20;
/// More than an event and what the allocator makes of many small ones, less than the stream.
const HELD_MIB: u64 = 10;
const SHORT: Duration = Duration::from_secs(2);
/// Memory says something about itself only after a while, and only when no other test runs.
const LONG: Duration = Duration::from_mins(1);
