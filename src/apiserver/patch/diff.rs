//! Makes strategic merge patches: from two versions, and from the three that apply knows.
//!
//! Upstream: `apimachinery/pkg/util/strategicpatch/patch.go` (diffMaps, CreateThreeWayMergePatch).

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use crate::api::{Order, go_print};

use super::lists::{check_keys, identity, sort_by};
use super::merge::{Onto, merge_map};
use super::schema::{DELETE_FROM, PATCH, RETAIN_KEYS, SET_ORDER, strategy};

/// Which differences go into a patch.
#[derive(Clone, Copy)]
struct Wanted {
    changes: bool,
    deletions: bool,
    element_order: bool,
}

/// The patch that takes one version to another. Errors: a list's element without its merge key.
pub fn two_way_patch(original: &Value, modified: &Value) -> Result<Value, String> {
    let wanted = Wanted {
        changes: true,
        deletions: true,
        element_order: true,
    };
    let (original, modified) = (map(original), map(modified));
    diff_maps(&original, &modified, "", wanted, false).map(Value::Object)
}

/// The patch of `kubectl apply`: what the manifest (`modified`) says otherwise than the live object
/// (`current`), and what it no longer says since it was last applied (`original`).
/// Errors: a list's element without its merge key.
pub fn three_way_patch(
    original: &Value,
    modified: &Value,
    current: &Value,
) -> Result<Value, String> {
    let (original, modified, current) = (map(original), map(modified), map(current));
    let delta = Wanted {
        changes: true,
        deletions: false,
        element_order: true,
    };
    let mut delta = diff_maps(&current, &modified, "", delta, false)?;
    let gone = Wanted {
        changes: false,
        deletions: true,
        element_order: true,
    };
    let mut patch = diff_maps(&original, &modified, "", gone, false)?;
    merge_map(&mut patch, &mut delta, "", Onto::Patch)?;
    Ok(Value::Object(patch))
}

fn map(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn diff_maps(
    original: &Map<String, Value>,
    modified: &Map<String, Value>,
    parent: &str,
    wanted: Wanted,
    retain_keys: bool,
) -> Result<Map<String, Value>, String> {
    let mut patch = Map::new();
    for (key, new) in modified {
        let Some(old) = original.get(key) else {
            if wanted.changes {
                patch.insert(key.clone(), new.clone());
            }
            continue;
        };
        let rule = strategy(parent, key);
        match (old, new) {
            (Value::Object(old), Value::Object(new)) => {
                let inner = diff_maps(old, new, key, wanted, rule.retain_keys)?;
                if !inner.is_empty() {
                    patch.insert(key.clone(), Value::Object(inner));
                }
            }
            (Value::Array(old), Value::Array(new)) if rule.merge_key.is_some() => {
                let merge_key = rule.merge_key.unwrap_or_default();
                diff_lists(
                    old,
                    new,
                    key,
                    merge_key,
                    wanted,
                    rule.retain_keys,
                    &mut patch,
                )?;
            }
            (old, new) => {
                if wanted.changes && old != new {
                    patch.insert(key.clone(), new.clone());
                }
            }
        }
    }
    if wanted.deletions {
        for key in original.keys().filter(|key| !modified.contains_key(*key)) {
            patch.insert(key.clone(), Value::Null);
        }
    }
    if retain_keys {
        let kept: Vec<&String> = modified
            .iter()
            .filter(|(_, v)| !v.is_null())
            .map(|(k, _)| k)
            .collect();
        let clears = original.keys().any(|key| !modified.contains_key(key));
        if !kept.is_empty() && (!patch.is_empty() || clears) {
            patch.insert(RETAIN_KEYS.to_string(), json!(kept));
        }
    }
    Ok(patch)
}

fn diff_lists(
    original: &[Value],
    modified: &[Value],
    field: &str,
    key: &str,
    wanted: Wanted,
    retain_keys: bool,
    patch: &mut Map<String, Value>,
) -> Result<(), String> {
    if original.is_empty() {
        if !modified.is_empty() && wanted.changes {
            patch.insert(field.to_string(), json!(modified));
        }
        return Ok(());
    }
    let order: Vec<Value>;
    let (list, ordered) = if key.is_empty() {
        let added: Vec<Value> = modified
            .iter()
            .filter(|item| wanted.changes && !original.contains(item))
            .cloned()
            .collect();
        let deleted: Vec<Value> = original
            .iter()
            .filter(|item| wanted.deletions && !modified.contains(item))
            .cloned()
            .collect();
        order = modified.to_vec();
        let changed =
            (wanted.deletions && !deleted.is_empty()) || (wanted.changes && original != modified);
        if !deleted.is_empty() {
            patch.insert(format!("{DELETE_FROM}{field}"), Value::Array(deleted));
        }
        (added, changed)
    } else {
        check_keys(original, key)?;
        check_keys(modified, key)?;
        let list = diff_objects(original, modified, field, key, wanted, retain_keys)?;
        order = modified
            .iter()
            .map(|item| json!({ key: item.get(key) }))
            .collect();
        let same_order = original.len() == modified.len()
            && original
                .iter()
                .zip(modified)
                .all(|(a, b)| identity(a, key) == identity(b, key));
        let changed = (wanted.changes && (!list.is_empty() || !same_order))
            || (wanted.deletions && !list.is_empty());
        (list, changed)
    };
    if !list.is_empty() {
        patch.insert(field.to_string(), Value::Array(list));
    }
    if wanted.element_order && ordered && !order.is_empty() {
        patch.insert(format!("{SET_ORDER}{field}"), Value::Array(order));
    }
    Ok(())
}

/// Walks two lists of objects in the order of their merge keys.
fn diff_objects(
    original: &[Value],
    modified: &[Value],
    field: &str,
    key: &str,
    wanted: Wanted,
    retain_keys: bool,
) -> Result<Vec<Value>, String> {
    let (old, new) = (sorted(original, key), sorted(modified, key));
    let (mut i, mut j) = (0, 0);
    let (mut changes, mut deletions) = (Vec::new(), Vec::new());
    loop {
        let order = match (old.get(i), new.get(j)) {
            (None, None) => break,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(a), Some(b)) => printed(a, key).cmp(&printed(b, key)),
        };
        let (a, b) = (
            old.get(i).and_then(|v| v.as_object()),
            new.get(j).and_then(|v| v.as_object()),
        );
        match (order, a, b) {
            (Ordering::Equal, Some(a), Some(b)) => {
                let mut inner = diff_maps(a, b, field, wanted, retain_keys)?;
                if !inner.is_empty() {
                    inner.insert(key.to_string(), b.get(key).cloned().unwrap_or_default());
                    changes.push(Value::Object(inner));
                }
                (i, j) = (i + 1, j + 1);
            }
            (Ordering::Greater, _, b) => {
                if let Some(b) = b.filter(|_| wanted.changes) {
                    changes.push(Value::Object(b.clone()));
                }
                j += 1;
            }
            (_, a, _) => {
                if let Some(a) = a.filter(|_| wanted.deletions) {
                    deletions.push(json!({ key: a.get(key), PATCH: "delete" }));
                }
                i += 1;
            }
        }
    }
    sort_by(&mut changes, modified, key);
    changes.extend(deletions);
    Ok(changes)
}

