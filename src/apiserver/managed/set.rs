//! Sets of fields, as `fieldsV1` writes them: a tree whose nodes are named `f:name`,
//! `k:{"name":"nginx"}` or `v:"value"`.
//!
//! Upstream: `structured-merge-diff/fieldpath/{set,serialize,element}.go`. Differs: a step is
//! kept in its written form.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// A set of fields below one field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSet {
    below: BTreeMap<String, Branch>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Branch {
    /// Whether the field itself is in the set, and not only fields below it.
    member: bool,
    fields: FieldSet,
}

/// A path: steps in their written form.
pub type Path = Vec<String>;

impl FieldSet {
    /// Whether no field is in it.
    pub fn is_empty(&self) -> bool {
        self.below.is_empty()
    }

    /// Adds a field. The empty path is the object itself, which nobody owns.
    pub fn insert(&mut self, path: &[String]) {
        let Some((step, rest)) = path.split_first() else {
            return;
        };
        let branch = self.below.entry(step.clone()).or_default();
        if rest.is_empty() {
            branch.member = true;
        } else {
            branch.fields.insert(rest);
        }
    }

    /// Whether a field is in it.
    pub fn has(&self, path: &[&str]) -> bool {
        match path.split_first() {
            None => false,
            Some((step, rest)) => self.below.get(*step).is_some_and(|branch| {
                if rest.is_empty() {
                    branch.member
                } else {
                    branch.fields.has(rest)
                }
            }),
        }
    }

    /// The fields below a step; `None` if neither it nor anything below it is in the set.
    pub fn under(&self, step: &str) -> Option<&FieldSet> {
        self.below.get(step).map(|branch| &branch.fields)
    }

    /// Takes out a field and everything below it.
    pub fn remove(&mut self, path: &[&str]) {
        match path.split_first() {
            None => {}
            Some((step, [])) => {
                self.below.remove(*step);
            }
            Some((step, rest)) => {
                if let Some(branch) = self.below.get_mut(*step) {
                    branch.fields.remove(rest);
                    if !branch.member && branch.fields.is_empty() {
                        self.below.remove(*step);
                    }
                }
            }
        }
    }

    /// Fields that are in either.
    pub fn union(&mut self, other: &FieldSet) {
        for (step, theirs) in &other.below {
            let own = self.below.entry(step.clone()).or_default();
            own.member |= theirs.member;
            own.fields.union(&theirs.fields);
        }
    }

    /// Fields that are in this one only.
    pub fn without(&self, other: &FieldSet) -> FieldSet {
        self.select(other, |own, theirs| own && !theirs, true)
    }

    /// Fields that are in both.
    pub fn common(&self, other: &FieldSet) -> FieldSet {
        self.select(other, |own, theirs| own && theirs, false)
    }

    fn select(&self, other: &FieldSet, keep: fn(bool, bool) -> bool, alone: bool) -> FieldSet {
        let mut out = FieldSet::default();
        for (step, own) in &self.below {
            let kept = match other.below.get(step) {
                None if alone => own.clone(),
                None => continue,
                Some(theirs) => Branch {
                    member: keep(own.member, theirs.member),
                    fields: own.fields.select(&theirs.fields, keep, alone),
                },
            };
            if kept.member || !kept.fields.is_empty() {
                out.below.insert(step.clone(), kept);
            }
        }
        out
    }

    /// Every field as messages name it (`.spec.replicas`), those of a level before those below it.
    pub fn paths(&self) -> Vec<String> {
        let mut out = Vec::new();
        self.collect("", &mut out);
        out
    }

    fn collect(&self, above: &str, out: &mut Vec<String>) {
        let members = self.below.iter().filter(|(_, branch)| branch.member);
        out.extend(members.map(|(step, _)| format!("{above}{}", shown(step))));
        for (step, branch) in &self.below {
            let path = format!("{above}{}", shown(step));
            branch.fields.collect(&path, out);
        }
    }

    /// `fieldsV1`.
    pub fn to_json(&self) -> Value {
        let entries = self.below.iter().map(|(step, branch)| {
            let mut value = branch.fields.to_json();
            if let Value::Object(fields) = &mut value
                && branch.member
                && !fields.is_empty()
            {
                fields.insert(".".into(), Value::Object(Map::new()));
            }
            (step.clone(), value)
        });
        Value::Object(entries.collect())
    }
}

/// The step to a field of an object.
pub fn field(name: &str) -> String {
    format!("f:{name}")
}

/// The step to an element of a list by its keys, which are written in the order of their names.
pub fn element(keys: Map<String, Value>) -> String {
    format!("k:{}", Value::Object(keys))
}

/// The step to an element of a set.
pub fn value(value: &Value) -> String {
    format!("v:{value}")
}

/// A step as messages show it: `.name`, `[name="nginx"]`, `[="value"]`.
fn shown(step: &str) -> String {
    if let Some(name) = step.strip_prefix("f:") {
        return format!(".{name}");
    }
    if let Some(value) = step.strip_prefix("v:") {
        return format!("[={value}]");
    }
    let keys = step.strip_prefix("k:").unwrap_or(step);
    let keys: Map<String, Value> = serde_json::from_str(keys).unwrap_or_default();
    let keys: Vec<String> = keys.iter().map(|(k, v)| format!("{k}={v}")).collect();
    format!("[{}]", keys.join(","))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(paths: &[&[&str]]) -> FieldSet {
        let mut out = FieldSet::default();
        for path in paths {
            out.insert(&path.iter().map(ToString::to_string).collect::<Path>());
        }
        out
    }

    const ITEM: &str = "k:{\"containerPort\":80,\"protocol\":\"TCP\"}";

    #[test]
    fn is_written_as_fields_v1() {
        let ports = set(&[
            &["f:spec", "f:ports"],
            &["f:spec", "f:ports", ITEM],
            &["f:spec", "f:ports", ITEM, "f:containerPort"],
            &["f:metadata", "f:finalizers", "v:\"a/b\""],
        ]);
        let json = json!({
            "f:metadata": {"f:finalizers": {"v:\"a/b\"": {}}},
            "f:spec": {"f:ports": {".": {}, ITEM: {".": {}, "f:containerPort": {}}}},
        });
        assert_eq!(ports.to_json(), json);
        assert_eq!(
            ports.paths(),
            [
                ".metadata.finalizers[=\"a/b\"]",
                ".spec.ports",
                ".spec.ports[containerPort=80,protocol=\"TCP\"]",
                ".spec.ports[containerPort=80,protocol=\"TCP\"].containerPort",
            ]
        );
    }

    #[test]
    fn sets_are_joined_and_parted() {
        let (a, b) = (
            set(&[&["f:a"], &["f:a", "f:b"], &["f:c"]]),
            set(&[&["f:a"], &["f:d"]]),
        );
        assert_eq!(a.without(&b), set(&[&["f:a", "f:b"], &["f:c"]]));
        assert_eq!(a.common(&b), set(&[&["f:a"]]));
        let mut all = a.clone();
        all.union(&b);
        assert_eq!(all, set(&[&["f:a"], &["f:a", "f:b"], &["f:c"], &["f:d"]]));
        all.remove(&["f:a", "f:b"]);
        assert!(all.has(&["f:a"]) && !all.has(&["f:a", "f:b"]));
        assert!(
            set(&[&["f:a", "f:b"]])
                .without(&set(&[&["f:a", "f:b"]]))
                .is_empty()
        );
    }
}
