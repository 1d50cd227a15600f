//! Status and conditions of a Deployment, and whether it makes progress.
//!
//! Upstream: `pkg/controller/deployment/{progress,sync}.go` (syncRolloutStatus, calculateStatus).

use std::sync::Arc;

use crate::api::{Body, Condition, ConditionStatus, DeploymentStatus, Object, ReplicaSetStatus};
use crate::apiserver::ApiError;
use crate::clock::{SimTime, Span};

use super::super::util::{condition, remove_condition, set_condition, timer_after};
use super::sync::{Rollout, figures};

pub(super) const PROGRESSING: &str = "Progressing";
const AVAILABLE: &str = "Available";
const REPLICA_FAILURE: &str = "ReplicaFailure";
pub(super) const TIMED_OUT: &str = "ProgressDeadlineExceeded";
const DONE: &str = "NewReplicaSetAvailable";
/// A `progressDeadlineSeconds` that means none.
const NO_DEADLINE: i32 = i32::MAX;

/// A condition that is new now.
pub(super) fn new_condition(
    kind: &str,
    status: ConditionStatus,
    reason: &str,
    message: impl Into<Arc<str>>,
    now: SimTime,
) -> Condition {
    let now = now.whole_secs();
    Condition {
        kind: kind.into(),
        status,
        reason: reason.into(),
        message: message.into(),
        updated: now,
        transition: now,
    }
}

/// Whether the new status shows more than the old one.
fn progresses(old: &DeploymentStatus, new: &DeploymentStatus) -> bool {
    new.updated_replicas > old.updated_replicas
        || new.replicas - new.updated_replicas < old.replicas - old.updated_replicas
        || new.ready_replicas > old.ready_replicas
        || new.available_replicas > old.available_replicas
}

/// Whether the deadline has passed since the condition was last refreshed.
fn timed_out(progressing: Option<&Condition>, deadline: Span, now: SimTime) -> bool {
    progressing.is_some_and(|c| match &*c.reason {
        DONE => false,
        TIMED_OUT => true,
        _ => c.updated + deadline < now,
    })
}

impl Rollout<'_, '_> {
    /// The deadline for progress, if there is one.
    pub(super) fn deadline(&self) -> Option<Span> {
        let secs = self
            .spec()
            .progress_deadline_seconds
            .filter(|secs| *secs != NO_DEADLINE)?;
        Some(Span::secs(secs.into()))
    }

    /// Whether a status says that the rollout is over.
    pub(super) fn is_complete(&self, status: &DeploymentStatus) -> bool {
        let replicas = self.replicas();
        status.updated_replicas == replicas
            && status.replicas == replicas
            && status.available_replicas == replicas
            && status.observed_generation >= self.deployment.meta.generation
    }

    /// Counts and Available, with the other conditions as they are.
    pub(super) fn calculate_status(
        &self,
        new: Option<&Arc<Object>>,
        old: &[Arc<Object>],
    ) -> DeploymentStatus {
        let all = || old.iter().chain(new);
        let sum = |of: fn(&ReplicaSetStatus) -> i32| -> i32 {
            all()
                .filter_map(|rs| rs.replica_set())
                .map(|body| of(&body.status))
                .sum()
        };
        let available = sum(|s| s.available_replicas);
        let size: i32 = all().map(|rs| figures(rs).size).sum();
        let mut conditions = self.status().conditions.clone();
        let enough = available >= self.replicas() - self.fences().unavailable;
        let (reason, text) = if enough {
            (
                "MinimumReplicasAvailable",
                "Deployment has minimum availability.",
            )
        } else {
            (
                "MinimumReplicasUnavailable",
                "Deployment does not have minimum availability.",
            )
        };
        let now = self.client.now();
        set_condition(
            &mut conditions,
            new_condition(AVAILABLE, enough.into(), reason, text, now),
        );
        let updated = new
            .and_then(|rs| rs.replica_set())
            .map_or(0, |body| body.status.replicas);
        DeploymentStatus {
            observed_generation: self.deployment.meta.generation,
            replicas: sum(|s| s.replicas),
            updated_replicas: updated,
            ready_replicas: sum(|s| s.ready_replicas),
            available_replicas: available,
            unavailable_replicas: (size - available).max(0),
            terminating_replicas: Some(sum(|s| s.terminating_replicas.unwrap_or(0))),
            collision_count: self.status().collision_count,
            conditions,
        }
    }

    /// Status of a sync that only scales: progress is not judged.
    pub(super) fn write_scale_status(
        &mut self,
        new: Option<&Arc<Object>>,
        old: &[Arc<Object>],
    ) -> Result<(), ApiError> {
        let status = self.calculate_status(new, old);
        if status == *self.status() {
            return Ok(());
        }
        self.set_status(status);
        self.write_status()
    }

    /// Status of a rollout, with Progressing and ReplicaFailure; asks for a later look where only
    /// time can change it.
    pub(super) fn write_rollout_status(
        &mut self,
        new: Option<&Arc<Object>>,
        old: &[Arc<Object>],
    ) -> Result<(), ApiError> {
        let mut status = self.calculate_status(new, old);
        self.judge_progress(&mut status, new);
        match replica_failure(new, old) {
            Some(failure) => set_condition(&mut status.conditions, failure),
            None => remove_condition(&mut status.conditions, REPLICA_FAILURE),
        }
        if status == *self.status() {
            self.look_again_at_the_deadline(&status);
            return Ok(());
        }
        self.set_status(status);
        self.write_status()
    }

