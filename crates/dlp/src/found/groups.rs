//! What several rules have found at one place, each of which is the only one for its type and gives way to none: it is
//! settled at once for all of them. Searches nothing.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::ops::Range;

use crate::rule_set;
use crate::rules::RuleId;

#[derive(Clone, Debug, Default)]
pub(crate) struct Groups {
    pending: VecDeque<Group>,
    /// Those that were decided, as far as others may begin within them.
    decided: Vec<Group>,
}

/// Rules of one block that have found the same value, and are as sure of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) block: usize,
    /// One bit for each.
    pub(crate) rules: u128,
    pub(crate) confidence: u8,
    pub(crate) range: Range<usize>,
}

impl Groups {
    pub(crate) fn add(&mut self, group: Group) {
        let same = |last: &&mut Group| {
            (last.block, last.confidence, &last.range)
                == (group.block, group.confidence, &group.range)
        };
        match self.pending.back_mut().filter(same) {
            Some(last) => last.rules |= group.rules,
            None => self.pending.push_back(group),
        }
    }

    /// Puts those that have come in order, and says whether one begins before this.
    pub(super) fn begin_before(&mut self, place: usize) -> bool {
        // Mostly they come so.
        self.pending.make_contiguous().sort_by_key(Group::order);
        let first = self.pending.front();
        first.is_some_and(|group| group.range.start < place)
    }

    /// The next of those that begin before this. Where a rule has found a value that goes on there, only the rest
    /// of another counts, as one that begins behind it.
    pub(super) fn decide(&mut self, before: usize) -> Option<Group> {
        let begins = |group: &mut Group| group.range.start < before;
        while let Some(mut group) = self.pending.pop_front_if(begins) {
            let Range { start, end } = group.range;
            self.decided.retain(|known| known.range.end > start);
            for known in &self.decided {
                let again = known.of(&group);
                group.rules &= !again;
                if again != 0 && known.range.end < end {
                    let rest = Group {
                        rules: again,
                        range: known.range.end..end,
                        ..group
                    };
                    let place = self
                        .pending
                        .partition_point(|one| one.order() <= rest.order());
                    self.pending.insert(place, rest);
                }
            }
            if group.rules != 0 {
                self.decided.push(group.clone());
                return Some(group);
            }
        }
        None
    }
}

impl Group {
    pub(crate) fn rules(&self) -> impl Iterator<Item = RuleId> + use<> {
        rule_set::rules(self.block, self.rules).map(|(id, _)| id)
    }

    /// The first and the last of its rules.
    pub(crate) fn ends(&self) -> Option<(RuleId, RuleId)> {
        let last = 1 << self.rules.checked_ilog2()?;
        let id = |rules| rule_set::rules(self.block, rules).next();
        let (first, last) = (id(self.rules), id(last));
        Some((first?.0, last?.0))
    }

    /// The rules of another that are of this one, too.
    fn of(&self, other: &Self) -> u128 {
        let same = if self.block == other.block {
            self.rules
        } else {
            0
        };
        same & other.rules
    }

    /// At one place the longest comes first, and the surest.
    fn order(&self) -> (usize, Reverse<usize>, Reverse<u8>) {
        let Range { start, end } = self.range;
        (start, Reverse(end), Reverse(self.confidence))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Event, Finding, Found, Rank};
    use super::*;
    use crate::Class;

    /// What becomes of findings of rules that are each the only one for its type, as groups and one by one.
    fn settled(
        findings: &[(usize, usize, u8)],
        settled: &[usize],
        as_groups: bool,
    ) -> Vec<(usize, usize, RuleId)> {
        let mut found = Found::default();
        for (start, length, rules) in findings {
            let range = *start..start + length;
            let rules = u128::from(*rules);
            if as_groups {
                found.add_group(Group {
                    block: 0,
                    rules,
                    confidence: 80,
                    range,
                });
                continue;
            }
            for (id, _) in rule_set::rules(0, rules) {
                let rank = Rank {
                    kind: id,
                    class: Class::Pii,
                    weak: false,
                    is_custom: false,
                };
                found.add(id, rank, 80, range.start, Some(range.end));
            }
        }
        let mut events = Vec::new();
        for settled in settled.iter().chain([&usize::MAX]) {
            found.settle(*settled, &mut events);
        }
        let mut all = Vec::new();
        for event in events {
            match event {
                Event::Found(Finding { id, .. }, range) => all.push((range.start, range.end, id)),
                Event::Group(group) => {
                    all.extend(
                        group
                            .rules()
                            .map(|id| (group.range.start, group.range.end, id)),
                    );
                }
                Event::Begins(..) | Event::Ends(..) => unreachable!(),
            }
        }
        all.sort_unstable();
        all
    }

    proptest! {
        #[test]
        fn groups_come_to_what_their_rules_come_to_one_by_one(
            findings in prop::collection::vec((0..40_usize, 1..20_usize, any::<u8>()), 0..30),
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
        let group = Group {
            block: 0,
            rules: 0b11,
            confidence: 80,
            range: 0..10,
        };
        found.add_group(group.clone());
        found.add(200, weak, 80, 0, Some(10));
        found.add(200, weak, 80, 5, Some(11));
        let mut events = Vec::new();
        found.settle(usize::MAX, &mut events);
        let left = Finding {
            id: 200,
            kind: 200,
            confidence: 80,
        };
        assert_eq!(events, [Event::Group(group), Event::Found(left, 5..11)]);
    }

    #[test]
    fn the_first_and_the_last_rule_of_a_group_are_known() {
        let group = |rules| Group {
            block: 2,
            rules,
            confidence: 80,
            range: 0..1,
        };
        assert_eq!(group(0b1010).ends(), Some((257, 259)));
        assert_eq!(group(1 << 127).ends(), Some((383, 383)));
        assert_eq!(group(0).ends(), None);
    }
}
