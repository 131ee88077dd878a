//! Every line exactly once and in order, whatever happens in between.

use super::*;
use std::fs::{FileTimes, OpenOptions};
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

struct Log {
    directory: TempDir,
}

impl Log {
    fn new() -> Self {
        Self {
            directory: TempDir::new().unwrap(),
        }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("audit.jsonl")
    }

    fn write(&self, text: impl AsRef<[u8]>) {
        let mut options = OpenOptions::new();
        let mut file = options.append(true).create(true).open(self.path()).unwrap();
        file.write_all(text.as_ref()).unwrap();
    }

    fn rotate(&self, to: &str) {
        fs::rename(self.path(), self.directory.path().join(to)).unwrap();
    }

    /// As gzip and logrotate do it: with the times of the original, which goes.
    fn compress(&self, name: &str) {
        let original = self.directory.path().join(name);
        let packed = File::create(self.directory.path().join(format!("{name}.gz"))).unwrap();
        let mut packing = GzEncoder::new(packed, Compression::default());
        io::copy(&mut File::open(&original).unwrap(), &mut packing).unwrap();
        let changed = fs::metadata(&original).unwrap().modified().unwrap();
        let times = FileTimes::new().set_modified(changed);
        packing.finish().unwrap().set_times(times).unwrap();
        fs::remove_file(original).unwrap();
    }

    fn spool(&self) -> Spool {
        Spool::new(&self.path(), self.directory.path())
    }
}

fn lines(spool: &mut Spool) -> Vec<String> {
    let batch = spool.batch().unwrap();
    batch.map_or_else(Vec::new, |batch| batch.lines)
}

/// Everything there is, each batch confirmed.
fn all(spool: &mut Spool) -> Vec<String> {
    let mut all = Vec::new();
    while let Some(batch) = spool.batch().unwrap() {
        all.extend(batch.lines);
        spool.confirm().unwrap();
    }
    all
}

