//! Structural schemas: what a CustomResourceDefinition says about the form of its objects.
//!
//! Upstream: `apiextensions-apiserver/pkg/apiserver/schema`. Differs: rules in CEL
//! (`x-kubernetes-validations`) are kept and not evaluated.

mod default;
mod pattern;
mod prune;
mod validate;

use serde_json::{Map, Value};

pub(super) use default::fill;
pub(super) use pattern::Pattern;
pub(super) use prune::prune;
pub(super) use validate::validate;

type Fields = Map<String, Value>;

/// Fields of every object, whatever its schema says.
const ENVELOPE: [&str; 3] = ["apiVersion", "kind", "metadata"];

pub(super) fn is_on(schema: &Value, key: &str) -> bool {
    schema.get(key).and_then(Value::as_bool).unwrap_or(false)
}

/// The schema of a field: its own, or that of all others. `None` if the field is not specified.
pub(super) fn field_schema<'s>(schema: &'s Value, name: &str) -> Option<&'s Value> {
    let own = schema.get("properties").and_then(|all| all.get(name));
    own.or_else(|| schema.get("additionalProperties").filter(|s| s.is_object()))
}
