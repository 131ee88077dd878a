//! One text as it is searched, byte by byte, whole or in pieces. What it finds does not depend on where the pieces part.

mod asking;
mod numbers;

use std::ops::Range;
use std::sync::Arc;

use asking::Waiting;

use crate::candidate::{Candidate, Step};
use crate::custom::Walks;
use crate::found::{Event, Found, Group};
use crate::joined::Ends;
use crate::literals::{State, TextId};
use crate::nearby::Nearby;
use crate::number::Row;
use crate::rule_set;
use crate::rules::{Ready, RuleId, Rules, Sets};
use crate::stand_in;
use crate::view::BEHIND;
use crate::walk::Trails;
use crate::window::Window;

#[derive(Clone, Debug)]
pub(crate) struct Search {
    sets: Arc<Sets>,
    walks: Walks,
    literals: State,
    /// How many bytes have been read.
    at: usize,
    /// How many of them are a name before the text, in which nothing is found.
    named: usize,
    /// The last byte was a digit of an escape: the next one may be the first of a number.
    escaped: bool,
    /// Where the text without spaces and double quotes began that still goes on.
    run: usize,
    nearby: Nearby,
    /// What rules have read as values behind leads.
    read: Vec<(RuleId, Range<usize>)>,
    open: Vec<Candidate>,
    waiting: Vec<Waiting>,
    trails: Trails,
    /// Kept for its room.
    ends: Ends,
    /// The last value that is no part of a name.
    no_name: Range<usize>,
    row: Row,
    /// In rows of short groups, where no number begins that has at least so many digits.
    quiet: Range<usize>,
    quiet_below: usize,
    /// Where numbers begin whose end has not come yet.
    numbers: Vec<usize>,
    found: Found,
}

impl Search {
    /// Of a text that stands under this name.
    pub(crate) fn new(sets: &Arc<Sets>, name: Option<&str>) -> Self {
        let mut search = Self {
            sets: Arc::clone(sets),
            walks: Walks::default(),
            literals: State::default(),
            at: 0,
            named: 0,
            escaped: false,
            run: 0,
            nearby: Nearby::default(),
            read: Vec::new(),
            open: Vec::new(),
            waiting: Vec::new(),
            trails: Trails::default(),
            ends: Ends::default(),
            no_name: 0..0,
            row: Row::default(),
            quiet: 0..0,
            quiet_below: 0,
            numbers: Vec::new(),
            found: Found::default(),
        };
        if let Some(name) = name {
            let end = name.ceil_char_boundary(name.len().saturating_sub(NAME));
            let name = name.get(end..).unwrap_or_default().as_bytes();
            let mut lead = [b'='; NAME + 1];
            for (place, byte) in lead.iter_mut().zip(name) {
                *place = *byte;
            }
            let lead = lead.get(..=name.len()).unwrap_or_default();
            search.named = lead.len();
            search.read(lead, 0, false);
            search.run = lead.len();
        }
        search
    }

