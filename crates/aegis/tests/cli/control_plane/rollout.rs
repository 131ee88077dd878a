//! Canary, promotion, rollback and new keys, as two data planes see them.

use std::process::Output;

use aegis_testkit::eventually;
use serde_json::{Value, json};

use super::stage::Stage;
use crate::harness::{code, err, out};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_canary_reaches_its_label_a_promotion_the_rest_and_a_rollback_brings_the_old_back() {
    let stage = Stage::start().await;
    stage.write_policy(10);
    stage.publish(&[]);
    let canary = stage.data_plane("acme-1", "acme").await;
    let rest = stage.data_plane("acme-2", "acme").await;
    canary.has("-p1").await;
    rest.has("-p1").await;

    stage.write_policy(100);
    let done = stage.publish(&["--canary", "ring=canary", "--allow-loosening"]);
    assert!(
        out(&done).contains("publication 2: canary, to ring=canary"),
        "{}",
        err(&done)
    );
    canary.has("-p2").await;
    assert_eq!(stage.charge(&canary, 50).await, 200);
    assert_eq!(stage.charge(&rest, 50).await, 403);
    assert!(rest.revision().await.ends_with("-p1"));

    let words = ["promote", "2", "--to", "all", "--reason", "a quiet day"];
    let done = stage.aegis("olga", &words);
    let told = out(&done);
    assert!(
        told.contains("publication 2: released, to all"),
        "{}",
        err(&done)
    );
    assert!(
        told.contains("  opened: finance-bot may now call pay/charge"),
        "{told}"
    );
    rest.has("-p2").await;
    assert_eq!(stage.charge(&rest, 50).await, 200);

    let words = [
        "rollback",
        "--to",
        "1",
        "--reason",
        "2 lets too much through",
    ];
    let done = stage.aegis("olga", &words);
    assert_eq!(code(&done), 0, "{}", err(&done));
    assert!(out(&done).contains("tightened: finance-bot may no longer call"));
    canary.has("-p3").await;
    rest.has("-p3").await;
    assert_eq!(stage.charge(&canary, 50).await, 403);
    assert_eq!(stage.charge(&rest, 50).await, 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_are_told_what_people_are_told() {
    let stage = Stage::start().await;
    let told = |done: &Output| serde_json::from_str::<Value>(&out(done)).expect("JSON");
    stage.write_policy(10);
    let first = told(&stage.publish(&["-o", "json"]));
    assert_eq!(first["schema_version"], 1);
    assert_eq!(first["publication"]["number"], 1);
    assert_eq!(first["publication"]["stage"], "released");
    assert_eq!(first["bundles"][1]["scope"], "acme@eu-central-1");

    stage.write_policy(100);
    let refused = stage.publish(&["-o", "json"]);
    assert_eq!(code(&refused), 3);
    let refused = told(&refused);
    assert_eq!(
        (&refused["publication"], &refused["base"]),
        (&json!(null), &json!(1))
    );
    assert_eq!(refused["diff"]["loosened"], true);

    let canary = told(&stage.publish(&["-o", "json", "--canary", "10%", "--allow-loosening"]));
    assert_eq!(canary["rollout"], json!({"to": "percent", "percent": 10}));
    let words = [
        "promote", "2", "--to", "all", "--reason", "quiet", "-o", "json",
    ];
    let promoted = told(&stage.aegis("olga", &words));
    assert_eq!(promoted["rollout"], json!({"to": "all"}));
    assert_eq!(promoted["diff"]["loosened"], true);
    assert_eq!(promoted["publication"]["diff"], promoted["diff"]);
    let words = [
        "rollback", "--to", "1", "--reason", "too much", "-o", "json",
    ];
    let back = told(&stage.aegis("olga", &words));
    assert_eq!(back["publication"]["restores"], 1);
    assert_eq!(back["publication"]["diff"]["loosened"], false);
    assert_eq!(back["bundles"][0]["number"], 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_key_is_taken_by_who_trusts_both_and_the_status_names_who_does_not() {
    let mut stage = Stage::start().await;
    stage.write_policy(10);
    stage.publish(&[]);
    let both = stage.data_plane("acme-1", "acme").await;
    let one = stage.builder("acme-2", "acme", &[("k1", &stage.k1)]);
    let one = one.start().await;
    both.has("1-p1").await;
    one.has("1-p1").await;
    stage.rotate();
    // Signed again under the next number.
    both.has("2-p1").await;
    assert_eq!(both.policy_status().await["bundle"]["signed_by"], "k2");
    eventually("the report of who does not trust it", async || {
        out(&stage.aegis("olga", &["status"])).contains("bundle.untrusted_key")
    })
    .await;
    assert_eq!(one.revision().await, "1-p1");
    assert_eq!(stage.charge(&one, 10).await, 200);
}
