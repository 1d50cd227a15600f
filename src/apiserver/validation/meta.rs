//! Metadata and label selectors.
//!
//! Upstream: `apimachinery/pkg/api/validation/objectmeta.go`, `meta/v1/validation`.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::{Map, Value, json};

use crate::api::{Kind, Object, go_json, go_quote};
use crate::apiserver::FieldError;

use super::Errors;
use super::format::{
    dns_1123_label, dns_1123_subdomain, label_value, path_segment, qualified_name,
};

const ANNOTATIONS_BYTES_MAX: usize = 256 * 1024;

/// `Invalid value: "text": why`, for each reason.
pub(super) fn invalid_text(path: &str, text: &str, problems: Vec<String>, errors: &mut Errors) {
    errors.extend(
        problems
            .iter()
            .map(|why| FieldError::invalid(path, go_quote(text), why)),
    );
}

pub(super) fn object_meta(object: &Object, errors: &mut Errors) {
    let meta = &object.meta;
    let name_problems = match object.kind() {
        Kind::Namespace | Kind::Service | Kind::StatefulSet => dns_1123_label,
        Kind::Role
        | Kind::ClusterRole
        | Kind::RoleBinding
        | Kind::ClusterRoleBinding
        | Kind::APIService => path_segment,
        _ => dns_1123_subdomain,
    };
    if let Some(prefix) = &meta.generate_name {
        // A trailing dash is what a prefix ends with.
        let masked = match prefix.strip_suffix('-') {
            Some(rest) => format!("{rest}a"),
            None => prefix.to_string(),
        };
        invalid_text(
            "metadata.generateName",
            prefix,
            name_problems(&masked),
            errors,
        );
    }
    if meta.name.is_empty() {
        errors.push(FieldError::required(
            "metadata.name",
            "name or generateName is required",
        ));
    } else {
        invalid_text(
            "metadata.name",
            &meta.name,
            name_problems(&meta.name),
            errors,
        );
    }
    if object.kind().info().namespaced {
        if meta.namespace.is_empty() {
            errors.push(FieldError::required("metadata.namespace", ""));
        } else {
            let problems = dns_1123_label(&meta.namespace);
            invalid_text("metadata.namespace", &meta.namespace, problems, errors);
        }
    } else if !meta.namespace.is_empty() {
        errors.push(FieldError::forbidden(
            "metadata.namespace",
            "not allowed on this type",
        ));
    }
    labels(&meta.labels, "metadata.labels", errors);
    annotations(&meta.annotations, "metadata.annotations", errors);
    for finalizer in meta.finalizers.iter() {
        let problems = qualified_name(finalizer);
        invalid_text("metadata.finalizers", finalizer, problems, errors);
    }
}

pub(super) fn labels(labels: &BTreeMap<String, String>, path: &str, errors: &mut Errors) {
    for (key, value) in labels {
        invalid_text(path, key, qualified_name(key), errors);
        invalid_text(path, value, label_value(value), errors);
    }
}

pub(super) fn annotations(annotations: &BTreeMap<String, String>, path: &str, errors: &mut Errors) {
    let mut bytes = 0;
    for (key, value) in annotations {
        invalid_text(path, key, qualified_name(&key.to_lowercase()), errors);
        bytes += key.len() + value.len();
    }
    if bytes > ANNOTATIONS_BYTES_MAX {
        errors.push(FieldError {
            path: path.to_string(),
            detail: format!("Too long: may not be more than {ANNOTATIONS_BYTES_MAX} bytes"),
        });
    }
}

/// Returns whether the selector can be used at all.
pub(super) fn selector(selector: &LabelSelector, path: &str, errors: &mut Errors) -> bool {
    let before = errors.len();
    let empty = BTreeMap::new();
    let match_labels = selector.match_labels.as_ref().unwrap_or(&empty);
    labels(match_labels, &format!("{path}.matchLabels"), errors);
    for (i, expression) in selector.match_expressions.iter().flatten().enumerate() {
        let path = format!("{path}.matchExpressions[{i}]");
        let values = expression.values.as_deref().unwrap_or_default();
        match expression.operator.as_str() {
            "In" | "NotIn" if values.is_empty() => errors.push(FieldError::required(
                format!("{path}.values"),
                "must be specified when `operator` is 'In' or 'NotIn'",
            )),
            "In" | "NotIn" => {}
            "Exists" | "DoesNotExist" if !values.is_empty() => errors.push(FieldError::forbidden(
                format!("{path}.values"),
                "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
            )),
            "Exists" | "DoesNotExist" => {}
            other => errors.push(FieldError::invalid(
                format!("{path}.operator"),
                go_quote(other),
                "not a valid selector operator",
            )),
        }
        let key = &expression.key;
        invalid_text(&format!("{path}.key"), key, qualified_name(key), errors);
        for (j, value) in values.iter().enumerate() {
            invalid_text(
                &format!("{path}.values[{j}]"),
                value,
                label_value(value),
                errors,
            );
        }
    }
    errors.len() == before
}

/// A selector as Go prints it: `matchLabels` first, nothing that is empty.
pub(super) fn selector_text(selector: &LabelSelector) -> String {
    let labels = selector.match_labels.as_ref().filter(|l| !l.is_empty());
    let expressions = selector
        .match_expressions
        .as_ref()
        .filter(|e| !e.is_empty());
    let mut parts = Vec::new();
    if let Some(labels) = labels {
        parts.push(format!("\"matchLabels\":{}", go_json(&json!(labels))));
    }
    if let Some(expressions) = expressions {
        let list: Vec<String> = expressions
            .iter()
            .map(|e| {
                let values = e
                    .values
                    .as_ref()
                    .map(|v| format!(",\"values\":{}", go_json(&json!(v))));
                format!(
                    "{{\"key\":{},\"operator\":{}{}}}",
                    go_json(&json!(e.key)),
                    go_json(&json!(e.operator)),
                    values.unwrap_or_default()
                )
            })
            .collect();
        parts.push(format!("\"matchExpressions\":[{}]", list.join(",")));
    }
    format!("{{{}}}", parts.join(","))
}

/// A map of labels as Go prints it; an absent one is `null`.
pub(super) fn labels_text(labels: Option<&BTreeMap<String, String>>) -> String {
    labels.map_or("null".to_string(), |labels| {
        let map: Map<String, Value> = labels.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
        go_json(&Value::Object(map))
    })
}
