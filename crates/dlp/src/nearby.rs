//! The words that have been read, and the rules that they speak for at a place. Searches nothing.

use std::collections::VecDeque;

use crate::literals::TextId;
use crate::places::Text;
use crate::rule::{LONGEST, NEAR};
use crate::rule_set::RuleSet;
use crate::rules::Rules;

/// Words of rules, where they end, and what follows for the place that was last asked about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Nearby {
    /// In the name of the text, and behind it.
    in_name: Vec<(TextId, usize)>,
    words: VecDeque<(TextId, usize)>,
    rules: RuleSet,
    /// What they ask for in rows of numbers, once that was asked.
    in_rows: Option<u32>,
    /// The places for which `rules` holds.
    from: usize,
    until: usize,
}

impl Nearby {
    /// A word ends here, within the first `named` bytes or behind them.
    pub(crate) fn add(&mut self, word: TextId, text: &Text, end: usize, named: usize) {
        let oldest = end.saturating_sub(NEAR + 2 * LONGEST);
        let is_old = |(_, end): &(TextId, usize)| *end < oldest;
        while self.words.front().is_some_and(is_old) {
            self.words.pop_front();
        }
        if self.words.len() + self.in_name.len() < MOST {
            if end <= named {
                self.in_name.push((word, end));
            } else {
                self.words.push_back((word, end));
            }
        }
        // Behind it, other rules have a word.
        if self.until > end && !self.rules.has(&text.speaks_for) {
            self.until = end;
        }
    }

    /// The rules that have a word near a value that begins here.
    #[inline]
    pub(crate) fn at(&mut self, place: usize, rules: &Rules) -> &RuleSet {
        if !(self.from..self.until).contains(&place) {
            self.gather(place, rules);
        }
        &self.rules
    }

    /// What those ask for in a row of numbers: [`Rules::in_rows`].
    #[inline]
    pub(crate) fn in_rows(&mut self, place: usize, rules: &Rules) -> u32 {
        self.at(place, rules);
        if place == 0 {
            return rules.in_rows(&self.rules, true);
        }
        let in_rows = || rules.in_rows(&self.rules, false);
        *self.in_rows.get_or_insert_with(in_rows)
    }

    fn gather(&mut self, place: usize, rules: &Rules) {
        self.rules.clear();
        self.in_rows = None;
        (self.from, self.until) = (0, usize::MAX);
        let in_name = self.in_name.iter().map(|word| (word, LONGEST));
        let behind = self.words.iter().rev().map(|word| (word, NEAR));
        for ((word, end), reach) in in_name.chain(behind) {
            if *end > place {
                self.until = self.until.min(*end);
            } else if place - end > reach {
                self.from = self.from.max(end + reach + 1);
                if reach == NEAR {
                    // Those before it end earlier.
                    break;
                }
            } else if let Some(text) = rules.text(*word)
                && !self.rules.has(&text.speaks_for)
            {
                // Where one that ends later speaks for the same rules, it does so for longer.
                self.from = self.from.max(*end);
                self.until = self.until.min(end + reach + 1);
                self.rules.unite(&text.speaks_for);
            }
        }
    }
}

/// More words than these so near each other are a list of words.
const MOST: usize = 128;
