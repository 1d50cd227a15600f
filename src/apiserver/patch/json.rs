//! JSON merge patch and JSON patch.
//!
//! Upstream: RFC 7396 and RFC 6902, `evanphx/json-patch` (words of errors).

use serde_json::{Map, Value};

/// RFC 7396: null deletes, objects merge, everything else replaces.
pub(super) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    if let Value::Object(target) = target {
        for (key, value) in patch {
            if value.is_null() {
                target.remove(key);
            } else {
                merge(target.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
    }
}

/// The patch of `kubectl apply` for kinds without strategies, as a JSON merge patch: what the
/// manifest (`modified`) says otherwise than the live object (`current`), and what it no longer
/// says since it was last applied (`original`).
pub fn merge_patch(original: &Value, modified: &Value, current: &Value) -> Value {
    let mut patch = Value::Object(difference(original, modified, true));
    merge(
        &mut patch,
        &Value::Object(difference(current, modified, false)),
    );
    patch
}

/// The fields that `to` lacks (as nulls), or else those that it has otherwise.
fn difference(from: &Value, to: &Value, lacking: bool) -> Map<String, Value> {
    let mut out = Map::new();
    let (Some(from), Some(to)) = (from.as_object(), to.as_object()) else {
        return out;
    };
    for (key, new) in to {
        match from.get(key) {
            Some(old) if old.is_object() && new.is_object() => {
                let inner = difference(old, new, lacking);
                if !inner.is_empty() {
                    out.insert(key.clone(), Value::Object(inner));
                }
            }
            old if !lacking && old != Some(new) && !new.is_null() => {
                out.insert(key.clone(), new.clone());
            }
            _ => {}
        }
    }
    if lacking {
        let gone = from.keys().filter(|key| !to.contains_key(*key));
        out.extend(gone.map(|key| (key.clone(), Value::Null)));
    }
    out
}

/// RFC 6902. Errors: the first operation that cannot be done.
pub(super) fn apply(target: &mut Value, patch: &Value) -> Result<(), String> {
    let operations = patch
        .as_array()
        .ok_or("json: cannot unmarshal object into Go value of type jsonpatch.Patch")?;
    for operation in operations {
        one(target, operation)?;
    }
    Ok(())
}

fn one(target: &mut Value, operation: &Value) -> Result<(), String> {
    let text = |key: &str| operation.get(key).and_then(Value::as_str);
    let name = text("op").unwrap_or_default();
    let path = text("path").unwrap_or_default();
    let value = || operation.get("value").cloned().unwrap_or(Value::Null);
    match name {
        "add" => add(target, path, value(), name),
        "remove" => remove(target, path, name).map(|_| ()),
        "replace" => {
            if let Some(slot) = target.pointer_mut(path) {
                *slot = value();
                return Ok(());
            }
            // Upstream's library takes a field that an object lacks for one that is null.
            let parent = parent_of(path).and_then(|(parent, _)| target.pointer(parent));
            if !parent.is_some_and(Value::is_object) {
                return Err(missing(name, path));
            }
            add(target, path, value(), name)
        }
        "move" => {
            let moved = remove(target, text("from").unwrap_or_default(), name)?;
            add(target, path, moved, name)
        }
        "copy" => {
            let from = text("from").unwrap_or_default();
            let copied = target
                .pointer(from)
                .cloned()
                .ok_or_else(|| missing(name, from))?;
            add(target, path, copied, name)
        }
        "test" => {
            if target.pointer(path) == Some(&value()) {
                Ok(())
            } else {
                Err(format!("testing value {path} failed: test failed"))
            }
        }
        other => Err(format!("Unexpected kind: {other}")),
    }
}

fn missing(operation: &str, path: &str) -> String {
    format!("{operation} operation does not apply: doc is missing path: \"{path}\": missing value")
}

fn parent_of(path: &str) -> Option<(&str, String)> {
    let (parent, key) = path.rsplit_once('/')?;
    Some((parent, key.replace("~1", "/").replace("~0", "~")))
}

fn add(target: &mut Value, path: &str, value: Value, operation: &str) -> Result<(), String> {
    let Some((parent, key)) = parent_of(path) else {
        *target = value;
        return Ok(());
    };
    match target.pointer_mut(parent) {
        Some(Value::Object(map)) => {
            map.insert(key, value);
            Ok(())
        }
        Some(Value::Array(items)) => {
            let at = if key == "-" {
                Some(items.len())
            } else {
                key.parse().ok()
            };
            match at.filter(|at| *at <= items.len()) {
                Some(at) => {
                    items.insert(at, value);
                    Ok(())
                }
                None => Err(missing(operation, path)),
            }
        }
        _ => Err(missing(operation, path)),
    }
}

fn remove(target: &mut Value, path: &str, operation: &str) -> Result<Value, String> {
    let (parent, key) = parent_of(path).ok_or_else(|| missing(operation, path))?;
    let removed = match target.pointer_mut(parent) {
        Some(Value::Object(map)) => map.remove(&key),
        Some(Value::Array(items)) => {
            let at = key.parse::<usize>().ok().filter(|at| *at < items.len());
            at.map(|at| items.remove(at))
        }
        _ => None,
    };
    removed.ok_or_else(|| missing(operation, path))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn merge_patches_follow_the_rfc() {
        let mut target = json!({"a": {"b": 1, "c": 2}, "l": [1, 2]});
        merge(&mut target, &json!({"a": {"b": null, "d": 3}, "l": [3]}));
        assert_eq!(target, json!({"a": {"c": 2, "d": 3}, "l": [3]}));
    }

    #[test]
    fn json_patches_follow_the_rfc() {
        let start = json!({"a": {"x/y": 1}, "l": [1, 2]});
        for (patch, result) in [
            (
                json!([{"op": "add", "path": "/l/1", "value": 9}]),
                Ok(json!({"a": {"x/y": 1}, "l": [1, 9, 2]})),
            ),
            (
                json!([{"op": "add", "path": "/l/-", "value": 9}]),
                Ok(json!({"a": {"x/y": 1}, "l": [1, 2, 9]})),
            ),
            (
                json!([{"op": "remove", "path": "/a/x~1y"}]),
                Ok(json!({"a": {}, "l": [1, 2]})),
            ),
            (
                json!([{"op": "replace", "path": "/l/0", "value": 5}]),
                Ok(json!({"a": {"x/y": 1}, "l": [5, 2]})),
            ),
            (
                json!([{"op": "move", "from": "/l/0", "path": "/b"}]),
                Ok(json!({"a": {"x/y": 1}, "l": [2], "b": 1})),
            ),
            (
                json!([{"op": "test", "path": "/l/0", "value": 1}]),
                Ok(start.clone()),
            ),
            (
                json!([{"op": "replace", "path": "/a/z", "value": 1}]),
                Ok(json!({"a": {"x/y": 1, "z": 1}, "l": [1, 2]})),
            ),
            (
                json!([{"op": "replace", "path": "/z/y", "value": 1}]),
                Err(
                    "replace operation does not apply: doc is missing path: \"/z/y\": missing value"
                        .to_string(),
                ),
            ),
        ] {
            let mut target = start.clone();
            let done = apply(&mut target, &patch).map(|()| target);
            assert_eq!(done, result, "{patch}");
        }
    }
}
