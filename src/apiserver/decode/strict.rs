//! A walk over JSON values that goes on after a mistake and notes each one: unknown fields, wrong
//! types, values that a type cannot read. What it hands on is well-formed: unknown and absent
//! fields are gone, and a wrong value is gone or empty.
//!
//! Upstream: `sigs.k8s.io/json`. Differs: fields are visited in the order of their names, as
//! kubectl sends them.

use std::cell::RefCell;
use std::fmt::Write;

use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};

use crate::api::canonical_quantity;

use super::names;
use super::problem::{Found, Problem, QUANTITY, Wanted, What, WrongType};
use super::schema::{Struct, Type};

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

    fn wrong(&mut self, value: &Value, wanted: Wanted) {
        let found = match value {
            Value::String(_) | Value::Null => Found::String,
            Value::Bool(_) => Found::Bool,
            Value::Number(number) if number.is_f64() => Found::Float(number.to_string()),
            Value::Number(number) => Found::Integer(number.to_string()),
            Value::Object(_) => Found::Object,
            Value::Array(_) => Found::List,
        };
        let structure = self.structs.last().map(ToString::to_string);
        let fields = self.fields();
        self.note(What::WrongType(WrongType {
            found,
            wanted,
            structure: structure.unwrap_or_default(),
            fields,
        }));
    }

    fn wrong_scalar(&mut self, value: &Value, kind: &'static str) {
        let owner = self.structs.last().copied().unwrap_or_default();
        let name = names::scalar(owner, self.field()).unwrap_or(kind);
        self.wrong(value, Wanted::Scalar(name.to_string(), kind));
    }

    fn unreadable(&mut self, words: impl Into<String>) {
        self.note(What::Unreadable(words.into()));
    }

    fn at<R>(&mut self, step: Step<'a>, act: impl FnOnce(&mut Self) -> R) -> R {
        self.path.push(step);
        let result = act(self);
        self.path.pop();
        result
    }

    /// The value in good form; `None` where there is none, or one of another type.
    fn read(&mut self, value: &'a Value, kind: &Type) -> Option<Value> {
        match (kind, value) {
            (_, Value::Null) => None,
            (Type::Any, _) | (Type::Bool, Value::Bool(_)) | (Type::String, Value::String(_)) => {
                Some(value.clone())
            }
            (Type::Bool, _) => self.refuse_scalar(value, "bool"),
            (Type::String, _) => self.refuse_scalar(value, "string"),
            (Type::Float, Value::Number(number)) => number
                .as_f64()
                .and_then(Number::from_f64)
                .map(Value::Number),
            (Type::Float, _) => self.refuse_scalar(value, "float64"),
            (Type::Int32, _) => self.integer(value, "int32", i32::MIN.into(), i32::MAX.into()),
            (Type::Int64, _) => self.integer(value, "int64", i64::MIN, i64::MAX),
            (Type::IntOrString, _) => self.int_or_string(value),
            (Type::Quantity, _) => self.quantity(value),
            (Type::Time, _) => self.time(value),
            (Type::Bytes, Value::String(text)) => match illegal_base64(text) {
                Some(at) => {
                    self.unreadable(format!("illegal base64 data at input byte {at}"));
                    None
                }
                None => Some(value.clone()),
            },
            (Type::List(element), Value::Array(items)) => Some(self.list(items, element)),
            (Type::Bytes | Type::List(_), _) => self.refuse(value, Wanted::List(kind.go_name())),
            (Type::Map(element), Value::Object(map)) => Some(self.map(map, element)),
            (Type::Map(_), _) => self.refuse(value, Wanted::Map(kind.go_name())),
            (Type::Struct(name), Value::Object(map)) => Some(self.structure(map, name)),
            (Type::Struct(_), _) => self.refuse(value, Wanted::Struct(kind.go_name())),
        }
    }

    fn refuse(&mut self, value: &Value, wanted: Wanted) -> Option<Value> {
        self.wrong(value, wanted);
        None
    }

    fn refuse_scalar(&mut self, value: &Value, kind: &'static str) -> Option<Value> {
        self.wrong_scalar(value, kind);
        None
    }

    fn integer(&mut self, value: &Value, kind: &'static str, min: i64, max: i64) -> Option<Value> {
        let number = value.as_i64().filter(|n| (min..=max).contains(n));
        if number.is_none() {
            self.wrong_scalar(value, kind);
        }
        number.map(Value::from)
    }

    fn int_or_string(&mut self, value: &Value) -> Option<Value> {
        let found = match value {
            Value::String(_) => return Some(value.clone()),
            Value::Number(number) if number.as_i64().is_some_and(|n| i32::try_from(n).is_ok()) => {
                return Some(value.clone());
            }
            Value::Bool(_) => "bool".to_string(),
            Value::Number(number) => format!("number {number}"),
            Value::Object(_) => "object".to_string(),
            _ => "array".to_string(),
        };
        self.unreadable(format!(
            "json: cannot unmarshal {found} into Go value of type int32"
        ));
        None
    }

    fn quantity(&mut self, value: &Value) -> Option<Value> {
        let canonical = match value {
            Value::String(text) => canonical_quantity(text),
            Value::Number(number) => canonical_quantity(&number.to_string()),
            _ => None,
        };
        if canonical.is_none() {
            self.unreadable(QUANTITY);
        }
        canonical.map(Value::String)
    }

    fn time(&mut self, value: &Value) -> Option<Value> {
        match value {
            Value::String(text) if text.parse::<jiff::Timestamp>().is_ok() => Some(value.clone()),
            Value::String(text) => {
                self.unreadable(format!(
                    "parsing time \"{text}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"{text}\" as \"2006\""
                ));
                None
            }
            _ => self.refuse(value, Wanted::Scalar("string".to_string(), "string")),
        }
    }

    fn list(&mut self, items: &'a [Value], element: &Type) -> Value {
        let items = items.iter().enumerate().map(|(index, item)| {
            let read = self.at(Step::Index(index), |notes| notes.read(item, element));
            read.unwrap_or_else(|| zero(element))
        });
        Value::Array(items.collect())
    }

    fn map(&mut self, map: &'a Map<String, Value>, element: &Type) -> Value {
        let entries = map.iter().map(|(key, item)| {
            let read = self.at(Step::Key(key), |notes| notes.read(item, element));
            (key.clone(), read.unwrap_or_else(|| zero(element)))
        });
        Value::Object(entries.collect())
    }

    fn structure(&mut self, map: &'a Map<String, Value>, name: &str) -> Value {
        let Some(known) = Struct::named(name) else {
            return Value::Object(map.clone());
        };
        let mut out = Map::new();
        self.structs.push(known.name);
        for (key, value) in map {
            let Some(kind) = known.field(key) else {
                self.unknown(key);
                continue;
            };
            if let Some(read) = self.at(Step::Field(key), |notes| notes.read(value, kind)) {
                out.insert(key.clone(), read);
            }
        }
        self.structs.pop();
        Value::Object(out)
    }
}

