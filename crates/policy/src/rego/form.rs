//! Objects whose keys are always the same, made by copying one that is in order already. It knows no key.

use super::{Object, Value};

/// An object of `N` keys without its values.
pub(super) struct Form<const N: usize> {
    blank: Object,
    keys: [Value; N],
}

impl<const N: usize> Form<N> {
    pub(super) fn new(keys: [&str; N]) -> Self {
        let keys = keys.map(Value::from);
        let mut blank = Object::new();
        for key in &keys {
            blank.insert(key.clone(), Value::Null);
        }
        // As a value an object is kept in the form that is cheap to copy.
        let blank = match blank.into_value() {
            Value::Object(kept) => kept.as_ref().clone(),
            _ => Object::new(),
        };
        Self { blank, keys }
    }

    /// `values` in the order in which the keys were named.
    pub(super) fn fill(&self, values: [Value; N]) -> Value {
        let mut object = self.blank.clone();
        for (key, value) in self.keys.iter().zip(values) {
            // To walk through all of them for writing would put them into another form, and back.
            if let Some(place) = object.get_mut(key) {
                *place = value;
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
