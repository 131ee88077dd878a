//! The only way to standard output and standard error. A reader that has gone away is no error.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};

use serde::Serialize;

/// What the command is for: results, nothing else.
pub(crate) fn result(text: impl Display) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
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
