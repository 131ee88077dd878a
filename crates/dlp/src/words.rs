//! The rules that are asked at words of letters and digits, and which blocks of them may be right about one, by its outline.
//! It asks none.

use std::sync::OnceLock;

use crate::asked::{Asked, Block};
use crate::beginnings::{Beginnings, Group, MOST_DIGITS, Word};

pub(crate) struct Words {
    /// By how many letters stand before the first digit.
    asked: Vec<Asked>,
    /// The same, each made when such a word is first met.
    outlines: Vec<OnceLock<Outlines>>,
}

/// Which blocks of those that are asked have a rule that may be right.
struct Outlines {
    /// By how many digits follow the letters of a word.
    words: Vec<Outline>,
    /// Of words without letters, by their [`Group`] and how many digits follow that.
    groups: Vec<[May; MOST_DIGITS + 1]>,
}

struct Outline {
    /// By the first byte of the word.
    first: [May; BYTES],
    /// By the byte behind the digits.
    behind: [May; BYTES],
}

/// A bit for each block that has such a rule, where none of its rules has a word nearby, and where some may have.
#[derive(Clone, Copy, Default)]
struct May {
    alone: Bits,
    near: Bits,
}

type Bits = u8;

impl Words {
    /// None where there are more blocks than bits.
    pub(crate) fn new(asked: Vec<Asked>) -> Option<Self> {
        let mut blocks = asked.iter().flat_map(|asked| &asked.0);
        let fits = |block: &Block| u32::try_from(block.number).is_ok_and(|it| it < Bits::BITS);
        blocks.all(fits).then(|| Self {
            outlines: asked.iter().map(|_| OnceLock::new()).collect(),
            asked,
        })
    }

    /// All that are asked at a word of so many letters before its first digit.
    pub(crate) fn all(&self, letters: usize) -> &[Block] {
        self.asked.get(letters).map_or(&[], |asked| &asked.0)
    }

    /// Those that may be right about the word that a text begins with, of so many letters, then so many digits,
    /// and no more; `near` are the blocks that have a rule with a word nearby, a bit for each.
    #[inline]
    pub(crate) fn may(
        &self,
        (letters, digits): Word,
        text: &[u8],
        near: Bits,
        beginnings: &Beginnings,
    ) -> impl Iterator<Item = &Block> {
        let blocks = self.all(letters);
        let made = self.outlines.get(letters);
        let outlines =
            made.map(|made| made.get_or_init(|| Outlines::new(letters, blocks, beginnings)));
        let bits = outlines.map_or(Bits::MAX, |of| of.may((letters, digits), text, near));
        let may = move |block: &&Block| bits >> block.number & 1 != 0;
        blocks.iter().filter(may)
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
        let group = |group| {
            each(blocks, |block, next| {
                beginnings.of_groups(block, group, usize::from(next))
            })
        };
        let groups = Group::all().filter(|_| letters == 0);
        Self {
            words: (0..=MOST_DIGITS).map(outline).collect(),
            groups: groups.map(group).collect(),
        }
    }

    #[inline]
    fn may(&self, (letters, digits): Word, text: &[u8], near: Bits) -> Bits {
        let outline = self.words.get(digits.min(MOST_DIGITS));
        let rest = text.get(letters + digits..).unwrap_or_default();
        let (Some(outline), Some(first), [behind, next @ ..]) = (outline, text.first(), rest)
        else {
            return Bits::MAX;
        };
        let byte = |table, byte| at(table, usize::from(byte), near);
        let bits = byte(&outline.first, *first) & byte(&outline.behind, *behind);
        if bits == 0 || letters > 0 {
            return bits;
        }
        // What is cut off at the end of what has come may go on.
        let next = next.iter().position(|byte| !byte.is_ascii_digit());
        let group = Group::of(digits, *behind).and_then(|group| self.groups.get(group.number()));
        match (group, next) {
            (Some(group), Some(next)) => bits & at(group, next.min(MOST_DIGITS), near),
            _ => bits,
        }
    }
}

/// The blocks that have a rule which is asked, and is one of those that are given for a byte, or a count.
fn each<const N: usize>(blocks: &[Block], of: impl Fn(usize, u8) -> u128) -> [May; N] {
    let mut table = [May::default(); N];
    for (may, byte) in table.iter_mut().zip(0..=u8::MAX) {
        for block in blocks {
            let rules = of(block.number, byte);
            may.alone |= Bits::from(rules & block.asked(0, false) != 0) << block.number;
            may.near |= Bits::from(rules & block.of(false) != 0) << block.number;
        }
    }
    table
}

/// Of blocks, those that may be right where these have a word nearby.
#[inline]
fn at(table: &[May], place: usize, near: Bits) -> Bits {
    let may = table.get(place);
    may.map_or(Bits::MAX, |may| may.alone | may.near & near)
}

const BYTES: usize = 256;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::candidate::Fit;
    use crate::rule::Shape;
    use crate::rule_set::{self, Blocks, RuleSet};
    use crate::tests::SCANNER;
    use crate::walk::Trails;
    use crate::window::Window;

    proptest! {
        #[test]
        fn no_block_is_left_out_that_has_a_rule_which_may_be_right(
            (letters, digits) in (0..5_usize, 1..18_usize),
            (letter, digit) in ("[A-Za-z]", "[0-9]"),
            behind in "(?:[-. /][0-9]{0,17})?[ -/:-~é]?",
            near in prop::collection::btree_set(0..1024_u16, 0..200),
            last in any::<bool>(),
        ) {
            let text = format!("{}{}{behind}", letter.repeat(letters), digit.repeat(digits));
            let (text, rules) = (text.as_bytes(), &SCANNER.sets.rules);
            let window = Window { bytes: text, base: 0, last };
            let (mut set, mut near_rules) = (RuleSet::default(), Blocks::default());
            for rule in near {
                near_rules.insert(rule);
            }
            set.unite(&near_rules);
            let may = rules.words.may((letters, digits), text, set.blocks(), &rules.beginnings);
            let may: Vec<_> = may.map(|block| block.number).collect();
            for block in rules.words.all(letters) {
                let asked = block.asked(set.block(block.number), false);
                for (id, _) in rule_set::rules(block.number, asked) {
                    let ready = rules.get(id).unwrap();
                    let is_pattern = matches!(ready.rule.shape, Shape::Pattern { lead: "", .. });
                    let fit = || Fit::of((id, ready), 0, None, &mut Trails::default(), window);
                    let fits = is_pattern && !matches!(fit(), Fit::No);
                    prop_assert!(!fits || may.contains(&block.number), "{}", ready.rule.kind);
                }
            }
        }
    }

    #[test]
    fn a_digit_by_itself_is_no_number_of_a_passport() {
        let rules = &SCANNER.sets.rules;
        let asked = |word, text: &[u8], near| {
            let may = rules.words.may(word, text, near, &rules.beginnings);
            may.count()
        };
        assert_eq!(asked((0, 1), b"9&", 0), 0);
        assert_eq!(asked((0, 1), b"1 2 ", 0), 0, "one digit behind it");
        assert!(asked((0, 1), b"1 23 ", 0) > 0, "more may follow");
        assert!(asked((2, 7), b"AB1234567 ", Bits::MAX) > asked((2, 7), b"AB1234567\xff", 0));
    }
}
