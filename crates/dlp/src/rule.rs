//! What a detector is: where to look, what must stand there, and how sure that makes. Data alone; it runs nothing.

use std::ops::RangeInclusive;

use crate::Class;
use crate::found::Rank;
use crate::number::Number;
use crate::per_kind::KindId;
use crate::view::{Verdict, View};

/// One way to recognise one type of data.
///
/// A rule sees a bounded part of the text, so that it says the same of a document and of a stream:
/// [`LONGEST`] bytes from where its value begins. What still goes on there is all taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    /// As Presidio spells it where it has the type; `SECRET_<VENDOR>` for secrets.
    pub(crate) kind: &'static str,
    pub(crate) class: Class,
    /// Who says that such values look so.
    pub(crate) source: &'static str,
    pub(crate) anchor: Anchor,
    pub(crate) shape: Shape,
    /// A regular expression over bytes that what a hand-written rule wants fits from its anchor on, so
    /// that it is asked less often.
    pub(crate) begins: &'static str,
    /// Of the value, at most its first [`LONGEST`] bytes.
    pub(crate) check: Option<fn(&[u8]) -> bool>,
    /// Words that make it likelier, in the name of the field or at most [`NEAR`] bytes before.
    pub(crate) words: &'static [&'static str],
    /// More of them: of this rule, where `words` are those of its family.
    pub(crate) more: &'static [&'static str],
    /// How sure it is without such a word, and with one, in percent.
    pub(crate) confidence: Confidence,
    /// A number that may stand in a row of others.
    pub(crate) in_rows: bool,
    /// Gives way to another finding that reaches over all of it.
    pub(crate) weak: bool,
}

/// How the place is found where a value may begin.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Anchor {
    /// At one of these texts, whatever their case. They have no space and no quote, and at most 40
    /// bytes. They are not within a word, unless they begin with a sign.
    Literals(&'static [&'static str]),
    /// Behind one of these texts, whatever their case: the name of a value. They have at most 40
    /// bytes. They begin a word or a part of one (`dbPassword`), or stand anywhere `within` it.
    Names {
        names: &'static [&'static str],
        within: bool,
    },
    /// At a word of letters and digits, of which so many letters come before the first digit.
    Word { letters: (usize, usize) },
    /// At so many digits, in groups or not: [`Number`].
    Number { digits: (usize, usize) },
    /// At each of these bytes.
    Byte(u8),
}

