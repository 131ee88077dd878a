//! Policies as signed bundles: a good one decides, a bad one never changes what is in force, and the status says why.

mod faults;
mod full_disk;

use std::fs;
use std::io::Write as _;

use aegis_config::PolicySource;
use aegis_testkit::{Aegis, Draft, Publisher, Upstream, eventually};
use jiff::SignedDuration;

use crate::bundles::faults::{altered, gunzip, gzip};
use crate::finance::{charge, policy, rules, under};

/// A data plane on bundle 3, its publisher, and what a charge is sent to.
async fn on_bundle_three() -> (Aegis, Publisher, Upstream, Draft) {
    let upstream = Upstream::http().echo().start().await;
    let publisher = Publisher::new();
    let draft = Draft::of(&policy(&upstream)).number(3);
    let aegis = under("").bundle(&publisher.sign(&draft), &publisher);
    (aegis.start().await, publisher, upstream, draft)
}

/// The same policy with a lower limit.
fn stricter(draft: &Draft) -> Draft {
    draft.clone().with(|draft| {
        draft.policy = draft
            .policy
            .replace("max: 100000, approve_above: 5000", "max: 6");
    })
}

#[tokio::test]
async fn a_signed_bundle_decides_and_its_number_is_in_every_answer_and_record() {
    let (aegis, _, upstream, _) = on_bundle_three().await;
    let reply = charge(&aegis, &upstream, 7).await;
    assert_eq!(reply.status(), 200);
    let version = reply.header("aegis-policy-version").expect("a version");
    assert!(version.starts_with("3-"), "{version}");
    let (decision, _) = aegis.lines_of(&reply).await;
    assert_eq!(decision["policy_version"], version);
    let status = aegis.policy_status().await;
    assert_eq!(status["bundle"]["revision"], "test-3");
    assert_eq!(status["bundle"]["signed_by"], "publisher-1");
    assert_eq!(status["modules"], serde_json::Value::Null);
}

#[tokio::test]
async fn a_newer_bundle_replaces_the_one_in_force_without_a_dropped_call() {
    let (aegis, publisher, upstream, draft) = on_bundle_three().await;
    assert_eq!(charge(&aegis, &upstream, 7).await.status(), 200);
    aegis
        .change_bundle(&publisher.sign(&stricter(&draft).number(4)))
        .await;
    let mut reply = charge(&aegis, &upstream, 7).await;
    assert_eq!(rules(&reply.json().await["reasons"]), ["parameter.max"]);
    assert_eq!(charge(&aegis, &upstream, 6).await.status(), 200);
}

#[tokio::test]
async fn a_half_written_file_is_refused_and_the_whole_one_is_taken() {
    let (aegis, publisher, upstream, draft) = on_bundle_three().await;
    let next = publisher.sign(&stricter(&draft).number(4));
    let mut file = fs::File::create(aegis.bundle_file()).expect("the file");
    let (first, rest) = next.split_at(next.len() / 2);
    file.write_all(first).expect("the first half");
    eventually("the refusal", async || {
        aegis.policy_status().await["last_error_code"] == "bundle.truncated"
    })
    .await;
    assert_eq!(charge(&aegis, &upstream, 7).await.status(), 200);
    file.write_all(rest).expect("the second half");
    in_force(&aegis, "4-").await;
    assert_eq!(charge(&aegis, &upstream, 7).await.status(), 403);
}

#[tokio::test]
async fn an_operator_may_sign_a_rollback_from_exactly_the_number_in_force() {
    let (aegis, publisher, _, draft) = on_bundle_three().await;
    let back = |from| {
        draft
            .clone()
            .number(2)
            .with(|draft| draft.rollback_from = Some(from))
    };
    let refused = aegis.refuse_bundle(&publisher.sign(&back(4))).await;
    assert_eq!(refused, "bundle.rolled_back");
    aegis.change_bundle(&publisher.sign(&back(3))).await;
    assert!(aegis.policy_version().await.starts_with("2-"));
}

