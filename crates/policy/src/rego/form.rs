//! Objects whose keys are always the same, made by copying one that is in order already. It knows no key.

use std::array;

use super::{Object, Value};

/// An object of `N` keys without its values.
pub(super) struct Form<const N: usize> {
    blank: Object,
    /// For each key, in the order of the object, its place among the values.
    order: [usize; N],
}

impl<const N: usize> Form<N> {
    pub(super) fn new(keys: [&str; N]) -> Self {
        let mut blank = Object::new();
        for (place, key) in keys.into_iter().enumerate() {
            blank.insert(Value::from(key), Value::from(place));
        }
        let mut order = array::from_fn(|place| place);
        order.sort_by_key(|place| keys.get(*place).copied());
        // As a value an object is kept in the form that is cheap to copy.
        let blank = match blank.into_value() {
            Value::Object(kept) => kept.as_ref().clone(),
            _ => Object::new(),
        };
        Self { blank, order }
    }

    /// `values` in the order in which the keys were named.
    pub(super) fn fill(&self, values: [Value; N]) -> Value {
        let mut values = values.map(Some);
        let mut object = self.blank.clone();
        for ((_, value), place) in object.iter_mut().zip(self.order) {
            if let Some(given) = values.get_mut(place).and_then(Option::take) {
                *value = given;
            }
        }
        object.into_value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rego::input::object;

    #[test]
    fn a_form_gives_each_key_its_value_whatever_their_order() {
        let form = Form::new(["phase", "agent", "zone", "b"]);
        let filled = form.fill([1_u32, 2, 3, 4].map(Value::from));
        let keys = ["phase", "agent", "zone", "b"].map(Value::from);
        let [phase, agent, zone, b] = &keys;
        let expected = object([
            (phase, Value::from(1_u32)),
            (agent, Value::from(2_u32)),
            (zone, Value::from(3_u32)),
            (b, Value::from(4_u32)),
        ]);
        assert_eq!(filled, expected);
        assert_eq!(form.fill([1_u32, 2, 3, 4].map(Value::from)), expected);
    }
}
