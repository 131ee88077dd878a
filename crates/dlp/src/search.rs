//! One text as it is searched, byte by byte, whole or in pieces. What it finds does not depend on where the pieces part.

use std::ops::Range;

use aho_corasick::Anchored;
use aho_corasick::automaton::{Automaton as _, StateID};

use crate::candidate::{Candidate, Step};
use crate::found::{Event, Found};
use crate::nearby::Nearby;
use crate::number::Chain;
use crate::rule::{LONGEST, Rule, Shape};
use crate::rules::{Asked, Ready, RuleId, Rules};
use crate::view::BEHIND;
use crate::window::Window;

#[derive(Clone, Debug)]
pub(crate) struct Search<'r> {
    rules: &'r Rules,
    literals: StateID,
    /// How many bytes have been read.
    at: usize,
    /// How many of them are a name before the text, in which nothing is found.
    named: usize,
    /// Whether the last byte was a digit, as its class.
    before: u8,
    /// Where the text without spaces and quotes began that still goes on.
    run: usize,
    nearby: Nearby,
    /// What rules have read as values behind leads.
    read: Vec<(RuleId, Range<usize>)>,
    /// The rules that are asked at a place; kept for its room.
    asked: Vec<RuleId>,
    open: Vec<Candidate>,
    /// Where numbers begin whose end has not come yet.
    numbers: Vec<usize>,
    found: Found,
    chain: Chain,
}

impl<'r> Search<'r> {
    /// Of a text that stands under this name.
    pub(crate) fn new(rules: &'r Rules, name: Option<&str>) -> Self {
        let mut search = Self {
            rules,
            literals: rules.start(),
            at: 0,
            named: 0,
            before: 0,
            run: 0,
            nearby: Nearby::default(),
            read: Vec::new(),
            asked: Vec::new(),
            open: Vec::new(),
            numbers: Vec::new(),
            found: Found::default(),
            chain: Chain::default(),
        };
        if let Some(name) = name {
            let end = name.ceil_char_boundary(name.len().saturating_sub(NAME));
            let name = format!("{}=", name.get(end..).unwrap_or_default());
            search.named = name.len();
            search.read(name.as_bytes(), 0, false);
            search.run = name.len();
        }
        search
    }

