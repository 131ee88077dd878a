//! `OpenAI`'s Responses: calls are output items, which later events repeat whole.

use serde_json::Value;

use crate::json::{self, Node};

use super::AnswerError;
use super::call::{Form, Head, Key, RunBy, Written};
use super::calls::Calls;
use super::event::{Event, at, count, index, object, objects, string, text};
use super::heard::{Counts, Heard};

/// One stream.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// Number of the last event, as the stream counts them.
    sequence: u64,
    /// Ids of the items that are calls: some clients go by them, others by the index.
    items: Vec<(u64, String)>,
}

impl Stream {
    pub(super) fn event(
        &mut self,
        event: Event<'_>,
        calls: &mut Calls,
        heard: &mut Heard,
    ) -> Result<(), AnswerError> {
        let root = event.root;
        let kind = text(root, "type")?;
        if !matches!(event.name, "" | "message") && event.name != kind {
            return Err(AnswerError::Ambiguous(
                "an event whose name is not its type",
            ));
        }
        self.sequence = count(root, &["sequence_number"]).unwrap_or(self.sequence);
        heard.declined |= kind.starts_with("response.refusal.");
        if let Some(response) = object(root, "response")? {
            document(response, calls, heard)?;
        }
        match &*kind {
            "response.output_item.added" => self.begin(root, calls),
            "response.output_item.done" => complete(root, calls),
            "error" => {
                heard.error(
                    root.get("error")
                        .or_else(|| root.get("code"))
                        .or(Some(root)),
                );
                Ok(())
            }
            kind => arguments(root, kind, calls, || self.key(root)),
        }
    }

    pub(super) fn next_sequence(&self) -> u64 {
        self.sequence.saturating_add(1)
    }

    fn begin(&mut self, root: Node<'_>, calls: &mut Calls) -> Result<(), AnswerError> {
        let Some(item) = object(root, "item")? else {
            return Ok(());
        };
        let Some((head, written)) = call(item)? else {
            return Ok(());
        };
        let place = index(root, "output_index")?;
        self.items.push((place, text(item, "id")?.into_owned()));
        if head.form == Form::Item {
            // Clients may show or take the item as it begins, so that it is judged as well.
            calls.whole(head.clone(), written)?;
            return calls.begin((0, place), head);
        }
        calls.begin_with((0, place), head, written)
    }

    /// The place that a part of a call names, by index and, where it does, by the item's id.
    fn key(&self, root: Node<'_>) -> Result<(u64, u64), AnswerError> {
        let place = index(root, "output_index")?;
        let id = text(root, "item_id")?;
        let known = self.items.iter().find(|(other, _)| *other == place);
        match known {
            Some((_, known)) if !id.is_empty() && !known.is_empty() && *known != id => Err(
                AnswerError::Ambiguous("an index and an id that belong to two items"),
            ),
            _ => Ok((0, place)),
        }
    }
}

fn complete(root: Node<'_>, calls: &mut Calls) -> Result<(), AnswerError> {
    let Some(item) = object(root, "item")? else {
        return Ok(());
    };
    let key = (0, index(root, "output_index")?);
    let begun = calls.at(key);
    match (call(item)?, begun) {
        (None, None) => Ok(()),
        (Some((head, written)), None) => calls.whole(head, written),
        (Some((head, written)), Some(begun)) if head == *begun => calls.complete(key, written),
        _ => Err(AnswerError::Ambiguous(
            "an item that changes while it arrives",
        )),
    }
}

/// What an event adds to the arguments of the call at `key`: a piece, or all of them at once.
pub(super) fn arguments(
    root: Node<'_>,
    kind: &str,
    calls: &mut Calls,
    key: impl FnOnce() -> Result<Key, AnswerError>,
) -> Result<(), AnswerError> {
    let parts = ARGUMENTS
        .iter()
        .find_map(|(event, whole)| Some((kind.strip_prefix(event)?, *whole)));
    match parts {
        Some((".delta", _)) => {
            let key = key()?;
            names_the_same(root, calls.at(key))?;
            match string(root, "delta")? {
                Some(piece) => calls.piece(key, &Written::quoted(piece)),
                None => Ok(()),
            }
        }
        Some((".done", whole)) => {
            let key = key()?;
            names_the_same(root, calls.at(key))?;
            let written = string(root, whole)?;
            calls.complete(key, written.map_or_else(Written::default, Written::quoted))
        }
        _ => Ok(()),
    }
}

/// Whether events of this name, but for `.delta` and `.done`, carry arguments.
pub(super) fn is_call(event: &str) -> bool {
    ARGUMENTS.iter().any(|(known, _)| *known == event)
}

