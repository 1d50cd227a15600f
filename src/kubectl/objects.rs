//! Objects as kubectl receives them, and what is found by following their references.
//!
//! Upstream: `kubectl/pkg/describe` (event search), `util/deployment/deployment.go`.

use std::sync::Arc;

use serde_json::Value;

use crate::api::{Body, Kind, Object, Order, heartbeat_times, to_json};
use crate::apiserver::{Snapshot, managed_fields};
use crate::clock::SimTime;

/// The namespace of the leases of nodes.
pub const LEASES: &str = "kube-node-lease";

/// The object's JSON as the server sends it at this moment, heartbeats included.
pub fn full_json(object: &Object, snapshot: Snapshot<'_>, now: SimTime) -> Value {
    let mut value = to_json(object);
    match &object.body {
        Body::Node(_) => {
            let lease = snapshot.find(Kind::Lease, LEASES, &object.meta.name);
            if let Some(lease) = lease
                .and_then(|l| l.lease())
                .filter(|_| object_reports(object))
            {
                heartbeat_times(&mut value, lease, now);
            }
        }
        Body::Lease(lease) => {
            let renewed = lease.renewed(now).rfc3339_micros();
            if let Some(at) = value.pointer_mut("/spec/renewTime") {
                *at = renewed.into();
            }
        }
        _ => {}
    }
    value
}

/// Puts `metadata.managedFields` into the object's JSON.
pub fn add_managers(value: &mut Value, object: &Object, snapshot: Snapshot<'_>) {
    let managers = managed_fields(snapshot, &object.key());
    let metadata = value.get_mut("metadata").and_then(Value::as_object_mut);
    if let Some(metadata) = metadata {
        metadata.insert("managedFields".into(), managers);
    }
}

fn object_reports(object: &Object) -> bool {
    let reason = object.node().map(|n| &n.status.conditions.ready_reason);
    reason.is_none_or(|reason| &**reason != "NodeStatusNeverUpdated")
}

/// The events about an object, in the server's order.
pub fn events_about(object: &Object, snapshot: Snapshot<'_>) -> Vec<Arc<Object>> {
    // The events of cluster-scoped objects lie in the namespace default.
    let namespace = if object.meta.namespace.is_empty() {
        "default"
    } else {
        &object.meta.namespace
    };
    let uid = object.meta.uid;
    snapshot
        .list(Kind::Event, Some(namespace))
        .filter(|e| {
            e.event()
                .is_some_and(|e| e.involved.uid == uid && e.involved.kind == object.kind())
        })
        .cloned()
        .collect()
}

/// The ReplicaSets of a Deployment, oldest first, and among them the one of its present template.
pub struct ReplicaSets {
    pub old: Vec<Arc<Object>>,
    pub new: Option<Arc<Object>>,
}

impl ReplicaSets {
    /// Finds them.
    pub fn of(deployment: &Object, snapshot: Snapshot<'_>) -> ReplicaSets {
        let mut all: Vec<Arc<Object>> = snapshot
            .owned_by(Kind::ReplicaSet, deployment.meta.uid)
            .cloned()
            .collect();
        all.order_by(|a, b| {
            let key = |o: &Object| (o.meta.created.whole_secs(), o.meta.name.clone());
            key(a).cmp(&key(b))
        });
        let at = all.iter().position(|rs| has_template_of(rs, deployment));
        let new = at.map(|at| all.remove(at));
        ReplicaSets { old: all, new }
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.old.iter().chain(&self.new)
    }
}

/// The label by which ReplicaSets of a Deployment tell their pods apart.
pub const TEMPLATE_HASH: &str = "pod-template-hash";
/// The annotation that numbers the revisions of a Deployment.
pub const REVISION: &str = "deployment.kubernetes.io/revision";

/// The number of a ReplicaSet's revision; 0 without one.
pub fn revision_of(object: &Object) -> i64 {
    let text = object.meta.annotation(REVISION);
    text.and_then(|t| t.parse().ok()).unwrap_or(0)
}

/// Whether a ReplicaSet's template is the Deployment's, but for the hash label.
pub fn has_template_of(rs: &Object, deployment: &Object) -> bool {
    let (Some(rs), Some(deployment)) = (rs.replica_set(), deployment.deployment()) else {
        return false;
    };
    let mut own = (*rs.template.api).clone();
    if let Some(labels) = own.metadata.as_mut().and_then(|m| m.labels.as_mut()) {
        labels.remove(TEMPLATE_HASH);
    }
    let mut other = (*deployment.template.api).clone();
    if let Some(labels) = other.metadata.as_mut().and_then(|m| m.labels.as_mut()) {
        labels.remove(TEMPLATE_HASH);
    }
    own == other
}
