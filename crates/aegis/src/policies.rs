//! Policies as texts, for commands that look at them before a proxy does. Judges nothing.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;

use aegis_config::PolicySettings;
use aegis_document::Document;
use aegis_policy::{Source, Sources};

use crate::samples;

/// What these settings mean. Where the sample has not been written yet, it is as it will be.
pub(crate) fn sources(policy: &PolicySettings) -> io::Result<Sources> {
    let mode = aegis_proxy::mode_of(policy.mode);
    if !policy.sample || policy.directory.exists() {
        return aegis_proxy::read_policy_directory(&policy.directory, mode);
    }
    let data = samples::FIRST.iter().map(|(name, text)| Source {
        file: policy.directory.join(name).display().to_string(),
        text: (*text).to_owned(),
    });
    Ok(Sources {
        modules: Vec::new(),
        data: data.collect(),
        mode,
    })
}

/// Whom the policies know: agents, each with its tenant. A file with mistakes says nothing.
pub(crate) fn agents(sources: &Sources) -> BTreeMap<String, String> {
    let files = sources.data.iter().filter_map(|source| {
        let document = Document::parse(&source.file, &source.text).ok()?;
        let agents = document.read_at::<BTreeMap<String, Agent>>(&["aegis", "agents"]);
        agents.ok()
    });
    files
        .flatten()
        .map(|(name, agent)| (name, agent.tenant))
        .collect()
}

/// The part of an agent that says whose it is.
#[derive(serde::Deserialize)]
struct Agent {
    tenant: String,
}
