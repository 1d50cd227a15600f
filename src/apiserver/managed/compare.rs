//! What a write changes, and what a configuration names: as sets of fields.
//!
//! Upstream: `structured-merge-diff/typed/{compare,tofieldset,validate}.go`.

use serde_json::{Map, Value};

use crate::api::go_print;

use super::set::{FieldSet, Path, field};
use super::shape::{Scalar, Shape, step_to};

/// The fields that two versions of an object differ in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    pub added: FieldSet,
    pub modified: FieldSet,
    pub removed: FieldSet,
}

impl Comparison {
    /// Compares two versions; an object that is created is compared with `{}`.
    pub fn of(shape: Shape, old: &Value, new: &Value) -> Comparison {
        let mut walk = Walk::default();
        walk.compare(shape, Some(old), Some(new));
        walk.found
    }

    /// What was written: added or modified.
    pub fn written(&self) -> FieldSet {
        let mut all = self.added.clone();
        all.union(&self.modified);
        all
    }
}

#[derive(Default)]
struct Walk {
    path: Path,
    found: Comparison,
}

fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::Object(map)) => map.is_empty(),
        Some(Value::Array(items)) => items.is_empty(),
        Some(_) => false,
    }
}

impl Walk {
    fn leaf(&mut self, old: Option<&Value>, new: Option<&Value>) {
        match (old, new) {
            (None, Some(_)) => self.found.added.insert(&self.path),
            (Some(_), None) => self.found.removed.insert(&self.path),
            (Some(old), Some(new)) if old != new => self.found.modified.insert(&self.path),
            _ => {}
        }
    }

    fn at(&mut self, step: String, shape: Shape, old: Option<&Value>, new: Option<&Value>) {
        self.path.push(step);
        self.compare(shape, old, new);
        self.path.pop();
    }

    fn compare(&mut self, shape: Shape, old: Option<&Value>, new: Option<&Value>) {
        if old.is_none() && new.is_none() {
            return;
        }
        let merges = match shape {
            Shape::Piece(_) | Shape::List | Shape::Object => false,
            Shape::Unknown => [old, new].iter().flatten().all(|v| v.is_object()),
            _ => true,
        };
        if is_empty(old) && is_empty(new) && old.is_some() == new.is_some() {
            return;
        }
        if !merges || (is_empty(old) && is_empty(new)) {
            return self.leaf(old, new);
        }
        if shape.merges_elements() {
            self.lists(shape, old, new);
        } else {
            self.objects(shape, old, new);
        }
        match (old, new) {
            (None, _) => self.found.added.insert(&self.path),
            (_, None) => self.found.removed.insert(&self.path),
            _ => {}
        }
    }

    fn objects(&mut self, shape: Shape, old: Option<&Value>, new: Option<&Value>) {
        let nothing = Map::new();
        let old = old.and_then(Value::as_object).unwrap_or(&nothing);
        let new = new.and_then(Value::as_object).unwrap_or(&nothing);
        let gone = old.keys().filter(|key| !new.contains_key(*key));
        for name in new.keys().chain(gone) {
            let inner = shape.field(name).unwrap_or(Shape::Unknown);
            let present = shape.is_present(name).then_some(&Value::Null);
            let (old, new) = (old.get(name).or(present), new.get(name).or(present));
            self.at(field(name), inner, old, new);
        }
    }

    fn lists(&mut self, shape: Shape, old: Option<&Value>, new: Option<&Value>) {
        let (old, new) = (by_step(shape, old), by_step(shape, new));
        let find =
            |all: &[(String, &'_ Value)], step: &str| all.iter().position(|(s, _)| s == step);
        for (step, item) in &new {
            let before = find(&old, step).and_then(|at| old.get(at)).map(|(_, v)| *v);
            self.at(step.clone(), shape.item(), before, Some(item));
        }
        for (step, item) in &old {
            if find(&new, step).is_none() {
                self.at(step.clone(), shape.item(), Some(item), None);
            }
        }
    }
}

/// The elements of a list that merges, with the steps to them.
pub(super) fn by_step(shape: Shape, list: Option<&Value>) -> Vec<(String, &Value)> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items
        .filter_map(|item| Some((step_to(shape, item)?, item)))
        .collect()
}

/// The fields that a configuration names. Errors: what is not as the schema has it, each with its
/// path.
pub fn named(shape: Shape, config: &Value) -> Result<FieldSet, Vec<String>> {
    let mut reader = Reader::default();
    reader.read(shape, config);
    if reader.errors.is_empty() {
        Ok(reader.found)
    } else {
        Err(reader.errors)
    }
}

#[derive(Default)]
struct Reader {
    path: Path,
    found: FieldSet,
    errors: Vec<String>,
}

impl Reader {
    fn refuse(&mut self, why: &str) {
        let mut here = FieldSet::default();
        here.insert(&self.path);
        let path = here.paths().join("");
        self.errors.push(format!("{path}: {why}"));
    }

    fn read(&mut self, shape: Shape, value: &Value) {
        match (shape, value) {
            (_, Value::Null) | (Shape::Piece(Scalar::Any), _) => self.found.insert(&self.path),
            (Shape::Piece(kind), value) => self.scalar(kind, value),
            (shape, Value::Array(items)) if shape.merges_elements() => self.list(shape, items),
            (Shape::List, Value::Array(_)) | (Shape::Object, Value::Object(_)) => {
                self.found.insert(&self.path);
            }
            (shape, Value::Object(map)) if shape.is_granular() => self.object(shape, map),
            (Shape::Unknown, _) => self.found.insert(&self.path),
            (shape, other) if shape.merges_elements() || matches!(shape, Shape::List) => {
                self.refuse(&format!("expected list, got &{{{}}}", go_print(other)));
            }
            (_, other) => {
                self.refuse(&format!("expected map, got &{{{}}}", go_print(other)));
            }
        }
    }

