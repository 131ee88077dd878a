//! How the program ends: the exit codes, which are a contract, and the error that leads to one.

use std::fmt;
use std::process::ExitCode;

use aegis_proxy::StartError;

/// The contract with scripts. Usage errors (2) are the argument parser's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Failed = 1,
    Usage = 2,
    /// The answer is no or another than before, or somebody's consent is missing.
    Refused = 3,
    Unreachable = 4,
    /// `EX_CONFIG` of sysexits: settings, policies, certificates.
    Configuration = 78,
}

/// An end that is not good, with the words for the user.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    message: String,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl fmt::Display) -> Self {
        Self {
            exit,
            message: message.to_string(),
        }
    }

    /// A data plane that does not start; `ports` says how to choose other ones.
    pub(crate) fn start(error: &StartError, ports: &str) -> Self {
        match error {
            StartError::Listen(_) => Self::new(Exit::Failed, format!("{error}; {ports}")),
            StartError::Scanner(_) | StartError::Resolver(_) => {
                Self::new(Exit::Failed, with_causes(error))
            }
            // What the settings say, or what lies where they say.
            _ => Self::new(Exit::Configuration, with_causes(error)),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::new(Exit::Failed, format!("{error:#}"))
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use aegis_telemetry::trace::TracerError;

    use super::*;

    #[test]
    fn what_the_settings_are_to_blame_for_ends_with_78() {
        let error = StartError::Tracer(TracerError::NotPlainHttp);
        assert_eq!(Failure::start(&error, "").exit, Exit::Configuration);
        let taken = StartError::Listen(std::io::ErrorKind::AddrInUse.into());
        assert_eq!(Failure::start(&taken, "").exit, Exit::Failed);
    }
}
