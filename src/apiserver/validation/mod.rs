//! Validation.
//!
//! Upstream: `pkg/apis/*/validation/validation.go`: texts, paths and order. Differs:
//! rules of rarely used fields (security contexts, Windows, device claims, rare volume types) are
//! left out.

mod affinity;
mod api_service;
mod autoscaler;
mod config;
mod container;
mod cron_job;
mod daemonset;
mod data;
mod definition;
mod disruption;
mod endpoints;
mod format;
mod ingress;
mod job;
mod job_policy;
mod job_template;
mod limit_range;
mod meta;
mod network_policy;
mod node;
mod pod;
mod pod_update;
mod priority_class;
mod probe;
mod quota;
mod rbac;
mod resources;
mod service;
mod statefulset;
mod storage;
mod volume;
mod webhook;
mod workload;

use std::sync::Arc;

use crate::api::{Body, Kind, Object};

use super::FieldError;

pub(super) use pod_update::pod_update;

type Errors = Vec<FieldError>;

/// Problems of an object that is about to be created, in the server's order. A pod whose spec comes
/// from a template was checked with it: `from_template` leaves out what that check has covered.
pub(super) fn validate_create(object: &Object, from_template: bool) -> Vec<FieldError> {
    let mut errors = Vec::new();
    match &object.body {
        Body::Event(_) | Body::Lease(_) => return errors,
        _ => meta::object_meta(object, &mut errors),
    }
    match &object.body {
        Body::Pod(body) => {
            if !from_template {
                pod::pod_spec(&body.spec.spec, "spec", &mut errors);
            }
            pod::images_of_a_pod(&body.spec.spec, &mut errors);
        }
        Body::Node(body) => node::node(body, &mut errors),
        Body::Deployment(body) => workload::deployment(&body.spec, &mut errors),
        Body::ReplicaSet(body) => workload::replica_set(body, &mut errors),
        Body::ReplicationController(body) => {
            workload::replication_controller(body, &mut errors);
        }
        Body::DaemonSet(body) => daemonset::daemon_set(&body.spec, &mut errors),
        Body::StatefulSet(body) => statefulset::stateful_set(&body.spec, true, &mut errors),
        Body::Data(kind, value) => data::create(*kind, object, value, &mut errors),
        Body::Job(body) => job::job(&object.meta, body, &mut errors),
        Body::CronJob(body) => cron_job::cron_job(&object.meta, body, &mut errors),
        Body::Event(_) | Body::Lease(_) => {}
    }
    errors
}

/// Problems of a new version of an object.
pub(super) fn validate_update(object: &Object, old: &Object) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if object.meta.labels != old.meta.labels || object.meta.annotations != old.meta.annotations {
        meta::labels(&object.meta.labels, "metadata.labels", &mut errors);
        meta::annotations(
            &object.meta.annotations,
            "metadata.annotations",
            &mut errors,
        );
    }
    match (&object.body, &old.body) {
        (Body::Deployment(new), Body::Deployment(old)) if !Arc::ptr_eq(&new.spec, &old.spec) => {
            workload::deployment(&new.spec, &mut errors);
            workload::immutable_selector(&new.spec.selector, &old.spec.selector, &mut errors);
        }
        (Body::ReplicaSet(new), Body::ReplicaSet(old)) => {
            workload::nonnegative(new.replicas, "spec.replicas", &mut errors);
            workload::nonnegative(new.min_ready_seconds, "spec.minReadySeconds", &mut errors);
            if new.api_selector != old.api_selector || new.template != old.template {
                errors.clear();
                workload::replica_set(new, &mut errors);
                workload::immutable_selector(&new.api_selector, &old.api_selector, &mut errors);
            }
        }
        (Body::ReplicationController(new), Body::ReplicationController(_)) => {
            workload::replication_controller(new, &mut errors);
        }
        (Body::DaemonSet(new), Body::DaemonSet(old)) if !Arc::ptr_eq(&new.spec, &old.spec) => {
            workload::immutable_selector(&new.spec.selector, &old.spec.selector, &mut errors);
            daemonset::daemon_set(&new.spec, &mut errors);
        }
        (Body::StatefulSet(new), Body::StatefulSet(old)) if !Arc::ptr_eq(&new.spec, &old.spec) => {
            statefulset::stateful_set(&new.spec, false, &mut errors);
            statefulset::immutable_fields(&new.spec, &old.spec, &mut errors);
        }
        (Body::Job(new), Body::Job(old)) if new.spec != old.spec => {
            job::job_update(&object.meta, new, old, &mut errors);
        }
        (Body::CronJob(new), Body::CronJob(old)) if new.spec != old.spec => {
            cron_job::cron_job_update(new, old, &mut errors);
        }
        (Body::Node(new), Body::Node(old)) if new.taints != old.taints => {
            node::node(new, &mut errors);
        }
        (Body::Data(kind, new), Body::Data(_, old)) => {
            data::update(*kind, object, new, old, &mut errors);
        }
        _ => {}
    }
    errors
}

/// Warnings about an object that is about to be created.
pub(super) fn create_warnings(object: &Object) -> Vec<String> {
    if let Body::Data(Kind::CustomResourceDefinition, body) = &object.body {
        return definition::warnings(body);
    }
    if !matches!(
        object.kind(),
        Kind::Pod | Kind::Deployment | Kind::ReplicaSet | Kind::Job | Kind::CronJob
    ) {
        return Vec::new();
    }
    let name = &*object.meta.name;
    let mut problems = format::dns_1123_label(name);
    if name.contains('.') {
        // A dot makes the rule's own text redundant.
        problems.retain(|p| p.contains("no more than"));
        problems.push("must not contain dots".to_string());
    }
    if name.is_empty() || problems.is_empty() || !format::dns_1123_subdomain(name).is_empty() {
        return Vec::new();
    }
    vec![format!(
        "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [{}]",
        problems.join(", ")
    )]
}

#[cfg(test)]
mod data_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod webhook_tests;