#[tokio::test]
async fn a_restart_without_the_file_goes_on_with_the_last_good_bundle() {
    let (aegis, _, upstream, _) = on_bundle_three().await;
    let before = aegis.policy_version().await;
    fs::remove_file(aegis.bundle_file()).expect("the file");
    let aegis = aegis.restart(|_| {}).await;
    assert_eq!(aegis.policy_version().await, before);
    assert_eq!(charge(&aegis, &upstream, 7).await.status(), 200);
    let status = aegis.policy_status().await;
    assert_eq!(status["last_error_code"], "bundle.unreadable");
}

#[tokio::test]
async fn a_restart_with_a_bad_or_an_older_file_goes_on_with_the_last_good_bundle() {
    let (mut aegis, publisher, upstream, draft) = on_bundle_three().await;
    let before = aegis.policy_version().await;
    let older = publisher.sign(&draft.number(2));
    for (bad, code) in [
        (vec![1, 2, 3], "bundle.not_gzip"),
        (older, "bundle.rolled_back"),
    ] {
        fs::write(aegis.bundle_file(), bad).expect("the file");
        aegis = aegis.restart(|_| {}).await;
        assert_eq!(aegis.policy_version().await, before, "{code}");
        assert_eq!(aegis.policy_status().await["last_error_code"], code);
        assert_eq!(charge(&aegis, &upstream, 7).await.status(), 200);
    }
}

/// Whoever can write to the data directory must not be able to choose the policy.
#[tokio::test]
async fn a_last_good_bundle_that_was_changed_on_disk_is_not_used() {
    let (mut aegis, publisher, upstream, draft) = on_bundle_three().await;
    let kept = aegis.data_dir().join("bundle/last-good.tar.gz");
    let spoilt = gzip(&altered(&gunzip(
        &fs::read(&kept).expect("the last good bundle"),
    )));
    let older = publisher.sign(&draft.number(2));
    for (bad, code) in [
        (spoilt, "bundle.file_altered"),
        (older, "bundle.rolled_back"),
    ] {
        // So that nothing but the last good bundle is there.
        let _ = fs::remove_file(aegis.bundle_file());
        fs::write(&kept, bad).expect("the last good bundle");
        aegis = aegis.restart(|_| {}).await;
        assert_eq!(aegis.policy_version().await, "", "{code}");
        let mut reply = charge(&aegis, &upstream, 7).await;
        assert_eq!(rules(&reply.json().await["reasons"]), ["aegis.no_policy"]);
    }
}

/// What cannot be told to be newer is not taken.
#[tokio::test]
async fn without_the_memory_of_what_was_in_force_nothing_comes_into_force() {
    let (aegis, publisher, upstream, draft) = on_bundle_three().await;
    fs::write(aegis.data_dir().join("bundle/active.json"), "{").expect("the memo");
    let aegis = aegis.restart(|_| {}).await;
    let status = aegis.policy_status().await;
    assert_eq!(status["last_error_code"], "bundle.last_good_unreadable");
    let refused = aegis.refuse_bundle(&publisher.sign(&draft.number(4))).await;
    assert_eq!(refused, "bundle.last_good_unreadable");
    assert_eq!(charge(&aegis, &upstream, 7).await.status(), 403);
}

#[tokio::test]
async fn a_bundle_that_cannot_be_kept_on_disk_is_not_put_in_force() {
    let (aegis, publisher, upstream, draft) = on_bundle_three().await;
    let before = aegis.policy_version().await;
    // A directory in the way stops everybody, root as well.
    let kept = aegis.data_dir().join("bundle/last-good.tar.gz");
    fs::remove_file(&kept).expect("the last good bundle");
    fs::create_dir_all(kept.join("in-the-way")).expect("a directory");
    let next = publisher.sign(&stricter(&draft).number(4));
    assert_eq!(aegis.refuse_bundle(&next).await, "bundle.not_kept");
    assert_eq!(aegis.policy_version().await, before);
    assert_eq!(charge(&aegis, &upstream, 7).await.status(), 200);
    // As soon as there is room, without anybody offering it again.
    fs::remove_dir_all(&kept).expect("the directory");
    in_force(&aegis, "4-").await;
}

