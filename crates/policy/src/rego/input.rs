//! An intent as Rego's input, whole, built directly from values that need no copy. `docs/policy.md` is its reference.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use foldhash::quality::RandomState;

use super::{Array, Json, Object, Policy, Value};
use crate::data::AegisData;
use crate::facts::Preparation;
use crate::{Auth, Call, Destination, Intent, Phase, hosts};

/// What the data says of callers, in the form in which the input shows it.
pub(super) struct Subjects {
    tenants: HashMap<String, (Value, Value)>,
    agents: HashMap<String, Value>,
    /// Ports that some host rule names.
    pub(super) ports: BTreeSet<u16>,
    /// All that a host or a suffix of it can be found by.
    pub(super) hosts: HashSet<String, RandomState>,
}

impl Subjects {
    pub(super) fn new(data: &AegisData) -> Self {
        let tenants = data.tenants.iter().map(|(name, tenant)| {
            let regions = tenant.regions.as_ref().map_or(Value::Null, |regions| {
                strings(regions.iter().map(|region| region.as_str().into()))
            });
            (name.clone(), (regions, labels(&tenant.labels)))
        });
        // Most agents have none, and then none need be kept.
        let agents = data
            .agents
            .iter()
            .filter(|(_, agent)| !agent.labels.is_empty())
            .map(|(name, agent)| (name.clone(), labels(&agent.labels)));
        Self {
            tenants: tenants.collect(),
            agents: agents.collect(),
            ports: hosts::ports(data),
            hosts: hosts::named(data),
        }
    }
}

/// Every field of the contract, in one object; `ext` is added once the users' modules have answered.
pub(super) fn build(words: &Words, policy: &Policy, intent: &Intent) -> Object {
    let w = words;
    let preparation = policy.preparations.find(intent);
    let mut input = Object::new();
    input.insert(w.version.clone(), w.one.clone());
    input.insert(w.phase.clone(), word(intent.phase.as_str()));
    input.insert(w.id.clone(), text(&intent.id));
    input.insert(w.time.clone(), text(&intent.time));
    input.insert(w.front.clone(), word(intent.front.as_str()));
    input.insert(w.region.clone(), text(&intent.region));
    input.insert(w.tenant.clone(), tenant(w, &policy.subjects, intent));
    input.insert(w.agent.clone(), agent(w, &policy.subjects, intent));
    input.insert(w.chain.clone(), chain(w, intent));
    input.insert(
        w.destination.clone(),
        destination(w, &policy.subjects, &intent.destination),
    );
    let parameters = parameters(&intent.call, preparation);
    let misspelled = preparation.map_or_else(
        || Array::new().into_value(),
        |found| strings(found.misspelled(intent).cloned()),
    );
    input.insert(
        w.call.clone(),
        call(w, &intent.call, parameters, misspelled),
    );
    if let Some(http) = &intent.http {
        input.insert(
            w.http.clone(),
            object([
                (&w.method, text(&http.method)),
                (&w.content_type, text(&http.content_type)),
            ]),
        );
    }
    input.insert(w.dlp.clone(), data(w, intent));
    input.insert(w.facts.clone(), truths(policy.facts.of(intent)));
    let patterns =
        preparation.map_or_else(Value::new_object, |found| truths(found.patterns(intent)));
    input.insert(w.patterns.clone(), patterns);
    input
}

fn tenant(w: &Words, subjects: &Subjects, intent: &Intent) -> Value {
    let (regions, labels) = subjects
        .tenants
        .get(intent.caller.tenant.as_ref())
        .cloned()
        .unwrap_or_else(|| (Value::Null, Value::new_object()));
    object([
        (&w.id, text(&intent.caller.tenant)),
        (&w.regions, regions),
        (&w.labels, labels),
    ])
}

fn agent(w: &Words, subjects: &Subjects, intent: &Intent) -> Value {
    let labels = subjects
        .agents
        .get(intent.caller.agent.as_ref())
        .cloned()
        .unwrap_or_else(Value::new_object);
    let auth = match intent.caller.auth {
        Auth::Anonymous => &w.anonymous,
        Auth::Credential => &w.credential,
        Auth::Certificate => &w.certificate,
    };
    object([
        (&w.id, text(&intent.caller.agent)),
        (&w.auth, auth.clone()),
        (&w.labels, labels),
    ])
}

