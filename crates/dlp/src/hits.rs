//! What was found in one text, as its caller is told. Searches nothing.

use std::ops::Range;

use crate::Hit;
use crate::found::{Event, Finding};
use crate::per_kind::PerKind;
use crate::rules::{RuleId, Sets};

/// Of one text, in the order in which a stream tells them.
#[derive(Default)]
pub(crate) struct Hits {
    found: Vec<Found>,
    /// Those that go on, and the rules that found them.
    growing: Vec<(RuleId, usize)>,
}

/// A [`Hit`] without its names: a text may be nothing but findings.
struct Found {
    finding: Finding,
    is_whole: bool,
    range: Range<usize>,
}

impl Hits {
    /// Of a text behind a name of so many bytes.
    pub(crate) fn add(&mut self, event: &Event, named: usize) {
        let (finding, range, is_whole) = match event {
            Event::Found(finding, range) => {
                (*finding, range.start - named..range.end - named, true)
            }
            Event::Begins(finding, start) => {
                self.growing.push((finding.id, self.found.len()));
                (*finding, start - named..usize::MAX, false)
            }
            Event::Ends(id, end) => return self.ends(*id, end - named),
        };
        self.found.push(Found {
            finding,
            is_whole,
            range,
        });
    }

    fn ends(&mut self, id: RuleId, end: usize) {
        let growing = self.growing.iter().position(|(rule, _)| *rule == id);
        let growing = growing.map(|at| self.growing.swap_remove(at));
        if let Some((_, at)) = growing
            && let Some(found) = self.found.get_mut(at)
        {
            found.range.end = end;
        }
    }

    /// All of them, by start.
    pub(crate) fn of(mut self, text: &str, sets: &Sets) -> Vec<Hit> {
        self.merge();
        let hits = self.found.into_iter().filter_map(|found| {
            let (kind, class) = sets.type_of(found.finding.id)?;
            // A rule goes by bytes; what is redacted are characters.
            let start = text.floor_char_boundary(found.range.start);
            let end = text.ceil_char_boundary(found.range.end);
            Some(Hit {
                kind,
                class,
                confidence: found.finding.confidence,
                range: start..end,
                is_whole: found.is_whole,
            })
        });
        let mut hits: Vec<Hit> = hits.collect();
        hits.sort_by_key(|hit| hit.range.start);
        hits
    }

    /// One of a kind where several overlap: a text may say the same in several ways. What is longer for
    /// that does not come before what was the first.
    fn merge(&mut self) {
        // The place of the last of each kind, counted from one.
        let mut latest = PerKind::<usize>::default();
        let mut kept = 0;
        for at in 0..self.found.len() {
            let (before, rest) = self.found.split_at_mut(at);
            let Some(found) = rest.first_mut() else { break };
            let kind = found.finding.kind;
            let last = latest.get(kind).checked_sub(1);
            match last.and_then(|last| before.get_mut(last)) {
                Some(last) if found.range.start < last.range.end => {
                    last.range.end = last.range.end.max(found.range.end);
                    last.is_whole = false;
                    let confidence = last.finding.confidence.max(found.finding.confidence);
                    last.finding.confidence = confidence;
                }
                _ => {
                    if let Some(place) = before.get_mut(kept) {
                        std::mem::swap(place, found);
                    }
                    kept += 1;
                    latest.set(kind, kept);
                }
            }
        }
        self.found.truncate(kept);
    }
}
