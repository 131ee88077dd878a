//! Something for each type of data, by its number. Knows no type.

/// The number of a type, the same for all rules that find it.
pub(crate) type KindId = u16;

/// As long as the last type needs that has something else than nothing.
#[derive(Clone, Debug)]
pub(crate) struct PerKind<T>(Vec<T>);

impl<T: Copy + Default> PerKind<T> {
    pub(crate) fn get(&self, kind: KindId) -> T {
        self.0.get(usize::from(kind)).copied().unwrap_or_default()
    }

    /// What was there before.
    pub(crate) fn set(&mut self, kind: KindId, value: T) -> T {
        let place = self.of(kind);
        place.map_or_else(T::default, |place| std::mem::replace(place, value))
    }

    /// Where it is.
    pub(crate) fn of(&mut self, kind: KindId) -> Option<&mut T> {
        let at = usize::from(kind);
        if self.0.len() <= at {
            self.0.resize(at + 1, T::default());
        }
        self.0.get_mut(at)
    }
}

impl<T> Default for PerKind<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_its_own_and_none_at_first() {
        let mut ends = PerKind::default();
        assert_eq!(ends.set(7, 30), 0);
        assert_eq!((ends.get(7), ends.get(6), ends.get(8)), (30, 0, 0));
        assert_eq!(ends.set(7, 40), 30);
    }
}
