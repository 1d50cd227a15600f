//! The further versions in which a kind is served, and how one form becomes the other. Custom kinds
//! have the same form in all of theirs (conversion strategy None).
//!
//! Upstream: `pkg/apis/autoscaling/v1/conversion.go`,
//! `apiextensions-apiserver/pkg/apiserver/conversion`. Differs: what a client reads is in the
//! kind's own version, unless it is a custom kind.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::api::{Body, CustomKind, Kind, Object, go_json, items_at, text_at};

use super::structural;

/// One version of a kind beside its own.
struct Version {
    kind: Kind,
    api_version: &'static str,
    /// From this form to the kind's own; returns the paths of fields that this version lacks.
    to_own: fn(&mut Value) -> Vec<String>,
    from_own: fn(&mut Value),
}

const VERSIONS: &[Version] = &[Version {
    kind: Kind::HorizontalPodAutoscaler,
    api_version: "autoscaling/v1",
    to_own: autoscaler_from_v1,
    from_own: autoscaler_to_v1,
}];

/// Every further version that is served: `autoscaling/v1`.
pub fn further_versions() -> impl Iterator<Item = &'static str> {
    VERSIONS.iter().map(|version| version.api_version)
}

/// The kind that a further version and a name mean.
pub(super) fn kind_of(api_version: &str, name: &str) -> Option<Kind> {
    let named = |v: &&Version| v.api_version == api_version && v.kind.name() == name;
    VERSIONS.iter().find(named).map(|version| version.kind)
}

fn version_of(kind: Kind, api_version: &str) -> Option<&'static Version> {
    let same = |v: &&Version| v.kind == kind && v.api_version == api_version;
    VERSIONS.iter().find(same)
}

/// An object in its kind's own version, and the paths of fields that the given version lacks.
pub(super) fn to_own(kind: Kind, value: &Value) -> (Cow<'_, Value>, Vec<String>) {
    let Some(version) = version_of(kind, text_at(value, "/apiVersion")) else {
        return (Cow::Borrowed(value), Vec::new());
    };
    let mut own = value.clone();
    let unknown = (version.to_own)(&mut own);
    if let Some(fields) = own.as_object_mut() {
        fields.insert("apiVersion".into(), kind.api_version().into());
    }
    (Cow::Owned(own), unknown)
}

/// Puts an object's JSON into a further version; into others it is already in, or cannot be put.
pub fn from_own(kind: Kind, api_version: &str, value: &mut Value) {
    if let Some(version) = version_of(kind, api_version) {
        (version.from_own)(value);
        if let Some(fields) = value.as_object_mut() {
            fields.insert("apiVersion".into(), api_version.into());
        }
    }
}

/// An object of a custom kind as its definition now has it in the version that is asked for:
/// without what the schema does not know, and with its defaults.
pub fn in_version(object: &Arc<Object>, kind: Kind) -> Arc<Object> {
    match (&object.body, kind) {
        (Body::Data(Kind::Custom(stored), _), Kind::Custom(asked)) if !stored.same_row(asked) => {
            let mut object = (**object).clone();
            convert(&mut object, asked);
            if let Body::Data(_, body) = &mut object.body {
                structural::fill(Arc::make_mut(body), asked.schema());
            }
            Arc::new(object)
        }
        _ => object.clone(),
    }
}

/// Puts a custom object into a version: what its schema does not know is lost.
pub(super) fn convert(object: &mut Object, to: CustomKind) {
    if let Body::Data(kind @ Kind::Custom(_), body) = &mut object.body {
        *kind = Kind::Custom(to);
        structural::prune(Arc::make_mut(body), to.schema());
    }
}

const PERCENTAGE: &str = "targetCPUUtilizationPercentage";
/// Annotations that carry what version 1 has no fields for.
const CARRIED: [(&str, &str); 2] = [
    ("metrics", "autoscaling.alpha.kubernetes.io/metrics"),
    ("behavior", "autoscaling.alpha.kubernetes.io/behavior"),
];

fn cpu_metric(percentage: &Value) -> Value {
    let target = json!({ "type": "Utilization", "averageUtilization": percentage });
    json!({ "type": "Resource", "resource": { "name": "cpu", "target": target } })
}

fn fields<'v>(value: &'v mut Value, key: &str) -> Option<&'v mut Map<String, Value>> {
    value.get_mut(key)?.as_object_mut()
}

