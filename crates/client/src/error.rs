//! Why a control plane did not do what it was asked, in words for operators. Repeats no credential.

use std::error::Error as _;
use std::fmt;

use aegis_api::Problem;
use thiserror::Error;

#[derive(Debug, Error)]
pub enum ClientError {
    #[error("the control plane cannot be reached: {0}")]
    Unreachable(String),
    /// Whether it has read the request, nobody knows.
    #[error("the connection to the control plane broke: {0}")]
    Broken(String),
    #[error("the control plane did not answer in time")]
    Late,
    #[error("the control plane's answer was cut off")]
    CutOff,
    #[error("the control plane's answer is longer than {limit} bytes")]
    TooLong { limit: usize },
    #[error("the control plane's answer is not what was expected: {0}")]
    Unexpected(String),
    #[error("the control plane refused: {}", Words { status: *status, problem: problem.as_deref() })]
    Refused {
        status: u16,
        /// Absent where something else than a control plane answered.
        problem: Option<Box<Problem>>,
    },
    #[error("the request cannot be written as HTTP")]
    Request,
}

impl ClientError {
    /// With its causes: the first alone says next to nothing.
    pub(crate) fn of(error: &hyper_util::client::legacy::Error) -> Self {
        let mut words = error.to_string();
        let mut cause = error.source();
        while let Some(next) = cause {
            words = format!("{words}: {next}");
            cause = next.source();
        }
        if error.is_connect() {
            Self::Unreachable(words)
        } else {
            Self::Broken(words)
        }
    }

    /// The stable name that the control plane gives to its refusal.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { problem, .. } => problem.as_ref().map(|problem| &*problem.code),
            _ => None,
        }
    }
}

struct Words<'a> {
    status: u16,
    problem: Option<&'a Problem>,
}

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problem {
            Some(problem) => write!(f, "{} ({}, {})", problem.detail, problem.code, self.status),
            None => write!(f, "HTTP status {}", self.status),
        }
    }
}
