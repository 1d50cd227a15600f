//! Defaults of a schema.
//!
//! Upstream: `apiextensions-apiserver/pkg/apiserver/schema/defaulting/algorithm.go`, `prune.go`.

use serde_json::Value;

use super::{Fields, field_schema, is_on};

/// Fills in defaults. A null in a field that may not be null counts as absent, and goes where there
/// is no default.
pub(in crate::apiserver) fn fill(value: &mut Value, schema: &Value) {
    match value {
        Value::Array(items) => {
            if let Some(inner) = schema.get("items") {
                items.iter_mut().for_each(|item| fill(item, inner));
            }
        }
        Value::Object(fields) => {
            fields.retain(|name, field| {
                let known = field_schema(schema, name);
                !field.is_null() || known.is_none_or(|inner| is_on(inner, "nullable"))
            });
            put_defaults(fields, schema);
            for (name, field) in fields.iter_mut() {
                if let Some(inner) = field_schema(schema, name) {
                    fill(field, inner);
                }
            }
        }
        _ => {}
    }
}

fn put_defaults(fields: &mut Fields, schema: &Value) {
    let specified = schema.get("properties").and_then(Value::as_object);
    for (name, inner) in specified.into_iter().flatten() {
        if let (Some(value), false) = (inner.get("default"), fields.contains_key(name)) {
            fields.insert(name.clone(), value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn defaults_are_put_where_nothing_is_or_null_must_not_be() {
        let schema = json!({"properties": {
            "replicas": {"type": "integer", "default": 1},
            "nullable": {"type": "string", "nullable": true, "default": "x"},
            "plain": {"type": "string"},
            "inner": {"type": "object", "default": {}, "properties": {"mode": {"default": "fast"}}},
            "absent": {"type": "object", "properties": {"mode": {"default": "fast"}}},
            "list": {"type": "array", "items": {"properties": {"weight": {"default": 5}}}},
            "map": {"additionalProperties": {"properties": {"on": {"default": true}}}},
        }});
        for (given, wanted) in [
            (
                json!({}),
                json!({"replicas": 1, "nullable": "x", "inner": {"mode": "fast"}}),
            ),
            (
                json!({"replicas": null, "nullable": null, "plain": null, "inner": {"mode": "slow"}}),
                json!({"replicas": 1, "nullable": null, "inner": {"mode": "slow"}}),
            ),
            (
                json!({"replicas": 2, "nullable": "y", "inner": {}, "list": [{}, {"weight": 1}], "map": {"a": {}}}),
                json!({
                    "replicas": 2, "nullable": "y", "inner": {"mode": "fast"},
                    "list": [{"weight": 5}, {"weight": 1}], "map": {"a": {"on": true}},
                }),
            ),
        ] {
            let mut value = given.clone();
            fill(&mut value, &schema);
            assert_eq!(value, wanted, "{given}");
        }
    }
}