fn autoscaler_from_v1(value: &mut Value) -> Vec<String> {
    let mut carried = Map::new();
    if let Some(annotations) = value.pointer_mut("/metadata/annotations")
        && let Some(annotations) = annotations.as_object_mut()
    {
        for (field, key) in CARRIED {
            let text = annotations.remove(key);
            let read = text.and_then(|t| serde_json::from_str(t.as_str()?).ok());
            carried.extend(read.map(|read| (field.to_string(), read)));
        }
    }
    let mut unknown = Vec::new();
    let Some(spec) = fields(value, "spec") else {
        return unknown;
    };
    for (field, _) in CARRIED {
        if spec.remove(field).is_some() {
            unknown.push(format!("spec.{field}"));
        }
    }
    let percentage = spec.remove(PERCENTAGE).filter(|p| !p.is_null());
    spec.append(&mut carried);
    if let Some(percentage) = percentage {
        let metrics = spec.entry("metrics").or_insert_with(|| json!([]));
        if let Some(metrics) = metrics.as_array_mut() {
            metrics.insert(0, cpu_metric(&percentage));
        }
    }
    unknown
}

fn autoscaler_to_v1(value: &mut Value) {
    let is_cpu = |metric: &&Value| {
        let utilization = metric.pointer("/resource/target/averageUtilization");
        text_at(metric, "/resource/name") == "cpu" && utilization.is_some()
    };
    let metrics = items_at(value, "/spec/metrics");
    let cpu = metrics.iter().find(is_cpu).cloned();
    let others: Vec<Value> = metrics
        .iter()
        .filter(|m| Some(*m) != cpu.as_ref())
        .cloned()
        .collect();
    let mut carried = Map::new();
    if let Some(spec) = fields(value, "spec") {
        spec.remove("metrics");
        let percentage = cpu
            .as_ref()
            .and_then(|m| m.pointer("/resource/target/averageUtilization"));
        spec.extend(percentage.map(|p| (PERCENTAGE.to_string(), p.clone())));
        if !others.is_empty() {
            carried.insert(CARRIED[0].1.into(), go_json(&others.into()).into());
        }
        if let Some(behavior) = spec.remove("behavior") {
            carried.insert(CARRIED[1].1.into(), go_json(&behavior).into());
        }
    }
    if !carried.is_empty()
        && let Some(meta) = fields(value, "metadata")
        && let Some(annotations) = meta
            .entry("annotations")
            .or_insert_with(|| json!({}))
            .as_object_mut()
    {
        annotations.append(&mut carried);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn autoscalers_go_through_version_1_unharmed() {
        let own = "autoscaling/v2";
        let target = json!({"type": "AverageValue", "averageValue": "1Gi"});
        let memory = json!({"type": "Resource", "resource": {"name": "memory", "target": target}});
        for (v1, v2) in [
            (
                json!({"spec": {"maxReplicas": 3, "targetCPUUtilizationPercentage": 50}}),
                json!({"spec": {"maxReplicas": 3, "metrics": [cpu_metric(&json!(50))]}}),
            ),
            (
                json!({"spec": {"maxReplicas": 3}}),
                json!({"spec": {"maxReplicas": 3}}),
            ),
            (
                json!({
                    "metadata": {"annotations": {
                        CARRIED[0].1: go_json(&json!([memory])), CARRIED[1].1: "{\"scaleDown\":{}}",
                    }},
                    "spec": {"maxReplicas": 3},
                }),
                json!({
                    "metadata": {"annotations": {}},
                    "spec": {"maxReplicas": 3, "metrics": [memory], "behavior": {"scaleDown": {}}},
                }),
            ),
        ] {
            let in_version = |value: &Value, version: &str| {
                let mut value = value.clone();
                value["apiVersion"] = version.into();
                value
            };
            let (given, wanted) = (in_version(&v1, "autoscaling/v1"), in_version(&v2, own));
            let (read, unknown) = to_own(Kind::HorizontalPodAutoscaler, &given);
            assert_eq!((&*read, unknown.len()), (&wanted, 0), "{v1}");
            let mut back = wanted.clone();
            from_own(Kind::HorizontalPodAutoscaler, "autoscaling/v1", &mut back);
            assert_eq!(back, given, "{v2}");
        }
        let mixed = json!({"apiVersion": "autoscaling/v1", "spec": {"metrics": []}});
        let (_, unknown) = to_own(Kind::HorizontalPodAutoscaler, &mixed);
        assert_eq!(unknown, ["spec.metrics"]);
    }
}
