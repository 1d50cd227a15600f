//! A deserializer over JSON values that goes on after a mistake and notes each one: unknown fields,
//! wrong types, values that a type cannot read. The API's own types tell it the names of Go's
//! structs and fields as they ask for them, so it needs no schema.
//!
//! Upstream: `sigs.k8s.io/json`. Differs: fields are visited in the order of their names, as
//! kubectl sends them.

use std::cell::RefCell;
use std::fmt::{self, Display, Write};

use serde::Deserialize;
use serde::de::value::Error;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Number, Value};

use crate::api::canonical_quantity;

use super::names;
use super::probe::type_asked_for;
use super::problem::{Found, Problem, QUANTITY, Wanted, What, WrongType};

/// Notes taken on the way, and the way.
#[derive(Default)]
pub(super) struct Notes<'a> {
    pub problems: Vec<Problem>,
    path: Vec<Step<'a>>,
    structs: Vec<&'static str>,
}

enum Step<'a> {
    Field(&'a str),
    Key(&'a str),
    Index(usize),
}

impl<'a> Notes<'a> {
    fn path(&self) -> String {
        let mut out = String::new();
        for step in &self.path {
            // Writing to a String cannot fail.
            let _ = match step {
                Step::Index(index) => write!(out, "[{index}]"),
                Step::Field(name) | Step::Key(name) if out.is_empty() => write!(out, "{name}"),
                Step::Field(name) | Step::Key(name) => write!(out, ".{name}"),
            };
        }
        out
    }

    fn fields(&self) -> String {
        let fields = self.path.iter().filter_map(|step| match step {
            Step::Field(name) => Some(*name),
            _ => None,
        });
        fields.collect::<Vec<_>>().join(".")
    }

    fn field(&self) -> &str {
        let fields = self.path.iter().rev();
        let mut names = fields.filter_map(|step| match step {
            Step::Field(name) => Some(*name),
            _ => None,
        });
        names.next().unwrap_or_default()
    }

    fn note(&mut self, what: What) {
        let path = self.path();
        self.problems.push(Problem { path, what });
    }

    fn unknown(&mut self, name: &'a str) {
        self.path.push(Step::Field(name));
        self.note(What::UnknownField);
        self.path.pop();
    }
}

/// Reads one field of an envelope (`metadata`, `spec`) as a type.
pub(super) fn read_field<'a, T: serde::de::DeserializeOwned>(
    value: &'a Value,
    owner: &'static str,
    name: &'a str,
    notes: &RefCell<Notes<'a>>,
) -> Option<T> {
    notes.borrow_mut().structs.push(owner);
    let read = at(notes, Step::Field(name), || {
        Option::<T>::deserialize(Strict { value, notes })
    });
    notes.borrow_mut().structs.pop();
    read.unwrap_or_else(|error| {
        notes.borrow_mut().note(What::Unreadable(error.to_string()));
        None
    })
}

/// Reads a whole object, its envelope included.
pub(super) fn read_object<'a, T: serde::de::DeserializeOwned>(
    value: &'a Value,
    notes: &RefCell<Notes<'a>>,
) -> Option<T> {
    T::deserialize(Strict { value, notes })
        .inspect_err(|error| notes.borrow_mut().note(What::Unreadable(error.to_string())))
        .ok()
}

/// Notes a field that an envelope does not have.
pub(super) fn unknown_field<'a>(name: &'a str, notes: &RefCell<Notes<'a>>) {
    notes.borrow_mut().unknown(name);
}

fn at<'a, R>(notes: &RefCell<Notes<'a>>, step: Step<'a>, act: impl FnOnce() -> R) -> R {
    notes.borrow_mut().path.push(step);
    let result = act();
    notes.borrow_mut().path.pop();
    result
}

struct Strict<'a, 'n> {
    value: &'a Value,
    notes: &'n RefCell<Notes<'a>>,
}

