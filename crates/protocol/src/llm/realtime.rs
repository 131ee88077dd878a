//! Conversations with a model over a WebSocket: `OpenAI`'s Realtime events, and the handshakes that open one. It judges nothing.

use std::sync::Arc;

use aegis_policy::CallKind;
use serde_json::{Map, Value};

use super::endpoint::{Endpoint, is};
use super::{named, openai};
use crate::body::Content;
use crate::inspected::{Described, Place, Subject};
use crate::json_rpc::{exact_spelling, is_message};
use crate::message::may_converse;
use crate::parameters::escape;
use crate::{Dialect, InspectError, LlmApi, paths, urlencoded};

/// Whether a message is an event for a model: by its type on every host, and whatever it is on a
/// path that takes nothing else.
///
/// What is a JSON-RPC message as well is an error: which of the two a server takes it for nobody knows.
pub(crate) fn is_event(subject: &Subject<'_>) -> Result<bool, InspectError> {
    let Content::Json { value } = &subject.content else {
        return Ok(false);
    };
    let kind = value.get("type").and_then(Value::as_str);
    let known = kind.is_some_and(|kind| EVENTS.contains(&kind));
    let realtime = may_converse(subject.service) && is_realtime(subject.view.path);
    if is_message(value) {
        let expected = kind.is_some() && (realtime || subject.endpoint.is_some());
        return if known || expected {
            Err(InspectError::Malformed(
                "the message is an event for a model and a JSON-RPC message",
            ))
        } else {
            Ok(false)
        };
    }
    Ok(subject.endpoint.is_none() && value.is_object() && (known || realtime))
}

/// Action `chat` for every event that Aegis knows, `other` for the rest. What is said about the
/// session or the response are the parameters, and the conversation is not.
pub(crate) fn describe(
    model: Option<&Arc<str>>,
    subject: Subject<'_>,
) -> Result<Described, InspectError> {
    if !may_converse(subject.service) {
        return Err(InspectError::Disagreement {
            declared: "another protocol",
            found: "an event for a model",
        });
    }
    let server = subject.server();
    let recordable = subject.service.map(|it| it.recordable.clone());
    let Content::Json {
        value: Value::Object(mut event),
    } = subject.content
    else {
        return Err(InspectError::Malformed("the event is no object"));
    };
    exact_spelling(&event, &HOLDERS)?;
    exact_spelling(&event, &["type"])?;
    let known = event.get("type").and_then(Value::as_str);
    let known = known.is_some_and(|kind| EVENTS.contains(&kind));
    let mut described = Described::new(CallKind::Llm, server, if known { "chat" } else { "other" });
    described.dialect = Dialect::Realtime {
        event: event.get("event_id").filter(|id| id.is_string()).cloned(),
    };
    described.stream = true;
    described.recordable = recordable.unwrap_or_default();
    described.names = event.values().flat_map(named::tools).collect();
    let holder = holder(&event)?;
    let settings = holder.and_then(|holder| event.shift_remove(holder));
    event.retain(|name, _| !HOLDERS.contains(&name.as_str()) && !CONTENT.contains(&name.as_str()));
    add(&mut described, "", &event)?;
    if let (Some(holder), Some(Value::Object(settings))) = (holder, settings) {
        add(&mut described, &format!("/{holder}"), &settings)?;
    }
    let named = described.parameters.get("model").and_then(Value::as_str);
    described.model = named.map(Arc::from).or_else(|| model.cloned());
    if let (false, Some(model)) = (described.parameters.contains_key("model"), model) {
        described.set("model", (**model).into(), Place::Fixed);
    }
    Ok(described)
}

/// Whether a handshake opens a conversation with a model.
pub(crate) fn opens(subject: &Subject<'_>) -> bool {
    let view = subject.view;
    let takes_events = || {
        is_realtime(view.path)
            || Endpoint::of(view.path).is_some_and(|endpoint| endpoint.is_conversation())
    };
    view.opens_websocket
        && matches!(subject.content, Content::Absent)
        && may_converse(subject.service)
        && takes_events()
}

