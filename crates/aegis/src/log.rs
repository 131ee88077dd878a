//! Diagnostics to standard error. Only our own crates may speak at length: what others trace can hold secrets.

use clap::ValueEnum;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

use crate::output::Style;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Level {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
}

/// For a service: each line has its time.
pub(crate) fn start(level: Level) {
    let layer = fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(Style::stderr().is_coloured())
        .log_internal_errors(false);
    let _ = tracing_subscriber::registry()
        .with(layer)
        .with(ours(level))
        .try_init();
}

/// For a human who watches: no times, no module names.
pub(crate) fn start_brief(level: Level) {
    let layer = fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(Style::stderr().is_coloured())
        .without_time()
        .with_target(false)
        .log_internal_errors(false);
    let _ = tracing_subscriber::registry()
        .with(layer)
        .with(ours(level))
        .try_init();
}

fn ours(level: Level) -> Targets {
    let level = LevelFilter::from(level);
    Targets::new()
        .with_target("aegis", level)
        .with_default(level.min(LevelFilter::WARN))
}

impl From<Level> for LevelFilter {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => Self::ERROR,
            Level::Warn => Self::WARN,
            Level::Info => Self::INFO,
            Level::Debug => Self::DEBUG,
        }
    }
}
