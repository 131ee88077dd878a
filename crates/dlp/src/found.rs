//! What rules have found, until it is settled: put in order, and rid of what gives way. Searches nothing.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::ops::Range;

use crate::Class;
use crate::per_kind::{KindId, PerKind};
use crate::rules::RuleId;

#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pending: Vec<Pending>,
    reach: Reach,
}

/// How far the findings have come: the greatest end of them, as they are decided in the order of their
/// beginnings.
#[derive(Clone, Debug, Default)]
struct Reach {
    kinds: PerKind<usize>,
    /// Of those that are not weak, and of secrets; those of a policy's own detectors do not count.
    strong: usize,
    secret: usize,
    /// What goes on.
    growing: Vec<(RuleId, Rank)>,
}

/// What decides which finding gives way to which.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rank {
    pub(crate) kind: KindId,
    pub(crate) class: Class,
    pub(crate) weak: bool,
    /// Of a policy's own detector, which others may not know of: nothing gives way to it.
    pub(crate) is_custom: bool,
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
    pub(crate) kind: KindId,
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
        rank: Rank,
        /// [`GROWS`] while it goes on.
        end: usize,
    },
}

impl Found {
    /// A value from here to `end`, or to an end that [`Found::ends`] tells.
    pub(crate) fn add(
        &mut self,
        id: RuleId,
        rank: Rank,
        confidence: u8,
        at: usize,
        end: Option<usize>,
    ) {
        if confidence >= REPORTED {
            let kind = rank.kind;
            let finding = Finding {
                id,
                kind,
                confidence,
            };
            let end = end.unwrap_or(GROWS);
            let what = What::Value { finding, rank, end };
            self.pending.push(Pending { at, what });
        }
    }

    pub(crate) fn ends(&mut self, id: RuleId, at: usize) {
        let what = What::End(id);
        self.pending.push(Pending { at, what });
    }

    /// What begins before this, which will not change any more: by places, and at one place ends first.
    pub(crate) fn settle(&mut self, settled: usize) -> Vec<Event> {
        if self.pending.iter().all(|one| one.at >= settled) {
            return Vec::new();
        }
        let mut pending = std::mem::take(&mut self.pending);
        // Mostly they come so.
        pending.sort_by_key(|one| one.at);
        for at_one_place in pending.chunk_by_mut(|one, next| one.at == next.at) {
            at_one_place.sort_unstable_by_key(Pending::order);
        }
        let mut pending = VecDeque::from(pending);
        let mut events = Vec::new();
        while let Some(one) = pending.pop_front_if(|one| one.at < settled) {
            if let Some(later) = self.reach.decide(&one, &mut events) {
                let place = pending.partition_point(|other| other.order() <= later.order());
                pending.insert(place, later);
            }
        }
        self.pending = pending.into();
        events
    }
}

impl Reach {
    /// Gives what comes of it later.
    fn decide(&mut self, one: &Pending, events: &mut Vec<Event>) -> Option<Pending> {
        let (finding, rank, end) = match one.what {
            What::Value { finding, rank, end } => (finding, rank, end),
            What::End(id) => {
                // Of what gave way, the end is no event: it would end another.
                if self.ends(id, one.at) {
                    events.push(Event::Ends(id, one.at));
                }
                return None;
            }
        };
        let start = one.at.max(self.of_kind(rank.kind));
        if end <= start || rank.weak && self.covers(rank, one.at, end) {
            return None;
        }
        if start > one.at {
            // The rest of it is one among those that begin there.
            let what = one.what.clone();
            return Some(Pending { at: start, what });
        }
        self.add(finding.id, rank, end);
        events.push(match end {
            GROWS => Event::Begins(finding, start),
            end => Event::Found(finding, start..end),
        });
        None
    }

    fn of_kind(&self, kind: KindId) -> usize {
        let grows = self.growing.iter().any(|(_, rank)| rank.kind == kind);
        if grows { GROWS } else { self.kinds.get(kind) }
    }

    /// A strong finding reaches over all of it; or another secret, where it is one: of a secret that
    /// several rules know, one tells. No tail of a longer value may be left.
    fn covers(&self, rank: Rank, at: usize, end: usize) -> bool {
        let secret = rank.class == Class::Secret;
        let covers = |other: &Rank| {
            !other.is_custom && (!other.weak || secret && other.class == Class::Secret)
        };
        let grows = self.growing.iter().any(|(_, rank)| covers(rank));
        let reach = if secret { self.secret } else { 0 }.max(self.strong);
        grows || reach > at && reach >= end
    }