/// The handshake is judged as the conversation will be, as far as it says something about it.
pub(crate) fn describe_handshake(subject: &Subject<'_>) -> Result<Described, InspectError> {
    let mut described = Described::new(CallKind::Llm, subject.server(), "chat");
    described.dialect = Dialect::OpenAi;
    described.stream = true;
    if let Some(service) = subject.service {
        described.recordable = service.recordable.clone();
    }
    let pairs = urlencoded::pairs(subject.view.query.unwrap_or_default());
    let names = |name: &str| MODEL.iter().any(|it| name.eq_ignore_ascii_case(it));
    let mut models = pairs.iter().filter(|pair| names(&pair.name));
    if let Some(pair) = models.next() {
        if !pair.clear || models.next().is_some() {
            return Err(InspectError::Malformed("the query names two models"));
        }
        described.model = Some(pair.value.as_str().into());
        described.set("model", pair.value.as_str().into(), Place::Fixed);
    }
    Ok(described)
}

impl Endpoint {
    /// Whether the endpoint takes the same bodies as events of a WebSocket.
    pub(crate) fn is_conversation(&self) -> bool {
        self.api == LlmApi::Responses && self.action() == "chat"
    }
}

/// The one object that says something about the session or the response: in an event with both, a
/// server reads the one or the other.
fn holder(event: &Map<String, Value>) -> Result<Option<&'static str>, InspectError> {
    let held = |holder: &&str| event.get(*holder).is_some_and(|held| !held.is_null());
    let mut holders = SETTINGS.into_iter().filter(held);
    match (holders.next(), holders.next()) {
        (Some(_), Some(_)) => Err(InspectError::Malformed(
            "the event has settings in two places",
        )),
        (Some(holder), None) if !event.get(holder).is_some_and(Value::is_object) => Err(
            InspectError::Malformed("the event's settings are no object"),
        ),
        (holder, _) => Ok(holder),
    }
}

/// Members of the event itself or of its settings: servers differ in where they look for one, so a
/// name in both places is an error.
fn add(
    described: &mut Described,
    pointer: &str,
    members: &Map<String, Value>,
) -> Result<(), InspectError> {
    for words in [openai::WORDS.content, openai::WORDS.judged] {
        exact_spelling(members, words)?;
    }
    let derived = openai::derive(members);
    for (name, value) in members {
        let is_content = openai::WORDS.content.contains(&name.as_str());
        // The session's is not the event's, and says only what kind of session it is.
        let is_kind = name == "type" && !pointer.is_empty();
        if is_content || is_kind || derived.replaced.contains(&name.as_str()) {
            continue;
        }
        let place = Place::Body(format!("{pointer}/{}", escape(name)));
        set_once(described, name, value.clone(), place)?;
    }
    for (name, value, place) in derived.parameters {
        let place = match place {
            Place::Body(inner) => Place::Body(format!("{pointer}{inner}")),
            place => place,
        };
        set_once(described, name, value, place)?;
    }
    Ok(())
}

fn set_once(
    described: &mut Described,
    name: &str,
    value: Value,
    place: Place,
) -> Result<(), InspectError> {
    if described.parameters.contains_key(name) {
        return Err(InspectError::DuplicateParameter {
            first: "body",
            second: "body",
        });
    }
    described.set(name, value, place);
    Ok(())
}

/// `…/realtime`, of `OpenAI`, Azure and compatible servers.
fn is_realtime(path: &str) -> bool {
    paths::resolved(path)
        .last()
        .is_some_and(|last| is(last, "realtime"))
}

/// Events of clients.
const EVENTS: [&str; 14] = [
    "session.update",
    "transcription_session.update",
    "session.close",
    "conversation.item.create",
    "conversation.item.delete",
    "conversation.item.retrieve",
    "conversation.item.truncate",
    "input_audio_buffer.append",
    "input_audio_buffer.clear",
    "input_audio_buffer.commit",
    "session.input_audio_buffer.append",
    "output_audio_buffer.clear",
    "response.cancel",
    "response.create",
];

/// Members that hold what is said about the session or the response.
const SETTINGS: [&str; 2] = ["session", "response"];

/// Members that hold what an event is about.
const HOLDERS: [&str; 3] = ["session", "response", "item"];

/// Members that are the conversation.
const CONTENT: [&str; 1] = ["audio"];

/// How a handshake's query names the model: Azure by its deployment.
const MODEL: [&str; 2] = ["model", "deployment"];
