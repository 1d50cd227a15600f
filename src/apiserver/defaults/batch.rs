//! Defaults of Jobs and CronJobs.
//!
//! Upstream: `pkg/apis/batch/v1/defaults.go`.

use k8s_openapi::api::batch::v1::{CronJobSpec, JobSpec};

use super::{pod_template, text};

pub(in crate::apiserver) fn job(spec: &mut JobSpec) {
    if spec.completions.is_none() && spec.parallelism.is_none() {
        spec.completions = Some(1);
    }
    spec.parallelism.get_or_insert(1);
    let no_limit = spec.backoff_limit_per_index.is_some();
    spec.backoff_limit
        .get_or_insert(if no_limit { i32::MAX } else { 6 });
    spec.completion_mode
        .get_or_insert_with(|| "NonIndexed".into());
    spec.suspend.get_or_insert(false);
    let replacement = match spec.pod_failure_policy {
        Some(_) => "Failed",
        None => "TerminatingOrFailed",
    };
    spec.pod_replacement_policy
        .get_or_insert_with(|| replacement.into());
    spec.manual_selector.get_or_insert(false);
    pods(spec);
}

/// What is filled in for Jobs and for the Jobs of CronJobs alike.
fn pods(spec: &mut JobSpec) {
    let policy = spec.pod_failure_policy.iter_mut();
    let rules = policy.flat_map(|policy| &mut policy.rules);
    for pattern in rules.flat_map(|rule| rule.on_pod_conditions.iter_mut().flatten()) {
        text(&mut pattern.status, "True");
    }
    pod_template(&mut spec.template);
}

pub(in crate::apiserver) fn cron_job(spec: &mut CronJobSpec) {
    text(&mut spec.concurrency_policy, "Allow");
    spec.suspend.get_or_insert(false);
    spec.successful_jobs_history_limit.get_or_insert(3);
    spec.failed_jobs_history_limit.get_or_insert(1);
    let template = &mut spec.job_template;
    template.metadata.get_or_insert_default();
    pods(template.spec.get_or_insert_default());
}
