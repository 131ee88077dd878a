//! What an agent tells of its artifacts in the events of a stream: where one event carries on the text of another, both are one text.
//!
//! As in the answers of LLMs, texts wait in redactors, never in events. It knows no framing.

use serde_json::Value;

use super::{Cleaner, ContentError, Flow};
use crate::answer::event::spells;
use crate::json::{Kind, Node, Tree};
use crate::nested;

/// The texts that may go on with the next event.
#[derive(Debug, Default)]
pub(super) struct Artifacts(Vec<Artifact>);

#[derive(Debug)]
struct Artifact {
    /// Of the task and the artifact.
    ids: [String; 2],
    flow: Flow,
    like: Like,
}

/// An event that says nothing but a piece of a text: what stands before and behind it.
#[derive(Debug, Default)]
struct Like {
    before: String,
    after: String,
}

/// One event of an agent's stream.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Told {
    /// Events that go before it.
    pub(super) before: Vec<String>,
    /// What it says instead; `None` where it goes as it came.
    pub(super) instead: Option<String>,
}

/// An update of an artifact, of 1.0 and 0.3, over JSON-RPC and over plain HTTP.
struct Update<'t> {
    ids: [String; 2],
    /// It carries on what was told before.
    appends: bool,
    is_last: bool,
    parts: Vec<Node<'t>>,
}

impl Artifacts {
    /// `None` where it is no event of an agent's, or says nothing of texts.
    pub(super) fn event(
        &mut self,
        cleaner: &mut Cleaner,
        data: &[u8],
    ) -> Result<Option<Told>, ContentError> {
        // Whatever is no object is nobody's update.
        let Ok(tree) = Tree::parse(data) else {
            return Ok(None);
        };
        let Some(root) = tree.root() else {
            return Ok(None);
        };
        let text = std::str::from_utf8(data).map_err(|_| ContentError::Utf8)?;
        let Some(update) = Update::of(root) else {
            if self.0.is_empty() || goes_on(root) {
                return Ok(None);
            }
            let before = self.end(cleaner)?;
            let instead = cleaner.json(data)?;
            return Ok(Some(Told { before, instead }));
        };
        let mut told = Told::default();
        let known = self.0.iter().position(|it| it.ids == update.ids);
        let mut open = known.map(|at| self.0.remove(at));
        let texts: Vec<_> = update.parts.iter().map(|part| text_of(*part)).collect();
        let carries_on = update.appends && texts.first().is_none_or(Option::is_some);
        if let Some(artifact) = open.take_if(|_| !carries_on) {
            told.before.extend(artifact.rest(cleaner)?);
        }
        let mut said = Vec::new();
        let mut flow = open.map(|artifact| (artifact.flow, Some(artifact.like)));
        for (at, node) in texts.iter().enumerate() {
            let Some(node) = node else { continue };
            let piece = node.text().unwrap_or_default();
            let is_last = at + 1 == texts.len();
            let goes_on = is_last && !update.is_last;
            if flow.is_none() && (!goes_on || nested::within(&piece, 0).is_some()) {
                // Whole, as any other text.
                continue;
            }
            // As it would be searched in one event.
            let begin = || (cleaner.flow(node.key().as_deref()), None);
            let (mut redactor, like) = flow.take().unwrap_or_else(begin);
            let mut settled = cleaner.push(&mut redactor, piece.as_bytes())?;
            if goes_on {
                flow = Some((redactor, like));
            } else {
                settled.extend(cleaner.close(redactor)?);
            }
            let settled = String::from_utf8(settled).map_err(|_| ContentError::Utf8)?;
            said.push((node.span(), settled));
        }
        told.instead = cleaner.json_saying(&tree, text, &said)?;
        if let Some((flow, like)) = flow {
            if self.0.len() >= MOST {
                return Err(ContentError::TooLong);
            }
            let like = match like {
                Some(like) => like,
                None => Like::event(told.instead.as_deref().unwrap_or(text))?,
            };
            let ids = update.ids;
            self.0.push(Artifact { ids, flow, like });
        }
        Ok(Some(told))
    }

    /// What remains of the texts, as events.
    pub(super) fn end(&mut self, cleaner: &mut Cleaner) -> Result<Vec<String>, ContentError> {
        let rests = self.0.drain(..).map(|artifact| artifact.rest(cleaner));
        let rests: Result<Vec<_>, _> = rests.collect();
        Ok(rests?.into_iter().flatten().collect())
    }
}

