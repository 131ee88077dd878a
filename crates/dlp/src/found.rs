//! What rules have found, until it is settled: put in order, and rid of what gives way. Searches nothing.

mod groups;

use std::cmp::Reverse;
use std::ops::Range;

use crate::Class;
use crate::per_kind::{KindId, PerKind};
use crate::rule_set;
use crate::rules::RuleId;
pub(crate) use groups::Group;
use groups::{Alike, Groups};

#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pending: Vec<Pending>,
    groups: Groups,
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
    growing: Vec<Pending>,
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
    Group(Group),
    Begins(Finding, usize),
    Ends(RuleId, usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) id: RuleId,
    pub(crate) kind: KindId,
    pub(crate) confidence: u8,
}

/// In the order in which they are decided: at one place an end comes first, then the strong, then the longest,
/// then the first type, and of one type what is surer: a number whose check digits are right before one of its
/// form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pending {
    at: usize,
    turn: Turn,
    /// [`GROWS`] while it goes on.
    end: Reverse<usize>,
    kind: KindId,
    confidence: Reverse<u8>,
    id: RuleId,
    is_secret: bool,
    is_custom: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Ends,
    Strong,
    Weak,
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
            self.pending.push(Pending {
                at,
                turn: if rank.weak { Turn::Weak } else { Turn::Strong },
                end: Reverse(end.unwrap_or(GROWS)),
                kind: rank.kind,
                confidence: Reverse(confidence),
                id,
                is_secret: rank.class == Class::Secret,
                is_custom: rank.is_custom,
            });
        }
    }

    pub(crate) fn ends(&mut self, id: RuleId, at: usize) {
        self.pending.push(Pending {
            at,
            turn: Turn::Ends,
            end: Reverse(at),
            kind: KindId::MIN,
            confidence: Reverse(0),
            id,
            is_secret: false,
            is_custom: false,
        });
    }

    /// The same of several rules that are as sure of it.
    pub(crate) fn add_group(&mut self, confidence: u8, group: Group) {
        if confidence >= REPORTED {
            self.groups.add(Alike { confidence, group });
        }
    }

    /// Adds what begins before this, which will not change any more: by places, and at one place ends first.
    pub(crate) fn settle(
        &mut self,
        settled: usize,
        kind_of: impl Fn(RuleId) -> KindId,
        events: &mut Vec<Event>,
    ) {
        let begins = |group: &Group| group.range.start < settled;
        let pending = &mut self.pending;
        if !self.groups.first().is_some_and(begins) && pending.iter().all(|one| one.at >= settled) {
            return;
        }
        // Mostly they come so.
        pending.sort_by_key(|one| one.at);
        for at_one_place in pending.chunk_by_mut(|one, next| one.at == next.at) {
            at_one_place.sort_unstable();
        }
        let mut told = Told {
            from: events.len(),
            events,
        };
        let mut decided = 0;
        while let Some([one, rest @ ..]) = pending.get_mut(decided..)
            && one.at < settled
        {
            let before = (one.at, one.turn, one.end);
            self.reach
                .groups(&mut self.groups, before, &kind_of, &mut told);
            let Some(later) = self.reach.decide(one, told.events) else {
                decided += 1;
                continue;
            };
            let earlier = rest.partition_point(|other| *other <= later);
            *one = later;
            if let Some(before) = pending.get_mut(decided..=decided + earlier) {
                before.rotate_left(1);
            }
        }
        pending.drain(..decided);
        let before = (settled, Turn::Ends, Reverse(GROWS));
        self.reach
            .groups(&mut self.groups, before, &kind_of, &mut told);
    }
}

/// What is told of one text, behind what others have told.
struct Told<'e> {
    events: &'e mut Vec<Event>,
    from: usize,
}

impl Told<'_> {
    /// With what others of its block have found there.
    fn group(&mut self, group: Group) {
        let here = self.events.iter_mut().skip(self.from).rev();
        let here = here.map_while(|event| match event {
            Event::Group(other) if other.range == group.range => Some(other),
            _ => None,
        });
        match here.into_iter().find(|other| other.block == group.block) {
            Some(other) => other.unite(&group),
            None => self.events.push(Event::Group(group)),
        }
    }
}

