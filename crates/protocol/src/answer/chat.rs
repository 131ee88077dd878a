//! Chat Completions: calls in `choices[].delta` of a stream, in `choices[].message` of a whole answer.

use crate::json::Node;

use super::AnswerError;
use super::call::{Form, Head, RunBy, Written};
use super::calls::Calls;
use super::event::{Event, at, index, member, object, objects, string, text};
use super::heard::{Counts, Heard};

/// One chunk of a stream.
pub(super) fn event(
    event: Event<'_>,
    calls: &mut Calls,
    heard: &mut Heard,
) -> Result<(), AnswerError> {
    facts(event.root, heard);
    for choice in objects(event.root, "choices")? {
        if let Some(message) = object(choice, "message")?
            && (has(message, TOOL_CALLS)? || has(message, FUNCTION_CALL)?)
        {
            return Err(AnswerError::Ambiguous("a whole message within a stream"));
        }
        let reason = member(choice, "finish_reason")?;
        let ends = reason.is_some_and(|reason| reason.text().is_none_or(|text| !text.is_empty()));
        let delta = object(choice, "delta")?;
        let proposes = match delta {
            Some(delta) => has(delta, TOOL_CALLS)? || has(delta, FUNCTION_CALL)?,
            None => false,
        };
        if !proposes && !ends {
            continue;
        }
        let place = match index(choice, "index") {
            Ok(place) => place,
            Err(error) if proposes => return Err(error),
            Err(_) => continue,
        };
        if proposes && !matches!(event.name, "" | "message") {
            return Err(AnswerError::Ambiguous("a call in an event that has a name"));
        }
        if let Some(delta) = delta.filter(|_| proposes) {
            fragments(delta, place, calls)?;
        }
        if ends {
            calls.end_all(place)?;
        }
    }
    Ok(())
}

/// A whole answer.
pub(super) fn document(
    root: Node<'_>,
    calls: &mut Calls,
    heard: &mut Heard,
) -> Result<(), AnswerError> {
    facts(root, heard);
    if says_list(root)? {
        // Stored ones, each with facts of its own.
        for stored in objects(root, "data")? {
            choices(stored, calls)?;
        }
    }
    choices(root, calls)
}

/// Several generations in one answer.
fn says_list(root: Node<'_>) -> Result<bool, AnswerError> {
    Ok(member(root, "object")?
        .and_then(Node::text)
        .is_some_and(|it| it == "list"))
}

fn choices(root: Node<'_>, calls: &mut Calls) -> Result<(), AnswerError> {
    for choice in objects(root, "choices")? {
        if let Some(delta) = object(choice, "delta")?
            && (has(delta, TOOL_CALLS)? || has(delta, FUNCTION_CALL)?)
        {
            return Err(AnswerError::Ambiguous(
                "a part of a stream in a whole answer",
            ));
        }
        let Some(message) = object(choice, "message")? else {
            continue;
        };
        for call in objects(message, TOOL_CALLS)? {
            let (function, form) = function(call)?;
            let id = text(call, "id")?.into_owned();
            whole(function, id, form, calls)?;
        }
        if let Some(function) = object(message, FUNCTION_CALL)? {
            whole(function, String::new(), Form::Json, calls)?;
        }
    }
    Ok(())
}

fn facts(root: Node<'_>, heard: &mut Heard) {
    heard.id(root.get("id"));
    heard.model(root.get("model"));
    heard.usage(root.get("usage"), &USAGE);
    heard.error(root.get("error"));
    for choice in root.get("choices").into_iter().flat_map(Node::children) {
        heard.finish(choice.get("finish_reason"));
        let said = |part| at(choice, &[part, "refusal"]).and_then(Node::text);
        let refusal = said("delta").or_else(|| said("message"));
        heard.declined |= refusal.is_some_and(|text| !text.is_empty());
    }
}

/// The parts of calls in one delta; those of a legacy `function_call` have the place before all others.
fn fragments(delta: Node<'_>, choice: u64, calls: &mut Calls) -> Result<(), AnswerError> {
    for call in objects(delta, TOOL_CALLS)? {
        let place = index(call, "index")? + 1;
        let id = text(call, "id")?;
        let (function, form) = function(call)?;
        fragment(function, &id, form, (choice, place), calls)?;
    }
    match object(delta, FUNCTION_CALL)? {
        Some(function) => fragment(function, "", Form::Json, (choice, 0), calls),
        None => Ok(()),
    }
}

fn fragment(
    function: Node<'_>,
    id: &str,
    form: Form,
    key: (u64, u64),
    calls: &mut Calls,
) -> Result<(), AnswerError> {
    let name = text(function, "name")?;
    match calls.at(key) {
        None => calls.begin(key, head(id.to_owned(), name.into_owned(), form))?,
        // Some clients put names together, others take the last.
        Some(_) if !name.is_empty() => {
            return Err(AnswerError::Ambiguous("a call that is named again"));
        }
        Some(call) if call.form != form || (!id.is_empty() && call.id != id) => {
            return Err(AnswerError::Ambiguous("two calls in one place"));
        }
        Some(_) => {}
    }
    match arguments(function, form)? {
        Some(piece) => calls.piece(key, &piece),
        None => Ok(()),
    }
}

fn whole(function: Node<'_>, id: String, form: Form, calls: &mut Calls) -> Result<(), AnswerError> {
    let name = text(function, "name")?.into_owned();
    let arguments = arguments(function, form)?.unwrap_or_default();
    calls.whole(head(id, name, form), arguments)
}

/// The object that holds name and arguments.
fn function(call: Node<'_>) -> Result<(Node<'_>, Form), AnswerError> {
    match (object(call, "function")?, object(call, "custom")?) {
        (Some(function), None) => Ok((function, Form::Json)),
        (None, Some(custom)) => Ok((custom, Form::Input)),
        _ => Err(AnswerError::Malformed("a call of an unknown kind")),
    }
}

fn arguments(function: Node<'_>, form: Form) -> Result<Option<Written>, AnswerError> {
    let name = match form {
        Form::Input => "input",
        Form::Json | Form::Item => "arguments",
    };
    Ok(string(function, name)?.map(Written::quoted))
}

fn has(node: Node<'_>, name: &str) -> Result<bool, AnswerError> {
    let found = member(node, name)?;
    Ok(found.is_some_and(|found| found.children().next().is_some() || found.text().is_some()))
}

fn head(id: String, name: String, form: Form) -> Head {
    Head {
        id,
        name,
        namespace: String::new(),
        run_by: RunBy::Agent,
        form,
    }
}

const TOOL_CALLS: &str = "tool_calls";
const FUNCTION_CALL: &str = "function_call";
pub(super) const USAGE: Counts = Counts {
    input: &["prompt_tokens"],
    output: &[&["completion_tokens"]],
    cached: &["prompt_tokens_details", "cached_tokens"],
};
