//! The CronJob controller: a Job whenever the schedule says so.
//!
//! Upstream: `pkg/controller/cronjob/cronjob_controllerv2.go`. Differs: Jobs are found by the uid
//! of their owner, not by its name.

mod history;
mod schedule;
mod start;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::api::cron::{Schedule, Zone};
use crate::api::{
    Body, CronJobBody, CronJobStatus, InvolvedObject, Key, Kind, Message, Object, Uid,
};
use crate::apiserver::{ApiError, Change};
use crate::client::{Client, message};
use crate::clock::SimTime;

use super::util::{controller_key, timer_after, woken_by};
use super::{Controller, Desk, Watch};

/// See the module.
pub(super) struct CronJobController;

impl Controller for CronJobController {
    fn name(&self) -> &'static str {
        "cronjob-controller"
    }

    fn watches(&self) -> &'static [Watch] {
        &[
            Watch {
                kind: Kind::CronJob,
                note: note_cron_job,
            },
            Watch {
                kind: Kind::Job,
                note: note_job,
            },
        ]
    }

    fn reconcile(
        &self,
        key: &Key,
        desk: &mut Desk,
        client: &mut Client<'_>,
    ) -> Result<(), ApiError> {
        let Some(cron_job) = client.cache().get(key).cloned() else {
            return Ok(());
        };
        let Some(body) = cron_job.cron_job().cloned() else {
            return Ok(());
        };
        let jobs = client.cache().owned_by(Kind::Job, cron_job.meta.uid);
        let mut sync = Sync {
            jobs: jobs.cloned().collect(),
            status: (*body.status).clone(),
            cron_job: Arc::clone(&cron_job),
            body,
        };
        history::clean_up(&mut sync, desk, client);
        let next = sync.run(desk, client);
        if sync.status != *sync.body.status {
            let mut new = (*cron_job).clone();
            if let Body::CronJob(body) = &mut new.body {
                body.status = Arc::new(sync.status);
            }
            client.update_status(new)?;
        }
        if let Some(at) = next? {
            let trigger = timer_after(client.trigger());
            desk.queue.add_at(key.clone(), at, trigger);
        }
        Ok(())
    }
}

fn note_cron_job(change: &Change<'_>, desk: &mut Desk, now: SimTime) {
    let key = change.object().key();
    let new = change.object().cron_job();
    let old = change.old.and_then(|old| old.cron_job());
    let times = |body: &CronJobBody| (body.spec.schedule.clone(), body.spec.time_zone.clone());
    let (Some(old), Some(new)) = (old, new) else {
        return desk.queue.add(key, woken_by(change));
    };
    if times(old) == times(new) {
        return desk.queue.add(key, woken_by(change));
    }
    // Its time may have changed, but not that it is time.
    if let Ok(schedule) = parse(new) {
        let created = change.object().meta.created;
        let clock = schedule::Clock::of(new, &new.status, created, now);
        let at = clock.next(&schedule, &desk.options).unwrap_or(now);
        desk.queue.add_at(key, at, woken_by(change));
    }
}

fn note_job(change: &Change<'_>, desk: &mut Desk, _now: SimTime) {
    let owner = |object: &Arc<Object>| controller_key(object, Kind::CronJob);
    let (old, new) = (change.old.and_then(owner), change.new.and_then(owner));
    if let Some(key) = old.filter(|key| new.as_ref() != Some(key)) {
        desk.queue.add(key, woken_by(change));
    }
    if let Some(key) = new {
        desk.queue.add(key, woken_by(change));
    }
}

/// The schedule in its time zone; an unknown zone reads as UTC, and is refused before.
fn parse(body: &CronJobBody) -> Result<Schedule, String> {
    let zone = body.spec.time_zone.as_deref().unwrap_or_default();
    let zone = Zone::load(zone).unwrap_or(Zone::UTC);
    Schedule::parse_in(&body.spec.schedule, zone)
}

/// What a sync knows and works at.
struct Sync {
    cron_job: Arc<Object>,
    body: CronJobBody,
    jobs: Vec<Arc<Object>>,
    /// The status to be.
    status: CronJobStatus,
}

