//! Runs of base64 and of hex in a text: what they hold is decoded as it comes, and searched where it is text. Judges no value.

use std::sync::Arc;

use super::DEPTH;
use super::phase::{Deeper, Phase};
use crate::found::Event;
use crate::rules::Sets;
use crate::window::Window;

#[derive(Clone, Debug)]
pub(crate) struct Packed {
    deeper: Deeper,
    /// Up to here the text has been read; what follows may be the beginning of a run.
    at: usize,
    run: Option<Run>,
}

/// Characters of base64 that follow each other.
#[derive(Clone, Debug)]
struct Run {
    /// How many there were, and how many in this line.
    count: usize,
    line: usize,
    /// The last of them, six bits each, and where the last four stand.
    bits: u32,
    places: [usize; 4],
    /// Signs that fill it up.
    pads: usize,
    base64: [Phase; 4],
    /// How many of the last were digits of hex, and what the last two say.
    digits: usize,
    byte: u8,
    hex: [Phase; 2],
}

impl Packed {
    pub(crate) fn new(sets: &Arc<Sets>, at: usize, depth: usize) -> Self {
        Self {
            deeper: Deeper {
                sets: Arc::clone(sets),
                depth,
            },
            at,
            run: None,
        }
    }

    pub(crate) fn read(&mut self, window: Window<'_>, events: &mut Vec<Event>) {
        loop {
            let bytes = window.after(self.at);
            let Some(run) = &mut self.run else {
                let (next, is_run) = next_run(bytes);
                self.at += next;
                if !is_run {
                    return;
                }
                self.run = Some(Run::new());
                continue;
            };
            let used = run.read(bytes, self.at, &self.deeper, events);
            self.at += used;
            if used == bytes.len() && !window.last {
                return run.search(events);
            }
            run.close(events);
            self.run = None;
        }
    }

    /// Whether the runs stand in the text itself.
    pub(crate) fn is_outermost(&self) -> bool {
        self.deeper.depth + 1 == DEPTH
    }

    /// Whether the text ends within a run.
    pub(crate) fn is_open(&self) -> bool {
        self.run.is_some()
    }

    pub(crate) fn settled(&self) -> usize {
        let run = self.run.as_ref();
        run.map_or(self.at, |run| run.settled(self.at))
    }

    /// From here on the text is still needed.
    pub(crate) fn needed(&self) -> usize {
        self.at
    }
}

impl Run {
    fn new() -> Self {
        Self {
            count: 0,
            line: 0,
            bits: 0,
            places: [0; 4],
            pads: 0,
            base64: [(); 4].map(|()| Phase::new(12)),
            digits: 0,
            byte: 0,
            hex: [(); 2].map(|()| Phase::new(8)),
        }
    }

    /// Reads to where the run ends: how many bytes.
    fn read(
        &mut self,
        bytes: &[u8],
        from: usize,
        deeper: &Deeper,
        events: &mut Vec<Event>,
    ) -> usize {
        for (offset, byte) in bytes.iter().copied().enumerate() {
            match sextet(byte) {
                Some(value) if self.pads == 0 => {
                    self.hex(byte, from + offset, deeper, events);
                    self.base64(value, from + offset, deeper, events);
                }
                None if byte == b'=' && self.pads < 2 => self.pads += 1,
                None if self.wraps(byte) => self.wrap(byte),
                _ => return offset,
            }
        }
        bytes.len()
    }

    fn base64(&mut self, value: u32, at: usize, deeper: &Deeper, events: &mut Vec<Event>) {
        self.bits = (self.bits << 6) | value;
        if let Some(place) = self.places.get_mut(self.count % 4) {
            *place = at;
        }
        self.count += 1;
        self.line += 1;
        let Some(phase) = self.base64.get_mut(self.count % 4) else {
            return;
        };
        if self.count >= 4 && (self.line >= 4 || phase.is_open()) {
            let start = self.places.get(self.count % 4).copied().unwrap_or(at);
            let [_, unit @ ..] = self.bits.to_be_bytes();
            phase.take(&unit, start..at + 1, deeper, events);
        }
    }