impl Artifact {
    fn rest(self, cleaner: &mut Cleaner) -> Result<Option<String>, ContentError> {
        let rest = cleaner.close(self.flow)?;
        let rest = String::from_utf8(rest).map_err(|_| ContentError::Utf8)?;
        if rest.is_empty() {
            return Ok(None);
        }
        let Like { before, after } = self.like;
        Ok(Some(format!("{before}{}{after}", Value::from(rest))))
    }
}

impl Like {
    /// The event without what else it says: on the way to its last text, what is neither list nor object stays.
    fn event(text: &str) -> Result<Self, ContentError> {
        let tree = Tree::parse(text.as_bytes())?;
        let update = tree.root().and_then(Update::of);
        let text = update.and_then(|update| text_of(*update.parts.last()?));
        let path = std::iter::successors(text, |node| node.parent());
        let mut path: Vec<_> = path.collect();
        path.reverse();
        let mut like = Self::default();
        for (outer, inner) in path.iter().zip(path.iter().skip(1)) {
            let Some(key) = inner.key() else {
                like.around("[", "]");
                continue;
            };
            like.around("{", "}");
            for child in outer.children() {
                let key = child.key().unwrap_or_default();
                let stays = !ONCE.iter().any(|once| spells(&key, once));
                if stays && !matches!(child.kind(), Kind::Array | Kind::Object) {
                    like.says(&key, child.raw());
                }
            }
            if spells(&key, "artifact") {
                like.says("append", "true");
            }
            like.before.extend([&*Value::from(&*key).to_string(), ":"]);
        }
        Ok(like)
    }

    fn around(&mut self, before: &str, after: &str) {
        self.before.push_str(before);
        self.after.insert_str(0, after);
    }

    fn says(&mut self, key: &str, value: &str) {
        let key = Value::from(key).to_string();
        self.before.extend([&*key, ":", value, ","]);
    }
}

impl<'t> Update<'t> {
    fn of(root: Node<'t>) -> Option<Self> {
        let holder = member(root, "result").unwrap_or(root);
        let update = member(holder, "artifactUpdate").unwrap_or(holder);
        let artifact = member(update, "artifact").filter(|it| it.kind() == Kind::Object)?;
        let id = |node, name| member(node, name).map_or("", Node::raw).to_owned();
        let is_true = |name| member(update, name).map(Node::kind) == Some(Kind::Bool(true));
        // Whatever some client may take for a yes.
        let appends = member(update, "append")
            .is_some_and(|it| !matches!(it.kind(), Kind::Null | Kind::Bool(false)));
        let parts = member(artifact, "parts")
            .into_iter()
            .flat_map(Node::children);
        Some(Self {
            ids: [id(update, "taskId"), id(artifact, "artifactId")],
            appends,
            is_last: is_true("lastChunk"),
            parts: parts.collect(),
        })
    }
}

/// Whether texts may go on behind this event: it tells that the task is under way, or nothing that an agent's
/// client would read.
fn goes_on(root: Node<'_>) -> bool {
    let holder = member(root, "result").unwrap_or(root);
    let kind = member(holder, "kind").and_then(Node::text);
    let is = |name: &str, word: &str| {
        member(holder, name).is_some() || kind.as_ref().is_some_and(|kind| *kind == word)
    };
    if is("statusUpdate", "status-update") {
        let update = member(holder, "statusUpdate").unwrap_or(holder);
        let state = member(update, "status").and_then(|status| member(status, "state")?.text());
        let works = state.is_some_and(|state| UNDER_WAY.contains(&&*state));
        let is_final = member(update, "final").map(Node::kind) == Some(Kind::Bool(true));
        return works && !is_final;
    }
    !(is("task", "task") || is("message", "message") || member(root, "error").is_some())
}

/// The text of a part.
fn text_of(part: Node<'_>) -> Option<Node<'_>> {
    member(part, "text").filter(|text| text.kind() == Kind::String)
}

fn member<'t>(node: Node<'t>, name: &str) -> Option<Node<'t>> {
    let is_object = node.kind() == Kind::Object;
    let mut children = is_object.then(|| node.children()).into_iter().flatten();
    children.find(|child| child.key().is_some_and(|key| spells(&key, name)))
}

/// What only the one event says.
const ONCE: [&str; 3] = ["append", "lastChunk", "text"];
/// States of a task of which more is to come, of 0.3 and 1.0.
const UNDER_WAY: [&str; 4] = [
    "submitted",
    "working",
    "TASK_STATE_SUBMITTED",
    "TASK_STATE_WORKING",
];
/// Artifacts that are told side by side.
const MOST: usize = 128;

#[cfg(test)]
mod tests;
