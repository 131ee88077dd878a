//! What the log promises its callers, on real files and pipes.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::json;
use tempfile::TempDir;

use super::{AuditError, EndRecord, Log, LogSettings};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_of_many_tasks_stay_whole() {
    let place = Place::new();
    let log = place.open();
    let tasks: Vec<_> = (0..64)
        .map(|task| {
            let log = log.clone();
            tokio::spawn(async move {
                for call in 0..25 {
                    let id = format!("{task}-{call}");
                    log.append(&end(&id))
                        .await
                        .expect("the decision line is written");
                    log.append_later(&end(&format!("{id}-end")))
                        .expect("the end line is taken");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("the task ends");
    }
    log.flush().await.expect("everything is written");
    let ids: BTreeSet<_> = place.ids().into_iter().collect();
    assert_eq!(ids.len(), 64 * 25 * 2);
    assert_eq!(place.ids().len(), ids.len(), "no line is there twice");
    assert!(log.healthy());
    assert_eq!(log.errors().get(), 0);
}

#[tokio::test]
async fn a_line_is_in_the_file_when_append_returns() {
    for sync in [false, true] {
        let place = Place::new();
        let log = Log::open(LogSettings {
            file: place.file(),
            sync,
        })
        .expect("the log opens");
        log.append(&end("a")).await.expect("the line is written");
        assert_eq!(place.ids(), ["a"]);
    }
}

#[tokio::test]
async fn a_line_is_written_when_nobody_waits_for_it_any_more() {
    let place = Place::new();
    let log = place.open();
    let record = end("left");
    let mut append = Box::pin(log.append(&record));
    tokio::select! {
        biased;
        _ = append.as_mut() => panic!("the writer has not even been called"),
        () = std::future::ready(()) => drop(append),
    }
    while !place.text().ends_with('\n') {
        tokio::task::yield_now().await;
    }
    assert_eq!(place.ids(), ["left"]);
}

#[tokio::test]
async fn an_end_line_comes_after_its_decision_line() {
    let place = Place::new();
    let log = place.open();
    log.append(&end("decision"))
        .await
        .expect("the line is written");
    log.append_later(&end("end")).expect("the line is taken");
    log.flush().await.expect("everything is written");
    assert_eq!(place.ids(), ["decision", "end"]);
}

#[test]
fn the_file_is_private_and_its_directories_are_created() {
    let place = Place::new();
    let file = place.path("a/b/audit.jsonl");
    let _log = Log::open(LogSettings {
        file: file.clone(),
        sync: false,
    })
    .expect("the log opens");
    let mode = fs::metadata(&file)
        .expect("the file is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_place_that_cannot_be_a_log_is_an_error_at_the_start() {
    let place = Place::new();
    fs::create_dir(place.file()).expect("a directory in the way");
    assert!(
        Log::open(LogSettings {
            file: place.file(),
            sync: false
        })
        .is_err()
    );
}

#[tokio::test]
async fn a_line_torn_by_a_crash_is_closed_first() {
    let place = Place::new();
    fs::write(place.file(), "{\"id\":\"whole\"}\n{\"id\":\"to").expect("a torn log");
    place
        .open()
        .append(&end("next"))
        .await
        .expect("the line is written");
    let text = place.text();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        lines.get(..2),
        Some(["{\"id\":\"whole\"}", "{\"id\":\"to"].as_slice())
    );
    assert_eq!(id_of(lines[2]), "next");
}

#[tokio::test]
async fn a_deleted_file_is_made_again_and_has_the_line() {
    let place = Place::new();
    let log = place.open();
    log.append(&end("before"))
        .await
        .expect("the line is written");
    fs::remove_file(place.file()).expect("the file is deleted");
    log.append(&end("after"))
        .await
        .expect("the line is written");
    assert_eq!(place.ids(), ["after"]);
}

#[tokio::test]
async fn a_removed_directory_refuses_calls_until_it_is_back() {
    let place = Place::new();
    fs::create_dir(place.path("logs")).expect("a directory");
    let file = place.path("logs/audit.jsonl");
    let log = Log::open(LogSettings {
        file: file.clone(),
        sync: false,
    })
    .expect("the log opens");
    fs::remove_dir_all(place.path("logs")).expect("the directory is removed");

    let refused = log.append(&end("refused")).await;
    assert_eq!(refused, Err(AuditError::Io(io::ErrorKind::NotFound)));
    assert!(!log.healthy());
    assert!(log.errors().get() > 0);

    fs::create_dir(place.path("logs")).expect("the directory is back");
    log.append(&end("allowed"))
        .await
        .expect("the line is written");
    assert!(log.healthy());
    assert_eq!(
        ids_in(&file),
        ["refused", "allowed"],
        "the refused line is evidence too"
    );
}

#[tokio::test]
async fn a_full_disk_refuses_calls_and_loses_no_end_line() {
    let place = Place::new();
    symlink("/dev/full", place.file()).expect("a full disk");
    let log = place.open();
    log.append_later(&end("end"))
        .expect("the end line is taken");
    let refused = log.append(&end("refused")).await;
    assert_eq!(refused, Err(AuditError::Io(io::ErrorKind::StorageFull)));
    assert!(!log.healthy());

    fs::remove_file(place.file()).expect("the disk is replaced");
    log.append(&end("allowed"))
        .await
        .expect("the line is written");
    assert!(log.healthy());
    assert_eq!(place.ids(), ["end", "refused", "allowed"]);
}

#[tokio::test]
async fn a_pipe_without_a_reader_refuses_calls_until_one_comes() {
    let place = Place::new();
    make_fifo(&place.file());
    let log = place.open();
    assert!(
        !log.healthy(),
        "ready is said only when lines can be written"
    );
    assert!(matches!(
        log.append(&end("refused")).await,
        Err(AuditError::Io(_))
    ));

    let reader = tokio::task::spawn_blocking({
        let file = place.file();
        move || File::open(file).expect("a reader")
    });
    // The reader's open returns once the writer has opened the other end, so appending is repeated
    // until the two have met.
    while log.append(&end("allowed")).await.is_err() {
        tokio::task::yield_now().await;
    }
    assert!(log.healthy());
    drop(log);
    let text = io::read_to_string(reader.await.expect("the reader is there")).expect("text");
    assert!(text.lines().any(|line| id_of(line) == "allowed"));
}

#[tokio::test]
async fn a_pipe_that_nobody_empties_refuses_calls_and_heals() {
    let place = Place::new();
    make_fifo(&place.file());
    let mut reader = nonblocking_reader(&place.file());
    let log = place.open();
    let filler = "x".repeat(10_000);
    let mut written = 0;
    let refused = loop {
        match log.append(&end(&filler)).await {
            Ok(()) => written += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(
        refused,
        AuditError::Timeout | AuditError::Io(io::ErrorKind::TimedOut)
    ));
    assert!(!log.healthy());

    let mut text = drain(&mut reader);
    while log.append(&end("healed")).await.is_err() {
        text += &drain(&mut reader);
    }
    assert!(log.healthy());
    text += &drain(&mut reader);
    let whole = text
        .lines()
        .filter(|line| serde_json::from_str::<serde_json::Value>(line).is_ok());
    let ids: Vec<_> = whole.map(id_of).collect();
    assert!(ids.len() > written);
    assert_eq!(ids.last().map(String::as_str), Some("healed"));
}

#[tokio::test]
async fn a_record_that_is_no_json_is_refused() {
    let place = Place::new();
    let log = place.open();
    let no_json = std::collections::BTreeMap::from([(vec![1], 1)]);
    assert_eq!(log.append(&no_json).await, Err(AuditError::Encode));
    assert_eq!(place.text(), "");
}

/// A directory with a log in it.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self) -> PathBuf {
        self.path("audit.jsonl")
    }

    fn open(&self) -> Log {
        Log::open(LogSettings {
            file: self.file(),
            sync: false,
        })
        .expect("the log opens")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file()).expect("the log is readable")
    }

    fn ids(&self) -> Vec<String> {
        ids_in(&self.file())
    }
}

fn end(id: &str) -> EndRecord<'_> {
    EndRecord {
        id,
        outcome_detail: "forwarded",
        ..EndRecord::default()
    }
}

fn ids_in(file: &Path) -> Vec<String> {
    fs::read_to_string(file)
        .expect("the log is readable")
        .lines()
        .map(id_of)
        .collect()
}

fn id_of(line: &str) -> String {
    let line: serde_json::Value = serde_json::from_str(line).expect("a whole line");
    line["id"].as_str().expect("an id").to_owned()
}

fn make_fifo(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a pipe");
}

fn nonblocking_reader(path: &Path) -> File {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).expect("a small flag");
    File::options()
        .read(true)
        .custom_flags(flags)
        .open(path)
        .expect("a reader")
}

/// What is in the pipe now.
fn drain(reader: &mut File) -> String {
    let mut bytes = Vec::new();
    // Ends with an error when the pipe is empty; what was read stays.
    let _ = reader.read_to_end(&mut bytes);
    String::from_utf8(bytes).expect("text")
}

#[tokio::test]
async fn who_follows_gets_the_lines_of_this_log_and_none_of_others_in_its_file() {
    let directory = tempfile::tempdir().unwrap();
    let open = || {
        let file = directory.path().join("audit.jsonl");
        Log::open(LogSettings { file, sync: false }).unwrap()
    };
    let (own, other) = (open(), open());
    let mut lines = own.follow();
    own.append(&json!({"id": "own"})).await.unwrap();
    other.append(&json!({"id": "other"})).await.unwrap();
    own.append_later(&json!({"id": "end"})).unwrap();
    assert_eq!(lines.recv().await.unwrap(), b"{\"id\":\"own\"}\n");
    assert_eq!(lines.recv().await.unwrap(), b"{\"id\":\"end\"}\n");
    assert!(own.follow().recv().await.is_none());
}
