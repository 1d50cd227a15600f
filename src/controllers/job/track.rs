//! The status of a Job: ended pods go into it in two steps, so that each is counted once.
//!
//! Upstream: `trackJobStatusAndRemoveFinalizers` in `job_controller.go`.

use crate::api::{InvolvedObject, Object, Uid, UncountedPods};
use crate::apiserver::ApiError;
use crate::client::{Client, message};
use crate::clock::SimTime;

use super::super::Desk;
use super::orphans::remove_finalizer;
use super::policy::{self, Verdict};
use super::sync::{Sync, condition, count, has_succeeded, is_failed};

/// So many uids the status holds at most.
const UNCOUNTED_MAX: usize = 500;

/// Writes the status: with the uids of ended pods, then, when their finalizers are gone, with the
/// counters. `flush`: whether anything else has changed. Errors: of the writes.
pub(super) fn track(
    sync: &mut Sync,
    mut flush: bool,
    desk: &mut Desk,
    client: &mut Client<'_>,
) -> Result<(), ApiError> {
    let now = client.now();
    let held = |sync: &Sync| -> Vec<Uid> {
        let tracked = sync.pods.iter().filter(|pod| sync.is_tracked(pod));
        tracked.map(|pod| pod.meta.uid).collect()
    };
    flush |= count_released(sync, &held(sync));
    let (ended, newly, full) = collect(sync);
    flush |= newly;
    flush |= tell_end(sync, now);
    if flush {
        sync.write(client)?;
        let record = sync.backoff;
        desk.notes.jobs.backoff.insert(sync.key.clone(), record);
        flush = false;
    }
    for uid in &ended {
        let pod = sync.pods.iter().find(|pod| pod.meta.uid == *uid).cloned();
        let Some(pod) = pod else { continue };
        let released = desk.notes.jobs.released.entry(sync.key.clone());
        released.or_default().insert(*uid);
        remove_finalizer(&pod, client)?;
        sync.released.insert(*uid);
    }
    flush |= count_released(sync, &held(sync));
    let finished = !full && finish(sync, now);
    if flush || finished {
        sync.write(client)?;
    }
    if finished {
        tell(sync, desk, client);
    }
    Ok(())
}

/// Moves pods without a finalizer from the uncounted ones to the counters; whether there were any.
fn count_released(sync: &mut Sync, held: &[Uid]) -> bool {
    let status = &mut sync.status;
    let uncounted = status.uncounted.get_or_insert_default();
    let mut changed = false;
    for (uids, counter) in [
        (&mut uncounted.succeeded, &mut status.succeeded),
        (&mut uncounted.failed, &mut status.failed),
    ] {
        let before = uids.len();
        uids.retain(|uid| held.contains(uid));
        *counter += count(before - uids.len());
        changed |= uids.len() != before;
    }
    changed
}

/// Notes the ended pods in the status. The pods whose finalizer may go, whether the status has
/// changed, and whether there are more than it may hold.
fn collect(sync: &mut Sync) -> (Vec<Uid>, bool, bool) {
    let mut uncounted = sync.status.uncounted.clone().unwrap_or_default();
    let known = uncounted.clone();
    let mut indexes = Vec::new();
    let (mut ended, mut changed, mut full) = (Vec::new(), false, false);
    for pod in sync.pods.iter().filter(|pod| sync.is_tracked(pod)) {
        let failed = is_failed(pod, &sync.body);
        if !may_be_released(sync, pod, failed) {
            continue;
        }
        let uid = pod.meta.uid;
        ended.push(uid);
        let index = sync.valid_index(pod);
        if has_succeeded(pod) && !known.failed.contains(&uid) {
            if sync.body.is_indexed() {
                // The index itself is what keeps it from being counted twice.
                let new = index.filter(|i| !sync.earlier_indexes.has(*i));
                changed |= new.is_some();
                indexes.extend(new);
            } else if !known.succeeded.contains(&uid) {
                uncounted.succeeded.push(uid);
            }
        } else if counts_as_failed(sync, pod, failed) && !known.failed.contains(&uid) {
            uncounted.failed.push(uid);
        }
        if indexes.len() + uncounted.succeeded.len() + uncounted.failed.len() >= UNCOUNTED_MAX {
            full = true;
            break;
        }
    }
    changed |= uncounted != known;
    sync.status.uncounted = Some(uncounted);
    if sync.body.is_indexed() {
        let completed = sync.earlier_indexes.with(indexes);
        changed |= write_indexes(sync, completed);
    }
    (ended, changed, full)
}

