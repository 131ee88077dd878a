//! One text as it is searched, byte by byte, whole or in pieces. What it finds does not depend on where the pieces part.

use aho_corasick::automaton::{Automaton as _, StateID};
use aho_corasick::{Anchored, PatternID};

use crate::candidate::{Candidate, Step, Window};
use crate::edge::{Escape, ends_in_escape};
use crate::found::{Event, Found};
use crate::number::Chain;
use crate::rule::{LONGEST, NEAR, Shape};
use crate::rules::{Asked, RuleId, Rules};
use crate::view::BEHIND;

#[derive(Debug)]
pub(crate) struct Search<'r> {
    rules: &'r Rules,
    literals: StateID,
    /// How many bytes have been read.
    at: usize,
    /// How many of them are a name before the text, in which nothing is found.
    named: usize,
    run: Run,
    escape: Escape,
    /// Words of rules, and where they end.
    words: Vec<(PatternID, usize)>,
    open: Vec<Candidate>,
    /// Where numbers begin whose end has not come yet.
    numbers: Vec<usize>,
    found: Found,
    chain: Chain,
}

/// What the bytes just read belong to.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    /// Where the word began, of letters and digits.
    word: Option<usize>,
    has_digit: bool,
    /// Where the text without spaces and quotes began.
    start: usize,
}

impl<'r> Search<'r> {
    /// Of a text that stands under this name.
    pub(crate) fn new(rules: &'r Rules, name: Option<&str>) -> Self {
        let mut search = Self {
            rules,
            literals: rules.start(),
            at: 0,
            named: 0,
            run: Run::default(),
            escape: Escape::default(),
            words: Vec::new(),
            open: Vec::new(),
            numbers: Vec::new(),
            found: Found::default(),
            chain: Chain::default(),
        };
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            let end = name.ceil_char_boundary(name.len().saturating_sub(NAME));
            let name = format!("{}=", name.get(end..).unwrap_or_default());
            search.named = name.len();
            search.read(name.as_bytes(), 0, false);
            search.run.start = name.len();
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
        let new = window.after(self.at);
        for (at, byte) in (self.at..).zip(new) {
            if self.rules.literals.is_match(self.literals) {
                self.texts(at, Some(*byte), window);
            }
            self.literals = self
                .rules
                .literals
                .next_state(Anchored::No, self.literals, *byte);
            self.byte(at, *byte, window);
        }
        self.at = window.end();
        if last && self.rules.literals.is_match(self.literals) {
            self.texts(self.at, None, window);
        }
    }

