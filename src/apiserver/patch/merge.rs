//! Applies a strategic merge patch to an object, or one patch to another.
//!
//! Upstream: `apimachinery/pkg/util/strategicpatch/patch.go` (mergeMap and below). As there,
//! merging uses up parts of the patch: error messages print what is left of it.

use serde_json::{Map, Value};

use super::lists::{check_keys, find, in_order, no_merge_key};
use super::schema::{DELETE_FROM, PATCH, RETAIN_KEYS, SET_ORDER, strategy};

/// What is being patched.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Onto {
    /// A live object: directives take effect.
    Object,
    /// Another patch: directives and nulls are kept for later.
    Patch,
}

type Merged = Result<(), String>;

/// Merges `patch` into `original`, both standing under the field `parent`. Errors: upstream's
/// words.
pub(super) fn merge_map(
    original: &mut Map<String, Value>,
    patch: &mut Map<String, Value>,
    parent: &str,
    onto: Onto,
) -> Merged {
    if let Some(directive) = patch.get(PATCH) {
        match directive.as_str() {
            Some("replace") => {
                patch.remove(PATCH);
                original.clone_from(patch);
            }
            Some("delete") => original.clear(),
            _ => {
                return Err(format!(
                    "unknown patch type: {directive} in map: {}",
                    print(patch)
                ));
            }
        }
        return Ok(());
    }
    retain_keys(original, patch, onto)?;
    merge_ordered_lists(original, patch, parent, onto)?;
    let keys: Vec<String> = patch.keys().cloned().collect();
    for key in keys {
        merge_key(original, patch, &key, parent, onto)?;
    }
    Ok(())
}

fn print(map: &Map<String, Value>) -> String {
    crate::api::go_print(&Value::Object(map.clone()))
}

fn merge_key(
    original: &mut Map<String, Value>,
    patch: &mut Map<String, Value>,
    key: &str,
    parent: &str,
    onto: Onto,
) -> Merged {
    let Some(value) = patch.get_mut(key) else {
        return Ok(());
    };
    let (name, deletes) = match key.strip_prefix(DELETE_FROM) {
        Some(_) if onto == Onto::Patch => {
            original.insert(key.to_string(), value.clone());
            return Ok(());
        }
        Some(name) => (name, true),
        None => (key, false),
    };
    if value.is_null() {
        original.remove(name);
        if onto == Onto::Object {
            return Ok(());
        }
    }
    let Some(old) = original.get_mut(name) else {
        if !deletes {
            original.insert(name.to_string(), value.clone());
        }
        return Ok(());
    };
    match (old, value) {
        (Value::Object(old), Value::Object(value)) => merge_map(old, value, name, onto),
        (Value::Array(old), Value::Array(value)) => {
            let Some(merge_key) = strategy(parent, name).merge_key else {
                old.clone_from(value);
                return Ok(());
            };
            if deletes {
                old.retain(|item| !value.contains(item));
                return Ok(());
            }
            merge_list(old, value, name, merge_key, onto)
        }
        (old, value) => {
            *old = value.clone();
            Ok(())
        }
    }
}

/// `$retainKeys`: clears what the patch does not name.
fn retain_keys(
    original: &mut Map<String, Value>,
    patch: &mut Map<String, Value>,
    onto: Onto,
) -> Merged {
    let Some(directive) = patch.remove(RETAIN_KEYS) else {
        return Ok(());
    };
    if onto == Onto::Patch {
        original.insert(RETAIN_KEYS.to_string(), directive);
        return Ok(());
    }
    const BAD: &str = "invalid patch format of retainKeys";
    let list = directive.as_array().ok_or(BAD)?;
    let keeps = |key: &str| list.iter().any(|kept| kept.as_str() == Some(key));
    let foreign = |(key, value): (&String, &Value)| {
        !value.is_null()
            && !key.starts_with(DELETE_FROM)
            && !key.starts_with(SET_ORDER)
            && !keeps(key)
    };
    if patch.iter().any(foreign) {
        return Err(BAD.to_string());
    }
    original.retain(|key, _| keeps(key));
    Ok(())
}

/// Lists that come with `$setElementOrder`: merged and put in order, and taken out of the patch.
fn merge_ordered_lists(
    original: &mut Map<String, Value>,
    patch: &mut Map<String, Value>,
    parent: &str,
    onto: Onto,
) -> Merged {
    let keys: Vec<String> = patch
        .keys()
        .filter(|k| k.starts_with(SET_ORDER))
        .cloned()
        .collect();
    for directive in keys {
        let Some(Value::Array(order)) = patch.remove(&directive) else {
            return Err("invalid patch format of setElementOrder list".to_string());
        };
        if onto == Onto::Patch {
            original.insert(directive.clone(), Value::Array(order.clone()));
        }
        let name = directive.strip_prefix(SET_ORDER).unwrap_or_default();
        let key = strategy(parent, name).merge_key.unwrap_or_default();
        let live = match original.get(name) {
            Some(Value::Array(items)) => Some(items.clone()),
            Some(other) => return Err(format!("expected a slice, but received a {other}")),
            None => None,
        };
        let patched = match patch.remove(name) {
            Some(Value::Array(items)) => Some(items),
            Some(other) => return Err(format!("expected a slice, but received a {other}")),
            None => None,
        };
        let server_order = live.clone().unwrap_or_default();
        let merged = match (live, patched) {
            (None, None) => continue,
            (Some(live), None) => live,
            (None, Some(patched)) => patched,
            (Some(mut live), Some(mut patched)) => {
                merge_list(&mut live, &mut patched, name, key, onto)?;
                live
            }
        };
        check_keys(&merged, key)?;
        let merged = in_order(merged, &order, &server_order, key);
        original.insert(name.to_string(), Value::Array(merged));
    }
    Ok(())
}

fn merge_list(
    original: &mut Vec<Value>,
    patch: &mut [Value],
    field: &str,
    key: &str,
    onto: Onto,
) -> Merged {
    let server_order = original.clone();
    if key.is_empty() {
        for item in patch.iter() {
            if !original.contains(item) {
                original.push(item.clone());
            }
        }
    } else {
        check_keys(patch, key)?;
        if take_directives(original, patch, key)? {
            *original = patch
                .iter()
                .filter(|p| p.get(PATCH).is_none())
                .cloned()
                .collect();
            return Ok(());
        }
        for item in patch.iter_mut().filter(|p| p.get(PATCH).is_none()) {
            match find(original, item, key).and_then(|at| original.get_mut(at)) {
                Some(Value::Object(old)) => {
                    if let Value::Object(new) = item {
                        merge_map(old, new, field, onto)?;
                    }
                }
                _ => original.push(item.clone()),
            }
        }
        check_keys(original, key)?;
    }
    let merged = std::mem::take(original);
    *original = in_order(merged, patch, &server_order, key);
    Ok(())
}

/// `$patch: delete` and `$patch: replace` among a list's elements; true if the list is replaced.
/// Within a patch of a patch, deletions stand as elements of their own.
fn take_directives(original: &mut Vec<Value>, patch: &[Value], key: &str) -> Result<bool, String> {
    let mut replaces = false;
    for item in patch {
        match item.get(PATCH).and_then(Value::as_str) {
            None => {}
            Some("delete") => match item.get(key) {
                Some(value) => original.retain(|old| old.get(key) != Some(value)),
                None => return Err(no_merge_key(item, key)),
            },
            Some("replace") => replaces = true,
            Some("merge") => {
                return Err("merging lists cannot yet be specified in the patch".to_string());
            }
            Some(other) => return Err(format!("unknown patch type: {other}")),
        }
    }
    Ok(replaces)
}
