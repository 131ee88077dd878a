//! Policies as texts, for commands that look at them before a proxy does. Judges nothing.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

use aegis_authoring::Files;
use aegis_config::{BundleSettings, PolicySettings, PolicySource};
use aegis_document::{Document, Problems};
use aegis_policy::{Mode, Snapshot, Source, Sources, sensitive};

use crate::samples;

/// What a policy is made of here, and what decides by it.
pub(crate) struct Policy {
    pub(crate) sources: Sources,
    pub(crate) snapshot: Snapshot,
}

/// Why there is no policy to look at.
pub(crate) enum Unusable {
    Unreadable(String),
    Mistaken(Problems),
}

/// What these settings mean in this region. `None` where a control plane has it. Where the sample
/// has not been written yet, it is as it will be.
pub(crate) fn read(policy: &PolicySettings, region: &str) -> Result<Option<Policy>, Unusable> {
    let mode = aegis_proxy::mode_of(policy.mode);
    let files = match &policy.source {
        PolicySource::Bundle(bundle) => return read_bundle(bundle, region, mode),
        PolicySource::Sample(directory) if !directory.exists() => sample(directory),
        PolicySource::Directory(directory) | PolicySource::Sample(directory) => {
            let unreadable = |error| Unusable::Unreadable(format!("policy directory: {error}"));
            aegis_proxy::read_policy_directory(directory).map_err(unreadable)?
        }
    };
    let (compiled, snapshot) =
        aegis_authoring::check(&files, mode, 1).map_err(Unusable::Mistaken)?;
    let sources = compiled.sources(mode);
    Ok(Some(Policy { sources, snapshot }))
}

fn read_bundle(
    bundle: &BundleSettings,
    region: &str,
    mode: Mode,
) -> Result<Option<Policy>, Unusable> {
    let Some(file) = &bundle.file else {
        return Ok(None);
    };
    let sources = aegis_proxy::read_policy_bundle(bundle, file, region, mode)
        .map_err(|error| Unusable::Unreadable(format!("{}: {error}", file.display())))?;
    let snapshot = Snapshot::build(&sources, 1).map_err(Unusable::Mistaken)?;
    Ok(Some(Policy { sources, snapshot }))
}

fn sample(directory: &Path) -> Files {
    let data = samples::FIRST.iter().map(|(name, text)| Source {
        file: directory.join(name).display().to_string(),
        text: (*text).to_owned(),
    });
    Files {
        data: data.collect(),
        ..Files::default()
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

/// The types that only a detector outside of Aegis finds, as far as profiles rule on them, each with the
/// names of these profiles.
pub(crate) fn outside_types(sources: &Sources) -> BTreeMap<String, Vec<String>> {
    let files = sources.data.iter().filter_map(|source| {
        let document = Document::parse(&source.file, &source.text).ok()?;
        let profiles = document.read_at::<BTreeMap<String, Profile>>(&["aegis", "profiles"]);
        profiles.ok()
    });
    let mut types: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, profile) in files.flatten() {
        let outside = profile.data.into_keys();
        for kind in outside.filter(|kind| sensitive::is_outside(kind)) {
            types.entry(kind).or_default().push(name.clone());
        }
    }
    types
}

/// The part of a profile that rules on data.
#[derive(serde::Deserialize)]
struct Profile {
    #[serde(default)]
    data: BTreeMap<String, serde_json::Value>,
}

/// The part of an agent that says whose it is.
#[derive(serde::Deserialize)]
struct Agent {
    tenant: String,
}
