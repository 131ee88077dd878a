//! One policy, compiled and tested as a whole: what a proxy decides by until the next one replaces it.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use aegis_dlp::Scanner;
use aegis_document::{Problem, Problems};
use ring::digest;
use serde_json::Value as Json;

use crate::data::AegisData;
use crate::facts::Facts;
use crate::rego::{self, Answers, Evaluator, Extension, Oracle, Policy};
use crate::sources::Model;
use crate::{
    Caller, Catalogue, Decision, Fault, Intent, Mode, Sources, check, compile, detectors, selftest,
};

/// Everything that judges a call. Immutable, shared by all threads; when it is replaced, drop it on
/// a thread that answers nobody, since it may be large.
pub struct Snapshot {
    policy: Policy,
    catalogue: Catalogue,
    revision: Revision,
    version: Arc<str>,
    modes: BTreeMap<String, TenantMode>,
    scanner: Arc<Scanner>,
    trouble: Option<Problem>,
}

/// Which policy decided, as records and answers name it: `7-0123456789ab`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Of a bundle the number that its publisher gave it; of a directory how many were built before.
    pub number: u64,
    /// SHA-256 in hex: of a bundle over its contents, of a directory over mode, library and sources.
    pub digest: Arc<str>,
}

/// Whether a tenant's policy findings and its residency findings count or are only recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TenantMode {
    pub policy: Mode,
    pub residency: Mode,
}

impl Revision {
    /// Of these sources, by their own digest.
    pub fn of(sources: &Sources, number: u64) -> Self {
        Self {
            number,
            digest: digest(sources),
        }
    }

    /// Whether these sources are what the snapshot was built from.
    pub fn is_of(&self, sources: &Sources) -> bool {
        *self.digest == *digest(sources)
    }
}

/// Machine and interpreter side by side, for tests and for explaining.
pub struct Comparison<'a>(Oracle<'a>);

impl Snapshot {
    /// Reads everything, compiles everything and tests it on both evaluators, or says all that is wrong.
    pub fn build(sources: &Sources, number: u64) -> Result<Self, Problems> {
        Self::build_as(sources, Revision::of(sources, number))
    }

    /// The same, under a revision that somebody else has given to these sources.
    pub fn build_as(sources: &Sources, revision: Revision) -> Result<Self, Problems> {
        Self::build_on(rego::LIBRARY, sources, revision)
    }

    /// The same, with the data as it was written.
    pub(crate) fn build_with_model(
        sources: &Sources,
        revision: Revision,
    ) -> Result<(Self, Model), Problems> {
        let (mut snapshot, model) = Self::untried_with_model(sources, revision)?;
        selftest::run(&mut snapshot, &model.data)?;
        Ok((snapshot, model))
    }

    /// The same, not yet tried on both evaluators.
    pub(crate) fn untried_with_model(
        sources: &Sources,
        revision: Revision,
    ) -> Result<(Self, Model), Problems> {
        let (model, parts) = Parts::read(sources)?;
        let snapshot = parts.build(rego::LIBRARY, &model.data, sources.mode, revision)?;
        Ok((snapshot, model))
    }

    fn build_on(library: &str, sources: &Sources, revision: Revision) -> Result<Self, Problems> {
        let (model, parts) = Parts::read(sources)?;
        // Everything is in order, so no place in a text is asked for again.
        let data = model.data;
        let mut snapshot = parts.build(library, &data, sources.mode, revision)?;
        selftest::run(&mut snapshot, &data)?;
        Ok(snapshot)
    }

    /// Whether there are a tenant and an agent of these names. Where not, every call is denied, whatever it asks for.
    pub fn knows(&self, caller: &Caller) -> bool {
        self.modes.contains_key(&*caller.tenant) && self.policy.knows(&caller.agent)
    }

    /// The decision on one call; there always is one. Blocks on nothing.
    pub fn decide(&self, intent: &Intent) -> Decision {
        self.policy.decide(intent)
    }

    /// The same, never from memory: for measuring and for comparing.
    pub fn evaluate(&self, intent: &Intent) -> Decision {
        self.policy.evaluate(intent)
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Finds what this policy speaks of: the types of the catalogue and those of its own detectors.
    pub fn scanner(&self) -> &Arc<Scanner> {
        &self.scanner
    }

    pub fn revision(&self) -> &Revision {
        &self.revision
    }

    /// The revision in words, made once: every call on record has them.
    pub fn version(&self) -> &Arc<str> {
        &self.version
    }

    /// Unique in this process, and never 0: tells whether another policy has come into force.
    pub fn epoch(&self) -> u64 {
        self.policy.epoch()
    }

    /// What users' modules run on, and why; `None` where there are none. The library is always on
    /// the bytecode machine.
    pub fn modules(&self) -> Option<Evaluator> {
        self.policy.evaluator()
    }

    /// What users' modules failed with on a made-up call, and where. Such calls are denied.
    pub fn trouble(&self) -> Option<&Problem> {
        self.trouble.as_ref()
    }

    pub(crate) fn troubled_by(&mut self, trouble: Option<Problem>) {
        self.trouble = trouble;
    }

    pub(crate) fn distrust_machine(&mut self, reason: &str) {
        self.policy.distrust_machine(reason);
    }

    /// By tenant, for the line that start-up prints.
    pub fn modes(&self) -> &BTreeMap<String, TenantMode> {
        &self.modes
    }

    /// Both evaluators, to be asked the same. Slow to make and not for deciding.
    pub fn comparison(&self) -> Result<Comparison<'_>, Fault> {
        self.policy.oracle().map(Comparison)
    }

