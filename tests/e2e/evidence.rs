//! Each call leaves exactly its two lines, the first before anything leaves; nothing of a body is written down.

mod no_log;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use aegis_testkit::{Aegis, Answer, Reply, TestCa, Upstream, within};
use http::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::finance::{charge, charge_url, payments, policy, post, rules, send_charge};

#[tokio::test]
async fn the_decision_line_is_there_before_the_first_byte_arrives() {
    let log: Arc<OnceLock<PathBuf>> = Arc::default();
    let known = Arc::clone(&log);
    let upstream = Upstream::http()
        .on(Method::POST, "/v1/charges", move |_| {
            let path = known.get().expect("the proxy has started");
            let lines = fs::read_to_string(path).unwrap_or_default();
            Answer::text(lines)
        })
        .start()
        .await;
    let aegis = payments(&upstream).start().await;
    log.set(file(&aegis)).expect("once");

    let mut reply = charge(&aegis, &upstream, 7).await;

    let seen = reply.text().await;
    let seen: Value = serde_json::from_str(seen.trim_end()).expect("one line, whole");
    assert_eq!(seen["event"], "decision");
    assert_eq!(seen["id"].as_str(), reply.header("aegis-decision-id"));
    assert_eq!(seen["outcome"], "allow");
}

/// Whatever happens to a call: one decision line, one end line, the same id.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_calls_at_once_leave_two_lines_each() {
    let upstream = Upstream::http().echo().start().await;
    let broken = Upstream::http().wire_then_close("no HTTP").start().await;
    let words = policy(&upstream).replace(
        "    tools:\n",
        "    hosts: [broken.test]\n    tools:\n      http: {get: {}}\n",
    );
    let words = words.replace("    data:", "    truncated: deny\n    data:");
    let aegis = Aegis::with_policy(&words.replace("acme: {regions: [eu-central-1]}", "acme: {}"))
        .agent("acme", "finance-bot")
        .hosts(&["payments.test", "broken.test"])
        .start()
        .await;
    let aegis = Arc::new(aegis);
    let (payments, failing) = (charge_url(&upstream), broken.url_as("broken.test", "/"));

    let mut calls = JoinSet::new();
    for number in 0..200 {
        let (aegis, payments, failing) = (Arc::clone(&aegis), payments.clone(), failing.clone());
        calls.spawn(async move { one_of_many(&aegis, number % 5, &payments, &failing).await });
    }
    while let Some(call) = calls.join_next().await {
        call.expect("the client is fine");
    }
    let aegis = Arc::into_inner(aegis).expect("nobody else has it");
    let (_, log) = aegis.stop().await;

    let mut calls: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in log.iter().filter(|line| line["event"] != "drained") {
        let text = |name: &str| line[name].as_str().expect("a text");
        calls.entry(text("id")).or_default().push(text("event"));
    }
    assert_eq!(calls.len(), 200);
    for (id, events) in calls {
        assert_eq!(events, ["decision", "end"], "{id}");
    }
    let mut details: BTreeMap<&str, usize> = BTreeMap::new();
    for line in log.iter().filter(|line| line["event"] == "end") {
        *details
            .entry(line["outcome_detail"].as_str().expect("a word"))
            .or_default() += 1;
    }
    assert_eq!(details.get("forwarded"), Some(&40), "{details:?}");
    assert_eq!(details.get("failed"), Some(&40), "{details:?}");
    assert_eq!(upstream.count(), 40);
}

#[tokio::test]
async fn a_call_that_its_client_gives_up_has_both_lines() {
    let upstream = Upstream::http().answer(|_| Answer::never()).start().await;
    let aegis = payments(&upstream).start().await;
    let body = r#"{"amount": 7, "currency": "eur"}"#;
    let mut client = aegis.raw().await;
    client
        .send(format!(
            "POST {} HTTP/1.1\r\nhost: payments.test:{}\r\nproxy-authorization: Basic {BASIC}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            charge_url(&upstream),
            upstream.port(),
            body.len()
        ))
        .await;
    upstream.received(1).await;

    drop(client);

    let (decision, end) = aegis.lines(|line| line["agent"] == "finance-bot").await;
    assert_eq!(decision["outcome"], "allow");
    assert_eq!(end["outcome_detail"], "aborted");
    assert_eq!(end["error"], "client.gone");
    assert!(end.get("status").is_none(), "{end}");
}

