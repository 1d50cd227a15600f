//! A Job that is due is started, unless something speaks against it.
//!
//! Upstream: `syncCronJob` in `cronjob_controllerv2.go`, `getJobFromTemplate2` in `utils.go`.

use std::sync::Arc;

use crate::api::cron::{Schedule, Zone};
use crate::api::{ActiveJob, Body, JobBody, JobStatus, Kind, Labels, Meta, Object};
use crate::apiserver::{ApiError, Reason};
use crate::client::{Client, message};
use crate::clock::{SimTime, Span};

use super::super::Desk;
use super::super::pod_control::NAMESPACE_TERMINATING;
use super::super::util::{controller_ref, controller_uid};
use super::schedule::Clock;
use super::{Sync, history};

const SCHEDULED_AT: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";

/// When to look again; `None` if only a change can help. Errors: of the requests.
pub(super) fn start_if_due(
    sync: &mut Sync,
    schedule: &Schedule,
    desk: &mut Desk,
    client: &mut Client<'_>,
) -> Result<Option<SimTime>, ApiError> {
    let now = client.now();
    let due = match clock(sync, now).due(schedule) {
        Ok(due) => due,
        Err(why) => {
            let spec = &sync.body.spec.schedule;
            let text = message(
                "invalid schedule: {} : {}",
                [spec.as_str().into(), why.as_str().into()],
            );
            sync.warn("InvalidSchedule", text, desk, client);
            return Ok(None);
        }
    };
    if let Some(at) = due.at {
        if due.too_many() {
            let text = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
            sync.warn("TooManyMissedTimes", text, desk, client);
        }
        if is_wanted(sync, at, desk, client) && !start(sync, at, desk, client)? {
            return Ok(None);
        }
    }
    Ok(clock(sync, now).next(schedule, &desk.options))
}

fn clock(sync: &Sync, now: SimTime) -> Clock {
    Clock::of(&sync.body, &sync.status, sync.cron_job.meta.created, now)
}

fn name_of(sync: &Sync, at: SimTime) -> String {
    format!("{}-{}", sync.cron_job.meta.name, at.unix_secs() / 60)
}

/// Whether a due Job may start; says why not where that is told.
fn is_wanted(sync: &Sync, at: SimTime, desk: &mut Desk, client: &mut Client<'_>) -> bool {
    let deadline = sync.body.spec.starting_deadline_seconds;
    if deadline.is_some_and(|seconds| at + Span::secs(seconds) < client.now()) {
        let text = message(
            "Missed scheduled time to start a job: {}",
            [at.rfc1123z().as_str().into()],
        );
        sync.warn("MissSchedule", text, desk, client);
        return false;
    }
    let name = name_of(sync, at);
    let active = &sync.status.active;
    if active.iter().any(|job| *job.name == *name) || sync.status.last_schedule == Some(at) {
        return false;
    }
    let forbid = sync.body.spec.concurrency_policy.as_deref() == Some("Forbid");
    if forbid && !active.is_empty() {
        let text =
            "Not starting job because prior execution is running and concurrency policy is Forbid";
        sync.say("JobAlreadyActive", text, desk, client);
        return false;
    }
    true
}

/// Creates the Job of a scheduled time; whether it is there, and this CronJob's. Errors: of the
/// requests.
fn start(
    sync: &mut Sync,
    at: SimTime,
    desk: &mut Desk,
    client: &mut Client<'_>,
) -> Result<bool, ApiError> {
    if sync.body.spec.concurrency_policy.as_deref() == Some("Replace") {
        replace(sync, desk, client)?;
    }
    let job = new_job(sync, at);
    let key = job.key();
    let job = match client.create(job) {
        Ok(job) => {
            let text = message("Created job {}", [(&job.meta.name).into()]);
            sync.say("SuccessfulCreate", text, desk, client);
            job
        }
        Err(error) if error.reason == Reason::AlreadyExists => {
            let found = client.live().get(&key).cloned();
            let uid = sync.cron_job.meta.uid;
            let own =
                |job: &Arc<Object>| controller_uid(job) == uid && !sync.is_active(job.meta.uid);
            match found.filter(own) {
                Some(job) => job,
                None => return Ok(false),
            }
        }
        Err(error) if error.message.ends_with(NAMESPACE_TERMINATING) => return Err(error),
        Err(error) => {
            let text = message("Error creating job: {}", [error.message.as_str().into()]);
            sync.warn("FailedCreate", text, desk, client);
            return Err(error);
        }
    };
    sync.status.active.push(ActiveJob {
        namespace: job.meta.namespace.clone(),
        name: job.meta.name.clone(),
        uid: job.meta.uid,
        resource_version: job.meta.resource_version,
    });
    sync.status.last_schedule = Some(at);
    Ok(true)
}

fn replace(sync: &mut Sync, desk: &mut Desk, client: &mut Client<'_>) -> Result<(), ApiError> {
    for job in sync.status.active.clone() {
        let found = client.live().find(Kind::Job, &job.namespace, &job.name);
        let Some(found) = found.cloned() else {
            let error = ApiError::not_found(Kind::Job, &job.name);
            let text = message("Get job: {}", [error.message.as_str().into()]);
            sync.warn("FailedGet", text, desk, client);
            return Err(error);
        };
        history::delete(sync, &found, desk, client)?;
    }
    Ok(())
}

fn new_job(sync: &Sync, at: SimTime) -> Object {
    let spec = &sync.body.spec;
    let zone = spec.time_zone.as_deref().unwrap_or_default();
    let zone = Zone::load(zone).unwrap_or(Zone::UTC);
    let template = spec.job_template.metadata.as_ref();
    let labels = template.and_then(|m| m.labels.clone()).unwrap_or_default();
    let annotations = template.and_then(|m| m.annotations.clone());
    let mut meta = Meta {
        labels: Labels::new(labels),
        annotations: Labels::new(annotations.unwrap_or_default()),
        owners: [controller_ref(&sync.cron_job)].into(),
        ..Meta::named(sync.cron_job.meta.namespace.clone(), name_of(sync, at))
    };
    meta.set_annotation(SCHEDULED_AT, Some(&zone.rfc3339(at)));
    Object {
        meta,
        body: Body::Job(JobBody::new(sync.body.job_spec(), JobStatus::default())),
    }
}
