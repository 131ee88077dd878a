//! What rules have found, until it is settled: put in order, and rid of what gives way. Searches nothing.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::ops::Range;

use crate::Class;
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
    rank: Rank,
    end: usize,
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

/// The number of a type, the same for all rules that find it.
pub(crate) type KindId = u16;

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
        rank: Rank,
        /// [`GROWS`] while it goes on.
        end: usize,
    },
}

/// What a finding comes to.
enum Decided {
    Event(Event),
    Later(Pending),
    Nothing,
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
            let finding = Finding { id, confidence };
            let end = end.unwrap_or(GROWS);
            let what = What::Value { finding, rank, end };
            self.pending.push(Pending { at, what });
        }
    }

    pub(crate) fn ends(&mut self, id: RuleId, at: usize) {
        let what = What::End(id);
        self.pending.push(Pending { at, what });
    }

    /// What stands before this, which will not change any more.
    pub(crate) fn settle(&mut self, settled: usize) -> Vec<Event> {
        if self.pending.iter().all(|one| one.at >= settled) {
            return Vec::new();
        }
        let mut pending = VecDeque::from(std::mem::take(&mut self.pending));
        pending
            .make_contiguous()
            .sort_unstable_by_key(Pending::order);
        let mut events = Vec::new();
        while let Some(one) = pending.pop_front_if(|one| one.at < settled) {
            match self.decide(one) {
                Decided::Event(event) => events.push(event),
                Decided::Later(one) => {
                    let place = pending.partition_point(|other| other.order() <= one.order());
                    pending.insert(place, one);
                }
                Decided::Nothing => {}
            }
        }
        self.pending = pending.into();
        events.sort_by_key(Event::order);
        events
    }

    fn decide(&mut self, one: Pending) -> Decided {
        self.latest.retain(|latest| latest.end > one.at);
        let (finding, rank, end) = match one.what {
            What::Value { finding, rank, end } => (finding, rank, end),
            What::End(id) => {
                // Of what gave way, the end is no event: it would end another.
                let mut latest = self.latest.iter_mut();
                let latest = latest.find(|latest| latest.id == id && latest.end == GROWS);
                return latest.map_or(Decided::Nothing, |latest| {
                    latest.end = one.at;
                    Decided::Event(Event::Ends(id, one.at))
                });
            }
        };
        let start = one.at.max(self.reach(|other| other.kind == rank.kind));
        if end <= start || rank.weak && self.gives_way(rank, one.at, end) {
            return Decided::Nothing;
        }
        if start > one.at {
            // The rest of it is one among those that begin there.
            return Decided::Later(Pending { at: start, ..one });
        }
        self.keep(finding.id, rank, end);
        Decided::Event(match end {
            GROWS => Event::Begins(finding, start),
            end => Event::Found(finding, start..end),
        })
    }

    /// A strong finding reaches over all of it; or another secret, where it is one: of a secret that
    /// several rules know, one tells. No tail of a longer value may be left.
    fn gives_way(&self, rank: Rank, at: usize, end: usize) -> bool {
        let secret = rank.class == Class::Secret;
        let reach = self.reach(|other| {
            !other.is_custom && (!other.weak || secret && other.class == Class::Secret)
        });
        reach > at && reach >= end
    }

    /// Where the last of these rules' findings ends.
    fn reach(&self, which: impl Fn(&Rank) -> bool) -> usize {
        let these = self.latest.iter().filter(|latest| which(&latest.rank));
        these.map(|latest| latest.end).max().unwrap_or_default()
    }

    fn keep(&mut self, id: RuleId, rank: Rank, end: usize) {
        match self.latest.iter_mut().find(|latest| latest.id == id) {
            Some(latest) => latest.end = end,
            None => self.latest.push(Latest { id, rank, end }),
        }
    }
}

impl Event {
    /// At one place an end comes first, then the longest.
    fn order(&self) -> (usize, bool, Reverse<usize>) {
        match self {
            Self::Ends(_, at) => (*at, false, Reverse(0)),
            Self::Begins(_, at) => (*at, true, Reverse(GROWS)),
            Self::Found(_, range) => (range.start, true, Reverse(range.end)),
        }
    }
}

impl Pending {
    /// At one place an end comes first, then the strong, then the longest, then the first rule, and
    /// of one rule what is surer.
    fn order(&self) -> (usize, u8, Reverse<usize>, RuleId, Reverse<u8>) {
        match self.what {
            What::End(id) => (self.at, 0, Reverse(0), id, Reverse(0)),
            What::Value { finding, rank, end } => (
                self.at,
                1 + u8::from(rank.weak),
                Reverse(end),
                finding.id,
                Reverse(finding.confidence),
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

    #[test]
    fn what_gives_way_to_a_value_that_goes_on_does_not_end_it() {
        let (kind, strong) = rule(|rule| rule.class == Class::Secret && !rule.weak);
        let (_, weak) = rule(|rule| rule.weak && rule.kind != kind);
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
    fn a_weak_value_gives_way_only_to_what_covers_all_of_it() {
        let (kind, strong) = rule(|rule| rule.class == Class::Secret && !rule.weak);
        let (_, weak) = rule(|rule| rule.weak && rule.kind != kind);
        let mut found = Found::default();
        found.add(1, strong, 95, 0, Some(20));
        found.add(2, weak, 95, 10, Some(20));
        found.add(2, weak, 95, 15, Some(30));
        let [first, longer] = [1, 2].map(|id| Finding { id, confidence: 95 });
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
