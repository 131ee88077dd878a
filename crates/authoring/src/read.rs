//! Texts to typed documents and plain data, each with its place. What they mean together is judged elsewhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use aegis_document::{Document, Problems};
use aegis_policy::Source;
use serde::de::DeserializeOwned;

use crate::draft::Entry;
use crate::kinds::{
    AgentPolicy, DlpProfile, Header, Kind, Labels, Manifest, Metadata, NotEnforced, Provider,
    Tenant, Tool,
};
use crate::places::Spot;

/// All documents, by kind and name, as far as they could be read.
#[derive(Debug)]
pub(crate) struct Written {
    /// Whether that is all of them: else a name that is missing may be in what could not be read.
    pub(crate) is_whole: bool,
    pub(crate) plain: Vec<Arc<Document>>,
    pub(crate) tenants: Items<Tenant, Labels>,
    pub(crate) policies: Items<AgentPolicy>,
    pub(crate) tools: Items<Tool>,
    pub(crate) providers: Items<Provider>,
    pub(crate) dlp_profiles: Items<DlpProfile>,
}

pub(crate) type Items<S, L = NotEnforced> = BTreeMap<String, Item<S, L>>;

/// One document of some kind.
#[derive(Debug)]
pub(crate) struct Item<S, L = NotEnforced> {
    document: Arc<Document>,
    pub(crate) labels: L,
    pub(crate) spec: S,
}

impl Written {
    pub(crate) fn read(sources: &[Source], problems: &mut Problems) -> Self {
        let mut written = Self {
            is_whole: true,
            plain: Vec::new(),
            tenants: Items::new(),
            policies: Items::new(),
            tools: Items::new(),
            providers: Items::new(),
            dlp_profiles: Items::new(),
        };
        for source in sources {
            let documents = Document::parse_all(&source.file, &source.text);
            let documents = problems.take_from(documents);
            written.is_whole &= documents.is_some();
            for document in documents.into_iter().flatten() {
                written.add(document, problems);
            }
        }
        written
    }

    fn add(&mut self, document: Document, problems: &mut Problems) {
        if !is_of_a_kind(&document) {
            self.plain.push(Arc::new(document));
            return;
        }
        let is_sound = match document.read_at::<Kind>(&["kind"]) {
            Ok(kind @ Kind::Tenant) => add(&mut self.tenants, kind, document, problems),
            Ok(kind @ Kind::AgentPolicy) => add(&mut self.policies, kind, document, problems),
            Ok(kind @ Kind::Tool) => add(&mut self.tools, kind, document, problems),
            Ok(kind @ Kind::Provider) => add(&mut self.providers, kind, document, problems),
            Ok(kind @ Kind::DlpProfile) => add(&mut self.dlp_profiles, kind, document, problems),
            Err(_) => problems.take_from(document.read::<Header>()).is_some(),
        };
        self.is_whole &= is_sound;
    }
}

impl<S, L> Item<S, L> {
    pub(crate) fn spot(&self, path: &[&str]) -> Spot {
        Spot::new(&self.document, path)
    }

    pub(crate) fn spec(&self, path: &[&str]) -> Spot {
        self.spot(&["spec"]).below(path)
    }

    pub(crate) fn name(&self) -> Spot {
        self.spot(NAME)
    }

    pub(crate) fn entry(&self) -> Entry {
        Entry {
            name: self.name(),
            spec: self.spec(&[]),
        }
    }
}

/// A document whose `apiVersion` is missing or misspelled is still a document, and not data that
/// nobody reads.
fn is_of_a_kind(document: &Document) -> bool {
    let keys = document.keys();
    let has = |key| keys.contains(&key);
    has("apiVersion") || has("kind") && (has("spec") || has("metadata"))
}

/// As far as it can be read; false where that is not all of it. A second one of a name is told, and is no such case.
fn add<S, L>(
    items: &mut Items<S, L>,
    kind: Kind,
    mut document: Document,
    problems: &mut Problems,
) -> bool
where
    L: Default,
    Manifest<L, S>: DeserializeOwned,
{
    let (manifest, mistakes) = document.read_sound::<Manifest<L, S>>();
    let is_sound = mistakes.is_empty();
    problems.extend(mistakes);
    let Some(Manifest { metadata, spec, .. }) = manifest else {
        return false;
    };
    if document.is_in_doubt(NAME) {
        return false;
    }
    let Metadata { name, labels } = metadata;
    if name.is_empty() {
        problems.push(document.problem(NAME, "a name is not empty"));
        return false;
    }
    if let Some(first) = items.get(&name) {
        let message = format!(
            "the {kind} `{name}` is already defined at {}",
            first.name().origin()
        );
        problems.push(document.problem(NAME, message));
        return is_sound;
    }
    let item = Item {
        document: Arc::new(document),
        labels,
        spec,
    };
    items.insert(name, item);
    is_sound
}

const NAME: &[&str] = &["metadata", "name"];
