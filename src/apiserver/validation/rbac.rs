//! Roles and their bindings.
//!
//! Upstream: `pkg/apis/rbac/validation/validation.go`.

use serde_json::{Value, json};

use crate::api::{Kind, go_json, go_quote, items_at, text_at};
use crate::apiserver::FieldError;

use super::Errors;
use super::format::{dns_1123_subdomain, path_segment};
use super::meta::{invalid_text, selector};

const GROUP: &str = "rbac.authorization.k8s.io";

pub(super) fn role(kind: Kind, body: &Value, errors: &mut Errors) {
    for (i, rule) in items_at(body, "/rules").iter().enumerate() {
        policy_rule(rule, kind == Kind::Role, &format!("rules[{i}]"), errors);
    }
    if body.get("aggregationRule").is_none_or(Value::is_null) {
        return;
    }
    let path = "aggregationRule.clusterRoleSelectors";
    let selectors = items_at(body, "/aggregationRule/clusterRoleSelectors");
    if selectors.is_empty() {
        let why = "at least one clusterRoleSelector required if aggregationRule is non-nil";
        errors.push(FieldError::required(path, why));
    }
    for (i, value) in selectors.iter().enumerate() {
        if let Some(wanted) = crate::api::selector_at(value, "") {
            selector(&wanted, &format!("{path}[{i}]"), errors);
        }
    }
}

fn policy_rule(rule: &Value, namespaced: bool, path: &str, errors: &mut Errors) {
    let is_empty = |field: &str| items_at(rule, field).is_empty();
    if is_empty("/verbs") {
        let why = "verbs must contain at least one value";
        errors.push(FieldError::required(format!("{path}.verbs"), why));
    }
    if !is_empty("/nonResourceURLs") {
        let urls = rule.get("nonResourceURLs").map(go_json).unwrap_or_default();
        let mut refuse = |why: &str| {
            errors.push(FieldError::invalid(
                format!("{path}.nonResourceURLs"),
                &urls,
                why,
            ));
        };
        if namespaced {
            refuse("namespaced rules cannot apply to non-resource URLs");
        }
        if !is_empty("/apiGroups") || !is_empty("/resources") || !is_empty("/resourceNames") {
            refuse("rules cannot apply to both regular resources and non-resource URLs");
        }
        return;
    }
    for (field, why) in [
        (
            "apiGroups",
            "resource rules must supply at least one api group",
        ),
        (
            "resources",
            "resource rules must supply at least one resource",
        ),
    ] {
        if is_empty(&format!("/{field}")) {
            errors.push(FieldError::required(format!("{path}.{field}"), why));
        }
    }
}

pub(super) fn binding(kind: Kind, body: &Value, errors: &mut Errors) {
    let group = text_at(body, "/roleRef/apiGroup");
    if group != GROUP {
        errors.push(FieldError::not_supported(
            "roleRef.apiGroup",
            go_quote(group),
            &[GROUP],
        ));
    }
    let namespaced = kind == Kind::RoleBinding;
    let all = &["Role", "ClusterRole"];
    let allowed: &[&str] = if namespaced { all } else { &["ClusterRole"] };
    let role = text_at(body, "/roleRef/kind");
    if !allowed.contains(&role) {
        errors.push(FieldError::not_supported(
            "roleRef.kind",
            go_quote(role),
            allowed,
        ));
    }
    let name = text_at(body, "/roleRef/name");
    if name.is_empty() {
        errors.push(FieldError::required("roleRef.name", ""));
    } else {
        invalid_text("roleRef.name", name, path_segment(name), errors);
    }
    for (i, value) in items_at(body, "/subjects").iter().enumerate() {
        subject(value, namespaced, &format!("subjects[{i}]"), errors);
    }
}

fn subject(subject: &Value, namespaced: bool, path: &str, errors: &mut Errors) {
    let name = text_at(subject, "/name");
    if name.is_empty() {
        errors.push(FieldError::required(format!("{path}.name"), ""));
    }
    let group = text_at(subject, "/apiGroup");
    let wrong_group = |allowed: &str| {
        FieldError::not_supported(format!("{path}.apiGroup"), go_quote(group), &[allowed])
    };
    match text_at(subject, "/kind") {
        "ServiceAccount" => {
            if !name.is_empty() {
                let problems = dns_1123_subdomain(name);
                invalid_text(&format!("{path}.name"), name, problems, errors);
            }
            if !group.is_empty() {
                errors.push(wrong_group(""));
            }
            if !namespaced && text_at(subject, "/namespace").is_empty() {
                errors.push(FieldError::required(format!("{path}.namespace"), ""));
            }
        }
        "User" | "Group" => {
            if group != GROUP {
                errors.push(wrong_group(GROUP));
            }
        }
        other => errors.push(FieldError::not_supported(
            format!("{path}.kind"),
            go_quote(other),
            &["ServiceAccount", "User", "Group"],
        )),
    }
}

pub(super) fn same_role(new: &Value, old: &Value, errors: &mut Errors) {
    if new.get("roleRef") == old.get("roleRef") {
        return;
    }
    let text = |field: &str| go_json(&json!(text_at(new, &format!("/roleRef/{field}"))));
    let printed = format!(
        "{{\"APIGroup\":{},\"Kind\":{},\"Name\":{}}}",
        text("apiGroup"),
        text("kind"),
        text("name")
    );
    errors.push(FieldError::invalid(
        "roleRef",
        printed,
        "cannot change roleRef",
    ));
}