impl Sync {
    /// Looks at the Jobs, then at the clock. When it is to be looked at again. Errors: of the
    /// requests.
    fn run(
        &mut self,
        desk: &mut Desk,
        client: &mut Client<'_>,
    ) -> Result<Option<SimTime>, ApiError> {
        self.look_at_jobs(desk, client);
        self.forget_missing(desk, client);
        if self.cron_job.meta.is_deleting() {
            return Ok(None);
        }
        if let Some(name) = self.body.spec.time_zone.clone()
            && let Err(why) = Zone::load(&name)
        {
            let name = crate::api::go_quote(&name);
            let text = message(
                "invalid timeZone: {}: {}",
                [name.as_str().into(), why.as_str().into()],
            );
            self.warn("UnknownTimeZone", text, desk, client);
            return Ok(None);
        }
        if self.body.spec.suspend == Some(true) {
            return Ok(None);
        }
        match parse(&self.body) {
            Ok(schedule) => start::start_if_due(self, &schedule, desk, client),
            Err(why) => {
                let schedule = crate::api::go_quote(&self.body.spec.schedule);
                let text = message(
                    "unparseable schedule: {} : {}",
                    [schedule.as_str().into(), why.as_str().into()],
                );
                self.warn("UnparseableSchedule", text, desk, client);
                Ok(None)
            }
        }
    }

    fn is_active(&self, uid: Uid) -> bool {
        self.status.active.iter().any(|job| job.uid == uid)
    }

    fn look_at_jobs(&mut self, desk: &mut Desk, client: &mut Client<'_>) {
        for object in self.jobs.clone() {
            let Some(job) = object.job() else { continue };
            let (name, active) = (&object.meta.name, self.is_active(object.meta.uid));
            match job.status.finished() {
                None if !active => {
                    // The cache may be older than what this controller itself has written.
                    let fresh = client.live().get(&self.cron_job.key()).cloned();
                    let known = fresh
                        .as_ref()
                        .and_then(|o| o.cron_job())
                        .is_some_and(|body| {
                            body.status.active.iter().any(|j| j.uid == object.meta.uid)
                        });
                    if !known {
                        let text = message(
                            "Saw a job that the controller did not create or forgot: {}",
                            [name.into()],
                        );
                        self.warn("UnexpectedJob", text, desk, client);
                    }
                }
                None => {}
                Some(end) => {
                    if active {
                        self.deactivate(object.meta.uid);
                        let text = message(
                            "Saw completed job: {}, condition: {}",
                            [name.into(), (&end.kind).into()],
                        );
                        self.say("SawCompletedJob", text, desk, client);
                    }
                    if let (Some(at), "Complete") = (job.status.completion_time, &*end.kind) {
                        let latest = self.status.last_successful.max(Some(at));
                        self.status.last_successful = latest;
                    }
                }
            }
        }
    }

    /// Active Jobs that neither the cache nor the server has any more.
    fn forget_missing(&mut self, desk: &mut Desk, client: &mut Client<'_>) {
        for job in self.status.active.clone() {
            let cached = self.jobs.iter().any(|object| object.meta.uid == job.uid);
            let found = client.live().find(Kind::Job, &job.namespace, &job.name);
            if cached || found.is_some() {
                continue;
            }
            let text = message("Active job went missing: {}", [(&job.name).into()]);
            self.say("MissingJob", text, desk, client);
            self.deactivate(job.uid);
        }
    }

    fn deactivate(&mut self, uid: Uid) {
        self.status.active.retain(|job| job.uid != uid);
    }

    fn say(
        &self,
        reason: &str,
        text: impl Into<Message>,
        desk: &mut Desk,
        client: &mut Client<'_>,
    ) {
        let about = InvolvedObject::of(&self.cron_job);
        desk.recorder.normal(client, about, reason, text);
    }

    fn warn(
        &self,
        reason: &str,
        text: impl Into<Message>,
        desk: &mut Desk,
        client: &mut Client<'_>,
    ) {
        let about = InvolvedObject::of(&self.cron_job);
        desk.recorder.warning(client, about, reason, text);
    }
}