#[test]
fn whole_lines_are_sent_once_and_a_line_that_is_being_written_waits() {
    let log = Log::new();
    let mut spool = log.spool();
    assert_eq!(spool.batch().unwrap(), None);
    log.write("{\"a\":1}\n{\"a\":2}\n{\"a\":");
    assert_eq!(all(&mut spool), [r#"{"a":1}"#, r#"{"a":2}"#]);
    assert_eq!(spool.batch().unwrap(), None);
    log.write("3}\n");
    assert_eq!(all(&mut spool), [r#"{"a":3}"#]);
    assert_eq!(spool.behind(), 0);
}

#[test]
fn what_was_not_confirmed_is_sent_again_as_it_was_also_after_a_restart() {
    let log = Log::new();
    log.write("1\n2\n");
    let first = log.spool().batch().unwrap().unwrap();
    log.write("3\n");
    let mut restarted = log.spool();
    assert_eq!(restarted.batch().unwrap().unwrap(), first);
    assert_eq!(restarted.batch().unwrap().unwrap(), first);
    restarted.confirm().unwrap();
    let next = log.spool().batch().unwrap().unwrap();
    assert_eq!(next.lines, ["3"]);
    assert_ne!(next.name, first.name);
}

#[test]
fn a_rotation_loses_nothing_not_even_what_is_still_written_to_the_old_file() {
    let log = Log::new();
    log.write("1\n");
    let mut spool = log.spool();
    assert_eq!(all(&mut spool), ["1"]);
    log.write("2\n");
    let mut old = OpenOptions::new().append(true).open(log.path()).unwrap();
    log.rotate("audit.jsonl.1");
    fs::write(log.path(), "").unwrap();
    assert_eq!(all(&mut spool), ["2"]);
    // The writer has not noticed yet.
    old.write_all(b"3\n").unwrap();
    assert_eq!(all(&mut spool), ["3"]);
    old.write_all(b"4\n").unwrap();
    log.write("5\n");
    assert_eq!(all(&mut spool), ["4", "5"]);
}

#[test]
fn several_rotations_while_nothing_could_be_sent_lose_nothing() {
    let log = Log::new();
    log.write("1\n2\n");
    let mut spool = log.spool();
    assert_eq!(lines(&mut spool), ["1", "2"]);
    spool.confirm().unwrap();
    for (line, name) in [("3\n", "audit.jsonl.2"), ("4\n", "audit.jsonl.1")] {
        log.write(line);
        log.rotate(name);
        older_than_the_next();
    }
    log.write("5\n");
    assert_eq!(all(&mut log.spool()), ["3", "4", "5"]);
}

#[test]
fn what_was_compressed_before_it_was_sent_is_sent_also_after_a_restart() {
    let log = Log::new();
    log.write("1\n2\n");
    let mut spool = log.spool();
    spool.most = 1;
    assert_eq!(lines(&mut spool), ["1"]);
    spool.confirm().unwrap();
    let unconfirmed = spool.batch().unwrap();
    for (line, name) in [("3\n", "audit.jsonl.2"), ("4\n", "audit.jsonl.1")] {
        log.write(line);
        log.rotate(name);
        log.compress(name);
        older_than_the_next();
    }
    log.write("5\n");
    let mut restarted = log.spool();
    assert_eq!(restarted.batch().unwrap(), unconfirmed);
    for spool in [&mut restarted, &mut spool] {
        assert_eq!(all(spool), ["2", "3", "4", "5"]);
        fs::remove_file(log.directory.path().join("uploaded.json")).unwrap();
    }
    assert_eq!(all(&mut log.spool()), ["1", "2", "3", "4", "5"]);
}

#[test]
fn a_file_that_is_being_compressed_is_sent_once_and_so_is_one_that_is_deleted_while_it_is_read() {
    let log = Log::new();
    log.write("1\n");
    log.rotate("audit.jsonl.1");
    fs::write(log.directory.path().join("audit.jsonl.1.gz"), [31, 139, 8]).unwrap();
    older_than_the_next();
    log.write("2\n");
    log.rotate("audit.jsonl.0");
    older_than_the_next();
    log.write("3\n");
    let mut spool = log.spool();
    assert_eq!(lines(&mut spool), ["1"]);
    fs::remove_file(log.directory.path().join("audit.jsonl.1.gz")).unwrap();
    fs::remove_file(log.directory.path().join("audit.jsonl.1")).unwrap();
    assert_eq!(all(&mut spool), ["1", "2", "3"]);
}

#[test]
fn of_a_damaged_compressed_file_the_lines_before_the_damage_are_sent_and_then_the_next_file() {
    let log = Log::new();
    log.write("1\n".repeat(MOST_LINES * 10));
    log.rotate("audit.jsonl.1");
    log.compress("audit.jsonl.1");
    let packed = log.directory.path().join("audit.jsonl.1.gz");
    let whole = fs::read(&packed).unwrap();
    fs::write(&packed, &whole[..whole.len() - 4]).unwrap();
    older_than_the_next();
    log.write("2\n");
    let sent = all(&mut log.spool());
    assert!(sent.len() > MOST_LINES);
    assert_eq!(sent.last().unwrap(), "2");
}

/// As `copytruncate` of logrotate does it.
#[test]
fn a_log_that_is_copied_and_emptied_loses_nothing_that_was_copied() {
    let log = Log::new();
    log.write("1\n2\n");
    let mut spool = log.spool();
    assert_eq!(lines(&mut spool), ["1", "2"]);
    spool.confirm().unwrap();
    log.write("3\n");
    fs::copy(log.path(), log.directory.path().join("audit.jsonl.1")).unwrap();
    fs::write(log.path(), "").unwrap();
    assert_eq!(spool.batch().unwrap(), None);
    older_than_the_next();
    log.write("4\n");
    assert_eq!(all(&mut spool), ["3", "4"]);
}

#[test]
fn a_line_that_is_refused_is_found_and_the_others_go_through() {
    let log = Log::new();
    log.write("1\n2\n3\n\"bad\"\n5\n");
    let mut spool = log.spool();
    let mut stored = Vec::new();
    let mut refused = Vec::new();
    while let Some(batch) = spool.batch().unwrap() {
        if !batch.lines.iter().any(|line| line.contains("bad")) {
            stored.extend(batch.lines);
            spool.confirm().unwrap();
        } else if batch.lines.len() > 1 {
            spool.halve().unwrap();
        } else {
            refused.extend(batch.lines);
            spool.confirm().unwrap();
        }
    }
    assert_eq!(stored, ["1", "2", "3", "5"]);
    assert_eq!(refused, ["\"bad\""]);
}

#[test]
fn a_line_that_was_cut_off_is_passed_over() {
    let log = Log::new();
    log.write("1\n{\"torn\n2\n");
    assert_eq!(all(&mut log.spool()), ["1", "2"]);
}

#[test]
fn a_line_that_was_cut_off_within_a_character_takes_none_of_the_next_with_it() {
    let log = Log::new();
    log.write(b"1\n\"\xC3\n2\n");
    let mut spool = log.spool();
    assert_eq!(all(&mut spool), ["1", "2"]);
    log.write(b"\xE2\x82\n3\n4\n");
    assert_eq!(all(&mut spool), ["3", "4"]);
    assert_eq!(spool.behind(), 0);
}

/// As after a loss of power: the name is there, and what was written is not.
#[test]
fn a_memo_that_cannot_be_read_does_not_stop_the_upload() {
    let log = Log::new();
    log.write("1\n2\n");
    assert_eq!(all(&mut log.spool()), ["1", "2"]);
    let memo = log.directory.path().join("uploaded.json");
    for lost in ["", "{\"inode\":"] {
        fs::write(&memo, lost).unwrap();
        assert_eq!(all(&mut log.spool()), ["1", "2"]);
    }
    log.write("3\n");
    assert_eq!(all(&mut log.spool()), ["3"]);
}

#[test]
fn a_batch_is_bounded_and_one_long_line_is_still_sent() {
    let log = Log::new();
    let wide = format!("\"{}\"", "x".repeat(2 * MOST_BYTES));
    log.write(format!("1\n{wide}\n2\n"));
    let mut spool = log.spool();
    assert_eq!(lines(&mut spool), ["1"]);
    assert_eq!(all(&mut spool), ["1", &wide, "2"]);
    log.write("1234567\n".repeat(MOST_BYTES));
    let batch = spool.batch().unwrap().unwrap();
    assert_eq!(batch.lines.len(), MOST_LINES);
}

#[test]
fn a_log_that_is_gone_with_unsent_lines_does_not_stop_the_next() {
    let log = Log::new();
    log.write("1\n");
    let mut spool = log.spool();
    assert_eq!(lines(&mut spool), ["1"]);
    drop(spool);
    fs::remove_file(log.path()).unwrap();
    log.write("2\n");
    assert_eq!(all(&mut log.spool()), ["2"]);
}

/// As on a full disk: what was stored and could not be written down is offered again as it was.
#[test]
fn what_cannot_be_written_down_is_sent_again_and_nothing_is_lost_or_doubled() {
    let log = Log::new();
    log.write("1\n2\n");
    let mut spool = log.spool();
    let first = spool.batch().unwrap();
    let memo = log.directory.path().join("uploaded.json");
    fs::remove_file(&memo).unwrap();
    fs::create_dir_all(memo.join("in-the-way")).unwrap();
    spool.confirm().unwrap_err();
    log.write("3\n");
    // Nor is anything new begun.
    spool.batch().unwrap_err();
    log.spool().batch().unwrap_err();
    fs::remove_dir_all(&memo).unwrap();
    assert_eq!(spool.batch().unwrap(), first);
    assert_eq!(all(&mut spool), ["1", "2", "3"]);
    assert_eq!(all(&mut log.spool()), Vec::<String>::new());
}

/// Files are told apart by the time of their last change.
fn older_than_the_next() {
    std::thread::sleep(std::time::Duration::from_millis(20));
}