fn printed(item: &Value, key: &str) -> String {
    item.get(key).map(go_print).unwrap_or_default()
}

/// Sorted by the printed merge key. Elements with the same key come out in reverse, as upstream's
/// comparison has it: that decides what a list with a key given twice turns into.
fn sorted<'v>(items: &'v [Value], key: &str) -> Vec<&'v Value> {
    let mut out: Vec<&Value> = items.iter().rev().collect();
    out.order_by_key(|item| printed(item, key));
    out
}

#[cfg(test)]
mod tests {
    use super::super::strategic_merge;
    use super::*;

    fn three(original: Value, modified: Value, current: Value) -> Value {
        three_way_patch(&original, &modified, &current).expect("a patch")
    }

    #[test]
    fn apply_sends_what_was_recorded() {
        let spec = |spec: Value| json!({ "spec": spec });
        for (case, original, modified, current, patch) in [
            (
                "nothing to do",
                spec(json!({"a": 1})),
                spec(json!({"a": 1})),
                spec(json!({"a": 1, "b": 2})),
                json!({}),
            ),
            (
                "a change",
                spec(json!({"a": 1})),
                spec(json!({"a": 2})),
                spec(json!({"a": 1, "b": 2})),
                spec(json!({"a": 2})),
            ),
            (
                "a field taken out",
                spec(json!({"a": 1})),
                spec(json!({})),
                spec(json!({"a": 3})),
                spec(json!({"a": null})),
            ),
            (
                "never in the manifest",
                spec(json!({})),
                spec(json!({})),
                spec(json!({"a": 3})),
                json!({}),
            ),
            (
                "an image",
                spec(json!({"containers": [{"name": "n", "image": "1"}]})),
                spec(json!({"containers": [{"name": "n", "image": "2"}]})),
                spec(json!({"containers": [{"name": "n", "image": "1", "resources": {}}]})),
                spec(
                    json!({"containers": [{"name": "n", "image": "2"}], "$setElementOrder/containers": [{"name": "n"}]}),
                ),
            ),
            (
                "a container taken out",
                spec(json!({"containers": [{"name": "a"}, {"name": "b"}]})),
                spec(json!({"containers": [{"name": "a"}]})),
                spec(json!({"containers": [{"name": "a", "x": 1}, {"name": "b", "x": 1}]})),
                spec(
                    json!({"containers": [{"name": "b", "$patch": "delete"}], "$setElementOrder/containers": [{"name": "a"}]}),
                ),
            ),
            (
                "another strategy",
                spec(json!({"strategy": {"type": "RollingUpdate"}})),
                spec(json!({"strategy": {"type": "Recreate"}})),
                spec(
                    json!({"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}),
                ),
                spec(json!({"strategy": {"type": "Recreate", "$retainKeys": ["type"]}})),
            ),
            (
                "lists without a key are replaced",
                spec(json!({"tolerations": [{"key": "a"}]})),
                spec(json!({"tolerations": [{"key": "b"}]})),
                spec(json!({"tolerations": [{"key": "a"}]})),
                spec(json!({"tolerations": [{"key": "b"}]})),
            ),
        ] {
            assert_eq!(three(original, modified, current), patch, "{case}");
        }
    }

    #[test]
    fn a_key_given_twice_is_lost_at_the_next_apply() {
        let one = json!({"spec": {"containers": [{"name": "n", "image": "1"}]}});
        let twice = json!({"spec": {"containers": [{"name": "n", "image": "1"}, {"name": "n", "image": "x"}]}});
        let patch = three(one.clone(), twice.clone(), one.clone());
        let live = strategic_merge(&one, &mut patch.clone()).expect("it merges");
        assert_eq!(live["spec"]["containers"].as_array().map(Vec::len), Some(1));
        let patch = three(twice, one, live.clone());
        let live = strategic_merge(&live, &mut patch.clone()).expect("it merges");
        assert_eq!(live["spec"]["containers"], json!([]));
    }

    #[cfg(not(target_arch = "wasm32"))]
    mod laws {
        use proptest::prelude::*;

        use super::*;

        fn object() -> impl Strategy<Value = Value> {
            let containers = prop::collection::btree_map("[abc]", (0..3, any::<bool>()), 1..4)
                .prop_map(|map| {
                    let one = |(name, (image, tty)): (String, (i32, bool))| {
                        if tty {
                            json!({"name": name, "image": image, "tty": true})
                        } else {
                            json!({"name": name, "image": image})
                        }
                    };
                    Value::Array(map.into_iter().map(one).collect())
                })
                .prop_shuffle_list();
            let labels = prop::collection::btree_map("[xyz]", "[pq]", 0..3);
            let finalizers = prop::collection::btree_set("[a-c]", 0..3);
            (containers, labels, finalizers, 0..3).prop_map(
                |(containers, labels, finalizers, n)| {
                    json!({
                        "metadata": {"labels": labels, "finalizers": finalizers},
                        "spec": {"replicas": n, "containers": containers},
                    })
                },
            )
        }

        trait Shuffle: Strategy<Value = Value> + Sized {
            fn prop_shuffle_list(self) -> impl Strategy<Value = Value> {
                (self, any::<bool>()).prop_map(|(list, reverse)| match list {
                    Value::Array(mut items) => {
                        if reverse {
                            items.reverse();
                        }
                        Value::Array(items)
                    }
                    other => other,
                })
            }
        }
        impl<S: Strategy<Value = Value>> Shuffle for S {}

        proptest! {
            #![proptest_config(ProptestConfig::with_cases(150))]

            #[test]
            fn a_two_way_patch_leads_from_one_to_the_other(a in object(), b in object()) {
                let mut patch = two_way_patch(&a, &b).expect("a patch");
                let mut merged = strategic_merge(&a, &mut patch).expect("it merges");
                let mut wanted = b;
                // A set of scalars has no order of its own.
                for value in [&mut merged, &mut wanted] {
                    if let Some(Value::Array(list)) = value.pointer_mut("/metadata/finalizers") {
                        list.sort_by_key(Value::to_string);
                    }
                }
                prop_assert_eq!(merged, wanted);
            }

            #[test]
            fn applying_twice_changes_nothing_the_second_time(
                a in object(), b in object(), live in object(),
            ) {
                let mut patch = three_way_patch(&a, &b, &live).expect("a patch");
                let live = strategic_merge(&live, &mut patch).expect("it merges");
                // Where the live list is longer, the second patch still sends the order, as
                // upstream's.
                let mut second = three_way_patch(&b, &b, &live).expect("a patch");
                prop_assert_eq!(strategic_merge(&live, &mut second), Ok(live));
            }
        }
    }
}
