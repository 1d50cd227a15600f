//! Jobs, and the Jobs of CronJobs.
//!
//! Upstream: `pkg/apis/batch/validation/validation.go` (ValidateJob, ValidateJobUpdate).

use std::collections::BTreeMap;

use k8s_openapi::api::batch::v1::JobSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use crate::api::{JobBody, Meta, Selector, go_quote};
use crate::apiserver::FieldError;
use crate::apiserver::jobs::{CONTROLLER_UID, JOB_NAME};

use super::format::{IMMUTABLE, dns_1123_label, dns_1123_subdomain};
use super::job_template::differs_in_scheduling_only;
use super::meta::{invalid_text, labels_text, selector, selector_text};
use super::workload::{any_template, nonnegative};
use super::{Errors, job_policy};

const NO_MATCH: &str = "`selector` does not match template `labels`";
const MANAGED_BY_MAX: usize = 63;
const INDEXED_PARALLELISM_MAX: i32 = 100_000;
const FAILED_INDEXES_MAX: i32 = 100_000;
/// Beyond so many completions the limits below hold, if each index has its own back-off limit.
const COMPLETIONS_MANY: i32 = 100_000;
const MANY_PARALLELISM_MAX: i32 = 10_000;
const MANY_FAILED_INDEXES_MAX: i32 = 10_000;

/// A Job as it is about to be stored.
pub(super) fn job(meta: &Meta, job: &JobBody, errors: &mut Errors) {
    generated_selector(meta, &job.spec, errors);
    spec_with_selector(&job.spec, errors);
    let last = job.spec.completions.filter(|n| *n > 0 && job.is_indexed());
    if let Some(last) = last.map(|n| n - 1) {
        let host = format!("{}-{last}", meta.name);
        if !dns_1123_label(&host).is_empty() {
            let why = format!("will not able to create pod with invalid DNS label: {host}");
            errors.push(FieldError::invalid(
                "metadata.name",
                go_quote(&meta.name),
                &why,
            ));
        }
    }
}

fn labels_of(spec: &JobSpec) -> Option<&BTreeMap<String, String>> {
    spec.template.metadata.as_ref()?.labels.as_ref()
}

/// The labels that the server gives to a Job's pods, and the selector that it makes of them.
fn generated_selector(meta: &Meta, spec: &JobSpec, errors: &mut Errors) {
    let (Some(wanted), false) = (&spec.selector, spec.manual_selector == Some(true)) else {
        return;
    };
    let (name, uid) = (meta.name.to_string(), meta.uid.to_string());
    let mut expected = BTreeMap::new();
    for (uid_key, name_key) in CONTROLLER_UID.into_iter().zip(JOB_NAME) {
        for (key, value) in [(uid_key, &uid), (name_key, &name)] {
            has_label(labels_of(spec), key, value, errors);
            expected.insert(key.to_string(), value.clone());
        }
    }
    if !Selector::from_api(wanted).matches(&expected) {
        let text = selector_text(wanted);
        let why = "`selector` not auto-generated";
        errors.push(FieldError::invalid("spec.selector", text, why));
    }
}

fn has_label(
    labels: Option<&BTreeMap<String, String>>,
    key: &str,
    value: &str,
    errors: &mut Errors,
) {
    let path = format!("spec.template.metadata.labels[{key}]");
    let why = format!("must be '{value}'");
    match labels.and_then(|labels| labels.get(key)) {
        None => errors.push(FieldError::required(path, &why)),
        Some(is) if is != value => {
            errors.push(FieldError::invalid(path, labels_text(labels), &why));
        }
        Some(_) => {}
    }
}

fn spec_with_selector(spec: &JobSpec, errors: &mut Errors) {
    job_spec(spec, "spec", errors);
    let nothing = LabelSelector::default();
    let usable = match &spec.selector {
        None => {
            errors.push(FieldError::required("spec.selector", ""));
            true
        }
        Some(wanted) => selector(wanted, "spec.selector", errors),
    };
    let wanted = Selector::from_api(spec.selector.as_ref().unwrap_or(&nothing));
    let own = labels_of(spec);
    let matches = spec.selector.is_some() && wanted.matches(own.unwrap_or(&BTreeMap::new()));
    if usable && !matches {
        let path = "spec.template.metadata.labels";
        errors.push(FieldError::invalid(path, labels_text(own), NO_MATCH));
    }
}

