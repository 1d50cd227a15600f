//! Pod specs, alone and in templates.
//!
//! Upstream: `pkg/apis/core/validation/validation.go` (ValidatePodSpec).

use k8s_openapi::api::core::v1::{PodSpec, Toleration};

use crate::api::go_quote;
use crate::apiserver::FieldError;

use super::format::{dns_1123_label, dns_1123_subdomain, qualified_name};
use super::meta::{invalid_text, labels};
use super::{Errors, affinity, container, volume};

const RESTART_POLICIES: &[&str] = &["Always", "OnFailure", "Never"];
const DNS_POLICIES: &[&str] = &["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"];

pub(super) fn pod_spec(spec: &PodSpec, path: &str, errors: &mut Errors) {
    let volumes = volume::volumes(spec, path, errors);
    container::containers(spec, path, &volumes, errors);
    one_of(
        spec.restart_policy.as_deref(),
        RESTART_POLICIES,
        &format!("{path}.restartPolicy"),
        errors,
    );
    one_of(
        spec.dns_policy.as_deref(),
        DNS_POLICIES,
        &format!("{path}.dnsPolicy"),
        errors,
    );
    if let Some(selector) = &spec.node_selector {
        labels(selector, &format!("{path}.nodeSelector"), errors);
    }
    if let Some(wanted) = &spec.affinity {
        affinity::affinity(wanted, &format!("{path}.affinity"), errors);
    }
    let spread = spec.topology_spread_constraints.iter().flatten();
    for (i, constraint) in spread.enumerate() {
        affinity::spread(
            constraint,
            &format!("{path}.topologySpreadConstraints[{i}]"),
            errors,
        );
    }
    subdomain(
        spec.service_account_name.as_deref(),
        &format!("{path}.serviceAccountName"),
        errors,
    );
    subdomain(
        spec.node_name.as_deref(),
        &format!("{path}.nodeName"),
        errors,
    );
    if let Some(seconds) = spec.active_deadline_seconds
        && !(1..=i64::from(i32::MAX)).contains(&seconds)
    {
        let why = "must be between 1 and 2147483647, inclusive";
        errors.push(FieldError::invalid(
            format!("{path}.activeDeadlineSeconds"),
            seconds,
            why,
        ));
    }
    for (text, field) in [(&spec.hostname, "hostname"), (&spec.subdomain, "subdomain")] {
        if let Some(text) = text.as_deref().filter(|t| !t.is_empty()) {
            invalid_text(
                &format!("{path}.{field}"),
                text,
                dns_1123_label(text),
                errors,
            );
        }
    }
    for (i, toleration) in spec.tolerations.iter().flatten().enumerate() {
        self::toleration(toleration, &format!("{path}.tolerations[{i}]"), errors);
    }
    subdomain(
        spec.priority_class_name.as_deref(),
        &format!("{path}.priorityClassName"),
        errors,
    );
}

fn subdomain(text: Option<&str>, path: &str, errors: &mut Errors) {
    if let Some(text) = text.filter(|t| !t.is_empty()) {
        invalid_text(path, text, dns_1123_subdomain(text), errors);
    }
}

/// A text that must be one of a few. Defaults have filled it in, so an empty one only comes from
/// inside the simulation.
pub(super) fn one_of(text: Option<&str>, allowed: &[&str], path: &str, errors: &mut Errors) {
    match text.unwrap_or_default() {
        "" => {}
        text if !allowed.contains(&text) => {
            errors.push(FieldError::not_supported(path, go_quote(text), allowed));
        }
        _ => {}
    }
}

/// What only holds for pods: templates let images with spaces pass.
pub(super) fn images_of_a_pod(spec: &PodSpec, errors: &mut Errors) {
    for (list, name) in [
        (Some(&spec.containers), "containers"),
        (spec.init_containers.as_ref(), "initContainers"),
    ] {
        for (i, container) in list.into_iter().flatten().enumerate() {
            let image = container.image.as_deref().unwrap_or_default();
            if image.trim() != image {
                errors.push(FieldError::invalid(
                    format!("spec.{name}[{i}].image"),
                    go_quote(image),
                    "must not have leading or trailing whitespace",
                ));
            }
        }
    }
}

const EFFECTS: &[&str] = &["NoSchedule", "PreferNoSchedule", "NoExecute"];

fn toleration(toleration: &Toleration, path: &str, errors: &mut Errors) {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    let (key, operator) = (text(&toleration.key), text(&toleration.operator));
    let (value, effect) = (text(&toleration.value), text(&toleration.effect));
    if !key.is_empty() {
        invalid_text(&format!("{path}.key"), &key, qualified_name(&key), errors);
    }
    if key.is_empty() && operator != "Exists" {
        let why = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
        errors.push(FieldError::invalid(
            format!("{path}.operator"),
            go_quote(&operator),
            why,
        ));
    }
    if toleration.toleration_seconds.is_some() && effect != "NoExecute" {
        let why = "effect must be 'NoExecute' when `tolerationSeconds` is set";
        errors.push(FieldError::invalid(
            format!("{path}.effect"),
            go_quote(&effect),
            why,
        ));
    }
    match operator.as_str() {
        "" | "Equal" => {
            let problems = super::format::label_value(&value);
            invalid_text(&format!("{path}.operator"), &value, problems, errors);
        }
        "Exists" if !value.is_empty() => {
            let why = "value must be empty when `operator` is 'Exists'";
            errors.push(FieldError::invalid(
                format!("{path}.operator"),
                go_quote(&value),
                why,
            ));
        }
        "Exists" => {}
        other => errors.push(FieldError::not_supported(
            format!("{path}.operator"),
            go_quote(other),
            &["Equal", "Exists"],
        )),
    }
    if !effect.is_empty() && !EFFECTS.contains(&effect.as_str()) {
        let path = format!("{path}.effect");
        errors.push(FieldError::not_supported(path, go_quote(&effect), EFFECTS));
    }
}
