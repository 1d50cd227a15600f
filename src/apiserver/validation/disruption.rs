//! PodDisruptionBudgets.
//!
//! Upstream: `pkg/apis/policy/validation/validation.go`.

use serde_json::Value;

use crate::api::{go_json, go_quote, selector_at, text_at};
use crate::apiserver::FieldError;

use super::Errors;
use super::format::{NONNEGATIVE, percent};
use super::meta::{selector, selector_text};
use super::pod::one_of;

pub(super) fn budget(body: &Value, errors: &mut Errors) {
    let amount = |key: &str| {
        let pointer = format!("/spec/{key}");
        body.pointer(&pointer).filter(|value| !value.is_null())
    };
    let (least, most) = (amount("minAvailable"), amount("maxUnavailable"));
    let wanted = selector_at(body, "/spec/selector");
    if let (Some(least), Some(most)) = (least, most) {
        // Upstream prints its internal struct.
        let policy = body.pointer("/spec/unhealthyPodEvictionPolicy");
        let printed = format!(
            "{{\"MinAvailable\":{},\"Selector\":{},\"MaxUnavailable\":{},\"UnhealthyPodEvictionPolicy\":{}}}",
            go_json(least),
            wanted.as_ref().map_or("null".into(), selector_text),
            go_json(most),
            go_json(policy.unwrap_or(&Value::Null))
        );
        let why = "minAvailable and maxUnavailable cannot be both set";
        errors.push(FieldError::invalid("spec", printed, why));
    }
    for (value, key) in [(least, "minAvailable"), (most, "maxUnavailable")] {
        if let Some(value) = value {
            int_or_percent(value, &format!("spec.{key}"), errors);
        }
    }
    if let Some(wanted) = wanted {
        selector(&wanted, "spec.selector", errors);
    }
    let policy = text_at(body, "/spec/unhealthyPodEvictionPolicy");
    let policy = Some(policy).filter(|policy| !policy.is_empty());
    let allowed = &["AlwaysAllow", "IfHealthyBudget"];
    one_of(policy, allowed, "spec.unhealthyPodEvictionPolicy", errors);
}

/// A whole number from 0, or a percentage of at most 100.
fn int_or_percent(value: &Value, path: &str, errors: &mut Errors) {
    if let Some(text) = value.as_str() {
        for why in percent(text) {
            errors.push(FieldError::invalid(path, go_quote(text), &why));
        }
        let number = text.strip_suffix('%').and_then(|n| n.parse::<i64>().ok());
        if number.is_some_and(|n| n > 100) {
            let why = "must not be greater than 100%";
            errors.push(FieldError::invalid(path, go_quote(text), why));
        }
    } else if value.as_i64().is_some_and(|n| n < 0) {
        errors.push(FieldError::invalid(path, value, NONNEGATIVE));
    }
}
