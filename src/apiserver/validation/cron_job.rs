//! CronJobs.
//!
//! Upstream: `pkg/apis/batch/validation/validation.go` (ValidateCronJobCreate).

use k8s_openapi::api::batch::v1::CronJobSpec;

use crate::api::cron::{Schedule, Zone};
use crate::api::{CronJobBody, Meta, go_quote};
use crate::apiserver::FieldError;

use super::Errors;
use super::job::job_spec;
use super::meta::selector_text;
use super::workload::nonnegative;

/// Its Jobs' names are eleven characters longer, and a label's value holds 63.
const NAME_MAX: usize = 52;
const ZONE_PART_MAX: usize = 14;

/// A CronJob as it is about to be stored.
pub(super) fn cron_job(meta: &Meta, body: &CronJobBody, errors: &mut Errors) {
    cron_job_spec(body, None, errors);
    if meta.name.len() > NAME_MAX {
        let why = format!("must be no more than {NAME_MAX} characters");
        let name = go_quote(&meta.name);
        errors.push(FieldError::invalid("metadata.name", name, &why));
    }
}

/// A new version of a CronJob.
pub(super) fn cron_job_update(new: &CronJobBody, old: &CronJobBody, errors: &mut Errors) {
    cron_job_spec(new, Some(&old.spec), errors);
}

fn cron_job_spec(body: &CronJobBody, old: Option<&CronJobSpec>, errors: &mut Errors) {
    let spec = &body.spec;
    if spec.schedule.is_empty() {
        errors.push(FieldError::required("spec.schedule", ""));
    } else {
        schedule(spec, old, errors);
    }
    if let Some(seconds) = spec.starting_deadline_seconds {
        nonnegative(seconds, "spec.startingDeadlineSeconds", errors);
    }
    if let Some(name) = spec.time_zone.as_deref() {
        let unchanged = old.is_some_and(|old| old.time_zone == spec.time_zone);
        if let (Err(why), false) = (time_zone(name), unchanged) {
            let path = "spec.timeZone";
            errors.push(FieldError::invalid(path, go_quote(name), &why));
        }
    }
    match spec.concurrency_policy.as_deref().unwrap_or_default() {
        "Allow" | "Forbid" | "Replace" => {}
        other => errors.push(FieldError::not_supported(
            "spec.concurrencyPolicy",
            go_quote(other),
            &["Allow", "Forbid", "Replace"],
        )),
    }
    job_template(body, errors);
    for (limit, field) in [
        (
            spec.successful_jobs_history_limit,
            "spec.successfulJobsHistoryLimit",
        ),
        (
            spec.failed_jobs_history_limit,
            "spec.failedJobsHistoryLimit",
        ),
    ] {
        if let Some(limit) = limit {
            nonnegative(limit, field, errors);
        }
    }
}

fn schedule(spec: &CronJobSpec, old: Option<&CronJobSpec>, errors: &mut Errors) {
    let text = &spec.schedule;
    let mut refuse = |why: &str| {
        errors.push(FieldError::invalid("spec.schedule", go_quote(text), why));
    };
    if let Err(why) = Schedule::parse(text) {
        refuse(&why);
    }
    let allowed = old.is_some_and(|old| old.schedule.contains("TZ"));
    match (text.contains("TZ"), allowed) {
        (true, false) => {
            refuse("cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
        }
        (true, true) if spec.time_zone.is_some() => {
            refuse("cannot use both timeZone field and TZ or CRON_TZ in schedule");
        }
        _ => {}
    }
}

fn time_zone(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("timeZone must be nil or non-empty string".into());
    }
    let usual = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
    let part = |part: &str| {
        !matches!(part, "" | "." | "..")
            && !part.starts_with('-')
            && part.len() <= ZONE_PART_MAX
            && part.chars().all(usual)
    };
    if !name.split('/').all(part) {
        return Err(format!("unknown time zone {name}"));
    }
    if name.eq_ignore_ascii_case("Local") {
        return Err(
            "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
                .into(),
        );
    }
    Zone::load(name).map(|_| ())
}

fn job_template(body: &CronJobBody, errors: &mut Errors) {
    let spec = body.job_spec();
    job_spec(&spec, "spec.jobTemplate.spec", errors);
    if let Some(selector) = &spec.selector {
        let path = "spec.jobTemplate.spec.selector";
        let why = "`selector` will be auto-generated";
        errors.push(FieldError::invalid(path, selector_text(selector), why));
    }
    if spec.manual_selector == Some(true) {
        let path = "spec.jobTemplate.spec.manualSelector";
        errors.push(FieldError::not_supported(path, true, &["nil", "false"]));
    }
}
