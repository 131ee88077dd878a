//! The rules for numbers, asked where digits begin a word. It reads no digits.

use std::ops::Range;

use super::Search;
use crate::number::{self, Number, quiet_until};
use crate::rules::Rules;
use crate::window::Window;

impl Search {
    /// All rules for numbers, at once: the digits are read once.
    pub(super) fn number(&mut self, rules: &Rules, start: usize, window: Window<'_>) {
        if self.is_quiet(rules, start, window)
            || number::is_none(window.after(start), rules.shortest_number)
        {
            return;
        }
        let Some(chain) = self.row.chain(start, window) else {
            return self.numbers.push(start);
        };
        let in_rows = if chain.is_row() {
            self.nearby.in_rows(start, rules)
        } else {
            0
        };
        let mut asked = self.row.asked(chain, rules.numbers_alone, in_rows);
        if asked != 0 {
            let row = std::mem::take(&mut self.row);
            while asked != 0 {
                let count = asked.trailing_zeros() as usize;
                asked &= asked - 1;
                if let Some((length, number)) = row.number(chain, count) {
                    self.try_number(rules, &number, start..start + length, window);
                }
            }
            self.row = row;
        }
    }

    /// Whether the groups from here on are seen to be no number that is asked for within a row.
    fn is_quiet(&mut self, rules: &Rules, start: usize, window: Window<'_>) -> bool {
        let is_known = self.quiet.contains(&start);
        let is_short = || number::is_short(window.after(start));
        if !is_known && !is_short() {
            return false;
        }
        let in_rows = self.nearby.in_rows(start, rules);
        let least = usize::try_from(in_rows.trailing_zeros()).unwrap_or_default();
        if is_known && least >= self.quiet_below {
            return true;
        }
        if !is_short() {
            return false;
        }
        let until = quiet_until(start, least, window);
        (self.quiet, self.quiet_below) = (start..until, least);
        self.quiet.contains(&start)
    }

    fn try_number(
        &mut self,
        rules: &Rules,
        number: &Number<'_>,
        range: Range<usize>,
        window: Window<'_>,
    ) {
        for block in rules.of_number(number.digits.len()) {
            let near = self.nearby.at(range.start, rules);
            let near = near.block(block.number);
            let some = block.of(number.part) & block.asked(near, range.start == 0);
            let fitting = rules.fitting(block.number, some, number);
            let found = (block.number, fitting, near);
            self.all_found(rules, found, range.clone(), window);
        }
    }
}
