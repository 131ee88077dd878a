//! Bundles that flip under concurrent calls: each call is judged by exactly one of them, and none is not judged.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use aegis_testkit::{Aegis, Draft, ProxyClient, Publisher, Reply};
use serde_json::Value;

use super::{CALLERS, duration, upstream};

/// By decision id: the policy that an answer names, and what it says.
type Answers = HashMap<String, (String, &'static str)>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_is_judged_by_exactly_one_bundle_while_they_flip() {
    let port = upstream().await;
    let publisher = Publisher::new();
    let bundle = |number| publisher.sign(&Draft::of(&policy(port, number)).number(number));
    let aegis = Aegis::with_policy("")
        .agent("acme", "bot")
        .hosts(&["soak.test"])
        .bundle(&bundle(1), &publisher)
        .start()
        .await;
    let over = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| tokio::spawn(call_until(Arc::clone(&over), aegis.client("bot"), port)))
        .collect();
    let end = Instant::now() + duration();
    let mut number = 1;
    while number < FEWEST || Instant::now() < end {
        number += 1;
        aegis.change_bundle(&bundle(number)).await;
    }
    over.store(true, Ordering::Relaxed);
    let mut answers = Answers::new();
    for caller in callers {
        answers.extend(caller.await.expect("no call was dropped"));
    }

    let outcomes = |wanted| answers.values().any(|(_, outcome)| *outcome == wanted);
    assert!(outcomes("allow") && outcomes("deny"));
    let log = File::open(&aegis.settings().audit.file).expect("the audit log");
    for line in BufReader::new(log).lines() {
        let line: Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
        if line["event"] == "decision" {
            let id = line["id"].as_str().expect("an id");
            let (version, outcome) = answers.remove(id).expect("one answer for each decision");
            assert_eq!(
                (&line["policy_version"], &line["outcome"]),
                (&version.into(), &outcome.into())
            );
        }
    }
    assert_eq!(answers.len(), 0, "answers without a decision");
}

/// Calls one after the other; each answer must be that of the bundle which it names. A call that was
/// allowed may be stopped by the next one, and says so.
async fn call_until(over: Arc<AtomicBool>, client: ProxyClient, port: u16) -> Answers {
    let url = format!("http://soak.test:{port}/x");
    let uri = url.parse().expect("a URL");
    let mut session = client.open(&uri).await.expect("a connection");
    let mut answers = Answers::new();
    while !over.load(Ordering::Relaxed) {
        let mut reply = session.get(&url).await;
        let header = |name| reply.header(name).expect("it names its judge").to_owned();
        let (id, version) = (header("aegis-decision-id"), header("aegis-policy-version"));
        let (number, _) = version.split_once('-').expect("a number and a digest");
        let grants = !number.parse::<u64>().expect("a number").is_multiple_of(2);
        let (status, outcome) = if grants {
            (200, "allow")
        } else {
            (403, "deny")
        };
        let closes = reply.header("connection") == Some("close");
        let told = whole(&mut reply).await;
        let stopped = told
            .as_ref()
            .is_none_or(|told| told.contains("policy.revoked"));
        assert!(
            if stopped {
                grants
            } else {
                reply.status() == status
            },
            "{version}: {told:?}"
        );
        assert!(answers.insert(id, (version, outcome)).is_none());
        if closes || stopped {
            session = client.open(&uri).await.expect("a connection");
        }
    }
    answers
}

/// Nothing where the answer was cut off.
async fn whole(reply: &mut Reply) -> Option<String> {
    let mut text = Vec::new();
    while let Some(chunk) = reply.try_chunk().await.ok()? {
        text.extend_from_slice(&chunk);
    }
    String::from_utf8(text).ok()
}

/// Only those with an odd number grant the call.
fn policy(port: u16, number: u64) -> String {
    let granted = if number.is_multiple_of(2) {
        "head"
    } else {
        "get"
    };
    format!(
        "
tenants: {{acme: {{}}}}
agents: {{bot: {{tenant: acme, profile: small}}}}
profiles: {{small: {{hosts: ['soak.test:{port}'], tools: {{http: {{{granted}: {{}}}}}}}}}}
"
    )
}

/// Bundles, on a machine that is busy.
const FEWEST: u64 = 5;
