//! Defaults of the kinds that are kept as data.
//!
//! Upstream: `pkg/apis/{core,networking,autoscaling,rbac,discovery,scheduling,
//! admissionregistration}/v1*/defaults.go`, `apiextensions/v1/defaults.go`, and what
//! `pkg/registry/core/secret` merges on a write.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::api::{Body, Kind, Object, items_at, text_at};
use crate::apiserver::definitions::{drop_status, has_own_status};

type Fields = Map<String, Value>;

/// Fills in an object's fields beside its metadata.
pub(in crate::apiserver) fn data(kind: Kind, fields: &mut Fields) {
    match kind {
        Kind::Secret => secret(fields),
        Kind::PersistentVolumeClaim | Kind::PersistentVolume | Kind::StorageClass => {
            super::storage::storage(kind, fields);
        }
        Kind::LimitRange => each(fields, "/spec/limits", limit),
        Kind::Endpoints => each(fields, "/subsets", |subset| {
            each(subset, "/ports", |port| put(port, "protocol", "TCP".into()));
        }),
        Kind::EndpointSlice => each(fields, "/ports", |port| {
            put(port, "name", "".into());
            put(port, "protocol", "TCP".into());
        }),
        Kind::HorizontalPodAutoscaler => inside(fields, "spec", autoscaler),
        Kind::NetworkPolicy => inside(fields, "spec", network_policy),
        Kind::IngressClass => inside(fields, "spec", |spec| {
            inside(spec, "parameters", |p| put(p, "scope", "Cluster".into()));
        }),
        Kind::RoleBinding | Kind::ClusterRoleBinding => binding(fields),
        Kind::PriorityClass => put(fields, "preemptionPolicy", "PreemptLowerPriority".into()),
        Kind::MutatingWebhookConfiguration | Kind::ValidatingWebhookConfiguration => {
            let mutating = kind == Kind::MutatingWebhookConfiguration;
            each(fields, "/webhooks", |hook| webhook(hook, mutating));
        }
        Kind::CustomResourceDefinition => inside(fields, "spec", definition),
        Kind::APIService => inside(fields, "spec", |spec| {
            inside(spec, "service", |service| put(service, "port", 443.into()));
        }),
        _ => {}
    }
}

fn put(fields: &mut Fields, key: &str, value: Value) {
    let slot = fields.entry(key).or_insert(Value::Null);
    if slot.is_null() {
        *slot = value;
    }
}

/// Puts a text where there is none or an empty one.
fn put_text(fields: &mut Fields, key: &str, value: &str) {
    let slot = fields.entry(key).or_insert(Value::Null);
    if slot.as_str().is_none_or(str::is_empty) {
        *slot = value.into();
    }
}

fn inside(fields: &mut Fields, key: &str, act: impl FnOnce(&mut Fields)) {
    if let Some(inner) = fields.get_mut(key).and_then(Value::as_object_mut) {
        act(inner);
    }
}

fn each(fields: &mut Fields, pointer: &str, mut act: impl FnMut(&mut Fields)) {
    let (first, rest) = pointer.trim_start_matches('/').split_once('/').map_or(
        (pointer.trim_start_matches('/'), String::new()),
        |(first, rest)| (first, format!("/{rest}")),
    );
    let list = fields.get_mut(first).and_then(|v| v.pointer_mut(&rest));
    let items = list.and_then(Value::as_array_mut).into_iter().flatten();
    items.filter_map(Value::as_object_mut).for_each(&mut act);
}

fn secret(fields: &mut Fields) {
    put_text(fields, "type", "Opaque");
    let Some(Value::Object(texts)) = fields.remove("stringData") else {
        return;
    };
    let data = fields.entry("data").or_insert_with(|| json!({}));
    if let Some(data) = data.as_object_mut() {
        for (key, text) in texts {
            let bytes = text.as_str().unwrap_or_default().as_bytes();
            data.insert(key, crate::api::base64(bytes).into());
        }
    }
}

