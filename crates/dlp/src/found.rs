//! What rules have found, until it is settled: put in order, and rid of what gives way. Searches nothing.

use std::cmp::Reverse;
use std::ops::Range;

use crate::Class;
use crate::rule::Rule;
use crate::rules::RuleId;

#[derive(Debug, Default)]
pub(crate) struct Found {
    pending: Vec<Pending>,
    /// The latest of each type, and where it ends.
    latest: Vec<(&'static str, usize)>,
    /// Where the last of the strong ones ends.
    strong: usize,
    /// Where the last of the secrets ends: of a secret that several rules know, one tells.
    secret: usize,
}

/// In the order of their places. Of a value that is longer than is looked at, the end comes by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Found(Finding, Range<usize>),
    Begins(Finding, usize),
    Ends(RuleId, usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) id: RuleId,
    pub(crate) confidence: u8,
}

#[derive(Debug)]
struct Pending {
    at: usize,
    what: What,
}

#[derive(Debug)]
enum What {
    End(RuleId),
    Value {
        finding: Finding,
        rule: &'static Rule,
        /// None while it goes on.
        end: Option<usize>,
    },
}

impl Found {
    /// A value from here to `end`, or to an end that [`Found::ends`] tells.
    pub(crate) fn add(
        &mut self,
        id: RuleId,
        rule: &'static Rule,
        confidence: u8,
        at: usize,
        end: Option<usize>,
    ) {
        if confidence >= REPORTED {
            let finding = Finding { id, confidence };
            let what = What::Value { finding, rule, end };
            self.pending.push(Pending { at, what });
        }
    }

    pub(crate) fn ends(&mut self, id: RuleId, at: usize) {
        let what = What::End(id);
        self.pending.push(Pending { at, what });
    }

    /// What stands before this, which will not change any more.
    pub(crate) fn settle(&mut self, settled: usize) -> Vec<Event> {
        if self.pending.is_empty() {
            return Vec::new();
        }
        let pending = std::mem::take(&mut self.pending);
        let (mut ready, pending): (Vec<_>, Vec<_>) =
            pending.into_iter().partition(|one| one.at < settled);
        self.pending = pending;
        ready.sort_by_key(Pending::order);
        ready
            .into_iter()
            .filter_map(|one| self.event(&one))
            .collect()
    }

    fn event(&mut self, one: &Pending) -> Option<Event> {
        let (finding, rule, end) = match one.what {
            What::Value { finding, rule, end } => (finding, rule, end),
            What::End(id) => {
                self.latest.iter_mut().for_each(|(_, end)| {
                    if *end == GROWS {
                        *end = one.at;
                    }
                });
                for latest in [&mut self.strong, &mut self.secret] {
                    if *latest == GROWS {
                        *latest = one.at;
                    }
                }
                return Some(Event::Ends(id, one.at));
            }
        };
        let is_secret = rule.class == Class::Secret;
        if rule.weak && (self.strong > one.at || is_secret && self.secret > one.at) {
            return None;
        }
        let start = self.after_latest(rule.kind, one.at, end.unwrap_or(GROWS))?;
        let end_seen = end.unwrap_or(GROWS);
        if !rule.weak {
            self.strong = self.strong.max(end_seen);
        }
        if is_secret {
            self.secret = self.secret.max(end_seen);
        }
        Some(match end {
            Some(end) => Event::Found(finding, start..end),
            None => Event::Begins(finding, start),
        })
    }

    /// Where the value begins, behind the latest of its type.
    fn after_latest(&mut self, kind: &'static str, start: usize, end: usize) -> Option<usize> {
        let Some((_, latest)) = self.latest.iter_mut().find(|(known, _)| *known == kind) else {
            self.latest.push((kind, end));
            return Some(start);
        };
        let start = start.max(*latest);
        (end > *latest).then(|| {
            *latest = end;
            start
        })
    }
}

impl Pending {
    /// At one place an end comes first, then the strong, then the longest, then the first rule.
    fn order(&self) -> (usize, u8, Reverse<usize>, RuleId) {
        match self.what {
            What::End(id) => (self.at, 0, Reverse(0), id),
            What::Value { finding, rule, end } => (
                self.at,
                1 + u8::from(rule.weak),
                Reverse(end.unwrap_or(GROWS)),
                finding.id,
            ),
        }
    }
}

/// The end of what goes on.
const GROWS: usize = usize::MAX;
/// What is less sure than this is not reported, in percent.
const REPORTED: u8 = 50;
