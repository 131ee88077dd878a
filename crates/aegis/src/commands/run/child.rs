//! The process behind the proxy: started with the variables, told of signals, waited for.

use std::io::{self, IsTerminal as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitCode, ExitStatus};

use rustix::process::{Pid, kill_process};
use tokio::process::{Child, Command};

use crate::env::Variables;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::signals::{Signal, Signals};

/// Runs it to its end; its exit code is the answer.
pub(super) async fn run(
    command: &[String],
    variables: &Variables,
    signals: &mut Signals,
) -> Result<ExitCode, Failure> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(Failure::new(Exit::Usage, "there is no command to run"));
    };
    let spawned = Command::new(program)
        .args(arguments)
        .envs(variables.iter())
        .env_remove(crate::secret::VARIABLE)
        .kill_on_drop(true)
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => return Ok(not_started(program, &error)),
    };
    loop {
        tokio::select! {
            status = child.wait() => {
                let status = status.map_err(|error| Failure::new(Exit::Failed, error))?;
                return Ok(code_of(status));
            }
            signal = signals.next() => hand_on(signal, &child),
        }
    }
}

fn hand_on(signal: Signal, child: &Child) {
    // A terminal sends what its keys mean to both of us; a second one would end what is ending in order.
    let is_of_a_key = matches!(signal, Signal::INT | Signal::QUIT);
    if is_of_a_key && io::stdin().is_terminal() {
        return;
    }
    let id = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .and_then(Pid::from_raw);
    if let Some(id) = id {
        // One that has just ended needs no signal any more.
        let _ = kill_process(id, signal);
    }
}

/// As shells say it.
fn not_started(program: &str, error: &io::Error) -> ExitCode {
    output::error(format!("cannot start {program}: {error}"));
    ExitCode::from(if error.kind() == io::ErrorKind::NotFound {
        127
    } else {
        126
    })
}

fn code_of(status: ExitStatus) -> ExitCode {
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal));
    let code = code.and_then(|code| u8::try_from(code).ok());
    code.map_or_else(|| Exit::Failed.into(), ExitCode::from)
}
