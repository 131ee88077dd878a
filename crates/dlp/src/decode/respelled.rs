//! A text as a reader takes it: escapes undone, look-alikes as what they look like, the invisible left out.
//!
//! Most text says what it says. Where it does not, and within reach of something that may be a
//! value, the search is doubled: one reads on as the text stands, the other as it is meant, until
//! the two would see the same again. Where that is depends on the text only.

use std::ops::Range;

use super::Layers;
use super::hidden::Hidden;
use super::spelling::{More, Role, Spelling, first, role, spelling};
use crate::found::Event;
use crate::rule::NEAR;
use crate::view::BEHIND;
use crate::window::Window;

#[derive(Clone, Debug)]
pub(crate) struct Respelled {
    /// Up to here the text has been read.
    at: usize,
    /// The spellings of a run; kept for its room.
    run: Vec<(Range<usize>, Option<char>)>,
    fork: Option<Box<Fork>>,
}

/// The search that reads what is meant.
#[derive(Clone, Debug)]
struct Fork {
    hidden: Hidden,
    /// Where the last character ended that was spelled otherwise.
    changed: usize,
    /// Where it is asked whether it is still needed.
    check: usize,
}

impl Respelled {
    pub(crate) fn new(at: usize) -> Self {
        Self {
            at,
            run: Vec::new(),
            fork: None,
        }
    }

    /// Reads on, and says how far; of a spelling that is still open, the beginning waits.
    pub(crate) fn read(&mut self, layers: &mut Layers, window: Window<'_>) -> usize {
        let open = loop {
            let from = self.at;
            let next = first(window.after(from)).map(|next| from + next);
            self.same(next.unwrap_or(window.end()), window, layers);
            if next.is_none() {
                break false;
            }
            match self.gather(window) {
                Err(More) => break true,
                Ok(None) => {}
                Ok(Some(plain)) => self.same(self.at + plain, window, layers),
            }
            self.respell(window, layers);
        };
        if let Some(fork) = &mut self.fork {
            let last = window.last && !open;
            fork.hidden.read(last, &mut layers.events);
        }
        self.at
    }

    #[cfg(test)]
    pub(crate) fn is_doubled(&self) -> bool {
        self.fork.is_some()
    }

    pub(crate) fn settled(&self) -> usize {
        let fork = self.fork.as_ref();
        fork.map_or(usize::MAX, |fork| fork.hidden.settled())
    }

    /// The spellings that follow each other here, and how many bytes are none where there are none.
    fn gather(&mut self, window: Window<'_>) -> Result<Option<usize>, More> {
        self.run.clear();
        let mut at = self.at;
        while at < self.at + LONGEST_RUN {
            let bytes = window.after(at);
            match spelling(bytes, !window.last)? {
                Spelling::Is(length, said) => {
                    self.run.push((at..at + length, said));
                    at += length;
                }
                Spelling::None(length) if self.run.is_empty() => return Ok(Some(length)),
                Spelling::None(_) => break,
            }
        }
        Ok(None)
    }

    fn respell(&mut self, window: Window<'_>, layers: &mut Layers) {
        let (Some(start), Some(end)) = (self.run.first(), self.run.last()) else {
            return;
        };
        let whole = start.0.start..end.0.end;
        if self.fork.is_none() && self.matters(&whole, window) {
            self.fork = Some(Box::new(Fork::new(whole.start, window, layers)));
        }
        if let Some(fork) = &mut self.fork {
            for (range, said) in &self.run {
                fork.reads(range, *said, &mut layers.events);
            }
        }
        self.at = whole.end;
    }

    /// Whether a value may have such a character in it here, or begin behind it. In the middle of a text of
    /// another script, and at the edge of a word, they are what they are.
    fn matters(&self, whole: &Range<usize>, window: Window<'_>) -> bool {
        let before = whole.start.checked_sub(1).and_then(|at| window.byte(at));
        let sides = [before, window.byte(whole.end)];
        let touched = sides.map(|side| side.is_some_and(may_be_part));
        let roles = || self.run.iter().map(|(_, said)| role(*said));
        let has = |one| roles().any(|role| role == one);
        has(Role::Part) && (touched.contains(&true) || self.is_long(whole))
            || has(Role::Gap) && (touched == [true; 2] || self.has_dashes(sides))
            || touched[1] && is_letters(whole, window)
            || self.is_bracket(sides)
    }

