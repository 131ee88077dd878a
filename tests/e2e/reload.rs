//! Policy changes while calls go on: the newest good one decides, the last good one stays, and before the first everything is denied.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use aegis_testkit::{Aegis, Answer, Feed, Upstream, eventually};
use http::Method;
use serde_json::Value;

use crate::finance::{charge, charge_url, payments, policy, rules};

#[tokio::test]
async fn a_changed_policy_decides_the_next_call_and_has_the_next_number() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;
    let before = charge(&aegis, &upstream, 7).await;
    assert!(
        before
            .header("aegis-policy-version")
            .is_some_and(|it| it.starts_with("1-"))
    );

    aegis
        .change_policy(&policy(&upstream).replace("max: 100000, approve_above: 5000", "max: 6"))
        .await;

    let mut after = charge(&aegis, &upstream, 7).await;
    assert_eq!(rules(&after.json().await["reasons"]), ["parameter.max"]);
    assert!(
        after
            .header("aegis-policy-version")
            .is_some_and(|it| it.starts_with("2-"))
    );
    let (_, metrics) = aegis.admin_get("/metrics").await;
    assert!(metrics.contains("aegis_policy_revision 2"), "{metrics}");
    assert!(
        metrics.contains(r#"aegis_policy_reloads_total{result="loaded"} 2"#),
        "{metrics}"
    );
}

#[tokio::test]
async fn no_call_is_dropped_while_policies_change() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;
    let client = aegis.client("finance-bot");
    let url = charge_url(&upstream);
    let session = client
        .open(&url.parse().expect("a URL"))
        .await
        .expect("a connection");
    let mut versions = Vec::new();

    for revision in 0..4 {
        for amount in 0..20 {
            let body = format!(r#"{{"amount": {}, "currency": "eur"}}"#, amount + 1);
            let request = crate::finance::post(&url, "application/json", &body);
            let mut reply = session.send(request).await;
            assert_eq!(reply.status(), 200, "{}", reply.text().await);
            reply.bytes().await;
            let version = reply
                .header("aegis-policy-version")
                .unwrap_or_default()
                .to_owned();
            versions.push(version);
        }
        let words =
            policy(&upstream).replace("max: 100000", &format!("max: {}", 50_000 + revision));
        aegis.change_policy(&words).await;
    }

    versions.dedup();
    assert_eq!(versions.len(), 4, "{versions:?}");
    assert_eq!(upstream.count(), 80);
}

#[tokio::test]
async fn a_request_in_flight_keeps_its_revision() {
    let feed = Feed::new();
    let body = feed.clone();
    let upstream = Upstream::http()
        .on(Method::POST, "/v1/charges", move |_| {
            Answer::status(200).body(body.payload())
        })
        .start()
        .await;
    let aegis = payments(&upstream).start().await;
    let mut reply = charge(&aegis, &upstream, 7).await;

    aegis
        .change_policy(&policy(&upstream).replace("max: 100000", "max: 90000"))
        .await;
    feed.send("the end");
    feed.end();

    assert_eq!(reply.text().await, "the end");
    assert!(
        reply
            .header("aegis-policy-version")
            .is_some_and(|it| it.starts_with("1-"))
    );
    let (decision, end) = aegis.lines_of(&reply).await;
    assert_eq!(
        decision["policy_version"].as_str(),
        reply.header("aegis-policy-version")
    );
    assert_eq!(end["outcome_detail"], "forwarded");
}

#[tokio::test]
async fn a_broken_policy_changes_nothing_and_the_status_says_why() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;
    let version = aegis.policy_version().await;

    let file = aegis.policy_directory().join("policy.yaml");
    fs::write(&file, "aegis:\n  tenants:\n    acme: {regoins: [x]}\n").expect("the policy");

    let error = policy_error(&aegis).await;
    assert!(error.contains("policy.yaml:3:"), "{error}");
    assert!(
        error.contains("regions"),
        "the nearest match is missing: {error}"
    );
    assert_eq!(aegis.policy_version().await, version);
    let reply = charge(&aegis, &upstream, 7).await;
    assert_eq!(reply.header("aegis-policy-version"), Some(version.as_str()));
    assert_eq!(reply.status(), 200);
    assert_eq!(aegis.admin_get("/readyz").await.0, 200);
    let (_, metrics) = aegis.admin_get("/metrics").await;
    assert!(
        metrics.contains(r#"aegis_policy_reloads_total{result="rejected"} 1"#),
        "{metrics}"
    );
}

#[tokio::test]
async fn a_policy_that_is_mended_clears_the_error() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;
    let module = aegis.policy_directory().join("own.rego");
    fs::write(&module, "package aegis.ext\ndeny contains x if {\n").expect("a module");
    assert!(policy_error(&aegis).await.contains("own.rego:"));

    fs::remove_file(&module).expect("it is there");

    let mended = async || last_error(&aegis).await.is_none();
    eventually("the end of the error", mended).await;
    assert!(
        aegis.policy_version().await.starts_with("1-"),
        "nothing new to activate"
    );
}

#[tokio::test]
async fn an_emptied_directory_is_no_policy_of_nothing() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;

    fs::remove_file(aegis.policy_directory().join("policy.yaml")).expect("it is there");

    assert!(policy_error(&aegis).await.contains("no *.yaml"));
    assert_eq!(charge(&aegis, &upstream, 7).await.status(), 200);
}

