//! A decoded text that is searched while it comes, and where its bytes stand in the text around it. Decodes nothing.

use std::ops::Range;

use super::Layers;
use super::map::Map;
use crate::found::{Event, Group};

#[derive(Clone, Debug)]
pub(crate) struct Hidden {
    pub(crate) layers: Layers,
    /// What has come from `base` on, and is still needed.
    text: Vec<u8>,
    base: usize,
    map: Map,
}

impl Hidden {
    /// The next byte of it stands at `outer`; `before` is what came before that.
    pub(crate) fn new(layers: Layers, before: &[u8], outer: usize) -> Self {
        let at = layers.at();
        Self {
            layers,
            text: before.to_vec(),
            base: at - before.len(),
            map: Map::new(at, outer),
        }
    }

    /// The same bytes as around it.
    pub(crate) fn same(&mut self, bytes: &[u8], events: &mut Vec<Event>) {
        for block in bytes.chunks(BLOCK) {
            self.text.extend_from_slice(block);
            self.map.same(block.len());
            self.relieve(events);
        }
    }

    /// These were decoded from there.
    pub(crate) fn unit(&mut self, bytes: &[u8], outer: Range<usize>, events: &mut Vec<Event>) {
        self.text.extend_from_slice(bytes);
        self.map.unit(bytes.len(), outer);
        self.relieve(events);
    }

    /// How many bytes have come.
    pub(crate) fn end(&self) -> usize {
        self.map.inner_end()
    }

    pub(crate) fn settled(&self) -> usize {
        self.map.start(self.layers.settled())
    }

    pub(crate) fn read(&mut self, last: bool, events: &mut Vec<Event>) {
        self.layers.read(&self.text, self.base, last);
        let found = self.layers.events(last);
        events.extend(found.into_iter().map(|event| self.outer(event)));
        let needed = self.layers.needed();
        if let Some(old) = needed.checked_sub(self.base) {
            self.text.drain(..old.min(self.text.len()));
            self.base = needed;
        }
        self.map.forget(self.layers.settled().saturating_sub(1));
    }

    fn relieve(&mut self, events: &mut Vec<Event>) {
        if self.end() - self.layers.at() >= BLOCK {
            self.read(false, events);
        }
    }

    fn outer(&self, event: Event) -> Event {
        let outer = |range: Range<usize>| self.map.start(range.start)..self.map.end(range.end);
        match event {
            Event::Found(finding, range) => Event::Found(finding, outer(range)),
            Event::Group(group) => Event::Group(Group {
                range: outer(group.range),
                ..group
            }),
            Event::Begins(finding, start) => Event::Begins(finding, self.map.start(start)),
            Event::Ends(id, end) => Event::Ends(id, self.map.end(end)),
        }
    }
}

/// As much is decoded before it is searched, in bytes.
const BLOCK: usize = 1024;