impl Reach {
    /// Those that come before this. They are strong.
    fn groups(
        &mut self,
        groups: &mut Groups,
        before: (usize, Turn, Reverse<usize>),
        kind_of: &impl Fn(RuleId) -> KindId,
        told: &mut Told<'_>,
    ) {
        let comes = |group: &Group| {
            let Range { start, end } = group.range;
            (start, Turn::Strong, Reverse(end)) < before
        };
        while let Some(alike) = groups.take_if(comes) {
            let Range { start, end } = alike.group.range;
            let mut taken = 0;
            for id in rule_set::ids(alike.group.block, alike.group.rules) {
                let kind = kind_of(id);
                let grows = self.growing.iter().any(|one| one.kind == kind);
                let Some(known) = self.kinds.of(kind) else {
                    continue;
                };
                let reach = if grows { GROWS } else { *known };
                if reach <= start {
                    *known = end;
                    continue;
                }
                let (_, bit) = rule_set::place(id);
                taken |= bit;
                if reach < end {
                    let group = alike.group.of(bit, reach..end);
                    groups.add(Alike { group, ..alike });
                }
            }
            let free = alike.group.rules & !taken;
            if free != 0 {
                self.strong = self.strong.max(end);
                told.group(alike.group.of(free, start..end));
            }
        }
    }

    /// Gives what comes of it later.
    fn decide(&mut self, one: &Pending, events: &mut Vec<Event>) -> Option<Pending> {
        let Reverse(end) = one.end;
        if one.turn == Turn::Ends {
            // Of what gave way, the end is no event: it would end another.
            if self.ends(one.id, one.at) {
                events.push(Event::Ends(one.id, one.at));
            }
            return None;
        }
        let start = one.at.max(self.of_kind(one.kind));
        if end <= start || one.turn == Turn::Weak && self.covers(one) {
            return None;
        }
        if start > one.at {
            // The rest of it is one among those that begin there.
            return Some(Pending { at: start, ..*one });
        }
        self.add(one);
        let finding = Finding {
            id: one.id,
            kind: one.kind,
            confidence: one.confidence.0,
        };
        events.push(match end {
            GROWS => Event::Begins(finding, start),
            end => Event::Found(finding, start..end),
        });
        None
    }

    fn of_kind(&self, kind: KindId) -> usize {
        let grows = self.growing.iter().any(|one| one.kind == kind);
        if grows { GROWS } else { self.kinds.get(kind) }
    }

    /// A strong finding reaches over all of it; or another secret, where it is one: of a secret that
    /// several rules know, one tells. No tail of a longer value may be left.
    fn covers(&self, one: &Pending) -> bool {
        let covers = |other: &Pending| {
            !other.is_custom && (other.turn == Turn::Strong || one.is_secret && other.is_secret)
        };
        let grows = self.growing.iter().any(covers);
        let reach = if one.is_secret { self.secret } else { 0 }.max(self.strong);
        grows || reach > one.at && reach >= one.end.0
    }

    fn add(&mut self, one: &Pending) {
        match one.end.0 {
            GROWS => self.growing.push(*one),
            end => self.comes_to(one, end),
        }
    }

    /// Whether it did go on.
    fn ends(&mut self, id: RuleId, at: usize) -> bool {
        let place = self.growing.iter().position(|growing| growing.id == id);
        let ended = place.map(|place| self.growing.remove(place));
        if let Some(one) = &ended {
            self.comes_to(one, at);
        }
        ended.is_some()
    }

    fn comes_to(&mut self, one: &Pending, end: usize) {
        self.kinds.set(one.kind, end);
        if !one.is_custom && one.turn == Turn::Strong {
            self.strong = self.strong.max(end);
        }
        if !one.is_custom && one.is_secret {
            self.secret = self.secret.max(end);
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

    fn settled(mut found: Found) -> Vec<Event> {
        let mut events = Vec::new();
        found.settle(usize::MAX, |id| id, &mut events);
        events
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
        let events = settled(found);
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
        assert_eq!(settled(found), expected);
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
        let events = settled(found);
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
