//! `aegis publish`: a directory of policies to the control plane. Compares before it sends, so that nothing opens by accident.

use std::path::PathBuf;
use std::process::ExitCode;

use aegis_api::{Diff, PublicationDetail, PublicationList, Publish, Rollout, SourceFile, paths};
use aegis_authoring::{Files, untried};
use aegis_client::Client;
use aegis_policy::{Mode, Source};
use clap::Args;
use serde_json::{Value as Json, json};

use super::Telling;
use crate::commands::policy::directory;
use crate::compiler::{compare, first, sorted_sources, unknown, words};
use crate::control_plane::{
    Reach, announcement, announcement_json, failure, failure_of_change, rollout,
};
use crate::exit::{Exit, Failure};
use crate::output::{self, note, result};

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// All policy sources: documents, data, Rego modules, tests
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    #[command(flatten)]
    reach: Reach,
    /// Why, for whoever reads the history
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// To some first: a percentage such as 10%, or a label such as ring=canary
    #[arg(long, value_name = "SHARE", value_parser = rollout)]
    canary: Option<Rollout>,
    /// The newest publication that you know; refused if there is a newer one
    #[arg(long, value_name = "N")]
    base: Option<u64>,
    /// Publish although some call goes from deny to allow, or may: where a Rego module goes or is another
    #[arg(long)]
    allow_loosening: bool,
    #[command(flatten)]
    telling: Telling,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let texts = directory::texts(&arguments.directory)?;
    let new = Files::sort(texts.clone());
    let files: Vec<_> = texts.into_iter().map(source_file).collect();
    check(&new)?;
    let client = arguments.reach.client()?;
    let base = match arguments.base {
        Some(base) => base,
        None => newest(&client).await?,
    };
    let old = sources_of(&client, base).await?;
    let is_first = old.is_empty();
    let diff = difference(old, new).await?;
    if !arguments.telling.in_json() {
        result(format!("changes since publication {base}:"));
        diff.lines
            .iter()
            .for_each(|line| result(format!("  {line}")));
    }
    if diff.loosened && !is_first && !arguments.allow_loosening {
        if arguments.telling.in_json() {
            output::json(&unpublished(base, &diff));
        }
        note("nothing was published");
        let message =
            "some call goes from deny to allow, or may; if that is meant, give --allow-loosening";
        return Err(Failure::new(Exit::Refused, message));
    }
    let publish = Publish {
        base,
        reason: arguments.reason,
        files,
        rollout: arguments.canary.unwrap_or(Rollout::All),
    };
    let done: PublicationDetail = client
        .post(paths::PUBLICATIONS, &publish)
        .await
        .map_err(|error| failure_of_change(&error))?;
    if arguments.telling.in_json() {
        output::json(&announcement_json(&done));
    } else {
        result(announcement(&done));
    }
    Ok(ExitCode::SUCCESS)
}

/// What was found out before nothing was sent.
fn unpublished(base: u64, diff: &Diff) -> Json {
    json!({"schema_version": 1, "publication": null, "base": base, "diff": diff})
}

/// Every mistake and every failed test, before anybody is asked anything. On both evaluators the
/// control plane tries it.
fn check(files: &Files) -> Result<(), Failure> {
    untried(files, Mode::Enforce)
        .and_then(|(_, policy)| policy.bench().test(&files.tests, &files.module_tests))
        .map_err(|problems| {
            Failure::new(
                Exit::Configuration,
                format!("{problems}\nnothing was published"),
            )
        })
}

/// 0 before the first.
async fn newest(client: &Client) -> Result<u64, Failure> {
    let path = format!("{}?limit=1", paths::PUBLICATIONS);
    let list: PublicationList = client.get(&path).await.map_err(|error| failure(&error))?;
    let newest = list.publications.first();
    Ok(newest.map_or(0, |newest| newest.number))
}

async fn sources_of(client: &Client, number: u64) -> Result<Vec<SourceFile>, Failure> {
    if number == 0 {
        return Ok(Vec::new());
    }
    let path = paths::PUBLICATION.replace("{number}", &number.to_string());
    let detail: PublicationDetail = client.get(&path).await.map_err(|error| failure(&error))?;
    Ok(detail.files)
}

async fn difference(old: Vec<SourceFile>, new: Files) -> Result<Diff, Failure> {
    if old.is_empty() {
        return Ok(first());
    }
    let work = move || {
        compare(&sorted_sources(&old), &new).map_or_else(
            |problems| unknown(&problems),
            |difference| words(&difference),
        )
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| Failure::new(Exit::Failed, "the comparison was cut short"))
}

fn source_file(source: Source) -> SourceFile {
    SourceFile {
        path: source.file,
        text: source.text,
    }
}

const EXAMPLES: &str = "\
Examples:
  aegis publish ./policies --control https://control.example:8181 --reason 'refunds up to 500, ticket 812'
  aegis publish ./policies --control http://127.0.0.1:8181 --token-file token --reason 'new agent' --canary 10%
  aegis publish ./policies --control http://127.0.0.1:8181 --reason 'new agent' --canary ring=canary --allow-loosening

Ends with 3, and publishes nothing, where some call that is denied would be
allowed and --allow-loosening is not given, or where another was first; with 78
where the policies have mistakes or fail their tests.";
