//! How commands reach the control plane, and what its refusals mean for the exit code. Asks nothing by itself.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;

use aegis_api::{BundleRecord, Change, Diff, PublicationDetail, Rollout, Stage};
use aegis_client::{Access, Client, ClientError};
use clap::Args;
use http::Uri;
use serde_json::{Value as Json, json};

use crate::exit::{Exit, Failure};
use crate::table::shown;

/// Where it is, and who asks.
#[derive(Debug, Args)]
pub(crate) struct Reach {
    /// The control plane: https://HOST:PORT, or http:// on loopback
    #[arg(long, value_name = "URL")]
    control: String,
    /// A file with the bearer token; else the variable `AEGIS_TOKEN` has it
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The only roots trusted for its certificate, PEM; else the web's
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Certificate chain and private key in one PEM file
    #[arg(long, value_name = "FILE")]
    client_certificate: Option<PathBuf>,
}

impl Reach {
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        check_url(&self.control)?;
        let access = Access {
            url: self.control.clone(),
            token: self.token()?,
            ca_file: self.ca_file.clone(),
            client_certificate: self.client_certificate.clone(),
        };
        Client::new(&access).map_err(|error| Failure::new(Exit::Configuration, error))
    }

    /// Never from an argument, which every process of the machine may read.
    fn token(&self) -> Result<Option<String>, Failure> {
        let text = match &self.token_file {
            Some(file) => fs::read_to_string(file).map_err(|error| {
                let message = format!("cannot read the token file {}: {error}", file.display());
                Failure::new(Exit::Configuration, message)
            })?,
            None => match std::env::var(VARIABLE) {
                Ok(text) => text,
                Err(_) if self.client_certificate.is_some() => return Ok(None),
                Err(_) => {
                    let message = format!(
                        "the control plane asks who calls: give --token-file, set {VARIABLE}, or give --client-certificate"
                    );
                    return Err(Failure::new(Exit::Usage, message));
                }
            },
        };
        let token = text.trim_end_matches(['\r', '\n']);
        if token.is_empty() {
            return Err(Failure::new(Exit::Usage, "the token is empty"));
        }
        Ok(Some(token.to_owned()))
    }
}

/// A token must not cross a network in the clear.
fn check_url(url: &str) -> Result<(), Failure> {
    let refuse = |message: &str| Err(Failure::new(Exit::Usage, format!("--control: {message}")));
    let Ok(uri) = url.parse::<Uri>() else {
        return refuse("expected a URL such as https://control.example:8181");
    };
    let host = uri.host().unwrap_or_default();
    match uri.scheme_str() {
        Some("https") => Ok(()),
        Some("http") if is_loopback(host) => Ok(()),
        Some("http") => refuse("the token would cross the network in the clear; write https://"),
        _ => refuse("expected a URL such as https://control.example:8181"),
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// With the server's code, and with all mistakes where there are any.
pub(crate) fn failure(error: &ClientError) -> Failure {
    let exit = match error {
        ClientError::Unreachable(_)
        | ClientError::Broken(_)
        | ClientError::Late
        | ClientError::CutOff
        | ClientError::Refused { status: 503, .. } => Exit::Unreachable,
        ClientError::Refused { status: 409, .. } => Exit::Refused,
        ClientError::Refused { .. } if error.code() == Some(MISTAKES) => Exit::Configuration,
        _ => Exit::Failed,
    };
    let mut message = error.to_string();
    if let ClientError::Refused {
        problem: Some(problem),
        ..
    } = error
    {
        if let Some(latest) = &problem.latest {
            let (number, author) = (latest.number, shown(&latest.author));
            message = format!("{message}\nthe newest is {number}, by {author}");
        }
        for mistake in &problem.mistakes {
            let scopes = mistake.scopes.join(" ");
            message = format!("{message}\n{} [{scopes}]", mistake.text);
        }
    }
    Failure::new(exit, message)
}

/// Of what changes something. Where it was sent and no answer came, nobody knows whether it was done.
pub(crate) fn failure_of_change(error: &ClientError) -> Failure {
    let failure = failure(error);
    match error {
        ClientError::Broken(_)
        | ClientError::Late
        | ClientError::CutOff
        | ClientError::TooLong { .. }
        | ClientError::Unexpected(_) => Failure::new(
            failure.exit,
            format!(
                "{error}\nit may have been done all the same: see `aegis status` before you try again"
            ),
        ),
        ClientError::Unreachable(_) | ClientError::Refused { .. } | ClientError::Request => failure,
    }
}

/// `all`, `10%`, or `name=value` of a data plane's label.
pub(crate) fn rollout(text: &str) -> Result<Rollout, String> {
    if text == "all" {
        return Ok(Rollout::All);
    }
    if let Some(number) = text.strip_suffix('%') {
        let percent = number
            .parse()
            .ok()
            .filter(|percent| (1..=99).contains(percent));
        let percent = percent.ok_or("expected 1% to 99%, or `all`")?;
        return Ok(Rollout::Percent { percent });
    }
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok(Rollout::Label {
            name: name.to_owned(),
            value: value.to_owned(),
        }),
        _ => Err("expected a percentage such as 10%, a label such as ring=canary, or `all`".into()),
    }
}

pub(crate) fn rollout_words(rollout: &Rollout) -> String {
    match rollout {
        Rollout::All => "all".to_owned(),
        Rollout::Percent { percent } => format!("{percent}%"),
        Rollout::Label { name, value } => format!("{name}={value}"),
    }
}

/// What is served from now on, a line for each scope.
pub(crate) fn announcement(detail: &PublicationDetail) -> String {
    let publication = &detail.publication;
    let stage = match publication.stage {
        Stage::Canary => "canary",
        Stage::Released => "released",
        Stage::Superseded => "superseded",
    };
    let to = newest_rollout(detail);
    let to = to.map_or_else(String::new, |to| format!(", to {}", rollout_words(to)));
    let mut lines = vec![format!("publication {}: {stage}{to}", publication.number)];
    for (scope, bundle) in newest_bundles(detail) {
        let (number, key) = (bundle.number, &bundle.key);
        lines.push(format!(
            "  {scope}: bundle {number}, signed by {key}, until {}",
            bundle.expires_at
        ));
    }
    lines.join("\n")
}

/// The same for programs. `publication` is null where nothing was published.
pub(crate) fn announcement_json(detail: &PublicationDetail) -> Json {
    json!({
        "schema_version": 1,
        "publication": detail.publication,
        "rollout": newest_rollout(detail),
        "diff": newest_diff(detail),
        "bundles": newest_bundles(detail).into_values().collect::<Vec<_>>(),
    })
}

fn newest_rollout(detail: &PublicationDetail) -> Option<&Rollout> {
    newest_change(detail)?.rollout.as_ref()
}

/// What the newest change of who is served what changed: a promotion for whom it reached.
pub(crate) fn newest_diff(detail: &PublicationDetail) -> &Diff {
    let own = newest_change(detail).and_then(|change| change.diff.as_ref());
    own.unwrap_or(&detail.publication.diff)
}

fn newest_change(detail: &PublicationDetail) -> Option<&Change> {
    let mut changes = detail.changes.iter().rev();
    changes.find(|change| change.rollout.is_some())
}

/// By scope. The oldest come first: the newest of a scope stays.
fn newest_bundles(detail: &PublicationDetail) -> BTreeMap<&str, &BundleRecord> {
    let bundles = detail.bundles.iter();
    bundles.map(|bundle| (&*bundle.scope, bundle)).collect()
}

const VARIABLE: &str = "AEGIS_TOKEN";
const MISTAKES: &str = "publication.mistakes";