/// Limits follow the maximum, requests the limits and then the minimum.
fn limit(item: &mut Fields) {
    if item.get("type").and_then(Value::as_str) != Some("Container") {
        return;
    }
    for (to, from) in [
        ("default", "max"),
        ("defaultRequest", "default"),
        ("defaultRequest", "min"),
    ] {
        let source = item.get(from).and_then(Value::as_object).cloned();
        let Some(source) = source else { continue };
        let slot = item.entry(to).or_insert_with(|| json!({}));
        if let Some(slot) = slot.as_object_mut() {
            for (key, value) in source {
                slot.entry(key).or_insert(value);
            }
        }
    }
}

fn autoscaler(spec: &mut Fields) {
    put(spec, "minReplicas", 1.into());
    if spec
        .get("metrics")
        .and_then(Value::as_array)
        .is_none_or(Vec::is_empty)
    {
        let target = json!({ "type": "Utilization", "averageUtilization": 80 });
        let metric = json!({ "type": "Resource", "resource": { "name": "cpu", "target": target } });
        spec.insert("metrics".into(), json!([metric]));
    }
    inside(spec, "behavior", |behavior| {
        let policy =
            |kind: &str, value: i32| json!({ "type": kind, "value": value, "periodSeconds": 15 });
        let up = json!({
            "stabilizationWindowSeconds": 0, "selectPolicy": "Max",
            "policies": [policy("Pods", 4), policy("Percent", 100)],
        });
        let down = json!({ "selectPolicy": "Max", "policies": [policy("Percent", 100)] });
        for (direction, rules) in [("scaleUp", up), ("scaleDown", down)] {
            put(behavior, direction, json!({}));
            inside(behavior, direction, |own| {
                for (key, value) in rules.as_object().into_iter().flatten() {
                    put(own, key, value.clone());
                }
            });
        }
    });
}

fn network_policy(spec: &mut Fields) {
    put(spec, "podSelector", json!({}));
    for direction in ["/ingress", "/egress"] {
        each(spec, direction, |rule| {
            each(rule, "/ports", |port| put(port, "protocol", "TCP".into()));
        });
    }
    let has = |key: &str| {
        spec.get(key)
            .and_then(Value::as_array)
            .is_some_and(|l| !l.is_empty())
    };
    if !has("policyTypes") {
        let mut types = vec!["Ingress"];
        types.extend(has("egress").then_some("Egress"));
        spec.insert("policyTypes".into(), json!(types));
    }
}

const RBAC: &str = "rbac.authorization.k8s.io";

fn binding(fields: &mut Fields) {
    inside(fields, "roleRef", |role| put_text(role, "apiGroup", RBAC));
    each(fields, "/subjects", |subject| {
        let kind = subject.get("kind").and_then(Value::as_str);
        if matches!(kind, Some("User" | "Group")) {
            put_text(subject, "apiGroup", RBAC);
        }
    });
}

fn webhook(hook: &mut Fields, mutating: bool) {
    put(hook, "failurePolicy", "Fail".into());
    put(hook, "matchPolicy", "Equivalent".into());
    put(hook, "namespaceSelector", json!({}));
    put(hook, "objectSelector", json!({}));
    put(hook, "timeoutSeconds", 10.into());
    if mutating {
        put(hook, "reinvocationPolicy", "Never".into());
    }
    each(hook, "/rules", |rule| put(rule, "scope", "*".into()));
    inside(hook, "clientConfig", |config| {
        inside(config, "service", |service| {
            put(service, "port", 443.into())
        });
    });
}

fn definition(spec: &mut Fields) {
    inside(spec, "names", |names| {
        let kind = names
            .get("kind")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_string();
        put_text(names, "singular", &kind.to_lowercase());
        put_text(names, "listKind", &format!("{kind}List"));
    });
    put(spec, "conversion", json!({ "strategy": "None" }));
}

/// Gives a new object of a kind that is kept as data the status that its kind starts with.
pub(in crate::apiserver) fn start_status(object: &mut Object) {
    let Body::Data(kind, data) = &mut object.body else {
        return;
    };
    if let Kind::Custom(_) = kind {
        if has_own_status(*kind) {
            drop_status(data);
        }
    } else if data.get("status").is_none()
        && let Some(status) = fresh_status(*kind, data)
        && let Some(fields) = Arc::make_mut(data).as_object_mut()
    {
        fields.insert("status".into(), status);
    }
}

