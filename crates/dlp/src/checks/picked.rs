//! Bytes picked from a value, which is short: they need no memory of their own. It checks nothing.

use std::ops::{Deref, DerefMut};

use crate::rule::LONGEST;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Picked {
    bytes: [u8; LONGEST],
    count: usize,
}

impl Picked {
    /// No more than a rule sees of a value.
    pub(crate) fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.count) {
            *place = byte;
            self.count += 1;
        }
    }
}

impl Default for Picked {
    fn default() -> Self {
        Self {
            bytes: [0; LONGEST],
            count: 0,
        }
    }
}

impl Extend<u8> for Picked {
    fn extend<I: IntoIterator<Item = u8>>(&mut self, bytes: I) {
        bytes.into_iter().for_each(|byte| self.push(byte));
    }
}

impl FromIterator<u8> for Picked {
    fn from_iter<I: IntoIterator<Item = u8>>(bytes: I) -> Self {
        let mut picked = Self::default();
        picked.extend(bytes);
        picked
    }
}

impl Deref for Picked {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..self.count).unwrap_or_default()
    }
}

impl DerefMut for Picked {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(..self.count).unwrap_or_default()
    }
}
