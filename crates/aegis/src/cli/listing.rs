//! The list of commands in the help, by what they are for. It adds no command and no meaning.

use std::fmt::Write as _;

use clap::{Command, CommandFactory as _};

use super::Cli;

/// The program's command with its subcommands in groups.
pub(crate) fn command() -> Command {
    let command = Cli::command();
    let list = list(&command);
    command.help_template(format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{list}Options:\n{{options}}{{after-help}}"
    ))
}

fn list(command: &Command) -> String {
    let mut list = String::new();
    for (heading, names) in GROUPS {
        let _ = writeln!(list, "{heading}:");
        for name in names {
            let found = command.find_subcommand(name);
            let about = found.and_then(Command::get_about);
            let about = about.map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(list, "  {name:<WIDTH$}{about}");
        }
        list.push('\n');
    }
    list
}

pub(super) const GROUPS: [(&str, &[&str]); 4] = [
    (
        "Put agents behind the proxy",
        &["demo", "run", "env", "proxy", "credential"],
    ),
    ("Write policies", &["policy", "validate"]),
    (
        "See what was decided",
        &["why", "shadow", "audit", "mcp", "dlp"],
    ),
    (
        "Serve policies to many proxies",
        &["control", "publish", "promote", "rollback", "status"],
    ),
];

/// Of the column of names.
const WIDTH: usize = 12;
