//! Validation of an object against the schema of its definition.
//!
//! Upstream: `apiextensions-apiserver/pkg/apiserver/{validation,schema/listtype}`,
//! `kube-openapi/pkg/validation`: texts and order. Differs: fields are visited in the order of
//! their names, where upstream's order changes from one request to the next; of the formats
//! `date-time`, `date`, `ipv4`, `ipv6` and `uuid` are checked.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::{Number, Value};

use crate::api::{go_json, go_quote, items_at, texts_at};
use crate::apiserver::FieldError;

use super::{Pattern, field_schema, is_on};

/// Everything in a whole object that its schema does not allow. What was as bad in the old version
/// is let pass: a schema may have become stricter since.
pub(in crate::apiserver) fn validate(
    object: &Value,
    old: Option<&Value>,
    schema: &Value,
) -> Vec<FieldError> {
    let (mut errors, mut before) = (Vec::new(), Vec::new());
    check("", object, old, schema, &mut errors);
    if let Some(old) = old {
        lists("", old, schema, &mut before);
    }
    if before.is_empty() {
        lists("", object, schema, &mut errors);
    }
    errors
}

type Errors = Vec<FieldError>;

fn check(path: &str, value: &Value, old: Option<&Value>, schema: &Value, errors: &mut Errors) {
    if old == Some(value) {
        return;
    }
    check_type(path, value, schema, errors);
    if !value.is_null() {
        junctors(path, value, schema, errors);
    }
    match value {
        Value::String(text) => check_text(path, text, schema, errors),
        Value::Number(number) => check_number(path, number, schema, errors),
        Value::Array(items) => check_items(path, items, old, schema, errors),
        _ => {}
    }
    let allowed = items_at(schema, "/enum");
    if !allowed.is_empty() && !allowed.contains(value) {
        let texts: Vec<String> = allowed.iter().map(plain).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        errors.push(FieldError::not_supported(
            shown(path),
            go_json(value),
            &texts,
        ));
    }
    if let Value::Object(fields) = value {
        check_fields(path, fields, old, schema, errors);
    }
}

/// A text without quotes, anything else as JSON.
fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| go_json(value), str::to_string)
}

/// The path of an error; the object itself has none.
fn shown(path: &str) -> &str {
    if path.is_empty() { "<nil>" } else { path }
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_string()
    } else {
        format!("{path}.{name}")
    }
}

fn number_at(schema: &Value, key: &str) -> Option<f64> {
    schema.get(key).and_then(Value::as_f64)
}

fn limit(schema: &Value, key: &str) -> Option<usize> {
    let limit = schema.get(key).and_then(Value::as_u64)?;
    usize::try_from(limit).ok()
}

fn invalid(path: &str, value: &str, rule: &str, errors: &mut Errors) {
    let detail = format!("{path} in body {rule}");
    errors.push(FieldError::invalid(shown(path), value, &detail));
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
    }
}

fn check_type(path: &str, value: &Value, schema: &Value, errors: &mut Errors) {
    let wanted = match schema.get("type").and_then(Value::as_str) {
        _ if is_on(schema, "x-kubernetes-int-or-string") => "integer,string",
        Some(wanted) => wanted,
        None => return,
    };
    let found = type_of(value);
    let whole = value.as_f64().is_some_and(|n| n.fract() == 0.0);
    let fits = wanted.split(',').any(|wanted| match (wanted, found) {
        ("integer", "number") => whole,
        ("number", "integer") => true,
        (wanted, found) => wanted == found,
    });
    let may_be_null = value.is_null() && is_on(schema, "nullable");
    if !fits && !may_be_null {
        let rule = format!("must be of type {wanted}: \"{found}\"");
        invalid(path, &go_quote(found), &rule, errors);
    }
}

