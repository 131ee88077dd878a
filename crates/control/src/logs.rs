//! `POST /v1/logs`: batches of audit lines, each stored once. A data plane speaks for its own tenants only.

use std::collections::BTreeSet;
use std::sync::Arc;

use aegis_api::{BATCH_HEADER, LogReceipt};
use axum::body::Body;
use axum::extract::State;
use axum::{Extension, Json};
use http::HeaderMap;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::body::{self, Bounds};
use crate::error::Fault;
use crate::plane::Plane;
use crate::principals::Caller;
use crate::routes;
use crate::settings::is_plain;
use crate::store::{Line, time_text};

/// The whole batch is stored or nothing of it.
pub(crate) async fn take(
    State(plane): State<Arc<Plane>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<LogReceipt>, Fault> {
    let batch = batch(&headers)?;
    let limits = &plane.limits;
    let bounds = Bounds {
        bytes: limits.batch_bytes,
        time: limits.body_timeout,
    };
    let unpacked = limits.unpacked_batch_bytes;
    let body = body::maybe_gzip(&headers, body, bounds, unpacked).await?;
    let texts: Vec<Box<RawValue>> = body::parse(&body)?;
    if texts.len() > limits.batch_lines {
        return Err(Fault::Invalid("the batch has too many lines".into()));
    }
    let lines = texts.iter().map(|text| line(text.get()));
    let lines = lines.collect::<Result<Vec<_>, _>>()?;
    let own = &caller.scope()?.tenants;
    let is_foreign = |line: &&Line| !own.contains(&line.tenant) && !is_nobodys(&line.tenant);
    if let Some(foreign) = lines.iter().find(is_foreign) {
        return Err(routes::refuse(&plane, &caller, TAKE, &foreign.tenant, Fault::Tenant).await);
    }
    let stored = plane
        .store
        .append_lines(caller.name(), &batch, &lines, Timestamp::now())
        .await?;
    Ok(Json(LogReceipt {
        stored,
        known: lines.len() as u64 - stored,
    }))
}

/// The words of a line by which it is found. All others are kept as they are.
#[derive(Deserialize)]
struct Words<'a> {
    event: &'a str,
    time: Timestamp,
    #[serde(default)]
    id: &'a str,
    #[serde(default)]
    tenant: String,
    #[serde(default)]
    agent: String,
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    region: String,
    #[serde(default)]
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    rule: String,
}

fn line(text: &str) -> Result<Line, Fault> {
    let words: Words<'_> = serde_json::from_str(text).map_err(|_| {
        Fault::Malformed("something in the batch is not a line of an audit log".into())
    })?;
    let is_of_a_call = matches!(words.event, "decision" | "end");
    if is_of_a_call && words.id.is_empty() {
        return Err(Fault::Malformed("a line of a call has no `id`".into()));
    }
    let found_by = [
        words.event,
        words.id,
        &words.tenant,
        &words.agent,
        &words.region,
    ];
    let too_long = found_by.iter().any(|word| word.len() > LONGEST_WORD);
    if too_long || words.rules.len() > MOST_RULES || text.len() > LONGEST_LINE {
        return Err(Fault::Invalid(
            "a line of the batch, or a word in it, is too long".into(),
        ));
    }
    Ok(Line {
        event: words.event.to_owned(),
        decision_id: is_of_a_call.then(|| words.id.to_owned()),
        time: time_text(words.time),
        tenant: words.tenant,
        agent: words.agent,
        outcome: words.outcome,
        region: words.region,
        rules: words
            .rules
            .into_iter()
            .map(|rule| rule.rule)
            .collect::<BTreeSet<_>>(),
        text: text.to_owned(),
    })
}

/// Lines of calls whose caller was not proven, and lines that belong to no call.
fn is_nobodys(tenant: &str) -> bool {
    matches!(tenant, "" | "anonymous")
}

fn batch(headers: &HeaderMap) -> Result<String, Fault> {
    let value = headers
        .get(BATCH_HEADER)
        .and_then(|value| value.to_str().ok());
    let name = value.filter(|name| is_plain(name));
    name.map(str::to_owned).ok_or(Fault::Malformed(
        "the header `aegis-batch` must name the batch in 1 to 128 letters, digits and `._-`".into(),
    ))
}

pub(crate) const TAKE: &str = "uploadLogs";
const LONGEST_WORD: usize = 1_024;
const LONGEST_LINE: usize = 1 << 20;
const MOST_RULES: usize = 1_000;
