//! The part of a text that is at hand, and what its bytes say about the edges of words and values. It knows no rule.

use std::ops::Range;

use crate::edge::{ends_in_escape, escape_at};
use crate::rule::LONGEST;
use crate::view::{BEHIND, View};

/// A part of the text, and where it stands in the whole.
#[derive(Clone, Copy)]
pub(crate) struct Window<'t> {
    pub(crate) bytes: &'t [u8],
    /// How many bytes stand before it.
    pub(crate) base: usize,
    /// Nothing follows.
    pub(crate) last: bool,
}

impl<'t> Window<'t> {
    pub(crate) fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at.checked_sub(self.base)?).copied()
    }

    pub(crate) fn end(&self) -> usize {
        self.base + self.bytes.len()
    }

    pub(crate) fn after(&self, at: usize) -> &'t [u8] {
        let at = at.saturating_sub(self.base);
        self.bytes.get(at..).unwrap_or_default()
    }

    /// As much of a value as is looked at.
    pub(crate) fn value(&self, range: &Range<usize>) -> &'t [u8] {
        let value = self.after(range.start);
        let value = value.get(..range.len()).unwrap_or_default();
        value.get(..LONGEST).unwrap_or(value)
    }

    /// Where the text begins that goes on here without a space or a double quote; at most [`BEHIND`] back.
    pub(crate) fn run(&self, at: usize) -> usize {
        let run = self.shortly_before(at).iter().rev();
        at - run.take_while(|byte| !ends_value(**byte)).count()
    }

    /// Where the word of letters and digits begins that goes on here; none within the letters of an
    /// escape, which are not part of it.
    pub(crate) fn word(&self, at: usize) -> Option<usize> {
        let before = self.before(at);
        let last = before.last();
        if last.is_some_and(|last| !last.is_ascii_alphanumeric() && *last != b'%') {
            return Some(at);
        }
        let near = before.get(before.len().saturating_sub(LONGEST_WORD)..);
        let letters = near.unwrap_or_default().iter().rev();
        let length = letters
            .take_while(|byte| byte.is_ascii_alphanumeric())
            .count();
        let (before, word) = before.split_at_checked(before.len() - length)?;
        Some(at - length + escape_at(before, word)?)
    }

    /// How many digits follow each other from here on; none where their end has not come.
    pub(crate) fn digits(&self, at: usize) -> Option<usize> {
        let digits = self.after(at);
        let count = digits.iter().position(|byte| !byte.is_ascii_digit());
        count.or(self.last.then_some(digits.len()))
    }

    /// Where up to two short words of letters begin that may be the beginning of a value with the
    /// word that begins here, and how many letters there are: `AB 12`, `M-XY 34`.
    #[inline]
    pub(crate) fn leads(self, word: usize) -> impl Iterator<Item = (usize, usize)> {
        let last = self.lead_before(word);
        let before = move |(start, more): &(usize, usize)| {
            let (start, letters) = self.lead_before(*start)?;
            Some((start, letters + more))
        };
        std::iter::successors(last, before).take(2)
    }

    /// From where on the end of the text may be the beginning of such a value.
    pub(crate) fn lead(&self, at: usize) -> usize {
        let before = self.before(at).iter().rev();
        let length = before.take_while(|byte| byte.is_ascii_alphabetic()).count();
        let word = if length > LEAD_LETTERS {
            at
        } else {
            at - length
        };
        self.leads(word).last().map_or(at, |(start, _)| start)
    }

    #[inline]
    fn lead_before(&self, word: usize) -> Option<(usize, usize)> {
        match self.before(word) {
            [rest @ .., b' ' | b'-'] if rest.last().is_some_and(u8::is_ascii_alphabetic) => {
                let letters = lead_at_end(rest)?;
                Some((word - 1 - letters, letters))
            }
            _ => None,
        }
    }

    /// Whether no word goes on here.
    pub(crate) fn is_free(&self, start: usize) -> bool {
        let before = self.before(start);
        !before.last().is_some_and(u8::is_ascii_alphanumeric) || ends_in_escape(before)
    }

    fn before(&self, at: usize) -> &'t [u8] {
        let at = at.saturating_sub(self.base);
        self.bytes.get(..at).unwrap_or(self.bytes)
    }

    /// As far back as a rule may look.
    pub(crate) fn shortly_before(&self, at: usize) -> &'t [u8] {
        let before = self.before(at);
        let near = before.get(before.len().saturating_sub(BEHIND)..);
        near.unwrap_or_default()
    }

    /// Around an anchor.
    pub(crate) fn view(&self, anchor: usize) -> View<'t> {
        let at = anchor.saturating_sub(self.base).min(self.bytes.len());
        let from = self.bytes.get(at..).unwrap_or_default();
        let open = !self.last && from.len() < LONGEST;
        View {
            before: self.shortly_before(anchor),
            from: from.get(..LONGEST).unwrap_or(from),
            open,
        }
    }

    /// Whether no word goes on here; it may be in the plural, and another may begin with a capital. A
    /// short word among capitals is most likely the beginning of another: `TELESCOPE`.
    pub(crate) fn ends_word(&self, length: usize, end: usize, next: Option<u8>) -> bool {
        match next {
            Some(next) if next.is_ascii_lowercase() => next == b's',
            Some(next) if next.is_ascii_uppercase() && length < 4 => {
                let last = end.checked_sub(1).and_then(|at| self.byte(at));
                !last.is_some_and(|last| last.is_ascii_uppercase())
            }
            _ => true,
        }
    }

    /// `userSsn`: a word begins with a capital behind a small letter.
    pub(crate) fn is_camel(&self, start: usize) -> bool {
        let before = start.checked_sub(1).and_then(|at| self.byte(at));
        before.is_some_and(|byte| byte.is_ascii_lowercase())
            && self
                .byte(start)
                .is_some_and(|byte| byte.is_ascii_uppercase())
    }
}

/// How many letters the short word has that ends here, if nothing but letters is in it.
fn lead_at_end(text: &[u8]) -> Option<usize> {
    let near = text.get(text.len().saturating_sub(LEAD_LETTERS + 1)..)?;
    let letters = near.iter().rev();
    let letters = letters
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    let before = text.get(..text.len() - letters)?;
    let free = !before.last().is_some_and(u8::is_ascii_alphanumeric);
    let fits = (1..=LEAD_LETTERS).contains(&letters) && (free || ends_in_escape(before));
    fits.then_some(letters)
}

/// A space, or a sign that no value goes on behind: an address does behind an apostrophe.
fn ends_value(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'"' | b'`')
}

/// No rule asks for a word with more letters before its first digit, or for one with an escape before it.
const LONGEST_WORD: usize = 32;
/// Of a word that leads a value, how many letters it has at most.
const LEAD_LETTERS: usize = 4;
