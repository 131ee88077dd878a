//! The rules that are asked at a place: which of them may be right there, and what their patterns fit. It reads no text.

use std::ops::Range;

use super::{Search, before};
use crate::asked::Block;
use crate::candidate::{Candidate, Fit};
use crate::joined::Fitted;
use crate::rule::Shape;
use crate::rule_set;
use crate::rules::{RuleId, Rules};
use crate::window::Window;

/// Rules of one family that are asked again when more has come.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) start: usize,
    /// Their block, themselves, and those of the block that have a word near.
    rules: (usize, u128, u128),
}

impl Search {
    pub(super) fn ask_again(&mut self, rules: &Rules, waiting: &Waiting, window: Window<'_>) {
        self.ask_some(rules, waiting.rules, waiting.start, window);
    }

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
                let asked = rules.words.all(count + letters.len());
                self.lead(rules, asked, lead, window);
            }
            self.word(rules, word, letters.len(), window);
        }
    }

    /// The rules whose value may begin with a word of letters alone.
    fn lead(&mut self, rules: &Rules, asked: &[Block], start: usize, window: Window<'_>) {
        let text = window.after(start);
        let letters = text.iter().take_while(|byte| byte.is_ascii_alphabetic());
        let word = (letters.count(), 0);
        for block in asked {
            let may = rules.beginnings.of_word(block.number, word, text);
            self.ask_block(rules, (block, may), start, window);
        }
    }

    /// A word of so many letters before its first digit.
    fn word(&mut self, rules: &Rules, start: usize, letters: usize, window: Window<'_>) {
        match window.digits(start + letters) {
            Some(digits) => {
                let (word, text) = ((letters, digits), window.after(start));
                let near = self.nearby.at(start, rules).blocks();
                let near = if start == 0 { u8::MAX } else { near };
                for block in rules.words.may(word, text, near, &rules.beginnings) {
                    let may = rules.beginnings.of_word(block.number, word, text);
                    self.ask_block(rules, (block, may), start, window);
                }
            }
            None => self.ask(rules, rules.words.all(letters), start, window),
        }
        if letters == 0 {
            self.number(rules, start, window);
        }
    }

    /// The rules whose value, or what leads to it, may begin here.
    #[inline]
    pub(super) fn ask(&mut self, rules: &Rules, asked: &[Block], start: usize, window: Window<'_>) {
        for block in asked {
            self.ask_block(rules, (block, u128::MAX), start, window);
        }
    }

    /// Those of a block that may be right.
    #[inline]
    fn ask_block(
        &mut self,
        rules: &Rules,
        (block, may): (&Block, u128),
        start: usize,
        window: Window<'_>,
    ) {
        let near = if block.words {
            self.nearby.at(start, rules).block(block.number)
        } else {
            0
        };
        let some = may & block.asked(near, start == 0);
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
        let (behind, mut alone) = (before(start, window), 0);
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
            if let Some(family) = &first.family
                && some & family.rules & !alone != 0
            {
                let of_family = (some | alike) & family.rules;
                match family.fit(of_family, (start, behind), &mut ends, window) {
                    Fitted::All => some &= !family.rules,
                    Fitted::More => {
                        some &= !family.rules;
                        self.waiting.push(Waiting {
                            start,
                            rules: (block, of_family, near),
                        });
                    }
                    Fitted::Long => alone |= family.rules,
                }
                if alone & bit == 0 {
                    continue;
                }
            }
            match Fit::of((id, first), start, behind, &mut self.trails, window) {
                Fit::Yes(end) => ends.add(end, alike),
                Fit::Long(walk) => each.for_each(|(id, near)| {
                    let candidate = Candidate::value(id, near, start, walk.clone());
                    self.go(rules, candidate, start, window);
                }),
                Fit::Open(walk) => each.for_each(|(id, near)| {
                    if !self.is_read(id, first, start) {
                        let candidate = Candidate::value(id, near, start, walk.clone());
                        self.open.push(candidate);
                    }
                }),
                Fit::No => {}
            }
        }
        // In the order of the rules, as they are told.
        for (end, fitting) in ends.0.drain(..) {
            self.fit(rules, (block, fitting, near), start..end, window);
        }
        self.ends = ends;
    }

    /// What the patterns of some rules of a block fit.
    #[inline(never)]
    fn fit(
        &mut self,
        rules: &Rules,
        (block, fitting, near): (usize, u128, u128),
        range: Range<usize>,
        window: Window<'_>,
    ) {
        let is_read = |(_, read): &&(RuleId, Range<usize>)| read.contains(&range.start);
        let read = self.read.iter().filter(is_read);
        let read = read.map(|(id, _)| rule_set::place(*id));
        let unread = read.filter(|(other, _)| *other == block);
        let unread = unread.fold(fitting, |some, (_, bit)| some & !bit);
        let some = rules.withstood(block, unread, window.value(&range));
        self.all_found(rules, (block, some, near), range, window);
    }

    /// A hand-written rule, or the lead of a pattern.
    #[inline(never)]
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
