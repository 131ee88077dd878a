//! What rules have found, until it is settled: put in order, and rid of what gives way. Searches nothing.

use std::cmp::Reverse;
use std::ops::Range;

use crate::Class;
use crate::rule::Rule;
use crate::rules::RuleId;

#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pending: Vec<Pending>,
    /// How far the findings of each rule have come.
    latest: Vec<Latest>,
}

/// The last finding of a rule, and where it ends.
#[derive(Clone, Debug)]
struct Latest {
    id: RuleId,
    rule: &'static Rule,
    end: usize,
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

#[derive(Clone, Debug)]
struct Pending {
    at: usize,
    what: What,
}

#[derive(Clone, Debug)]
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
                // Of what gave way, the end is no event: it would end another.
                let mut latest = self.latest.iter_mut();
                let latest = latest.find(|latest| latest.id == id && latest.end == GROWS)?;
                latest.end = one.at;
                return Some(Event::Ends(id, one.at));
            }
        };
        if rule.weak && self.gives_way(rule, one.at) {
            return None;
        }
        let end = end.unwrap_or(GROWS);
        let start = one.at.max(self.reach(|other| other.kind == rule.kind));
        if end <= start {
            return None;
        }
        self.keep(finding.id, rule, end);
        Some(match end {
            GROWS => Event::Begins(finding, start),
            end => Event::Found(finding, start..end),
        })
    }

    /// A strong finding reaches over its beginning; or another secret, where it is one: of a secret
    /// that several rules know, one tells.
    fn gives_way(&self, rule: &Rule, at: usize) -> bool {
        let secret = rule.class == Class::Secret;
        self.reach(|other| !other.weak || secret && other.class == Class::Secret) > at
    }

    /// Where the last of these rules' findings ends.
    fn reach(&self, which: impl Fn(&Rule) -> bool) -> usize {
        let these = self.latest.iter().filter(|latest| which(latest.rule));
        these.map(|latest| latest.end).max().unwrap_or_default()
    }

    fn keep(&mut self, id: RuleId, rule: &'static Rule, end: usize) {
        match self.latest.iter_mut().find(|latest| latest.id == id) {
            Some(latest) => latest.end = end,
            None => self.latest.push(Latest { id, rule, end }),
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{pii, secrets};

    fn rule(fits: impl Fn(&Rule) -> bool) -> &'static Rule {
        let mut rules = pii::rules().chain(secrets::rules());
        rules.find(|rule| fits(rule)).unwrap()
    }

    #[test]
    fn what_gives_way_to_a_value_that_goes_on_does_not_end_it() {
        let strong = rule(|rule| rule.class == Class::Secret && !rule.weak);
        let weak = rule(|rule| rule.weak && rule.kind != strong.kind);
        let mut found = Found::default();
        found.add(1, strong, 95, 0, None);
        found.add(2, weak, 95, 10, None);
        found.ends(2, 500);
        found.ends(1, 900);
        let first = Finding {
            id: 1,
            confidence: 95,
        };
        let events = found.settle(usize::MAX);
        assert_eq!(events, [Event::Begins(first, 0), Event::Ends(1, 900)]);
    }

    #[test]
    fn of_two_values_that_go_on_each_has_its_own_end() {
        let one = rule(|rule| rule.class == Class::Secret && !rule.weak);
        let other = rule(|rule| rule.class == Class::Pii && !rule.weak);
        let mut found = Found::default();
        found.add(1, one, 95, 0, None);
        found.add(2, other, 95, 10, None);
        found.ends(2, 500);
        // Still within the first.
        found.add(1, one, 95, 600, Some(650));
        found.ends(1, 900);
        let events = found.settle(usize::MAX);
        let [first, second] = [1, 2].map(|id| Finding { id, confidence: 95 });
        let expected = [
            Event::Begins(first, 0),
            Event::Begins(second, 10),
            Event::Ends(2, 500),
            Event::Ends(1, 900),
        ];
        assert_eq!(events, expected);
    }
}
