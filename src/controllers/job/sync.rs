//! One sync of a Job: count its pods, decide, act, write the status.
//!
//! Upstream: `syncJob` in `job_controller.go`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::api::{
    Body, Condition, ConditionStatus, InvolvedObject, JobBody, JobStatus, Key, Object, Phase, Uid,
};
use crate::apiserver::ApiError;
use crate::client::{Client, message};
use crate::clock::SimTime;

use super::super::util::timer_after;
use super::super::{Desk, pod_control};
use super::backoff::{Backoff, finished_at};
use super::decide::{Facts, Finish, deadline, decide};
use super::indexes::{Intervals, failures_before, index_of, indexes_of};
use super::policy::{self, Verdict};
use super::{has_finalizer, manage, orphans, track};

/// What a sync knows and works at.
pub(super) struct Sync {
    pub key: Key,
    /// As it was last read or written.
    pub job: Arc<Object>,
    pub body: JobBody,
    /// The status to be.
    pub status: JobStatus,
    pub pods: Vec<Arc<Object>>,
    pub active: Vec<Arc<Object>>,
    pub succeeded: i32,
    pub failed: i32,
    pub ready: i32,
    pub terminating: i32,
    pub earlier_indexes: Intervals,
    pub succeeded_indexes: Intervals,
    /// For Jobs with a back-off limit per index.
    pub failed_indexes: Option<Intervals>,
    /// Failed pods that keep their finalizer until their index has another pod.
    pub delayed: BTreeMap<i32, Arc<Object>>,
    pub backoff: Backoff,
    /// Pods whose finalizer is gone, though the cache still shows it.
    pub released: BTreeSet<Uid>,
    pub finish: Option<Finish>,
}

pub(super) fn sync(
    key: &Key,
    job: &Arc<Object>,
    desk: &mut Desk,
    client: &mut Client<'_>,
) -> Result<(), ApiError> {
    let Some(body) = job.job().cloned() else {
        return Ok(());
    };
    let now = client.now();
    let satisfied = desk.expectations.satisfied(key, now);
    let pods = orphans::claim(job, desk, client)?;
    let mut sync = Sync::new(key, job, body, pods, desk);
    if sync.status.start_time.is_none() && !sync.body.is_suspended() {
        sync.status.start_time = Some(now.whole_secs());
    }
    sync.finish = decide(&sync.facts(now));
    if let (Some(at), None) = (deadline(&sync.body, &sync.status), &sync.finish) {
        let trigger = timer_after(client.trigger());
        desk.queue.add_at(key.clone(), at, trigger);
    }
    let mut failed = Ok(());
    let mut suspension_changed = false;
    let mut active = count(sync.active.len());
    if sync.finish.is_some() {
        let (deleted, result) = sync.delete_active(desk, client);
        if deleted != active || !satisfied {
            // There may be pods that the cache does not show yet.
            sync.finish = None;
        }
        active -= deleted;
        failed = result;
    } else {
        let managed = satisfied && !job.meta.is_deleting();
        if managed {
            (active, failed) = manage::manage(&mut sync, desk, client);
        }
        let complete = match sync.body.spec.completions {
            None => sync.succeeded > 0,
            Some(wanted) => sync.succeeded >= wanted,
        };
        if complete && active == 0 {
            sync.finish = Some(Finish::complete());
        } else if managed {
            suspension_changed = suspend_or_resume(&mut sync, desk, client);
        }
    }
    let (was, is) = (&sync.body.status, &mut sync.status);
    is.active = active;
    is.ready = Some(sync.ready);
    is.terminating = Some(sync.terminating);
    let figures = |s: &JobStatus| (s.active, s.ready, s.terminating);
    let changed = suspension_changed || figures(was) != figures(is);
    track::track(&mut sync, changed, desk, client)?;
    failed
}

