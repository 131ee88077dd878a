//! What is in force stays usable by itself: before it expires, and for data planes that come later.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::json;
use tempfile::TempDir;

use crate::client::fails;
use crate::plane::{Plane, data_plane, settings};

#[tokio::test]
async fn a_bundle_is_issued_anew_when_half_of_its_life_has_passed() {
    let folder = TempDir::new().unwrap();
    let lively = settings(folder.path());
    let plane = Plane::start_with(folder, lively.clone()).await;
    plane.publish(0, "first").await;
    let before = plane.served("acme-1").await;
    plane.control.stop().await;
    age(plane.folder.path(), SignedDuration::from_hours(13)).await;
    let plane = Plane::start_with(plane.folder, lively).await;
    let after = plane.served("acme-1").await;
    assert_eq!(after.number, before.number + 1);
    assert_eq!(after.text, "first");
    let told = plane.client("olga").get("/v1/publications/1").await.json();
    assert_eq!(told["changes"][1]["reason"], "half of its life has passed");
    let again = plane.restart().await;
    assert_eq!(again.served("acme-1").await.number, after.number);
}

/// Data planes whose clocks are right would wait for the time of its issue.
#[tokio::test]
async fn a_bundle_that_was_issued_by_a_clock_that_was_ahead_is_issued_anew() {
    let plane = Plane::start().await;
    plane.publish(0, "first").await;
    plane.control.stop().await;
    age(plane.folder.path(), SignedDuration::from_hours(-1)).await;
    let plane = Plane::start_in(plane.folder).await;
    let after = plane.served("acme-1").await;
    assert_eq!((after.number, after.text.as_str()), (2, "first"));
    let told = plane.client("olga").get("/v1/publications/1").await.json();
    let reason = &told["changes"][1]["reason"];
    assert_eq!(reason, "it was issued by a clock that was ahead");
    let again = plane.restart().await;
    assert_eq!(again.served("acme-1").await.number, 2);
}

#[tokio::test]
async fn a_data_plane_of_a_new_scope_gets_what_is_in_force() {
    let plane = Plane::start().await;
    plane.publish(0, "first").await;
    let plane = with_gamma(plane).await;
    assert_eq!(plane.served("gamma-1").await.text, "first");
    assert_eq!(plane.served("acme-1").await.number, 1);
}

#[tokio::test]
async fn a_new_scope_for_which_the_sources_do_not_compile_is_told_in_the_status() {
    let plane = Plane::start().await;
    let mut settings = settings(plane.folder.path());
    settings.principals.retain(|one| one.name != "beta-1");
    plane.control.stop().await;
    let plane = Plane::start_with(plane.folder, settings).await;
    plane.publish(0, "only acme").await;
    let plane = plane.restart().await;
    let answer = plane
        .client("beta-1")
        .get("/v1/bundles/beta@eu-central-1")
        .await;
    assert_eq!(answer.outcome(), fails(404, "bundle.none"));
    assert_eq!(plane.served("acme-1").await.text, "only acme");
    let status = plane.client("olga").get("/v1/status").await.json();
    let problem = status["scopes"][1]["problem"].as_str().unwrap();
    assert!(problem.contains("publication.mistakes"), "{problem}");
    assert_eq!(plane.publish(1, "second").await.status, 201);
    assert_eq!(plane.served("beta-1").await.text, "second");
}

#[tokio::test]
async fn a_new_scope_that_does_not_compile_keeps_no_other_from_being_issued_anew() {
    let folder = TempDir::new().unwrap();
    let mut only_acme = settings(folder.path());
    only_acme.principals.retain(|one| one.name != "beta-1");
    let plane = Plane::start_with(folder, only_acme).await;
    plane.publish(0, "only acme").await;
    let plane = with_new_key(plane).await;
    assert_eq!(plane.served("acme-1").await.signed_by, "es");
    let answer = plane
        .client("beta-1")
        .get("/v1/bundles/beta@eu-central-1")
        .await;
    assert_eq!(answer.outcome(), fails(404, "bundle.none"));
}

#[tokio::test]
async fn a_promotion_after_a_renewal_is_newer_than_what_everybody_has() {
    let plane = Plane::start().await;
    plane.publish(0, "first").await;
    let canary = json!({"to": "label", "name": "ring", "value": "early"});
    plane.publish_to(1, "second", canary).await;
    let plane = with_new_key(plane).await;
    let (stable, canary) = (plane.served("acme-1").await, plane.served("acme-2").await);
    assert_eq!(
        (stable.text.as_str(), canary.text.as_str()),
        ("first", "second")
    );
    let body = json!({"reason": "good", "rollout": {"to": "all"}});
    let promoted = plane
        .client("ann")
        .post("/v1/publications/2/promote", &body)
        .await;
    assert_eq!(promoted.status, 200, "{promoted:?}");
    let all = plane.served("acme-1").await;
    assert_eq!(all.text, "second");
    for before in [stable, canary] {
        assert_eq!(all.bundle.follows(Some(&before.bundle.active())), Ok(()));
    }
}

async fn with_gamma(plane: Plane) -> Plane {
    plane.control.stop().await;
    let mut settings = settings(plane.folder.path());
    settings.principals.push(data_plane("gamma-1"));
    Plane::start_with(plane.folder, settings).await
}

async fn with_new_key(plane: Plane) -> Plane {
    plane.control.stop().await;
    let mut settings = settings(plane.folder.path());
    settings
        .keys
        .push(crate::plane::key(plane.folder.path(), "es"));
    settings.bundle_lifetime = Duration::from_hours(48);
    Plane::start_with(plane.folder, settings).await
}

/// Moves the stored bundles back in time, which only somebody with the file in hand can do.
async fn age(folder: &std::path::Path, age: SignedDuration) {
    use sqlx::Connection as _;
    sqlx::any::install_default_drivers();
    let url = format!("sqlite://{}", folder.join("control.db").display());
    let mut connection = sqlx::AnyConnection::connect(&url).await.unwrap();
    let issued = jiff::Timestamp::now() - age;
    let expires = issued + SignedDuration::from_hours(24);
    sqlx::raw_sql("DROP TRIGGER bundles_no_update")
        .execute(&mut connection)
        .await
        .unwrap();
    sqlx::query("UPDATE bundles SET issued_at = $1, expires_at = $2")
        .bind(issued.to_string())
        .bind(expires.to_string())
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}