    /// How many bytes have been read, the name included.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn sets(&self) -> &Sets {
        &self.sets
    }

    pub(crate) fn named(&self) -> usize {
        self.named
    }

    /// Reads what is new in a part of the text that begins at `base`.
    pub(crate) fn read(&mut self, bytes: &[u8], base: usize, last: bool) {
        let window = Window { bytes, base, last };
        self.no_name = 0..0;
        let sets = Arc::clone(&self.sets);
        let rules = &*sets.rules;
        self.go_on(rules, window);
        while let Some(next) = window.byte(self.at) {
            self.texts(rules, Some(next), window);
            match self.skip(rules, window) {
                Some(b'0'..=b'9') => self.digit(rules, window),
                Some(sign) => self.sign(rules, sign, window),
                None => {}
            }
        }
        if last {
            self.texts(rules, None, window);
        }
        self.run = window.run(self.at).min(window.lead(self.at));
        if !sets.customs.is_empty() {
            let (walks, found) = (&mut self.walks, &mut self.found);
            walks.read(&sets.customs, window, self.named, found);
        }
    }

    /// Reads up to the next byte that may matter, and that byte: what it is, unless it is a digit behind
    /// another.
    fn skip(&mut self, rules: &Rules, window: Window<'_>) -> Option<u8> {
        let new = window.after(self.at);
        let escaped = std::mem::take(&mut self.escaped);
        let new = if escaped { new.get(..1)? } else { new };
        let (state, length) = rules.literals.skip(self.literals, new);
        self.literals = state;
        self.at += length.unwrap_or(new.len());
        let last = *new.get(length.unwrap_or(1) - 1)?;
        let before = || self.at.checked_sub(2).and_then(|at| window.byte(at));
        let goes_on = || before().is_some_and(|byte| byte.is_ascii_digit());
        let matters = if last.is_ascii_digit() {
            escaped || length.is_some() && !goes_on()
        } else {
            length.is_some()
        };
        matters.then_some(last)
    }

    /// Everything that begins before this has been found, the whole of it or as much as has come.
    pub(crate) fn settled(&self) -> usize {
        let open = self.open.iter().filter_map(Candidate::holds);
        open.chain(self.waiting.iter().map(|waiting| waiting.start))
            .chain(self.numbers.iter().copied())
            .chain((!self.sets.customs.is_empty()).then(|| self.walks.settled()))
            .fold(self.run, usize::min)
    }

    /// From here on the text is still needed.
    pub(crate) fn needed(&self) -> usize {
        self.settled().saturating_sub(BEHIND + 16)
    }

    /// Adds what has been found for good, in order.
    pub(crate) fn events(&mut self, last: bool, events: &mut Vec<Event>) {
        let settled = if last { usize::MAX } else { self.settled() };
        let rules = &self.sets.rules;
        self.found.settle(settled, |id| rules.kind_of(id), events);
    }

    /// A byte has been read at which rules may be asked.
    fn sign(&mut self, rules: &Rules, sign: u8, window: Window<'_>) {
        self.ask(rules, rules.at_byte(sign), self.at - 1, window);
    }

    /// The texts of the automaton that end here.
    #[inline]
    fn texts(&mut self, rules: &Rules, next: Option<u8>, window: Window<'_>) {
        let texts = rules.literals.texts(self.literals);
        if !texts.is_empty() {
            self.some_texts(rules, texts, next, window);
        }
    }

    fn some_texts(
        &mut self,
        rules: &Rules,
        texts: &[TextId],
        next: Option<u8>,
        window: Window<'_>,
    ) {
        let end = self.at;
        for id in texts {
            let Some(text) = rules.text(*id) else {
                continue;
            };
            let start = end.checked_sub(text.length);
            let Some(start) = start.filter(|start| *start >= window.base) else {
                continue;
            };
            let free = !text.is_bounded || window.is_free(start);
            let begins = free || window.is_camel(start);
            if begins && text.is_word && window.ends_word(text.length, end, next) {
                self.nearby.add(*id, text, end, self.named);
            }
            if free {
                self.ask(rules, &text.anchors.0, start, window);
            }
            if begins {
                self.ask(rules, &text.names.0, end, window);
            }
            self.ask(rules, &text.within.0, end, window);
        }
    }

    /// From this place on, unless its rule has read that already.
    fn go(&mut self, rules: &Rules, candidate: Candidate, start: usize, window: Window<'_>) {
        let id = candidate.rule;
        if let Some(ready) = rules.get(id)
            && !self.is_read(id, ready, start)
        {
            self.step(rules, candidate, window);
        }
    }

    fn go_on(&mut self, rules: &Rules, window: Window<'_>) {
        // Those that began first come first, and the others go where they have gone.
        for mut candidate in std::mem::take(&mut self.open) {
            if candidate.follows(&self.trails, window) {
                self.open.push(candidate);
            } else {
                self.step(rules, candidate, window);
            }
        }
        for waiting in std::mem::take(&mut self.waiting) {
            self.ask_again(rules, &waiting, window);
        }
        for start in std::mem::take(&mut self.numbers) {
            self.number(rules, start, window);
        }
    }

    fn step(&mut self, rules: &Rules, candidate: Candidate, window: Window<'_>) {
        let (id, near) = (candidate.rule, candidate.near);
        let Some(ready) = rules.get(id) else { return };
        match candidate.step(ready, &mut self.trails, window) {
            Step::None(read) => self.reads(rules, id, read),
            Step::Open(candidate) => self.open.push(candidate),
            Step::Found { start, end, read } => {
                self.reads(rules, id, start..read);
                self.found(rules, (id, near), start..end, window);
            }
            Step::Ends { end } => {
                for (_, range) in self.read.iter_mut().filter(|(rule, _)| *rule == id) {
                    range.end = range.end.min(end);
                }
                self.found.ends(id, end);
            }
            Step::Grows { start, rest } => {
                self.read.push((id, start..usize::MAX));
                if start >= self.named {
                    let confidence = ready.rule.confidence.of(near, false);
                    self.found.add(id, ready.rank, confidence, start, None);
                    self.step(rules, rest, window);
                }
            }
        }
    }

    /// Behind a lead, these bytes were read as a value of a rule.
    fn reads(&mut self, rules: &Rules, id: RuleId, read: Range<usize>) {
        if !read.is_empty() && rules.get(id).is_some_and(Ready::is_led) {
            // No rule is asked further back.
            let near = self.at.saturating_sub(BEHIND);
            self.read.retain(|(_, range)| range.end > near);
            self.read.push((id, read));
        }
    }

    /// Whether a place is within what the rule has read as a value behind an earlier lead, or within
    /// a value that goes on. It is not asked there again, or a row of leads would be read over and over.
    fn is_read(&self, id: RuleId, ready: &Ready, place: usize) -> bool {
        let covers = |range: &Range<usize>| range.contains(&place);
        let open = self.open.iter().filter(|open| open.rule == id);
        let open = || {
            open.filter_map(Candidate::reads)
                .any(|range| covers(&range))
        };
        let mut read = self.read.iter();
        read.any(|(rule, range)| *rule == id && covers(range)) || ready.is_led() && open()
    }

    /// Whether it is in the text, and no name that stands in the place of a value.
    #[inline]
    fn is_data(&mut self, range: &Range<usize>, window: Window<'_>) -> bool {
        if self.no_name == *range {
            return true;
        }
        let is_data = range.start >= self.named
            && !range.is_empty()
            && !stand_in::covers(range, window, &self.sets.customs);
        if is_data {
            self.no_name = range.clone();
        }
        is_data
    }

    /// Adds what a rule has found.
    fn found(
        &mut self,
        rules: &Rules,
        (id, near): (RuleId, bool),
        range: Range<usize>,
        window: Window<'_>,
    ) {
        let (block, bit) = rule_set::place(id);
        let near = if near { bit } else { 0 };
        self.all_found(rules, (block, bit, near), range, window);
    }

    /// The same of some rules of a block.
    fn all_found(
        &mut self,
        rules: &Rules,
        (block, some, near): (usize, u128, u128),
        range: Range<usize>,
        window: Window<'_>,
    ) {
        if some == 0 || !self.is_data(&range, window) {
            return;
        }
        let is_whole = range.start == 0 && window.last && range.end == window.end();
        for mut some in [some & near, some & !near] {
            while let Some((id, bit)) = rule_set::rules(block, some).next()
                && let Some(ready) = rules.get(id)
            {
                let confidence = ready.rule.confidence.of(near & bit != 0, is_whole);
                let alike = some & ready.settled;
                some &= !(alike | bit);
                if alike == 0 {
                    let (start, end) = (range.start, Some(range.end));
                    self.found.add(id, ready.rank, confidence, start, end);
                    continue;
                }
                let group = Group {
                    block,
                    rules: alike,
                    near: alike & near,
                    is_joined: false,
                    is_whole,
                    range: range.clone(),
                };
                self.found.add_group(confidence, group);
            }
        }
    }
}

/// The byte behind which a value begins; of a text with a name, the first does behind that.
fn before(start: usize, window: Window<'_>) -> Option<u8> {
    let before = start.checked_sub(1).and_then(|at| window.byte(at));
    before.or((start > 0).then_some(b'='))
}

/// Of a name, how much counts: its end, in bytes.
const NAME: usize = 64;
