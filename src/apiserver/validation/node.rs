//! Nodes.
//!
//! Upstream: `pkg/apis/core/validation/validation.go` (ValidateNode, validateNodeTaints).

use std::collections::BTreeSet;

use crate::api::{NodeBody, go_quote};
use crate::apiserver::FieldError;

use super::Errors;
use super::format::{label_value, qualified_name};
use super::meta::invalid_text;

const EFFECTS: &[&str] = &["NoSchedule", "PreferNoSchedule", "NoExecute"];

pub(super) fn node(node: &NodeBody, errors: &mut Errors) {
    let mut seen = BTreeSet::new();
    for (i, taint) in node.taints.iter().enumerate() {
        // Upstream's path really says metadata.
        let path = format!("metadata.taints[{i}]");
        let (key, value, effect) = (&*taint.key, &*taint.value, &*taint.effect);
        invalid_text(&format!("{path}.key"), key, qualified_name(key), errors);
        invalid_text(&format!("{path}.value"), value, label_value(value), errors);
        let field = format!("{path}.effect");
        if effect.is_empty() {
            errors.push(FieldError::required(field, ""));
        } else if !EFFECTS.contains(&effect) {
            errors.push(FieldError::not_supported(field, go_quote(effect), EFFECTS));
        }
        if !seen.insert((key, effect)) {
            let time = taint
                .time_added
                .map_or("null".to_string(), |t| go_quote(&t.rfc3339()));
            let printed = format!(
                "{{\"Key\":{},\"Value\":{},\"Effect\":{},\"TimeAdded\":{time}}}",
                go_quote(key),
                go_quote(value),
                go_quote(effect)
            );
            let mut error = FieldError::duplicate(path, printed);
            error
                .detail
                .push_str(": taints must be unique by key and effect pair");
            errors.push(error);
        }
    }
}
