//! The words that have been read, and the rules that they speak for at a place. Searches nothing.

use crate::literals::TextId;
use crate::rule::{LONGEST, NEAR};
use crate::rule_set::RuleSet;
use crate::rules::Rules;

/// Words of rules, where they end, and what follows for the place that was last asked about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Nearby {
    words: Vec<(TextId, usize)>,
    rules: RuleSet,
    /// The places for which `rules` holds.
    from: usize,
    until: usize,
}

impl Nearby {
    /// A word ends here, within the first `named` bytes or behind them.
    pub(crate) fn add(&mut self, word: TextId, end: usize, named: usize) {
        let oldest = end.saturating_sub(NEAR + 2 * LONGEST);
        let old = |(_, end): &(TextId, usize)| *end < oldest && *end > named;
        if self.words.len() == MOST || self.words.first().is_some_and(old) {
            self.words.retain(|word| !old(word));
        }
        if self.words.len() < MOST {
            self.words.push((word, end));
        }
        // Behind it, other rules have a word.
        self.until = self.until.min(end);
    }

    /// The rules that have a word near a value that begins here.
    pub(crate) fn at(&mut self, place: usize, named: usize, rules: &Rules) -> &RuleSet {
        if !(self.from..self.until).contains(&place) {
            self.gather(place, named, rules);
        }
        &self.rules
    }

    fn gather(&mut self, place: usize, named: usize, rules: &Rules) {
        self.rules.clear();
        (self.from, self.until) = (0, usize::MAX);
        for (word, end) in &self.words {
            let reach = if *end <= named { LONGEST } else { NEAR };
            if *end > place {
                self.until = self.until.min(*end);
            } else if place - end > reach {
                self.from = self.from.max(end + reach + 1);
            } else {
                self.from = self.from.max(*end);
                self.until = self.until.min(end + reach + 1);
                if let Some(text) = rules.text(*word) {
                    self.rules.unite(&text.speaks_for);
                }
            }
        }
    }
}

/// More words than these so near each other are a list of words.
const MOST: usize = 128;