fn write_indexes(sync: &mut Sync, completed: super::indexes::Intervals) -> bool {
    let text = completed.to_string();
    let failed = sync.failed_indexes.as_ref().map(ToString::to_string);
    let status = &mut sync.status;
    let changed = status.completed_indexes != text || status.failed_indexes != failed;
    status.succeeded = completed.total();
    status.completed_indexes = text;
    status.failed_indexes = failed;
    changed
}

fn may_be_released(sync: &Sync, pod: &Object, failed: bool) -> bool {
    if sync.job.meta.is_deleting() || sync.finish.is_some() || has_succeeded(pod) {
        return true;
    }
    let index = sync.valid_index(pod);
    let delayed = index.and_then(|index| sync.delayed.get(&index));
    failed && delayed.is_none_or(|delayed| delayed.meta.uid != pod.meta.uid)
}

/// Once a Job fails, every pod that has not ended has failed as well.
fn counts_as_failed(sync: &Sync, pod: &Object, failed: bool) -> bool {
    let job_fails = sync.finish.as_ref().is_some_and(|finish| !finish.success);
    let counted = !sync.body.is_indexed() || sync.valid_index(pod).is_some();
    let policy = sync.body.spec.pod_failure_policy.as_ref();
    (failed || job_fails) && counted && policy::judge(policy, pod) != Verdict::Ignore
}

/// Puts the interim condition into the status, if it is not there; whether it was not.
fn tell_end(sync: &mut Sync, now: SimTime) -> bool {
    let Some(finish) = sync.finish.as_mut().filter(|finish| !finish.told) else {
        return false;
    };
    finish.told = true;
    let kind = if finish.success {
        "SuccessCriteriaMet"
    } else {
        "FailureTarget"
    };
    let interim = condition(kind, &finish.reason, &finish.message, now);
    sync.status.conditions.push(interim);
    true
}

/// Puts the final condition into the status, if no pod is left that keeps it waiting.
fn finish(sync: &mut Sync, now: SimTime) -> bool {
    let Some(finish) = &sync.finish else {
        return false;
    };
    let none = UncountedPods::default();
    if sync.terminating > 0 || sync.status.uncounted.as_ref().is_some_and(|u| *u != none) {
        return false;
    }
    let kind = if finish.success { "Complete" } else { "Failed" };
    let done = condition(kind, &finish.reason, &finish.message, now);
    if finish.success {
        sync.status.completion_time = Some(done.transition);
    }
    sync.status.conditions.push(done);
    true
}

fn tell(sync: &Sync, desk: &mut Desk, client: &mut Client<'_>) {
    let Some(finish) = &sync.finish else { return };
    let about = || InvolvedObject::of(&sync.job);
    if !finish.success {
        let text = message("{}", [finish.message.as_str().into()]);
        desk.recorder.warning(client, about(), &finish.reason, text);
        return;
    }
    let wanted = sync.body.spec.completions;
    if wanted.is_some_and(|wanted| sync.status.succeeded > wanted) {
        let text = "Too many succeeded pods running after completion count reached";
        desk.recorder
            .warning(client, about(), "TooManySucceededPods", text);
    }
    desk.recorder
        .normal(client, about(), "Completed", "Job completed");
}
