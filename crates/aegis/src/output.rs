//! The only way to standard output and standard error. A reader that has gone away is no error.

use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::sync::OnceLock;

use serde::Serialize;

use crate::exit::{Exit, Failure};

/// What the command is for: results, nothing else. What goes wrong is told by [`complete`].
pub(crate) fn result(text: impl Display) {
    bytes(format!("{text}\n").as_bytes());
}

/// Says whether somebody still reads.
pub(crate) fn bytes(text: &[u8]) -> bool {
    if BROKEN.get().is_some() {
        return false;
    }
    let mut out = io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Ok(()) => true,
        Err(error) => {
            let _ = BROKEN.set(error);
            false
        }
    }
}

/// Whether standard output took all results, as far as somebody was there to read them.
pub(crate) fn complete() -> Result<(), Failure> {
    match BROKEN.get() {
        Some(error) if error.kind() != ErrorKind::BrokenPipe => {
            let message = format!("cannot write the result to standard output: {error}");
            Err(Failure::new(Exit::Failed, message))
        }
        _ => Ok(()),
    }
}

pub(crate) fn json(value: &impl Serialize) {
    // These types hold strings, numbers, flags and JSON only: they always serialise.
    result(serde_json::to_string_pretty(value).unwrap_or_default());
}

/// What a human should know besides.
pub(crate) fn note(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

pub(crate) fn warning(text: impl Display) {
    note(Style::stderr().yellow(&format!("warning: {text}")));
}

pub(crate) fn error(text: impl Display) {
    note(format!("{} {text}", Style::stderr().red("error:")));
}

/// Colour where a terminal reads and nobody asked for none (`NO_COLOR`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    coloured: bool,
}

impl Style {
    pub(crate) fn stdout() -> Self {
        Self {
            coloured: io::stdout().is_terminal() && colours_wanted(),
        }
    }

    pub(crate) fn stderr() -> Self {
        Self {
            coloured: io::stderr().is_terminal() && colours_wanted(),
        }
    }

    pub(crate) fn is_coloured(self) -> bool {
        self.coloured
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    pub(crate) fn red(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    pub(crate) fn green(self, text: &str) -> String {
        self.paint("1;32", text)
    }

    pub(crate) fn yellow(self, text: &str) -> String {
        self.paint("1;33", text)
    }

    pub(crate) fn blue(self, text: &str) -> String {
        self.paint("1;34", text)
    }

    pub(crate) fn magenta(self, text: &str) -> String {
        self.paint("1;35", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.coloured {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// <https://no-color.org>: set and not empty.
fn colours_wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// The first error of standard output, after which nothing more is written: half a result is none.
static BROKEN: OnceLock<io::Error> = OnceLock::new();