    /// Whether it may be a value by itself; other scripts are spelled in long runs, too.
    fn is_long(&self, whole: &Range<usize>) -> bool {
        let mut said = self.run.iter().filter_map(|(_, said)| *said);
        let foreign = |it: char| !it.is_ascii() && role(Some(it)) == Role::Other;
        whole.len() >= LONGEST_RUN && !said.any(foreign)
    }

    /// Whether there are two or more in a row, as around the name of a key.
    fn has_dashes(&self, sides: [Option<u8>; 2]) -> bool {
        let dashes = self.run.iter().filter(|(_, said)| *said == Some('-'));
        match dashes.count() {
            0 => false,
            1 => sides.contains(&Some(b'-')),
            _ => true,
        }
    }

    /// Whether it is a bracket at a number, as around the area code of a telephone number.
    fn is_bracket(&self, sides: [Option<u8>; 2]) -> bool {
        let mut said = self.run.iter().filter_map(|(_, said)| *said);
        let digit = |side: Option<u8>| side.is_some_and(|side| side.is_ascii_digit());
        sides.into_iter().any(digit) && said.any(|said| matches!(said, '(' | ')'))
    }

    /// Up to here, the text says what it says.
    fn same(&mut self, until: usize, window: Window<'_>, layers: &mut Layers) {
        while self.at < until
            && let Some(fork) = &mut self.fork
        {
            let bytes = window.after(self.at);
            let step = (until - self.at).min(fork.check - fork.hidden.end());
            let bytes = bytes.get(..step).unwrap_or_default();
            fork.hidden.same(bytes, &mut layers.events);
            self.at += step;
            if fork.is_done(&mut layers.events) {
                self.fork = None;
            }
        }
        self.at = until;
    }
}

impl Fork {
    /// Both have read the same up to here.
    fn new(at: usize, window: Window<'_>, layers: &mut Layers) -> Self {
        layers.read_to(at, window);
        layers.take_plain(false);
        let meant = layers.respelled();
        let needed = meant.needed().max(window.base);
        let before = window.after(needed).get(..at - needed).unwrap_or_default();
        Self {
            hidden: Hidden::new(meant, before, at),
            changed: at,
            check: at + CALM,
        }
    }

    fn reads(&mut self, range: &Range<usize>, said: Option<char>, events: &mut Vec<Event>) {
        let mut buffer = [0; 4];
        let said: &str = said.map_or("", |said| said.encode_utf8(&mut buffer));
        self.hidden.unit(said.as_bytes(), range.clone(), events);
        self.changed = self.hidden.end();
        self.check = self.changed + CALM;
    }

    /// Whether nothing that was spelled otherwise counts any more: then both searches are alike.
    fn is_done(&mut self, events: &mut Vec<Event>) -> bool {
        if self.hidden.end() < self.check {
            return false;
        }
        self.check += CALM;
        self.hidden.read(false, events);
        let layers = &self.hidden.layers;
        layers.is_at_rest() && layers.settled() > self.changed + NEAR + BEHIND
    }
}

/// Whether an escape ends with a letter or digit, which a word behind it would seem to go on from.
fn is_letters(whole: &Range<usize>, window: Window<'_>) -> bool {
    let last = whole.end.checked_sub(1).and_then(|at| window.byte(at));
    last.is_some_and(|last| last.is_ascii_alphanumeric())
}

fn may_be_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"@._-:/=+".contains(&byte)
}

/// No longer run of spellings is looked at as one, in bytes; the last may reach beyond it.
const LONGEST_RUN: usize = 16;
/// How much unchanged text there is at least before the search is one again, in bytes.
const CALM: usize = 256;
