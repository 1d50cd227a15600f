//! Finds out which type the elements of a list or map would have, by offering one and looking what
//! is asked for.
//!
//! Upstream: none; Go's decoder asks `reflect`.

use serde::de::value::Error;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;

/// Go's name of the element type that a visitor of a list or map asks for, and what the visitor
/// makes of one default element.
pub(super) fn type_asked_for<'de, V: Visitor<'de>>(
    visitor: V,
    is_list: bool,
) -> (String, Result<V::Value, Error>) {
    let mut name = String::new();
    let value = if is_list {
        visitor.visit_seq(One {
            name: &mut name,
            given: false,
        })
    } else {
        visitor.visit_map(One {
            name: &mut name,
            given: false,
        })
    };
    (name, value)
}

struct One<'n> {
    name: &'n mut String,
    given: bool,
}

impl<'de> SeqAccess<'de> for One<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        if std::mem::replace(&mut self.given, true) {
            return Ok(None);
        }
        seed.deserialize(Probe { name: self.name }).map(Some)
    }
}

impl<'de> MapAccess<'de> for One<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        if std::mem::replace(&mut self.given, true) {
            return Ok(None);
        }
        seed.deserialize("".into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(Probe { name: self.name })
    }
}

struct Probe<'n> {
    name: &'n mut String,
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("no type to name"))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.name.push_str("bool");
        visitor.visit_bool(false)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.name.push_str("int32");
        visitor.visit_i64(0)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.name.push_str("int64");
        visitor.visit_i64(0)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.name.push_str("string");
        visitor.visit_str("")
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name == "Quantity" {
            self.name.push_str("resource.Quantity");
            return visitor.visit_newtype_struct("0".into_deserializer());
        }
        self.name.push_str(&format!("v1.{name}"));
        visitor.visit_newtype_struct("1970-01-01T00:00:00Z".into_deserializer())
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let (element, value) = type_asked_for(visitor, true);
        self.name.push_str(&format!("[]{element}"));
        value
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let (element, value) = type_asked_for(visitor, false);
        self.name.push_str(&format!("map[string]{element}"));
        value
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.name.push_str(&format!("v1.{name}"));
        visitor.visit_map(One {
            name: &mut String::new(),
            given: true,
        })
    }

    forward_to_deserialize_any! {
        i8 i16 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct tuple
        tuple_struct enum identifier ignored_any
    }
}