impl<'a> Strict<'a, '_> {
    fn wrong(&self, wanted: Wanted) {
        let found = match self.value {
            Value::String(_) | Value::Null => Found::String,
            Value::Bool(_) => Found::Bool,
            Value::Number(number) if number.is_f64() => Found::Float(number.to_string()),
            Value::Number(number) => Found::Integer(number.to_string()),
            Value::Object(_) => Found::Object,
            Value::Array(_) => Found::List,
        };
        let mut notes = self.notes.borrow_mut();
        let structure = notes
            .structs
            .last()
            .map_or(String::new(), ToString::to_string);
        let fields = notes.fields();
        notes.note(What::WrongType(WrongType {
            found,
            wanted,
            structure,
            fields,
        }));
    }

    fn wrong_scalar(&self, kind: &'static str) {
        let name = {
            let notes = self.notes.borrow();
            let owner = notes.structs.last().copied().unwrap_or_default();
            names::scalar(owner, notes.field()).unwrap_or(kind)
        };
        self.wrong(Wanted::Scalar(name.to_string(), kind));
    }

    fn unreadable(&self, words: impl Display) {
        self.notes
            .borrow_mut()
            .note(What::Unreadable(words.to_string()));
    }

    fn integer(&self, kind: &'static str, min: i64, max: i64) -> i64 {
        let number = match self.value {
            Value::Number(number) => whole(number),
            Value::Null => return 0,
            _ => None,
        };
        let fits = number.filter(|n| (min..=max).contains(n));
        if fits.is_none() {
            self.wrong_scalar(kind);
        }
        fits.unwrap_or(0)
    }

    /// Gives a visitor an empty or defaulted value after noting what it wanted.
    fn visit_wrong<V: Visitor<'a>>(self, visitor: V, is_list: bool) -> Result<V::Value, Error> {
        let (element, value) = type_asked_for(visitor, is_list);
        let wanted = if is_list {
            Wanted::List(format!("[]{element}"))
        } else if element == "resource.Quantity" {
            Wanted::Map("v1.ResourceList".to_string())
        } else {
            Wanted::Map(format!("map[string]{element}"))
        };
        self.wrong(wanted);
        value
    }
}

/// A whole number, also if it is written with a fraction of zero.
fn whole(number: &Number) -> Option<i64> {
    number.as_i64()
}

/// What a visitor says that it expects.
struct Expecting<'v, V>(&'v V);

impl<'de, V: Visitor<'de>> Display for Expecting<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }
}