    fn scalar(&mut self, kind: Scalar, value: &Value) {
        let go_type = match value {
            Value::String(_) => "string",
            Value::Bool(_) => "bool",
            Value::Number(number) if number.is_f64() => "float64",
            Value::Number(_) => "int64",
            Value::Array(_) => "[]interface {}",
            _ => "map[string]interface {}",
        };
        match (kind, value) {
            (Scalar::Boolean, Value::Bool(_))
            | (Scalar::Numeric, Value::Number(_))
            | (Scalar::String, Value::String(_)) => self.found.insert(&self.path),
            (Scalar::Numeric, _) => {
                self.refuse(&format!("expected numeric (int or float), got {go_type}"));
            }
            (Scalar::Boolean, other) => {
                self.refuse(&format!("expected boolean, got &{{{}}}", go_print(other)));
            }
            (_, other) => self.refuse(&format!(
                "expected string, got &value.valueUnstructured{{Value:{other}}}"
            )),
        }
    }

    fn object(&mut self, shape: Shape, map: &Map<String, Value>) {
        for (name, value) in map {
            self.path.push(field(name));
            match shape.field(name) {
                None => self.refuse("field not declared in schema"),
                Some(inner) => {
                    self.read(inner, value);
                    let is_empty = value.as_object().is_some_and(Map::is_empty);
                    if is_empty || shape.has_entries() {
                        self.found.insert(&self.path);
                    }
                }
            }
            self.path.pop();
        }
    }

    fn list(&mut self, shape: Shape, items: &[Value]) {
        for (index, item) in items.iter().enumerate() {
            let Some(step) = step_to(shape, item) else {
                let keys = shape.keys();
                let key = keys.iter().find(|key| item.get(**key).is_none());
                self.refuse(&format!(
                    "element {index}: associative list with keys has an element that omits key field {:?} (and doesn't have default value)",
                    key.unwrap_or(&"")
                ));
                continue;
            };
            self.path.push(step);
            if shape.has_keys() {
                self.read(shape.item(), item);
            }
            self.found.insert(&self.path);
            self.path.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::api::Kind;

    use super::*;

    fn deployment(spec: Value) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec})
    }

    #[test]
    fn a_creation_owns_maps_and_pointers_but_not_what_go_always_has() {
        let new = deployment(json!({
            "replicas": 1,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%"}},
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "nginx", "ports": [{"containerPort": 80}], "resources": {}}]},
            },
        }));
        let found = Comparison::of(Shape::of_kind(Kind::Deployment), &json!({}), &new);
        let spec = found.added.to_json();
        assert_eq!(
            spec["f:spec"],
            json!({
                "f:replicas": {},
                "f:strategy": {"f:type": {}, "f:rollingUpdate": {".": {}, "f:maxSurge": {}}},
                "f:selector": {},
                "f:template": {
                    "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
                    "f:spec": {"f:containers": {"k:{\"name\":\"nginx\"}": {
                        ".": {},
                        "f:name": {},
                        "f:ports": {
                            ".": {},
                            "k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}},
                        },
                        "f:resources": {},
                    }}},
                },
            })
        );
    }

    #[test]
    fn an_update_owns_what_it_changes() {
        let spec = |image: &str, app: &str| {
            deployment(json!({"template": {
                "metadata": {"labels": {"app": app, "same": "1"}},
                "spec": {"containers": [{"name": "nginx", "image": image}]},
            }}))
        };
        let mut old = spec("a", "x");
        old["spec"]["paused"] = json!(true);
        let found = Comparison::of(Shape::of_kind(Kind::Deployment), &old, &spec("b", "y"));
        assert_eq!(
            found.modified.paths(),
            [
                ".spec.template.metadata.labels.app",
                ".spec.template.spec.containers[name=\"nginx\"].image"
            ]
        );
        assert_eq!(found.removed.paths(), [".spec.paused"]);
        assert!(found.added.is_empty());
    }

    #[test]
    fn a_configuration_names_leaves_entries_and_elements() {
        let config = deployment(json!({
            "strategy": {},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "nginx", "args": ["a"]}]},
            },
        }));
        let found = named(Shape::of_kind(Kind::Deployment), &config).expect("it is well-formed");
        assert_eq!(
            found.to_json()["f:spec"],
            json!({
                "f:strategy": {},
                "f:template": {
                    "f:metadata": {"f:labels": {"f:app": {}}},
                    "f:spec": {"f:containers": {
                        "k:{\"name\":\"nginx\"}": {".": {}, "f:name": {}, "f:args": {}},
                    }},
                },
            })
        );
    }

    #[test]
    fn what_the_schema_does_not_have_is_refused() {
        for (spec, words) in [
            (
                json!({"replicsa": 1}),
                ".spec.replicsa: field not declared in schema",
            ),
            (
                json!({"replicas": "two"}),
                ".spec.replicas: expected numeric (int or float), got string",
            ),
            (
                json!({"template": {"spec": {"containers": [{"name": 1}]}}}),
                ".spec.template.spec.containers[name=1].name: expected string, got &value.valueUnstructured{Value:1}",
            ),
            (
                json!({"template": {"spec": {"containers": {"a": "b"}}}}),
                ".spec.template.spec.containers: expected list, got &{map[a:b]}",
            ),
            (
                json!({"template": {"spec": {"containers": [{}]}}}),
                ".spec.template.spec.containers: element 0: associative list with keys has an element that omits key field \"name\" (and doesn't have default value)",
            ),
        ] {
            let found = named(Shape::of_kind(Kind::Deployment), &deployment(spec));
            assert_eq!(found, Err(vec![words.to_string()]));
        }
    }
}