fn junctors(path: &str, value: &Value, schema: &Value, errors: &mut Errors) {
    let mut refuse = |why: String| {
        let detail = format!("{} {why}", go_quote(path));
        errors.push(FieldError::invalid("<nil>", "\"\"", &detail));
    };
    let outcomes = |key: &str| -> Vec<Errors> {
        let all = items_at(schema, key).iter();
        let one = |inner: &Value| {
            let mut own = Vec::new();
            check(path, value, None, inner, &mut own);
            own
        };
        all.map(one).collect()
    };
    let mut more = Vec::new();
    let best = |outcomes: Vec<Errors>| outcomes.into_iter().min_by_key(Vec::len);
    let any = outcomes("/anyOf");
    if !any.is_empty() && !any.iter().any(Vec::is_empty) {
        refuse("must validate at least one schema (anyOf)".into());
        more.extend(best(any).into_iter().flatten());
    }
    let one = outcomes("/oneOf");
    let valid = one.iter().filter(|own| own.is_empty()).count();
    if !one.is_empty() && valid != 1 {
        let found = if valid == 0 {
            more.extend(best(one).into_iter().flatten());
            "Found none valid".to_string()
        } else {
            format!("Found {valid} valid alternatives")
        };
        refuse(format!(
            "must validate one and only one schema (oneOf). {found}"
        ));
    }
    let all = outcomes("/allOf");
    let failed = all.iter().filter(|own| !own.is_empty()).count();
    if failed > 0 {
        let none = if failed == all.len() {
            ". None validated"
        } else {
            ""
        };
        refuse(format!("must validate all the schemas (allOf){none}"));
        more.extend(all.into_iter().flatten());
    }
    if let Some(not) = schema.get("not") {
        let mut own = Vec::new();
        check(path, value, None, not, &mut own);
        if own.is_empty() {
            refuse("must not validate the schema (not)".into());
        }
    }
    errors.extend(more);
}

fn check_text(path: &str, text: &str, schema: &Value, errors: &mut Errors) {
    let length = text.chars().count();
    if let Some(max) = limit(schema, "maxLength").filter(|max| length > *max) {
        let bytes = if max == 1 { "byte" } else { "bytes" };
        errors.push(FieldError {
            path: shown(path).to_string(),
            detail: format!("Too long: may not be more than {max} {bytes}"),
        });
    }
    if let Some(min) = limit(schema, "minLength").filter(|min| length < *min) {
        let rule = format!("should be at least {min} chars long");
        invalid(path, &go_quote(text), &rule, errors);
    }
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
        && Pattern::new(pattern).is_some_and(|own| !own.matches(text))
    {
        let rule = format!("should match '{pattern}'");
        invalid(path, &go_quote(text), &rule, errors);
    }
    let format = schema
        .get("format")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !has_format(text, format) {
        let rule = format!("must be of type {format}: {}", go_quote(text));
        invalid(path, &go_quote(text), &rule, errors);
    }
}

fn has_format(text: &str, format: &str) -> bool {
    match format {
        "date-time" | "datetime" => text.parse::<jiff::Timestamp>().is_ok(),
        "date" => format!("{text}T00:00:00Z")
            .parse::<jiff::Timestamp>()
            .is_ok(),
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "uuid" => {
            let parts: Vec<usize> = text.split('-').map(str::len).collect();
            let hex = text.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
            hex && (parts == [8, 4, 4, 4, 12] || parts == [32])
        }
        _ => true,
    }
}

fn check_number(path: &str, number: &Number, schema: &Value, errors: &mut Errors) {
    let value = number.as_f64().unwrap_or(0.0);
    let mut refuse = |rule: String| invalid(path, &number.to_string(), &rule, errors);
    if let Some(step) = number_at(schema, "multipleOf")
        && (value / step).fract() != 0.0
    {
        refuse(format!("should be a multiple of {step}"));
    }
    if let Some(max) = number_at(schema, "maximum") {
        let exclusive = is_on(schema, "exclusiveMaximum");
        if value > max || exclusive && value >= max {
            let or_equal = if exclusive { "" } else { " or equal to" };
            refuse(format!("should be less than{or_equal} {max}"));
        }
    }
    if let Some(min) = number_at(schema, "minimum") {
        let exclusive = is_on(schema, "exclusiveMinimum");
        if value < min || exclusive && value <= min {
            let or_equal = if exclusive { "" } else { " or equal to" };
            refuse(format!("should be greater than{or_equal} {min}"));
        }
    }
}

fn too_many(path: &str, found: usize, max: usize, errors: &mut Errors) {
    let items = if max == 1 { "item" } else { "items" };
    errors.push(FieldError {
        path: shown(path).to_string(),
        detail: format!("Too many: {found}: must have at most {max} {items}"),
    });
}

