//! Affinity and topology spread.
//!
//! Upstream: `pkg/apis/core/validation/validation.go` (validateAffinity,
//! validateTopologySpreadConstraints).

use k8s_openapi::api::core::v1::{
    Affinity, NodeSelectorRequirement, NodeSelectorTerm, PodAffinityTerm, TopologySpreadConstraint,
};

use crate::api::go_quote;
use crate::apiserver::FieldError;

use super::Errors;
use super::format::{label_value, qualified_name};
use super::meta::{invalid_text, selector};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

pub(super) fn affinity(affinity: &Affinity, path: &str, errors: &mut Errors) {
    if let Some(node) = &affinity.node_affinity {
        let path = format!("{path}.nodeAffinity");
        if let Some(required) = &node.required_during_scheduling_ignored_during_execution {
            let path = format!("{path}.{REQUIRED}.nodeSelectorTerms");
            if required.node_selector_terms.is_empty() {
                errors.push(FieldError::required(
                    path.clone(),
                    "must have at least one node selector term",
                ));
            }
            for (i, term) in required.node_selector_terms.iter().enumerate() {
                node_term(term, &format!("{path}[{i}]"), errors);
            }
        }
        let preferred = node
            .preferred_during_scheduling_ignored_during_execution
            .iter()
            .flatten();
        for (i, term) in preferred.enumerate() {
            let path = format!("{path}.{PREFERRED}[{i}]");
            weight(term.weight, &path, errors);
            node_term(&term.preference, &format!("{path}.preference"), errors);
        }
    }
    let pods = affinity.pod_affinity.as_ref().map(|a| {
        (
            &a.required_during_scheduling_ignored_during_execution,
            &a.preferred_during_scheduling_ignored_during_execution,
            "podAffinity",
        )
    });
    let anti = affinity.pod_anti_affinity.as_ref().map(|a| {
        (
            &a.required_during_scheduling_ignored_during_execution,
            &a.preferred_during_scheduling_ignored_during_execution,
            "podAntiAffinity",
        )
    });
    for (required, preferred, name) in [pods, anti].into_iter().flatten() {
        let path = format!("{path}.{name}");
        for (i, term) in required.iter().flatten().enumerate() {
            pod_term(term, &format!("{path}.{REQUIRED}[{i}]"), errors);
        }
        for (i, term) in preferred.iter().flatten().enumerate() {
            let path = format!("{path}.{PREFERRED}[{i}]");
            weight(term.weight, &path, errors);
            pod_term(
                &term.pod_affinity_term,
                &format!("{path}.podAffinityTerm"),
                errors,
            );
        }
    }
}

fn weight(weight: i32, path: &str, errors: &mut Errors) {
    if !(1..=100).contains(&weight) {
        let why = "must be in the range 1-100";
        errors.push(FieldError::invalid(format!("{path}.weight"), weight, why));
    }
}

fn node_term(term: &NodeSelectorTerm, path: &str, errors: &mut Errors) {
    for (i, expression) in term.match_expressions.iter().flatten().enumerate() {
        node_requirement(expression, &format!("{path}.matchExpressions[{i}]"), errors);
    }
}

fn node_requirement(requirement: &NodeSelectorRequirement, path: &str, errors: &mut Errors) {
    let values = requirement.values.as_deref().unwrap_or_default();
    let field = format!("{path}.values");
    match requirement.operator.as_str() {
        "In" | "NotIn" if values.is_empty() => errors.push(FieldError::required(
            field,
            "must be specified when `operator` is 'In' or 'NotIn'",
        )),
        "Exists" | "DoesNotExist" if !values.is_empty() => errors.push(FieldError::forbidden(
            field,
            "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        )),
        "Gt" | "Lt" if values.len() != 1 => errors.push(FieldError::required(
            field,
            "must be specified single value when `operator` is 'Lt' or 'Gt'",
        )),
        "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
        other => errors.push(FieldError::invalid(
            format!("{path}.operator"),
            go_quote(other),
            "not a valid selector operator",
        )),
    }
    let key = &requirement.key;
    invalid_text(&format!("{path}.key"), key, qualified_name(key), errors);
    if matches!(requirement.operator.as_str(), "In" | "NotIn") {
        for (i, value) in values.iter().enumerate() {
            invalid_text(
                &format!("{path}.values[{i}]"),
                value,
                label_value(value),
                errors,
            );
        }
    }
}

fn pod_term(term: &PodAffinityTerm, path: &str, errors: &mut Errors) {
    if let Some(wanted) = &term.label_selector {
        selector(wanted, &format!("{path}.labelSelector"), errors);
    }
    topology_key(&term.topology_key, &format!("{path}.topologyKey"), errors);
}

fn topology_key(key: &str, path: &str, errors: &mut Errors) {
    if key.is_empty() {
        errors.push(FieldError::required(path, "can not be empty"));
    } else {
        invalid_text(path, key, qualified_name(key), errors);
    }
}

pub(super) fn spread(constraint: &TopologySpreadConstraint, path: &str, errors: &mut Errors) {
    if constraint.max_skew <= 0 {
        let field = format!("{path}.maxSkew");
        errors.push(FieldError::invalid(
            field,
            constraint.max_skew,
            "must be greater than zero",
        ));
    }
    topology_key(
        &constraint.topology_key,
        &format!("{path}.topologyKey"),
        errors,
    );
    let allowed = ["DoNotSchedule", "ScheduleAnyway"];
    let act = constraint.when_unsatisfiable.as_str();
    if !allowed.contains(&act) {
        let field = format!("{path}.whenUnsatisfiable");
        errors.push(FieldError::not_supported(field, go_quote(act), &allowed));
    }
    if let Some(wanted) = &constraint.label_selector {
        selector(wanted, &format!("{path}.labelSelector"), errors);
    }
}
