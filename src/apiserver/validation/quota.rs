//! ResourceQuotas.
//!
//! Upstream: `pkg/apis/core/validation/validation.go` (ValidateResourceQuotaSpec),
//! `pkg/apis/core/helper/helpers.go`.

use serde_json::Value;

use crate::api::{fields_at, go_json, go_quote, items_at, parse_quantity, text_at, texts_at};
use crate::apiserver::FieldError;

use super::Errors;
use super::format::{IMMUTABLE, NONNEGATIVE, qualified_name};
use super::meta::invalid_text;

const COMPUTE: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
];
const STORAGE: &[&str] = &["requests.storage"];
const COUNTED: &[&str] = &[
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "persistentvolumeclaims",
    "configmaps",
    "services.nodeports",
    "services.loadbalancers",
];
const SCOPES: &[&str] = &[
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "CrossNamespacePodAffinity",
    "VolumeAttributesClass",
];

fn is_standard(name: &str) -> bool {
    COMPUTE.contains(&name)
        || STORAGE.contains(&name)
        || COUNTED.contains(&name)
        || name.starts_with("hugepages-")
        || name.starts_with("requests.hugepages-")
}

pub(super) fn quota(body: &Value, errors: &mut Errors) {
    for (name, amount) in fields_at(body, "/spec/hard") {
        hard(name, amount.as_str().unwrap_or_default(), errors);
    }
    scopes(body, errors);
    scope_selector(body, errors);
}

fn hard(name: &str, amount: &str, errors: &mut Errors) {
    let path = format!("spec.hard[{name}]");
    invalid_text(&path, name, qualified_name(name), errors);
    if !name.contains('/') && !is_standard(name) {
        let mut refuse = |why: &str| errors.push(FieldError::invalid(&path, go_quote(name), why));
        refuse("must be a standard resource type or fully qualified");
        refuse("must be a standard resource for quota");
    }
    let value = parse_quantity(amount).unwrap_or_default();
    if value.milli() < 0 {
        errors.push(FieldError::invalid(&path, go_quote(amount), NONNEGATIVE));
    }
    if COUNTED.contains(&name) && value.milli() % 1000 != 0 {
        errors.push(FieldError::invalid(
            &path,
            go_quote(amount),
            "must be an integer",
        ));
    }
}

/// Whether a scope can be asked of a resource.
fn fits(scope: &str, name: &str) -> bool {
    match scope {
        "Terminating" | "NotTerminating" | "NotBestEffort" | "PriorityClass" => {
            name == "pods" || COMPUTE.contains(&name)
        }
        "BestEffort" | "CrossNamespacePodAffinity" => name == "pods",
        _ => true,
    }
}

fn scopes(body: &Value, errors: &mut Errors) {
    let scopes = texts_at(body, "/spec/scopes");
    let printed = body
        .pointer("/spec/scopes")
        .map(go_json)
        .unwrap_or_default();
    let mut refuse = |why: &str| errors.push(FieldError::invalid("spec.scopes", &printed, why));
    for scope in &scopes {
        if !SCOPES.contains(scope) {
            refuse("unsupported scope");
        }
        for (name, _) in fields_at(body, "/spec/hard") {
            if is_standard(name) && !fits(scope, name) {
                refuse("unsupported scope applied to resource");
            }
        }
    }
    for (one, other) in [
        ("BestEffort", "NotBestEffort"),
        ("Terminating", "NotTerminating"),
    ] {
        if scopes.contains(&one) && scopes.contains(&other) {
            refuse("conflicting scopes");
        }
    }
}

fn scope_selector(body: &Value, errors: &mut Errors) {
    const PATH: &str = "spec.scopeSelector.matchExpressions";
    for requirement in items_at(body, "/spec/scopeSelector/matchExpressions") {
        let (scope, operator) = (
            text_at(requirement, "/scopeName"),
            text_at(requirement, "/operator"),
        );
        let mut refuse = |field: &str, value: String, why: &str| {
            errors.push(FieldError::invalid(format!("{PATH}.{field}"), value, why));
        };
        if !SCOPES.contains(&scope) {
            refuse("scopeName", go_quote(scope), "unsupported scope");
        }
        if !matches!(scope, "PriorityClass" | "VolumeAttributesClass") && operator != "Exists" {
            refuse(
                "operator",
                go_quote(operator),
                "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity",
            );
        }
        let values = items_at(requirement, "/values");
        match operator {
            "In" | "NotIn" if values.is_empty() => errors.push(FieldError::required(
                format!("{PATH}.values"),
                "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
            )),
            "In" | "NotIn" => {}
            "Exists" | "DoesNotExist" if !values.is_empty() => refuse(
                "values",
                requirement.get("values").map(go_json).unwrap_or_default(),
                "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
            ),
            "Exists" | "DoesNotExist" => {}
            other => refuse("operator", go_quote(other), "not a valid selector operator"),
        }
    }
}

pub(super) fn same_scopes(new: &Value, old: &Value, errors: &mut Errors) {
    let set = |body: &Value| -> std::collections::BTreeSet<String> {
        texts_at(body, "/spec/scopes")
            .into_iter()
            .map(str::to_string)
            .collect()
    };
    if set(new) != set(old) {
        let printed = new.pointer("/spec/scopes").map_or("null".into(), go_json);
        errors.push(FieldError::invalid("spec.scopes", printed, IMMUTABLE));
    }
}
