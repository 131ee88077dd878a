//! All that the library reads of a call, and nothing else: equal questions have equal answers, so a thread keeps them.
//!
//! The library's input is built from the question alone. What is not in here cannot change a
//! decision, and that is why an answer may be given again.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::quality::RandomState;

use super::form::Form;
use super::input::{self, Words};
use super::{Json, Object, Policy, Value};
use crate::facts::Preparation;
use crate::{Authority, Decision, Intent, Phase, Truncation, hosts};

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Question {
    phase: Phase,
    tenant: Arc<str>,
    agent: Arc<str>,
    depth: usize,
    is_loop: bool,
    authority: Authority,
    regions: Arc<[Arc<str>]>,
    tool: Arc<str>,
    action: Arc<str>,
    truncation: Truncation,
    opaque: bool,
    changed: bool,
    /// Constrained parameters, in the order of their constraints.
    parameters: Vec<Option<Json>>,
    /// Whether each pattern holds, in the order of the constraints.
    patterns: Vec<bool>,
    misspelled: Vec<Arc<str>>,
    types: Vec<&'static str>,
}

impl Question {
    /// `None` where it would be too large to keep; the call is then judged by its whole input.
    pub(super) fn of(intent: &Intent, preparation: Option<&Preparation>) -> Option<Self> {
        let call = &intent.call;
        let constrained = preparation.map_or(&[][..], |found| &found.constrained);
        let sent = constrained
            .iter()
            .map(|name| call.parameters.get(name.as_ref()));
        let sent: Vec<Option<&Json>> = sent.collect();
        let size = |value: Option<&Json>| match value {
            Some(Json::String(text)) => text.len(),
            Some(Json::Array(_) | Json::Object(_)) => TOO_LARGE,
            _ => 0,
        };
        let texts = call.tool.len() + call.action.len();
        if texts + sent.iter().copied().map(size).sum::<usize>() >= TOO_LARGE {
            return None;
        }
        Some(Self {
            phase: intent.phase,
            tenant: Arc::clone(&intent.caller.tenant),
            agent: Arc::clone(&intent.caller.agent),
            depth: intent.chain.depth(),
            is_loop: intent.is_loop(),
            authority: intent.destination.authority.clone(),
            regions: Arc::clone(&intent.destination.regions),
            tool: Arc::clone(&call.tool),
            action: Arc::clone(&call.action),
            truncation: call.truncation,
            opaque: call.opaque,
            changed: call.changed,
            parameters: sent.into_iter().map(Option::<&Json>::cloned).collect(),
            patterns: preparation.map_or_else(Vec::new, |found| {
                found.patterns(intent).map(|(_, holds)| holds).collect()
            }),
            misspelled: misspelled(intent, preparation),
            types: input::types(intent),
        })
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    /// The contract's input, as far as the library looks at it; `ext` is what users' modules found.
    pub(super) fn input(
        &self,
        (w, forms): (&Words, &Forms),
        policy: &Policy,
        preparation: Option<&Preparation>,
        ext: Value,
    ) -> Value {
        let subjects = [&self.tenant, &self.agent].map(|id| forms.subject.fill([input::text(id)]));
        let [tenant, agent] = subjects;
        let destination = self.destination(forms, policy);
        if self.phase == Phase::Connect {
            // Of a tunnel the library knows only who and where.
            let tunnel = [w.connect.clone(), tenant, agent, destination, ext];
            return forms.tunnel.fill(tunnel);
        }
        let call = [
            Value::String(Arc::clone(&self.tool)),
            Value::String(Arc::clone(&self.action)),
            input::word(self.truncation.as_str()),
            Value::Bool(self.opaque),
            Value::Bool(self.changed),
            input::strings(self.misspelled.iter().cloned()),
            self.parameters(preparation),
        ];
        let patterns = preparation.map_or(&[][..], |found| &found.patterns);
        let names = patterns.iter().map(|(name, _)| name);
        let phase = match self.phase {
            Phase::ProposedCall => &w.proposed_call,
            Phase::Connect | Phase::Request => &w.request,
        };
        let chain = [input::depth(self.depth), Value::Bool(self.is_loop)];
        forms.question.fill([
            phase.clone(),
            tenant,
            agent,
            forms.chain.fill(chain),
            destination,
            forms.call.fill(call),
            forms.dlp.fill([input::words(&self.types)]),
            input::truths(names.zip(self.patterns.iter().copied())),
            ext,
        ])
    }

    fn destination(&self, forms: &Forms, policy: &Policy) -> Value {
        let subjects = &policy.subjects;
        // What no rule names is not found by any.
        let candidates = hosts::candidates(&self.authority, &subjects.ports)
            .into_iter()
            .filter(|name| subjects.hosts.contains(name))
            .map(|name| Value::String(name.into()));
        forms.destination.fill([
            candidates.collect::<Vec<_>>().into(),
            input::strings(self.regions.iter().cloned()),
        ])
    }

    fn parameters(&self, preparation: Option<&Preparation>) -> Value {
        let mut parameters = Object::new();
        if let Some(found) = preparation {
            for (name, value) in found.constrained.iter().zip(&self.parameters) {
                if let Some(value) = value {
                    parameters.insert(input::text(name), input::parameter(found, name, value));
                }
            }
        }
        Value::from(parameters)
    }
}

/// Nearly always empty, and then found so at little cost.
fn misspelled(intent: &Intent, preparation: Option<&Preparation>) -> Vec<Arc<str>> {
    let Some(found) = preparation else {
        return Vec::new();
    };
    let similar = |sent: &String| found.constrained.iter().any(|name| may_be(sent, name));
    if intent.call.parameters.keys().any(similar) {
        found.misspelled(intent).cloned().collect()
    } else {
        Vec::new()
    }
}

/// Whether the two may be spellings of one name. In ASCII, those are of the same length and differ
/// in case and separators only.
fn may_be(sent: &str, name: &str) -> bool {
    if sent.len() != name.len() {
        return !(sent.is_ascii() && name.is_ascii());
    }
    let letter = |byte: u8| {
        byte.is_ascii_alphanumeric()
            .then(|| byte.to_ascii_lowercase())
    };
    let alike = || sent.bytes().map(letter).eq(name.bytes().map(letter));
    sent != name && (!sent.is_ascii() || !name.is_ascii() || alike())
}

/// The objects that every question has, so that they need not be put in order each time.
pub(super) struct Forms {
    question: Form<9>,
    tunnel: Form<5>,
    subject: Form<1>,
    chain: Form<2>,
    destination: Form<2>,
    call: Form<7>,
    dlp: Form<1>,
}

impl Forms {
    pub(super) fn new() -> Self {
        Self {
            question: Form::new([
                "phase",
                "tenant",
                "agent",
                "chain",
                "destination",
                "call",
                "dlp",
                "patterns",
                "ext",
            ]),
            tunnel: Form::new(["phase", "tenant", "agent", "destination", "ext"]),
            subject: Form::new(["id"]),
            chain: Form::new(["depth", "loop"]),
            destination: Form::new(["candidates", "regions"]),
            call: Form::new([
                "tool",
                "action",
                "unread",
                "opaque",
                "changed",
                "misspelled",
                "parameters",
            ]),
            dlp: Form::new(["types"]),
        }
    }
}

/// What one thread has been answered under one policy.
#[derive(Debug, Default)]
pub(super) struct Memory(HashMap<Question, Decision, RandomState>);

impl Memory {
    pub(super) fn find(&self, question: &Question) -> Option<Decision> {
        self.0.get(question).cloned()
    }

    /// Forgets everything when it has become too much: whoever floods it with questions that are
    /// asked once makes it evaluate, as it would without a memory.
    pub(super) fn keep(&mut self, question: Question, decision: &Decision) {
        if self.0.len() >= MOST_ANSWERS {
            self.0.clear();
        }
        self.0.insert(question, decision.clone());
    }
}

/// Bytes of all texts that the caller chose.
const TOO_LARGE: usize = 1024;
const MOST_ANSWERS: usize = 4096;
