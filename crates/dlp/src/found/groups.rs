//! What several rules have found at one place that give way to nothing but a value of their own type: it is settled at once
//! for all of them. Searches nothing.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::ops::Range;

use crate::rule_set;
use crate::rules::RuleId;

/// In the order in which they are decided.
#[derive(Clone, Debug, Default)]
pub(crate) struct Groups(VecDeque<Alike>);

/// Rules of one block that have found the same value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) block: usize,
    /// One bit for each.
    pub(crate) rules: u128,
    /// Those of them that have a word near.
    pub(crate) near: u128,
    /// It is of several layers, so that several rules may be for one type.
    pub(crate) is_joined: bool,
    /// It is all of a text.
    pub(crate) is_whole: bool,
    pub(crate) range: Range<usize>,
}

/// Those that are as sure of it.
#[derive(Clone, Debug)]
pub(super) struct Alike {
    pub(super) confidence: u8,
    pub(super) group: Group,
}

impl Groups {
    /// Mostly they come in order.
    pub(super) fn add(&mut self, alike: Alike) {
        let order = alike.order();
        let comes_first = |other: &Alike| other.order() <= order;
        let place = match self.0.back() {
            Some(last) if !comes_first(last) => self.0.partition_point(comes_first),
            _ => self.0.len(),
        };
        let last = place.checked_sub(1).and_then(|last| self.0.get_mut(last));
        match last.filter(|last| last.order() == order) {
            Some(last) => last.group.unite(&alike.group),
            None => self.0.insert(place, alike),
        }
    }

    pub(super) fn first(&self) -> Option<&Group> {
        self.0.front().map(|alike| &alike.group)
    }

    /// The first, if it is one of these.
    pub(super) fn take_if(&mut self, is_one: impl Fn(&Group) -> bool) -> Option<Alike> {
        self.0.pop_front_if(|alike| is_one(&alike.group))
    }
}

impl Alike {
    /// At one place the longest comes first, and of these what is surest.
    fn order(&self) -> (usize, Reverse<usize>, Reverse<u8>, usize) {
        let Range { start, end } = self.group.range;
        let confidence = Reverse(self.confidence);
        (start, Reverse(end), confidence, self.group.block)
    }
}

impl Group {
    /// Some of its rules, with that of the value.
    pub(super) fn of(&self, rules: u128, range: Range<usize>) -> Self {
        Self {
            rules,
            near: self.near & rules,
            range,
            ..*self
        }
    }

    /// With that of another layer, if it is of the same block and value.
    pub(crate) fn join(&mut self, other: &Self) -> bool {
        let is_same = self.block == other.block && self.range == other.range;
        if is_same {
            self.is_joined = true;
            self.unite(other);
        }
        is_same
    }

    /// With another of the same block and value.
    pub(crate) fn unite(&mut self, other: &Self) {
        self.rules |= other.rules;
        self.near |= other.near;
        self.is_whole |= other.is_whole;
    }

    pub(crate) fn first(&self) -> RuleId {
        rule_set::ids(self.block, self.rules)
            .next()
            .unwrap_or_default()
    }

    pub(crate) fn last(&self) -> RuleId {
        let last = self.rules.checked_ilog2().map(|last| 1 << last);
        let mut last = rule_set::ids(self.block, last.unwrap_or_default());
        last.next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Event, Finding, Found, Rank};
    use super::*;
    use crate::Class;
    use crate::per_kind::KindId;

    /// There are two rules for each type.
    fn kind_of(id: RuleId) -> KindId {
        id / 2
    }

