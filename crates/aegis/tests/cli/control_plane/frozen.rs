//! The control plane is there and does not answer: data planes go on with what they have and catch up once it does.

use std::collections::BTreeSet;
use std::time::Duration;

use aegis_testkit::within;
use rustix::process::Signal;
use serde_json::Value;

use super::stage::Stage;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_it_is_frozen_calls_are_judged_and_afterwards_everything_arrives_once() {
    let stage = Stage::start().await;
    stage.write_policy(10);
    stage.publish(&[]);
    let acme = stage.data_plane("acme-1", "acme").await;
    acme.has("1-p1").await;
    // Its connections stay open, and nothing comes back on them.
    stage.signal(Signal::STOP);
    for amount in 1..=20 {
        let status = if amount <= 10 { 200 } else { 403 };
        assert_eq!(stage.charge(&acme, amount).await, status);
    }
    // Nor does it keep one from starting that has been here before.
    let acme = acme.restart(|_| {}).await;
    assert_eq!(stage.charge(&acme, 10).await, 200);
    assert_eq!(stage.charge(&acme, 11).await, 403);

    stage.write_policy(12);
    let mut publishing = stage.publishing(&["--allow-loosening"]);
    let mut publishing = publishing.spawn().expect("it starts");
    stage.signal(Signal::CONT);
    assert!(publishing.wait().expect("it ends").success());
    acme.has("2-p2").await;
    assert_eq!(stage.charge(&acme, 12).await, 200);

    let lines = acme.audit();
    let of_calls = lines.iter().filter(|line| line["event"] == "decision");
    let here: BTreeSet<&str> = of_calls.filter_map(|line| line["id"].as_str()).collect();
    assert_eq!(here.len(), 23);
    let there = within("all calls", async {
        loop {
            let there = stage.audit("all-audit", &[]);
            if there.len() >= here.len() {
                return there;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    let id = |call: &Value| call["decision"]["id"].as_str().map(str::to_owned);
    let there: Vec<String> = there.iter().filter_map(id).collect();
    assert_eq!(there.len(), here.len());
    assert!(there.iter().all(|id| here.contains(id.as_str())));
}