#[tokio::test]
async fn the_end_line_says_how_it_went() {
    let upstream = Upstream::http()
        .answer(|_| Answer::text("four"))
        .start()
        .await;
    let aegis = payments(&upstream).start().await;
    let body = json!({"amount": 7, "currency": "eur"});

    let mut reply = send_charge(&aegis, &upstream, &body).await;
    reply.bytes().await;

    let (decision, end) = aegis.lines_of(&reply).await;
    assert_eq!(end["status"], 200);
    assert_eq!(end["bytes_in"], body.to_string().len());
    assert_eq!(end["bytes_out"], 4);
    assert_eq!(end["route"]["address"], upstream.address().to_string());
    assert_eq!(end["route"]["region"], "eu-central-1");
    assert_eq!(end["route"]["protocol"], "http/1.1");
    assert_eq!(end["route"]["reused"], false);
    let time = |name: &str| end["timings_us"][name].as_u64().expect(name);
    let stations = ["decision", "resolve", "connect", "first_byte", "total"].map(time);
    assert!(stations.is_sorted(), "{end}");
    assert!(end["time"].as_str() >= decision["time"].as_str());
}

#[tokio::test]
async fn the_decision_line_says_who_what_where_and_why() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;

    let reply = charge(&aegis, &upstream, 100_001).await;

    let (line, _) = aegis.lines_of(&reply).await;
    for (name, value) in [
        ("schema_version", json!(1)),
        ("phase", json!("request")),
        ("front", json!("forward")),
        ("tenant", json!("acme")),
        ("agent", json!("finance-bot")),
        ("auth", json!("credential")),
        ("kind", json!("tool")),
        ("tool", json!("stripe-payments")),
        ("action", json!("charge")),
        ("region", json!("eu-central-1")),
        ("destination_regions", json!(["eu-central-1"])),
        ("method", json!("POST")),
        ("content_type", json!("application/json")),
        ("outcome", json!("deny")),
        ("policy_version", json!(aegis.policy_version().await)),
        (
            "destination",
            json!({
                "scheme": "http", "host": "payments.test", "port": upstream.port(),
                "path": "/v1/charges", "provider": "stripe",
            }),
        ),
    ] {
        assert_eq!(line[name], value, "{name}");
    }
    assert_eq!(rules(&line["rules"]), ["parameter.max"]);
    assert!(
        line["rules"][0]["message"]
            .as_str()
            .is_some_and(|it| it.contains("amount"))
    );
    assert!(line["decision_us"].is_u64() && line["connection"].is_u64());
    assert!(
        line["peer"]
            .as_str()
            .is_some_and(|it| it.starts_with("127.0.0.1:"))
    );
    assert!(line.get("approval_id").is_none() && line.get("would").is_none());
}

#[tokio::test]
async fn of_parameters_only_the_recordable_are_written_down() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;
    let body = json!({"amount": 7, "currency": "eur", "memo": "hush", "deep": {"word": "hush"}});

    let mut reply = send_charge(&aegis, &upstream, &body).await;
    reply.bytes().await;

    let (decision, _) = aegis.lines_of(&reply).await;
    let masked = "[masked]";
    assert_eq!(
        decision["parameters"],
        json!({"amount": 7, "currency": "eur", "memo": masked, "deep": masked})
    );
    let log = fs::read_to_string(file(&aegis)).expect("the log");
    assert!(!log.contains("hush"), "{log}");
}

/// The whole process at its most talkative, all libraries included.
#[tokio::test]
async fn nothing_of_a_body_a_query_or_a_credential_is_ever_logged() {
    let said = Said::default();
    let listener = said.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || listener.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).expect("the first one of this process");
    let ca = TestCa::new();
    let upstream = Upstream::https(&ca, &["payments.test"])
        .echo()
        .start()
        .await;
    let aegis = payments(&upstream).upstream_ca(&ca).start().await;

    for body in [
        r#"{"amount": 7, "currency": "eur", "memo": "hushword", "to": "ann@example.org"}"#,
        r#"{"amount": 700000, "currency": "eur", "memo": ["hushword"]}"#,
        r#"{"amount": "hushword"#,
    ] {
        let url = charge_url(&upstream) + "?q=hushword";
        let mut reply = aegis
            .client("finance-bot")
            .send(post(&url, "application/json", body))
            .await;
        aegis.lines_of(&reply).await;
        if reply.status() != 200 {
            said.clone()
                .write_all(&reply.bytes().await)
                .expect("a buffer");
        }
    }
    said.clone()
        .write_all(&fs::read(file(&aegis)).expect("the log"))
        .expect("a buffer");

    let said = said.text();
    assert!(
        said.contains("policy activated"),
        "the test hears nothing: {said}"
    );
    for secret in ["hushword", "ann@example", "secret-of-finance-bot", BASIC] {
        let line = said.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}

