//! The search for what a policy's own detectors describe, byte by byte, beside that of the catalogue. It knows no catalogue.
//!
//! A value may begin at any byte. Where what is [`super::ahead`] can be told, it is tried only where there is one, and
//! read to its [`super::end`] at once; what has not come yet is waited for. Of other detectors a walk through the automaton
//! begins wherever its first bytes fit ([`super::lane`]). Either way a byte takes a few steps, and mostly none.

use super::Customs;
use super::end::{End, end};
use super::lane::Lane;
use super::starts::Starts;
use super::walk::{Walk, continues, leads_on};
use crate::found::Found;
use crate::rule::NEAR;
use crate::stand_in;
use crate::window::Window;

/// What is being read as a value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Walks {
    /// How many bytes have been read.
    at: usize,
    /// How many of them, or one more, have been read for words.
    heard: usize,
    /// One for each detector, and a bit for each of which there are walks.
    lanes: Vec<Lane>,
    walking: u128,
    /// Detectors of which no value begins before `quiet_until`, a bit for each.
    quiet: u128,
    quiet_until: usize,
    words: Vec<Walk>,
    /// Of the detectors of which a word has been read, at most one each.
    near: Vec<Near>,
    /// Where what may be the name of a value has begun.
    name: Option<usize>,
}

/// Where the last word of a detector ended, and whether one was in the name of the text.
#[derive(Clone, Debug)]
struct Near {
    detector: usize,
    end: usize,
    is_named: bool,
}

impl Walks {
    /// Reads what is new. Nothing is found before `named`.
    pub(crate) fn read(
        &mut self,
        customs: &Customs,
        window: Window<'_>,
        named: usize,
        found: &mut Found,
    ) {
        self.lanes.resize_with(customs.all.len(), Lane::default);
        while let text @ [byte, ..] = window.after(self.at) {
            if self.is_idle() {
                let idle = self.idle(customs, window);
                self.at += idle;
                if idle > 0 {
                    continue;
                }
            }
            self.name = stand_in::goes_on(self.name, *byte, self.at);
            if self.heard <= self.at {
                self.heard = self.at + 1;
                let words = customs.words.at(text);
                if words != 0 || !self.words.is_empty() {
                    self.words_at(customs, (*byte, words), window, named);
                }
            }
            let begins = if self.at >= named && !continues(*byte) {
                self.possible(customs, customs.values.at(text), self.at)
            } else {
                0
            };
            if begins | self.walking != 0
                && !self.values_at(customs, (*byte, begins), window, found)
            {
                return;
            }
            self.at += 1;
        }
        if window.last {
            self.close(customs, window, found);
        }
    }

    /// Whether nothing is being read, as a value or a word or a name.
    fn is_idle(&self) -> bool {
        self.walking == 0 && self.words.is_empty() && self.name.is_none()
    }

    /// How many bytes no value, no word and no name begins at.
    fn idle(&mut self, customs: &Customs, window: Window<'_>) -> usize {
        let bytes = window.after(self.at);
        let mut idle = 0;
        while let Some(more) = customs.pairs.first(bytes.get(idle..).unwrap_or_default()) {
            idle += more;
            if self.begins(customs, window, self.at + idle) {
                return idle;
            }
            idle += 1;
        }
        // What the last byte begins, the next one says.
        bytes.len().saturating_sub(1)
    }

    /// Whether a value, a word or a name may begin here.
    fn begins(&mut self, customs: &Customs, window: Window<'_>, at: usize) -> bool {
        let text = window.after(at);
        let Some(first) = text.first() else {
            return false;
        };
        let values = self.possible(customs, customs.values.at(text), at);
        let begins = |values| values & customs.values.behind(behind(window, at), *first) != 0;
        *first == b'[' || values != 0 && begins(values) || customs.words.at(text) != 0
    }

    /// Of some detectors, those of which it is not known that no value begins here.
    #[inline]
    fn possible(&mut self, customs: &Customs, starts: u128, at: usize) -> u128 {
        if at >= self.quiet_until {
            (self.quiet, self.quiet_until) = (0, usize::MAX);
        }
        let unknown = starts & customs.foreseen & !self.quiet;
        if unknown != 0 {
            self.hush(customs, unknown, at);
        }
        starts & !self.quiet
    }

    /// Adds those of some detectors that are known to have no value for some bytes from here on.
    fn hush(&mut self, customs: &Customs, unknown: u128, at: usize) {
        for detector in Starts::places(unknown) {
            if let (Some(lane), Some(ready)) =
                (self.lanes.get_mut(detector), customs.all.get(detector))
                && let Some(ahead) = &ready.ahead
            {
                let until = lane.seen.quiet_until(ahead, at).max(lane.done);
                if until > at {
                    self.quiet |= 1 << detector;
                    self.quiet_until = self.quiet_until.min(until);
                }
            }
        }
    }

    /// Everything that begins before this has been found.
    pub(crate) fn settled(&self) -> usize {
        let lanes = Starts::places(self.walking).filter_map(|place| self.lanes.get(place));
        let starts = lanes.flat_map(|lane| &lane.walks).map(|walk| walk.start);
        starts.fold(self.at, usize::min)
    }

    /// How many steps the next byte may take.
    #[cfg(test)]
    pub(crate) fn open(&self) -> usize {
        let lanes = self.lanes.iter();
        lanes.map(|lane| lane.walks.len()).sum::<usize>() + self.words.len()
    }