/// The status that a new object starts with; `None` where the kind has none.
fn fresh_status(kind: Kind, fields: &Value) -> Option<Value> {
    Some(match kind {
        Kind::Ingress => json!({ "loadBalancer": {} }),
        Kind::HorizontalPodAutoscaler => json!({ "currentMetrics": null, "desiredReplicas": 0 }),
        Kind::PodDisruptionBudget => json!({
            "currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0,
        }),
        Kind::PersistentVolumeClaim | Kind::PersistentVolume => json!({ "phase": "Pending" }),
        Kind::ResourceQuota | Kind::APIService => json!({}),
        Kind::CustomResourceDefinition => {
            let versions = items_at(fields, "/spec/versions").iter();
            let stored = versions.filter(|v| v.get("storage") == Some(&Value::Bool(true)));
            let stored: Vec<&str> = stored.map(|v| text_at(v, "/name")).collect();
            json!({
                "acceptedNames": { "kind": "", "plural": "" },
                "conditions": null, "storedVersions": stored,
            })
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_the_server() {
        let requests = json!({"cpu": "1", "memory": "1Mi"});
        for (kind, given, wanted) in [
            (Kind::Secret, json!({}), json!({"type": "Opaque"})),
            (
                Kind::Secret,
                json!({"stringData": {"a": "x"}, "data": {"a": "eQ==", "b": "eg=="}}),
                json!({"type": "Opaque", "data": {"a": "eA==", "b": "eg=="}}),
            ),
            (
                Kind::LimitRange,
                json!({"spec": {"limits": [{"type": "Container", "max": {"cpu": "1"}, "min": {"memory": "1Mi"}}]}}),
                json!({"spec": {"limits": [{
                    "type": "Container", "max": {"cpu": "1"}, "min": {"memory": "1Mi"},
                    "default": {"cpu": "1"}, "defaultRequest": requests,
                }]}}),
            ),
            (
                Kind::NetworkPolicy,
                json!({"spec": {"podSelector": {}, "egress": [{"ports": [{"port": 1}]}]}}),
                json!({"spec": {
                    "podSelector": {}, "egress": [{"ports": [{"port": 1, "protocol": "TCP"}]}],
                    "policyTypes": ["Ingress", "Egress"],
                }}),
            ),
            (
                Kind::RoleBinding,
                json!({"roleRef": {"apiGroup": "", "kind": "Role", "name": "r"}, "subjects": [{"kind": "User", "name": "u"}, {"kind": "ServiceAccount", "name": "s"}]}),
                json!({
                    "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": "r"},
                    "subjects": [{"apiGroup": RBAC, "kind": "User", "name": "u"}, {"kind": "ServiceAccount", "name": "s"}],
                }),
            ),
            (
                Kind::HorizontalPodAutoscaler,
                json!({"spec": {"behavior": {"scaleDown": {"selectPolicy": "Min"}}}}),
                json!({"spec": {
                    "minReplicas": 1,
                    "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}],
                    "behavior": {
                        "scaleDown": {"selectPolicy": "Min", "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}]},
                        "scaleUp": {"selectPolicy": "Max", "stabilizationWindowSeconds": 0, "policies": [
                            {"type": "Pods", "value": 4, "periodSeconds": 15},
                            {"type": "Percent", "value": 100, "periodSeconds": 15},
                        ]},
                    },
                }}),
            ),
            (
                Kind::CustomResourceDefinition,
                json!({"spec": {"names": {"kind": "CronTab", "plural": "crontabs"}}}),
                json!({"spec": {
                    "names": {"kind": "CronTab", "plural": "crontabs", "singular": "crontab", "listKind": "CronTabList"},
                    "conversion": {"strategy": "None"},
                }}),
            ),
        ] {
            let mut fields = given.as_object().cloned().expect("an object");
            data(kind, &mut fields);
            assert_eq!(Value::Object(fields), wanted, "{given}");
        }
    }
}
