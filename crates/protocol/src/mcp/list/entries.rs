//! The lists within one event of an answer: their entries, where each stands, and the text without some of them.

use std::ops::Range;

use aegis_policy::{Call, CallKind, Parameters, Truncation};
use serde_json::Value;

use super::super::expected::Asked;
use super::super::{Expected, FollowError, digest, tool, uri};
use super::{Entry, ListKind};
use crate::answer::event::{member, string, typed};
use crate::json::{self, Kind, Node, Tree};
use crate::redact::edits::Edits;

/// What one event lists.
#[derive(Default)]
pub(super) struct Found {
    lists: Vec<Vec<Item>>,
    entries: usize,
}

struct Item {
    span: Range<usize>,
    /// `None` where no call of it could be judged: it never stays.
    entry: Option<Entry>,
    stays: Option<bool>,
}

impl Found {
    /// Reads a message, or several in an array.
    pub(super) fn read(bytes: &[u8], expected: &Expected) -> Result<Self, FollowError> {
        let tree = Tree::parse(bytes)?;
        let mut found = Self::default();
        let Some(root) = tree.root() else {
            return Ok(found);
        };
        match root.kind() {
            Kind::Object => found.message(root, expected)?,
            Kind::Array => {
                for message in root.children() {
                    found.message(message, expected)?;
                }
            }
            _ => return Err(FollowError::Malformed("it is no message")),
        }
        Ok(found)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items().next().is_none()
    }

    /// Entries of which no call could be judged.
    pub(super) fn unjudged(&self) -> u64 {
        self.items().filter(|item| item.entry.is_none()).count() as u64
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        self.items().filter_map(|item| item.entry.clone()).collect()
    }

    pub(super) fn decide(&mut self, verdicts: &[bool]) -> Result<(), FollowError> {
        let waiting = self.lists.iter_mut().flatten();
        let waiting: Vec<_> = waiting.filter(|item| item.entry.is_some()).collect();
        if waiting.len() != verdicts.len() {
            return Err(FollowError::Verdicts);
        }
        for (item, stays) in waiting.into_iter().zip(verdicts) {
            item.stays = Some(*stays);
        }
        Ok(())
    }

    pub(super) fn is_decided(&self) -> bool {
        self.items().all(|item| item.stays.is_some())
    }

    /// The text without the entries that do not stay; `None` where all do.
    pub(super) fn without(&self, json: &str) -> Option<String> {
        let mut edits = Edits::default();
        for list in &self.lists {
            remove(list, &mut edits);
        }
        edits.apply(json)
    }

    fn items(&self) -> impl Iterator<Item = &Item> {
        self.lists.iter().flatten()
    }

    fn message(&mut self, message: Node<'_>, expected: &Expected) -> Result<(), FollowError> {
        let Some(result) = member(message, "result")? else {
            return Ok(());
        };
        match asked(message, expected)? {
            Asked::List if result.kind() == Kind::Object => self.result(result, &expected.server),
            // On a stream it may answer anything, and nobody finds a list in it.
            Asked::List if expected.requests.is_none() => Ok(()),
            Asked::List => Err(FollowError::Malformed("the result is not an object")),
            Asked::Call | Asked::Other => Ok(()),
        }
    }

    /// Whichever list was asked for: clients read the member that they look for.
    fn result(&mut self, result: Node<'_>, server: &str) -> Result<(), FollowError> {
        let mut lists = Vec::new();
        for (name, kind) in LISTS {
            let Some(list) = typed(result, name, Kind::Array)? else {
                continue;
            };
            // Counted before any is read: each takes memory and a decision.
            self.entries += list.children().count();
            if self.entries > MOST_ENTRIES {
                return Err(FollowError::TooLong);
            }
            let items = list.children().map(|entry| item(entry, kind, server));
            lists.push((list.span().start, items.collect::<Result<Vec<_>, _>>()?));
        }
        // In the order of the text, as edits are.
        lists.sort_unstable_by_key(|(start, _)| *start);
        self.lists.extend(lists.into_iter().map(|(_, items)| items));
        Ok(())
    }
}

/// What a result answers: ids are compared as JSON, so `"1"` is not `1`.
fn asked(message: Node<'_>, expected: &Expected) -> Result<Asked, FollowError> {
    let Some(requests) = &expected.requests else {
        return Ok(Asked::List);
    };
    let id = member(message, "id")?.ok_or(FollowError::Unasked)?;
    let id = json::value(id.raw().as_bytes())?;
    let request = requests.iter().find(|(asked, _)| *asked == id);
    request.map(|(_, asked)| *asked).ok_or(FollowError::Unasked)
}

fn item(node: Node<'_>, kind: ListKind, server: &str) -> Result<Item, FollowError> {
    let named = match kind {
        ListKind::Tools | ListKind::Prompts => "name",
        ListKind::Resources => "uri",
        ListKind::ResourceTemplates => "uriTemplate",
    };
    let name = string(node, named)?.and_then(Node::text);
    let name = name.filter(|name| !name.is_empty());
    let name = name.ok_or(FollowError::Malformed("an entry without a name"))?;
    let value = json::value(node.raw().as_bytes())?;
    let call = match kind {
        ListKind::Tools => Some(call(tool(server, &name), "call", Parameters::new())),
        ListKind::Prompts => Some(call(tool(server, &name), "get", Parameters::new())),
        ListKind::Resources | ListKind::ResourceTemplates => {
            let uri = Value::from(&*name);
            let readable = uri::unambiguous(&uri).is_ok();
            let parameters = Parameters::from_iter([("uri".to_owned(), uri)]);
            readable.then(|| call(server.to_owned(), "resources/read", parameters))
        }
    };
    let entry = call.map(|call| Entry {
        kind,
        call,
        digest: digest(&value),
    });
    Ok(Item {
        span: node.span(),
        stays: entry.is_none().then_some(false),
        entry,
    })
}

fn call(tool: String, action: &str, parameters: Parameters) -> Call {
    Call {
        kind: CallKind::Mcp,
        tool: tool.into(),
        action: action.into(),
        parameters,
        model: None,
        stream: false,
        truncation: Truncation::Whole,
        opaque: false,
        changed: false,
    }
}

/// Every run of entries that go, with as many commas.
fn remove(items: &[Item], edits: &mut Edits) {
    let goes = |item: &Item| item.stays != Some(true);
    let mut at: usize = 0;
    for run in items.chunk_by(|one, next| goes(one) == goes(next)) {
        let before = at.checked_sub(1).and_then(|at| items.get(at));
        at += run.len();
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            continue;
        };
        if !goes(first) {
            continue;
        }
        let range = match (before, items.get(at)) {
            (Some(before), _) => before.span.end..last.span.end,
            (None, Some(after)) => first.span.start..after.span.start,
            (None, None) => first.span.start..last.span.end,
        };
        edits.replace(range, String::new());
    }
}

/// In one event, in all its lists.
pub(super) const MOST_ENTRIES: usize = 4096;

const LISTS: [(&str, ListKind); 4] = [
    ("tools", ListKind::Tools),
    ("resources", ListKind::Resources),
    ("resourceTemplates", ListKind::ResourceTemplates),
    ("prompts", ListKind::Prompts),
];
