//! The status of a ReplicaSet, computed and written.
//!
//! Upstream: `pkg/controller/replicaset/replica_set_utils.go`.

use std::sync::Arc;

use crate::api::{
    Body, Condition, ConditionStatus, Object, PodConditionType, ReplicaSetBody, ReplicaSetStatus,
};
use crate::apiserver::{ApiError, Reason};
use crate::client::Client;
use crate::clock::{SimTime, Span};

use super::super::util::{condition, remove_condition, set_condition};

/// What a sync has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub replicas: i32,
    pub fully_labeled: i32,
    pub ready: i32,
    pub available: i32,
    pub terminating: i32,
}

/// Why a sync could not create or delete pods.
pub(super) struct Failure {
    /// `FailedCreate` or `FailedDelete`.
    pub reason: &'static str,
    pub message: String,
}

/// The new status; equal to the old one if nothing differs.
pub(super) fn calculate(
    old: &ReplicaSetStatus,
    generation: i64,
    counts: Counts,
    failure: Option<&Failure>,
    now: SimTime,
) -> ReplicaSetStatus {
    let mut conditions = old.conditions.clone();
    match failure {
        Some(failure) if condition(&conditions, "ReplicaFailure").is_none() => {
            let failed = Condition {
                kind: "ReplicaFailure".into(),
                status: ConditionStatus::True,
                reason: failure.reason.into(),
                message: failure.message.as_str().into(),
                updated: now.whole_secs(),
                transition: now.whole_secs(),
            };
            set_condition(&mut conditions, failed);
        }
        Some(_) => {}
        None => remove_condition(&mut conditions, "ReplicaFailure"),
    }
    ReplicaSetStatus {
        observed_generation: generation,
        replicas: counts.replicas,
        fully_labeled_replicas: counts.fully_labeled,
        ready_replicas: counts.ready,
        available_replicas: counts.available,
        terminating_replicas: Some(counts.terminating),
        conditions,
    }
}

/// Writes a status if it differs; tries once more on the latest version after a conflict.
pub(super) fn write(
    rs: &Object,
    status: ReplicaSetStatus,
    client: &mut Client<'_>,
) -> Result<(), ApiError> {
    if rs.replica_set().is_some_and(|body| body.status == status) {
        return Ok(());
    }
    match client.update_status(with_status(rs, status.clone())) {
        Err(error) if error.reason == Reason::Conflict => {
            let latest: Option<Arc<Object>> = client.live().get(&rs.key()).cloned();
            let Some(latest) = latest else { return Ok(()) };
            client
                .update_status(with_status(&latest, status))
                .map(|_| ())
        }
        other => other.map(|_| ()),
    }
}

fn with_status(rs: &Object, status: ReplicaSetStatus) -> Object {
    let mut new = rs.clone();
    if let Body::ReplicaSet(body) | Body::ReplicationController(body) = &mut new.body {
        body.status = status;
    }
    new
}

/// How many of the ready pods have been so for `minReadySeconds`, and when the next one will.
pub(super) fn available<'a>(
    rs: &ReplicaSetBody,
    pods: impl Iterator<Item = &'a Arc<Object>>,
    now: SimTime,
) -> (i32, Option<SimTime>) {
    let (mut count, mut next) = (0, None);
    for status in pods.filter_map(|pod| pod.pod()).map(|body| &body.status) {
        let Some(ready) = status.condition(PodConditionType::Ready) else {
            continue;
        };
        if ready.status != ConditionStatus::True {
            continue;
        }
        let at = ready.transition.whole_secs() + Span::secs(rs.min_ready_seconds.into());
        if rs.min_ready_seconds == 0 || at <= now {
            count += 1;
        } else if next.is_none_or(|earliest| at < earliest) {
            next = Some(at);
        }
    }
    (count, next)
}
