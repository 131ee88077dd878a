//! Audit lines go when they are older than they may become, and no sooner, whoever asks the database
//! and whatever one clock says.

use std::time::Duration;

use aegis_control::Database;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sqlx::{AnyConnection, Connection as _};
use tokio::time::timeout;

use crate::logs::{audit, decision, ids, upload};
use crate::plane::Plane;
use crate::postgres::server::Server;

#[tokio::test]
async fn lines_that_are_too_old_are_deleted_and_the_others_stay() {
    let plane = Plane::start().await;
    let fresh: Vec<Value> = (0..3).map(|index| line("fresh", index, 9)).collect();
    // More than one batch of deletions.
    let old: Vec<Value> = (0..1_100).map(|index| line("old", index, 11)).collect();
    let now = vec![line("now", 0, 0)];
    upload(&plane, "acme-1", "b1", &[fresh, old, now].concat()).await;
    assert_eq!(found(&plane, "agent=old&limit=1").await, ["old1099"]);
    let plane = for_ten_days(plane).await;
    gone(&plane, "old").await;
    let left = ["now0", "fresh2", "fresh1", "fresh0"];
    assert_eq!(found(&plane, "rule=r.1&limit=10").await, left);
    assert_eq!(found(&plane, "limit=10").await, left);
}

/// To a control plane whose clock is twelve days ahead, what comes right now is twelve days old.
#[tokio::test]
async fn a_clock_that_is_ahead_deletes_nothing_early() {
    a_clock_that_is_ahead(Plane::start().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_ahead_deletes_nothing_early_on_postgres_either() {
    let server = Server::start();
    let plane = a_clock_that_is_ahead(server.plane().await).await;
    plane.control.stop().await;
}

async fn a_clock_that_is_ahead(plane: Plane) -> Plane {
    let lines = [line("new", 0, 12), line("older", 0, 21), line("old", 0, 23)];
    upload(&plane, "acme-1", "b1", &lines).await;
    let plane = for_ten_days(plane).await;
    gone(&plane, "old").await;
    assert_eq!(found(&plane, "limit=10").await, ["new0", "older0"]);
    // The clock is put right.
    upload(&plane, "acme-1", "b2", &[line("now", 0, 0)]).await;
    let plane = for_ten_days(plane).await;
    gone(&plane, "new").await;
    assert_eq!(found(&plane, "limit=10").await, ["now0"]);
    plane
}

#[tokio::test]
async fn the_clock_of_one_data_plane_that_is_ahead_deletes_nothing_early_either() {
    let plane = Plane::start().await;
    let lines = [
        line("ahead", 0, -100),
        line("fresh", 0, 9),
        line("old", 0, 11),
    ];
    upload(&plane, "acme-1", "b1", &lines).await;
    let plane = for_ten_days(plane).await;
    gone(&plane, "old").await;
    assert_eq!(found(&plane, "limit=10").await, ["ahead0", "fresh0"]);
}

/// Who calls chooses the names of both, and so how many there are.
#[tokio::test]
async fn reports_and_refused_accesses_that_are_too_old_are_deleted_too() {
    what_callers_name_is_deleted(Plane::start().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_and_refused_accesses_that_are_too_old_are_deleted_on_postgres_too() {
    let server = Server::start();
    let plane = what_callers_name_is_deleted(server.plane().await).await;
    plane.control.stop().await;
}

async fn what_callers_name_is_deleted(plane: Plane) -> Plane {
    let client = plane.client("acme-1");
    for name in ["old", "fresh"] {
        let report = json!({"labels": {"id": name}});
        assert_eq!(client.post("/v1/status", &report).await.status, 204);
        let refused = client.get(&format!("/v1/bundles/{name}@x")).await;
        assert_eq!(refused.status, 403);
    }
    let eleven_days_ago = Timestamp::now() - SignedDuration::from_hours(264);
    let mut database = opened(&plane.settings.database).await;
    for aged in [
        "UPDATE data_planes SET last_seen = $1 WHERE id = 'old'",
        "UPDATE refused_accesses SET last_at = $1 WHERE target = 'old@x'",
    ] {
        let aged = sqlx::query(aged).bind(format!("{eleven_days_ago:.6}"));
        let aged = aged.execute(&mut database).await.unwrap();
        assert_eq!(aged.rows_affected(), 1);
    }
    database.close().await.unwrap();
    let plane = for_ten_days(plane).await;
    let only_fresh = async {
        while named(&plane, "/v1/status", "data_planes", "id").await != ["fresh"]
            || named(&plane, "/v1/refused", "refused", "target").await != ["fresh@x"]
        {
            tokio::task::yield_now().await;
        }
    };
    let deleted = timeout(PATIENCE, only_fresh).await;
    deleted.expect("old rows are deleted");
    plane
}

async fn named(plane: &Plane, path: &str, list: &str, name: &str) -> Vec<String> {
    let answer = plane.client("olga").get(path).await.json();
    let rows = answer[list].as_array().unwrap().iter();
    rows.map(|row| row[name].as_str().unwrap().to_owned())
        .collect()
}

async fn opened(database: &Database) -> AnyConnection {
    sqlx::any::install_default_drivers();
    let url = match database {
        Database::Sqlite(file) => format!("sqlite://{}", file.display()),
        Database::Postgres(url) => url.clone(),
    };
    AnyConnection::connect(&url).await.unwrap()
}

/// Started anew; it looks at once.
async fn for_ten_days(plane: Plane) -> Plane {
    plane.control.stop().await;
    let mut settings = plane.settings;
    settings.audit_keep = Some(Duration::from_hours(240));
    Plane::start_with(plane.folder, settings).await
}

async fn gone(plane: &Plane, agent: &str) {
    let gone = async {
        while !found(plane, &format!("agent={agent}&limit=1"))
            .await
            .is_empty()
        {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, gone)
        .await
        .expect("old lines are deleted");
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
