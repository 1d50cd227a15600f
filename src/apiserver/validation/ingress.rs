//! Ingresses and their classes.
//!
//! Upstream: `pkg/apis/networking/validation/validation.go`. Differs: references to resources as
//! backends are taken as they are.

use std::net::IpAddr;

use serde_json::Value;

use crate::api::{go_quote, items_at, number_at, text_at, texts_at};
use crate::apiserver::FieldError;

use super::Errors;
use super::format::{
    PORT_RANGE, dns_1123_label, dns_1123_subdomain, port_name, wildcard_subdomain,
};
use super::meta::invalid_text;
use super::pod::one_of;

const INVALID_SEQUENCES: &[&str] = &["//", "/./", "/../", "%2f", "%2F"];
const INVALID_SUFFIXES: &[&str] = &["/..", "/."];
const PATH_TYPES: &[&str] = &["Exact", "ImplementationSpecific", "Prefix"];

fn is_given(value: &Value, pointer: &str) -> bool {
    value.pointer(pointer).is_some_and(|value| !value.is_null())
}

pub(super) fn ingress(body: &Value, errors: &mut Errors) {
    let rules = items_at(body, "/spec/rules");
    if rules.is_empty() && !is_given(body, "/spec/defaultBackend") {
        let why = "either `defaultBackend` or `rules` must be specified";
        let printed = if is_given(body, "/spec/rules") {
            "[]"
        } else {
            "null"
        };
        errors.push(FieldError::invalid("spec", printed, why));
    }
    if let Some(default) = body
        .pointer("/spec/defaultBackend")
        .filter(|b| !b.is_null())
    {
        backend(default, "spec.defaultBackend", errors);
    }
    for (i, rule) in rules.iter().enumerate() {
        let path = format!("spec.rules[{i}]");
        host(text_at(rule, "/host"), &format!("{path}.host"), errors);
        if is_given(rule, "/http") {
            let paths = items_at(rule, "/http/paths");
            if paths.is_empty() {
                errors.push(FieldError::required(format!("{path}.http.paths"), ""));
            }
            for (j, one) in paths.iter().enumerate() {
                http_path(one, &format!("{path}.http.paths[{j}]"), errors);
            }
        }
    }
    for (i, tls) in items_at(body, "/spec/tls").iter().enumerate() {
        for (j, name) in texts_at(tls, "/hosts").into_iter().enumerate() {
            let path = format!("spec.tls[{i}].hosts[{j}]");
            invalid_text(&path, name, host_problems(name), errors);
        }
        let name = text_at(tls, "/secretName");
        if !name.is_empty() {
            let path = format!("spec.tls[{i}].secretName");
            invalid_text(&path, name, dns_1123_subdomain(name), errors);
        }
    }
    if is_given(body, "/spec/ingressClassName") {
        let name = text_at(body, "/spec/ingressClassName");
        let problems = dns_1123_subdomain(name);
        invalid_text("spec.ingressClassName", name, problems, errors);
    }
}

fn host_problems(name: &str) -> Vec<String> {
    if name.contains('*') {
        wildcard_subdomain(name)
    } else {
        dns_1123_subdomain(name)
    }
}

fn host(name: &str, path: &str, errors: &mut Errors) {
    if name.is_empty() {
        return;
    }
    if name.parse::<IpAddr>().is_ok() {
        let why = "must be a DNS name, not an IP address";
        errors.push(FieldError::invalid(path, go_quote(name), why));
    }
    invalid_text(path, name, host_problems(name), errors);
}

fn http_path(value: &Value, path: &str, errors: &mut Errors) {
    let kind = text_at(value, "/pathType");
    if !is_given(value, "/pathType") || kind.is_empty() {
        let why = "pathType must be specified";
        return errors.push(FieldError::required(format!("{path}.pathType"), why));
    }
    let text = text_at(value, "/path");
    let mut refuse = |why: &str| {
        errors.push(FieldError::invalid(
            format!("{path}.path"),
            go_quote(text),
            why,
        ))
    };
    let absolute = text.starts_with('/');
    if !absolute && (!text.is_empty() || matches!(kind, "Exact" | "Prefix")) {
        refuse("must be an absolute path");
    }
    if matches!(kind, "Exact" | "Prefix") {
        for part in INVALID_SEQUENCES
            .iter()
            .filter(|part| text.contains(**part))
        {
            refuse(&format!("must not contain '{part}'"));
        }
        for end in INVALID_SUFFIXES.iter().filter(|end| text.ends_with(**end)) {
            refuse(&format!("cannot end with '{end}'"));
        }
    }
    one_of(Some(kind), PATH_TYPES, &format!("{path}.pathType"), errors);
    let empty = Value::Null;
    let service = value.get("backend").unwrap_or(&empty);
    backend(service, &format!("{path}.backend"), errors);
}

fn backend(value: &Value, path: &str, errors: &mut Errors) {
    let mut refuse = |why: &str| errors.push(FieldError::invalid(path, "\"\"", why));
    match (is_given(value, "/resource"), is_given(value, "/service")) {
        (true, true) => return refuse("cannot set both resource and service backends"),
        (true, false) => return,
        (false, false) => return refuse("resource or service backend is required"),
        (false, true) => {}
    }
    let name = text_at(value, "/service/name");
    if name.is_empty() {
        errors.push(FieldError::required(format!("{path}.service.name"), ""));
    } else {
        let problems = dns_1123_label(name);
        invalid_text(&format!("{path}.service.name"), name, problems, errors);
    }
    let port = text_at(value, "/service/port/name");
    let number = number_at(value, "/service/port/number").unwrap_or(0);
    if !port.is_empty() && number != 0 {
        let why = "cannot set both port name & port number";
        errors.push(FieldError::invalid(path, "\"\"", why));
    } else if !port.is_empty() {
        invalid_text(
            &format!("{path}.service.port.name"),
            port,
            port_name(port),
            errors,
        );
    } else if number == 0 {
        errors.push(FieldError::required(
            path,
            "port name or number is required",
        ));
    } else if !(1..=65535).contains(&number) {
        let path = format!("{path}.service.port.number");
        errors.push(FieldError::invalid(path, number, PORT_RANGE));
    }
}

pub(super) fn class(body: &Value, errors: &mut Errors) {
    let name = text_at(body, "/spec/controller");
    if name.is_empty() {
        errors.push(FieldError::required("spec.controller", ""));
    } else if !name.contains('/') {
        let why = "must be a domain-prefixed path (such as \"acme.io/foo\")";
        errors.push(FieldError::invalid("spec.controller", go_quote(name), why));
    }
}
