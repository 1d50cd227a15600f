//! Defaults of workloads.
//!
//! Upstream: `pkg/apis/{apps,core}/v1/defaults.go`.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::{
    DaemonSetSpec, DaemonSetUpdateStrategy, DeploymentSpec, DeploymentStrategy, ReplicaSetSpec,
    RollingUpdateDaemonSet, RollingUpdateDeployment, StatefulSetSpec, StatefulSetUpdateStrategy,
};
use k8s_openapi::api::core::v1::{
    PersistentVolumeClaim, PersistentVolumeClaimStatus, ReplicationControllerSpec,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::api::Meta;

use super::{pod_template, text};

pub(in crate::apiserver) fn deployment(spec: &mut DeploymentSpec) {
    spec.replicas.get_or_insert(1);
    let strategy = spec
        .strategy
        .get_or_insert_with(DeploymentStrategy::default);
    text(&mut strategy.type_, "RollingUpdate");
    if strategy.type_.as_deref() == Some("RollingUpdate") {
        let rolling = strategy
            .rolling_update
            .get_or_insert_with(RollingUpdateDeployment::default);
        let quarter = || IntOrString::String("25%".into());
        rolling.max_unavailable.get_or_insert_with(quarter);
        rolling.max_surge.get_or_insert_with(quarter);
    }
    spec.revision_history_limit.get_or_insert(10);
    spec.progress_deadline_seconds.get_or_insert(600);
    // Go leaves out a zero and a false.
    spec.min_ready_seconds = spec.min_ready_seconds.filter(|n| *n != 0);
    spec.paused = spec.paused.filter(|paused| *paused);
    pod_template(&mut spec.template);
}

pub(in crate::apiserver) fn replica_set(spec: &mut ReplicaSetSpec) {
    spec.replicas.get_or_insert(1);
    pod_template(spec.template.get_or_insert_default());
}

/// Labels and selector of a ReplicationController are those of its template where it has none.
pub(in crate::apiserver) fn replication_controller(
    meta: &mut Meta,
    spec: &mut ReplicationControllerSpec,
) {
    let labels = spec
        .template
        .as_ref()
        .and_then(|t| t.metadata.as_ref())
        .and_then(|m| m.labels.clone())
        .unwrap_or_default();
    if !labels.is_empty() {
        if spec.selector.as_ref().is_none_or(|s| s.is_empty()) {
            spec.selector = Some(labels.clone());
        }
        if meta.labels.is_empty() {
            meta.labels = Arc::new(labels);
        }
    }
    spec.replicas.get_or_insert(1);
    pod_template(spec.template.get_or_insert_default());
}

pub(in crate::apiserver) fn daemon_set(spec: &mut DaemonSetSpec) {
    let strategy = spec
        .update_strategy
        .get_or_insert_with(DaemonSetUpdateStrategy::default);
    text(&mut strategy.type_, "RollingUpdate");
    if strategy.type_.as_deref() == Some("RollingUpdate") {
        let rolling = strategy
            .rolling_update
            .get_or_insert_with(RollingUpdateDaemonSet::default);
        rolling.max_unavailable.get_or_insert(IntOrString::Int(1));
        rolling.max_surge.get_or_insert(IntOrString::Int(0));
    }
    spec.revision_history_limit.get_or_insert(10);
    spec.min_ready_seconds = spec.min_ready_seconds.filter(|n| *n != 0);
    pod_template(&mut spec.template);
}

/// `maxUnavailable` is dropped, as the gate MaxUnavailableStatefulSet is off.
pub(in crate::apiserver) fn stateful_set(spec: &mut StatefulSetSpec) {
    text(&mut spec.pod_management_policy, "OrderedReady");
    let strategy = spec
        .update_strategy
        .get_or_insert_with(StatefulSetUpdateStrategy::default);
    if strategy.type_.as_deref().unwrap_or_default().is_empty() {
        strategy.type_ = Some("RollingUpdate".into());
        strategy.rolling_update.get_or_insert_default();
    }
    if let Some(rolling) = &mut strategy.rolling_update {
        if strategy.type_.as_deref() == Some("RollingUpdate") {
            rolling.partition.get_or_insert(0);
        }
        rolling.max_unavailable = None;
    }
    let policy = spec
        .persistent_volume_claim_retention_policy
        .get_or_insert_default();
    text(&mut policy.when_deleted, "Retain");
    text(&mut policy.when_scaled, "Retain");
    spec.replicas.get_or_insert(1);
    spec.revision_history_limit.get_or_insert(10);
    spec.min_ready_seconds = spec.min_ready_seconds.filter(|n| *n != 0);
    for claim in spec.volume_claim_templates.iter_mut().flatten() {
        claim_template(claim);
    }
    pod_template(&mut spec.template);
}

fn claim_template(claim: &mut PersistentVolumeClaim) {
    let spec = claim.spec.get_or_insert_default();
    text(&mut spec.volume_mode, "Filesystem");
    spec.resources.get_or_insert_default();
    claim.status = Some(PersistentVolumeClaimStatus {
        phase: Some("Pending".into()),
        ..PersistentVolumeClaimStatus::default()
    });
}
