//! What a hand-written rule sees of the text around its anchor, and what it may answer. Knows no rule.

use std::ops::Range;

/// The text around an anchor, as much of it as is there.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    /// At most [`BEHIND`] bytes before the anchor.
    pub(crate) before: &'a [u8],
    /// From the anchor on, at most [`crate::rule::LONGEST`] bytes.
    pub(crate) from: &'a [u8],
    /// More may follow: an answer that would depend on it must be [`Verdict::More`].
    pub(crate) open: bool,
}

/// Final but for `More`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    No,
    More,
    Yes {
        /// How many bytes before the anchor the value begins.
        before: usize,
        /// How many bytes from the anchor on belong to it.
        length: usize,
    },
    /// The value begins so many bytes behind the anchor.
    Behind {
        skip: usize,
        length: usize,
    },
}

impl View<'_> {
    /// How many bytes from `at` on are such ones, and whether the end of them is seen.
    pub(crate) fn run(&self, at: usize, fits: impl Fn(u8) -> bool) -> (usize, bool) {
        let rest = self.from.get(at..).unwrap_or_default();
        match rest.iter().position(|byte| !fits(*byte)) {
            Some(length) => (length, true),
            None => (rest.len(), !self.open),
        }
    }
}

impl Verdict {
    pub(crate) fn range(&self, anchor: usize) -> Option<Range<usize>> {
        match self {
            Self::Yes { before, length } => Some(anchor.checked_sub(*before)?..anchor + length),
            Self::Behind { skip, length } => Some(anchor + skip..anchor + skip + length),
            Self::No | Self::More => None,
        }
    }
}

/// How far back a rule may look, in bytes: the longest local part of an e-mail address.
pub(crate) const BEHIND: usize = 64;
