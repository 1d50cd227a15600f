//! The annotation in which apply keeps what was applied last.
//!
//! Upstream: `kubectl/pkg/util/apply.go`.

use serde_json::{Map, Value};

use crate::api::{Object, go_json};

/// Its key.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What was applied last, if the annotation is there and can be read.
pub fn applied(object: &Object) -> Option<Value> {
    serde_json::from_str(object.meta.annotation(LAST_APPLIED)?).ok()
}

/// The manifest with itself in the annotation.
pub fn with_last_applied(manifest: &Value) -> Value {
    let mut value = manifest.clone();
    if let Some(annotations) = annotations_of(&mut value) {
        annotations.remove(LAST_APPLIED);
    }
    let text = go_json(&value) + "\n";
    if let Some(annotations) = annotations_of(&mut value) {
        annotations.insert(LAST_APPLIED.to_string(), Value::String(text));
    }
    value
}

/// `metadata.annotations`, made where it is missing: upstream leaves an empty map there.
fn annotations_of(value: &mut Value) -> Option<&mut Map<String, Value>> {
    let empty = || Value::Object(Map::new());
    let metadata = value
        .as_object_mut()?
        .entry("metadata")
        .or_insert_with(empty);
    let annotations = metadata
        .as_object_mut()?
        .entry("annotations")
        .or_insert_with(empty);
    if annotations.is_null() {
        *annotations = empty();
    }
    annotations.as_object_mut()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keeps_the_manifest_without_itself() {
        let manifest = json!({"kind": "Pod", "metadata": {"name": "p", "namespace": "default"}, "apiVersion": "v1"});
        let once = with_last_applied(&manifest);
        let text = "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"annotations\":{},\"name\":\"p\",\"namespace\":\"default\"}}\n";
        assert_eq!(once["metadata"]["annotations"][LAST_APPLIED], json!(text));
        assert_eq!(with_last_applied(&once), once);
    }
}