/// `spec` of a Job, or of the Jobs of a CronJob, but for the selector.
pub(super) fn job_spec(spec: &JobSpec, path: &str, errors: &mut Errors) {
    let numbers = [
        (spec.parallelism.map(i64::from), "parallelism"),
        (spec.completions.map(i64::from), "completions"),
        (spec.active_deadline_seconds, "activeDeadlineSeconds"),
        (spec.backoff_limit.map(i64::from), "backoffLimit"),
        (
            spec.ttl_seconds_after_finished.map(i64::from),
            "ttlSecondsAfterFinished",
        ),
        (
            spec.backoff_limit_per_index.map(i64::from),
            "backoffLimitPerIndex",
        ),
        (spec.max_failed_indexes.map(i64::from), "maxFailedIndexes"),
    ];
    for (number, field) in numbers {
        if let Some(number) = number {
            nonnegative(number, &format!("{path}.{field}"), errors);
        }
    }
    if spec.max_failed_indexes.is_some() && spec.backoff_limit_per_index.is_none() {
        let why = "when maxFailedIndexes is specified";
        errors.push(FieldError::required(
            format!("{path}.backoffLimitPerIndex"),
            why,
        ));
    }
    if let Some(manager) = &spec.managed_by {
        managed_by(manager, &format!("{path}.managedBy"), errors);
    }
    match spec.completion_mode.as_deref().unwrap_or("NonIndexed") {
        "Indexed" => indexed(spec, path, errors),
        "NonIndexed" => not_indexed(spec, path, errors),
        other => errors.push(FieldError::not_supported(
            format!("{path}.completionMode"),
            go_quote(other),
            &["NonIndexed", "Indexed"],
        )),
    }
    job_policy::policies(spec, path, errors);
    any_template(&spec.template, &format!("{path}.template"), errors);
    restart_policy(spec, &format!("{path}.template.spec.restartPolicy"), errors);
}

fn managed_by(manager: &str, path: &str, errors: &mut Errors) {
    match manager.split_once('/') {
        _ if manager.is_empty() => errors.push(FieldError::required(path, "")),
        Some((domain, rest)) if !domain.is_empty() && !rest.is_empty() => {
            invalid_text(path, domain, dns_1123_subdomain(domain), errors);
        }
        _ => {
            let why = "must be a domain-prefixed path (such as \"acme.io/foo\")";
            errors.push(FieldError::invalid(path, go_quote(manager), why));
        }
    }
    if manager.len() > MANAGED_BY_MAX {
        errors.push(FieldError {
            path: path.to_string(),
            detail: format!("Too long: may not be more than {MANAGED_BY_MAX} bytes"),
        });
    }
}

fn indexed(spec: &JobSpec, path: &str, errors: &mut Errors) {
    let at = |field: &str| format!("{path}.{field}");
    let failed = spec.max_failed_indexes;
    if spec.completions.is_none() {
        let why = "when completion mode is Indexed";
        errors.push(FieldError::required(at("completions"), why));
    }
    let when = " when completion mode is Indexed";
    let most = INDEXED_PARALLELISM_MAX;
    at_most(spec.parallelism, most, at("parallelism"), when, errors);
    if let (Some(failed), Some(all)) = (failed, spec.completions)
        && failed > all
    {
        let why = "must be less than or equal to completions";
        errors.push(FieldError::invalid(at("maxFailedIndexes"), failed, why));
    }
    let path = at("maxFailedIndexes");
    at_most(failed, FAILED_INDEXES_MAX, path, "", errors);
    let many = spec.completions.is_some_and(|n| n > COMPLETIONS_MANY);
    if !many || spec.backoff_limit_per_index.is_none() {
        return;
    }
    if failed.is_none() {
        let why = format!("must be specified when completions is above {COMPLETIONS_MANY}");
        errors.push(FieldError::required(at("maxFailedIndexes"), &why));
    }
    let when = format!(
        " when completions are above {COMPLETIONS_MANY} and used with backoff limit per index"
    );
    let most = MANY_PARALLELISM_MAX;
    at_most(spec.parallelism, most, at("parallelism"), &when, errors);
    let path = at("maxFailedIndexes");
    at_most(failed, MANY_FAILED_INDEXES_MAX, path, &when, errors);
}