/// What would not be remembered could be rolled back after a restart.
#[tokio::test]
async fn a_bundle_whose_number_cannot_be_kept_on_disk_is_not_put_in_force() {
    let (aegis, publisher, upstream, draft) = on_bundle_three().await;
    let before = aegis.policy_version().await;
    let memo = aegis.data_dir().join("bundle/active.json");
    fs::remove_file(&memo).expect("the memo");
    fs::create_dir_all(memo.join("in-the-way")).expect("a directory");
    let next = publisher.sign(&stricter(&draft).number(4));
    assert_eq!(aegis.refuse_bundle(&next).await, "bundle.not_kept");
    assert_eq!(aegis.policy_version().await, before);
    assert_eq!(charge(&aegis, &upstream, 7).await.status(), 200);
    fs::remove_dir_all(&memo).expect("the directory");
    in_force(&aegis, "4-").await;
}

#[tokio::test]
async fn a_bundle_whose_time_is_over_no_longer_decides() {
    let (aegis, publisher, upstream, draft) = on_bundle_three().await;
    let short = draft
        .number(4)
        .with(|draft| draft.valid_for = Some(SignedDuration::from_secs(3)));
    aegis.change_bundle(&publisher.sign(&short)).await;
    in_force(&aegis, "").await;
    let mut reply = charge(&aegis, &upstream, 7).await;
    assert_eq!(
        rules(&reply.json().await["reasons"]),
        ["aegis.policy_expired"]
    );
    assert_eq!(aegis.admin_get("/readyz").await.0, 503);
    assert_eq!(aegis.policy_status().await["expired"], true);
    // Also after a restart, and a newer one ends it.
    let aegis = aegis.restart(|_| {}).await;
    assert_eq!(
        aegis.policy_status().await["last_error_code"],
        "bundle.expired"
    );
    aegis
        .change_bundle(&publisher.sign(&Draft::of(&policy(&upstream)).number(5)))
        .await;
    assert_eq!(charge(&aegis, &upstream, 7).await.status(), 200);
}

#[tokio::test]
async fn keys_change_without_a_restart_and_a_key_that_is_taken_away_no_longer_counts() {
    let (aegis, publisher, _, draft) = on_bundle_three().await;
    let successor = Publisher::new();
    let next = successor.sign(&draft.clone().number(4));
    assert_eq!(aegis.refuse_bundle(&next).await, "bundle.signature_invalid");
    let PolicySource::Bundle(bundle) = &aegis.settings().policy.source else {
        panic!("a bundle");
    };
    let key = &bundle.keys.as_ref().expect("keys")[0].file;
    fs::write(key, successor.public_pem()).expect("the key");
    aegis
        .change_bundle(&successor.sign(&draft.clone().number(5)))
        .await;
    let refused = aegis.refuse_bundle(&publisher.sign(&draft.number(6))).await;
    assert_eq!(refused, "bundle.signature_invalid");
}

#[tokio::test]
async fn without_a_signature_only_where_that_is_switched_off_by_name() {
    let upstream = Upstream::http().echo().start().await;
    let publisher = Publisher::new();
    let draft = Draft::of(&policy(&upstream));
    let aegis = under("").bundle(&draft.unsigned(), &publisher);
    let aegis = aegis.start().await;
    assert_eq!(
        aegis.policy_status().await["last_error_code"],
        "bundle.signature_missing"
    );
    let aegis = aegis
        .restart(|settings| {
            if let PolicySource::Bundle(bundle) = &mut settings.policy.source {
                bundle.keys = None;
            }
        })
        .await;
    assert_eq!(charge(&aegis, &upstream, 7).await.status(), 200);
    assert_eq!(
        aegis.policy_status().await["bundle"]["signed_by"],
        serde_json::Value::Null
    );
}

/// Waits for a version that starts so; empty: for none.
async fn in_force(aegis: &Aegis, start: &str) {
    eventually("the policy", async || {
        let version = aegis.policy_version().await;
        version.starts_with(start) && version.is_empty() == start.is_empty()
    })
    .await;
}