    /// What becomes of findings of rules, of which those with a word near are surer, as groups and one by one.
    fn settled(
        findings: &[(usize, usize, u8, bool)],
        settled: &[usize],
        as_groups: bool,
    ) -> Vec<(usize, usize, RuleId, bool)> {
        let mut found = Found::default();
        for (start, length, rules, near) in findings {
            let range = *start..start + length;
            let (rules, confidence) = (u128::from(*rules), if *near { 80 } else { 60 });
            if as_groups && rules != 0 {
                let near = if *near { rules } else { 0 };
                found.add_group(confidence, group(rules, near, range));
                continue;
            }
            for id in rule_set::ids(0, rules) {
                let rank = Rank {
                    kind: kind_of(id),
                    class: Class::Pii,
                    weak: false,
                    is_custom: false,
                };
                found.add(id, rank, confidence, range.start, Some(range.end));
            }
        }
        let mut events = Vec::new();
        for settled in settled.iter().chain([&usize::MAX]) {
            found.settle(*settled, kind_of, &mut events);
        }
        let mut all = Vec::new();
        for event in events {
            match event {
                Event::Found(one, range) => {
                    all.push((range.start, range.end, one.id, one.confidence == 80));
                }
                Event::Group(Group {
                    rules, near, range, ..
                }) => all.extend(
                    rule_set::rules(0, rules)
                        .map(|(id, bit)| (range.start, range.end, id, near & bit != 0)),
                ),
                Event::Begins(..) | Event::Ends(..) => unreachable!(),
            }
        }
        all.sort_unstable();
        all
    }

    fn group(rules: u128, near: u128, range: Range<usize>) -> Group {
        Group {
            block: 0,
            rules,
            near,
            is_joined: false,
            is_whole: false,
            range,
        }
    }

    proptest! {
        #[test]
        fn groups_come_to_what_their_rules_come_to_one_by_one(
            findings in prop::collection::vec(
                (0..40_usize, 1..20_usize, any::<u8>(), any::<bool>()),
                0..30,
            ),
            mut places in prop::collection::vec(0..60_usize, 0..3),
        ) {
            places.sort_unstable();
            // Nothing comes that begins before what is settled: all of them come first.
            prop_assert_eq!(settled(&findings, &places, true), settled(&findings, &places, false));
        }
    }

    #[test]
    fn a_weak_value_gives_way_to_a_group_that_reaches_over_it() {
        let weak = Rank {
            kind: 200,
            class: Class::Pii,
            weak: true,
            is_custom: false,
        };
        let mut found = Found::default();
        let group = group(0b101, 0b101, 0..10);
        found.add_group(80, group.clone());
        found.add(400, weak, 80, 0, Some(10));
        found.add(400, weak, 80, 5, Some(11));
        let mut events = Vec::new();
        found.settle(usize::MAX, kind_of, &mut events);
        let left = Finding {
            id: 400,
            kind: 200,
            confidence: 80,
        };
        assert_eq!(events, [Event::Group(group), Event::Found(left, 5..11)]);
    }

    #[test]
    fn a_group_gives_way_to_a_value_of_the_type_of_one_of_its_rules_that_goes_on() {
        let long = Rank {
            kind: kind_of(2),
            class: Class::Pii,
            weak: false,
            is_custom: false,
        };
        let mut found = Found::default();
        found.add_group(80, group(0b1101, 0, 0..10));
        found.add(2, long, 95, 0, None);
        found.ends(2, 300);
        found.add_group(80, group(0b1000, 0, 290..310));
        let mut events = Vec::new();
        found.settle(usize::MAX, kind_of, &mut events);
        let long = Finding {
            id: 2,
            kind: kind_of(2),
            confidence: 95,
        };
        let expected = [
            Event::Begins(long, 0),
            Event::Group(group(0b1, 0, 0..10)),
            Event::Ends(2, 300),
        ];
        assert_eq!(events, expected);
    }

    #[test]
    fn the_first_and_the_last_rule_of_a_group_are_known() {
        let group = |rules| Group {
            block: 2,
            ..group(rules, 0, 0..1)
        };
        let ends = |rules| (group(rules).first(), group(rules).last());
        assert_eq!(ends(0b1010), (257, 259));
        assert_eq!(ends(1 | 1 << 127), (256, 383));
    }
}
