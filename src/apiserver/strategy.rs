//! What a write keeps and what it takes over: the metadata that is the server's, the status on a
//! write to the object, the spec on a write to the status.
//!
//! Upstream: `PrepareForCreate` and `PrepareForUpdate` of the strategies in `pkg/registry`.

use std::sync::Arc;

use serde_json::Value;

use crate::api::{Body, Meta, Object};

use super::definitions::has_own_status;

pub(super) fn keep_system_fields(meta: &mut Meta, old: &Meta) {
    meta.uid = old.uid;
    meta.created = old.created;
    meta.generation = old.generation;
    meta.deletion = old.deletion;
    meta.generate_name.clone_from(&old.generate_name);
}

pub(super) fn keep_status(object: &mut Object, old: &Object) {
    match (&mut object.body, &old.body) {
        (Body::Pod(new), Body::Pod(old)) => {
            new.status = old.status.clone();
            new.node_name.clone_from(&old.node_name);
            new.token_suffix.clone_from(&old.token_suffix);
        }
        (Body::Node(new), Body::Node(old)) => new.status = old.status.clone(),
        (Body::Deployment(new), Body::Deployment(old)) => new.status = old.status.clone(),
        (Body::ReplicaSet(new), Body::ReplicaSet(old))
        | (Body::ReplicationController(new), Body::ReplicationController(old)) => {
            new.status = old.status.clone();
        }
        (Body::DaemonSet(new), Body::DaemonSet(old)) => new.status = old.status.clone(),
        (Body::StatefulSet(new), Body::StatefulSet(old)) => new.status = old.status.clone(),
        (Body::Job(new), Body::Job(old)) => new.status = old.status.clone(),
        (Body::CronJob(new), Body::CronJob(old)) => new.status = old.status.clone(),
        _ => {}
    }
}

/// The annotation that numbers the templates of a DaemonSet.
const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// Numbers a DaemonSet's template; the number is the server's, whatever the writer says.
pub(super) fn number_template(object: &mut Object, old: Option<&Object>) {
    let Body::DaemonSet(new) = &object.body else {
        return;
    };
    let before = old.and_then(|o| Some((o.daemon_set()?, o.meta.annotation(TEMPLATE_GENERATION)?)));
    let number = before.map_or(1, |(old, text)| {
        text.parse().unwrap_or(1) + i64::from(old.template != new.template)
    });
    object
        .meta
        .set_annotation(TEMPLATE_GENERATION, Some(&number.to_string()));
}

pub(super) fn take_status(new: &mut Object, from: Object) {
    match (&mut new.body, from.body) {
        (Body::Pod(new), Body::Pod(from)) => new.status = from.status,
        (Body::Node(new), Body::Node(from)) => new.status = from.status,
        (Body::Deployment(new), Body::Deployment(from)) => new.status = from.status,
        (Body::ReplicaSet(new), Body::ReplicaSet(from))
        | (Body::ReplicationController(new), Body::ReplicationController(from)) => {
            new.status = from.status;
        }
        (Body::DaemonSet(new), Body::DaemonSet(from)) => new.status = from.status,
        (Body::StatefulSet(new), Body::StatefulSet(from)) => new.status = from.status,
        (Body::Job(new), Body::Job(from)) => new.status = from.status,
        (Body::CronJob(new), Body::CronJob(from)) => new.status = from.status,
        (Body::Lease(new), Body::Lease(from)) => *new = from,
        (Body::Data(_, new), Body::Data(_, from)) => *new = from,
        _ => {}
    }
}

pub(super) fn same_spec(new: &Object, old: &Object) -> bool {
    match (&new.body, &old.body) {
        (Body::Pod(new), Body::Pod(old)) => new.spec == old.spec,
        (Body::Deployment(new), Body::Deployment(old)) => new.spec == old.spec,
        (Body::DaemonSet(new), Body::DaemonSet(old)) => new.spec == old.spec,
        (Body::StatefulSet(new), Body::StatefulSet(old)) => new.spec == old.spec,
        (Body::Job(new), Body::Job(old)) => new.spec == old.spec,
        (Body::CronJob(new), Body::CronJob(old)) => new.spec == old.spec,
        (Body::ReplicaSet(new), Body::ReplicaSet(old))
        | (Body::ReplicationController(new), Body::ReplicationController(old)) => {
            let spec = |b: &crate::api::ReplicaSetBody| {
                (
                    b.replicas,
                    b.min_ready_seconds,
                    b.api_selector.clone(),
                    b.template.clone(),
                )
            };
            spec(new) == spec(old)
        }
        (Body::Data(kind, new), Body::Data(_, old)) => {
            let fields = |value: &Value| {
                let mut fields = value.as_object().cloned().unwrap_or_default();
                if has_own_status(*kind) {
                    fields.remove("status");
                }
                fields
            };
            Arc::ptr_eq(new, old) || fields(new) == fields(old)
        }
        _ => true,
    }
}
