//! PriorityClasses.
//!
//! Upstream: `pkg/apis/scheduling/validation/validation.go`, `scheduling/v1/helpers.go`.

use serde_json::Value;

use crate::api::{Meta, go_quote, number_at, text_at};
use crate::apiserver::FieldError;
use crate::apiserver::admission::SYSTEM_CLASSES;

use super::Errors;
use super::format::IMMUTABLE;
use super::pod::one_of;

const USER_MAX: i64 = 1_000_000_000;

pub(super) fn priority_class(meta: &Meta, body: &Value, errors: &mut Errors) {
    let value = number_at(body, "/value").unwrap_or(0);
    let global = body.get("globalDefault") == Some(&Value::Bool(true));
    if meta.name.starts_with("system-") {
        if let Some(why) = unlike_system(&meta.name, value, global) {
            let text = format!(
                "priority class names with 'system-' prefix are reserved for system use only. error: {why}"
            );
            errors.push(FieldError::forbidden("metadata.name", &text));
        }
    } else if value > USER_MAX {
        let why = format!("maximum allowed value of a user defined priority is {USER_MAX}");
        errors.push(FieldError::forbidden("value", &why));
    }
    let policy = Some(text_at(body, "/preemptionPolicy")).filter(|policy| !policy.is_empty());
    let allowed = &["Never", "PreemptLowerPriority"];
    one_of(policy, allowed, "preemptionPolicy", errors);
}

/// Why a class is none of the system's own.
fn unlike_system(name: &str, value: i64, global: bool) -> Option<String> {
    let Some((_, known)) = SYSTEM_CLASSES.iter().find(|(class, _)| *class == name) else {
        return Some(format!("{name} is not a known system priority class"));
    };
    if value != i64::from(*known) {
        return Some(format!("value of {name} PriorityClass must be {known}"));
    }
    global.then(|| format!("globalDefault of {name} PriorityClass must be false"))
}

pub(super) fn immutable(new: &Value, old: &Value, errors: &mut Errors) {
    if number_at(new, "/value") != number_at(old, "/value") {
        errors.push(FieldError::forbidden(
            "value",
            "may not be changed in an update.",
        ));
    }
    let policy = text_at(new, "/preemptionPolicy");
    if policy != text_at(old, "/preemptionPolicy") {
        let policy = go_quote(policy);
        errors.push(FieldError::invalid("preemptionPolicy", policy, IMMUTABLE));
    }
}
