//! Audit lines: stored once, found by what was asked, and never by another tenant's auditor.

use std::io::Write as _;

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::Method;
use serde_json::{Value, json};

use crate::client::{Answer, fails};
use crate::plane::Plane;

#[tokio::test]
async fn a_batch_that_is_sent_again_is_stored_once() {
    let plane = Plane::start().await;
    let lines = [decision("a1", "acme", "deny", 1), end("a1")];
    assert_eq!(
        receipt(&upload(&plane, "acme-1", "b1", &lines).await),
        (2, 0)
    );
    assert_eq!(
        receipt(&upload(&plane, "acme-1", "b1", &lines).await),
        (0, 2)
    );
    let longer = [
        lines[0].clone(),
        lines[1].clone(),
        decision("a2", "acme", "allow", 2),
    ];
    assert_eq!(
        receipt(&upload(&plane, "acme-1", "b1", &longer).await),
        (1, 2)
    );
    // The same call in another batch, as after a crash between an upload and its receipt.
    assert_eq!(
        receipt(&upload(&plane, "acme-1", "b2", &lines).await),
        (0, 2)
    );
    let found = audit(&plane, "acme-audit", "").await;
    assert_eq!(ids(&found), ["a2", "a1"]);
    assert_eq!(found["records"][1]["end"]["status"], 403);
    assert_eq!(found["records"][0].get("end"), None);
}