/// Some events repeat the call's id and name, and clients may go by either place.
fn names_the_same(root: Node<'_>, begun: Option<&Head>) -> Result<(), AnswerError> {
    let Some(begun) = begun else {
        return Ok(());
    };
    let own = [
        ("call_id", &*begun.id),
        ("name", begun.bare_name()),
        ("namespace", &begun.namespace),
    ];
    for (member, own) in own {
        let told = text(root, member)?;
        if !told.is_empty() && told != own {
            return Err(AnswerError::Ambiguous(
                "a call that changes while it arrives",
            ));
        }
    }
    Ok(())
}

/// A whole answer, or what the stream says of it.
pub(super) fn document(
    response: Node<'_>,
    calls: &mut Calls,
    heard: &mut Heard,
) -> Result<(), AnswerError> {
    about(response, heard);
    for item in objects(response, "output")? {
        if let Some((head, written)) = call(item)? {
            calls.whole(head, written)?;
        }
        for part in item.get("content").into_iter().flat_map(Node::children) {
            let kind = part.get("type").and_then(Node::text);
            heard.declined |= kind.is_some_and(|kind| kind == "refusal");
        }
    }
    Ok(())
}

/// What an answer says about itself, whatever is in it.
pub(super) fn about(response: Node<'_>, heard: &mut Heard) {
    heard.id(response.get("id"));
    heard.model(response.get("model"));
    heard.usage(response.get("usage"), &USAGE);
    heard.error(response.get("error"));
    let status = response.get("status");
    let ended = status
        .and_then(Node::text)
        .is_some_and(|status| !matches!(&*status, "queued" | "in_progress"));
    if ended {
        heard.finish(at(response, &["incomplete_details", "reason"]).or(status));
    }
}

/// The call that an item is.
pub(super) fn call(item: Node<'_>) -> Result<Option<(Head, Written)>, AnswerError> {
    let kind = text(item, "type")?;
    let (form, member, run_by) = match &*kind {
        "function_call" => (Form::Json, "arguments", RunBy::Agent),
        "custom_tool_call" => (Form::Input, "input", RunBy::Agent),
        "mcp_call" | "mcp_approval_request" => (Form::Json, "arguments", RunBy::Provider),
        kind if HOSTED.contains(&kind) => return Ok(None),
        kind if kind.to_ascii_lowercase().ends_with("_call") => {
            return by_type(item, kind).map(Some);
        }
        _ => return Ok(None),
    };
    let written = string(item, member)?.map_or_else(Written::default, Written::quoted);
    let head = Head {
        id: id(item)?,
        name: name(item)?,
        namespace: text(item, "namespace")?.into_owned(),
        run_by,
        form,
    };
    Ok(Some((head, written)))
}

/// An item that is a call by its type alone. Its status changes while it arrives and says nothing about it.
fn by_type(item: Node<'_>, kind: &str) -> Result<(Head, Written), AnswerError> {
    let mut content = json::value(item.raw().as_bytes())?;
    if let Some(members) = content.as_object_mut() {
        members.shift_remove("status");
    }
    let head = Head {
        id: id(item)?,
        name: kind.to_owned(),
        namespace: String::new(),
        run_by: RunBy::Agent,
        form: Form::Item,
    };
    let written = Written {
        text: Value::to_string(&content),
        span: item.span(),
        bare: true,
    };
    Ok((head, written))
}

fn id(item: Node<'_>) -> Result<String, AnswerError> {
    let call = text(item, "call_id")?;
    let id = if call.is_empty() {
        text(item, "id")?
    } else {
        call
    };
    Ok(id.into_owned())
}

/// Tools of one name are told apart by their namespace.
fn name(item: Node<'_>) -> Result<String, AnswerError> {
    let (space, name) = (text(item, "namespace")?, text(item, "name")?);
    Ok(if space.is_empty() {
        name.into_owned()
    } else {
        format!("{space}.{name}")
    })
}

/// Events that carry arguments in pieces (`.delta`) and whole (`.done`, in this member).
const ARGUMENTS: [(&str, &str); 3] = [
    ("response.function_call_arguments", "arguments"),
    ("response.custom_tool_call_input", "input"),
    ("response.mcp_call_arguments", "arguments"),
];

/// Tools within the provider that take no arguments of the model's which would mean anything to a policy.
const HOSTED: [&str; 4] = [
    "web_search_call",
    "file_search_call",
    "image_generation_call",
    "code_interpreter_call",
];

const USAGE: Counts = Counts {
    input: &["input_tokens"],
    output: &[&["output_tokens"]],
    cached: &["input_tokens_details", "cached_tokens"],
};
