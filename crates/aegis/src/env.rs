//! The environment that puts a process behind the proxy, and how to write it down for each kind of reader.
//! Never changes this process's own environment.
//!
//! Environment variables are an invitation, not a wall: a process that ignores them is held back
//! only by the network around it.

pub(crate) mod gateway;
mod kubernetes;
#[cfg(test)]
mod tests;

use std::fmt;

use clap::ValueEnum;

use crate::trust::{ADDING, Lookup, REPLACING, Trust, TrustFile};

/// The variables, in the order in which they are shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Variables {
    all: Vec<(&'static str, String)>,
    files: [TrustFile; 2],
    outside: String,
}

/// Who is going to read the variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// bash, zsh and every other POSIX shell
    #[value(aliases = ["zsh", "sh", "posix"])]
    Bash,
    Fish,
    /// NAME=value lines
    Dotenv,
    /// arguments of `docker run`
    Docker,
    /// a config map with the trust files, and the parts of a pod's spec that use it
    K8s,
}

impl Shell {
    /// One variable, with its line end.
    fn line(self, name: &str, value: &str) -> String {
        match self {
            Self::Bash => format!("export {name}={}\n", posix_quoted(value)),
            Self::Fish => format!("set -gx {name} {}\n", fish_quoted(value)),
            Self::Dotenv => format!("{name}={}\n", dotenv_quoted(value)),
            Self::Docker => format!("--env {} \\\n", posix_quoted(&format!("{name}={value}"))),
            Self::K8s => kubernetes::variable(name, value),
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the data directory's path is not valid UTF-8, so no variable can hold it")]
pub(crate) struct PathNotUtf8;

impl Variables {
    /// `inherited` is the environment of the one who asks; only `NO_PROXY` is taken from it.
    pub(crate) fn new(
        proxy_url: &str,
        trust: &Trust,
        inherited: Lookup<'_>,
    ) -> Result<Self, PathNotUtf8> {
        let bundle = trust.bundle.path.to_str().ok_or(PathNotUtf8)?;
        let added = trust.added.path.to_str().ok_or(PathNotUtf8)?;
        let outside = outside(inherited);
        let mut all: Vec<(&'static str, String)> = Vec::new();
        all.extend(PROXY.map(|name| (name, proxy_url.to_owned())));
        // Written even when empty: an image's own NO_PROXY must not win.
        all.extend(NO_PROXY.map(|name| (name, outside.clone())));
        all.extend(REPLACING.map(|name| (name, bundle.to_owned())));
        all.push((ADDING, added.to_owned()));
        all.push(("NODE_USE_ENV_PROXY", "1".to_owned()));
        Ok(Self {
            all,
            files: [trust.bundle.clone(), trust.added.clone()],
            outside,
        })
    }

    /// Names and values, as `Command::envs` takes them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.all.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// The hosts that go around the proxy because the user's own `NO_PROXY` says so; worth a
    /// warning when not empty.
    pub(crate) fn outside(&self) -> &str {
        &self.outside
    }

    pub(crate) fn render(&self, shell: Shell) -> String {
        match shell {
            Shell::Bash | Shell::Fish | Shell::Dotenv => {
                self.lines(|name, value| shell.line(name, value))
            }
            Shell::Docker => {
                self.lines(|name, value| shell.line(name, value)) + &self.docker_mounts()
            }
            Shell::K8s => kubernetes::manifest(self),
        }
    }

    fn lines(&self, line: impl Fn(&str, &str) -> String) -> String {
        self.iter().map(|(name, value)| line(name, value)).collect()
    }

    /// In a container the files must be where the variables say.
    fn docker_mounts(&self) -> String {
        let mounts = self
            .files
            .iter()
            .map(|file| file.path.display())
            .map(|path| posix_quoted(&format!("{path}:{path}:ro")));
        mounts
            .map(|mount| format!("--volume {mount}"))
            .collect::<Vec<_>>()
            .join(" \\\n")
            + "\n"
    }
}

impl fmt::Debug for Variables {
    /// Names only: the proxy's URL may carry a credential.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.all.iter().map(|(name, _)| name))
            .finish()
    }
}

/// The user's exceptions, without those that would switch the proxy off altogether.
///
/// We add none of our own, not even loopback: what listens on this machine is exactly what an
/// agent should not reach unseen, and nobody needs the proxy to reach the proxy.
fn outside(inherited: Lookup<'_>) -> String {
    let mut kept: Vec<String> = Vec::new();
    for value in NO_PROXY
        .iter()
        .filter_map(|name| inherited(name)?.into_string().ok())
    {
        let entries = value.split([',', ' ']).map(str::trim);
        for entry in entries.filter(|entry| !entry.is_empty() && !covers_everything(entry)) {
            if !kept.iter().any(|known| known == entry) {
                kept.push(entry.to_owned());
            }
        }
    }
    kept.join(",")
}

fn covers_everything(entry: &str) -> bool {
    entry.ends_with("/0") || entry.chars().all(|c| matches!(c, '*' | '.'))
}

/// Inside single quotes a POSIX shell reads everything as it stands, except the quote itself.
fn posix_quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// fish reads `\\` and `\'` inside single quotes, and nothing else.
fn fish_quoted(value: &str) -> String {
    format!("'{}'", value.replace('\\', r"\\").replace('\'', r"\'"))
}

/// Readers of such files agree on little: plain where that is safe, single quotes (no expansion)
/// where possible, else double quotes with escapes.
fn dotenv_quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+,=[]".contains(c);
    if value.chars().all(plain) {
        return value.to_owned();
    }
    if !value.contains(['\'', '\\', '\n', '\r']) {
        return format!("'{value}'");
    }
    let mut quoted = String::from("\"");
    for c in value.chars() {
        match c {
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '"' | '\\' | '$' | '`' => quoted.extend(['\\', c]),
            _ => quoted.push(c),
        }
    }
    quoted + "\""
}

/// Both spellings, because each is the only one that somebody reads.
const PROXY: [&str; 6] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
];
const NO_PROXY: [&str; 2] = ["NO_PROXY", "no_proxy"];
