//! Reads a tree into typed values and says at which node a reader objected; strict about nothing.

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};

use crate::mistake::{Fault, Mistake};
use crate::node::{Entry, Kind, Node, Step};

/// What a stand-in answers: the plainest value of each kind, so that the reader goes on to the
/// next mistake.
macro_rules! stand_in {
    ($($method:ident => $visit:ident($($value:expr)?);)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
            match self.kind {
                Kind::Anything => visitor.$visit($($value)?),
                _ => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for &Node {
    type Error = Mistake;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match &self.kind {
            Kind::Null | Kind::Anything => visitor.visit_unit(),
            Kind::Bool(value) => visitor.visit_bool(*value),
            Kind::Number(number) => visit_number(number, visitor),
            Kind::Text(text) => visitor.visit_str(text),
            Kind::List(items) => visitor.visit_seq(Items {
                items: items.iter().enumerate(),
            }),
            Kind::Map(entries) => visitor.visit_map(Entries::new(entries)),
        }
    }

    stand_in! {
        deserialize_bool => visit_bool(false);
        deserialize_i8 => visit_i8(0);
        deserialize_i16 => visit_i16(0);
        deserialize_i32 => visit_i32(0);
        deserialize_i64 => visit_i64(0);
        deserialize_i128 => visit_i128(0);
        deserialize_u8 => visit_u8(0);
        deserialize_u16 => visit_u16(0);
        deserialize_u32 => visit_u32(0);
        deserialize_u64 => visit_u64(0);
        deserialize_u128 => visit_u128(0);
        deserialize_f32 => visit_f32(0.0);
        deserialize_f64 => visit_f64(0.0);
        deserialize_char => visit_char(' ');
        deserialize_str => visit_str("");
        deserialize_string => visit_str("");
        deserialize_bytes => visit_bytes(&[]);
        deserialize_byte_buf => visit_bytes(&[]);
        deserialize_unit => visit_unit();
        deserialize_seq => visit_seq(Items::none());
        deserialize_map => visit_map(Entries::new(&[]));
        deserialize_identifier => visit_str("");
    }

    /// A key without a value is a slip, not a wish: what it would switch off is not guessed.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.kind {
            Kind::Anything => visitor.visit_none(),
            Kind::Null => Err(Mistake::invalid_type(Unexpected::Unit, &"a value")),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        match self.kind {
            // A struct could be read from a list as well; settings are always named.
            Kind::List(_) => Err(Mistake::invalid_type(Unexpected::Seq, &"a mapping")),
            _ => self.deserialize_map(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        match (&self.kind, variants) {
            (Kind::Text(word), _) => visitor.visit_enum(Choice { word, entry: None }),
            (Kind::Anything, [word, ..]) => visitor.visit_enum(Choice { word, entry: None }),
            (Kind::Map(entries), _) if let [entry] = &**entries => visitor.visit_enum(Choice {
                word: &entry.key,
                entry: Some(entry),
            }),
            _ => Err(Mistake::new(Fault::UnknownWord {
                word: String::new(),
                known: variants,
            })),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_unit()
    }
}

fn visit_number<'de, V: Visitor<'de>>(
    number: &serde_json::Number,
    visitor: V,
) -> Result<V::Value, Mistake> {
    match (number.as_u64(), number.as_i64()) {
        (Some(value), _) => visitor.visit_u64(value),
        (None, Some(value)) => visitor.visit_i64(value),
        (None, None) => visitor.visit_f64(number.as_f64().unwrap_or_default()),
    }
}

struct Items<'n> {
    items: std::iter::Enumerate<std::slice::Iter<'n, Node>>,
}

impl Items<'_> {
    fn none() -> Self {
        Self {
            items: [].iter().enumerate(),
        }
    }
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Mistake;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Mistake> {
        let Some((position, node)) = self.items.next() else {
            return Ok(None);
        };
        seed.deserialize(node)
            .map(Some)
            .map_err(|mistake| mistake.under(Step::Item(position)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Entries<'n> {
    entries: std::iter::Enumerate<std::slice::Iter<'n, Entry>>,
    /// The value beside the key that was given last.
    value: Option<(usize, &'n Node)>,
}

impl<'n> Entries<'n> {
    fn new(entries: &'n [Entry]) -> Self {
        Self {
            entries: entries.iter().enumerate(),
            value: None,
        }
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Mistake;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Mistake> {
        let Some((position, entry)) = self.entries.next() else {
            return Ok(None);
        };
        self.value = Some((position, &entry.value));
        let key: StrDeserializer<'_, Mistake> = (*entry.key).into_deserializer();
        seed.deserialize(key)
            .map(Some)
            .map_err(|mistake| mistake.under(Step::Key(position)))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Mistake> {
        let Some((position, node)) = self.value.take() else {
            return Err(Mistake::custom("a value was asked for before its key"));
        };
        seed.deserialize(node)
            .map_err(|mistake| mistake.under(Step::Value(position)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

/// An enum: a word alone, or a mapping of one word to its content.
struct Choice<'n> {
    word: &'n str,
    entry: Option<&'n Entry>,
}

impl<'de, 'n> EnumAccess<'de> for Choice<'n> {
    type Error = Mistake;
    type Variant = Content<'n>;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Content<'n>), Mistake> {
        let word: StrDeserializer<'_, Mistake> = self.word.into_deserializer();
        match seed.deserialize(word) {
            Ok(value) => Ok((value, Content(self.entry))),
            Err(mistake) if self.entry.is_some() => Err(mistake.under(Step::Key(0))),
            Err(mistake) => Err(mistake),
        }
    }
}

struct Content<'n>(Option<&'n Entry>);

impl<'n> Content<'n> {
    fn read<T>(self, read: impl FnOnce(&'n Node) -> Result<T, Mistake>) -> Result<T, Mistake> {
        match self.0 {
            Some(entry) => read(&entry.value).map_err(|mistake| mistake.under(Step::Value(0))),
            None => Err(Mistake::invalid_type(Unexpected::Str(""), &"a mapping")),
        }
    }
}

impl<'de> VariantAccess<'de> for Content<'_> {
    type Error = Mistake;

    fn unit_variant(self) -> Result<(), Mistake> {
        match self.0 {
            Some(_) => Err(Mistake::invalid_type(Unexpected::Map, &"a word")),
            None => Ok(()),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Mistake> {
        self.read(|node| seed.deserialize(node))
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        self.read(|node| node.deserialize_seq(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        self.read(|node| node.deserialize_struct("", fields, visitor))
    }
}