fn check_items(
    path: &str,
    items: &[Value],
    old: Option<&Value>,
    schema: &Value,
    errors: &mut Errors,
) {
    if let Some(inner) = schema.get("items") {
        let before = old.and_then(Value::as_array).into_iter().flatten();
        // Only keys say which element an element was.
        let keyed = |item: &Value| identity(item, schema).filter(Value::is_object);
        let before: Vec<(Value, &Value)> = before.filter_map(|o| Some((keyed(o)?, o))).collect();
        for (index, item) in items.iter().enumerate() {
            let own = keyed(item);
            let old = before.iter().find(|(key, _)| Some(key) == own.as_ref());
            let at = format!("{path}[{index}]");
            check(&at, item, old.map(|(_, old)| *old), inner, errors);
        }
    }
    if let Some(min) = limit(schema, "minItems").filter(|min| items.len() < *min) {
        let rule = format!("should have at least {min} items");
        invalid(path, &items.len().to_string(), &rule, errors);
    }
    if let Some(max) = limit(schema, "maxItems").filter(|max| items.len() > *max) {
        too_many(path, items.len(), max, errors);
    }
}

fn check_fields(
    path: &str,
    fields: &super::Fields,
    old: Option<&Value>,
    schema: &Value,
    errors: &mut Errors,
) {
    if let Some(min) = limit(schema, "minProperties").filter(|min| fields.len() < *min) {
        let rule = format!("should have at least {min} properties");
        return invalid(path, &fields.len().to_string(), &rule, errors);
    }
    if let Some(max) = limit(schema, "maxProperties").filter(|max| fields.len() > *max) {
        return too_many(path, fields.len(), max, errors);
    }
    for (name, field) in fields {
        if let Some(inner) = field_schema(schema, name) {
            let old = old.and_then(|old| old.get(name));
            check(&below(path, name), field, old, inner, errors);
        }
    }
    for name in texts_at(schema, "/required") {
        if !fields.contains_key(name) {
            errors.push(FieldError::required(below(path, name), ""));
        }
    }
}

/// What an element of a list that is a set or a map is known by.
fn identity(item: &Value, schema: &Value) -> Option<Value> {
    match schema.get("x-kubernetes-list-type")?.as_str()? {
        "set" => Some(item.clone()),
        "map" => {
            let keys = texts_at(schema, "/x-kubernetes-list-map-keys").into_iter();
            let pairs = keys.filter_map(|key| Some((key.to_string(), item.get(key)?.clone())));
            Some(Value::Object(pairs.collect()))
        }
        _ => None,
    }
}

