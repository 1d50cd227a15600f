//! Short ways into the JSON of objects that are kept as data.
//!
//! Upstream: none; upstream has a struct a kind.

use std::collections::BTreeMap;

use ::base64::Engine;
use ::base64::engine::general_purpose::STANDARD;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::{Map, Value};

/// The text at a pointer (`/spec/type`); empty if there is none.
pub fn text_at<'a>(value: &'a Value, pointer: &str) -> &'a str {
    let found = value.pointer(pointer);
    found.and_then(Value::as_str).unwrap_or_default()
}

/// The whole number at a pointer.
pub fn number_at(value: &Value, pointer: &str) -> Option<i64> {
    value.pointer(pointer).and_then(Value::as_i64)
}

/// The list at a pointer; empty if there is none.
pub fn items_at<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    let found = value.pointer(pointer).and_then(Value::as_array);
    found.map(Vec::as_slice).unwrap_or_default()
}

/// The texts of the list at a pointer.
pub fn texts_at<'a>(value: &'a Value, pointer: &str) -> Vec<&'a str> {
    let items = items_at(value, pointer).iter();
    items.filter_map(Value::as_str).collect()
}

/// The fields of the object at a pointer, by name; none if there is no object.
pub fn fields_at<'a>(
    value: &'a Value,
    pointer: &str,
) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
    let found = value.pointer(pointer).and_then(Value::as_object);
    found.into_iter().flat_map(Map::iter)
}

/// The label selector at a pointer; `None` if there is none.
pub fn selector_at(value: &Value, pointer: &str) -> Option<LabelSelector> {
    let found = value.pointer(pointer)?;
    if !found.is_object() {
        return None;
    }
    serde_json::from_value(found.clone()).ok()
}

/// The labels at a pointer; none if there are none.
pub fn labels_at(value: &Value, pointer: &str) -> BTreeMap<String, String> {
    let pairs = fields_at(value, pointer);
    pairs
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_string())))
        .collect()
}

/// Bytes as the values of a Secret are written.
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes of a value of a Secret; none for what is no base64.
pub fn unbase64(text: &str) -> Vec<u8> {
    STANDARD.decode(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_there_is_empty() {
        let value = json!({"a": {"t": "x", "n": 3, "l": ["p", "q"], "m": {"k": "v"}}});
        assert_eq!(text_at(&value, "/a/t"), "x");
        assert_eq!(number_at(&value, "/a/n"), Some(3));
        assert_eq!(texts_at(&value, "/a/l"), ["p", "q"]);
        assert_eq!(fields_at(&value, "/a/m").count(), 1);
        assert_eq!(labels_at(&value, "/a/m").len(), 1);
        assert_eq!(text_at(&value, "/b/t"), "");
        assert_eq!(number_at(&value, "/a/t"), None);
        assert!(items_at(&value, "/a/t").is_empty());
        assert_eq!(unbase64(&base64(b"a\0b")), b"a\0b");
        assert!(selector_at(&value, "/a/l").is_none());
    }
}