impl<'de> Deserializer<'de> for Strict<'de, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if Expecting(&visitor).to_string() == "IntOrString" {
            return match self.value {
                Value::String(text) => visitor.visit_str(text),
                Value::Null => visitor.visit_i64(0),
                Value::Number(number)
                    if number.as_i64().is_some_and(|n| i32::try_from(n).is_ok()) =>
                {
                    visitor.visit_i64(number.as_i64().unwrap_or_default())
                }
                other => {
                    let found = match other {
                        Value::Bool(_) => "bool".to_string(),
                        Value::Number(number) => format!("number {number}"),
                        Value::Object(_) => "object".to_string(),
                        _ => "array".to_string(),
                    };
                    self.unreadable(format!(
                        "json: cannot unmarshal {found} into Go value of type int32"
                    ));
                    visitor.visit_i64(0)
                }
            };
        }
        self.value
            .deserialize_any(visitor)
            .map_err(|e| Error::custom(e.to_string()))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let value = match self.value {
            Value::Bool(value) => *value,
            Value::Null => false,
            _ => {
                self.wrong_scalar("bool");
                false
            }
        };
        visitor.visit_bool(value)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let value = self.integer("int32", i32::MIN.into(), i32::MAX.into());
        visitor.visit_i64(value)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i64(self.integer("int64", i64::MIN, i64::MAX))
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let value = match self.value {
            Value::Number(number) => number.as_f64().unwrap_or_default(),
            Value::Null => 0.0,
            _ => {
                self.wrong_scalar("float64");
                0.0
            }
        };
        visitor.visit_f64(value)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::String(text) => visitor.visit_str(text),
            Value::Null => visitor.visit_str(""),
            _ => {
                self.wrong_scalar("string");
                visitor.visit_str("")
            }
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.value.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        match (name, self.value) {
            ("Quantity", value) => {
                let canonical = match value {
                    Value::String(text) => canonical_quantity(text),
                    Value::Number(number) => canonical_quantity(&number.to_string()),
                    Value::Null => Some("0".to_string()),
                    _ => None,
                };
                if canonical.is_none() {
                    self.unreadable(QUANTITY);
                }
                let text = canonical.unwrap_or_else(|| "0".to_string());
                return visitor.visit_newtype_struct(text.into_deserializer());
            }
            ("Time" | "MicroTime", Value::String(text))
                if text.parse::<jiff::Timestamp>().is_ok() => {}
            ("Time" | "MicroTime", other) => {
                match other {
                    Value::String(text) => self.unreadable(format!(
                        "parsing time \"{text}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"{text}\" as \"2006\""
                    )),
                    _ => self.wrong(Wanted::Scalar("string".to_string(), "string")),
                }
                return visitor.visit_newtype_struct("1970-01-01T00:00:00Z".into_deserializer());
            }
            _ => {}
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Array(items) => visitor.visit_seq(Items {
                items,
                next: 0,
                notes: self.notes,
            }),
            Value::Null => visitor.visit_seq(Items {
                items: &[],
                next: 0,
                notes: self.notes,
            }),
            _ => self.visit_wrong(visitor, true),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Object(map) => visitor.visit_map(Fields::new(Some(map), None, self.notes)),
            _ => self.visit_wrong(visitor, false),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let map = match self.value {
            Value::Object(map) => Some(map),
            Value::Null => None,
            _ => {
                self.wrong(Wanted::Struct(format!("v1.{name}")));
                None
            }
        };
        self.notes.borrow_mut().structs.push(name);
        let result = visitor.visit_map(Fields::new(map, Some(fields), self.notes));
        self.notes.borrow_mut().structs.pop();
        result
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i8 i16 i128 u8 u16 u32 u64 u128 f32 char bytes byte_buf unit unit_struct tuple
        tuple_struct enum identifier
    }
}

struct Items<'a, 'n> {
    items: &'a [Value],
    next: usize,
    notes: &'n RefCell<Notes<'a>>,
}

impl<'de> SeqAccess<'de> for Items<'de, '_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let Some(value) = self.items.get(self.next) else {
            return Ok(None);
        };
        let notes = self.notes;
        let step = Step::Index(self.next);
        self.next += 1;
        at(notes, step, || seed.deserialize(Strict { value, notes })).map(Some)
    }
}

struct Fields<'a, 'n> {
    rest: Option<serde_json::map::Iter<'a>>,
    current: Option<(&'a String, &'a Value)>,
    /// The fields of a struct; a map takes every key.
    known: Option<&'static [&'static str]>,
    notes: &'n RefCell<Notes<'a>>,
}

impl<'a, 'n> Fields<'a, 'n> {
    fn new(
        map: Option<&'a Map<String, Value>>,
        known: Option<&'static [&'static str]>,
        notes: &'n RefCell<Notes<'a>>,
    ) -> Fields<'a, 'n> {
        Fields {
            rest: map.map(Map::iter),
            current: None,
            known,
            notes,
        }
    }
}

impl<'de> MapAccess<'de> for Fields<'de, '_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        for (key, value) in self.rest.iter_mut().flatten() {
            if self
                .known
                .is_some_and(|known| !known.contains(&key.as_str()))
            {
                self.notes.borrow_mut().unknown(key);
                continue;
            }
            self.current = Some((key, value));
            return seed.deserialize(key.as_str().into_deserializer()).map(Some);
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let Some((key, value)) = self.current.take() else {
            return Err(Error::custom("a value without a key"));
        };
        let name = key.as_str();
        let step = if self.known.is_some() {
            Step::Field(name)
        } else {
            Step::Key(name)
        };
        let notes = self.notes;
        at(notes, step, || seed.deserialize(Strict { value, notes }))
    }
}
