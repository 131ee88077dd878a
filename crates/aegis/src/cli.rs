//! The command line as types. Reads arguments and nothing else.

mod listing;
#[cfg(test)]
mod tests;

use clap::{Parser, Subcommand};

use crate::{commands, demo};
pub(crate) use listing::command;

/// A policy-enforcing egress proxy for AI agents.
#[derive(Debug, Parser)]
#[command(name = "aegis", version, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the proxy as a settings file says
    Proxy(commands::proxy::Arguments),
    /// Start an agent's process behind the proxy
    Run(commands::run::Arguments),
    /// Check settings and policies; opens no socket
    Validate(commands::validate::Arguments),
    /// Print the variables that put a process behind the proxy
    Env(commands::env::Arguments),
    /// See it all on loopback: the real proxy, mock services, a scripted agent
    Demo(demo::Arguments),
    /// Write, check, test, compare and pack policies
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Why a recorded decision was made, and what would have let the call through
    Why(commands::why::Arguments),
    /// What policies in shadow would have done
    #[command(subcommand)]
    Shadow(ShadowCommand),
    /// Run the control plane as a settings file says
    Control(commands::control::Arguments),
    /// Send a directory of policies to the control plane, which tests, signs and serves it
    Publish(commands::publish::Arguments),
    /// Take a canary to more data planes, or to all
    Promote(commands::promote::Arguments),
    /// Bring the policies of an older publication back, to all data planes at once
    Rollback(commands::rollback::Arguments),
    /// What is served to whom, and what each data plane has in force
    Status(commands::status::Arguments),
    /// The audit lines that the control plane has
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Tools of MCP servers as they were seen, and their changes
    #[command(subcommand)]
    Mcp(McpCommand),
    /// Look for sensitive data in files and pipes, with the rules of the proxy
    #[command(subcommand)]
    Dlp(DlpCommand),
    /// What an agent proves itself with
    #[command(subcommand)]
    Credential(CredentialCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Start a policy from a pattern, with its tests
    New(commands::policy::new::Arguments),
    /// Tell every mistake of a policy with its place
    Check(commands::policy::check::Arguments),
    /// Run a policy's table tests and Rego tests
    Test(commands::policy::test::Arguments),
    /// Decide one call and say why
    Eval(commands::policy::eval::Arguments),
    /// Say what another policy would change
    Diff(commands::policy::diff::Arguments),
    /// Check, test, pack and sign a policy
    Build(commands::policy::build::Arguments),
    /// Keys that bundles are signed with
    #[command(subcommand)]
    Keys(KeysCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a key pair, and the settings lines for both sides
    New(commands::policy::keys::Arguments),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ShadowCommand {
    /// Group an audit log's suspended findings by rule, agent, tool and destination
    Report(commands::shadow::Arguments),
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Find calls by tenant, agent, outcome, rule, region and time, the newest first
    Query(commands::audit::Arguments),
}

#[derive(Debug, Subcommand)]
pub(crate) enum McpCommand {
    /// List the tools that servers have listed to agents, and which of them have changed
    Tools(commands::mcp::ToolsArguments),
    /// Accept a tool as its server defines it now
    Accept(commands::mcp::AcceptArguments),
    /// Forget the tools of a server: what it lists next counts as the first
    Forget(commands::mcp::ForgetArguments),
}

#[derive(Debug, Subcommand)]
pub(crate) enum DlpCommand {
    /// Tell the types and places of sensitive data; never the data
    Scan(commands::dlp::scan::Arguments),
    /// Replace sensitive data, while the text comes
    Redact(commands::dlp::redact::Arguments),
}

#[derive(Debug, Subcommand)]
pub(crate) enum CredentialCommand {
    /// Make a random secret, and the settings lines that know it by its hash
    New(commands::credential::Arguments),
}

const EXAMPLES: &str = "\
Examples:
  aegis demo
  aegis validate --config aegis.yaml
  aegis proxy --config aegis.yaml

Exit codes: 0 ok, 1 failed, 2 usage, 3 policy says no or changed, 4 unreachable, 78 configuration.";
