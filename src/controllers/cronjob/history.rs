//! Ended Jobs beyond the limits of the history go, the oldest first.
//!
//! Upstream: `cleanupFinishedJobs`, `deleteJob` in `cronjob_controllerv2.go`.

use std::sync::Arc;

use crate::api::{Object, Order};
use crate::apiserver::{ApiError, DeleteOptions};
use crate::client::{Client, message};

use super::super::Desk;
use super::Sync;

/// Deletes what is too old; a refusal is told and changes nothing else.
pub(super) fn clean_up(sync: &mut Sync, desk: &mut Desk, client: &mut Client<'_>) {
    let spec = &sync.body.spec;
    for (kind, limit) in [
        ("Complete", spec.successful_jobs_history_limit),
        ("Failed", spec.failed_jobs_history_limit),
    ] {
        let Some(limit) = limit.and_then(|n| usize::try_from(n).ok()) else {
            continue;
        };
        for job in oldest(&sync.jobs, kind, limit) {
            // The next sync tries again.
            let _ = delete(sync, &job, desk, client);
        }
    }
}

fn oldest(jobs: &[Arc<Object>], kind: &str, limit: usize) -> Vec<Arc<Object>> {
    let ended = |object: &&Arc<Object>| {
        let job = object.job();
        job.and_then(|job| job.status.finished())
            .is_some_and(|end| &*end.kind == kind)
    };
    let mut ended: Vec<Arc<Object>> = jobs.iter().filter(ended).cloned().collect();
    ended.order_by_key(|object| {
        let start = object.job().and_then(|job| job.status.start_time);
        (start.is_none(), start, object.meta.name.clone())
    });
    let surplus = ended.len().saturating_sub(limit);
    ended.truncate(surplus);
    ended
}

/// Deletes a Job, its pods in the background. Errors: of the request.
pub(super) fn delete(
    sync: &mut Sync,
    job: &Object,
    desk: &mut Desk,
    client: &mut Client<'_>,
) -> Result<(), ApiError> {
    if let Err(error) = client.delete(&job.key(), DeleteOptions::default()) {
        let text = message("Deleted job: {}", [error.message.as_str().into()]);
        sync.warn("FailedDelete", text, desk, client);
        return Err(error);
    }
    sync.deactivate(job.meta.uid);
    let text = message("Deleted job {}", [(&job.meta.name).into()]);
    sync.say("SuccessfulDelete", text, desk, client);
    Ok(())
}
