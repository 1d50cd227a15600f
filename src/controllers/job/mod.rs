//! The Job controller: pods that run to their end, counted once each.
//!
//! Upstream: `pkg/controller/job/job_controller.go`. Differs: the queue of orphaned pods is the
//! same queue; a sync never finds its cache behind its own writes, since it comes a second later.

mod backoff;
mod decide;
mod indexes;
mod manage;
mod orphans;
mod policy;
mod sync;
#[cfg(test)]
mod tests;
mod track;

use std::collections::{BTreeMap, BTreeSet};

use crate::api::{Key, Kind, Object, Uid};
use crate::apiserver::{ApiError, Change};
use crate::client::Client;
use crate::clock::{SimTime, Span};

use super::util::{self, controller_key, woken_by};
use super::{Controller, Desk, Options, Watch};
use backoff::Backoff;

/// Kept on every pod of a Job until the Job has counted it.
const TRACKING: &str = "batch.kubernetes.io/job-tracking";

/// See the module.
pub(super) struct JobController;

/// What the controller keeps beside its queue and its expectations.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Jobs {
    backoff: BTreeMap<Key, Backoff>,
    /// Pods whose finalizer was removed, which the watch has not yet shown.
    released: BTreeMap<Key, BTreeSet<Uid>>,
    /// Jobs that are gone and whose pods were not yet looked at, by the key that they had.
    gone: BTreeMap<Key, Vec<Uid>>,
}

impl Controller for JobController {
    fn name(&self) -> &'static str {
        "job-controller"
    }

    fn retry(&self, options: &Options) -> Option<(Span, Span)> {
        Some((options.job_api_backoff, options.job_api_backoff_max))
    }

    fn watches(&self) -> &'static [Watch] {
        &[
            Watch {
                kind: Kind::Job,
                note: note_job,
            },
            Watch {
                kind: Kind::Pod,
                note: note_pod,
            },
        ]
    }

    fn reconcile(
        &self,
        key: &Key,
        desk: &mut Desk,
        client: &mut Client<'_>,
    ) -> Result<(), ApiError> {
        if key.kind == Kind::Pod {
            return orphans::look_at(key, desk, client);
        }
        for uid in desk.notes.jobs.gone.remove(key).unwrap_or_default() {
            orphans::let_go(uid, client)?;
        }
        let Some(job) = client.cache().get(key).cloned() else {
            desk.expectations.forget(key);
            desk.notes.jobs.released.remove(key);
            desk.notes.jobs.backoff.remove(key);
            return Ok(());
        };
        let Some(body) = job.job().filter(|body| !is_managed_elsewhere(body)) else {
            return Ok(());
        };
        if body.status.finished().is_some() {
            desk.notes.jobs.backoff.remove(key);
            return orphans::let_go(job.meta.uid, client);
        }
        sync::sync(key, &job, desk, client)
    }
}

fn is_managed_elsewhere(body: &crate::api::JobBody) -> bool {
    let manager = body.spec.managed_by.as_deref();
    manager.is_some_and(|name| name != "kubernetes.io/job-controller")
}

fn has_finalizer(pod: &Object) -> bool {
    pod.meta.finalizers.iter().any(|f| f == TRACKING)
}

/// Pods and statuses change in swarms: their syncs wait a moment for each other.
fn add_batched(key: Key, change: &Change<'_>, desk: &mut Desk, now: SimTime) {
    let at = now + desk.options.job_sync_batch;
    desk.queue.add_at(key, at, woken_by(change));
}

fn note_job(change: &Change<'_>, desk: &mut Desk, now: SimTime) {
    let key = change.object().key();
    let body = |object: Option<&std::sync::Arc<Object>>| object?.job().cloned();
    match (body(change.old), body(change.new)) {
        (old, Some(new)) => {
            let same_spec = match (change.old, change.new) {
                (Some(old), Some(new)) => old.meta.generation == new.meta.generation,
                _ => false,
            };
            if same_spec && new.status.finished().is_none() {
                add_batched(key.clone(), change, desk, now);
            } else {
                desk.queue.add(key.clone(), woken_by(change));
            }
            let deadline = new.spec.active_deadline_seconds;
            let changed = old.is_some_and(|o| o.spec.active_deadline_seconds != deadline);
            if let (Some(seconds), Some(start), true) = (deadline, new.status.start_time, changed) {
                let at = start + Span::secs(seconds);
                desk.queue.add_at(key, at, woken_by(change));
            }
        }
        (_, None) => {
            // A new Job of this name begins anew, even if the watch shows both at once.
            desk.notes.jobs.backoff.remove(&key);
            desk.notes.jobs.released.remove(&key);
            desk.expectations.forget(&key);
            let gone = desk.notes.jobs.gone.entry(key.clone()).or_default();
            gone.push(change.object().meta.uid);
            desk.queue.add(key, woken_by(change));
        }
    }
}

fn note_pod(change: &Change<'_>, desk: &mut Desk, now: SimTime) {
    util::note_orphan(change, desk);
    let pod = change.object();
    let owner = |pod: &Object| controller_key(pod, Kind::Job);
    let (was, is) = (change.old.and_then(|p| owner(p)), owner(pod));
    let deleting = change.new.is_none_or(|p| p.meta.is_deleting());
    if let Some(key) = was.filter(|key| is.as_ref() != Some(key)) {
        add_batched(key, change, desk, now);
    }
    // Who has no Job any more, or a finished one, must not be held back by the finalizer.
    let held = has_finalizer(pod) && change.new.is_some() && (deleting || is.is_none());
    let orphan = pod.meta.controller().is_none() && !deleting;
    if held || orphan {
        desk.queue.add(pod.key(), woken_by(change));
    }
    let Some(key) = is else { return };
    let uid = pod.meta.uid;
    if deleting {
        desk.expectations.deletion_observed(&key, uid);
    } else if change.old.is_none() {
        desk.expectations.creation_observed(&key);
    }
    if (change.new.is_none() || !has_finalizer(pod))
        && let Some(released) = desk.notes.jobs.released.get_mut(&key)
    {
        released.remove(&uid);
    }
    add_batched(key, change, desk, now);
}
