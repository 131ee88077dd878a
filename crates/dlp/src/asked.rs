//! The rules that are asked at one kind of place, in sets of bits. It asks none.

use crate::rule::{Anchor, Rule};
use crate::rule_set;
use crate::rules::RuleId;

/// In blocks: one bit for each.
#[derive(Default)]
pub(crate) struct Asked(pub(crate) Vec<Block>);

#[derive(Default)]
pub(crate) struct Block {
    pub(crate) number: usize,
    always: u128,
    /// Only near one of their words.
    near: u128,
    /// Those of them that also are asked where a text without a name begins.
    whole: u128,
    /// Those of all that are asked of a number in a row of others.
    pub(crate) in_rows: u128,
    /// Some of them have words.
    pub(crate) words: bool,
}

/// A rule for numbers in a row of others: a block with it alone, and a bit for each count of digits.
pub(crate) struct InRows {
    pub(crate) block: Block,
    pub(crate) digits: u32,
}

impl Asked {
    pub(crate) fn add(&mut self, rule: &Rule, id: RuleId) {
        let (number, bit) = rule_set::place(id);
        if self.0.last().is_none_or(|last| last.number != number) {
            let block = Block {
                number,
                ..Block::default()
            };
            // Most have one.
            self.0.reserve_exact(1);
            self.0.push(block);
        }
        let Some(block) = self.0.last_mut() else {
            return;
        };
        let sure = rule.confidence;
        let bit_if = |holds: bool| if holds { bit } else { 0 };
        block.always |= bit_if(sure.alone > 0);
        block.near |= bit_if(sure.alone == 0);
        block.whole |= bit_if(sure.alone == 0 && sure.whole > 0);
        block.in_rows |= bit_if(rule.in_rows);
        block.words |= !rule.words.is_empty() || !rule.more.is_empty();
    }
}

impl InRows {
    pub(crate) fn new(rule: &Rule, id: RuleId) -> Option<Self> {
        let Anchor::Number {
            digits: (low, high),
        } = rule.anchor
        else {
            return None;
        };
        let mut alone = Asked::default();
        alone.add(rule, id);
        let block = alone.0.pop().filter(|block| block.in_rows != 0)?;
        let digits = (low..=high).fold(0, |all, digits| all | 1 << digits);
        Some(Self { block, digits })
    }
}

impl Block {
    /// All of them, or those that are asked of a number in a row of others.
    pub(crate) fn of(&self, in_rows: bool) -> u128 {
        if in_rows {
            self.in_rows
        } else {
            self.always | self.near
        }
    }

    /// Some only where they have a word nearby: `near` says which rules of this block have.
    pub(crate) fn asked(&self, near: u128, begins_text: bool) -> u128 {
        let whole = if begins_text { self.whole } else { 0 };
        self.always | self.near & near | whole
    }
}