    fn hex(&mut self, byte: u8, at: usize, deeper: &Deeper, events: &mut Vec<Event>) {
        let digit = char::from(byte).to_digit(16);
        let Some(digit) = digit.and_then(|digit| u8::try_from(digit).ok()) else {
            if self.digits > 0 {
                self.digits = 0;
                self.hex.iter_mut().for_each(|phase| phase.close(events));
            }
            return;
        };
        self.byte = (self.byte << 4) | digit;
        self.digits += 1;
        let before = self.count.checked_sub(1);
        let before = before.and_then(|last| self.places.get(last % 4)).copied();
        if let Some(start) = before.filter(|_| self.digits >= 2)
            && let Some(phase) = self.hex.get_mut(self.digits % 2)
            && (self.line >= 1 || phase.is_open())
        {
            phase.take(&[self.byte], start..at + 1, deeper, events);
        }
    }

    /// Whether the line may end here, and the run go on in the next.
    fn wraps(&self, byte: u8) -> bool {
        let open = self.base64.iter().chain(&self.hex).any(Phase::is_open);
        let full = self.line >= LINE || self.line == 0;
        self.pads == 0 && matches!(byte, b'\r' | b'\n') && full && open
    }

    fn wrap(&mut self, byte: u8) {
        if byte == b'\n' {
            self.line = 0;
        }
        let phases = self.base64.iter_mut().chain(&mut self.hex);
        phases
            .filter(|phase| !phase.is_open())
            .for_each(Phase::reset);
    }

    fn search(&mut self, events: &mut Vec<Event>) {
        let phases = self.base64.iter_mut().chain(&mut self.hex);
        phases.for_each(|phase| phase.read(events));
    }

    /// It ends here; the last quantum may have less than three bytes.
    fn close(&mut self, events: &mut Vec<Event>) {
        let place = |at: usize| self.places.get(at % 4).copied().unwrap_or_default();
        for (at, phase) in self.base64.iter_mut().enumerate() {
            let rest = (self.count + 4 - at) % 4;
            if phase.is_open() && rest >= 2 {
                let bits = self.bits << (32 - 6 * rest);
                let signs = self.pads.min(4 - rest);
                let outer = place(self.count - rest)..place(self.count - 1) + 1 + signs;
                let unit = bits.to_be_bytes();
                phase.finish(unit.get(..rest - 1).unwrap_or_default(), outer, events);
            }
            phase.close(events);
        }
        self.hex.iter_mut().for_each(|phase| phase.close(events));
    }

    fn settled(&self, at: usize) -> usize {
        let phases = self.base64.iter().chain(&self.hex);
        let settled = phases.map(|phase| phase.settled(at.saturating_sub(3)));
        settled.min().unwrap_or(at)
    }
}

/// Where the next run begins, or what may become one at the end.
fn next_run(bytes: &[u8]) -> (usize, bool) {
    let mut at = 0;
    while let Some(next) = bytes.get(at..at + SHORTEST) {
        match next.iter().rposition(|byte| !is_base64(*byte)) {
            Some(other) => at += other + 1,
            None => return (at, true),
        }
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let other = rest.iter().rposition(|byte| !is_base64(*byte));
    (at + other.map_or(0, |other| other + 1), false)
}

fn is_base64(byte: u8) -> bool {
    SEXTETS
        .get(usize::from(byte))
        .is_some_and(|value| *value < 64)
}

/// Six bits of base64, in either alphabet.
fn sextet(byte: u8) -> Option<u32> {
    let value = SEXTETS.get(usize::from(byte)).copied();
    value.filter(|value| *value < 64).map(u32::from)
}

const SEXTETS: [u8; 256] = {
    let mut values = [u8::MAX; 256];
    let mut at = 0_u8;
    loop {
        let value = match at {
            b'A'..=b'Z' => at - b'A',
            b'a'..=b'z' => at - b'a' + 26,
            b'0'..=b'9' => at - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => u8::MAX,
        };
        #[expect(
            clippy::indexing_slicing,
            reason = "any byte is an index, and it is const"
        )]
        {
            values[at as usize] = value;
        }
        if at == u8::MAX {
            break values;
        }
        at += 1;
    }
};

/// Of a run, in characters.
const SHORTEST: usize = 16;
/// A line that ends within base64 has at least as many characters.
const LINE: usize = 60;
