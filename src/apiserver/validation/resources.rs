//! Requests and limits.
//!
//! Upstream: `pkg/apis/core/validation/validation.go` (ValidateContainerResourceRequirements).

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ResourceRequirements;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use crate::api::{go_quote, parse_quantity};
use crate::apiserver::FieldError;

use super::Errors;
use super::format::{NONNEGATIVE, qualified_name};
use super::meta::invalid_text;

const STANDARD: &[&str] = &["cpu", "memory", "ephemeral-storage"];

type Amounts = BTreeMap<String, Quantity>;

pub(super) fn requirements(wanted: &ResourceRequirements, path: &str, errors: &mut Errors) {
    let empty = Amounts::new();
    let limits = wanted.limits.as_ref().unwrap_or(&empty);
    let requests = wanted.requests.as_ref().unwrap_or(&empty);
    for (name, amount) in limits {
        quantity(name, amount, &format!("{path}.limits[{name}]"), errors);
    }
    let path = format!("{path}.requests");
    for (name, amount) in requests {
        quantity(name, amount, &format!("{path}[{name}]"), errors);
        let Some(limit) = limits.get(name) else {
            continue;
        };
        let (asked, most) = (parse_quantity(&amount.0), parse_quantity(&limit.0));
        let extended = name.contains('/') && !name.contains("kubernetes.io/");
        if extended && asked != most {
            let why = format!("must be equal to {name} limit of {}", limit.0);
            errors.push(FieldError::invalid(path.clone(), go_quote(&amount.0), &why));
        } else if asked > most {
            let why = format!("must be less than or equal to {name} limit of {}", limit.0);
            errors.push(FieldError::invalid(path.clone(), go_quote(&amount.0), &why));
        }
    }
}

fn quantity(name: &str, amount: &Quantity, path: &str, errors: &mut Errors) {
    invalid_text(path, name, qualified_name(name), errors);
    if !name.contains('/') && !STANDARD.contains(&name) && !name.starts_with("hugepages-") {
        let why = "must be a standard resource type or fully qualified";
        errors.push(FieldError::invalid(path, go_quote(name), why));
        errors.push(FieldError::invalid(
            path,
            go_quote(name),
            "must be a standard resource for containers",
        ));
    }
    let value = parse_quantity(&amount.0).unwrap_or_default();
    if value.milli() < 0 {
        errors.push(FieldError::invalid(path, go_quote(&amount.0), NONNEGATIVE));
    }
    if name.contains('/') && value.milli() % 1000 != 0 {
        errors.push(FieldError::invalid(
            path,
            go_quote(&amount.0),
            "must be an integer",
        ));
    }
}