/// What must stand there.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// Regular expressions over bytes. The value is what follows the longest match of `lead`,
    /// of at most [`LEAD`] bytes.
    Pattern {
        lead: &'static str,
        value: &'static str,
    },
    Number(fn(&Number<'_>) -> bool),
    /// For what no regular expression says well.
    Custom(fn(&View<'_>) -> Verdict),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Confidence {
    pub(crate) alone: u8,
    pub(crate) near: u8,
    /// Where it is all of a text without a name: who hands over nothing else means just this.
    pub(crate) whole: u8,
}

impl Confidence {
    pub(crate) fn of(self, near: bool, is_whole: bool) -> u8 {
        match (near, is_whole) {
            (true, _) => self.near,
            (false, true) => self.whole,
            (false, false) => self.alone,
        }
    }
}

impl Rule {
    /// `kind` is the number of its type.
    pub(crate) const fn rank(&self, kind: KindId) -> Rank {
        Rank {
            kind,
            class: self.class,
            weak: self.weak,
            is_custom: false,
        }
    }

    /// Whether what it finds gives way to nothing but a value of its own type.
    pub(crate) fn is_strong(&self) -> bool {
        !self.weak && self.class != Class::Secret
    }

    /// Whether a value that has its form is one.
    pub(crate) fn withstands(&self, value: &[u8]) -> bool {
        self.check.is_none_or(|check| check(value))
    }

    /// A value that begins with one of these texts.
    pub(crate) const fn literal(
        kind: &'static str,
        source: &'static str,
        literals: &'static [&'static str],
        value: &'static str,
    ) -> Self {
        let shape = Shape::Pattern { lead: "", value };
        Self::new(kind, source, Anchor::Literals(literals), shape)
    }

    /// A value that stands behind one of these texts: a name and a sign, for example.
    pub(crate) const fn led(
        kind: &'static str,
        source: &'static str,
        literals: &'static [&'static str],
        lead: &'static str,
        value: &'static str,
    ) -> Self {
        let shape = Shape::Pattern { lead, value };
        Self::new(kind, source, Anchor::Literals(literals), shape)
    }

    /// A value that follows one of these names and then `lead`.
    pub(crate) const fn named(
        kind: &'static str,
        source: &'static str,
        names: &'static [&'static str],
        lead: &'static str,
        value: &'static str,
    ) -> Self {
        let within = false;
        let shape = Shape::Pattern { lead, value };
        Self::new(kind, source, Anchor::Names { names, within }, shape)
    }

    /// Its names may also stand within a word: `rootpassword`.
    pub(crate) const fn within(mut self) -> Self {
        if let Anchor::Names { names, .. } = self.anchor {
            let within = true;
            self.anchor = Anchor::Names { names, within };
        }
        self
    }

    /// A value that is a word of letters and digits, or begins with one.
    pub(crate) const fn word(
        kind: &'static str,
        source: &'static str,
        letters: RangeInclusive<usize>,
        value: &'static str,
    ) -> Self {
        let letters = (*letters.start(), *letters.end());
        let shape = Shape::Pattern { lead: "", value };
        Self::new(kind, source, Anchor::Word { letters }, shape)
    }

    /// A value of digits.
    pub(crate) const fn number(
        kind: &'static str,
        source: &'static str,
        digits: RangeInclusive<usize>,
        check: fn(&Number<'_>) -> bool,
    ) -> Self {
        let digits = (*digits.start(), *digits.end());
        Self::new(
            kind,
            source,
            Anchor::Number { digits },
            Shape::Number(check),
        )
    }

    pub(crate) const fn custom(
        kind: &'static str,
        source: &'static str,
        anchor: Anchor,
        judge: fn(&View<'_>) -> Verdict,
    ) -> Self {
        Self::new(kind, source, anchor, Shape::Custom(judge))
    }

    const fn new(kind: &'static str, source: &'static str, anchor: Anchor, shape: Shape) -> Self {
        Self {
            kind,
            class: if starts_with(kind, "SECRET_") {
                Class::Secret
            } else {
                Class::Pii
            },
            source,
            anchor,
            shape,
            begins: "",
            check: None,
            words: &[],
            more: &[],
            confidence: Confidence {
                alone: CERTAIN,
                near: CERTAIN,
                whole: CERTAIN,
            },
            in_rows: false,
            weak: false,
        }
    }

    pub(crate) const fn class(mut self, class: Class) -> Self {
        self.class = class;
        self
    }

    pub(crate) const fn check(mut self, check: fn(&[u8]) -> bool) -> Self {
        self.check = Some(check);
        self
    }

    /// What stands from the anchor of a hand-written rule on.
    pub(crate) const fn begins(mut self, pattern: &'static str) -> Self {
        self.begins = pattern;
        self
    }

    /// Found only near one of these words.
    pub(crate) const fn needs(mut self, words: &'static [&'static str]) -> Self {
        self.words = words;
        self.confidence = Confidence {
            alone: 0,
            near: LIKELY,
            whole: 0,
        };
        self
    }

    /// Or near one of these.
    pub(crate) const fn or(mut self, words: &'static [&'static str]) -> Self {
        self.more = words;
        self
    }

    /// Or where nothing else stands in a text without a name. A hand-written rule with this must
    /// look at the byte behind its value.
    pub(crate) const fn or_whole(mut self) -> Self {
        self.confidence.whole = POSSIBLE;
        self
    }

    /// How sure it is alone, and near one of these words.
    pub(crate) const fn lifted(
        mut self,
        words: &'static [&'static str],
        alone: u8,
        near: u8,
    ) -> Self {
        self.words = words;
        self.confidence = Confidence {
            alone,
            near,
            whole: alone,
        };
        self
    }

    /// Also asked of a [`Number`] that may be a part of something longer.
    pub(crate) const fn in_rows(mut self) -> Self {
        self.in_rows = true;
        self
    }

    pub(crate) const fn weak(mut self) -> Self {
        self.weak = true;
        self
    }
}

const fn starts_with(text: &str, prefix: &str) -> bool {
    let (text, prefix) = (text.as_bytes(), prefix.as_bytes());
    match text.split_at_checked(prefix.len()) {
        Some((start, _)) => {
            let mut at = 0;
            while at < prefix.len() {
                #[expect(
                    clippy::indexing_slicing,
                    reason = "both have that length, and it is const"
                )]
                if start[at] != prefix[at] {
                    return false;
                }
                at += 1;
            }
            true
        }
        None => false,
    }
}

/// Of a value, how much a rule may see, in bytes.
pub(crate) const LONGEST: usize = 256;
/// How long a lead may be, in bytes.
pub(crate) const LEAD: usize = 48;
/// How far before a value a word of its rule may stand, in bytes.
pub(crate) const NEAR: usize = 96;

pub(crate) const CERTAIN: u8 = 95;
pub(crate) const LIKELY: u8 = 80;
pub(crate) const POSSIBLE: u8 = 50;