/// Of a tunnel only the trace is known: its calls say by themselves on whose behalf they are.
fn chain(w: &Words, intent: &Intent) -> Value {
    let mut chain = Object::new();
    if intent.phase != Phase::Connect {
        let agents = intent.chain.agents.iter().cloned();
        chain.insert(w.agents.clone(), strings(agents));
        chain.insert(w.depth.clone(), depth(intent.chain.depth()));
        chain.insert(w.r#loop.clone(), Value::Bool(intent.is_loop()));
    }
    chain.insert(w.trace_id.clone(), text(&intent.chain.trace_id));
    Value::from(chain)
}

pub(super) fn depth(agents: usize) -> Value {
    Value::from(u64::try_from(agents).unwrap_or(u64::MAX))
}

fn destination(w: &Words, subjects: &Subjects, destination: &Destination) -> Value {
    let candidates = hosts::candidates(&destination.authority, &subjects.ports)
        .into_iter()
        .map(|name| Value::String(name.into()))
        .collect::<Vec<_>>();
    let host = candidates.first().cloned().unwrap_or(Value::Null);
    object([
        (&w.scheme, word(destination.scheme.as_str())),
        (&w.host, host),
        (
            &w.port,
            Value::from(u64::from(destination.authority.port())),
        ),
        (&w.candidates, Array::from(candidates).into_value()),
        (&w.path, text(&destination.path)),
        (&w.provider, text(&destination.provider)),
        (&w.regions, strings(destination.regions.iter().cloned())),
    ])
}

fn parameters(call: &Call, preparation: Option<&Preparation>) -> Value {
    let mut parameters = Object::new();
    for (name, value) in &call.parameters {
        let value = match preparation {
            Some(found) => parameter(found, name, value),
            None => from_json(value),
        };
        parameters.insert(Value::from(name.as_str()), value);
    }
    Value::from(parameters)
}

/// One parameter, as a number where it has a limit and is the plain spelling of one.
pub(super) fn parameter(preparation: &Preparation, name: &str, value: &Json) -> Value {
    let limited = preparation
        .numbers
        .iter()
        .any(|number| number.as_ref() == name);
    let numeral = limited.then(|| numeral(value)).flatten();
    numeral.unwrap_or_else(|| from_json(value))
}

fn call(w: &Words, call: &Call, parameters: Value, misspelled: Value) -> Value {
    let mut found = Object::new();
    found.insert(w.kind.clone(), word(call.kind.as_str()));
    found.insert(w.tool.clone(), text(&call.tool));
    found.insert(w.action.clone(), text(&call.action));
    found.insert(w.parameters.clone(), parameters);
    found.insert(w.misspelled.clone(), misspelled);
    if let Some(model) = &call.model {
        found.insert(w.model.clone(), text(model));
    }
    found.insert(w.stream.clone(), Value::Bool(call.stream));
    found.insert(
        w.truncated.clone(),
        Value::Bool(call.truncation.is_truncated()),
    );
    found.insert(w.unread.clone(), word(call.truncation.as_str()));
    found.insert(w.opaque.clone(), Value::Bool(call.opaque));
    found.insert(w.changed.clone(), Value::Bool(call.changed));
    Value::from(found)
}

/// Findings, and their types and classes without repetition.
fn data(w: &Words, intent: &Intent) -> Value {
    let classes = once_each(intent.data.iter().map(|finding| finding.class));
    let findings = intent.data.iter().map(|finding| {
        object([
            (&w.kind_of_data, word(finding.kind)),
            (&w.class, word(finding.class)),
            (&w.path, Value::from(finding.path.as_str())),
            (&w.count, Value::from(u64::from(finding.count))),
            (
                &w.confidence,
                Value::from(f64::from(finding.confidence) / 100.0),
            ),
        ])
    });
    object([
        (&w.findings, findings.collect::<Vec<_>>().into()),
        (&w.types, words(&types(intent))),
        (&w.classes, words(&classes)),
    ])
}

pub(super) fn types(intent: &Intent) -> Vec<&'static str> {
    once_each(intent.data.iter().map(|finding| finding.kind))
}