    /// The shipped library's text.
    pub fn library() -> &'static str {
        rego::LIBRARY
    }

    /// The module by which OPA hands users' findings to the library.
    pub fn glue_for_opa() -> &'static str {
        rego::GLUE
    }
}

impl Comparison<'_> {
    /// What each evaluator answers to this intent, and the input that both were given.
    pub fn answers(&mut self, intent: &Intent) -> Result<Answers, Fault> {
        self.0.ask(intent)
    }

    /// Whether both come to exactly the same decision.
    pub fn agree(&mut self, intent: &Intent) -> Result<bool, Fault> {
        self.0.agree(intent)
    }

    /// Whether users' modules that run on the machine find the same on the interpreter.
    pub(crate) fn users_agree(&mut self, intent: &Intent) -> bool {
        self.0.users_agree(intent)
    }

    /// How many instructions the machine takes for this intent: exact, unlike time.
    pub fn instructions(&mut self, intent: &Intent) -> Result<usize, Fault> {
        self.0.instructions(intent)
    }

    /// What the library knows as `data`.
    pub fn data(&self) -> Result<Json, Fault> {
        self.0.data()
    }
}

/// What is made of the data before it is compiled for the library.
struct Parts {
    facts: Facts,
    catalogue: Catalogue,
    extension: Extension,
}

impl Parts {
    /// All mistakes of form, of meaning and of modules together.
    fn read(sources: &Sources) -> Result<(Model, Self), Problems> {
        let (model, mut problems) = Model::read_all(&sources.data);
        let facts = problems.take_from(check::check(&model));
        let catalogue = problems.take_from(Catalogue::compile(&model));
        let extension = problems.take_from(Extension::compile(&sources.modules, &model));
        let (Some(facts), Some(catalogue), Some(extension), true) =
            (facts, catalogue, extension, problems.is_empty())
        else {
            return Err(problems.sorted());
        };
        let parts = Self {
            facts,
            catalogue,
            extension,
        };
        Ok((model, parts))
    }

    fn build(
        self,
        library: &str,
        data: &AegisData,
        mode: Mode,
        revision: Revision,
    ) -> Result<Snapshot, Problems> {
        let compiled = compile::compile(data, mode);
        Ok(Snapshot {
            policy: Policy::build(library, data, compiled, self.extension, self.facts)?,
            catalogue: self.catalogue,
            version: revision.to_string().into(),
            revision,
            modes: modes(data, mode),
            scanner: detectors::scanner(data).map_err(|error| no_scanner(&error))?,
            trouble: None,
        })
    }
}

fn no_scanner(error: &aegis_dlp::BuildError) -> Problems {
    Problems::from(Problem {
        file: "policy data".to_owned(),
        line: 1,
        column: 1,
        message: error.to_string(),
        hint: None,
    })
}

fn modes(data: &AegisData, mode: Mode) -> BTreeMap<String, TenantMode> {
    let of_each = data.tenants.iter().map(|(name, tenant)| {
        let policy = if mode == Mode::Shadow {
            Mode::Shadow
        } else {
            tenant.mode
        };
        (
            name.clone(),
            TenantMode {
                policy,
                residency: tenant.residency,
            },
        )
    });
    of_each.collect()
}

/// Each part is led by its length, so that no two different sets of texts look alike.
fn digest(sources: &Sources) -> Arc<str> {
    let mut context = digest::Context::new(&digest::SHA256);
    let mut add = |text: &str| {
        context.update(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(text.as_bytes());
    };
    add(sources.mode.as_str());
    add(rego::LIBRARY);
    for (kind, texts) in [("module", &sources.modules), ("data", &sources.data)] {
        for source in texts {
            add(kind);
            add(&source.text);
        }
    }
    hex::encode(context.finish()).into()
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}-{}",
            self.number,
            self.digest.get(..12).unwrap_or(&self.digest)
        )
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("revision", &self.revision)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Comparison<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Comparison").finish_non_exhaustive()
    }
}

/// A snapshot is judged by from every thread at once.
const fn shared<T: Send + Sync>() {}
const _: () = shared::<Snapshot>();