/// How many, as the API counts.
pub(super) fn count(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

/// Whether a pod counts as failed.
pub(super) fn is_failed(pod: &Object, job: &JobBody) -> bool {
    match pod.pod().map(|body| body.status.phase) {
        Some(Phase::Failed) => true,
        Some(Phase::Succeeded) | None => false,
        // One that is being deleted may never come to fail.
        Some(_) => pod.meta.is_deleting() && !job.replaces_only_failed(),
    }
}

pub(super) fn has_succeeded(pod: &Object) -> bool {
    let phase = pod.pod().map(|body| body.status.phase);
    phase == Some(Phase::Succeeded)
}

/// A condition that came true now.
pub(super) fn condition(kind: &str, reason: &str, message: &str, now: SimTime) -> Condition {
    Condition {
        kind: kind.into(),
        status: ConditionStatus::True,
        reason: reason.into(),
        message: message.into(),
        updated: now.whole_secs(),
        transition: now.whole_secs(),
    }
}

impl Sync {
    fn new(
        key: &Key,
        job: &Arc<Object>,
        body: JobBody,
        pods: Vec<Arc<Object>>,
        desk: &Desk,
    ) -> Sync {
        let ended = |pod: &Object| pod.pod().is_some_and(|body| body.is_terminal());
        let alive = || pods.iter().filter(|pod| !ended(pod));
        let active: Vec<Arc<Object>> = alive()
            .filter(|pod| !pod.meta.is_deleting())
            .cloned()
            .collect();
        let ready = active.iter().filter(|pod| is_ready(pod)).count();
        let released = desk.notes.jobs.released.get(key);
        let mut status = (*body.status).clone();
        status.uncounted.get_or_insert_default();
        let mut sync = Sync {
            key: key.clone(),
            job: Arc::clone(job),
            ready: count(ready),
            terminating: count(alive().filter(|pod| pod.meta.is_deleting()).count()),
            status,
            active,
            succeeded: 0,
            failed: 0,
            earlier_indexes: Intervals::default(),
            succeeded_indexes: Intervals::default(),
            failed_indexes: None,
            delayed: BTreeMap::new(),
            backoff: Backoff::default(),
            released: released.cloned().unwrap_or_default(),
            finish: None,
            body,
            pods,
        };
        sync.count(desk);
        if sync.body.is_indexed() {
            sync.count_indexes();
        }
        sync
    }

    /// Whether a pod's end is still to be counted, or being counted.
    pub fn is_tracked(&self, pod: &Object) -> bool {
        has_finalizer(pod) && !self.released.contains(&pod.meta.uid)
    }

    fn completions(&self) -> i32 {
        self.body.spec.completions.unwrap_or(0)
    }

    /// The index of a pod, if it is below the completions.
    pub fn valid_index(&self, pod: &Object) -> Option<i32> {
        index_of(pod).filter(|index| *index < self.completions())
    }

    /// Ended pods that no status has counted yet.
    fn newly<'s>(
        &'s self,
        known: &'s [Uid],
        ended: impl Fn(&Object) -> bool + 's,
    ) -> impl Iterator<Item = &'s Arc<Object>> {
        let valid = |pod: &Object| !self.body.is_indexed() || self.valid_index(pod).is_some();
        self.pods.iter().filter(move |pod| {
            let new = self.is_tracked(pod) && !known.contains(&pod.meta.uid);
            new && valid(pod) && ended(pod)
        })
    }

    fn count(&mut self, desk: &Desk) {
        let uncounted = self.status.uncounted.clone().unwrap_or_default();
        let times = |pods: &[&Arc<Object>]| pods.iter().map(|p| finished_at(p)).collect::<Vec<_>>();
        let succeeded: Vec<_> = self.newly(&uncounted.succeeded, has_succeeded).collect();
        let failed: Vec<_> = self
            .newly(&uncounted.failed, |pod| is_failed(pod, &self.body))
            .collect();
        let policy = self.body.spec.pod_failure_policy.as_ref();
        let counting = failed
            .iter()
            .filter(|pod| policy::judge(policy, pod) != Verdict::Ignore)
            .count();
        let before = desk.notes.jobs.backoff.get(&self.key);
        let before = before.copied().unwrap_or_default();
        let backoff = before.after(&times(&succeeded), &times(&failed));
        let newly_succeeded = count(succeeded.len() + uncounted.succeeded.len());
        let newly_failed = count(counting + uncounted.failed.len());
        self.succeeded = self.status.succeeded + newly_succeeded;
        self.failed = self.status.failed + newly_failed;
        self.backoff = backoff;
    }

    fn count_indexes(&mut self) {
        let all = self.completions();
        let tracked: Vec<&Arc<Object>> = self
            .pods
            .iter()
            .filter(|pod| has_finalizer(pod) && self.valid_index(pod).is_some())
            .collect();
        self.earlier_indexes = Intervals::parse(&self.status.completed_indexes, all);
        let succeeded = tracked.iter().filter(|pod| has_succeeded(pod));
        let succeeded = indexes_of(succeeded.map(|pod| &***pod));
        self.succeeded_indexes = self.earlier_indexes.with(succeeded);
        self.succeeded = self.succeeded_indexes.total();
        let Some(limit) = self.body.spec.backoff_limit_per_index else {
            return;
        };
        let before = self.status.failed_indexes.as_deref().unwrap_or_default();
        let failed = tracked.iter().filter(|pod| self.fails_index(pod, limit));
        let failed = indexes_of(failed.map(|pod| &***pod));
        self.failed_indexes = Some(Intervals::parse(before, all).with(failed));
        self.delayed = self.delayed_pods();
    }

    /// Whether the index of a failed pod has failed for good.
    fn fails_index(&self, pod: &Object, limit: i32) -> bool {
        if !is_failed(pod, &self.body) {
            return false;
        }
        match policy::judge(self.body.spec.pod_failure_policy.as_ref(), pod) {
            Verdict::FailIndex => true,
            Verdict::Ignore => false,
            Verdict::Count | Verdict::FailJob(_) => failures_before(&pod.meta).0 >= limit,
        }
    }

    /// The last failed pod of each index that is to have another.
    fn delayed_pods(&self) -> BTreeMap<i32, Arc<Object>> {
        let settled = self
            .succeeded_indexes
            .with(indexes_of(self.active.iter().map(|p| &**p)));
        let settled = match &self.failed_indexes {
            Some(failed) => settled.union(failed),
            None => settled,
        };
        let rank = |pod: &Object| {
            let (counted, ignored) = failures_before(&pod.meta);
            (counted + ignored, finished_at(pod))
        };
        let mut delayed: BTreeMap<i32, Arc<Object>> = BTreeMap::new();
        for pod in self.newly(&[], |pod| is_failed(pod, &self.body)) {
            let Some(index) = self.valid_index(pod).filter(|index| !settled.has(*index)) else {
                continue;
            };
            let later = delayed.get(&index).is_none_or(|last| {
                let ((last, last_at), (this, this_at)) = (rank(last), rank(pod));
                last <= this && last_at <= this_at
            });
            if later {
                delayed.insert(index, Arc::clone(pod));
            }
        }
        delayed
    }

    fn facts(&self, now: SimTime) -> Facts<'_> {
        Facts {
            job: &self.body,
            status: &self.status,
            pods: &self.pods,
            failed: self.failed,
            succeeded_indexes: &self.succeeded_indexes,
            failed_indexes: self.failed_indexes.as_ref(),
            now,
        }
    }

    /// Deletes what still runs; how many are gone or going. Errors: the last refusal.
    fn delete_active(
        &mut self,
        desk: &mut Desk,
        client: &mut Client<'_>,
    ) -> (i32, Result<(), ApiError>) {
        let (mut deleted, mut failed) = (0, Ok(()));
        for pod in self.active.clone() {
            match self.delete_pod(&pod, desk, client) {
                Ok(()) => deleted += 1,
                Err(error) => failed = Err(error),
            }
        }
        (deleted, failed)
    }

    /// Deletes a pod and says so; counts it as no more ready and as terminating.
    pub fn delete_pod(
        &mut self,
        pod: &Arc<Object>,
        desk: &mut Desk,
        client: &mut Client<'_>,
    ) -> Result<(), ApiError> {
        let pods = vec![Arc::clone(pod)];
        pod_control::delete_pods(&self.job, &self.key, pods, desk, client)?;
        self.terminating += 1;
        self.ready -= i32::from(is_ready(pod));
        Ok(())
    }

    /// Writes the status; from then on the Job is what was written. Errors: Conflict above all.
    pub fn write(&mut self, client: &mut Client<'_>) -> Result<(), ApiError> {
        let mut new = (*self.job).clone();
        if let Body::Job(body) = &mut new.body {
            body.status = Arc::new(self.status.clone());
        }
        self.job = client.update_status(new)?;
        Ok(())
    }
}

