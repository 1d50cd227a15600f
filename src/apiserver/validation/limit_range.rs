//! LimitRanges.
//!
//! Upstream: `pkg/apis/core/validation/validation.go` (ValidateLimitRange).

use std::collections::BTreeSet;

use serde_json::Value;

use crate::api::{Amount, fields_at, go_quote, items_at, parse_quantity, text_at};
use crate::apiserver::FieldError;

use super::Errors;
use super::format::qualified_name;
use super::meta::invalid_text;

const TYPES: &[&str] = &["Pod", "Container", "PersistentVolumeClaim"];
const RESOURCES: &[&str] = &["cpu", "memory", "ephemeral-storage"];

pub(super) fn limit_range(body: &Value, errors: &mut Errors) {
    let mut seen = BTreeSet::new();
    for (i, item) in items_at(body, "/spec/limits").iter().enumerate() {
        let path = format!("spec.limits[{i}]");
        let kind = text_at(item, "/type");
        let field = format!("{path}.type");
        let before = errors.len();
        invalid_text(&field, kind, qualified_name(kind), errors);
        if errors.len() == before && !kind.contains('/') && !TYPES.contains(&kind) {
            let why = "must be a standard limit type or fully qualified";
            errors.push(FieldError::invalid(&field, go_quote(kind), why));
        }
        if !seen.insert(kind) {
            errors.push(FieldError::duplicate(&field, go_quote(kind)));
        }
        names(item, kind, &path, errors);
        let mut keys = BTreeSet::new();
        for field in [
            "/max",
            "/min",
            "/default",
            "/defaultRequest",
            "/maxLimitRequestRatio",
        ] {
            keys.extend(fields_at(item, field).map(|(name, _)| name.as_str()));
        }
        for name in keys {
            order(item, name, kind == "Pod", &path, errors);
        }
    }
}

fn names(item: &Value, kind: &str, path: &str, errors: &mut Errors) {
    for field in [
        "max",
        "min",
        "default",
        "defaultRequest",
        "maxLimitRequestRatio",
    ] {
        let of_pod = kind == "Pod" && field.starts_with("default");
        let mut found = fields_at(item, &format!("/{field}")).peekable();
        if of_pod {
            if found.peek().is_some() {
                let why = "may not be specified when `type` is 'Pod'";
                errors.push(FieldError::forbidden(format!("{path}.{field}"), why));
            }
            continue;
        }
        for (name, _) in found {
            let path = format!("{path}.{field}[{name}]");
            invalid_text(&path, name, qualified_name(name), errors);
            let known = RESOURCES.contains(&name.as_str()) || name.starts_with("hugepages-");
            if kind != "PersistentVolumeClaim" && !name.contains('/') && !known {
                let why = "must be a standard resource for containers";
                errors.push(FieldError::invalid(path, go_quote(name), why));
            }
        }
        if kind == "PersistentVolumeClaim"
            && field == "defaultRequest"
            && item
                .pointer("/min/storage")
                .or(item.pointer("/max/storage"))
                .is_none()
        {
            let why =
                "either minimum or maximum storage value is required, but neither was provided";
            errors.push(FieldError::required(format!("{path}.limits"), why));
        }
    }
}

/// min ≤ defaultRequest ≤ default ≤ max, and the ratio of limit to request.
fn order(item: &Value, name: &str, of_pod: bool, path: &str, errors: &mut Errors) {
    let amount = |field: &str| -> Option<(String, Amount)> {
        let mut found = fields_at(item, &format!("/{field}")).filter(|(key, _)| *key == name);
        let text = found.next()?.1.as_str()?.to_string();
        let amount = parse_quantity(&text)?;
        Some((text, amount)).filter(|_| !(of_pod && field.starts_with("default")))
    };
    let (min, max) = (amount("min"), amount("max"));
    let (limit, request) = (amount("default"), amount("defaultRequest"));
    type Found = Option<(String, Amount)>;
    let rules: [(&str, &Found, &Found, &Found, &str, &str); 6] = [
        ("min", &min, &max, &min, "min value", "max value"),
        (
            "defaultRequest",
            &min,
            &request,
            &request,
            "min value",
            "default request value",
        ),
        (
            "defaultRequest",
            &request,
            &max,
            &request,
            "default request value",
            "max value",
        ),
        (
            "defaultRequest",
            &request,
            &limit,
            &request,
            "default request value",
            "default limit value",
        ),
        ("default", &min, &limit, &min, "min value", "default value"),
        ("default", &limit, &max, &max, "default value", "max value"),
    ];
    for (field, small, large, shown, small_name, large_name) in rules {
        if let (Some(small), Some(large), Some(shown)) = (small, large, shown)
            && small.1 > large.1
        {
            let why = format!(
                "{small_name} {} is greater than {large_name} {}",
                small.0, large.0
            );
            let path = format!("{path}.{field}[{name}]");
            errors.push(FieldError::invalid(path, go_quote(&shown.0), &why));
        }
    }
    let Some((text, ratio)) = amount("maxLimitRequestRatio") else {
        return;
    };
    let path = format!("{path}.maxLimitRequestRatio[{name}]");
    if ratio.milli() < 1000 {
        let why = format!("ratio {text} is less than 1");
        errors.push(FieldError::invalid(&path, go_quote(&text), &why));
    }
    if let (Some((_, min)), Some((_, max))) = (min, max) {
        // Upstream compares and prints floating-point numbers.
        let most = max.milli() as f64 / min.milli() as f64;
        if ratio.milli() as f64 / 1000.0 > most {
            let why = format!("ratio {text} is greater than max/min = {most:.6}");
            errors.push(FieldError::invalid(path, go_quote(&text), &why));
        }
    }
}
