use std::fs;
use std::time::Instant;

use super::{LogFile, ROTATION_CHECK, complete_lines};
use crate::audit::LogSettings;

#[test]
fn after_rotation_lines_go_to_the_new_file() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("audit.jsonl");
    let rotated = directory.path().join("audit.jsonl.1");
    let mut log = LogFile::open(LogSettings {
        file: path.clone(),
        sync: false,
    })
    .expect("opens");
    log.write(b"one\n").expect("written");
    fs::rename(&path, &rotated).expect("rotated");
    log.write(b"two\n").expect("written");
    log.checked = Instant::now()
        .checked_sub(ROTATION_CHECK)
        .expect("a second ago");
    log.write(b"three\n").expect("written");
    assert_eq!(
        fs::read_to_string(&rotated).expect("the old file"),
        "one\ntwo\n"
    );
    assert_eq!(fs::read_to_string(&path).expect("the new file"), "three\n");
}

#[test]
fn a_log_copied_and_truncated_is_continued() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("audit.jsonl");
    let mut log = LogFile::open(LogSettings {
        file: path.clone(),
        sync: false,
    })
    .expect("opens");
    log.write(b"one\n").expect("written");
    fs::write(&path, "").expect("truncated");
    log.write(b"two\n").expect("written");
    assert_eq!(fs::read_to_string(&path).expect("the file"), "two\n");
}

#[test]
fn only_whole_lines_count_as_written() {
    let lines = b"one\ntwo\nthree\n";
    for (written, complete) in [
        (0, 0),
        (3, 0),
        (4, 4),
        (7, 4),
        (8, 8),
        (13, 8),
        (14, 14),
        (99, 14),
    ] {
        assert_eq!(
            complete_lines(lines, written),
            complete,
            "{written} bytes written"
        );
    }
}
