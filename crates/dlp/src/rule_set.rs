//! A set of rules, small and quick to unite: which of them have a word nearby. It knows none of them.

use crate::rules::RuleId;

/// One bit for each rule, in blocks of [`RULES`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RuleSet {
    rules: Vec<u128>,
    blocks: u8,
}

/// Some rules: the blocks that have none of them are left out.
#[derive(Debug, Default)]
pub(crate) struct Blocks(Vec<(usize, u128)>);

impl Blocks {
    /// Rules come in their order.
    pub(crate) fn insert(&mut self, rule: RuleId) {
        let (block, bit) = place(rule);
        match self.0.last_mut().filter(|(last, _)| *last == block) {
            Some((_, bits)) => *bits |= bit,
            None => self.0.push((block, bit)),
        }
    }
}

impl RuleSet {
    pub(crate) fn clear(&mut self) {
        self.rules.clear();
        self.blocks = 0;
    }

    pub(crate) fn unite(&mut self, other: &Blocks) {
        for (block, more) in &other.0 {
            if self.rules.len() <= *block {
                self.rules.resize(block + 1, 0);
            }
            if let Some(bits) = self.rules.get_mut(*block) {
                *bits |= more;
            }
            if *block < 8 {
                self.blocks |= 1 << block;
            }
        }
    }

    /// Whether all of these are among them.
    pub(crate) fn has(&self, other: &Blocks) -> bool {
        let missing = |(block, bits): &(usize, u128)| bits & !self.block(*block) != 0;
        !other.0.iter().any(missing)
    }

    /// Those of the first eight blocks that have one of them, a bit for each.
    pub(crate) fn blocks(&self) -> u8 {
        self.blocks
    }

    /// One bit for each rule of a block.
    pub(crate) fn block(&self, block: usize) -> u128 {
        self.rules.get(block).copied().unwrap_or_default()
    }
}

/// The rules of a block that have their bit here, and that bit.
pub(crate) fn rules(block: usize, bits: u128) -> impl Iterator<Item = (RuleId, u128)> {
    ids(block, bits).map(|id| (id, place(id).1))
}

/// The rules alone.
pub(crate) fn ids(block: usize, bits: u128) -> impl Iterator<Item = RuleId> {
    let half = |bits: u128| u64::try_from(bits & u128::from(u64::MAX)).unwrap_or_default();
    let (mut bits, mut rest) = (half(bits), half(bits >> u64::BITS));
    let mut first = RuleId::try_from(block * RULES).unwrap_or_default();
    std::iter::from_fn(move || {
        if bits == 0 {
            bits = std::mem::take(&mut rest);
            first += RULES_IN_HALF;
        }
        let place = (bits != 0).then(|| bits.trailing_zeros())?;
        bits &= bits - 1;
        Some(first + RuleId::try_from(place).unwrap_or_default())
    })
}

/// The block of a rule, and its bit there.
pub(crate) fn place(rule: RuleId) -> (usize, u128) {
    let rule = usize::from(rule);
    (rule / RULES, 1 << (rule % RULES))
}

/// Rules in a block: one bit for each.
pub(crate) const RULES: usize = 128;
const RULES_IN_HALF: RuleId = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_put_into_it_or_into_what_it_was_united_with() {
        let blocks = |rules: &[RuleId]| {
            let mut blocks = Blocks::default();
            for rule in rules {
                blocks.insert(*rule);
            }
            blocks
        };
        let (left, right) = (blocks(&[0, 63, 64, 200]), blocks(&[63, 64, 65, 1000]));
        let mut set = RuleSet::default();
        set.unite(&left);
        assert!(set.has(&left) && set.has(&Blocks::default()) && !set.has(&right));
        set.unite(&right);
        let all = (0..20).flat_map(|block| rules(block, set.block(block)));
        let all = all.map(|(rule, _)| rule);
        assert_eq!(all.collect::<Vec<_>>(), [0, 63, 64, 65, 200, 1000]);
        assert!(set.block(0) & 0b10 == 0 && set.block(100) == 0);
        assert_eq!(set.blocks(), 0b1000_0011, "1000 is in the eighth block");
        assert!(set.has(&right));
        set.clear();
        assert_eq!(set, RuleSet::default());
    }
}
