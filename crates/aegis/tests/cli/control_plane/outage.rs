//! The control plane is killed: data planes go on, and nothing that they wrote meanwhile is lost or doubled.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::time::Duration;

use aegis_testkit::{Aegis, eventually, within};

use super::stage::Stage;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_and_started_again_it_has_every_call_exactly_once_and_its_next_publication_arrives()
{
    let mut stage = Stage::start().await;
    stage.write_policy(10);
    stage.publish(&[]);
    let acme = stage.data_plane("acme-1", "acme").await;
    acme.has("-p1").await;
    for amount in 1..20 {
        assert_eq!(
            stage.charge(&acme, amount).await,
            if amount <= 10 { 200 } else { 403 }
        );
        if amount == 7 {
            // In the middle of whatever it is doing.
            stage.kill();
        }
    }
    stage.start_again();
    stage.write_policy(12);
    let done = stage.publish(&["--allow-loosening"]);
    assert!(done.status.success());
    acme.has("-p2").await;
    assert_eq!(stage.charge(&acme, 12).await, 200);
    let here = ids(&acme);
    assert_eq!(here.len(), 20);
    all_arrive_once(&stage, &here).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_whose_log_was_rotated_and_compressed_meanwhile_arrive_once_also_after_a_restart() {
    let mut stage = Stage::start().await;
    stage.write_policy(10);
    stage.publish(&[]);
    let mut acme = stage.data_plane("acme-1", "acme").await;
    acme.has("-p1").await;
    stage.charge(&acme, 1).await;
    stage.kill();
    let mut here = BTreeSet::new();
    for rotated in ["audit.jsonl.2", "audit.jsonl.1"] {
        for amount in 1..6 {
            stage.charge(&acme, amount).await;
        }
        let called = ids(&acme);
        eventually("the end lines", async || {
            let lines = acme.audit();
            let ends = lines.iter().filter(|line| line["event"] == "end");
            ends.count() >= called.len()
        })
        .await;
        here.extend(called);
        let rotated = acme.data_dir().join(rotated);
        fs::rename(acme.data_dir().join("audit.jsonl"), &rotated).expect("the log");
        let done = Command::new("gzip").arg(&rotated).status();
        assert!(done.expect("gzip").success());
    }
    acme = acme.restart(|_| {}).await;
    stage.charge(&acme, 1).await;
    here.extend(ids(&acme));
    assert_eq!(here.len(), 12);
    stage.start_again();
    all_arrive_once(&stage, &here).await;
}

/// With their ends.
async fn all_arrive_once(stage: &Stage, here: &BTreeSet<String>) {
    let there = within("all lines", async {
        loop {
            let there = stage.audit("all-audit", &[]);
            if there.iter().filter(|call| !call["end"].is_null()).count() >= here.len() {
                return there;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    let seen: Vec<_> = there
        .iter()
        .map(|call| call["decision"]["id"].to_string())
        .collect();
    assert_eq!(seen.len(), here.len());
    assert_eq!(&seen.into_iter().collect::<BTreeSet<_>>(), here);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_data_plane_that_starts_meanwhile_decides_by_its_last_good_bundle() {
    let mut stage = Stage::start().await;
    stage.write_policy(10);
    stage.publish(&[]);
    let acme = stage.data_plane("acme-1", "acme").await;
    acme.has("-p1").await;
    stage.kill();
    let acme = acme.restart(|_| {}).await;
    assert_eq!(acme.revision().await, "1-p1");
    assert_eq!(stage.charge(&acme, 10).await, 200);
    assert_eq!(stage.charge(&acme, 11).await, 403);
}

/// Of every call that the data plane wrote down.
fn ids(aegis: &Aegis) -> BTreeSet<String> {
    let lines = aegis.audit();
    let decisions = lines.iter().filter(|line| line["event"] == "decision");
    decisions.map(|line| line["id"].to_string()).collect()
}