    fn add(&mut self, id: RuleId, rank: Rank, end: usize) {
        if end == GROWS {
            self.growing.push((id, rank));
        } else {
            self.comes_to(rank, end);
        }
    }

    /// Whether it did go on.
    fn ends(&mut self, id: RuleId, at: usize) -> bool {
        let place = self.growing.iter().position(|(growing, _)| *growing == id);
        let ended = place.map(|place| self.growing.remove(place));
        if let Some((_, rank)) = ended {
            self.comes_to(rank, at);
        }
        ended.is_some()
    }

    fn comes_to(&mut self, rank: Rank, end: usize) {
        self.kinds.set(rank.kind, end);
        if !rank.is_custom && !rank.weak {
            self.strong = self.strong.max(end);
        }
        if !rank.is_custom && rank.class == Class::Secret {
            self.secret = self.secret.max(end);
        }
    }
}

impl Pending {
    /// At one place an end comes first, then the strong, then the longest, then the first type, and
    /// of one type what is surer: a number whose check digits are right before one of its form.
    fn order(&self) -> (usize, u8, Reverse<usize>, KindId, Reverse<u8>, RuleId) {
        match self.what {
            What::End(id) => (self.at, 0, Reverse(0), KindId::MIN, Reverse(0), id),
            What::Value { finding, rank, end } => (
                self.at,
                1 + u8::from(rank.weak),
                Reverse(end),
                rank.kind,
                Reverse(finding.confidence),
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
    use crate::rule::Rule;
    use crate::{pii, secrets};

    /// With its type for its number.
    fn rule(fits: impl Fn(&Rule) -> bool) -> (&'static str, Rank) {
        let rules = pii::rules().chain(secrets::rules());
        let (number, rule) = (0..).zip(rules).find(|(_, rule)| fits(rule)).unwrap();
        (rule.kind, rule.rank(number))
    }

    fn finding(id: RuleId, rank: Rank) -> Finding {
        Finding {
            id,
            kind: rank.kind,
            confidence: 95,
        }
    }

    #[test]
    fn what_gives_way_to_a_value_that_goes_on_does_not_end_it() {
        let (kind, strong) = rule(|rule| rule.class == Class::Secret && !rule.weak);
        let (_, weak) = rule(|rule| rule.weak && rule.kind != kind);
        let mut found = Found::default();
        found.add(1, strong, 95, 0, None);
        found.add(2, weak, 95, 10, None);
        found.ends(2, 500);
        found.ends(1, 900);
        let first = finding(1, strong);
        let events = found.settle(usize::MAX);
        assert_eq!(events, [Event::Begins(first, 0), Event::Ends(1, 900)]);
    }

    #[test]
    fn a_weak_value_gives_way_only_to_what_covers_all_of_it() {
        let (kind, strong) = rule(|rule| rule.class == Class::Secret && !rule.weak);
        let (_, weak) = rule(|rule| rule.weak && rule.kind != kind);
        let mut found = Found::default();
        found.add(1, strong, 95, 0, Some(20));
        found.add(2, weak, 95, 10, Some(20));
        found.add(2, weak, 95, 15, Some(30));
        let (first, longer) = (finding(1, strong), finding(2, weak));
        let expected = [Event::Found(first, 0..20), Event::Found(longer, 15..30)];
        assert_eq!(found.settle(usize::MAX), expected);
    }

    #[test]
    fn of_two_values_that_go_on_each_has_its_own_end() {
        let (_, one) = rule(|rule| rule.class == Class::Secret && !rule.weak);
        let (_, other) = rule(|rule| rule.class == Class::Pii && !rule.weak);
        let mut found = Found::default();
        found.add(1, one, 95, 0, None);
        found.add(2, other, 95, 10, None);
        found.ends(2, 500);
        // Still within the first.
        found.add(1, one, 95, 600, Some(650));
        found.ends(1, 900);
        let events = found.settle(usize::MAX);
        let (first, second) = (finding(1, one), finding(2, other));
        let expected = [
            Event::Begins(first, 0),
            Event::Begins(second, 10),
            Event::Ends(2, 500),
            Event::Ends(1, 900),
        ];
        assert_eq!(events, expected);
    }
}
