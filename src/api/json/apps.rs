//! DaemonSets, StatefulSets and ReplicationControllers as JSON.
//!
//! Upstream: `apps/v1`, `core/v1`: which counts are printed although they are zero.

use serde_json::{Map, Value, json};

use crate::api::{DaemonSetBody, ReplicaSetBody, StatefulSetBody};

use super::workload::{counts, finish};

pub(super) fn write_daemon_set(body: &DaemonSetBody, out: &mut Map<String, Value>) {
    out.insert("spec".into(), json!(**body.spec));
    let status = &body.status;
    let mut fields = counts(&[
        ("numberAvailable", status.available.into()),
        ("numberUnavailable", status.unavailable.into()),
        ("observedGeneration", status.observed_generation),
        ("updatedNumberScheduled", status.updated.into()),
    ]);
    for (key, count) in [
        ("currentNumberScheduled", status.current),
        ("desiredNumberScheduled", status.desired),
        ("numberMisscheduled", status.misscheduled),
        ("numberReady", status.ready),
    ] {
        fields.insert(key.into(), count.into());
    }
    if let Some(count) = status.collision_count {
        fields.insert("collisionCount".into(), count.into());
    }
    out.insert("status".into(), Value::Object(fields));
}

pub(super) fn write_stateful_set(body: &StatefulSetBody, out: &mut Map<String, Value>) {
    out.insert("spec".into(), json!(**body.spec));
    let status = &body.status;
    let mut fields = counts(&[
        ("currentReplicas", status.current_replicas.into()),
        ("observedGeneration", status.observed_generation),
        ("readyReplicas", status.ready_replicas.into()),
        ("updatedReplicas", status.updated_replicas.into()),
    ]);
    fields.insert("availableReplicas".into(), status.available_replicas.into());
    fields.insert("replicas".into(), status.replicas.into());
    for (key, revision) in [
        ("currentRevision", &status.current_revision),
        ("updateRevision", &status.update_revision),
    ] {
        if !revision.is_empty() {
            fields.insert(key.into(), json!(revision));
        }
    }
    if let Some(count) = status.collision_count {
        fields.insert("collisionCount".into(), count.into());
    }
    out.insert("status".into(), Value::Object(fields));
}

/// A ReplicationController is a ReplicaSet whose selector is a plain map.
pub(super) fn write_replication_controller(body: &ReplicaSetBody, out: &mut Map<String, Value>) {
    let mut spec = json!({"replicas": body.replicas, "template": *body.template.api});
    if let Value::Object(map) = &mut spec {
        if body.min_ready_seconds != 0 {
            map.insert("minReadySeconds".into(), body.min_ready_seconds.into());
        }
        if let Some(labels) = &body.api_selector.match_labels {
            map.insert("selector".into(), json!(labels));
        }
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
    finish(fields, None, &status.conditions, false, out);
}
