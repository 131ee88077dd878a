//! Audit lines go when they are older than they may become, and no sooner, whoever asks the database.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::logs::{audit, decision, ids, upload};
use crate::plane::{Plane, settings};

#[tokio::test]
async fn lines_that_are_too_old_are_deleted_and_the_others_stay() {
    let plane = Plane::start().await;
    let fresh: Vec<Value> = (0..3).map(|index| line("fresh", index, 9)).collect();
    // More than one batch of deletions.
    let old: Vec<Value> = (0..1_100).map(|index| line("old", index, 11)).collect();
    upload(&plane, "acme-1", "b1", &[fresh, old].concat()).await;
    assert_eq!(found(&plane, "agent=old&limit=1").await, ["old1099"]);
    plane.control.stop().await;
    let mut settings = settings(plane.folder.path());
    settings.audit_keep = Some(Duration::from_hours(240));
    let plane = Plane::start_with(plane.folder, settings).await;
    let gone = async {
        while !found(&plane, "agent=old&limit=1").await.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, gone)
        .await
        .expect("old lines are deleted");
    let left = ["fresh2", "fresh1", "fresh0"];
    assert_eq!(found(&plane, "rule=r.1&limit=10").await, left);
    assert_eq!(found(&plane, "limit=10").await, left);
}

async fn found(plane: &Plane, query: &str) -> Vec<String> {
    ids(&audit(plane, "acme-audit", query).await)
}

fn line(agent: &str, index: i64, days: i64) -> Value {
    let mut line = decision(&format!("{agent}{index}"), "acme", "deny", 0);
    let time = Timestamp::now() - SignedDuration::from_hours(24 * days);
    let time = time + SignedDuration::from_millis(index);
    line["agent"] = json!(agent);
    line["time"] = json!(format!("{time:.6}"));
    line
}

const PATIENCE: Duration = Duration::from_secs(30);
