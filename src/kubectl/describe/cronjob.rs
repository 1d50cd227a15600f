//! `kubectl describe cronjob`.
//!
//! Upstream: `describeCronJob` in `describe.go`.

use crate::api::{Object, Selector};

use super::job::{UNSET, or_unset};
use super::text::Text;
use super::{Scene, events, template};

pub(super) fn write(object: &Object, scene: Scene<'_>, out: &mut Text) {
    let Some(cron_job) = object.cron_job() else {
        return;
    };
    let (spec, status) = (&cron_job.spec, &cron_job.status);
    out.names(&object.meta);
    out.labels(&object.meta);
    out.field(0, "Schedule", &spec.schedule);
    let policy = spec.concurrency_policy.as_deref().unwrap_or_default();
    out.field(0, "Concurrency Policy", policy);
    let suspended = spec.suspend.map(|on| if on { "True" } else { "False" });
    out.field(0, "Suspend", or_unset(suspended));
    out.field(0, "Time Zone", or_unset(spec.time_zone.as_ref()));
    let limit = or_unset(spec.successful_jobs_history_limit);
    out.field(0, "Successful Job History Limit", limit);
    let limit = or_unset(spec.failed_jobs_history_limit);
    out.field(0, "Failed Job History Limit", limit);
    let deadline = spec.starting_deadline_seconds.map(|n| format!("{n}s"));
    out.field(0, "Starting Deadline Seconds", or_unset(deadline));
    let job = cron_job.job_spec();
    let selector = job.selector.as_ref().map(Selector::from_api);
    out.field(0, "Selector", or_unset(selector));
    out.field(0, "Parallelism", or_unset(job.parallelism));
    out.field(0, "Completions", or_unset(job.completions));
    if let Some(seconds) = job.active_deadline_seconds {
        out.field(0, "Active Deadline Seconds", format!("{seconds}s"));
    }
    template::write(&job.template, out);
    let last = status.last_schedule.map(|at| at.rfc1123z());
    let last = last.unwrap_or_else(|| UNSET.into());
    out.field(0, "Last Schedule Time", last);
    let active: Vec<&str> = status.active.iter().map(|job| &*job.name).collect();
    let active = match active.as_slice() {
        [] => "<none>".to_string(),
        names => names.join(", "),
    };
    out.field(0, "Active Jobs", active);
    events::write(object, scene, out);
}