    /// How many bytes have been read, the name included.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn named(&self) -> usize {
        self.named
    }

    /// Reads what is new in a part of the text that begins at `base`.
    pub(crate) fn read(&mut self, bytes: &[u8], base: usize, last: bool) {
        let window = Window { bytes, base, last };
        self.go_on(window);
        let literals = &self.rules.literals;
        while let Some(next) = window.byte(self.at) {
            if literals.is_match(self.literals) {
                self.texts(Some(next), window);
            }
            match self.skim(window.after(self.at)) {
                0 => {}
                DIGIT => self.digit(window),
                _ => self.sign(window),
            }
        }
        if last && literals.is_match(self.literals) {
            self.texts(None, window);
        }
        self.run = window.run(self.at).min(window.lead(self.at));
    }

    /// Reads up to the next byte that matters, and that byte: its class. 0 where a text ends, or all do.
    #[inline(never)]
    fn skim(&mut self, new: &[u8]) -> u8 {
        let literals = &self.rules.literals;
        let (mut state, mut before) = (self.literals, self.before);
        let mut rest = new.iter();
        let mut found = 0;
        for byte in rest.by_ref() {
            state = literals.next_state(Anchored::No, state, *byte);
            let class = CLASSES.get(usize::from(*byte)).copied().unwrap_or(0);
            let matters = class > before;
            before = class & DIGIT;
            if matters {
                found = class;
                break;
            }
            if literals.is_special(state) {
                break;
            }
        }
        (self.literals, self.before) = (state, before);
        self.at += new.len() - rest.len();
        found
    }

    /// Everything that begins before this has been found, the whole of it or as much as has come.
    pub(crate) fn settled(&self) -> usize {
        let open = self.open.iter().filter_map(Candidate::holds);
        open.chain(self.numbers.iter().copied())
            .fold(self.run, usize::min)
    }

    /// From here on the text is still needed.
    pub(crate) fn needed(&self) -> usize {
        self.settled().saturating_sub(BEHIND + 16)
    }

    /// What has been found for good, in order.
    pub(crate) fn events(&mut self, last: bool) -> Vec<Event> {
        let settled = if last { usize::MAX } else { self.settled() };
        self.found.settle(settled)
    }

    /// The first digit of some has been read.
    fn digit(&mut self, window: Window<'_>) {
        let at = self.at - 1;
        let Some(word) = window.word(at) else {
            // Behind the escape that it belongs to, others may be the first.
            self.before = 0;
            return;
        };
        let letters = window.after(word).get(..at - word).unwrap_or_default();
        if letters.iter().all(u8::is_ascii_alphabetic) {
            for (lead, count) in window.leads(word).into_iter().flatten() {
                self.ask_word(lead, count + letters.len(), window);
            }
            self.ask_word(word, letters.len(), window);
        }
    }

    /// A byte has been read at which rules are asked.
    fn sign(&mut self, window: Window<'_>) {
        let (rules, anchor) = (self.rules, self.at - 1);
        let Some(byte) = window.byte(anchor) else {
            return;
        };
        for id in rules.at_byte(byte) {
            self.try_custom(*id, anchor, window.run(anchor), window);
        }
    }

    /// The texts of the automaton that end here.
    fn texts(&mut self, next: Option<u8>, window: Window<'_>) {
        let (rules, end) = (self.rules, self.at);
        for at in 0..rules.literals.match_len(self.literals) {
            let id = rules.literals.match_pattern(self.literals, at);
            let Some(text) = rules.text(id) else { continue };
            let start = end.checked_sub(text.length);
            let Some(start) = start.filter(|start| *start >= window.base) else {
                continue;
            };
            let free = !text.is_bounded || window.is_free(start);
            let begins = free || window.is_camel(start);
            if begins && !text.speaks_for.is_empty() && window.ends_word(text.length, end, next) {
                self.nearby.add(id, end, self.named);
            }
            if free {
                for rule in &text.anchors {
                    self.try_literal(*rule, start, window);
                }
            }
            let names = if begins { text.names.as_slice() } else { &[] };
            for rule in names.iter().chain(&text.within) {
                self.try_pattern(*rule, end, window);
            }
        }
    }

    fn ask_word(&mut self, start: usize, letters: usize, window: Window<'_>) {
        if letters == 0 {
            self.number(start, window);
        }
        if let Some(asked) = self.rules.of_word(letters) {
            let list = self.asked(asked, start);
            for id in &list {
                self.try_pattern(*id, start, window);
            }
            self.asked = list;
        }
    }

    /// The rules that are asked at a place, in a list that is given back for its room.
    fn asked(&mut self, asked: &Asked, start: usize) -> Vec<RuleId> {
        let mut list = std::mem::take(&mut self.asked);
        list.clear();
        list.extend(&asked.always);
        let near = self.nearby.at(start, self.named, self.rules);
        asked.near.common(near, &mut list);
        if start == 0 {
            let whole = asked.whole.iter().copied();
            list.extend(whole.filter(|id| !near.contains(*id)));
        }
        list
    }

    /// A hand-written rule may take what stands before its text.
    fn try_literal(&mut self, id: RuleId, start: usize, window: Window<'_>) {
        let shape = self.rules.get(id).map(|ready| ready.rule.shape);
        if let Some(Shape::Custom(_)) = shape {
            self.try_custom(id, start, window.run(start), window);
        } else {
            self.try_pattern(id, start, window);
        }
    }

    fn try_pattern(&mut self, id: RuleId, start: usize, window: Window<'_>) {
        let Some(ready) = self.rules.get(id) else {
            return;
        };
        if let Shape::Custom(_) = ready.rule.shape {
            return self.try_custom(id, start, start, window);
        }
        let (first, second) = (window.byte(start), window.byte(start + 1));
        let may_begin = |first| {
            ready
                .program()
                .is_some_and(|it| it.may_begin(first, second))
        };
        if first.is_some_and(|first| !may_begin(first)) || self.is_read(id, ready, start) {
            return;
        }
        let Some(near) = self.sureness(id, ready.rule, start) else {
            return;
        };
        let before = start.checked_sub(1).and_then(|at| window.byte(at));
        let before = before.or((start > 0).then_some(b'='));
        if let Some(candidate) = Candidate::pattern(id, near, ready, start, before) {
            self.step(candidate, window);
        }
    }

    fn try_custom(&mut self, id: RuleId, anchor: usize, start: usize, window: Window<'_>) {
        if let Some(ready) = self.rules.get(id)
            && let Some(near) = self.sureness(id, ready.rule, anchor)
        {
            self.step(Candidate::custom(id, near, anchor, start), window);
        }
    }

    /// Whether a word of the rule is near; none where the rule needs one and there is none.
    fn sureness(&mut self, id: RuleId, rule: &Rule, start: usize) -> Option<bool> {
        if rule.words.is_empty() {
            return Some(false);
        }
        let near = self.nearby.at(start, self.named, self.rules).contains(id);
        let sure = rule.confidence;
        (near || sure.alone > 0 || sure.whole > 0 && start == 0).then_some(near)
    }

    fn go_on(&mut self, window: Window<'_>) {
        for candidate in std::mem::take(&mut self.open) {
            self.step(candidate, window);
        }
        for start in std::mem::take(&mut self.numbers) {
            self.number(start, window);
        }
    }

    fn step(&mut self, candidate: Candidate, window: Window<'_>) {
        let rules = self.rules;
        let (id, near) = (candidate.rule, candidate.near);
        let Some(ready) = rules.get(id) else { return };
        match candidate.step(ready, window) {
            Step::None(read) => self.reads(id, read),
            Step::Open(candidate) => self.open.push(candidate),
            Step::Found { start, end, read } => {
                self.reads(id, start..read);
                self.found(id, near, start..end, window);
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
                    let sure = ready.rule.confidence;
                    let confidence = if near { sure.near } else { sure.alone };
                    self.found.add(id, ready.rule, confidence, start, None);
                    self.step(rest, window);
                }
            }
        }
    }

    /// Behind a lead, these bytes were read as a value of a rule.
    fn reads(&mut self, id: RuleId, read: Range<usize>) {
        if !read.is_empty() && self.rules.get(id).is_some_and(Ready::is_led) {
            let near = read.start.saturating_sub(LONGEST);
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

    fn found(&mut self, id: RuleId, near: bool, range: Range<usize>, window: Window<'_>) {
        if let Some(ready) = self.rules.get(id)
            && range.start >= self.named
            && !range.is_empty()
        {
            let sure = ready.rule.confidence;
            let whole = range.start == 0 && window.last && range.end == window.end();
            let confidence = match (near, whole) {
                (true, _) => sure.near,
                (false, true) => sure.whole,
                (false, false) => sure.alone,
            };
            self.found
                .add(id, ready.rule, confidence, range.start, Some(range.end));
        }
    }

    /// All rules for numbers, at once: the digits are read once.
    fn number(&mut self, start: usize, window: Window<'_>) {
        let rules = self.rules;
        let view = window.view(start);
        let mut chain = std::mem::take(&mut self.chain);
        if chain.read(view.before, view.from, view.open) {
            for (length, number) in chain.numbers() {
                let asked = rules.of_number(number.digits.len());
                let Some(asked) = asked.filter(|asked| !asked.is_empty()) else {
                    continue;
                };
                let list = self.asked(asked, start);
                for id in &list {
                    let Some(ready) = rules.get(*id) else {
                        continue;
                    };
                    let fits = match ready.rule.shape {
                        Shape::Number(fits) => fits(&number),
                        Shape::Pattern { .. } | Shape::Custom(_) => false,
                    };
                    if fits && let Some(near) = self.sureness(*id, ready.rule, start) {
                        self.found(*id, near, start..start + length, window);
                    }
                }
                self.asked = list;
            }
        } else {
            self.numbers.push(start);
        }
        self.chain = chain;
    }
}

/// Of a name, how much counts: its end, in bytes.
const NAME: usize = 64;

const DIGIT: u8 = 1;
const ASKED: u8 = 2;

/// The bytes that are more than a part of something. A letter beyond ASCII ends a word: in many
/// scripts numbers stand right behind one.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut at = 0_u8;
    loop {
        let class = match at {
            b'0'..=b'9' => DIGIT,
            b'@' | b':' | b'+' | b'(' | b'-' | b'~' => ASKED,
            _ => 0,
        };
        #[expect(
            clippy::indexing_slicing,
            reason = "any byte is an index, and it is const"
        )]
        {
            classes[at as usize] = class;
        }
        if at == u8::MAX {
            break classes;
        }
        at += 1;
    }
};
