//! The control plane on `PostgreSQL` is killed in the middle of a publication: it is whole afterwards, or it never was.

#[path = "../../../../control/tests/control/postgres/server.rs"]
mod server;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use aegis_api::{PublicationDetail, PublicationList, paths};
use aegis_testkit::eventually;

use super::stage::Stage;
use server::Server;

/// Each step of the transaction in turn is where it dies: held up there by a lock, then killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_step_of_a_publication_it_has_the_old_one_whole_and_publishes_the_next() {
    let server = Server::start();
    let database = format!("database: '{}'\n", server.url());
    let mut stage = Stage::start_with(None, &database).await;
    stage.write_policy(10);
    assert!(stage.publish(&[]).status.success());
    let acme = stage.data_plane("acme-1", "acme").await;
    acme.has("-p1").await;
    let mut newest = 1;
    for table in ["publications", "packages", "bundles", "changes"] {
        stage.write_policy(10 + 2 * u32::try_from(newest).expect("a small number"));
        let lock = Lock::take(&server, table);
        let mut publishing = stage.publishing(&["--allow-loosening"]);
        let mut publishing = publishing.spawn().expect("it starts");
        eventually("the wait for the lock", async || {
            Lock::is_waited_for(&server)
        })
        .await;
        stage.kill();
        assert!(!publishing.wait().expect("it ends").success(), "{table}");
        drop(lock);
        stage.start_again();
        assert_eq!(whole(&stage).await, newest, "{table}");
        assert_eq!(stage.charge(&acme, 10).await, 200, "{table}");

        assert!(
            stage.publish(&["--allow-loosening"]).status.success(),
            "{table}"
        );
        newest += 1;
        acme.has(&format!("-p{newest}")).await;
        // And once it was said to be there, it is.
        stage.kill();
        stage.start_again();
        assert_eq!(whole(&stage).await, newest, "{table}");
    }
}

/// The newest publication's number, once it is clear that all of each belongs together.
async fn whole(stage: &Stage) -> u64 {
    let publisher = stage.client("ann");
    let list: PublicationList = publisher.get(paths::PUBLICATIONS).await.expect("the list");
    for told in &list.publications {
        let path = format!("{}/{}", paths::PUBLICATIONS, told.number);
        let detail: PublicationDetail = publisher.get(&path).await.expect("a publication");
        assert_eq!((detail.changes.len(), detail.files.len()), (1, 2));
        let mut scopes: Vec<&str> = detail.bundles.iter().map(|bundle| &*bundle.scope).collect();
        scopes.sort_unstable();
        let expected =
            ["acme,globex", "acme", "globex"].map(|tenants| format!("{tenants}@eu-central-1"));
        assert_eq!(scopes, expected);
    }
    list.publications.first().expect("the newest").number
}

/// A table into which nobody writes until this is dropped.
struct Lock(Child);

impl Lock {
    fn take(server: &Server, table: &str) -> Self {
        let mut command = psql(server);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut holder = command.spawn().expect("psql of Debian is installed");
        let lock = format!("BEGIN; LOCK TABLE {table} IN EXCLUSIVE MODE;\n\\echo held\n");
        let input = holder.stdin.as_mut().expect("a pipe");
        input.write_all(lock.as_bytes()).expect("it reads");
        let said = BufReader::new(holder.stdout.as_mut().expect("a pipe"));
        let first = said.lines().next().expect("a line").expect("text");
        assert_eq!(first, "held", "{table}");
        Self(holder)
    }

    fn is_waited_for(server: &Server) -> bool {
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted";
        let told = psql(server).args(["-c", waiting]).output().expect("psql");
        told.stdout.trim_ascii() != b"0"
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn psql(server: &Server) -> Command {
    let mut command = Command::new("psql");
    command.args(["-X", "-qAt", &server.url()]);
    command
}