/// What Go has where nothing was read.
fn zero(kind: &Type) -> Value {
    match kind {
        Type::Any => Value::Null,
        Type::Bool => Value::Bool(false),
        Type::Float | Type::Int32 | Type::Int64 | Type::IntOrString => Value::from(0),
        Type::Quantity => Value::from("0"),
        Type::Bytes | Type::String => Value::from(""),
        Type::Time => Value::from("1970-01-01T00:00:00Z"),
        Type::List(_) => Value::Array(Vec::new()),
        Type::Map(_) | Type::Struct(_) => Value::Object(Map::new()),
    }
}

/// Where Go's decoder of standard base64 gives up; `None` where it doesn't.
fn illegal_base64(text: &str) -> Option<usize> {
    let is_digit = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    let mut bytes = text.bytes().enumerate();
    bytes
        .by_ref()
        .filter(|(_, b)| !matches!(b, b'\r' | b'\n'))
        .enumerate()
        .find_map(|(count, (at, byte))| {
            let rest = text
                .get(at..)
                .unwrap_or_default()
                .trim_end_matches(['\r', '\n']);
            match byte {
                b if is_digit(&b) => None,
                b'=' if count % 4 == 3 && rest == "=" => None,
                b'=' if count % 4 == 2 && rest.starts_with("==") && rest.len() == 2 => None,
                b'=' if count % 4 == 2 && rest == "=" => Some(text.len()),
                _ => Some(at),
            }
        })
        .or_else(|| {
            let digits = text.bytes().filter(|b| is_digit(b) || *b == b'=').count();
            (digits % 4 != 0).then(|| text.len() - digits % 4)
        })
}

/// Reads one field of an envelope (`metadata`, `spec`) as a type.
pub(super) fn read_field<'a, T: DeserializeOwned>(
    value: &'a Value,
    owner: &'static str,
    name: &'a str,
    notes: &RefCell<Notes<'a>>,
) -> Option<T> {
    let kind = Struct::named(owner).and_then(|known| known.field(name));
    let kind = kind.cloned().unwrap_or(Type::Struct("ObjectMeta"));
    let mut notes = notes.borrow_mut();
    notes.structs.push(owner);
    let read = notes.at(Step::Field(name), |notes| {
        let read = serde_json::from_value(notes.read(value, &kind)?);
        read.map_err(|error| notes.unreadable(error.to_string()))
            .ok()
    });
    notes.structs.pop();
    read
}

/// Reads the fields of a whole object of a kind, its envelope included.
pub(super) fn read_object<'a>(
    value: &'a Value,
    kind: &'static str,
    notes: &RefCell<Notes<'a>>,
) -> Map<String, Value> {
    match notes.borrow_mut().read(value, &Type::Struct(kind)) {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

/// Notes a field that an envelope does not have.
pub(super) fn unknown_field<'a>(name: &'a str, notes: &RefCell<Notes<'a>>) {
    notes.borrow_mut().unknown(name);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_refused_where_go_refuses_it() {
        for (text, at) in [
            ("", None),
            ("YQ==", None),
            ("YWI=", None),
            ("YWJj\n", None),
            ("not base64!", Some(3)),
            ("YWJ", Some(0)),
            ("YWJjZ", Some(4)),
            ("YQ=", Some(3)),
            ("YQ==YQ==", Some(2)),
        ] {
            assert_eq!(illegal_base64(text), at, "{text:?}");
        }
    }
}
