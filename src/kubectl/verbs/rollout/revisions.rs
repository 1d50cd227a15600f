//! The ControllerRevisions of a DaemonSet or StatefulSet, as `rollout` reads and restores them.
//!
//! Upstream: `controlledHistory` in `polymorphichelpers/history.go`, `findHistory` and the
//! rollbackers of DaemonSets and StatefulSets in `rollback.go`.

use std::sync::Arc;

use k8s_openapi::api::core::v1::PodTemplateSpec;
use serde_json::Value;

use crate::api::{Kind, Object, Order};
use crate::apiserver::Snapshot;
use crate::kubectl::edits::template;
use crate::kubectl::errors::Failure;

/// Whether the history of a kind is kept in ControllerRevisions.
pub(super) fn has_revisions(kind: Kind) -> bool {
    matches!(kind, Kind::DaemonSet | Kind::StatefulSet)
}

/// The number of a revision.
pub(super) fn number(revision: &Object) -> i64 {
    let number = revision.data().and_then(|data| data.get("revision"));
    number.and_then(Value::as_i64).unwrap_or(0)
}

/// The revisions of a workload, lowest number first.
pub(super) fn of(object: &Object, snapshot: Snapshot<'_>) -> Vec<Arc<Object>> {
    let owned = snapshot.owned_by(Kind::ControllerRevision, object.meta.uid);
    let selected = owned.filter(|r| {
        let selector = object.selector();
        selector.is_some_and(|s| s.matches(&r.meta.labels))
    });
    let mut all: Vec<Arc<Object>> = selected.cloned().collect();
    all.order_by_key(|r| number(r));
    all
}

/// The template that a revision puts back.
pub(super) fn template_of(revision: &Object) -> Option<PodTemplateSpec> {
    let template = revision.data()?.pointer("/data/spec/template")?;
    serde_json::from_value(template.clone()).ok()
}

/// Whether the workload has the template of a revision now.
pub(super) fn is_current(object: &Object, revision: &Object) -> bool {
    template_of(revision).as_ref() == template(object)
}

/// The revision to return to; the one before the last if `to` is 0. Errors: kubectl's.
pub(super) fn target(all: &[Arc<Object>], to: i64) -> Result<Arc<Object>, Failure> {
    let found = if to == 0 {
        let Some(at) = all.len().checked_sub(2) else {
            return Err(Failure::error("no last revision to roll back to"));
        };
        all.get(at)
    } else {
        all.iter().find(|revision| number(revision) == to)
    };
    found
        .cloned()
        .ok_or_else(|| Failure::error(format!("unable to find specified revision {to} in history")))
}