/// Lists that are sets or maps hold everything once.
fn lists(path: &str, value: &Value, schema: &Value, errors: &mut Errors) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                if let Some(inner) = field_schema(schema, name) {
                    lists(&below(path, name), field, inner, errors);
                }
            }
        }
        Value::Array(items) => {
            let mut seen = Vec::new();
            for (index, item) in items.iter().enumerate() {
                let at = format!("{path}[{index}]");
                if let Some(own) = identity(item, schema) {
                    if seen.contains(&own) {
                        errors.push(FieldError::duplicate(&at, go_json(&own)));
                    }
                    seen.push(own);
                }
                if let Some(inner) = schema.get("items") {
                    lists(&at, item, inner, errors);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Value, schema, what is said.
    #[rustfmt::skip]
    const REFUSED: &[(&str, &str, &str)] = &[
        (r#""two""#, r#"{"type": "integer"}"#, r#"spec: Invalid value: "string": spec in body must be of type integer: "string""#),
        (r#"2.5"#, r#"{"type": "integer"}"#, r#"spec: Invalid value: "number": spec in body must be of type integer: "number""#),
        (r#"true"#, r#"{"x-kubernetes-int-or-string": true}"#, r#"spec: Invalid value: "boolean": spec in body must be of type integer,string: "boolean""#),
        (r#"null"#, r#"{"type": "string"}"#, r#"spec: Invalid value: "null": spec in body must be of type string: "null""#),
        (r#"11"#, r#"{"type": "integer", "maximum": 10}"#, r#"spec: Invalid value: 11: spec in body should be less than or equal to 10"#),
        (r#"0"#, r#"{"minimum": 0, "exclusiveMinimum": true}"#, r#"spec: Invalid value: 0: spec in body should be greater than 0"#),
        (r#"7"#, r#"{"multipleOf": 5}"#, r#"spec: Invalid value: 7: spec in body should be a multiple of 5"#),
        (r#""x""#, r#"{"pattern": "^[a-c]$"}"#, r#"spec: Invalid value: "x": spec in body should match '^[a-c]$'"#),
        (r#""""#, r#"{"minLength": 1}"#, r#"spec: Invalid value: "": spec in body should be at least 1 chars long"#),
        (r#""abcdef""#, r#"{"maxLength": 5}"#, r#"spec: Too long: may not be more than 5 bytes"#),
        (r#""red""#, r#"{"enum": ["blue", "green"]}"#, r#"spec: Unsupported value: "red": supported values: "blue", "green""#),
        (r#"[1, 2]"#, r#"{"maxItems": 1}"#, r#"spec: Too many: 2: must have at most 1 item"#),
        (r#"[]"#, r#"{"minItems": 1}"#, r#"spec: Invalid value: 0: spec in body should have at least 1 items"#),
        (r#"{}"#, r#"{"minProperties": 1}"#, r#"spec: Invalid value: 0: spec in body should have at least 1 properties"#),
        (r#"{}"#, r#"{"required": ["a"]}"#, r#"spec.a: Required value"#),
        (r#"[{"a": 1}, {}]"#, r#"{"items": {"required": ["a"]}}"#, r#"spec[1].a: Required value"#),
        (r#"{"k": 1}"#, r#"{"additionalProperties": {"type": "string"}}"#, r#"spec.k: Invalid value: "integer": spec.k in body must be of type string: "integer""#),
        (r#""soon""#, r#"{"format": "date-time"}"#, r#"spec: Invalid value: "soon": spec in body must be of type date-time: "soon""#),
        (r#"["a", "a"]"#, r#"{"x-kubernetes-list-type": "set"}"#, r#"spec[1]: Duplicate value: "a""#),
        (r#"{"a": 1, "b": 1}"#, r#"{"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}"#, r#"<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found 2 valid alternatives"#),
        (r#"{"a": 1}"#, r#"{"not": {"required": ["a"]}}"#, r#"<nil>: Invalid value: "": "spec" must not validate the schema (not)"#),
    ];

    fn texts(value: &Value, schema: &Value) -> Vec<String> {
        let schema = json!({"type": "object", "properties": {"spec": schema}});
        let errors = validate(&json!({ "spec": value }), None, &schema);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn refuses_in_the_servers_words() {
        for (value, schema, words) in REFUSED {
            let read = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
            assert_eq!(
                texts(&read(value), &read(schema)),
                [*words],
                "{value} {schema}"
            );
        }
        let schema = json!({"anyOf": [{"required": ["a", "b"]}, {"required": ["c"]}]});
        assert_eq!(
            texts(&json!({}), &schema),
            [
                "<nil>: Invalid value: \"\": \"spec\" must validate at least one schema (anyOf)",
                "spec.c: Required value",
            ]
        );
    }

    #[test]
    fn what_was_as_bad_before_passes() {
        let schema = json!({"properties": {"spec": {
            "required": ["b"],
            "properties": {
                "a": {"maximum": 5},
                "list": {
                    "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["n"],
                    "items": {"properties": {"v": {"maximum": 5}}},
                },
            },
        }}});
        let object = |a: i32, v: i32, w: i32| json!({"spec": {"a": a, "b": 1, "list": [{"n": "x", "v": v}, {"n": "y", "v": w}]}});
        let old = object(9, 9, 1);
        for (new, wanted) in [
            (object(9, 9, 2), vec![]),
            (object(8, 9, 1), vec!["spec.a"]),
            (object(9, 8, 6), vec!["spec.list[0].v", "spec.list[1].v"]),
        ] {
            let errors = validate(&new, Some(&old), &schema);
            let paths: Vec<&str> = errors.iter().map(|e| e.path.as_str()).collect();
            assert_eq!(paths, wanted, "{new}");
        }
    }

    #[test]
    fn good_values_pass() {
        for (value, schema) in [
            (json!(5.0), json!({"type": "integer"})),
            (json!(5), json!({"type": "number"})),
            (json!("80%"), json!({"x-kubernetes-int-or-string": true})),
            (json!(null), json!({"type": "string", "nullable": true})),
            (
                json!("2026-01-01T00:00:00Z"),
                json!({"type": "string", "format": "date-time"}),
            ),
            (
                json!([{"n": "a", "v": 1}, {"n": "b", "v": 1}]),
                json!({
                    "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["n"],
                }),
            ),
            (
                json!({"a": 1}),
                json!({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}),
            ),
        ] {
            assert_eq!(
                texts(&value, &schema),
                Vec::<String>::new(),
                "{value} {schema}"
            );
        }
    }
}
