//! Field selectors: which fields a kind supports, and their values.
//!
//! Upstream: `pkg/apis/*/v1/conversion.go`, `pkg/registry/*/strategy.go`.

use serde_json::Value;

use crate::api::{Kind, Object, to_json};

/// The fields of a kind beside `metadata.name` and `metadata.namespace`.
fn of(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Pod => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
        Kind::Node => &["spec.unschedulable"],
        Kind::Namespace => &["status.phase"],
        Kind::Service => &["spec.clusterIP", "spec.type"],
        Kind::Event => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        Kind::Job => &["status.successful"],
        Kind::ReplicationController => &["status.replicas"],
        Kind::Secret => &["type"],
        _ => &[],
    }
}

/// Whether the server can select objects of a kind by a field.
pub fn is_supported(kind: Kind, field: &str) -> bool {
    let in_metadata =
        field == "metadata.name" || (field == "metadata.namespace" && kind.info().namespaced);
    let of_definition = matches!(kind, Kind::Custom(custom) if custom.is_selectable(field));
    in_metadata || of_definition || of(kind).contains(&field)
}

/// The value of a field as text; `None` where it is not set.
pub fn value(object: &Object, field: &str) -> Option<String> {
    match (field, object.pod()) {
        ("metadata.name", _) => return Some(object.meta.name.to_string()),
        ("metadata.namespace", _) => return Some(object.meta.namespace.to_string()),
        ("spec.nodeName", Some(pod)) => return pod.node_name.as_ref().map(ToString::to_string),
        ("status.phase", Some(pod)) => return Some(pod.status.phase.as_str().to_string()),
        _ => {}
    }
    let field = match (field, object.kind()) {
        ("source", Kind::Event) => "source.component",
        _ => field,
    };
    let json = to_json(object);
    let pointer = format!("/{}", field.replace('.', "/"));
    match json.pointer(&pointer) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Null) => None,
        Some(other) => Some(other.to_string()),
        None if matches!(field, "spec.unschedulable" | "spec.hostNetwork") => Some("false".into()),
        None => None,
    }
}
