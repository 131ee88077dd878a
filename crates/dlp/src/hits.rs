//! What was found in one text, as its caller is told. Searches nothing.

use std::ops::Range;

use crate::found::{Event, Finding};
use crate::per_kind::{KindId, PerKind};
use crate::rules::{RuleId, Sets};
use crate::{Class, Hit};

/// Of one text, in the order in which a stream tells them. There is one of a kind where several overlap: a
/// text may say the same in several ways.
pub(crate) struct Hits<'s> {
    sets: &'s Sets,
    /// How many bytes of a name stand before the text.
    named: usize,
    found: Vec<Hit>,
    /// None of them ends behind this.
    reach: usize,
    /// The place of the last of each kind, counted from one.
    latest: PerKind<usize>,
    growing: Vec<Growing>,
}

/// A value that goes on: it is all or a part of a hit, which ends at [`GROWS`] until then.
struct Growing {
    rule: RuleId,
    hit: usize,
    /// The end of the hit, as far as it is known.
    reach: usize,
}

impl<'s> Hits<'s> {
    /// Of a text behind a name of so many bytes.
    pub(crate) fn new(sets: &'s Sets, named: usize) -> Self {
        Self {
            sets,
            named,
            found: Vec::new(),
            reach: 0,
            latest: PerKind::default(),
            growing: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, event: &Event) {
        let named = self.named;
        match event {
            Event::Found(finding, range) => {
                self.see(*finding, range.start - named..range.end - named);
            }
            Event::Group(group) => {
                let range = group.range.start - named..group.range.end - named;
                // Where all that was found ends before it, and no two of its rules are for one type, none has to be looked up.
                let is_free = !group.is_joined && range.start >= self.reach;
                for (finding, rule) in self.sets.findings(group) {
                    let known = if is_free {
                        None
                    } else {
                        self.overlapped(finding.kind, range.start)
                    };
                    match known {
                        Some(at) => self.merge(at, finding, &range),
                        None => self.put(finding, (rule.kind, rule.class), range.clone()),
                    }
                }
            }
            Event::Begins(finding, start) => self.begins(*finding, start - named),
            Event::Ends(id, end) => self.ends(*id, end - named),
        }
    }

    #[inline]
    fn see(&mut self, finding: Finding, range: Range<usize>) {
        match self.overlapped(finding.kind, range.start) {
            Some(at) => self.merge(at, finding, &range),
            None => self.push(finding, range),
        }
    }

    /// A value that goes on.
    fn begins(&mut self, finding: Finding, start: usize) {
        let overlapped = self.overlapped(finding.kind, start);
        let hit = overlapped.unwrap_or(self.found.len());
        if overlapped.is_none() {
            self.push(finding, start..start);
        }
        self.merge(hit, finding, &(start..GROWS));
        let Some(known) = self.found.get_mut(hit) else {
            return;
        };
        let reach = std::mem::replace(&mut known.range.end, GROWS);
        self.reach = GROWS;
        self.growing.push(Growing {
            rule: finding.id,
            hit,
            reach: if reach == GROWS { 0 } else { reach },
        });
    }

    /// The last of its kind, if it reaches over this place.
    fn overlapped(&self, kind: KindId, start: usize) -> Option<usize> {
        let at = self.latest.get(kind).checked_sub(1)?;
        (start < self.found.get(at)?.range.end).then_some(at)
    }

    fn push(&mut self, finding: Finding, range: Range<usize>) {
        if let Some(of) = self.sets.type_of(finding.id) {
            self.put(finding, of, range);
        }
    }

    #[inline]
    fn put(&mut self, finding: Finding, (kind, class): (&'static str, Class), range: Range<usize>) {
        self.reach = self.reach.max(range.end);
        self.found.push(Hit {
            kind,
            class,
            confidence: finding.confidence,
            range,
            is_whole: true,
        });
        self.latest.set(finding.kind, self.found.len());
    }

    /// What is longer for that does not come before what was the first.
    #[cold]
    fn merge(&mut self, at: usize, finding: Finding, range: &Range<usize>) {
        if let Some(hit) = self.found.get_mut(at) {
            hit.is_whole &= hit.range == *range;
            hit.confidence = hit.confidence.max(finding.confidence);
        }
        if range.end != GROWS {
            self.reaches(at, range.end);
        }
    }

    fn reaches(&mut self, hit: usize, end: usize) {
        self.reach = self.reach.max(end);
        let growing = self.growing.iter_mut().find(|growing| growing.hit == hit);
        if let Some(growing) = growing {
            growing.reach = growing.reach.max(end);
        } else if let Some(hit) = self.found.get_mut(hit) {
            hit.range.end = hit.range.end.max(end);
        }
    }

    fn ends(&mut self, rule: RuleId, end: usize) {
        let at = self.growing.iter().position(|growing| growing.rule == rule);
        let Some(ended) = at.map(|at| self.growing.swap_remove(at)) else {
            return;
        };
        let goes_on = self.growing.iter().any(|growing| growing.hit == ended.hit);
        if let Some(hit) = self.found.get_mut(ended.hit).filter(|_| !goes_on) {
            hit.range.end = end;
        }
        self.reaches(ended.hit, end.max(ended.reach));
    }

    /// Makes room for what is to come in so many bytes, if they have as much in them as those that were read.
    pub(crate) fn expect(&mut self, read: usize, to_come: usize) {
        let count = self.found.len();
        if self.found.capacity() - count < count / 2 {
            let each = count.saturating_mul(to_come) / read.max(1);
            self.found.reserve_exact(each + each / 16);
        }
    }

    /// All of them, by start.
    pub(crate) fn of(mut self, text: &str) -> Vec<Hit> {
        for Growing { hit, .. } in &self.growing {
            if let Some(hit) = self.found.get_mut(*hit) {
                hit.range.end = text.len();
            }
        }
        if !text.is_ascii() {
            for Hit { range, .. } in &mut self.found {
                // A rule goes by bytes; what is redacted are characters.
                let start = text.floor_char_boundary(range.start);
                *range = start..text.ceil_char_boundary(range.end);
            }
        }
        self.found
    }
}

/// The end of what goes on.
const GROWS: usize = usize::MAX;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::found::Group;
    use crate::{Scanner, rule_set};

    /// Of findings of two rules of one kind, and one of another: where each hit is, and whether it is whole.
    fn hits(events: impl Fn([Finding; 3]) -> Vec<Event>) -> Vec<(usize, Range<usize>, bool)> {
        let scanner = Scanner::new().unwrap();
        let sets = &scanner.sets;
        let finding = |id: RuleId| Finding {
            id,
            kind: sets.kind_of(id).unwrap(),
            confidence: 80,
        };
        let of_kind = |id: &RuleId| sets.kind_of(*id) == sets.kind_of(0);
        let same = (1..RuleId::MAX).find(of_kind).unwrap();
        let other = (1..RuleId::MAX).find(|id| !of_kind(id)).unwrap();
        let kinds = [0, other].map(|id| sets.type_of(id).unwrap().0);
        let mut hits = Hits::new(sets, 0);
        for event in events([0, same, other].map(finding)) {
            hits.add(&event);
        }
        let hits = hits.of(&"a".repeat(1000)).into_iter().map(|hit| {
            let kind = kinds.iter().position(|kind| *kind == hit.kind).unwrap();
            (kind, hit.range, hit.is_whole)
        });
        hits.collect()
    }

    #[test]
    fn what_overlaps_is_one_hit_of_its_kind_and_none_of_another() {
        let found = hits(|[one, same, other]| {
            vec![
                Event::Found(one, 0..10),
                Event::Found(other, 5..8),
                Event::Found(same, 9..20),
                Event::Found(one, 20..30),
            ]
        });
        let expected = [(0, 0..20, false), (1, 5..8, true), (0, 20..30, true)];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_hit_that_goes_on_ends_where_the_last_of_it_does() {
        let found = hits(|[one, same, _]| {
            vec![
                Event::Found(one, 0..300),
                Event::Begins(same, 10),
                Event::Begins(one, 20),
                Event::Found(one, 50..700),
                Event::Ends(one.id, 400),
                Event::Ends(same.id, 500),
                Event::Found(same, 600..800),
                Event::Found(one, 800..900),
            ]
        });
        assert_eq!(found, [(0, 0..800, false), (0, 800..900, true)]);
        let found = hits(|[one, same, _]| {
            vec![
                Event::Begins(one, 0),
                Event::Ends(one.id, 400),
                Event::Begins(same, 500),
            ]
        });
        assert_eq!(found, [(0, 0..400, false), (0, 500..1000, false)]);
    }

    #[test]
    fn what_two_rules_of_one_type_have_found_in_a_group_is_one_hit() {
        let scanner = Scanner::new().unwrap();
        let sets = &scanner.sets;
        let last = RuleId::try_from(sets.rules.len()).unwrap() - 1;
        let same = |id: &RuleId| sets.kind_of(*id) == sets.kind_of(id + 1);
        let beside = |id: &RuleId| rule_set::place(*id).0 == rule_set::place(id + 1).0;
        let one = (0..last).find(|id| same(id) && beside(id)).unwrap();
        let (block, bit) = rule_set::place(one);
        let group = Group {
            block,
            rules: bit | bit << 1,
            near: 0,
            is_joined: true,
            is_whole: false,
            range: 0..9,
        };
        let mut hits = Hits::new(sets, 0);
        hits.add(&Event::Group(group));
        let found = hits.of("123456789");
        let found: Vec<_> = found.iter().map(|hit| (&hit.range, hit.is_whole)).collect();
        assert_eq!(found, [(&(0..9), true)]);
    }
}
