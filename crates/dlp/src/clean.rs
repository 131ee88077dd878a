//! Short fields in which this thread lately found nothing: calls repeat their names, codes and amounts. It finds nothing by itself.

use std::cell::Cell;
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};

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
        let mut room = [0; ROOM];
        let Some(key) = key(field, &mut room) else {
            return search();
        };
        CLEAN.with(|slot| {
            let kept = slot.take().filter(|kept| kept.of == self);
            let mut clean = kept.unwrap_or_else(|| Box::new(Clean::of(self)));
            let hits = if clean.fields.contains(key) {
                Vec::new()
            } else {
                let hits = search();
                if hits.is_empty() {
                    clean.add(key);
                }
                hits
            };
            slot.set(Some(clean));
            hits
        })
    }
}

struct Clean {
    of: Searcher,
    fields: HashSet<Box<[u8]>>,
}

impl Clean {
    fn of(searcher: Searcher) -> Self {
        Self {
            of: searcher,
            fields: HashSet::new(),
        }
    }

    fn add(&mut self, key: &[u8]) {
        if self.fields.len() >= MOST {
            self.fields.clear();
        }
        self.fields.insert(key.into());
    }
}

thread_local! {
    static CLEAN: Cell<Option<Box<Clean>>> = const { Cell::new(None) };
}

/// No two fields have the same: how long the name is, the name, the text. None where they are not short.
fn key<'r>(field: &Field<'_>, room: &'r mut [u8; ROOM]) -> Option<&'r [u8]> {
    let name = field.name.unwrap_or_default().as_bytes();
    let length = match field.name {
        None => u8::MAX,
        Some(_) => u8::try_from(name.len())
            .ok()
            .filter(|length| *length < u8::MAX)?,
    };
    let bytes = [&[length], name, field.text.as_bytes()];
    let mut end = 0;
    for part in bytes {
        room.get_mut(end..end + part.len())?.copy_from_slice(part);
        end += part.len();
    }
    room.get(..end)
}

/// Of a name and a text together, in bytes.
const ROOM: usize = 96;
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
    fn long_fields_are_searched_every_time_and_short_ones_are_kept_up_to_a_number() {
        let searcher = Searcher::new();
        let long = "a".repeat(ROOM);
        for field in [named(None, &long), named(Some(&long), "")] {
            assert_eq!(searcher.hits(&field, Vec::new), []);
            assert_eq!(searcher.hits(&field, hit), hit());
        }
        for number in 0..=MOST {
            searcher.hits(&named(None, &number.to_string()), Vec::new);
        }
        let kept = CLEAN.with(|slot| {
            let clean = slot.take().unwrap();
            clean.fields.len()
        });
        assert_eq!(kept, 1);
    }
}
