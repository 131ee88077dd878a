//! A set of rules, small and quick to unite: which of them have a word nearby. It knows none of them.

use crate::rules::RuleId;

/// One bit for each rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RuleSet(Vec<u128>);

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

    /// Whether all of these are among them.
    pub(crate) fn has(&self, other: &Self) -> bool {
        let missing = |(block, bits): (usize, &u128)| bits & !self.block(block) != 0;
        !other.0.iter().enumerate().any(missing)
    }

    /// One bit for each rule of a block of [`RULES`].
    pub(crate) fn block(&self, block: usize) -> u128 {
        self.0.get(block).copied().unwrap_or_default()
    }
}

/// The rules of a block that have their bit here, and that bit.
pub(crate) fn rules(block: usize, mut bits: u128) -> impl Iterator<Item = (RuleId, u128)> {
    let first = RuleId::try_from(block * RULES).unwrap_or_default();
    std::iter::from_fn(move || {
        let bit = (bits != 0).then(|| bits.trailing_zeros())?;
        bits &= bits - 1;
        Some((first + RuleId::try_from(bit).ok()?, 1 << bit))
    })
}

/// The block of a rule, and its bit there.
pub(crate) fn place(rule: RuleId) -> (usize, u128) {
    let rule = usize::from(rule);
    (rule / RULES, 1 << (rule % RULES))
}

/// Rules in a block: one bit for each.
pub(crate) const RULES: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_put_into_it_or_into_what_it_was_united_with() {
        let set = |rules: &[RuleId]| {
            let mut set = RuleSet::default();
            for rule in rules {
                set.insert(*rule);
            }
            set
        };
        let (mut left, right) = (set(&[0, 63, 64, 200]), set(&[63, 64, 65, 1000]));
        left.unite(&right);
        let all = (0..20).flat_map(|block| rules(block, left.block(block)));
        let all = all.map(|(rule, _)| rule);
        assert_eq!(all.collect::<Vec<_>>(), [0, 63, 64, 65, 200, 1000]);
        assert!(left.block(0) & 0b10 == 0 && left.block(100) == 0);
        assert!(left.has(&right) && left.has(&RuleSet::default()) && !right.has(&left));
        left.clear();
        assert_eq!(left, RuleSet::default());
    }
}