/// What the documentation promises is what an operator finds.
#[tokio::test]
async fn every_documented_metric_exists() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;
    charge(&aegis, &upstream, 7).await.bytes().await;
    let documentation = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/evidence.md");
    let documentation = fs::read_to_string(documentation).expect("the documentation");
    let documented: Vec<_> = documentation
        .split('`')
        .filter(|word| word.starts_with("aegis_") && !word.contains(' '))
        .collect();
    assert!(documented.len() > 15, "{documented:?}");

    let (status, metrics) = aegis.admin_get("/metrics").await;

    assert_eq!(status, 200);
    for name in documented {
        let name = name.strip_suffix("_total").unwrap_or(name);
        assert!(
            metrics.contains(&format!("# TYPE {name} ")),
            "{name}: {metrics}"
        );
    }
    assert!(metrics.contains(r#"aegis_decision_duration_seconds_count{outcome="allow"} 1"#));
    assert!(metrics.ends_with("# EOF\n"));
}

#[tokio::test]
async fn a_call_to_another_region_is_counted() {
    let upstream = Upstream::http().echo().start().await;
    let abroad = policy(&upstream)
        .replace("regions: [eu-central-1]}", "regions: [us-east-1]}")
        .replace("regions: [eu-central-1]\n", "regions: [us-east-1]\n");
    let aegis = Aegis::with_policy(&abroad)
        .agent("acme", "finance-bot")
        .hosts(&["payments.test"])
        .start()
        .await;

    let reply = charge(&aegis, &upstream, 7).await;

    assert_eq!(
        aegis.lines_of(&reply).await.1["route"]["region"],
        "us-east-1"
    );
    let (_, metrics) = aegis.admin_get("/metrics").await;
    let line = r#"aegis_cross_region_calls_total{from="eu-central-1",to="us-east-1"} 1"#;
    assert!(metrics.contains(line), "{metrics}");
}

#[tokio::test]
async fn the_admin_port_answers_gets_alone() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;

    assert_eq!(aegis.admin_get("/healthz").await, (200, "ok\n".to_owned()));
    assert_eq!(
        aegis.admin_get("/readyz").await,
        (200, "ready\n".to_owned())
    );
    assert_eq!(aegis.admin_get("/ca.pem").await.1, aegis.ca_pem());
    assert_eq!(aegis.admin_get("/unknown").await.0, 404);
    let mut client = aegis_testkit::RawClient::connect(aegis.admin()).await;
    client
        .send("POST /status HTTP/1.1\r\nhost: admin\r\ncontent-length: 0\r\n\r\n")
        .await;
    assert_eq!(client.read_response().await.status, 405);
}

async fn one_of_many(aegis: &Aegis, kind: u32, payments: &str, failing: &str) {
    let client = aegis.client("finance-bot");
    let small = json!({"amount": 7, "currency": "eur"});
    let large = json!({"amount": 100_001, "currency": "eur"});
    match kind {
        0 => read(client.post_json(payments, &small).await, 200).await,
        1 => read(client.post_json(payments, &large).await, 403).await,
        2 => read(client.get(failing).await, 502).await,
        3 => {
            let mut client = aegis.raw().await;
            client
                .send("GET http://x.test/ HTTP/1.1\r\nhost: x.test\r\nbad header\r\n\r\n")
                .await;
            assert_eq!(client.read_response().await.status, 400);
        }
        _ => {
            let mut client = aegis.raw().await;
            let head = format!(
                "POST {payments} HTTP/1.1\r\nhost: {}\r\nproxy-authorization: Basic {BASIC}\r\ncontent-length: 100\r\n\r\n{{",
                authority(payments)
            );
            client.send(head).await;
        }
    }
}

async fn read(mut reply: Reply, status: u16) {
    assert_eq!(reply.status(), status, "{}", reply.text().await);
    reply.bytes().await;
}

fn authority(url: &str) -> String {
    let url: http::Uri = url.parse().expect("a URL");
    url.authority().expect("a host").to_string()
}

fn file(aegis: &Aegis) -> PathBuf {
    aegis.data_dir().join("audit.jsonl")
}

/// What the process logs.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<u8>>>);

impl Said {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("nobody panics with it")).into_owned()
    }
}

impl Write for Said {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0
            .lock()
            .expect("nobody panics with it")
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// `finance-bot` with its secret, as Basic credentials.
const BASIC: &str = "ZmluYW5jZS1ib3Q6c2VjcmV0LW9mLWZpbmFuY2UtYm90";
