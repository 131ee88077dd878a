//! What an answer says about itself: who gave it, what it cost, how it ended. It decides nothing.

use crate::json::{Kind, Node};

use super::event::{at, count};

/// Facts gathered so far. All of it is the server's own word; texts are cut at 256 characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// The provider's id of the answer.
    pub id: Option<String>,
    /// The model that answered, which need not be the one that was asked.
    pub model: Option<String>,
    /// The region that did the work, where the provider states it.
    pub region: Option<String>,
    pub usage: Usage,
    /// Why the model stopped, each reason once, in the order of arrival; 8 at most.
    pub finish: Vec<String>,
    /// The model or the provider's filter declined to answer.
    pub declined: bool,
    /// `type`, `code` or `status` of the provider's error object, whichever comes first.
    pub error: Option<String>,
}

/// Tokens, as the provider counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub input: Option<u64>,
    pub output: Option<u64>,
    /// Of the input, what was read from the provider's cache.
    pub cached: Option<u64>,
}

/// Where an API keeps its counts, from the usage object down.
pub(super) struct Counts {
    pub(super) input: &'static [&'static str],
    /// Summed up.
    pub(super) output: &'static [&'static [&'static str]],
    pub(super) cached: &'static [&'static str],
}

impl Heard {
    pub(super) fn id(&mut self, node: Option<Node<'_>>) {
        set(&mut self.id, node);
    }

    pub(super) fn model(&mut self, node: Option<Node<'_>>) {
        set(&mut self.model, node);
    }

    pub(super) fn region(&mut self, node: Option<Node<'_>>) {
        set(&mut self.region, node);
    }

    /// Later counts stand for the whole answer, so they take the place of earlier ones.
    pub(super) fn usage(&mut self, usage: Option<Node<'_>>, counts: &Counts) {
        let Some(usage) = usage else { return };
        let known = self.usage;
        let written = counts.output.iter().filter_map(|path| count(usage, path));
        let written = written.reduce(u64::saturating_add);
        self.usage = Usage {
            input: count(usage, counts.input).or(known.input),
            output: written.or(known.output),
            cached: count(usage, counts.cached).or(known.cached),
        };
    }

    pub(super) fn finish(&mut self, node: Option<Node<'_>>) {
        let Some(reason) = words(node) else { return };
        self.declined |= DECLINED.iter().any(|it| it.eq_ignore_ascii_case(&reason));
        if self.finish.len() < MAX_REASONS && !self.finish.contains(&reason) {
            self.finish.push(reason);
        }
    }

    /// What one answer of several has said: counts add up.
    pub(super) fn add(&mut self, answer: Self) {
        let sum = |known: Option<u64>, more: Option<u64>| match (known, more) {
            (Some(known), Some(more)) => Some(known.saturating_add(more)),
            (known, more) => known.or(more),
        };
        self.usage = Usage {
            input: sum(self.usage.input, answer.usage.input),
            output: sum(self.usage.output, answer.usage.output),
            cached: sum(self.usage.cached, answer.usage.cached),
        };
        self.id = answer.id.or(self.id.take());
        self.model = answer.model.or(self.model.take());
        self.error = answer.error.or(self.error.take());
        self.declined |= answer.declined;
        for reason in answer.finish {
            if self.finish.len() < MAX_REASONS && !self.finish.contains(&reason) {
                self.finish.push(reason);
            }
        }
    }

    /// The provider's error object, or the name of its exception.
    pub(super) fn error(&mut self, node: Option<Node<'_>>) {
        let Some(error) = node.filter(|error| error.kind() != Kind::Null) else {
            return;
        };
        let kind = ["type", "status", "code"]
            .iter()
            .find_map(|key| words(at(error, &[key])))
            .or_else(|| words(Some(error)));
        self.error = Some(kind.unwrap_or_else(|| "error".to_owned()));
    }

    /// The type of an AWS exception.
    pub(super) fn exception(&mut self, kind: &str) {
        self.error = Some(kind.chars().take(MAX_CHARACTERS).collect());
    }
}

fn set(fact: &mut Option<String>, node: Option<Node<'_>>) {
    if let Some(stated) = words(node) {
        *fact = Some(stated);
    }
}

fn words(node: Option<Node<'_>>) -> Option<String> {
    let text = node?.text()?;
    (!text.is_empty()).then(|| text.chars().take(MAX_CHARACTERS).collect())
}

const MAX_CHARACTERS: usize = 256;
const MAX_REASONS: usize = 8;

/// Finish reasons by which a provider says that it, or the model, declined.
const DECLINED: [&str; 13] = [
    "content_filter",
    "content_filtered",
    "refusal",
    "guardrail_intervened",
    "safety",
    "recitation",
    "blocklist",
    "prohibited_content",
    "spii",
    "model_armor",
    "image_safety",
    "image_prohibited_content",
    "image_recitation",
];
