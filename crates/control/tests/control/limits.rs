//! How much anybody may ask for, and what happens to those who ask for more.

use std::io::Write as _;
use std::time::Duration;

use aegis_control::Limits;
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::Method;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::fails;
use crate::logs::decision;
use crate::plane::{Plane, settings, token};

async fn small() -> Plane {
    let folder = TempDir::new().unwrap();
    let mut settings = settings(folder.path());
    settings.limits = Limits {
        connections: 2,
        header_timeout: Duration::from_millis(300),
        body_timeout: Duration::from_millis(300),
        poll_wait: Duration::ZERO,
        publication_bytes: 2_000,
        batch_bytes: 1_000,
        unpacked_batch_bytes: 5_000,
        batch_lines: 3,
        request_bytes: 500,
        drain_grace: Duration::from_secs(5),
    };
    Plane::start_with(folder, settings).await
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let plane = small().await;
    let (ann, dp) = (
        plane.client("ann"),
        plane.client("acme-1").with("aegis-batch", "b"),
    );
    let large = "x".repeat(2_000);
    let publication = json!({"base": 0, "reason": "r", "files": [{"path": "acme.yaml", "text": large}], "rollout": {"to": "all"}});
    let too_large = fails(413, "request.too_large");
    assert_eq!(
        ann.post("/v1/publications", &publication).await.outcome(),
        too_large
    );
    assert_eq!(
        ann.post("/v1/rollbacks", &json!({"to": 1, "reason": large}))
            .await
            .outcome(),
        too_large
    );
    assert_eq!(
        dp.post("/v1/status", &json!({"labels": {"a": large}}))
            .await
            .outcome(),
        too_large
    );
    assert_eq!(
        dp.post("/v1/logs", &json!([large])).await.outcome(),
        too_large
    );
    let four: Vec<_> = (0..4)
        .map(|index| json!({"event": "x", "time": "2026-11-21T10:00:00Z", "n": index}))
        .collect();
    assert_eq!(
        dp.post("/v1/logs", &json!(four)).await.outcome(),
        fails(422, "request.invalid")
    );
}

#[tokio::test]
async fn a_small_batch_that_unpacks_to_a_large_one_is_refused() {
    let plane = small().await;
    let mut line = decision("a1", "acme", "deny", 1);
    line["padding"] = json!("x".repeat(6_000));
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(json!([line]).to_string().as_bytes())
        .unwrap();
    let packed = gzip.finish().unwrap();
    assert!(packed.len() < 1_000);
    let client = plane
        .client("acme-1")
        .with("aegis-batch", "b")
        .with("content-encoding", "gzip");
    let answer = client
        .send(Method::POST, "/v1/logs", Bytes::from(packed))
        .await;
    assert_eq!(answer.outcome(), fails(413, "request.too_large"));
}

#[tokio::test]
async fn a_wait_is_granted_up_to_the_limit() {
    let plane = small().await;
    plane.publish(0, "first").await;
    let etag = plane.served("acme-1").await.etag;
    let client = plane
        .client("acme-1")
        .with("if-none-match", &etag)
        .with("prefer", "wait=86400");
    assert_eq!(
        client.get("/v1/bundles/acme@eu-central-1").await.status,
        304
    );
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let plane = small().await;
    let head = format!(
        "POST /v1/status HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: 9\r\n\r\n",
        token("acme-1")
    );
    let answer = raw(&plane, &head).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("request.timeout"), "{answer}");
}

#[tokio::test]
async fn connections_that_say_nothing_are_closed_and_make_room_for_others() {
    let plane = small().await;
    let (a, b) = tokio::join!(
        raw(&plane, ""),
        raw(&plane, "GET /healthz HTTP/1.1\r\nhost:")
    );
    assert_eq!((a.as_str(), b.contains("200")), ("", false));
    assert_eq!(plane.nobody().get("/healthz").await.status, 200);
}

#[expect(clippy::disallowed_methods, reason = "a test's client, on loopback")]
async fn raw(plane: &Plane, text: &str) -> String {
    let mut stream = TcpStream::connect(plane.control.address()).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}
