//! `aegis status`: what the control plane serves, and what each data plane said last. Changes nothing.

use std::process::ExitCode;

use aegis_api::{DataPlane, Overview, ScopeStatus, Served, paths};
use clap::Args;
use serde_json::json;

use super::Format;
use crate::control_plane::{Reach, failure, rollout_words};
use crate::exit::Failure;
use crate::output;
use crate::table::table;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    reach: Reach,
    #[arg(
        short,
        long,
        value_enum,
        default_value = "table",
        value_name = "FORMAT"
    )]
    output: Format,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let client = arguments.reach.client()?;
    let overview: Overview = client
        .get(paths::STATUS)
        .await
        .map_err(|error| failure(&error))?;
    match arguments.output {
        Format::Json => output::json(&json!({
            "schema_version": 1,
            "scopes": overview.scopes,
            "data_planes": overview.data_planes,
        })),
        Format::Table => {
            output::result(scopes(&overview.scopes));
            output::result("");
            output::result(data_planes(&overview.data_planes));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn scopes(scopes: &[ScopeStatus]) -> String {
    let served = |served: &Option<Served>| {
        let words = |served: &Served| format!("{} ({})", served.publication, served.revision);
        served.as_ref().map_or_else(String::new, words)
    };
    let rows: Vec<[String; 6]> = scopes
        .iter()
        .map(|scope| {
            let expires = scope.released.as_ref().map(|served| served.expires_at);
            [
                scope.scope.clone(),
                served(&scope.released),
                served(&scope.canary),
                scope
                    .rollout
                    .as_ref()
                    .map_or_else(String::new, rollout_words),
                expires.map_or_else(String::new, |time| time.to_string()),
                scope.problem.clone().unwrap_or_default(),
            ]
        })
        .collect();
    let head = ["SCOPE", "RELEASED", "CANARY", "TO", "EXPIRES", "PROBLEM"];
    table(head, &rows)
}

fn data_planes(planes: &[DataPlane]) -> String {
    let rows: Vec<[String; 8]> = planes
        .iter()
        .map(|plane| {
            let wanted = plane.wanted_revision.clone().unwrap_or_default();
            let active = plane.active_revision.clone().unwrap_or_default();
            let error = [plane.code.as_deref(), plane.message.as_deref()];
            let error: Vec<&str> = error.into_iter().flatten().collect();
            [
                plane.principal.clone(),
                plane.id.clone(),
                plane.scope.clone(),
                active,
                wanted,
                plane.labels.get("modules").cloned().unwrap_or_default(),
                plane.last_seen.to_string(),
                error.join(": "),
            ]
        })
        .collect();
    let head = [
        "DATA PLANE",
        "INSTANCE",
        "SCOPE",
        "ACTIVE",
        "SERVED",
        "MODULES",
        "LAST SEEN",
        "ERROR",
    ];
    table(head, &rows)
}

const EXAMPLES: &str = "\
Examples:
  aegis status --control https://control.example:8181
  aegis status --control http://127.0.0.1:8181 --token-file token -o json";
