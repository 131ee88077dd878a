//! The rules that are asked at a place: which of them may be right there, and what their patterns fit. It reads no text.

use std::ops::Range;

use super::{Search, before};
use crate::asked::Block;
use crate::beginnings::Word;
use crate::candidate::{self, Candidate, Fit};
use crate::rule::Shape;
use crate::rule_set;
use crate::rules::{RuleId, Rules};
use crate::window::Window;

impl Search {
    /// The first digit of some has been read.
    pub(super) fn digit(&mut self, rules: &Rules, window: Window<'_>) {
        let at = self.at - 1;
        let Some(word) = window.word(at) else {
            // Behind the escape that it belongs to, others may be the first.
            self.escaped = true;
            return;
        };
        let letters = window.after(word).get(..at - word).unwrap_or_default();
        if letters.iter().all(u8::is_ascii_alphabetic) {
            for (lead, count) in window.leads(word) {
                let asked = rules.at_word(count + letters.len());
                self.ask(rules, asked, lead, window);
            }
            self.word(rules, word, letters.len(), window);
        }
    }

    /// A word of so many letters before its first digit.
    fn word(&mut self, rules: &Rules, start: usize, letters: usize, window: Window<'_>) {
        let digits = window.digits(start + letters);
        let word = digits.map(|(digits, next)| (letters, digits, next));
        for block in rules.at_word(letters) {
            self.ask_block(rules, (block, word), start, window);
        }
        if letters == 0 {
            self.number(rules, start, window);
        }
    }

    /// The rules whose value, or what leads to it, may begin here.
    #[inline]
    pub(super) fn ask(&mut self, rules: &Rules, asked: &[Block], start: usize, window: Window<'_>) {
        for block in asked {
            self.ask_block(rules, (block, None), start, window);
        }
    }

    /// Those of a block that may be right about the word that begins here, if the whole of it is known.
    #[inline]
    fn ask_block(
        &mut self,
        rules: &Rules,
        (block, word): (&Block, Option<Word>),
        start: usize,
        window: Window<'_>,
    ) {
        let near = if block.words {
            self.nearby.at(start, rules).block(block.number)
        } else {
            0
        };
        let mut some = block.asked(near, start == 0);
        if some != 0
            && let Some(word) = word
        {
            some &= rules.beginnings.of_word(block.number, word);
        }
        if some != 0 {
            self.ask_some(rules, (block.number, some, near), start, window);
        }
    }

    /// Some rules of a block, and those of it that have a word near.
    #[inline(never)]
    fn ask_some(
        &mut self,
        rules: &Rules,
        (block, mut some, near): (usize, u128, u128),
        start: usize,
        window: Window<'_>,
    ) {
        some = rules.beginnings.fitting(block, some, window.after(start));
        if some == 0 {
            return;
        }
        let mut ends = std::mem::take(&mut self.ends);
        while let Some((id, bit)) = rule_set::rules(block, some).next()
            && let Some(first) = rules.get(id)
        {
            let alike = some & (first.alike | bit);
            some &= !alike;
            let each = rule_set::rules(block, alike);
            let each = each.map(|(id, bit)| (id, near & bit != 0));
            if !matches!(first.rule.shape, Shape::Pattern { lead: "", .. }) {
                each.for_each(|(id, near)| self.begin(rules, id, near, start, window));
                continue;
            }
            match Fit::of(
                (id, first),
                start,
                before(start, window),
                &mut self.trails,
                window,
            ) {
                Fit::Yes(end) => match ends.iter_mut().find(|(known, _)| *known == end) {
                    Some((_, rules)) => *rules |= alike,
                    None => ends.push((end, alike)),
                },
                Fit::Open(walk) => each.for_each(|(id, near)| {
                    let candidate = Candidate::value(id, near, start, walk.clone());
                    self.go(rules, candidate, start, window);
                }),
                Fit::No => {}
            }
        }
        // In the order of the rules, as they are told.
        for (end, fitting) in ends.drain(..) {
            for (id, bit) in rule_set::rules(block, fitting) {
                self.fits(rules, id, near & bit != 0, start..end, window);
            }
        }
        self.ends = ends;
    }

    /// What the pattern of a rule fits, with a word of the rule near or without.
    fn fits(
        &mut self,
        rules: &Rules,
        id: RuleId,
        near: bool,
        range: Range<usize>,
        window: Window<'_>,
    ) {
        if let Some(ready) = rules.get(id)
            && !self.is_read(id, ready, range.start)
            && candidate::withstands(ready, &range, window)
        {
            self.found(ready, id, near, range, window);
        }
    }

    /// A hand-written rule, or the lead of a pattern.
    fn begin(&mut self, rules: &Rules, id: RuleId, near: bool, start: usize, window: Window<'_>) {
        let Some(ready) = rules.get(id) else { return };
        if let Shape::Custom(_) = ready.rule.shape {
            return self.step(rules, Candidate::custom(id, near, start), window);
        }
        if let Some(candidate) = Candidate::led(id, near, ready, start, before(start, window)) {
            self.go(rules, candidate, start, window);
        }
    }
}
