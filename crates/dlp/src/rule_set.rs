//! A set of rules, small and quick to unite: which of them have a word nearby. It knows none of them.

use crate::rules::RuleId;

/// One bit for each rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RuleSet(Vec<u64>);

impl RuleSet {
    pub(crate) fn insert(&mut self, rule: RuleId) {
        let (word, bit) = place(rule);
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        if let Some(bits) = self.0.get_mut(word) {
            *bits |= bit;
        }
    }

    pub(crate) fn contains(&self, rule: RuleId) -> bool {
        let (word, bit) = place(rule);
        self.0.get(word).is_some_and(|bits| bits & bit != 0)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|bits| *bits == 0)
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn unite(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (bits, more) in self.0.iter_mut().zip(&other.0) {
            *bits |= more;
        }
    }

    /// Those that are in both, added to a list.
    pub(crate) fn common(&self, other: &Self, rules: &mut Vec<RuleId>) {
        for (word, (bits, others)) in (0_u16..).zip(self.0.iter().zip(&other.0)) {
            let mut both = bits & others;
            while both != 0 {
                let bit = u16::try_from(both.trailing_zeros()).unwrap_or_default();
                rules.push(word * 64 + bit);
                both &= both - 1;
            }
        }
    }
}

fn place(rule: RuleId) -> (usize, u64) {
    (usize::from(rule / 64), 1 << (rule % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_sets_have_in_common_is_what_is_in_both() {
        let set = |rules: &[RuleId]| {
            let mut set = RuleSet::default();
            for rule in rules {
                set.insert(*rule);
            }
            set
        };
        let (mut left, right) = (set(&[0, 63, 64, 200]), set(&[63, 64, 65, 1000]));
        let mut both = Vec::new();
        left.common(&right, &mut both);
        assert_eq!(both, [63, 64]);
        left.unite(&right);
        assert!(
            [0, 63, 64, 65, 200, 1000]
                .iter()
                .all(|rule| left.contains(*rule))
        );
        assert!(!left.contains(1) && !left.contains(5000) && !left.is_empty());
        left.clear();
        assert_eq!(left, RuleSet::default());
    }
}
