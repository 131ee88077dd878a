//! Short fields in which this thread lately found nothing: calls repeat their names, codes and amounts. It finds nothing by itself.

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
    fields: Box<[Box<[u8]>]>,
}

impl Clean {
    fn of(searcher: Searcher) -> Self {
        Self {
            of: searcher,
            hash: RandomState::default(),
            fields: vec![Box::default(); MOST].into(),
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
        let most = u64::try_from(MOST).unwrap_or(u64::MAX);
        let place = usize::try_from(hasher.finish() % most).unwrap_or_default();
        self.fields.get_mut(place)
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

/// Of a name and a text together, in bytes.
const LONGEST: usize = 95;
/// Fields that a thread keeps: about a hundred kilobytes.
const MOST: usize = 1_024;

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
    fn long_fields_are_searched_every_time() {
        let searcher = Searcher::new();
        let (longest, longer) = ("a".repeat(LONGEST), "a".repeat(LONGEST + 1));
        for field in [named(None, &longest), named(Some(&longest), "")] {
            assert_eq!(searcher.hits(&field, Vec::new), []);
            assert_eq!(searcher.hits(&field, hit), []);
        }
        for field in [named(None, &longer), named(Some(&longer), "")] {
            assert_eq!(searcher.hits(&field, Vec::new), []);
            assert_eq!(searcher.hits(&field, hit), hit());
        }
    }

    #[test]
    fn what_takes_the_place_of_another_is_what_is_known_from_then_on() {
        let searcher = Searcher::new();
        let texts: Vec<_> = (0..8 * MOST).map(|number| number.to_string()).collect();
        for text in &texts {
            assert_eq!(searcher.hits(&named(None, text), Vec::new), []);
        }
        let known = texts.iter().filter(|text| {
            let hits = searcher.hits(&named(None, text), hit);
            hits.is_empty()
        });
        let known = known.count();
        assert!(known > MOST / 2 && known <= MOST, "{known} are known");
    }
}
