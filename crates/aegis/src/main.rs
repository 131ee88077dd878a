//! The binary: arguments and wiring. What it starts is in the crates below; nothing is decided here.

mod audit_lines;
mod cli;
mod commands;
mod compiler;
mod control_plane;
mod data_dir;
mod demo;
mod env;
mod exit;
mod log;
mod output;
mod policies;
mod proxy_url;
mod samples;
mod secret;
mod settings;
mod signals;
mod table;
mod trust;

use std::process::ExitCode;

use clap::FromArgMatches as _;

use cli::{AuditCommand, Cli, Command, CredentialCommand, DlpCommand, McpCommand, ShadowCommand};
use exit::{Exit, Failure};

fn main() -> ExitCode {
    aegis_heap::keep_nothing();
    let matches = cli::command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let ended = dispatch(cli.command).and_then(|code| output::complete().map(|()| code));
    match ended {
        Ok(code) => code,
        Err(failure) => {
            output::error(&failure);
            failure.exit.into()
        }
    }
}

fn dispatch(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Proxy(arguments) => block_on(commands::proxy::run(arguments)),
        Command::Run(arguments) => block_on(commands::run::run(arguments)),
        Command::Demo(arguments) => block_on(demo::run(arguments)),
        Command::Control(arguments) => block_on(commands::control::run(arguments)),
        Command::Publish(arguments) => block_on(commands::publish::run(arguments)),
        Command::Promote(arguments) => block_on(commands::promote::run(arguments)),
        Command::Rollback(arguments) => block_on(commands::rollback::run(arguments)),
        Command::Status(arguments) => block_on(commands::status::run(arguments)),
        Command::Audit(AuditCommand::Query(arguments)) => block_on(commands::audit::run(arguments)),
        Command::Validate(arguments) => Ok(commands::validate::run(&arguments)),
        Command::Env(arguments) => commands::env::run(&arguments),
        Command::Policy(command) => commands::policy::run(&command),
        Command::Why(arguments) => commands::why::run(&arguments),
        Command::Shadow(ShadowCommand::Report(arguments)) => commands::shadow::run(&arguments),
        Command::Mcp(McpCommand::Tools(arguments)) => commands::mcp::tools(&arguments),
        Command::Mcp(McpCommand::Accept(arguments)) => commands::mcp::accept(&arguments),
        Command::Mcp(McpCommand::Forget(arguments)) => commands::mcp::forget(&arguments),
        Command::Dlp(DlpCommand::Scan(arguments)) => commands::dlp::scan::run(&arguments),
        Command::Dlp(DlpCommand::Redact(arguments)) => commands::dlp::redact::run(&arguments),
        Command::Credential(CredentialCommand::New(arguments)) => {
            commands::credential::run(&arguments)
        }
    }
}

fn block_on<F>(work: F) -> Result<ExitCode, Failure>
where
    F: Future<Output = Result<ExitCode, Failure>>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| Failure::new(Exit::Failed, error))?;
    let ended = runtime.block_on(work);
    // What still runs belongs to clients that were told to leave; nobody waits for it.
    runtime.shutdown_background();
    ended
}