    /// The words of detectors that end before this byte, go on with it or begin with it.
    fn words_at(
        &mut self,
        customs: &Customs,
        (byte, starts): (u8, u128),
        window: Window<'_>,
        named: usize,
    ) {
        let at = self.at;
        for mut walk in std::mem::take(&mut self.words) {
            if let Some(dfa) = customs.word(walk.detector) {
                walk.step(dfa, byte, at);
            }
            if walk.matched == Some(at) && window.ends_word(at - walk.start, at, Some(byte)) {
                self.is_near(walk.detector, at, at < named);
            }
            if walk.is_open {
                self.words.push(walk);
            }
        }
        if starts != 0 && (window.is_free(at) || window.is_camel(at)) {
            for detector in Starts::places(starts) {
                let walk = customs.word(detector);
                let walk = walk.and_then(|dfa| Walk::begin(detector, dfa, at, (None, byte)));
                self.words.extend(walk);
            }
        }
    }

    fn is_near(&mut self, detector: usize, end: usize, is_named: bool) {
        match self.near.iter_mut().find(|near| near.detector == detector) {
            Some(near) => {
                near.end = end;
                near.is_named |= is_named;
            }
            None => self.near.push(Near {
                detector,
                end,
                is_named,
            }),
        }
    }

    /// The values that end before this byte, go on with it or begin with it. False where more of the text must
    /// come first.
    fn values_at(
        &mut self,
        customs: &Customs,
        (byte, starts): (u8, u128),
        window: Window<'_>,
        found: &mut Found,
    ) -> bool {
        let before = behind(window, self.at);
        let starts = starts & customs.values.behind(before, byte);
        let mut is_known = true;
        for detector in Starts::places(starts & customs.foreseen) {
            is_known &= self.foreseen(customs, detector, before, window, found);
        }
        if is_known {
            self.walks_at(
                customs,
                (before, byte),
                starts & !customs.foreseen,
                window,
                found,
            );
        }
        is_known
    }

    /// A value that begins here, of a detector of which it can be told what is ahead. False where more of the text
    /// must come first.
    fn foreseen(
        &mut self,
        customs: &Customs,
        detector: usize,
        before: Option<u8>,
        window: Window<'_>,
        found: &mut Found,
    ) -> bool {
        let at = self.at;
        let is_near = customs.word(detector).is_none() || self.has_near(detector);
        let (Some(lane), Some(ready)) = (self.lanes.get_mut(detector), customs.all.get(detector))
        else {
            return true;
        };
        let Some(ahead) = ready.ahead.as_ref().filter(|_| is_near) else {
            return true;
        };
        let end = match end(lane, ready, ahead, (at, before), window) {
            End::At(end) => end,
            End::None => return true,
            End::Later => return false,
        };
        if let Some(name) = self.name {
            match stand_in::ends(name, at, window) {
                None => return false,
                Some(_) if stand_in::covers(&(at..end), window, customs) => return true,
                Some(_) => {}
            }
        }
        let value = window.after(at).get(..end - at).unwrap_or_default();
        if customs.report(detector, at..end, value, found) {
            lane.done = end;
        }
        true
    }

    /// Of the other detectors.
    fn walks_at(
        &mut self,
        customs: &Customs,
        (before, byte): (Option<u8>, u8),
        starts: u128,
        window: Window<'_>,
        found: &mut Found,
    ) {
        let (at, name) = (self.at, self.name);
        for detector in Starts::places(self.walking | starts) {
            let bit = 1 << detector;
            let begins =
                starts & bit != 0 && (customs.word(detector).is_none() || self.has_near(detector));
            let (Some(lane), Some(dfa)) = (self.lanes.get_mut(detector), customs.value(detector))
            else {
                continue;
            };
            lane.step(dfa, byte, at);
            if begins
                && let Some(walk) = Walk::begin(detector, dfa, at, (before, byte))
                && leads_on(dfa, walk.state, window.after(at + 1))
            {
                lane.walks.push(Walk { name, ..walk });
            }
            lane.thin_out(customs.is_checked(detector));
            lane.decide(window, (at + 1, name), |walk| {
                report(customs, walk, window, found)
            });
            let is_open = !lane.walks.is_empty();
            self.walking = self.walking & !bit | if is_open { bit } else { 0 };
        }
    }

    fn has_near(&self, detector: usize) -> bool {
        let near = self.near.iter().find(|near| near.detector == detector);
        near.is_some_and(|near| near.is_named || self.at - near.end <= NEAR)
    }

    /// Nothing follows.
    fn close(&mut self, customs: &Customs, window: Window<'_>, found: &mut Found) {
        self.name = None;
        let at = self.at;
        for detector in Starts::places(std::mem::take(&mut self.walking)) {
            if let (Some(lane), Some(dfa)) = (self.lanes.get_mut(detector), customs.value(detector))
            {
                lane.close(dfa, at);
                lane.decide(window, (at, None), |walk| {
                    report(customs, walk, window, found)
                });
            }
        }
    }
}

/// Where the value ends, if it is one.
fn report(customs: &Customs, walk: &Walk, window: Window<'_>, found: &mut Found) -> Option<usize> {
    let end = walk.matched.filter(|end| *end > walk.start)?;
    let range = walk.start..end;
    if walk.name.is_some() && stand_in::covers(&range, window, customs) {
        return None;
    }
    let value = window.after(walk.start).get(..end - walk.start)?;
    customs
        .report(walk.detector, range, value, found)
        .then_some(end)
}

/// The byte behind which a value begins. The letters of an escape are not part of a word.
fn behind(window: Window<'_>, at: usize) -> Option<u8> {
    let before = at.checked_sub(1).and_then(|at| window.byte(at));
    match before {
        Some(letter) if letter.is_ascii_alphanumeric() && window.is_free(at) => Some(b'\\'),
        Some(before) => Some(before),
        // Behind the name of the text.
        None => (at > 0).then_some(b'='),
    }
}