#[tokio::test]
async fn lines_are_found_by_what_was_asked() {
    let plane = Plane::start().await;
    let mut odd = decision("a2", "acme", "allow", 2);
    odd["agent"] = json!("billing");
    odd["region"] = json!("us-east-1");
    odd["rules"] =
        json!([{"rule": "pay.limit", "message": "m"}, {"rule": "pay.other", "message": "m"}]);
    let lines = [
        decision("a1", "acme", "deny", 1),
        odd,
        decision("a3", "acme", "deny", 3),
    ];
    upload(&plane, "acme-1", "b1", &lines).await;
    for (query, expected) in [
        ("", vec!["a3", "a2", "a1"]),
        ("tenant=acme", vec!["a3", "a2", "a1"]),
        ("agent=billing", vec!["a2"]),
        ("outcome=deny", vec!["a3", "a1"]),
        ("region=us-east-1", vec!["a2"]),
        ("rule=pay.limit", vec!["a2"]),
        ("rule=pay.other&outcome=allow", vec!["a2"]),
        ("rule=pay", vec![]),
        ("since=2026-11-21T10:00:02Z", vec!["a3", "a2"]),
        ("until=2026-11-21T10:00:02Z", vec!["a1"]),
        (
            "since=2026-11-21T12:00:02%2B02:00&until=2026-11-21T10:00:03Z",
            vec!["a2"],
        ),
        ("limit=2", vec!["a3", "a2"]),
    ] {
        assert_eq!(
            ids(&audit(&plane, "acme-audit", query).await),
            expected,
            "{query}"
        );
    }
    for query in [
        "tenat=acme",
        "since=yesterday",
        "limit=x",
        "outcome=denied",
        "cursor=made-up",
    ] {
        let answer = plane
            .client("acme-audit")
            .get(&format!("/v1/audit?{query}"))
            .await;
        assert_eq!(answer.outcome(), fails(400, "request.malformed"), "{query}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repetition() {
    let plane = Plane::start().await;
    // Many at the same moment: the time alone does not order them.
    let lines: Vec<Value> = (0..25)
        .map(|index| decision(&format!("a{index}"), "acme", "deny", index / 10))
        .collect();
    upload(&plane, "acme-1", "b1", &lines).await;
    let mut seen = Vec::new();
    let mut query = "limit=10".to_owned();
    loop {
        let page = audit(&plane, "acme-audit", &query).await;
        seen.extend(ids(&page));
        let Some(next) = page["next"].as_str() else {
            break;
        };
        query = format!("limit=10&cursor={next}");
    }
    assert_eq!(seen.len(), 25);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 25);
}

#[tokio::test]
async fn an_auditor_of_one_tenant_never_sees_another() {
    let plane = Plane::start().await;
    upload(
        &plane,
        "acme-1",
        "b1",
        &[
            decision("a1", "acme", "deny", 1),
            decision("n1", "", "deny", 1),
        ],
    )
    .await;
    upload(&plane, "beta-1", "b1", &[decision("b1", "beta", "deny", 2)]).await;
    assert_eq!(ids(&audit(&plane, "acme-audit", "").await), ["a1"]);
    assert_eq!(ids(&audit(&plane, "acme-audit", "rule=r.1").await), ["a1"]);
    assert_eq!(
        ids(&audit(&plane, "all-audit", "").await),
        ["b1", "n1", "a1"]
    );
    assert_eq!(
        ids(&audit(&plane, "all-audit", "tenant=beta").await),
        ["b1"]
    );
    for tenant in ["beta", "", "anonymous", "nobody"] {
        let answer = plane
            .client("acme-audit")
            .get(&format!("/v1/audit?tenant={tenant}"))
            .await;
        assert_eq!(answer.outcome(), fails(403, "auth.tenant"), "{tenant}");
    }
    let cursor = audit(&plane, "all-audit", "limit=1").await["next"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        ids(&audit(&plane, "acme-audit", &format!("cursor={cursor}")).await),
        ["a1"]
    );
    let refused = plane.client("olga").get("/v1/refused").await.json();
    assert_eq!(refused["refused"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn a_data_plane_speaks_for_its_own_tenants_only() {
    let plane = Plane::start().await;
    let lines = [
        decision("a1", "acme", "deny", 1),
        decision("b1", "beta", "allow", 1),
    ];
    let answer = upload(&plane, "acme-1", "b1", &lines).await;
    assert_eq!(answer.outcome(), fails(403, "auth.tenant"));
    assert_eq!(ids(&audit(&plane, "all-audit", "").await), [""; 0]);
}

#[tokio::test]
async fn a_batch_without_a_name_or_with_something_else_in_it_is_refused_whole() {
    let plane = Plane::start().await;
    let client = plane.client("acme-1");
    let nameless = client.post("/v1/logs", &json!([])).await;
    assert_eq!(nameless.outcome(), fails(400, "request.malformed"));
    let client = client.with("aegis-batch", "b1");
    for (body, outcome) in [
        (json!({}), fails(400, "request.malformed")),
        (json!([1]), fails(400, "request.malformed")),
        (
            json!([decision("a1", "acme", "deny", 1), {"event": "decision"}]),
            fails(400, "request.malformed"),
        ),
        (
            json!([decision("", "acme", "deny", 1)]),
            fails(400, "request.malformed"),
        ),
        (
            json!([decision(&"x".repeat(2_000), "acme", "deny", 1)]),
            fails(422, "request.invalid"),
        ),
    ] {
        assert_eq!(
            client.post("/v1/logs", &body).await.outcome(),
            outcome,
            "{body}"
        );
    }
    let packed = client
        .with("content-encoding", "gzip")
        .post("/v1/logs", &json!([]))
        .await;
    assert_eq!(packed.outcome(), fails(400, "request.malformed"));
    let packed = client
        .with("content-encoding", "br")
        .post("/v1/logs", &json!([]))
        .await;
    assert_eq!(packed.outcome(), fails(415, "request.encoding"));
    assert_eq!(ids(&audit(&plane, "all-audit", "").await), [""; 0]);
    let other = json!([{"event": "drained", "time": "2026-11-21T10:00:00Z", "cut": 0}]);
    assert_eq!(receipt(&client.post("/v1/logs", &other).await), (1, 0));
}

pub(crate) fn decision(id: &str, tenant: &str, outcome: &str, second: u32) -> Value {
    json!({
        "event": "decision", "schema_version": 1, "id": id,
        "time": format!("2026-11-21T10:00:{second:02}.000000Z"),
        "tenant": tenant, "agent": "support", "region": "eu-central-1", "outcome": outcome,
        "rules": [{"rule": "r.1", "message": "m"}],
    })
}

fn end(id: &str) -> Value {
    json!({"event": "end", "id": id, "time": "2026-11-21T10:00:09Z", "status": 403})
}

/// As a data plane does: gzip.
pub(crate) async fn upload(
    plane: &Plane,
    data_plane: &str,
    batch: &str,
    lines: &[Value],
) -> Answer {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(json!(lines).to_string().as_bytes()).unwrap();
    let body = Bytes::from(gzip.finish().unwrap());
    let client = plane
        .client(data_plane)
        .with("aegis-batch", batch)
        .with("content-encoding", "gzip");
    client.send(Method::POST, "/v1/logs", body).await
}

pub(crate) fn receipt(answer: &Answer) -> (u64, u64) {
    assert_eq!(answer.status, 200, "{answer:?}");
    let receipt = answer.json();
    (
        receipt["stored"].as_u64().unwrap(),
        receipt["known"].as_u64().unwrap(),
    )
}

pub(crate) async fn audit(plane: &Plane, auditor: &str, query: &str) -> Value {
    let answer = plane
        .client(auditor)
        .get(&format!("/v1/audit?{query}"))
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

pub(crate) fn ids(page: &Value) -> Vec<String> {
    let records = page["records"].as_array().unwrap().iter();
    records
        .map(|record| record["decision"]["id"].as_str().unwrap().to_owned())
        .collect()
}
