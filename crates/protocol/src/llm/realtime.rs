//! Conversations with a model over a WebSocket: `OpenAI`'s Realtime events, and the handshakes that open one. It judges nothing.

use std::sync::Arc;

use aegis_policy::CallKind;
use http::header;
use serde_json::{Map, Value};

use super::endpoint::{Endpoint, is};
use super::openai;
use crate::body::Content;
use crate::inspected::{Described, Place, Subject};
use crate::json_rpc::{exact_spelling, is_message};
use crate::message::may_converse;
use crate::parameters::escape;
use crate::{Dialect, InspectError, LlmApi, urlencoded};

/// Whether a message is an event for a model: by its type on every host, and whatever it is on a
/// path that takes nothing else.
pub(crate) fn is_event(subject: &Subject<'_>) -> bool {
    let Content::Json { value } = &subject.content else {
        return false;
    };
    if subject.endpoint.is_some() || is_message(value) {
        return false;
    }
    let known = kind(value).is_some_and(|kind| EVENTS.contains(&kind));
    let expected = may_converse(subject.service) && is_realtime(subject.view.path);
    value.is_object() && (known || expected)
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
        value: Value::Object(event),
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
    let own = event
        .iter()
        .filter(|(name, _)| !HOLDERS.contains(&name.as_str()) && !CONTENT.contains(&name.as_str()));
    described.add("", own);
    for holder in ["session", "response"] {
        if let Some(settings) = settings(&event, holder)? {
            add_settings(&mut described, holder, settings)?;
        }
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
    let is_handshake = view.headers.contains_key(header::SEC_WEBSOCKET_KEY);
    let takes_events = || {
        is_realtime(view.path)
            || Endpoint::of(view.path).is_some_and(|endpoint| endpoint.is_conversation())
    };
    is_handshake
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

fn settings<'a>(
    event: &'a Map<String, Value>,
    holder: &str,
) -> Result<Option<&'a Map<String, Value>>, InspectError> {
    match event.get(holder) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(settings)) => Ok(Some(settings)),
        Some(_) => Err(InspectError::Malformed(
            "the event's settings are no object",
        )),
    }
}

fn add_settings(
    described: &mut Described,
    holder: &str,
    settings: &Map<String, Value>,
) -> Result<(), InspectError> {
    for words in [openai::WORDS.content, openai::WORDS.judged] {
        exact_spelling(settings, words)?;
    }
    let derived = openai::derive(settings);
    for (name, value) in settings {
        let is_content = openai::WORDS.content.contains(&name.as_str());
        if is_content || name == "type" || derived.replaced.contains(&name.as_str()) {
            continue;
        }
        let place = Place::Body(format!("/{holder}/{}", escape(name)));
        described.set(name, value.clone(), place);
    }
    for (name, value, place) in derived.parameters {
        let place = match place {
            Place::Body(pointer) => Place::Body(format!("/{holder}{pointer}")),
            place => place,
        };
        described.set(name, value, place);
    }
    Ok(())
}

fn kind(event: &Value) -> Option<&str> {
    event.get("type").and_then(Value::as_str)
}

/// `…/realtime`, of `OpenAI`, Azure and compatible servers.
fn is_realtime(path: &str) -> bool {
    let last = path.trim_end_matches('/').rsplit('/').next();
    last.is_some_and(|last| is(last, "realtime"))
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

/// Members that hold what an event is about.
const HOLDERS: [&str; 3] = ["session", "response", "item"];

/// Members that are the conversation.
const CONTENT: [&str; 1] = ["audio"];

/// How a handshake's query names the model: Azure by its deployment.
const MODEL: [&str; 2] = ["model", "deployment"];
