//! The table of `docs/clients.md`, kept in step with what the tests saw. `UPDATE_CLIENTS=1` rewrites its rows.

use std::fs::File;
use std::path::PathBuf;

use super::environment::root;

/// What one client met on one front.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) client: String,
    pub(super) api: String,
    pub(super) front: &'static str,
    pub(super) version: String,
    pub(super) outcomes: [String; CASES.len()],
}

/// A test for each client, which keeps its promises on both fronts, and the keys of their rows.
macro_rules! clients {
    ($client:ty; $($promise:ident: $one:expr,)+) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $promise() {
            Front::both(|front| keeps_its_promises($one, front)).await;
        })+

        /// Of the matrix.
        pub(super) fn keys() -> impl Iterator<Item = String> {
            let rows = |it: $client| Front::BOTH.map(|front| it.row(&Value::Null, front).key());
            [$($one),+].into_iter().flat_map(rows)
        }
    };
}

pub(super) use clients;

/// As the drivers name them, in the order of the columns.
pub(super) const CASES: [&str; 7] = [
    "allow",
    "stream",
    "proposed_allowed",
    "deny",
    "approval_needed",
    "proposed_denied",
    "proposed_approval_needed",
];

#[test]
fn the_table_has_a_row_for_each_client_and_no_other() {
    let rows = super::llm::keys().chain(super::a2a::keys());
    let mut rows: Vec<String> = rows.chain(super::mcp::keys()).collect();
    rows.sort();
    assert_eq!(written(), rows);
}

/// Holds the row against the document, or writes it there.
pub(super) fn compare(row: &Row) {
    let (key, line) = (row.key(), row.line());
    if std::env::var_os(UPDATE).is_some() {
        update(&key, &line);
    }
    let document = document();
    let written = document.lines().find(|it| it.starts_with(&key));
    assert_eq!(written, Some(&*line), "{UPDATE}=1 rewrites docs/clients.md");
}

/// Of all rows that are written.
fn written() -> Vec<String> {
    let document = document();
    let key = |line: &str| {
        let cells: Vec<&str> = line.split('|').take(4).collect();
        format!("{}|", cells.join("|"))
    };
    document.lines().filter(|it| is_row(it)).map(key).collect()
}

impl Row {
    /// The cells that say whose row it is.
    pub(super) fn key(&self) -> String {
        format!("| {} | {} | {} |", self.client, self.api, self.front)
    }

    fn line(&self) -> String {
        let outcomes = self.outcomes.join(" | ");
        format!("{} {} | {outcomes} |", self.key(), self.version)
    }
}

/// Alone among the tests that write their own row at the same time.
fn update(key: &str, line: &str) {
    let lock = File::open(root().join("docs")).expect("the folder of the documents");
    lock.lock().expect("a lock");
    let document = document();
    let (mut rows, others): (Vec<&str>, Vec<&str>) = document.lines().partition(|it| is_row(it));
    rows.retain(|it| !it.starts_with(key));
    rows.push(line);
    rows.sort_unstable();
    let mut lines = others;
    let table = lines.iter().position(|it| it.starts_with("|---"));
    let table = table.expect("the head of the table") + 1;
    lines.splice(table..table, rows);
    std::fs::write(path(), lines.join("\n") + "\n").expect("the document");
}

/// Only its rows name a registry.
fn is_row(line: &str) -> bool {
    let first = line.strip_prefix("| ").and_then(|it| it.split(" |").next());
    first.is_some_and(|it| it.ends_with("(PyPI)") || it.ends_with("(npm)"))
}

fn document() -> String {
    std::fs::read_to_string(path()).expect("docs/clients.md")
}

fn path() -> PathBuf {
    root().join("docs/clients.md")
}

const UPDATE: &str = "UPDATE_CLIENTS";
