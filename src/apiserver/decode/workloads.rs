//! Workloads: read, defaulted, wrapped.
//!
//! Upstream: the codecs of `apps/v1`, `batch/v1` and `core/v1`.

use std::cell::RefCell;

use k8s_openapi::api::apps::v1::{DaemonSetSpec, DeploymentSpec, ReplicaSetSpec, StatefulSetSpec};
use k8s_openapi::api::batch::v1::{CronJobSpec, JobSpec};
use k8s_openapi::api::core::v1::ReplicationControllerSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::Value;

use crate::api::{
    Body, CronJobBody, CronJobStatus, DaemonSetBody, DaemonSetStatus, DeploymentBody,
    DeploymentStatus, JobBody, JobStatus, Kind, Meta, PodTemplate, ReplicaSetBody, StatefulSetBody,
    StatefulSetStatus,
};
use crate::apiserver::defaults;

use super::envelope;
use super::strict::Notes;

/// Reads a workload; `None` for other kinds.
pub(super) fn read<'a>(
    kind: Kind,
    value: &'a Value,
    notes: &RefCell<Notes<'a>>,
) -> Option<(Meta, Body)> {
    Some(match kind {
        Kind::Deployment => {
            let (meta, mut spec) = envelope::<DeploymentSpec>("Deployment", value, notes);
            mark_selector(&mut spec.selector, value);
            defaults::deployment(&mut spec);
            (
                meta,
                Body::Deployment(DeploymentBody::new(spec, DeploymentStatus::default())),
            )
        }
        Kind::ReplicaSet => {
            let (meta, mut spec) = envelope::<ReplicaSetSpec>("ReplicaSet", value, notes);
            mark_selector(&mut spec.selector, value);
            defaults::replica_set(&mut spec);
            let template = PodTemplate::new(spec.template.unwrap_or_default());
            let (replicas, minimum) = (
                spec.replicas.unwrap_or(1),
                spec.min_ready_seconds.unwrap_or(0),
            );
            let body = ReplicaSetBody::new(replicas, minimum, spec.selector, template);
            (meta, Body::ReplicaSet(body))
        }
        Kind::DaemonSet => {
            let (meta, mut spec) = envelope::<DaemonSetSpec>("DaemonSet", value, notes);
            mark_selector(&mut spec.selector, value);
            defaults::daemon_set(&mut spec);
            let body = DaemonSetBody::new(spec, DaemonSetStatus::default());
            (meta, Body::DaemonSet(body))
        }
        Kind::StatefulSet => {
            let (meta, mut spec) = envelope::<StatefulSetSpec>("StatefulSet", value, notes);
            mark_selector(&mut spec.selector, value);
            defaults::stateful_set(&mut spec);
            let body = StatefulSetBody::new(spec, StatefulSetStatus::default());
            (meta, Body::StatefulSet(body))
        }
        Kind::ReplicationController => {
            let name = "ReplicationController";
            let (mut meta, mut spec) = envelope::<ReplicationControllerSpec>(name, value, notes);
            defaults::replication_controller(&mut meta, &mut spec);
            let body = ReplicaSetBody::of_controller(spec);
            (meta, Body::ReplicationController(body))
        }
        Kind::Job => {
            let (meta, mut spec) = envelope::<JobSpec>("Job", value, notes);
            defaults::job(&mut spec);
            (meta, Body::Job(JobBody::new(spec, JobStatus::default())))
        }
        Kind::CronJob => {
            let (meta, mut spec) = envelope::<CronJobSpec>("CronJob", value, notes);
            defaults::cron_job(&mut spec);
            let body = CronJobBody::new(spec, CronJobStatus::default());
            (meta, Body::CronJob(body))
        }
        _ => return None,
    })
}

/// An explicit `{}` must stay different from no selector at all: validation answers differently.
fn mark_selector(selector: &mut LabelSelector, value: &Value) {
    let given = value
        .pointer("/spec/selector")
        .is_some_and(Value::is_object);
    if given && selector.match_labels.is_none() && selector.match_expressions.is_none() {
        selector.match_labels = Some(std::collections::BTreeMap::new());
    }
}
