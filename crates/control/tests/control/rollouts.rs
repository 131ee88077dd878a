//! Canary, promotion and rollback: nobody is ever offered an older number than they have.

use serde_json::{Value, json};

use crate::client::{Answer, fails};
use crate::plane::{Plane, served};

#[tokio::test]
async fn a_canary_by_label_reaches_only_those_with_the_label() {
    let plane = Plane::start().await;
    plane.publish(0, "first").await;
    plane
        .publish_to(
            1,
            "second",
            json!({"to": "label", "name": "ring", "value": "early"}),
        )
        .await;
    assert_eq!(plane.served("acme-1").await.text, "first");
    assert_eq!(plane.served("acme-2").await.text, "second");
    let status = plane.client("olga").get("/v1/status").await.json();
    assert_eq!(status["scopes"][0]["released"]["publication"], 1);
    assert_eq!(status["scopes"][0]["canary"]["publication"], 2);
    promote(&plane, 2, json!({"to": "all"})).await;
    assert_eq!(plane.served("acme-1").await.text, "second");
    assert_eq!(
        plane.served("acme-1").await.number,
        plane.served("acme-2").await.number
    );
}

/// Against what was released until then, not against the publication before it.
#[tokio::test]
async fn a_promotion_keeps_who_did_it_why_and_what_changed_for_whom_it_reached() {
    let plane = Plane::start().await;
    plane.publish(0, "first").await;
    let few = json!({"to": "percent", "percent": 20});
    plane.publish_to(1, "a loose second", few).await;
    promote(&plane, 2, json!({"to": "percent", "percent": 60})).await;
    promote(&plane, 2, json!({"to": "all"})).await;
    let plane = plane.restart().await;
    let told = plane.client("olga").get("/v1/publications/2").await.json();
    let diff = json!({"lines": ["acme.yaml changes"], "loosened": true});
    assert_eq!(told["publication"]["diff"], diff);
    assert_eq!(told["changes"][0].get("diff"), None);
    for change in [&told["changes"][1], &told["changes"][2]] {
        assert_eq!(change["action"], "promote");
        assert_eq!(change["author"], "olga");
        assert_eq!(change["diff"], diff);
    }
}

#[tokio::test]
async fn a_canary_by_percentage_grows_and_loses_nobody() {
    let plane = Plane::start().await;
    plane.publish(0, "first").await;
    plane
        .publish_to(1, "second", json!({"to": "percent", "percent": 20}))
        .await;
    let few = canaries(&plane).await;
    assert!((5..40).contains(&few.len()), "{} of 100", few.len());
    promote(&plane, 2, json!({"to": "percent", "percent": 60})).await;
    let more = canaries(&plane).await;
    assert!((40..80).contains(&more.len()), "{} of 100", more.len());
    assert!(few.iter().all(|id| more.contains(id)));
}

#[tokio::test]
async fn a_canary_only_grows_and_another_waits_for_its_end() {
    let plane = Plane::start().await;
    plane.publish(0, "first").await;
    let half = json!({"to": "percent", "percent": 50});
    plane.publish_to(1, "second", half.clone()).await;
    for (number, rollout, outcome) in [
        (
            2,
            json!({"to": "percent", "percent": 40}),
            fails(422, "rollout.not_wider"),
        ),
        (2, half.clone(), fails(422, "rollout.not_wider")),
        (
            2,
            json!({"to": "label", "name": "ring", "value": "early"}),
            fails(422, "rollout.not_wider"),
        ),
        (1, json!({"to": "all"}), fails(409, "rollout.not_in_canary")),
        (9, json!({"to": "all"}), fails(404, "publication.unknown")),
    ] {
        assert_eq!(
            try_promote(&plane, number, &rollout).await.outcome(),
            outcome,
            "{rollout}"
        );
    }
    let third = plane.publish_to(2, "third", half).await;
    assert_eq!(third.outcome(), fails(409, "rollout.canary_running"));
    promote(&plane, 2, json!({"to": "all"})).await;
    let again = try_promote(&plane, 2, &json!({"to": "all"})).await;
    assert_eq!(again.outcome(), fails(409, "rollout.not_in_canary"));
}

