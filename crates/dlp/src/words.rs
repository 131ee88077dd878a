//! The rules that are asked at words of letters and digits, and which blocks of them may be right about one, by its outline.
//! It asks none.

use std::sync::OnceLock;

use crate::asked::{Asked, Block};
use crate::beginnings::{Beginnings, MOST_DIGITS, Word};

pub(crate) struct Words {
    /// By how many letters stand before the first digit.
    asked: Vec<Asked>,
    /// The same, each made when such a word is first met.
    outlines: Vec<OnceLock<Outlines>>,
}

/// Which blocks of those that are asked have a rule that may be right, by how many digits follow the letters of a word.
struct Outlines(Vec<Outline>);

struct Outline {
    /// By the first byte of the word.
    first: [May; BYTES],
    /// By the byte behind the digits.
    behind: [May; BYTES],
}

/// A bit for each block, where no rule of it has a word nearby, and where some may have.
#[derive(Clone, Copy, Default)]
struct May {
    alone: Bits,
    near: Bits,
}

type Bits = u8;

impl Words {
    /// None where there are more blocks than bits.
    pub(crate) fn new(asked: Vec<Asked>) -> Option<Self> {
        let fits = |asked: &Asked| u32::try_from(asked.0.len()).is_ok_and(|it| it <= Bits::BITS);
        asked.iter().all(fits).then(|| Self {
            outlines: asked.iter().map(|_| OnceLock::new()).collect(),
            asked,
        })
    }

    /// All that are asked at a word of so many letters before its first digit.
    pub(crate) fn all(&self, letters: usize) -> &[Block] {
        self.asked.get(letters).map_or(&[], |asked| &asked.0)
    }

    /// Those that may be right about the word that a text begins with, of so many letters, then so many digits,
    /// and no more; `near` says whether some rules have a word nearby.
    #[inline]
    pub(crate) fn may(
        &self,
        (letters, digits): Word,
        text: &[u8],
        near: bool,
        beginnings: &Beginnings,
    ) -> impl Iterator<Item = &Block> {
        let blocks = self.all(letters);
        let made = self.outlines.get(letters);
        let outlines =
            made.map(|made| made.get_or_init(|| Outlines::new(letters, blocks, beginnings)));
        let outline = outlines.and_then(|of| of.0.get(digits.min(MOST_DIGITS)));
        let bytes = text.first().zip(text.get(letters + digits));
        let bits = outline
            .zip(bytes)
            .map_or(Bits::MAX, |(outline, (first, behind))| {
                at(&outline.first, *first, near) & at(&outline.behind, *behind, near)
            });
        let may = move |(_, place): &(&Block, Bits)| bits >> place & 1 != 0;
        let places = blocks.iter().zip(0..);
        places.filter(may).map(|(block, _)| block)
    }
}

impl Outlines {
    fn new(letters: usize, blocks: &[Block], beginnings: &Beginnings) -> Self {
        let outline = |digits| Outline {
            first: each(blocks, |block, byte| {
                let word = beginnings.of_outline(block, (letters, digits), None);
                word & beginnings.of_first(block, byte)
            }),
            behind: each(blocks, |block, byte| {
                beginnings.of_outline(block, (letters, digits), Some(byte))
            }),
        };
        Self((0..=MOST_DIGITS).map(outline).collect())
    }
}

/// The blocks that have a rule which is asked, and is one of those that are given for a byte.
fn each(blocks: &[Block], of: impl Fn(usize, u8) -> u128) -> [May; BYTES] {
    let mut table = [May::default(); BYTES];
    for (may, byte) in table.iter_mut().zip(0..=u8::MAX) {
        for (block, place) in blocks.iter().zip(0..) {
            let rules = of(block.number, byte);
            may.alone |= Bits::from(rules & block.asked(0, false) != 0) << place;
            may.near |= Bits::from(rules & block.of(false) != 0) << place;
        }
    }
    table
}

#[inline]
fn at(table: &[May; BYTES], byte: u8, near: bool) -> Bits {
    let may = table.get(usize::from(byte));
    may.map_or(Bits::MAX, |may| if near { may.near } else { may.alone })
}

const BYTES: usize = 256;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::tests::SCANNER;

    proptest! {
        #[test]
        fn no_block_is_left_out_that_has_a_rule_which_may_be_right(
            (letters, digits) in (0..5_usize, 1..18_usize),
            first in "[A-Za-z]",
            behind in "[ -~é]?",
        ) {
            let text = format!("{}{}{behind}", first.repeat(letters), "7".repeat(digits));
            let (text, rules) = (text.as_bytes(), &SCANNER.sets.rules);
            let word = (letters, digits);
            for near in [false, true] {
                let may = rules.words.may(word, text, near, &rules.beginnings);
                let may: Vec<_> = may.map(|block| block.number).collect();
                for block in rules.words.all(letters) {
                    let right = rules.beginnings.of_word(block.number, word, text);
                    let near = if near { u128::MAX } else { 0 };
                    let asked = right & block.asked(near, false) != 0;
                    prop_assert!(!asked || may.contains(&block.number), "{}", block.number);
                }
            }
        }
    }

    #[test]
    fn a_digit_by_itself_is_no_number_of_a_passport() {
        let rules = &SCANNER.sets.rules;
        let asked =
            |word, text: &[u8], near| rules.words.may(word, text, near, &rules.beginnings).count();
        assert_eq!(asked((0, 1), b"9&", false), 0);
        assert!(asked((2, 7), b"AB1234567 ", true) > asked((2, 7), b"AB1234567\xff", false));
    }
}
