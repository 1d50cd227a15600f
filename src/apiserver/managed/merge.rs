//! An applied configuration put onto an object: what it names replaces what is there, what it no
//! longer names goes if nobody else has it.
//!
//! Upstream: `structured-merge-diff/typed/{merge,remove}.go`, `merge/update.go` (prune).

use serde_json::{Map, Value};

use super::compare::by_step;
use super::set::{FieldSet, field};
use super::shape::{Shape, step_to};

/// The object with the configuration put onto it.
pub fn merge(shape: Shape, live: &Value, config: &Value) -> Value {
    match (shape, live, config) {
        (shape, Value::Object(live), Value::Object(config)) if shape.is_granular() => {
            let mut out = live.clone();
            for (name, value) in config {
                let inner = shape.field(name).unwrap_or(Shape::Unknown);
                let merged = match live.get(name) {
                    Some(old) => merge(inner, old, value),
                    None => value.clone(),
                };
                out.insert(name.clone(), merged);
            }
            Value::Object(out)
        }
        (shape, Value::Array(_), Value::Array(_)) if shape.merges_elements() => {
            merge_lists(shape, live, config)
        }
        _ => config.clone(),
    }
}

/// Elements that both have stand in the configuration's order, those of the object before the next
/// common one stay before it.
fn merge_lists(shape: Shape, live: &Value, config: &Value) -> Value {
    let (live, config) = (by_step(shape, Some(live)), by_step(shape, Some(config)));
    let in_config = |step: &str| config.iter().any(|(s, _)| s == step);
    let mut rest = live.iter().peekable();
    let mut out = Vec::new();
    for (step, item) in &config {
        let common = live.iter().find(|(s, _)| s == step);
        if common.is_some() {
            while let Some((_, own)) = rest.next_if(|(s, _)| !in_config(s)) {
                out.push((*own).clone());
            }
            rest.next();
        }
        out.push(match common {
            Some((_, old)) => merge(shape.item(), old, item),
            None => (*item).clone(),
        });
    }
    let left = rest.filter(|(s, _)| !in_config(s));
    out.extend(left.map(|(_, own)| (*own).clone()));
    Value::Array(out)
}

/// Takes out what was applied last and is owned by nobody now.
pub fn prune(shape: Shape, value: &mut Value, last: &FieldSet, owned: &[&FieldSet]) {
    match value {
        Value::Object(map) => prune_object(shape, map, last, owned),
        Value::Array(items) if shape.merges_elements() => {
            items.retain_mut(|item| {
                let step = step_to(shape, item);
                step.is_none_or(|step| prune_one(shape.item(), item, &step, last, owned))
            });
        }
        _ => {}
    }
}

fn prune_object(shape: Shape, map: &mut Map<String, Value>, last: &FieldSet, owned: &[&FieldSet]) {
    map.retain(|name, value| {
        let inner = shape.field(name).unwrap_or(Shape::Unknown);
        prune_one(inner, value, &field(name), last, owned)
    });
}

/// Prunes below one step; whether the value there stays.
fn prune_one(
    shape: Shape,
    value: &mut Value,
    step: &str,
    last: &FieldSet,
    owned: &[&FieldSet],
) -> bool {
    let Some(last) = last.under(step) else {
        return true;
    };
    let owned: Vec<&FieldSet> = owned.iter().filter_map(|set| set.under(step)).collect();
    if owned.is_empty() {
        return false;
    }
    prune(shape, value, last, &owned);
    true
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::compare::named;
    use super::*;
    use crate::api::Kind;

    fn pod(containers: Value) -> Value {
        json!({"spec": {"containers": containers}})
    }

    fn shape() -> Shape {
        Shape::of_kind(Kind::Pod)
    }

    #[test]
    fn lists_merge_by_their_keys_and_in_order() {
        let live = pod(json!([{"name": "a", "image": "1"}, {"name": "x"}, {"name": "b"}]));
        for (config, names) in [
            (
                json!([{"name": "a", "image": "2"}]),
                ["a", "x", "b"].as_slice(),
            ),
            (json!([{"name": "b"}, {"name": "a"}]), &["b", "x", "a"]),
            (json!([{"name": "n"}, {"name": "b"}]), &["n", "a", "x", "b"]),
        ] {
            let merged = merge(shape(), &live, &pod(config));
            let found = merged["spec"]["containers"].as_array().expect("a list");
            let found: Vec<&Value> = found.iter().map(|c| &c["name"]).collect();
            assert_eq!(found, names);
        }
        let merged = merge(shape(), &live, &pod(json!([{"name": "a", "args": []}])));
        assert_eq!(
            merged["spec"]["containers"][0],
            json!({"name": "a", "image": "1", "args": []})
        );
    }

    #[test]
    fn what_is_applied_no_more_goes_unless_somebody_else_has_it() {
        let set = |value: Value| named(shape(), &value).expect("it is well-formed");
        let last = set(json!({
            "metadata": {"labels": {"a": "1", "b": "2"}},
            "spec": {"containers": [{"name": "x", "image": "i"}, {"name": "y", "image": "j"}], "hostNetwork": true},
        }));
        let now = set(
            json!({"metadata": {"labels": {"a": "1"}}, "spec": {"containers": [{"name": "x"}]}}),
        );
        let other = set(json!({"spec": {"containers": [{"name": "x", "image": "i"}]}}));
        let mut value = json!({
            "metadata": {"labels": {"a": "1", "b": "2", "c": "3"}},
            "spec": {
                "containers": [{"name": "x", "image": "i", "tty": true}, {"name": "y", "image": "j", "tty": true}],
                "hostNetwork": true, "dnsPolicy": "Default",
            },
        });
        prune(shape(), &mut value, &last, &[&now, &other]);
        assert_eq!(
            value,
            json!({
                "metadata": {"labels": {"a": "1", "c": "3"}},
                "spec": {"containers": [{"name": "x", "image": "i", "tty": true}], "dnsPolicy": "Default"},
            })
        );
    }
}
