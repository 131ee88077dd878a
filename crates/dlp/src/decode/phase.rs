//! What a run of base64 or hex says, if it is read from one of its first characters on. Only text is kept and searched.

use std::sync::Arc;

use std::ops::Range;

use super::Layers;
use super::hidden::Hidden;
use crate::found::Event;
use crate::rules::Sets;

/// One character in four begins a quantum of base64, and one in two a byte of hex; which, is not
/// known where something else stands right before.
#[derive(Clone, Debug)]
pub(crate) struct Phase {
    /// How many bytes of text open it.
    enough: usize,
    opening: [u8; 12],
    /// How many of them have come, and where the first was decoded from.
    filled: usize,
    start: usize,
    /// What was decoded right before that.
    before: [u8; 3],
    hidden: Option<Box<Hidden>>,
    /// Of a character beyond ASCII, how many bytes are to come.
    continues: u8,
}

/// What is needed to search what was decoded.
#[derive(Clone, Debug)]
pub(crate) struct Deeper {
    pub(crate) sets: Arc<Sets>,
    /// How many times over that may be packed.
    pub(crate) depth: usize,
}

impl Phase {
    pub(crate) fn new(enough: usize) -> Self {
        Self {
            enough,
            opening: [0; 12],
            filled: 0,
            start: 0,
            before: [0; 3],
            hidden: None,
            continues: 0,
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.hidden.is_some()
    }

    /// Takes what was decoded from there.
    pub(crate) fn take(
        &mut self,
        unit: &[u8],
        outer: Range<usize>,
        deeper: &Deeper,
        events: &mut Vec<Event>,
    ) {
        if self.is_open() {
            self.go_on(unit, outer, events);
        } else if unit.iter().copied().all(is_text) {
            if self.filled == 0 {
                self.start = outer.start;
            }
            let place = self.opening.iter_mut().skip(self.filled);
            place.zip(unit).for_each(|(place, byte)| *place = *byte);
            self.filled += unit.len();
            if self.filled >= self.enough {
                self.open(unit.len(), outer.len(), deeper, events);
            }
        } else {
            self.filled = 0;
            if let Ok(unit) = unit.try_into() {
                self.before = unit;
            }
        }
    }

    fn open(&mut self, unit: usize, outer: usize, deeper: &Deeper, events: &mut Vec<Event>) {
        // A name, so that nothing in it is taken for a value because nothing else is there.
        let layers = Layers::at_depth(&deeper.sets, Some(""), deeper.depth);
        let late = self.before.iter().rev();
        let late = late.take_while(|byte| is_text(**byte)).count();
        let before = self.before.get(self.before.len() - late..);
        let mut at = self.start - if late > 0 { outer } else { 0 };
        let mut hidden = Hidden::new(layers, &[], at);
        if let Some(before) = before.filter(|before| !before.is_empty()) {
            hidden.unit(before, at..at + outer, events);
            at += outer;
        }
        for bytes in self
            .opening
            .get(..self.filled)
            .unwrap_or_default()
            .chunks(unit)
        {
            hidden.unit(bytes, at..at + outer, events);
            at += outer;
        }
        self.hidden = Some(Box::new(hidden));
        self.continues = 0;
        self.reset();
    }

    fn go_on(&mut self, unit: &[u8], outer: Range<usize>, events: &mut Vec<Event>) {
        let fits = unit.iter().take_while(|byte| self.fits(**byte)).count();
        if let Some(hidden) = &mut self.hidden
            && let Some(text) = unit.get(..fits).filter(|text| !text.is_empty())
        {
            hidden.unit(text, outer, events);
        }
        if fits < unit.len() {
            self.close(events);
        }
    }

    /// Whether a byte goes on with a text of UTF-8.
    fn fits(&mut self, byte: u8) -> bool {
        let (fits, continues) = match (self.continues, byte) {
            (0, 0xc2..=0xdf) => (true, 1),
            (0, 0xe0..=0xef) => (true, 2),
            (0, 0xf0..=0xf4) => (true, 3),
            (0, byte) => (is_text(byte), 0),
            (more, 0x80..=0xbf) => (true, more - 1),
            _ => (false, 0),
        };
        self.continues = continues;
        fits
    }

    /// The last unit, which is shorter than the others.
    pub(crate) fn finish(&mut self, unit: &[u8], outer: Range<usize>, events: &mut Vec<Event>) {
        if self.is_open() {
            self.go_on(unit, outer, events);
        }
    }

    /// Nothing follows.
    pub(crate) fn close(&mut self, events: &mut Vec<Event>) {
        if let Some(mut hidden) = self.hidden.take() {
            hidden.read(true, events);
        }
        self.reset();
    }

    /// What has come so far and is not enough.
    pub(crate) fn reset(&mut self) {
        self.filled = 0;
        self.before = [0; 3];
    }

    /// Searches what has come.
    pub(crate) fn read(&mut self, events: &mut Vec<Event>) {
        if let Some(hidden) = &mut self.hidden {
            hidden.read(false, events);
        }
    }

    /// Nothing more is found before this, when the next unit begins there.
    pub(crate) fn settled(&self, next: usize) -> usize {
        match &self.hidden {
            Some(hidden) => hidden.settled(),
            None if self.filled > 0 => self.start.saturating_sub(QUANTUM),
            None => next.saturating_sub(QUANTUM),
        }
    }
}

/// A byte of text in ASCII.
fn is_text(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n')
}

/// The characters of the longest unit.
const QUANTUM: usize = 4;
