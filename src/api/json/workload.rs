//! Deployments and ReplicaSets as JSON.
//!
//! Upstream: `apps/v1`; zero counts are left out but for `terminatingReplicas`, and `replicas` of a
//! ReplicaSet.

use serde_json::{Map, Value, json};

use crate::api::{Condition, DeploymentBody, ReplicaSetBody};

pub(super) fn write_deployment(body: &DeploymentBody, out: &mut Map<String, Value>) {
    out.insert("spec".into(), json!(**body.spec));
    let status = &body.status;
    let mut fields = counts(&[
        ("availableReplicas", status.available_replicas.into()),
        ("observedGeneration", status.observed_generation),
        ("readyReplicas", status.ready_replicas.into()),
        ("replicas", status.replicas.into()),
        ("unavailableReplicas", status.unavailable_replicas.into()),
        ("updatedReplicas", status.updated_replicas.into()),
    ]);
    if let Some(count) = status.collision_count {
        fields.insert("collisionCount".into(), count.into());
    }
    finish(
        fields,
        status.terminating_replicas,
        &status.conditions,
        true,
        out,
    );
}

pub(super) fn write_replica_set(body: &ReplicaSetBody, out: &mut Map<String, Value>) {
    let mut spec = json!({
        "replicas": body.replicas, "selector": **body.api_selector, "template": *body.template.api,
    });
    if let (Value::Object(map), true) = (&mut spec, body.min_ready_seconds != 0) {
        map.insert("minReadySeconds".into(), body.min_ready_seconds.into());
    }
    out.insert("spec".into(), spec);
    let status = &body.status;
    let mut fields = counts(&[
        ("availableReplicas", status.available_replicas.into()),
        ("fullyLabeledReplicas", status.fully_labeled_replicas.into()),
        ("observedGeneration", status.observed_generation),
        ("readyReplicas", status.ready_replicas.into()),
    ]);
    fields.insert("replicas".into(), status.replicas.into());
    finish(
        fields,
        status.terminating_replicas,
        &status.conditions,
        false,
        out,
    );
}

pub(super) fn counts(all: &[(&str, i64)]) -> Map<String, Value> {
    all.iter()
        .filter(|(_, n)| *n != 0)
        .map(|(key, n)| ((*key).to_string(), json!(n)))
        .collect()
}

pub(super) fn finish(
    mut fields: Map<String, Value>,
    terminating: Option<i32>,
    conditions: &[Condition],
    with_update: bool,
    out: &mut Map<String, Value>,
) {
    if let Some(count) = terminating {
        fields.insert("terminatingReplicas".into(), count.into());
    }
    if !conditions.is_empty() {
        let list = conditions.iter().map(|c| condition(c, with_update));
        fields.insert("conditions".into(), list.collect());
    }
    out.insert("status".into(), Value::Object(fields));
}

fn condition(condition: &Condition, with_update: bool) -> Value {
    let mut out = json!({
        "type": condition.kind, "status": condition.status.as_str(), "reason": condition.reason,
        "message": condition.message, "lastTransitionTime": condition.transition.rfc3339(),
    });
    if let (Value::Object(map), true) = (&mut out, with_update) {
        map.insert("lastUpdateTime".into(), condition.updated.rfc3339().into());
    }
    out
}
