//! A process that dies, a disk that is full, a transaction that breaks: the old state or the new one, never a half.

use std::env;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};
use tempfile::TempDir;

use crate::client::fails;
use crate::plane::Plane;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_in_the_middle_of_a_publish_leaves_the_old_state_or_the_new_one() {
    let mut folder = TempDir::new().unwrap();
    let mut newest = 0;
    for round in 0..10 {
        let acknowledged = publish_until_killed(folder.path(), round % 4 + 1);
        let plane = Plane::start_in(folder).await;
        let found = whole_state(&plane).await;
        // One more at most: stored, and killed before it could say so.
        assert!(
            found == acknowledged || found == acknowledged + 1,
            "{found} after {acknowledged}"
        );
        assert!(found > newest);
        newest = found;
        plane.control.stop().await;
        folder = plane.folder;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_a_publish_fails_and_what_is_in_force_is_served() {
    let folder = TempDir::new().unwrap();
    let mut helper = Command::new("sh");
    // Files may grow to 2 MiB; the signal that would end the process is ignored, so that writing fails.
    helper.args(["-c", "trap '' XFSZ; ulimit -f 4096; exec \"$0\" \"$@\""]);
    helper.arg(env::current_exe().unwrap());
    let mut helper = helper_in(helper, folder.path(), "fill").spawn().unwrap();
    let mut told = String::new();
    helper
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut told)
        .unwrap();
    assert!(helper.wait().unwrap().success(), "{told}");
    let told = told
        .lines()
        .find_map(|line| line.split_once("told: "))
        .unwrap()
        .1;
    let told: Value = serde_json::from_str(told).unwrap();
    let last = told["published"].as_u64().unwrap();
    assert!(last > 0);
    assert_eq!(told["status"], 503);
    assert_eq!(told["code"], "store.unavailable");
    assert_eq!(told["served"], last, "while the disk is full");
    let plane = Plane::start_in(folder).await;
    assert_eq!(whole_state(&plane).await, last, "afterwards");
    assert_eq!(plane.publish(last, "more").await.status, 201);
}

#[tokio::test]
async fn a_transaction_that_breaks_at_its_last_row_leaves_nothing_behind() {
    let plane = Plane::start().await;
    plane.publish(0, "first").await;
    let mut database = open(plane.folder.path()).await;
    let broken =
        "CREATE TRIGGER broken BEFORE INSERT ON changes BEGIN SELECT RAISE(ABORT, 'no'); END";
    sqlx::raw_sql(broken).execute(&mut database).await.unwrap();
    let answer = plane.publish(1, "second").await;
    assert_eq!(answer.outcome(), fails(503, "store.unavailable"));
    assert_eq!(plane.served("acme-1").await.text, "first");
    assert_eq!(whole_state(&plane).await, 1);
    sqlx::raw_sql("DROP TRIGGER broken")
        .execute(&mut database)
        .await
        .unwrap();
    assert_eq!(plane.publish(1, "second").await.status, 201);
    assert_eq!(plane.served("acme-1").await.number, 2);
}

/// As it does by itself where the disk is full: whoever began the transaction learns nothing of its end.
#[tokio::test]
async fn once_a_transaction_that_the_database_itself_has_ended_is_over_the_next_publish_goes_well()
{
    let plane = Plane::start().await;
    plane.publish(0, "first").await;
    let mut database = open(plane.folder.path()).await;
    let full =
        "CREATE TRIGGER full BEFORE INSERT ON changes BEGIN SELECT RAISE(ROLLBACK, 'full'); END";
    sqlx::raw_sql(full).execute(&mut database).await.unwrap();
    for _ in 0..3 {
        let answer = plane.publish(1, "second").await;
        assert_eq!(answer.outcome(), fails(503, "store.unavailable"));
    }
    assert_eq!(whole_state(&plane).await, 1);
    sqlx::raw_sql("DROP TRIGGER full")
        .execute(&mut database)
        .await
        .unwrap();
    for base in 1..5 {
        assert_eq!(plane.publish(base, "second").await.status, 201);
    }
    assert_eq!(whole_state(&plane).await, 5);
}

#[tokio::test]
async fn without_a_database_bundles_are_served_and_nothing_else_pretends_to_work() {
    let plane = Plane::start().await;
    plane.publish(0, "first").await;
    let mut database = open(plane.folder.path()).await;
    sqlx::raw_sql("ALTER TABLE changes RENAME TO gone")
        .execute(&mut database)
        .await
        .unwrap();
    assert_eq!(plane.served("acme-1").await.text, "first");
    assert_eq!(
        plane.publish(1, "second").await.outcome(),
        fails(503, "store.unavailable")
    );
    assert_eq!(plane.served("acme-1").await.text, "first");
    assert_eq!(plane.nobody().get("/readyz").await.status, 200);
}

#[tokio::test]
async fn what_is_stored_cannot_be_rewritten() {
    let plane = Plane::start().await;
    plane.publish(0, "first").await;
    let mut database = open(plane.folder.path()).await;
    crate::logs::upload(
        &plane,
        "acme-1",
        "b1",
        &[crate::logs::decision("a1", "acme", "deny", 1)],
    )
    .await;
    for (table, column) in [
        ("publications", "author"),
        ("packages", "contents"),
        ("bundles", "sha256"),
        ("changes", "reason"),
        ("audit_lines", "line"),
        ("audit_rules", "rule"),
    ] {
        for change in [
            format!("UPDATE {table} SET {column} = 'x'"),
            format!("DELETE FROM {table}"),
        ] {
            let changed = sqlx::raw_sql(AssertSqlSafe(change.clone()))
                .execute(&mut database)
                .await;
            let error = changed.expect_err(&change).to_string();
            assert!(error.contains("append-only"), "{error}");
        }
    }
    // The line has come, and said when.
    for (change, told) in [
        (
            "UPDATE audit_horizon SET time = '2026-11-21T10:00:02Z'",
            "never passes",
        ),
        (
            "UPDATE audit_clock SET time = '2026-11-21T10:00:00Z'",
            "only moves forward",
        ),
        ("DELETE FROM audit_clock", "only moves forward"),
    ] {
        let changed = sqlx::raw_sql(change).execute(&mut database).await;
        let error = changed.expect_err(change).to_string();
        assert!(error.contains(told), "{error}");
    }
}

/// Publishes without end, as long as its caller lets it live.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by other tests, in a process of its own"]
async fn helper() {
    let folder = PathBuf::from(env::var_os("AEGIS_TEST_FOLDER").expect("a folder"));
    let settings = crate::plane::settings(&folder);
    let plane = Plane::start_with(TempDir::new().unwrap(), settings).await;
    let mut base = newest(&plane).await;
    let fills = env::var("AEGIS_TEST_TASK").unwrap() == "fill";
    loop {
        let text = if fills {
            noise(base)
        } else {
            format!("text of {}", base + 1)
        };
        let answer = plane.publish(base, &text).await;
        if answer.status == 201 {
            base += 1;
            println!("published {base}");
            continue;
        }
        let served = plane
            .client("acme-1")
            .get("/v1/bundles/acme@eu-central-1")
            .await;
        let served = crate::plane::served("acme-1", &served);
        let (status, code) = answer.outcome();
        let told =
            json!({"published": base, "status": status, "code": code, "served": served.number});
        println!("told: {told}");
        return;
    }
}

/// Returns the last number that was acknowledged before the kill.
fn publish_until_killed(folder: &Path, count: usize) -> u64 {
    let helper = Command::new(env::current_exe().unwrap());
    let mut helper = helper_in(helper, folder, "publish").spawn().unwrap();
    let lines = BufReader::new(helper.stdout.take().unwrap()).lines();
    let number =
        |line: std::io::Result<String>| line.ok()?.split_once("published ")?.1.parse().ok();
    let mut numbers = lines.filter_map(number);
    let before = numbers.by_ref().take(count).last().expect("it publishes");
    helper.kill().unwrap();
    helper.wait().unwrap();
    // What it had said before it was killed counts as well.
    numbers.last().unwrap_or(before)
}

fn helper_in(mut command: Command, folder: &Path, task: &str) -> Command {
    command
        .args(["--exact", "crash::helper", "--ignored", "--nocapture"])
        .env("AEGIS_TEST_FOLDER", folder)
        .env("AEGIS_TEST_TASK", task)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// The newest publication's number, once it is clear that everything belongs together.
async fn whole_state(plane: &Plane) -> u64 {
    let number = newest(plane).await;
    for each in 1..=number {
        let told = plane
            .client("olga")
            .get(&format!("/v1/publications/{each}"))
            .await
            .json();
        assert_eq!(told["bundles"].as_array().unwrap().len(), 2, "{told}");
        assert_eq!(told["changes"].as_array().unwrap().len(), 1, "{told}");
        assert_eq!(told["publication"]["base"], each - 1);
    }
    let told = plane
        .client("olga")
        .get(&format!("/v1/publications/{number}"))
        .await
        .json();
    for name in ["acme-1", "beta-1"] {
        let served = plane.served(name).await;
        assert_eq!(served.number, number);
        assert_eq!(served.text, told["files"][0]["text"]);
    }
    number
}

async fn newest(plane: &Plane) -> u64 {
    let list = plane.client("olga").get("/v1/publications").await.json();
    list["publications"][0]["number"]
        .as_u64()
        .unwrap_or_default()
}

/// 100 kB that do not shrink.
fn noise(seed: u64) -> String {
    let mut state = seed.wrapping_add(1);
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        char::from(b'a' + u8::try_from(state >> 59).unwrap() % 26)
    };
    (0..100_000).map(|_| next()).collect()
}

async fn open(folder: &Path) -> AnyConnection {
    sqlx::any::install_default_drivers();
    let url = format!("sqlite://{}", folder.join("control.db").display());
    AnyConnection::connect(&url).await.unwrap()
}