    /// Everything that begins before this has been found, the whole of it or as much as has come.
    pub(crate) fn settled(&self) -> usize {
        let run = self.run.start.max(self.at.saturating_sub(BEHIND));
        let open = self.open.iter().filter_map(Candidate::holds);
        open.chain(self.numbers.iter().copied())
            .fold(run.min(self.at), usize::min)
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

    fn byte(&mut self, at: usize, byte: u8, window: Window<'_>) {
        let class = if self.escape.covers(byte) {
            0
        } else {
            CLASSES.get(usize::from(byte)).copied().unwrap_or(0)
        };
        if class & WORD == 0 {
            self.run.word = None;
            if class & BREAK != 0 {
                self.run.start = at + 1;
            } else if class & ASKED != 0 {
                self.ask_byte(at, byte, window);
            }
            return;
        }
        let start = *self.run.word.get_or_insert_with(|| {
            self.run.has_digit = false;
            at
        });
        if class & DIGIT != 0 && !self.run.has_digit {
            self.run.has_digit = true;
            self.ask_word(start, at - start, window);
        }
    }

    /// The texts of the automaton that end here.
    fn texts(&mut self, end: usize, next: Option<u8>, window: Window<'_>) {
        let rules = self.rules;
        for at in 0..rules.literals.match_len(self.literals) {
            let id = rules.literals.match_pattern(self.literals, at);
            let Some(text) = rules.text(id) else { continue };
            let Some(start) = end.checked_sub(text.length) else {
                continue;
            };
            if start < window.base {
                continue;
            }
            let free = !text.is_bounded || Self::is_free(start, window);
            let begins = free || is_camel(start, window);
            if text.is_word
                && begins
                && !next.is_some_and(|next| next.is_ascii_lowercase() && next != b's')
            {
                self.word(id, end);
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

    fn word(&mut self, id: PatternID, end: usize) {
        let oldest = end.saturating_sub(NEAR + 2 * LONGEST);
        self.words
            .retain(|(_, end)| *end >= oldest || *end <= self.named);
        self.words.push((id, end));
    }

    /// Whether no word goes on here.
    fn is_free(start: usize, window: Window<'_>) -> bool {
        let before = window.bytes.get(..start - window.base).unwrap_or_default();
        match before.last() {
            Some(byte) => !byte.is_ascii_alphanumeric() || ends_in_escape(before),
            None => true,
        }
    }

    fn ask_byte(&mut self, at: usize, byte: u8, window: Window<'_>) {
        let rules = self.rules;
        for id in rules.at_byte(byte) {
            let start = self.run.start.max(at.saturating_sub(BEHIND));
            self.try_custom(*id, at, start, window);
        }
    }

    fn ask_word(&mut self, start: usize, letters: usize, window: Window<'_>) {
        if letters == 0 {
            self.number(start, window);
        }
        let rules = self.rules;
        let Some(asked) = rules.of_word(letters) else {
            return;
        };
        for id in self.asked(asked) {
            self.try_pattern(*id, start, window);
        }
    }

    fn asked<'a>(&self, asked: &'a Asked) -> impl Iterator<Item = &'a RuleId> + use<'a> {
        let near: &[RuleId] = if self.words.is_empty() {
            &[]
        } else {
            &asked.near
        };
        asked.always.iter().chain(near)
    }

    /// A hand-written rule may take what stands before its text.
    fn try_literal(&mut self, id: RuleId, start: usize, window: Window<'_>) {
        let shape = self.rules.get(id).map(|ready| ready.rule.shape);
        if let Some(Shape::Custom(_)) = shape {
            let earliest = self.run.start.max(start.saturating_sub(BEHIND));
            self.try_custom(id, start, earliest.min(start), window);
        } else {
            self.try_pattern(id, start, window);
        }
    }

    fn try_pattern(&mut self, id: RuleId, start: usize, window: Window<'_>) {
        let Some(ready) = self.rules.get(id) else {
            return;
        };
        let Some(near) = self.sureness(id, start) else {
            return;
        };
        if let Shape::Custom(_) = ready.rule.shape {
            return self.try_custom(id, start, start, window);
        }
        let before = start.checked_sub(1).and_then(|at| window.byte(at));
        let before = before.or((start > 0).then_some(b'='));
        if let Some(candidate) = Candidate::pattern(id, near, ready, start, before) {
            self.step(candidate, window);
        }
    }

    fn try_custom(&mut self, id: RuleId, anchor: usize, start: usize, window: Window<'_>) {
        if let Some(near) = self.sureness(id, start) {
            self.step(Candidate::custom(id, near, anchor, start), window);
        }
    }

    /// Whether a word of the rule is near; none where the rule needs one and there is none.
    fn sureness(&self, id: RuleId, start: usize) -> Option<bool> {
        let ready = self.rules.get(id)?;
        if ready.rule.words.is_empty() {
            return Some(false);
        }
        let is_near = |(word, end): &(PatternID, usize)| {
            let reach = if *end <= self.named { LONGEST } else { NEAR };
            *end <= start && start - end <= reach && ready.is_near(*word)
        };
        let near = self.words.iter().any(is_near);
        (near || ready.rule.confidence.alone > 0).then_some(near)
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
            Step::None => {}
            Step::Open(candidate) => self.open.push(candidate),
            Step::Found { start, end } => self.found(id, near, start, end),
            Step::Ends { end } => self.found.ends(id, end),
            Step::Grows { start, rest } => {
                if start >= self.named {
                    self.found.add(id, ready.rule, near, start, None);
                    self.step(rest, window);
                }
            }
        }
    }

    fn found(&mut self, id: RuleId, near: bool, start: usize, end: usize) {
        if let Some(ready) = self.rules.get(id)
            && start >= self.named
            && start < end
        {
            self.found.add(id, ready.rule, near, start, Some(end));
        }
    }

    /// All rules for numbers, at once: the digits are read once.
    fn number(&mut self, start: usize, window: Window<'_>) {
        let rules = self.rules;
        let view = window.view(start);
        let mut chain = std::mem::take(&mut self.chain);
        if chain.read(view.before, view.from, view.open) {
            for (length, number) in chain.numbers() {
                let Some(asked) = rules.of_number(number.digits.len()) else {
                    continue;
                };
                for id in self.asked(asked) {
                    let Some(near) = self.sureness(*id, start) else {
                        continue;
                    };
                    let fits = rules.get(*id).is_some_and(|ready| match ready.rule.shape {
                        Shape::Number(fits) => fits(&number),
                        Shape::Pattern { .. } | Shape::Custom(_) => false,
                    });
                    if fits {
                        self.found(*id, near, start, start + length);
                    }
                }
            }
        } else {
            self.numbers.push(start);
        }
        self.chain = chain;
    }
}

/// `userSsn`: a word begins with a capital behind a small letter.
fn is_camel(start: usize, window: Window<'_>) -> bool {
    let before = start.checked_sub(1).and_then(|at| window.byte(at));
    before.is_some_and(|byte| byte.is_ascii_lowercase())
        && window
            .byte(start)
            .is_some_and(|byte| byte.is_ascii_uppercase())
}

/// Of a name, how much counts: its end, in bytes.
const NAME: usize = 64;

const WORD: u8 = 1;
const DIGIT: u8 = 2;
/// A space, a quote, or what else ends a value.
const BREAK: u8 = 4;
const ASKED: u8 = 8;

/// What each byte is. A letter beyond ASCII ends a word: in many scripts numbers stand right behind one.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut at = 0_u8;
    loop {
        let class = match at {
            b'0'..=b'9' => WORD | DIGIT,
            b'A'..=b'Z' | b'a'..=b'z' => WORD,
            b' ' | b'\t' | b'\n' | b'\r' | b'"' | b'\'' | b'`' => BREAK,
            b'@' | b':' | b'+' | b'(' | b'~' => ASKED,
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