fn is_ready(pod: &Object) -> bool {
    pod.pod().is_some_and(|body| body.status.is_ready())
}

/// Says that the Job is suspended, or goes on; whether that is new.
fn suspend_or_resume(sync: &mut Sync, desk: &mut Desk, client: &mut Client<'_>) -> bool {
    let now = client.now();
    let old = sync.status.conditions.iter_mut();
    let old = old.into_iter().find(|c| &*c.kind == "Suspended");
    let suspended = old
        .as_ref()
        .is_some_and(|c| c.status == ConditionStatus::True);
    if suspended == sync.body.is_suspended() {
        return false;
    }
    let about = InvolvedObject::of(&sync.job);
    let mut new = condition("Suspended", "JobSuspended", "Job suspended", now);
    let (reason, start) = if suspended {
        new.status = ConditionStatus::False;
        new.reason = "JobResumed".into();
        new.message = "Job resumed".into();
        // The deadline counts from here on.
        ("Resumed", Some(now.whole_secs()))
    } else {
        ("Suspended", None)
    };
    let text = message("{}", [(&new.message).into()]);
    match old {
        Some(old) => *old = new,
        None => sync.status.conditions.push(new),
    }
    desk.recorder.normal(client, about, reason, text);
    sync.status.start_time = start;
    true
}
