//! What is wrong with a document, in the words of the two decoders that the server has.
//!
//! Upstream: `sigs.k8s.io/json` (creates, updates), `apimachinery/pkg/runtime/converter.go`
//! (patches).

use crate::api::Order;

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::apiserver) struct Problem {
    /// `spec.template.spec.containers[0].image`.
    pub path: String,
    pub what: What,
}

impl Problem {
    /// A field that the kind does not have.
    pub fn unknown_field(path: String) -> Problem {
        let what = What::UnknownField;
        Problem { path, what }
    }
}

/// The kind of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::apiserver) enum What {
    UnknownField,
    WrongType(WrongType),
    /// What a type's own reader says: it ends decoding at once.
    Unreadable(String),
}

/// A value of another type than the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::apiserver) struct WrongType {
    pub found: Found,
    pub wanted: Wanted,
    /// The innermost Go struct; empty at the top.
    pub structure: String,
    /// The fields from the top, without indices and map keys.
    pub fields: String,
}

/// What stands in the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::apiserver) enum Found {
    String,
    Bool,
    Integer(String),
    Float(String),
    Object,
    List,
}

/// The type of the field, with its name in Go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::apiserver) enum Wanted {
    /// Name, and the kind behind it: (`v1.Protocol`, `string`).
    Scalar(String, &'static str),
    Map(String),
    List(String),
    Struct(String),
}

pub(in crate::apiserver) const QUANTITY: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

impl Wanted {
    /// The type's name in Go.
    pub fn name(&self) -> &str {
        match self {
            Wanted::Scalar(name, _) => name,
            Wanted::Map(name) | Wanted::List(name) | Wanted::Struct(name) => name,
        }
    }
}

impl WrongType {
    /// As the JSON decoder says it.
    pub fn json_words(&self) -> String {
        let number = |text: &str| match &self.wanted {
            Wanted::Scalar(_, kind) if *kind != "string" && *kind != "bool" => {
                format!("number {text}")
            }
            _ => "number".to_string(),
        };
        let found = match &self.found {
            Found::String => "string".to_string(),
            Found::Bool => "bool".to_string(),
            Found::Integer(text) | Found::Float(text) => number(text),
            Found::Object => "object".to_string(),
            Found::List => "array".to_string(),
        };
        let place = if self.structure.is_empty() {
            "Go value".to_string()
        } else {
            format!("Go struct field {}.{}", self.structure, self.fields)
        };
        format!(
            "json: cannot unmarshal {found} into {place} of type {}",
            self.wanted.name()
        )
    }

    /// As the converter of patched objects says it.
    pub fn converter_words(&self) -> String {
        let found = match &self.found {
            Found::String => "string",
            Found::Bool => "bool",
            Found::Integer(_) => "int64",
            Found::Float(_) => "float64",
            Found::Object => "map",
            Found::List => "slice",
        };
        match &self.wanted {
            Wanted::Map(_) => format!("cannot restore map from {found}"),
            Wanted::List(_) => format!("cannot restore slice from {found}"),
            Wanted::Struct(_) => format!("cannot restore struct from: {found}"),
            Wanted::Scalar(name, kind) => {
                // Go can turn integers into strings, and floats into integers, but does not want
                // to.
                let convertible = match found {
                    "int64" => *kind == "string",
                    "float64" => kind.starts_with("int"),
                    _ => false,
                };
                if convertible {
                    format!("cannot convert {found} to {name}")
                } else {
                    format!("unrecognized type: {kind}")
                }
            }
        }
    }

    /// In plain words, for an editor.
    pub fn plain_words(&self) -> String {
        let found = match &self.found {
            Found::String => "a string",
            Found::Bool => "a boolean",
            Found::Integer(_) | Found::Float(_) => "a number",
            Found::Object => "an object",
            Found::List => "a list",
        };
        let wanted = match &self.wanted {
            Wanted::Scalar(_, "string") => "a string",
            Wanted::Scalar(_, "bool") => "true or false",
            Wanted::Scalar(_, "float64") => "a number",
            Wanted::Scalar(..) => "an integer",
            Wanted::Map(_) | Wanted::Struct(_) => "an object",
            Wanted::List(_) => "a list",
        };
        match &self.found {
            Found::Integer(text) if wanted == "an integer" => format!("{text} is out of range"),
            _ => format!("expected {wanted}, found {found}"),
        }
    }
}

/// The JSON decoder's answer to a document with these problems, unless it is accepted: the first
/// unreadable value, else the first wrong type, else all unknown fields.
pub(in crate::apiserver) fn json_error(problems: &[Problem]) -> Option<String> {
    first_error(problems, WrongType::json_words).or_else(|| {
        let unknown = unknown_fields(problems);
        (!unknown.is_empty()).then(|| format!("strict decoding error: {}", unknown.join(", ")))
    })
}

/// The same for a patched object: the first error of any kind, else all unknown fields, sorted.
pub(in crate::apiserver) fn converter_error(problems: &[Problem]) -> Option<String> {
    let first = problems.iter().find_map(|p| match &p.what {
        What::Unreadable(words) => Some(words.clone()),
        What::WrongType(wrong) => Some(wrong.converter_words()),
        What::UnknownField => None,
    });
    first.or_else(|| {
        let mut unknown = unknown_fields(problems);
        unknown.order();
        (!unknown.is_empty()).then(|| format!("strict decoding error: {}", unknown.join(", ")))
    })
}

fn first_error(problems: &[Problem], words: impl Fn(&WrongType) -> String) -> Option<String> {
    let unreadable = problems.iter().find_map(|p| match &p.what {
        What::Unreadable(words) => Some(words.clone()),
        _ => None,
    });
    unreadable.or_else(|| {
        problems.iter().find_map(|p| match &p.what {
            What::WrongType(wrong) => Some(words(wrong)),
            _ => None,
        })
    })
}

/// `unknown field "spec.replica"`, for each.
pub(in crate::apiserver) fn unknown_fields(problems: &[Problem]) -> Vec<String> {
    let unknown = problems.iter().filter(|p| p.what == What::UnknownField);
    unknown
        .map(|p| format!("unknown field \"{}\"", p.path))
        .collect()
}
