//! `kubectl describe` of kinds without a describer: the fields of the object, one a line.
//!
//! Upstream: `genericDescriber` and `printUnstructuredContent` in `describe.go`.

use serde_json::Value;

use crate::api::{Object, Order};
use crate::kubectl::objects::full_json;

use super::text::Text;
use super::{Scene, events};

pub(super) fn write(object: &Object, scene: Scene<'_>, out: &mut Text) {
    out.names(&object.meta);
    out.labels(&object.meta);
    let mut json = full_json(object, scene.snapshot, scene.now);
    if let Some(meta) = json.get_mut("metadata").and_then(Value::as_object_mut) {
        for shown in ["name", "namespace", "labels", "annotations"] {
            meta.remove(shown);
        }
    }
    if let Value::Object(map) = &json {
        let mut fields: Vec<(String, &Value)> = map.iter().map(|(k, v)| (title(k), v)).collect();
        fields.order_by(|a, b| a.0.cmp(&b.0));
        for (name, value) in fields {
            field(&name, value, 0, out);
        }
    }
    events::write(object, scene, out);
}

fn field(name: &str, value: &Value, level: usize, out: &mut Text) {
    match value {
        Value::Object(map) => {
            out.line(level, format!("{name}:"));
            for (key, value) in map {
                field(&title(key), value, level + 1, out);
            }
        }
        Value::Array(items) => {
            out.line(level, format!("{name}:"));
            for item in items {
                match item {
                    Value::Object(map) => {
                        for (key, value) in map {
                            field(&title(key), value, level + 1, out);
                        }
                    }
                    other => out.line(level + 1, plain(other)),
                }
            }
        }
        other => out.field(level, name, plain(other)),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "<nil>".into(),
        other => other.to_string(),
    }
}

/// `apiVersion` as `API Version`.
fn title(key: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for c in key.chars() {
        match words.last_mut().filter(|_| !c.is_uppercase()) {
            Some(word) => word.push(c),
            None => words.push(c.to_string()),
        }
    }
    let capital = |word: String| match word.as_str() {
        "api" | "uid" | "url" | "ip" => word.to_uppercase(),
        _ => {
            let mut chars = word.chars();
            let first = chars.next().map(|c| c.to_ascii_uppercase());
            first.into_iter().chain(chars).collect()
        }
    };
    words.into_iter().map(capital).collect::<Vec<_>>().join(" ")
}
