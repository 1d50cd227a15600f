//! `kubectl describe deployment`.
//!
//! Upstream: `describeDeployment` in `describe.go`.

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::api::{Condition, Object};
use crate::kubectl::objects::ReplicaSets;

use super::text::Text;
use super::{Scene, events, template};

pub(super) fn write(object: &Object, scene: Scene<'_>, out: &mut Text) {
    let Some(deployment) = object.deployment() else {
        return;
    };
    let (spec, status) = (&deployment.spec, &deployment.status);
    out.names(&object.meta);
    out.field(0, "CreationTimestamp", object.meta.created.rfc1123z());
    out.labels(&object.meta);
    out.field(0, "Selector", &deployment.selector);
    out.field(
        0,
        "Replicas",
        format!(
            "{} desired | {} updated | {} total | {} available | {} unavailable",
            deployment.replicas(),
            status.updated_replicas,
            status.replicas,
            status.available_replicas,
            status.unavailable_replicas
        ),
    );
    let strategy = spec.strategy.as_ref();
    let kind = strategy
        .and_then(|s| s.type_.as_deref())
        .unwrap_or("RollingUpdate");
    out.field(0, "StrategyType", kind);
    out.field(0, "MinReadySeconds", spec.min_ready_seconds.unwrap_or(0));
    if let Some(rolling) = strategy.and_then(|s| s.rolling_update.as_ref()) {
        let text = |value: &Option<IntOrString>| match value {
            Some(IntOrString::Int(n)) => n.to_string(),
            Some(IntOrString::String(text)) => text.clone(),
            None => "25%".into(),
        };
        let (unavailable, surge) = (text(&rolling.max_unavailable), text(&rolling.max_surge));
        out.field(
            0,
            "RollingUpdateStrategy",
            format!("{unavailable} max unavailable, {surge} max surge"),
        );
    }
    template::write(&deployment.template.api, out);
    conditions(&status.conditions, out);
    let sets = ReplicaSets::of(object, scene.snapshot);
    if sets.all().next().is_some() {
        out.field(0, "OldReplicaSets", names(sets.old.iter()));
        out.field(0, "NewReplicaSet", names(sets.new.iter()));
    }
    events::write(object, scene, out);
}

/// The conditions of a workload, if it has any.
pub(super) fn conditions(conditions: &[Condition], out: &mut Text) {
    if conditions.is_empty() {
        return;
    }
    out.line(0, "Conditions:");
    out.line(1, "Type\tStatus\tReason");
    out.line(1, "----\t------\t------");
    for condition in conditions {
        let status = condition.status.as_str();
        out.line(
            1,
            format!("{} \t{status}\t{}", condition.kind, condition.reason),
        );
    }
}

fn names<'a>(sets: impl Iterator<Item = &'a Arc<Object>>) -> String {
    let one = |object: &Arc<Object>| {
        let rs = object.replica_set()?;
        let (is, wanted) = (rs.status.replicas, rs.replicas);
        Some(format!(
            "{} ({is}/{wanted} replicas created)",
            object.meta.name
        ))
    };
    let all: Vec<String> = sets.filter_map(one).collect();
    if all.is_empty() {
        "<none>".into()
    } else {
        all.join(", ")
    }
}
