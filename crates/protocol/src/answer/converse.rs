//! Bedrock's Converse: calls are content blocks; what an event is stands in its name, not in its JSON.

use crate::json::Node;

use super::AnswerError;
use super::call::{Form, Head, RunBy, Written};
use super::calls::Calls;
use super::event::{Event, at, index, member, object, objects, string, text};
use super::heard::{Counts, Heard};

/// One message of a stream.
pub(super) fn event(
    event: Event<'_>,
    calls: &mut Calls,
    heard: &mut Heard,
) -> Result<(), AnswerError> {
    let root = event.root;
    match event.name {
        "contentBlockStart" => {
            let used = object(root, "start")?.map(tool_use).transpose()?.flatten();
            match used {
                Some(used) => calls.begin(key(root)?, head(used)?),
                None => Ok(()),
            }
        }
        "contentBlockDelta" => {
            let used = object(root, "delta")?.map(tool_use).transpose()?.flatten();
            match used {
                Some(used) => match string(used, "input")? {
                    Some(input) => calls.piece(key(root)?, &Written::quoted(input)),
                    None => Ok(()),
                },
                None => Ok(()),
            }
        }
        "contentBlockStop" => {
            let key = key(root)?;
            if calls.at(key).is_some() {
                calls.end(key)?;
            }
            Ok(())
        }
        "messageStop" => {
            heard.finish(root.get("stopReason"));
            Ok(())
        }
        "metadata" => {
            heard.usage(root.get("usage"), &USAGE);
            heard.model(at(root, &["trace", "promptRouter", "invokedModelId"]));
            Ok(())
        }
        _ => Ok(()),
    }
}

/// A whole answer.
pub(super) fn document(
    root: Node<'_>,
    calls: &mut Calls,
    heard: &mut Heard,
) -> Result<(), AnswerError> {
    heard.finish(root.get("stopReason"));
    heard.usage(root.get("usage"), &USAGE);
    heard.model(at(root, &["trace", "promptRouter", "invokedModelId"]));
    let Some(output) = object(root, "output")? else {
        return Ok(());
    };
    let Some(message) = object(output, "message")? else {
        return Ok(());
    };
    for block in objects(message, "content")? {
        if let Some(used) = tool_use(block)? {
            let input =
                member(used, "input")?.ok_or(AnswerError::Malformed("a call without arguments"))?;
            calls.whole(head(used)?, Written::bare(input))?;
        }
    }
    Ok(())
}

fn tool_use(node: Node<'_>) -> Result<Option<Node<'_>>, AnswerError> {
    object(node, "toolUse")
}

fn key(root: Node<'_>) -> Result<(u64, u64), AnswerError> {
    Ok((0, index(root, "contentBlockIndex")?))
}

fn head(used: Node<'_>) -> Result<Head, AnswerError> {
    Ok(Head {
        id: text(used, "toolUseId")?.into_owned(),
        name: text(used, "name")?.into_owned(),
        namespace: String::new(),
        run_by: match &*text(used, "type")? {
            "server_tool_use" => RunBy::Provider,
            _ => RunBy::Agent,
        },
        form: Form::Json,
    })
}

const USAGE: Counts = Counts {
    input: &["inputTokens"],
    output: &[&["outputTokens"]],
    cached: &["cacheReadInputTokens"],
};
