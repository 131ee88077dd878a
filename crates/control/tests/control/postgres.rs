//! The same promises on a real `PostgreSQL`, and two control planes on one database.

pub(crate) mod server;

use aegis_control::{Database, Settings};
use serde_json::json;
use tempfile::TempDir;

use crate::client::fails;
use crate::logs::{audit, decision, ids, receipt, upload};
use crate::plane::{Plane, Served, publication, served, settings};
use server::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_kept_on_postgres_too() {
    let server = Server::start();
    let plane = server.plane().await;
    assert_eq!(plane.publish(0, "first").await.status, 201);
    assert_eq!(
        plane.publish(0, "late").await.outcome(),
        fails(409, "publication.outdated")
    );
    let canary = json!({"to": "label", "name": "ring", "value": "early"});
    assert_eq!(plane.publish_to(1, "second", canary).await.status, 201);
    assert_eq!(plane.served("acme-1").await.text, "first");
    assert_eq!(plane.served("acme-2").await.text, "second");
    let back = plane
        .client("olga")
        .post("/v1/rollbacks", &json!({"to": 1, "reason": "bad"}))
        .await;
    assert_eq!(back.status, 201, "{back:?}");
    let status = plane
        .client("acme-1")
        .post("/v1/status", &json!({"labels": {"id": "a"}}))
        .await;
    assert_eq!(status.status, 204);
    assert_eq!(
        plane
            .client("acme-1")
            .get("/v1/bundles/beta@eu-central-1")
            .await
            .status,
        403
    );
    plane.control.stop().await;
    let plane = server.plane().await;
    assert_eq!(plane.served("acme-2").await.text, "first");
    assert_eq!(plane.served("acme-2").await.number, 3);
    let overview = plane.client("olga").get("/v1/status").await.json();
    assert_eq!(overview["data_planes"][0]["id"], "a");
    let refused = plane.client("olga").get("/v1/refused").await.json();
    assert_eq!(refused["refused"][0]["times"], 1);
    plane.control.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn audit_lines_are_kept_and_found_on_postgres_too() {
    let server = Server::start();
    let plane = server.plane().await;
    let lines = [
        decision("a1", "acme", "deny", 1),
        decision("a2", "acme", "allow", 2),
    ];
    assert_eq!(
        receipt(&upload(&plane, "acme-1", "b1", &lines).await),
        (2, 0)
    );
    assert_eq!(
        receipt(&upload(&plane, "acme-1", "b1", &lines).await),
        (0, 2)
    );
    plane.control.stop().await;
    let plane = server.plane().await;
    let found = audit(
        &plane,
        "acme-audit",
        "rule=r.1&since=2026-11-21T10:00:02Z&limit=1",
    )
    .await;
    assert_eq!(ids(&found), ["a2"]);
    let next = found["next"].as_str().unwrap();
    assert_eq!(
        ids(&audit(&plane, "acme-audit", &format!("cursor={next}")).await),
        ["a1"]
    );
    plane.control.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_control_planes_share_one_database() {
    let server = Server::start();
    let (a, b) = (server.plane().await, server.plane().await);
    // Each process has its own queue of writers: only the database can tell who was first.
    let all = json!({"to": "all"});
    let (ann, bob) = (a.client("ann"), b.client("bob"));
    for base in 0..5 {
        let (left, right) = (
            publication(base, "of ann", &all),
            publication(base, "of bob", &all),
        );
        let (left, right) = tokio::join!(
            ann.post("/v1/publications", &left),
            bob.post("/v1/publications", &right),
        );
        let mut outcomes = [left.outcome(), right.outcome()];
        outcomes.sort();
        assert_eq!(
            outcomes,
            [fails(201, ""), fails(409, "publication.outdated")]
        );
    }
    // Whoever won, a data plane at `b` sees it, and then what `a` alone has published. It waits: a
    // control plane learns from the database what the other did.
    let mut seen = next(&b, None).await;
    assert_eq!(a.publish(5, "through the other").await.status, 201);
    while seen.text != "through the other" {
        seen = next(&b, Some(&seen.etag)).await;
    }
    a.control.stop().await;
    b.control.stop().await;
}

/// The next bundle that a data plane gets from this control plane.
async fn next(plane: &Plane, known: Option<&str>) -> Served {
    let mut client = plane.client("acme-1").with("prefer", "wait=60");
    if let Some(etag) = known {
        client = client.with("if-none-match", etag);
    }
    let answer = client.get("/v1/bundles/acme@eu-central-1").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    served("acme-1", &answer)
}

impl Server {
    pub(crate) async fn plane(&self) -> Plane {
        let folder = TempDir::new().unwrap();
        let settings = Settings {
            database: Database::Postgres(self.url()),
            ..settings(folder.path())
        };
        Plane::start_with(folder, settings).await
    }
}
