//! Pruning: fields that a schema does not specify are dropped.
//!
//! Upstream: `apiextensions-apiserver/pkg/apiserver/schema/pruning/algorithm.go`.

use serde_json::Value;

use super::{ENVELOPE, field_schema, is_on};

/// Drops what the schema of a whole object does not specify. Returns the paths of what was
/// dropped, in their order: `spec.list[0].x`.
pub(in crate::apiserver) fn prune(object: &mut Value, schema: &Value) -> Vec<String> {
    let mut pruner = Pruner {
        path: String::new(),
        dropped: Vec::new(),
    };
    pruner.value(object, schema, true);
    pruner.dropped
}

struct Pruner {
    path: String,
    dropped: Vec<String>,
}

impl Pruner {
    fn value(&mut self, value: &mut Value, schema: &Value, whole: bool) {
        let before = self.path.len();
        match value {
            Value::Array(items) => {
                let inner = schema.get("items").unwrap_or(&Value::Null);
                for (index, item) in items.iter_mut().enumerate() {
                    self.path.push_str(&format!("[{index}]"));
                    self.value(item, inner, false);
                    self.path.truncate(before);
                }
            }
            Value::Object(fields) => {
                let whole = whole || is_on(schema, "x-kubernetes-embedded-resource");
                let keeps = is_on(schema, "x-kubernetes-preserve-unknown-fields")
                    || schema.get("additionalProperties") == Some(&Value::Bool(true));
                fields.retain(|name, field| {
                    if whole && ENVELOPE.contains(&name.as_str()) {
                        return true;
                    }
                    if before > 0 {
                        self.path.push('.');
                    }
                    self.path.push_str(name);
                    let known = field_schema(schema, name);
                    match known {
                        Some(inner) => self.value(field, inner, false),
                        None if keeps => {}
                        None => self.dropped.push(self.path.clone()),
                    }
                    self.path.truncate(before);
                    known.is_some() || keeps
                });
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_specified_goes() {
        let schema = json!({"type": "object", "properties": {
            "spec": {"type": "object", "properties": {
                "list": {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string"}}}},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "free": {
                    "type": "object", "x-kubernetes-preserve-unknown-fields": true,
                    "properties": {"strict": {"type": "object"}},
                },
                "pod": {"type": "object", "x-kubernetes-embedded-resource": true, "properties": {"spec": {"type": "object"}}},
                "empty": {"type": "object"},
            }},
        }});
        let mut object = json!({
            "apiVersion": "a/v1", "kind": "K", "metadata": {"name": "x"}, "extra": 1,
            "spec": {
                "list": [{"a": "1"}, {"b": 2}], "labels": {"any": "x"}, "oops": {"a": 1},
                "free": {"any": {"thing": 1}, "strict": {"gone": 1}},
                "pod": {"kind": "Pod", "apiVersion": "v1", "metadata": {}, "status": {}, "spec": {}},
                "empty": {"x": 1},
            },
        });
        let dropped = prune(&mut object, &schema);
        assert_eq!(
            dropped,
            [
                "extra",
                "spec.empty.x",
                "spec.free.strict.gone",
                "spec.list[1].b",
                "spec.oops",
                "spec.pod.status",
            ]
        );
        let kept = json!({
            "list": [{"a": "1"}, {}], "labels": {"any": "x"},
            "free": {"any": {"thing": 1}, "strict": {}},
            "pod": {"kind": "Pod", "apiVersion": "v1", "metadata": {}, "spec": {}}, "empty": {},
        });
        assert_eq!(object["spec"], kept);
    }
}
