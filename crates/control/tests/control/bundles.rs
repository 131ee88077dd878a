//! OPA's bundle API: what is new comes at once, what is not is waited for.

use serde_json::json;

use crate::client::fails;
use crate::plane::{Plane, served};

const BUNDLE: &str = "/v1/bundles/acme@eu-central-1";

#[tokio::test]
async fn who_has_the_newest_bundle_gets_304() {
    let plane = Plane::start().await;
    plane.publish(0, "first").await;
    let answer = plane.client("acme-1").get(BUNDLE).await;
    assert_eq!(
        answer.header("content-type"),
        "application/vnd.openpolicyagent.bundles"
    );
    let etag = answer.header("etag");
    for known in [
        etag.to_owned(),
        format!("\"other\", W/{etag}"),
        "*".to_owned(),
    ] {
        let again = plane
            .client("acme-1")
            .with("if-none-match", &known)
            .get(BUNDLE)
            .await;
        assert_eq!(
            (again.status.as_u16(), again.body.len()),
            (304, 0),
            "{known}"
        );
        assert_eq!(
            again.header("content-type"),
            "application/vnd.openpolicyagent.bundles"
        );
        assert_eq!(again.header("etag"), etag);
    }
    let other = plane
        .client("acme-1")
        .with("if-none-match", "\"other\"")
        .get(BUNDLE)
        .await;
    assert_eq!(other.status, 200);
}

#[tokio::test]
async fn who_waits_gets_the_next_bundle_when_it_is_published() {
    let plane = Plane::start().await;
    plane.publish(0, "first").await;
    let etag = plane.served("acme-1").await.etag;
    let waiting = plane
        .client("acme-1")
        .with("if-none-match", &etag)
        .with("prefer", "modes=snapshot,delta;wait=60");
    let waiting = tokio::spawn(async move { waiting.get(BUNDLE).await });
    plane.publish(1, "second").await;
    assert_eq!(served("acme-1", &waiting.await.unwrap()).text, "second");
}

#[tokio::test]
async fn who_waits_before_anything_is_published_gets_the_first_bundle() {
    let plane = Plane::start().await;
    let none = plane.client("acme-1").get(BUNDLE).await;
    assert_eq!(none.outcome(), fails(404, "bundle.none"));
    let waiting = plane.client("acme-1").with("prefer", "wait=60");
    let waiting = tokio::spawn(async move { waiting.get(BUNDLE).await });
    plane.publish(0, "first").await;
    assert_eq!(served("acme-1", &waiting.await.unwrap()).text, "first");
}

#[tokio::test]
async fn who_waits_for_long_enough_gets_304() {
    let plane = Plane::start().await;
    plane.publish(0, "first").await;
    let etag = plane.served("acme-1").await.etag;
    let waiting = plane
        .client("acme-1")
        .with("if-none-match", &etag)
        .with("prefer", "wait=1");
    assert_eq!(waiting.get(BUNDLE).await.status, 304);
}

#[tokio::test]
async fn a_control_plane_that_stops_lets_nobody_wait() {
    let plane = Plane::start().await;
    plane.publish(0, "first").await;
    let etag = plane.served("acme-1").await.etag;
    let waiting = plane
        .client("acme-1")
        .with("if-none-match", &etag)
        .with("prefer", "wait=60");
    let first = waiting.clone();
    let first = tokio::spawn(async move { first.get(BUNDLE).await });
    // Its answer shows that the connection of the first has been accepted before.
    plane.nobody().get("/healthz").await;
    plane.control.stop().await;
    assert_eq!(first.await.unwrap().status, 304);
}

/// `AEGIS_POLLERS=1000` needs 2,000 open files.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_wait_get_the_next_bundle() {
    let count = std::env::var("AEGIS_POLLERS").map_or(200, |count| count.parse().unwrap());
    let plane = Plane::start().await;
    plane.publish(0, "first").await;
    let etag = plane.served("acme-1").await.etag;
    let waiting = plane
        .client("acme-1")
        .with("if-none-match", &etag)
        .with("prefer", "wait=60");
    let mut polls = Vec::new();
    for index in 0..count {
        let waiting = waiting.with("aegis-data-plane", &format!("dp-{index}"));
        polls.push(tokio::spawn(async move {
            let answer = waiting.unchecked(BUNDLE).await;
            (answer, std::time::Instant::now())
        }));
    }
    tokio::task::yield_now().await;
    plane.nobody().get("/healthz").await;
    let started = std::time::Instant::now();
    assert_eq!(plane.publish(1, "second").await.status, 201);
    let mut times = Vec::new();
    for poll in polls {
        let (answer, at) = poll.await.unwrap();
        assert_eq!(served("acme-1", &answer).text, "second");
        times.push(at.saturating_duration_since(started));
    }
    times.sort();
    println!(
        "{count} data planes: P50 {:?}, last {:?}",
        times[times.len() / 2],
        times.last()
    );
}

#[tokio::test]
async fn what_a_data_plane_reports_is_seen_in_the_status() {
    let plane = Plane::start().await;
    plane.publish(0, "first").await;
    let report = json!({
        "labels": {"id": "pod-7", "version": "1"},
        "bundles": {"policy": {"active_revision": "1-p1", "code": "bundle.expired", "message": "old",
            "last_successful_activation": "2026-11-20T10:00:00Z"}},
        "plugins": {"bundle": {"state": "OK"}},
    });
    let sent = plane.client("acme-1").post("/v1/status", &report).await;
    assert_eq!(sent.status, 204);
    let status = plane.client("olga").get("/v1/status").await.json();
    let seen = &status["data_planes"][0];
    assert_eq!(seen["principal"], "acme-1");
    assert_eq!(seen["id"], "pod-7");
    assert_eq!(seen["active_revision"], "1-p1");
    assert_eq!(seen["wanted_revision"], "1-p1");
    assert_eq!(seen["code"], "bundle.expired");
    assert_eq!(status["scopes"][0]["released"]["revision"], "1-p1");
}