    fn judge_progress(&self, status: &mut DeploymentStatus, new: Option<&Arc<Object>>) {
        let Some(deadline) = self.deadline() else {
            return remove_condition(&mut status.conditions, PROGRESSING);
        };
        let current = condition(&self.status().conditions, PROGRESSING);
        let rests = status.replicas == status.updated_replicas
            && current.is_some_and(|c| &*c.reason == DONE);
        if rests {
            return;
        }
        let who = match new {
            Some(rs) => format!("ReplicaSet \"{}\"", rs.meta.name),
            None => format!("Deployment \"{}\"", self.deployment.meta.name),
        };
        let now = self.client.now();
        let (status_of, reason, text) = if self.is_complete(status) {
            (ConditionStatus::True, DONE, "has successfully progressed.")
        } else if progresses(self.status(), status) {
            (
                ConditionStatus::True,
                "ReplicaSetUpdated",
                "is progressing.",
            )
        } else if timed_out(condition(&status.conditions, PROGRESSING), deadline, now) {
            (
                ConditionStatus::False,
                TIMED_OUT,
                "has timed out progressing.",
            )
        } else {
            return;
        };
        let mut judged =
            new_condition(PROGRESSING, status_of, reason, format!("{who} {text}"), now);
        if reason == "ReplicaSetUpdated" {
            // Progress refreshes the condition even where status and reason stay.
            if let Some(c) = current.filter(|c| c.status == ConditionStatus::True) {
                judged.transition = c.transition;
            }
            remove_condition(&mut status.conditions, PROGRESSING);
        }
        set_condition(&mut status.conditions, judged);
    }

    /// A stuck rollout is looked at when its deadline has passed, though nothing may wake it.
    fn look_again_at_the_deadline(&mut self, status: &DeploymentStatus) {
        let progressing = condition(&self.status().conditions, PROGRESSING);
        let (Some(deadline), Some(progressing)) = (self.deadline(), progressing) else {
            return;
        };
        if self.is_complete(status) || &*progressing.reason == TIMED_OUT {
            return;
        }
        let (now, at) = (self.client.now(), progressing.updated + deadline);
        let (key, trigger) = (self.deployment.key(), timer_after(self.client.trigger()));
        if at - now < Span::secs(1) {
            self.desk.queue.add_rate_limited(key, now, trigger);
        } else {
            self.desk.queue.add_at(key, at + Span::secs(1), trigger);
        }
    }

    /// Sets the local copy's status.
    pub(super) fn set_status(&mut self, status: DeploymentStatus) {
        if let Body::Deployment(body) = &mut self.deployment.body {
            body.status = status;
        }
    }

    /// Sets a condition of the local copy.
    pub(super) fn set_condition(&mut self, condition: Condition) {
        if let Body::Deployment(body) = &mut self.deployment.body {
            set_condition(&mut body.status.conditions, condition);
        }
    }

    /// Writes the local copy's status and annotations. As upstream, the copy keeps the version that
    /// it was made from: a second write in the same sync conflicts, and the key comes again.
    pub(super) fn write_status(&mut self) -> Result<(), ApiError> {
        self.client
            .update_status(self.deployment.clone())
            .map(|_| ())
    }
}

/// ReplicaFailure of the new ReplicaSet, else of the first old one that has it.
fn replica_failure(new: Option<&Arc<Object>>, old: &[Arc<Object>]) -> Option<Condition> {
    let mut sets = new.into_iter().chain(old).filter_map(|rs| rs.replica_set());
    sets.find_map(|body| condition(&body.status.conditions, REPLICA_FAILURE))
        .cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_count_that_improves_is_progress() {
        let old = DeploymentStatus {
            replicas: 5,
            updated_replicas: 2,
            ready_replicas: 3,
            available_replicas: 3,
            ..DeploymentStatus::default()
        };
        type Edit = fn(&mut DeploymentStatus);
        let cases: [(&str, Edit, bool); 6] = [
            ("nothing", |_| {}, false),
            ("one more updated", |s| s.updated_replicas = 3, true),
            ("one old one fewer", |s| s.replicas = 4, true),
            ("one more ready", |s| s.ready_replicas = 4, true),
            ("one more available", |s| s.available_replicas = 4, true),
            ("one fewer ready", |s| s.ready_replicas = 2, false),
        ];
        for (case, edit, expected) in cases {
            let mut new = old.clone();
            edit(&mut new);
            assert_eq!(progresses(&old, &new), expected, "{case}");
        }
    }

    #[test]
    fn the_deadline_counts_from_the_last_refresh() {
        let at = SimTime::from_unix_secs;
        let with =
            |reason: &str| new_condition(PROGRESSING, ConditionStatus::True, reason, "", at(100));
        for (case, reason, now, expected) in [
            ("before", "ReplicaSetUpdated", 120, false),
            ("after", "ReplicaSetUpdated", 121, true),
            ("complete ones never time out", DONE, 900, false),
            ("once timed out, always", TIMED_OUT, 101, true),
        ] {
            let found = timed_out(Some(&with(reason)), Span::secs(20), at(now));
            assert_eq!(found, expected, "{case}");
        }
        assert!(!timed_out(None, Span::secs(20), at(900)));
    }
}