#[tokio::test]
async fn before_the_first_good_policy_everything_is_denied() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = Aegis::with_policy("tenants: 1")
        .agent("acme", "finance-bot")
        .hosts(&["payments.test"])
        .start()
        .await;

    let mut reply = charge(&aegis, &upstream, 7).await;

    assert_eq!(reply.status(), 403);
    assert_eq!(rules(&reply.json().await["reasons"]), ["aegis.no_policy"]);
    assert_eq!(reply.header("aegis-policy-version"), None);
    let (decision, end) = aegis.lines_of(&reply).await;
    assert_eq!(rules(&decision["rules"]), ["aegis.no_policy"]);
    assert_eq!(end["outcome_detail"], "refused");
    let (ready, why) = aegis.admin_get("/readyz").await;
    assert_eq!((ready, why.trim()), (503, "no policy has been loaded yet"));
    assert_eq!(aegis.admin_get("/healthz").await.0, 200);
    assert_eq!(upstream.connections(), 0);

    aegis.change_policy(&policy(&upstream)).await;

    assert_eq!(charge(&aegis, &upstream, 7).await.status(), 200);
    assert_eq!(aegis.admin_get("/readyz").await.0, 200);
}

#[tokio::test]
async fn a_module_in_a_directory_below_is_part_of_the_policy_and_its_changes_are_seen() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;
    let below = aegis.policy_directory().join("rules/refunds");
    fs::create_dir_all(&below).expect("a directory");
    let module = |tool: &str| {
        let rule = r#"deny contains {"rule": "own.stop", "message": "stopped"} if input.call.tool"#;
        fs::write(
            below.join("stop.rego"),
            format!("package aegis.ext\n{rule} == \"{tool}\"\n"),
        )
        .expect("a module");
    };

    module("stripe-payments");
    version(&aegis, "2-").await;
    let mut reply = charge(&aegis, &upstream, 7).await;
    assert_eq!(rules(&reply.json().await["reasons"]), ["own.stop"]);

    module("another-tool");
    version(&aegis, "3-").await;
    assert_eq!(charge(&aegis, &upstream, 7).await.status(), 200);
}

/// As Kubernetes updates a mounted volume: `..data` is swapped, the old version goes.
#[tokio::test]
async fn a_volume_that_is_swapped_is_read_from_one_version() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream)
        .settings(|settings| {
            let directory = settings.policy.source.directory().expect("a directory");
            let words = fs::read_to_string(directory.join("policy.yaml")).expect("the policy");
            fs::remove_file(directory.join("policy.yaml")).expect("it is there");
            mount(directory, "..1", &words);
            symlink("..data/policy.yaml", directory.join("policy.yaml")).expect("a link");
        })
        .start()
        .await;
    assert_eq!(charge(&aegis, &upstream, 7).await.status(), 200);
    let directory = aegis.policy_directory();
    let file = fs::read_to_string(directory.join("policy.yaml")).expect("the policy");

    mount(directory, "..2", &file.replace("max: 100000", "max: 90000"));
    fs::remove_dir_all(directory.join("..1")).expect("the old version");

    version(&aegis, "2-").await;
    let reply = charge(&aegis, &upstream, 95_000).await;
    assert_eq!(reply.header("aegis-decision"), Some("deny"));
}

#[tokio::test]
async fn a_directory_that_is_replaced_is_followed() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;
    let directory = aegis.policy_directory().to_owned();
    let words = fs::read_to_string(directory.join("policy.yaml")).expect("the policy");
    let replace = |name: &str, words: &str| {
        let next = directory.with_file_name(name);
        fs::create_dir(&next).expect("a directory");
        fs::write(next.join("policy.yaml"), words).expect("a policy");
        fs::rename(&directory, directory.with_file_name(format!("{name}-old"))).expect("it goes");
        fs::rename(next, &directory).expect("it comes");
    };

    replace("second", &words.replace("max: 100000", "max: 90000"));
    version(&aegis, "2-").await;
    // The new directory is watched as well.
    fs::write(directory.join("policy.yaml"), &words).expect("the policy");
    version(&aegis, "3-").await;

    assert_eq!(charge(&aegis, &upstream, 7).await.status(), 200);
}

#[tokio::test]
async fn the_status_tells_what_is_in_force() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;

    let status = status(&aegis).await;

    assert_eq!(status["schema_version"], 1);
    assert_eq!(status["region"], "eu-central-1");
    assert_eq!(status["ready"], true);
    assert_eq!(status["draining"], false);
    assert_eq!(status["audit_healthy"], true);
    assert_eq!(status["modes"], "acme=enforce");
    assert!(
        status["policy"]["active"]
            .as_str()
            .is_some_and(|it| it.starts_with("1-"))
    );
    assert!(status["policy"]["activated_at"].is_string());
    assert_eq!(status["policy"]["last_error"], Value::Null);
}

async fn status(aegis: &Aegis) -> Value {
    let (_, status) = aegis.admin_get("/status").await;
    serde_json::from_str(&status).expect("JSON")
}

async fn last_error(aegis: &Aegis) -> Option<String> {
    let status = status(aegis).await;
    status["policy"]["last_error"].as_str().map(str::to_owned)
}

pub(crate) async fn policy_error(aegis: &Aegis) -> String {
    let told = async || last_error(aegis).await.is_some();
    eventually("a policy error", told).await;
    last_error(aegis).await.unwrap_or_default()
}

async fn version(aegis: &Aegis, number: &str) {
    let active = async || aegis.policy_version().await.starts_with(number);
    eventually(&format!("revision {number}"), active).await;
}

fn mount(directory: &Path, version: &str, policy: &str) {
    fs::create_dir(directory.join(version)).expect("a version");
    fs::write(directory.join(version).join("policy.yaml"), policy).expect("the policy");
    symlink(version, directory.join("..data_tmp")).expect("a link");
    fs::rename(directory.join("..data_tmp"), directory.join("..data")).expect("the swap");
}
