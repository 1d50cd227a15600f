//! Pods that lost their Job, or outlived it: their finalizer goes; pods without a controller wake
//! the Jobs that could adopt them.
//!
//! Upstream: `syncOrphanPod`, `getPodsForJob` in `job_controller.go`.

use std::sync::Arc;

use crate::api::{Key, Kind, Object, Uid};
use crate::apiserver::ApiError;
use crate::client::Client;

use super::super::Desk;
use super::super::util::{self, controller_key, ignore_not_found};
use super::{TRACKING, has_finalizer, is_managed_elsewhere};

/// A pod that may be one.
pub(super) fn look_at(key: &Key, desk: &mut Desk, client: &mut Client<'_>) -> Result<(), ApiError> {
    let Some(pod) = client.cache().get(key).cloned() else {
        return Ok(());
    };
    if pod.meta.controller().is_none() {
        let now = client.now() + desk.options.job_sync_batch;
        for job in client.cache().list(Kind::Job, Some(&key.namespace)) {
            let selector = job.job().map(|body| &body.selector);
            if selector.is_some_and(|s| !s.is_empty() && s.matches(&pod.meta.labels)) {
                desk.queue.add_at(job.key(), now, client.trigger());
            }
        }
        return remove_finalizer(&pod, client);
    }
    let Some(owner) = controller_key(&pod, Kind::Job) else {
        return Ok(());
    };
    let uid = util::controller_uid(&pod);
    let job = client.cache().get(&owner).filter(|job| job.meta.uid == uid);
    let body = job.and_then(|job| job.job());
    match body {
        Some(body) if is_managed_elsewhere(body) || body.status.finished().is_none() => Ok(()),
        _ => remove_finalizer(&pod, client),
    }
}

/// All pods of a Job that counts no more.
pub(super) fn let_go(job: Uid, client: &mut Client<'_>) -> Result<(), ApiError> {
    let pods = client.cache().owned_by(Kind::Pod, job);
    let held: Vec<Arc<Object>> = pods.filter(|pod| has_finalizer(pod)).cloned().collect();
    for pod in held {
        remove_finalizer(&pod, client)?;
    }
    Ok(())
}

/// Takes the finalizer from a pod, whichever version of it is stored.
pub(super) fn remove_finalizer(pod: &Object, client: &mut Client<'_>) -> Result<(), ApiError> {
    let latest = client.live().get(&pod.key()).cloned();
    let latest = latest.filter(|now| now.meta.uid == pod.meta.uid && has_finalizer(now));
    let Some(latest) = latest else { return Ok(()) };
    let mut freed = (*latest).clone();
    let others = freed.meta.finalizers.iter().filter(|f| *f != TRACKING);
    freed.meta.finalizers = others.cloned().collect();
    ignore_not_found(client.update(freed).map(|_| ()))
}

/// The pods that a Job counts: those that it owns and selects, those that it lets go left out and
/// those that it adopts put in.
pub(super) fn claim(
    job: &Object,
    desk: &Desk,
    client: &mut Client<'_>,
) -> Result<Vec<Arc<Object>>, ApiError> {
    let Some(body) = job.job() else {
        return Ok(Vec::new());
    };
    let selector = &body.selector;
    let owned = client.cache().owned_by(Kind::Pod, job.meta.uid);
    let (mut pods, strangers): (Vec<Arc<Object>>, Vec<Arc<Object>>) = owned
        .cloned()
        .partition(|pod| selector.matches(&pod.meta.labels));
    if job.meta.is_deleting() {
        return Ok(pods);
    }
    for pod in strangers {
        let mut released = (*pod).clone();
        let finalizers = pod.meta.finalizers.iter().filter(|f| *f != TRACKING);
        released.meta.finalizers = finalizers.cloned().collect();
        util::release(job.meta.uid, &released, client)?;
    }
    pods.extend(util::adopt_with(
        job,
        selector,
        (Kind::Pod, &|_| true),
        Some(TRACKING),
        desk,
        client,
    )?);
    Ok(pods)
}