#[tokio::test]
async fn a_rollback_brings_the_old_contents_back_under_a_new_number_to_all() {
    let plane = Plane::start().await;
    plane.publish(0, "first").await;
    plane.publish(1, "second").await;
    plane
        .publish_to(
            2,
            "third",
            json!({"to": "label", "name": "ring", "value": "early"}),
        )
        .await;
    let bad = plane.served("acme-2").await;
    assert_eq!(bad.text, "third");
    let order = json!({"to": 1, "reason": "the third was wrong"});
    let answer = plane.client("olga").post("/v1/rollbacks", &order).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.json()["publication"]["restores"], 1);
    assert_eq!(answer.json()["publication"]["author"], "olga");
    assert_eq!(answer.json()["changes"][0]["action"], "rollback");
    for name in ["acme-1", "acme-2"] {
        let back = plane.served(name).await;
        assert_eq!(back.text, "first");
        assert_eq!(back.bundle.follows(Some(&bad.bundle.active())), Ok(()));
    }
}

#[tokio::test]
async fn after_a_rollback_the_bad_bundle_cannot_come_back() {
    let plane = Plane::start().await;
    plane.publish(0, "first").await;
    plane.publish(1, "bad").await;
    let bad = plane.served("acme-1").await;
    plane
        .client("ann")
        .post("/v1/rollbacks", &json!({"to": 1, "reason": "bad"}))
        .await;
    let back = plane.served("acme-1").await;
    assert!(bad.bundle.follows(Some(&back.bundle.active())).is_err());
}

#[tokio::test]
async fn a_rollback_on_a_base_that_is_not_the_newest_is_refused() {
    let plane = Plane::start().await;
    plane.publish(0, "first").await;
    plane.publish(1, "second").await;
    let order = |body| {
        let olga = plane.client("olga");
        async move { olga.post("/v1/rollbacks", &body).await.outcome() }
    };
    assert_eq!(
        order(json!({"to": 1, "reason": "x", "base": 1})).await,
        fails(409, "publication.outdated")
    );
    assert_eq!(
        order(json!({"to": 9, "reason": "x"})).await,
        fails(404, "publication.unknown")
    );
    assert_eq!(
        order(json!({"to": 1, "reason": ""})).await,
        fails(422, "request.invalid")
    );
    assert_eq!(
        order(json!({"to": 1, "reason": "x", "above": u64::MAX})).await,
        fails(422, "request.invalid")
    );
    assert_eq!(
        order(json!({"to": 1, "reason": "x", "base": 2})).await.0,
        201
    );
}

#[tokio::test]
async fn a_database_from_a_backup_can_number_above_what_data_planes_have() {
    let plane = Plane::start().await;
    plane.publish(0, "first").await;
    let order = json!({"to": 1, "reason": "restored from last week", "above": 41});
    assert_eq!(
        plane
            .client("olga")
            .post("/v1/rollbacks", &order)
            .await
            .status,
        201
    );
    assert_eq!(plane.served("acme-1").await.number, 42);
    plane.publish(2, "second").await;
    assert_eq!(plane.served("acme-1").await.number, 43);
}

/// Which of a hundred instances of one principal are served the canary.
async fn canaries(plane: &Plane) -> Vec<usize> {
    let mut found = Vec::new();
    for index in 0..100 {
        let client = plane
            .client("acme-1")
            .with("aegis-data-plane", &format!("dp-{index}"));
        let answer = client.get("/v1/bundles/acme@eu-central-1").await;
        if served("acme-1", &answer).text == "second" {
            found.push(index);
        }
    }
    found
}

async fn promote(plane: &Plane, number: u64, rollout: Value) {
    let answer = try_promote(plane, number, &rollout).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

async fn try_promote(plane: &Plane, number: u64, rollout: &Value) -> Answer {
    let body = json!({"reason": "it went well", "rollout": rollout});
    plane
        .client("olga")
        .post(&format!("/v1/publications/{number}/promote"), &body)
        .await
}
