//! The same promises on a real `PostgreSQL`, and two control planes on one database.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use aegis_control::{Database, Settings};
use serde_json::json;
use tempfile::TempDir;

use crate::client::fails;
use crate::logs::{audit, decision, ids, receipt, upload};
use crate::plane::{Plane, Served, publication, served, settings};

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

/// A server of its own for each test, without a superuser's rights on the machine.
struct Server {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
    user: Option<(u32, u32)>,
}

impl Server {
    fn start() -> Self {
        let versions =
            fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL of Debian is installed");
        let newest = versions
            .map(|version| version.unwrap().path())
            .max()
            .unwrap();
        let folder = TempDir::new().unwrap();
        let user = is_root().then(|| (id("-u"), id("-g")));
        if let Some((user, group)) = user {
            chown(folder.path(), Some(user), Some(group)).unwrap();
        }
        let server = Self {
            programs: newest.join("bin"),
            folder,
            port: free_port(),
            user,
        };
        let data = server.data();
        server.run(
            "initdb",
            &[
                "-D",
                &data,
                "-U",
                "aegis",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-sync",
            ],
        );
        let options = format!(
            "-c listen_addresses=127.0.0.1 -c port={} -c fsync=off -k {}",
            server.port,
            server.folder.path().display()
        );
        let log = format!("{data}/log");
        server.run(
            "pg_ctl",
            &["-D", &data, "-w", "-l", &log, "-o", &options, "start"],
        );
        server
    }

    async fn plane(&self) -> Plane {
        let folder = TempDir::new().unwrap();
        let url = format!(
            "postgres://aegis@127.0.0.1:{}/postgres?sslmode=disable",
            self.port
        );
        let settings = Settings {
            database: Database::Postgres(url),
            ..settings(folder.path())
        };
        Plane::start_with(folder, settings).await
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(self.programs.join(program));
        command.args(arguments).current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null());
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        assert!(
            command.status().unwrap().success(),
            "{program} {arguments:?}"
        );
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.run(
            "pg_ctl",
            &["-D", &self.data(), "-w", "-m", "immediate", "stop"],
        );
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

/// Of the user `postgres`, whom the package makes.
fn id(which: &str) -> u32 {
    let id = Command::new("id")
        .args([which, "postgres"])
        .output()
        .unwrap();
    String::from_utf8(id.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap()
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
