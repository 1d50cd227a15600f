//! Deployments and ReplicaSets.
//!
//! Upstream: `pkg/apis/apps/validation/validation.go`.

use k8s_openapi::api::apps::v1::{DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment};
use k8s_openapi::api::core::v1::{PodSpec, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::api::{ReplicaSetBody, Selector, go_quote};
use crate::apiserver::FieldError;

use super::format::{IMMUTABLE, NONNEGATIVE, percent};
use super::meta::{annotations, labels, labels_text, selector, selector_text};
use super::{Errors, pod};

pub(super) fn nonnegative(value: impl Into<i64>, path: &str, errors: &mut Errors) {
    let value: i64 = value.into();
    if value < 0 {
        errors.push(FieldError::invalid(path, value, NONNEGATIVE));
    }
}

pub(super) fn deployment(spec: &DeploymentSpec, errors: &mut Errors) {
    nonnegative(spec.replicas.unwrap_or(1), "spec.replicas", errors);
    selected_template(&spec.selector, &spec.template, errors);
    if let Some(strategy) = &spec.strategy {
        deployment_strategy(strategy, errors);
    }
    let min_ready = spec.min_ready_seconds.unwrap_or(0);
    nonnegative(min_ready, "spec.minReadySeconds", errors);
    if let Some(limit) = spec.revision_history_limit {
        nonnegative(limit, "spec.revisionHistoryLimit", errors);
    }
    if let Some(deadline) = spec.progress_deadline_seconds {
        let path = "spec.progressDeadlineSeconds";
        nonnegative(deadline, path, errors);
        if deadline <= min_ready {
            let why = "must be greater than minReadySeconds";
            errors.push(FieldError::invalid(path, deadline, why));
        }
    }
}

pub(super) fn replica_set(body: &ReplicaSetBody, errors: &mut Errors) {
    nonnegative(body.replicas, "spec.replicas", errors);
    nonnegative(body.min_ready_seconds, "spec.minReadySeconds", errors);
    selected_template(&body.api_selector, &body.template.api, errors);
}

pub(super) fn immutable_selector(new: &LabelSelector, old: &LabelSelector, errors: &mut Errors) {
    if Selector::from_api(new) != Selector::from_api(old) {
        errors.push(FieldError::invalid(
            "spec.selector",
            selector_text(new),
            IMMUTABLE,
        ));
    }
}

/// `spec.selector` and `spec.template` of a Deployment or ReplicaSet.
fn selected_template(wanted: &LabelSelector, template: &PodTemplateSpec, errors: &mut Errors) {
    let absent = is_absent(wanted);
    let mut usable = true;
    if absent {
        errors.push(FieldError::required("spec.selector", ""));
    } else {
        usable = selector(wanted, "spec.selector", errors);
        if Selector::from_api(wanted).is_empty() {
            let why = "empty selector is invalid for deployment";
            errors.push(FieldError::invalid("spec.selector", "{}", why));
        }
    }
    if !usable {
        let text = selector_text(wanted);
        errors.push(FieldError::invalid(
            "spec.selector",
            text,
            "invalid label selector",
        ));
        return;
    }
    if !matches_template(wanted, template) {
        errors.push(mismatch(template));
    }
    pod_template(template, "ReplicaSet", errors);
}

/// What holds for the template of every workload whose pods run for ever; `of` is its kind.
pub(super) fn pod_template(template: &PodTemplateSpec, of: &str, errors: &mut Errors) {
    any_template(template, "spec.template", errors);
    let spec = template.spec.as_ref();
    let policy = spec.and_then(|s| s.restart_policy.as_deref());
    let policy = policy.unwrap_or("Always");
    if policy != "Always" {
        let path = "spec.template.spec.restartPolicy";
        errors.push(FieldError::not_supported(
            path,
            go_quote(policy),
            &["Always"],
        ));
    }
    if spec.is_some_and(|s| s.active_deadline_seconds.is_some()) {
        errors.push(FieldError::forbidden(
            "spec.template.spec.activeDeadlineSeconds",
            &format!("activeDeadlineSeconds in {of} is not Supported"),
        ));
    }
}

/// Whether a selector matches the labels of a template; one that is absent matches nothing.
pub(super) fn matches_template(wanted: &LabelSelector, template: &PodTemplateSpec) -> bool {
    if is_absent(wanted) {
        return false;
    }
    let own = template.metadata.as_ref().and_then(|m| m.labels.as_ref());
    let none = std::collections::BTreeMap::new();
    Selector::from_api(wanted).matches(own.unwrap_or(&none))
}

/// Decoding leaves a selector of two `None` where none was given.
pub(super) fn is_absent(selector: &LabelSelector) -> bool {
    selector.match_labels.is_none() && selector.match_expressions.is_none()
}

/// The problem of a selector that does not match the template's labels.
pub(super) fn mismatch(template: &PodTemplateSpec) -> FieldError {
    let own = template.metadata.as_ref().and_then(|m| m.labels.as_ref());
    let why = "`selector` does not match template `labels`";
    FieldError::invalid("spec.template.metadata.labels", labels_text(own), why)
}

pub(super) fn replication_controller(body: &ReplicaSetBody, errors: &mut Errors) {
    nonnegative(body.min_ready_seconds, "spec.minReadySeconds", errors);
    let selector = &body.api_selector;
    if selector.match_labels.as_ref().is_none_or(|l| l.is_empty()) {
        errors.push(FieldError::required("spec.selector", ""));
    }
    nonnegative(body.replicas, "spec.replicas", errors);
    if !body.selector.is_empty() && !matches_template(selector, &body.template.api) {
        errors.push(mismatch(&body.template.api));
    }
    pod_template(&body.template.api, "ReplicationController", errors);
}

/// Labels, annotations and spec of a template. The path of its labels has no `metadata`.
pub(super) fn any_template(template: &PodTemplateSpec, path: &str, errors: &mut Errors) {
    let meta = template.metadata.as_ref();
    if let Some(own) = meta.and_then(|m| m.labels.as_ref()) {
        labels(own, &format!("{path}.labels"), errors);
    }
    if let Some(own) = meta.and_then(|m| m.annotations.as_ref()) {
        annotations(own, &format!("{path}.annotations"), errors);
    }
    let empty = PodSpec::default();
    let spec = template.spec.as_ref().unwrap_or(&empty);
    pod::pod_spec(spec, &format!("{path}.spec"), errors);
}

fn deployment_strategy(strategy: &DeploymentStrategy, errors: &mut Errors) {
    let rolling = strategy.rolling_update.as_ref();
    match strategy.type_.as_deref().unwrap_or_default() {
        "Recreate" if rolling.is_some() => errors.push(FieldError::forbidden(
            "spec.strategy.rollingUpdate",
            "may not be specified when strategy `type` is 'Recreate'",
        )),
        "Recreate" => {}
        "RollingUpdate" => rolling_update(rolling.cloned().unwrap_or_default(), errors),
        other => {
            // Upstream prints its internal struct.
            let rolling = rolling.map_or("null".to_string(), |rolling| {
                let part =
                    |value: &Option<IntOrString>| value.as_ref().map_or("0".to_string(), text_of);
                format!(
                    "{{\"MaxUnavailable\":{},\"MaxSurge\":{}}}",
                    part(&rolling.max_unavailable),
                    part(&rolling.max_surge)
                )
            });
            errors.push(FieldError::not_supported(
                "spec.strategy",
                format!(
                    "{{\"Type\":{},\"RollingUpdate\":{rolling}}}",
                    go_quote(other)
                ),
                &["Recreate", "RollingUpdate"],
            ));
        }
    }
}

fn rolling_update(rolling: RollingUpdateDeployment, errors: &mut Errors) {
    let zero = IntOrString::Int(0);
    let unavailable = rolling.max_unavailable.as_ref().unwrap_or(&zero);
    let surge = rolling.max_surge.as_ref().unwrap_or(&zero);
    let path = |field: &str| format!("spec.strategy.rollingUpdate.{field}");
    for (value, field) in [(unavailable, "maxUnavailable"), (surge, "maxSurge")] {
        int_or_percent(value, &path(field), errors);
    }
    if amount(unavailable) == 0 && amount(surge) == 0 {
        let why = "may not be 0 when `maxSurge` is 0";
        errors.push(FieldError::invalid(
            path("maxUnavailable"),
            text_of(unavailable),
            why,
        ));
    }
    at_most_all(unavailable, &path("maxUnavailable"), errors);
}

/// A number that is not negative, or a percentage.
pub(super) fn int_or_percent(value: &IntOrString, path: &str, errors: &mut Errors) {
    match value {
        IntOrString::Int(number) => nonnegative(*number, path, errors),
        IntOrString::String(text) => errors.extend(
            percent(text)
                .iter()
                .map(|why| FieldError::invalid(path, go_quote(text), why)),
        ),
    }
}

/// A percentage is 100% at most.
pub(super) fn at_most_all(value: &IntOrString, path: &str, errors: &mut Errors) {
    if matches!(value, IntOrString::String(_)) && amount(value) > 100 {
        let why = "must not be greater than 100%";
        errors.push(FieldError::invalid(path, text_of(value), why));
    }
}

/// Go's text of such a value.
pub(super) fn text_of(value: &IntOrString) -> String {
    match value {
        IntOrString::Int(number) => number.to_string(),
        IntOrString::String(text) => go_quote(text),
    }
}

/// The number, or the number of percent; 0 for what is neither.
pub(super) fn amount(value: &IntOrString) -> i64 {
    match value {
        IntOrString::Int(number) => (*number).into(),
        IntOrString::String(text) => text
            .strip_suffix('%')
            .and_then(|n| n.parse().ok())
            .unwrap_or(0),
    }
}
