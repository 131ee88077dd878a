//! Reads back what an audit log gained since a moment. Never writes to it.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The lines after the log's length at the time this was made.
#[derive(Debug)]
pub(crate) struct NewLines {
    file: PathBuf,
    from: u64,
}

impl NewLines {
    /// A log that is not there yet has no lines.
    pub(crate) fn of(file: &Path) -> Self {
        let from = file.metadata().map_or(0, |metadata| metadata.len());
        Self {
            file: file.to_owned(),
            from,
        }
    }

    /// Complete lines only; one that is being written comes the next time.
    pub(crate) fn read(&self) -> io::Result<Vec<Value>> {
        let mut file = File::open(&self.file)?;
        file.seek(SeekFrom::Start(self.from))?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let complete = text.rsplit_once('\n').map_or("", |(complete, _)| complete);
        let lines = complete.lines().map(serde_json::from_str);
        Ok(lines.filter_map(Result::ok).collect())
    }
}

/// A text in a line, by JSON pointer; empty where there is none.
pub(crate) fn word<'a>(line: &'a Value, pointer: &str) -> &'a str {
    line.pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}
