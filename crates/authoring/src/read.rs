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
                let added = written.add(&Arc::new(document), problems);
                written.is_whole &= problems.take_from(added).is_some();
            }
        }
        written
    }

    /// An error where the document could not be read; a second one of a name can, and is told.
    fn add(&mut self, document: &Arc<Document>, problems: &mut Problems) -> Result<(), Problems> {
        if !is_of_a_kind(document) {
            self.plain.push(Arc::clone(document));
            return Ok(());
        }
        let Ok(kind) = document.read_at::<Kind>(&["kind"]) else {
            return document.read::<Header>().map(|_| ());
        };
        match kind {
            Kind::Tenant => add(&mut self.tenants, kind, document, problems),
            Kind::AgentPolicy => add(&mut self.policies, kind, document, problems),
            Kind::Tool => add(&mut self.tools, kind, document, problems),
            Kind::Provider => add(&mut self.providers, kind, document, problems),
            Kind::DlpProfile => add(&mut self.dlp_profiles, kind, document, problems),
        }
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

fn add<S, L>(
    items: &mut Items<S, L>,
    kind: Kind,
    document: &Arc<Document>,
    problems: &mut Problems,
) -> Result<(), Problems>
where
    L: Default,
    Manifest<L, S>: DeserializeOwned,
{
    let Manifest { metadata, spec, .. } = document.read::<Manifest<L, S>>()?;
    let Metadata { name, labels } = metadata;
    if name.is_empty() {
        return Err(document.problem(NAME, "a name is not empty").into());
    }
    if let Some(first) = items.get(&name) {
        let message = format!(
            "the {kind} `{name}` is already defined at {}",
            first.name().origin()
        );
        problems.push(document.problem(NAME, message));
        return Ok(());
    }
    let document = Arc::clone(document);
    let item = Item {
        document,
        labels,
        spec,
    };
    items.insert(name, item);
    Ok(())
}

const NAME: &[&str] = &["metadata", "name"];
