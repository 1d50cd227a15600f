//! DaemonSets.
//!
//! Upstream: `pkg/apis/apps/validation/validation.go` (ValidateDaemonSetSpec).

use k8s_openapi::api::apps::v1::{DaemonSetSpec, DaemonSetUpdateStrategy, RollingUpdateDaemonSet};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::api::{Selector, go_quote};
use crate::apiserver::FieldError;

use super::Errors;
use super::meta::selector;
use super::workload::{
    amount, at_most_all, int_or_percent, is_absent, matches_template, mismatch, nonnegative,
    pod_template, text_of,
};

pub(super) fn daemon_set(spec: &DaemonSetSpec, errors: &mut Errors) {
    let usable = selector(&spec.selector, "spec.selector", errors);
    if usable && !matches_template(&spec.selector, &spec.template) {
        errors.push(mismatch(&spec.template));
    }
    if !is_absent(&spec.selector) && Selector::from_api(&spec.selector).is_empty() {
        let why = "empty selector is invalid for daemonset";
        errors.push(FieldError::invalid("spec.selector", "{}", why));
    }
    pod_template(&spec.template, "DaemonSet", errors);
    let min_ready = spec.min_ready_seconds.unwrap_or(0);
    nonnegative(min_ready, "spec.minReadySeconds", errors);
    if let Some(strategy) = &spec.update_strategy {
        update_strategy(strategy, errors);
    }
    if let Some(limit) = spec.revision_history_limit {
        nonnegative(limit, "spec.revisionHistoryLimit", errors);
    }
}

fn update_strategy(strategy: &DaemonSetUpdateStrategy, errors: &mut Errors) {
    let rolling = strategy.rolling_update.as_ref();
    match (strategy.type_.as_deref().unwrap_or_default(), rolling) {
        ("OnDelete", _) => {}
        ("RollingUpdate", Some(rolling)) => rolling_update(rolling, errors),
        ("RollingUpdate", None) => {
            let path = "spec.updateStrategy.rollingUpdate";
            errors.push(FieldError::required(path, ""));
        }
        (other, rolling) => {
            // Upstream prints its internal struct.
            let part = |value: &Option<IntOrString>| value.as_ref().map_or("0".into(), text_of);
            let rolling = rolling.map_or("null".to_string(), |rolling| {
                let (unavailable, surge) =
                    (part(&rolling.max_unavailable), part(&rolling.max_surge));
                format!("{{\"MaxUnavailable\":{unavailable},\"MaxSurge\":{surge}}}")
            });
            let text = format!(
                "{{\"Type\":{},\"RollingUpdate\":{rolling}}}",
                go_quote(other)
            );
            let allowed = &["RollingUpdate", "OnDelete"];
            errors.push(FieldError::not_supported(
                "spec.updateStrategy",
                text,
                allowed,
            ));
        }
    }
}

fn rolling_update(rolling: &RollingUpdateDaemonSet, errors: &mut Errors) {
    let zero = IntOrString::Int(0);
    let unavailable = rolling.max_unavailable.as_ref().unwrap_or(&zero);
    let surge = rolling.max_surge.as_ref().unwrap_or(&zero);
    let path = |field: &str| format!("spec.updateStrategy.rollingUpdate.{field}");
    let both = [(unavailable, "maxUnavailable"), (surge, "maxSurge")];
    for (value, field) in both {
        int_or_percent(value, &path(field), errors);
    }
    for (value, field) in both {
        at_most_all(value, &path(field), errors);
    }
    match (amount(unavailable) != 0, amount(surge) != 0) {
        (true, true) => {
            let why = "may not be set when maxUnavailable is non-zero";
            errors.push(FieldError::invalid(path("maxSurge"), text_of(surge), why));
        }
        (false, false) => {
            let why = "cannot be 0 when maxSurge is 0";
            errors.push(FieldError::required(path("maxUnavailable"), why));
        }
        _ => {}
    }
}