fn at_most(value: Option<i32>, most: i32, path: String, when: &str, errors: &mut Errors) {
    if let Some(value) = value.filter(|n| *n > most) {
        let why = format!("must be less than or equal to {most}{when}");
        errors.push(FieldError::invalid(path, value, &why));
    }
}

fn not_indexed(spec: &JobSpec, path: &str, errors: &mut Errors) {
    for (value, field) in [
        (spec.backoff_limit_per_index, "backoffLimitPerIndex"),
        (spec.max_failed_indexes, "maxFailedIndexes"),
    ] {
        if let Some(value) = value {
            let why = "requires indexed completion mode";
            errors.push(FieldError::invalid(format!("{path}.{field}"), value, why));
        }
    }
}

fn restart_policy(spec: &JobSpec, path: &str, errors: &mut Errors) {
    let pods = spec.template.spec.as_ref();
    let policy = pods.and_then(|s| s.restart_policy.as_deref());
    match policy.unwrap_or_default() {
        // `Always` may be the default of what was left out.
        "Always" | "" => errors.push(FieldError::required(
            path,
            "valid values: \"OnFailure\", \"Never\"",
        )),
        "Never" => {}
        "OnFailure" => {
            if spec.pod_failure_policy.is_some() {
                let why = "only \"Never\" is supported when podFailurePolicy is specified";
                errors.push(FieldError::invalid(path, "\"OnFailure\"", why));
            }
        }
        other => errors.push(FieldError::not_supported(
            path,
            go_quote(other),
            &["OnFailure", "Never"],
        )),
    }
}

/// What differs from the stored Job and may not.
pub(super) fn job_update(meta: &Meta, new: &JobBody, old: &JobBody, errors: &mut Errors) {
    job(meta, new, errors);
    // Upstream checks the spec once more here, and its mistakes are named twice.
    spec_with_selector(&new.spec, errors);
    let (spec, was) = (&new.spec, &old.spec);
    let number = |n: Option<i32>| n.map_or("null".to_string(), |n| n.to_string());
    if spec.completions != was.completions {
        let path = "spec.completions";
        let value = number(spec.completions);
        if !new.is_indexed() {
            errors.push(FieldError::invalid(path, value, IMMUTABLE));
        } else if spec.completions.is_some() && spec.completions != spec.parallelism {
            let why = "can only be modified in tandem with spec.parallelism";
            errors.push(FieldError::invalid(path, value, why));
        }
    }
    if new.selector != old.selector {
        let text = spec.selector.as_ref().map(selector_text);
        let text = text.unwrap_or_else(|| "null".into());
        errors.push(FieldError::invalid("spec.selector", text, IMMUTABLE));
    }
    let quoted = |text: &Option<String>| text.as_deref().map_or("null".to_string(), go_quote);
    let mut immutable = |changed: bool, field: &str, value: String| {
        if changed {
            errors.push(FieldError::invalid(
                format!("spec.{field}"),
                value,
                IMMUTABLE,
            ));
        }
    };
    let may_change = old.is_suspended()
        && old.status.active == 0
        && (old.status.start_time.is_none() || old.status.met("Suspended").is_some());
    immutable(
        new.template != old.template
            && !(may_change && differs_in_scheduling_only(&new.template.api, &old.template.api)),
        "template",
        crate::api::go_internal_template(&serde_json::json!(spec.template)),
    );
    immutable(
        spec.completion_mode != was.completion_mode,
        "completionMode",
        quoted(&spec.completion_mode),
    );
    immutable(
        spec.pod_failure_policy != was.pod_failure_policy,
        "podFailurePolicy",
        job_policy::failure_text(spec.pod_failure_policy.as_ref()),
    );
    immutable(
        spec.backoff_limit_per_index != was.backoff_limit_per_index,
        "backoffLimitPerIndex",
        number(spec.backoff_limit_per_index),
    );
    immutable(
        spec.managed_by != was.managed_by,
        "managedBy",
        quoted(&spec.managed_by),
    );
    immutable(
        spec.success_policy != was.success_policy,
        "successPolicy",
        job_policy::success_text(spec.success_policy.as_ref()),
    );
}
