//! Fields in which this thread lately found nothing: calls repeat their names, codes and amounts, and prompts their
//! instructions. It finds nothing by itself.

use std::cell::Cell;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::quality::RandomState;

use crate::{Field, Hit};

/// Who searches: what one finds nothing in, another may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Searcher(u64);

impl Searcher {
    /// No other one is the same, also when this one is gone.
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// What `search` finds in the field; nothing where it found nothing before.
    pub(crate) fn hits(self, field: &Field<'_>, search: impl FnOnce() -> Vec<Hit>) -> Vec<Hit> {
        let Some(key) = Key::of(field) else {
            return search();
        };
        CLEAN.with(|slot| {
            let kept = slot.take().filter(|kept| kept.of == self);
            let mut clean = kept.unwrap_or_else(|| Box::new(Clean::of(self)));
            let hits = clean.hits(&key, search);
            slot.set(Some(clean));
            hits
        })
    }
}

/// Each field has one place, and whichever came last is in it.
struct Clean {
    of: Searcher,
    hash: RandomState,
    shelves: [Shelf; 2],
}

/// For fields of about one length, so that the long ones take no more memory than the short ones.
struct Shelf {
    /// Of a name and a text together, in bytes.
    longest: usize,
    fields: Box<[Box<[u8]>]>,
}

impl Clean {
    fn of(searcher: Searcher) -> Self {
        Self {
            of: searcher,
            hash: RandomState::default(),
            shelves: [Shelf::new(SHORT, MOST), Shelf::new(LONGEST, MOST_LONG)],
        }
    }

    fn hits(&mut self, key: &Key<'_>, search: impl FnOnce() -> Vec<Hit>) -> Vec<Hit> {
        let Some(place) = self.place(key) else {
            return search();
        };
        if key.is(place) {
            return Vec::new();
        }
        let hits = search();
        if hits.is_empty() {
            *place = key.write();
        }
        hits
    }

    fn place(&mut self, key: &Key<'_>) -> Option<&mut Box<[u8]>> {
        let mut hasher = self.hash.build_hasher();
        hasher.write_u8(key.length);
        hasher.write(key.name);
        hasher.write(key.text);
        let mut shelves = self.shelves.iter_mut();
        let fields = &mut shelves.find(|it| key.len() <= it.longest)?.fields;
        let [low, high, ..] = hasher.finish().to_ne_bytes();
        let hash = usize::from(u16::from_ne_bytes([low, high]));
        // There are as many as a power of two, which makes it the remainder.
        fields.get_mut(hash & (fields.len() - 1))
    }
}

impl Shelf {
    fn new(longest: usize, fields: usize) -> Self {
        Self {
            longest,
            fields: vec![Box::default(); fields].into(),
        }
    }
}

thread_local! {
    static CLEAN: Cell<Option<Box<Clean>>> = const { Cell::new(None) };
}

/// A field that is short enough to be kept.
struct Key<'f> {
    /// Of the name, or that there is none.
    length: u8,
    name: &'f [u8],
    text: &'f [u8],
}

impl<'f> Key<'f> {
    fn of(field: &Field<'f>) -> Option<Self> {
        let (name, text) = (field.name.unwrap_or_default(), field.text);
        let is_short = name.len() + text.len() <= LONGEST;
        let length = field.name.map_or(Ok(u8::MAX), |name| name.len().try_into());
        Some(Self {
            length: length.ok().filter(|_| is_short)?,
            name: name.as_bytes(),
            text: text.as_bytes(),
        })
    }

    fn len(&self) -> usize {
        self.name.len() + self.text.len()
    }

    /// No two keys are written alike.
    fn write(&self) -> Box<[u8]> {
        [&[self.length], self.name, self.text].concat().into()
    }

    fn is(&self, kept: &[u8]) -> bool {
        let Some((length, rest)) = kept.split_first() else {
            return false;
        };
        let text = rest.strip_prefix(self.name);
        *length == self.length && text.is_some_and(|text| text == self.text)
    }
}

const SHORT: usize = 95;
/// Short fields that a thread keeps: about a hundred kilobytes.
const MOST: usize = 1_024;
const LONGEST: usize = 4_095;
/// Long fields that it keeps: at most a quarter of a megabyte.
const MOST_LONG: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Class;

    fn named<'a>(name: Option<&'a str>, text: &'a str) -> Field<'a> {
        Field { name, text }
    }

    fn hit() -> Vec<Hit> {
        let hit = Hit {
            kind: "EMAIL_ADDRESS",
            class: Class::Pii,
            confidence: 95,
            range: 0..1,
            is_whole: true,
        };
        vec![hit]
    }

    #[test]
    fn a_field_is_searched_again_only_where_something_was_found() {
        let searcher = Searcher::new();
        let (clean, dirty) = (named(Some("sku"), "a"), named(Some("sku"), "b"));
        assert_eq!(searcher.hits(&clean, Vec::new), []);
        assert_eq!(searcher.hits(&clean, hit), []);
        assert_eq!(searcher.hits(&dirty, hit), hit());
        assert_eq!(searcher.hits(&dirty, hit), hit());
    }

    #[test]
    fn another_name_another_text_and_another_searcher_are_not_the_same() {
        let searcher = Searcher::new();
        assert_eq!(searcher.hits(&named(Some("ab"), "c"), Vec::new), []);
        for other in [
            named(Some("a"), "bc"),
            named(Some("abc"), ""),
            named(Some(""), "abc"),
            named(None, "abc"),
            named(None, "\u{2}abc"),
        ] {
            assert_eq!(searcher.hits(&other, hit), hit(), "{other:?}");
        }
        assert_eq!(Searcher::new().hits(&named(Some("ab"), "c"), hit), hit());
    }

    #[test]
    fn longer_fields_are_searched_every_time() {
        let searcher = Searcher::new();
        let long = [SHORT, SHORT + 1, LONGEST].map(|length| "a".repeat(length));
        for field in long.each_ref().map(|text| named(None, text)) {
            assert_eq!(searcher.hits(&field, Vec::new), []);
            assert_eq!(searcher.hits(&field, hit), []);
        }
        let (longer, name) = ("a".repeat(LONGEST + 1), "a".repeat(256));
        for field in [named(None, &longer), named(Some(&name), "")] {
            assert_eq!(searcher.hits(&field, Vec::new), []);
            assert_eq!(searcher.hits(&field, hit), hit());
        }
    }

    #[test]
    fn what_takes_the_place_of_another_is_what_is_known_from_then_on() {
        let searcher = Searcher::new();
        let learn = |texts: &[String]| {
            for text in texts {
                assert_eq!(searcher.hits(&named(None, text), Vec::new), []);
            }
        };
        let known = |texts: &[String]| {
            let is_known = |text: &&String| searcher.hits(&named(None, text), hit).is_empty();
            texts.iter().filter(is_known).count()
        };
        let short: Vec<_> = (0..8 * MOST).map(|number| number.to_string()).collect();
        let long: Vec<_> = short.iter().map(|text| format!("{text:0>96}")).collect();
        learn(&short);
        learn(&long);
        let (short, long) = (known(&short), known(&long));
        assert!(short > MOST / 2 && short <= MOST, "{short} are known");
        assert!(
            long > MOST_LONG / 2 && long <= MOST_LONG,
            "{long} are known"
        );
    }
}
