//! APIServices: who serves a group and version.
//!
//! Upstream: `kube-aggregator/pkg/apis/apiregistration/validation/validation.go`.

use serde_json::Value;

use crate::api::{Meta, go_quote, number_at, text_at};
use crate::apiserver::FieldError;

use super::Errors;
use super::endpoints::{PORT_RANGE, is_port};
use super::format::{dns_1035_label, dns_1123_subdomain};
use super::meta::invalid_text;

pub(super) fn api_service(meta: &Meta, body: &Value, errors: &mut Errors) {
    let (group, version) = (text_at(body, "/spec/group"), text_at(body, "/spec/version"));
    let wanted = format!("{version}.{group}");
    if *meta.name != *wanted {
        let why = format!(
            "must be `spec.version+\".\"+spec.group`: {}",
            go_quote(&wanted)
        );
        errors.push(FieldError::invalid(
            "metadata.name",
            go_quote(&meta.name),
            &why,
        ));
    }
    if group.is_empty() && version != "v1" {
        let why = "only v1 may have an empty group and it better be legacy kube";
        errors.push(FieldError::required("spec.group", why));
    }
    if !group.is_empty() {
        invalid_text("spec.group", group, dns_1123_subdomain(group), errors);
    }
    invalid_text("spec.version", version, dns_1035_label(version), errors);
    for (field, most) in [("groupPriorityMinimum", 20_000), ("versionPriority", 1_000)] {
        let number = number_at(body, &format!("/spec/{field}")).unwrap_or(0);
        if !(1..=most).contains(&number) {
            let why = format!("must be positive and less than {most}");
            errors.push(FieldError::invalid(format!("spec.{field}"), number, &why));
        }
    }
    backend(body, errors);
}

fn backend(body: &Value, errors: &mut Errors) {
    let bundle = text_at(body, "/spec/caBundle");
    let insecure = body.pointer("/spec/insecureSkipTLSVerify") == Some(&Value::Bool(true));
    let service = body.pointer("/spec/service").filter(|s| !s.is_null());
    let insecure_at = "spec.insecureSkipTLSVerify";
    let Some(service) = service else {
        if !bundle.is_empty() {
            let bytes = bundle.trim_end_matches('=').len() * 3 / 4;
            let (size, why) = (
                format!("{bytes} bytes"),
                "local APIServices may not have a caBundle",
            );
            errors.push(FieldError::invalid("spec.caBundle", go_quote(&size), why));
        }
        if insecure {
            let why = "local APIServices may not have insecureSkipTLSVerify";
            errors.push(FieldError::invalid(insecure_at, true, why));
        }
        return;
    };
    for field in ["namespace", "name"] {
        if text_at(service, &format!("/{field}")).is_empty() {
            errors.push(FieldError::required(format!("spec.service.{field}"), ""));
        }
    }
    let port = number_at(service, "/port").unwrap_or(443);
    if !is_port(port) {
        let why = format!("port is not valid: {PORT_RANGE}");
        errors.push(FieldError::invalid("spec.service.port", port, &why));
    }
    if insecure && !bundle.is_empty() {
        let why = "may not be true if caBundle is present";
        errors.push(FieldError::invalid(insecure_at, true, why));
    }
}