fn once_each(names: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// A form or a query can only say `5000` as a text. Only the plain spelling is read as a number:
/// what another reader may understand differently (`5e3`, ` 5000`, `05000`) stays a text, and is denied.
fn numeral(value: &Json) -> Option<Value> {
    let text = value.as_str().filter(|text| text.len() <= NUMERAL_DIGITS)?;
    let (whole, fraction) = match text.strip_prefix('-').unwrap_or(text).split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text.strip_prefix('-').unwrap_or(text), None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let plain =
        digits(whole) && (whole == "0" || !whole.starts_with('0')) && fraction.is_none_or(digits);
    if !plain {
        return None;
    }
    match fraction {
        None => text.parse::<i64>().ok().map(Value::from),
        Some(_) => text.parse::<f64>().ok().map(Value::from),
    }
}

pub(super) fn from_json(value: &Json) -> Value {
    match value {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => from_number(number),
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => items.iter().map(from_json).collect::<Vec<_>>().into(),
        Json::Object(entries) => {
            let mut object = Object::new();
            for (key, value) in entries {
                object.insert(Value::from(key.as_str()), from_json(value));
            }
            object.into_value()
        }
    }
}

fn from_number(number: &serde_json::Number) -> Value {
    if let Some(whole) = number.as_u64() {
        Value::from(whole)
    } else if let Some(whole) = number.as_i64() {
        Value::from(whole)
    } else {
        number.as_f64().map_or(Value::Null, Value::from)
    }
}

pub(super) fn object<const N: usize>(entries: [(&Value, Value); N]) -> Value {
    let mut object = Object::new();
    for (key, value) in entries {
        object.insert(key.clone(), value);
    }
    Value::from(object)
}

pub(super) fn truths<'a>(entries: impl Iterator<Item = (&'a Arc<str>, bool)>) -> Value {
    let mut object = Object::new();
    for (name, truth) in entries {
        object.insert(text(name), Value::Bool(truth));
    }
    Value::from(object)
}

fn labels(labels: &BTreeMap<String, String>) -> Value {
    let mut object = Object::new();
    for (name, value) in labels {
        object.insert(Value::from(name.as_str()), Value::from(value.as_str()));
    }
    Value::from(object)
}

pub(super) fn strings(texts: impl Iterator<Item = Arc<str>>) -> Value {
    texts.map(Value::String).collect::<Vec<_>>().into()
}

pub(super) fn text(text: &Arc<str>) -> Value {
    Value::String(text.clone())
}

pub(super) fn word(word: &str) -> Value {
    Value::from(word)
}

pub(super) fn words(words: &[&str]) -> Value {
    words
        .iter()
        .map(|text| word(text))
        .collect::<Vec<_>>()
        .into()
}

/// Numbers of up to this many characters are exact in every evaluator.
const NUMERAL_DIGITS: usize = 15;

/// The contract's words as values, made once per thread: a shared one would be counted by all cores.
macro_rules! words {
    ($($name:ident = $text:literal),* $(,)?) => {
        pub(super) struct Words { pub(super) one: Value, $(pub(super) $name: Value,)* }

        impl Words {
            pub(super) fn new() -> Self {
                Self { one: Value::from(1_u64), $($name: Value::from($text),)* }
            }
        }
    };
}

words! {
    action = "action", agent = "agent", agents = "agents", anonymous = "anonymous",
    auth = "auth", call = "call", candidates = "candidates",
    certificate = "certificate", chain = "chain", changed = "changed", class = "class", classes = "classes",
    confidence = "confidence",     connect = "connect", content_type = "content_type", count = "count", credential = "credential", depth = "depth",
    destination = "destination", dlp = "dlp", ext = "ext", facts = "facts", findings = "findings",
    front = "front", host = "host", http = "http", id = "id", kind = "kind",
    kind_of_data = "type", labels = "labels", r#loop = "loop", method = "method",
    misspelled = "misspelled", model = "model",
    opaque = "opaque", parameters = "parameters", path = "path", patterns = "patterns",
    phase = "phase", port = "port", proposed_call = "proposed_call", provider = "provider", region = "region", regions = "regions",
    request = "request", scheme = "scheme", stream = "stream", tenant = "tenant", time = "time",
    tool = "tool", trace_id = "trace_id", truncated = "truncated", types = "types", unread = "unread", version = "version",
}
