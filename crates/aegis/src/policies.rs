//! Policies as texts, for commands that look at them before a proxy does. Judges nothing.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

use aegis_config::{PolicySettings, PolicySource};
use aegis_document::Document;
use aegis_policy::{Mode, Source, Sources};

use crate::samples;

/// What these settings mean in this region, or why it cannot be read. `None` where a control plane
/// has it. Where the sample has not been written yet, it is as it will be.
pub(crate) fn sources(policy: &PolicySettings, region: &str) -> Result<Option<Sources>, String> {
    let mode = aegis_proxy::mode_of(policy.mode);
    let sources = match &policy.source {
        PolicySource::Bundle(bundle) => match &bundle.file {
            Some(file) => aegis_proxy::read_policy_bundle(bundle, file, region, mode),
            None => return Ok(None),
        },
        PolicySource::Sample(directory) if !directory.exists() => Ok(sample(directory, mode)),
        PolicySource::Directory(directory) | PolicySource::Sample(directory) => {
            aegis_proxy::read_policy_directory(directory, mode)
                .map_err(|error| format!("policy directory: {error}"))
        }
    };
    sources.map(Some)
}

fn sample(directory: &Path, mode: Mode) -> Sources {
    let data = samples::FIRST.iter().map(|(name, text)| Source {
        file: directory.join(name).display().to_string(),
        text: (*text).to_owned(),
    });
    Sources {
        modules: Vec::new(),
        data: data.collect(),
        mode,
    }
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
