//! Configurations of admission webhooks.
//!
//! Upstream: `pkg/apis/admissionregistration/validation/validation.go`,
//! `apiserver/pkg/util/webhook/validation.go`. Differs: match conditions are not compiled.

use serde_json::Value;

use crate::api::{go_json, go_quote, items_at, number_at, selector_at, text_at, texts_at};
use crate::apiserver::FieldError;

use super::Errors;
use super::endpoints::{PORT_RANGE, domain, is_port};
use super::format::{dns_1035_label, dns_1123_subdomain};
use super::meta::selector;

const FORM: &str = "; desired format: https://host[/path]";

pub(super) fn configuration(mutating: bool, body: &Value, errors: &mut Errors) {
    let mut names: Vec<&str> = Vec::new();
    for (i, hook) in items_at(body, "/webhooks").iter().enumerate() {
        let path = format!("webhooks[{i}]");
        webhook(mutating, hook, &path, errors);
        review_versions(hook, &format!("{path}.admissionReviewVersions"), errors);
        let name = text_at(hook, "/name");
        if !name.is_empty() && names.contains(&name) {
            errors.push(FieldError::duplicate(
                format!("{path}.name"),
                go_quote(name),
            ));
        }
        names.push(name);
    }
}

fn webhook(mutating: bool, hook: &Value, path: &str, errors: &mut Errors) {
    domain(
        text_at(hook, "/name"),
        3,
        "three",
        &format!("{path}.name"),
        errors,
    );
    for (i, item) in items_at(hook, "/rules").iter().enumerate() {
        rule(item, &format!("{path}.rules[{i}]"), errors);
    }
    one_of(hook, "failurePolicy", &["Fail", "Ignore"], path, errors);
    one_of(hook, "matchPolicy", &["Equivalent", "Exact"], path, errors);
    let effects = &["None", "NoneOnDryRun"];
    if hook.get("sideEffects").is_none_or(Value::is_null) {
        let why = "must specify one of None, NoneOnDryRun";
        errors.push(FieldError::required(format!("{path}.sideEffects"), why));
    }
    one_of(hook, "sideEffects", effects, path, errors);
    let seconds = number_at(hook, "/timeoutSeconds");
    if let Some(seconds) = seconds.filter(|seconds| !(1..=30).contains(seconds)) {
        let why = "the timeout value must be between 1 and 30 seconds";
        errors.push(FieldError::invalid(
            format!("{path}.timeoutSeconds"),
            seconds,
            why,
        ));
    }
    for field in ["namespaceSelector", "objectSelector"] {
        if let Some(wanted) = selector_at(hook, &format!("/{field}")) {
            selector(&wanted, &format!("{path}.{field}"), errors);
        }
    }
    if mutating {
        one_of(
            hook,
            "reinvocationPolicy",
            &["IfNeeded", "Never"],
            path,
            errors,
        );
    }
    client(hook, &format!("{path}.clientConfig"), errors);
}

fn one_of(hook: &Value, field: &str, known: &[&str], path: &str, errors: &mut Errors) {
    let found = hook.get(field).and_then(Value::as_str);
    if let Some(found) = found.filter(|found| !known.contains(found)) {
        let path = format!("{path}.{field}");
        errors.push(FieldError::not_supported(path, go_quote(found), known));
    }
}

fn review_versions(hook: &Value, path: &str, errors: &mut Errors) {
    let versions = texts_at(hook, "/admissionReviewVersions");
    if versions.is_empty() {
        let why = "must specify one of v1, v1beta1";
        errors.push(FieldError::required(path, why));
        return;
    }
    let mut seen: Vec<&str> = Vec::new();
    for (i, version) in versions.iter().enumerate() {
        let path = format!("{path}[{i}]");
        if seen.contains(version) {
            let why = "duplicate version";
            errors.push(FieldError::invalid(path, go_quote(version), why));
            continue;
        }
        seen.push(version);
        for why in dns_1035_label(version) {
            errors.push(FieldError::invalid(&path, go_quote(version), &why));
        }
    }
    if !versions.iter().any(|v| ["v1", "v1beta1"].contains(v)) {
        let why = "must include at least one of v1, v1beta1";
        let list = go_json(&Value::from(versions));
        errors.push(FieldError::invalid(path, list, why));
    }
}

fn rule(rule: &Value, path: &str, errors: &mut Errors) {
    let lists = [
        ("operations", "operations"),
        ("apiGroups", "API groups"),
        ("apiVersions", "API versions"),
    ];
    for (field, word) in lists {
        let (items, path) = (
            texts_at(rule, &format!("/{field}")),
            format!("{path}.{field}"),
        );
        if items.is_empty() {
            errors.push(FieldError::required(&path, ""));
        }
        if items.len() > 1 && items.contains(&"*") {
            let why = format!("if '*' is present, must not specify other {word}");
            let list = go_json(&Value::from(items.clone()));
            errors.push(FieldError::invalid(&path, list, &why));
        }
        for (i, item) in items.iter().enumerate() {
            let path = format!("{path}[{i}]");
            let known = &["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
            if field == "operations" && !known.contains(item) {
                errors.push(FieldError::not_supported(path, go_quote(item), known));
            } else if field == "apiVersions" && item.is_empty() {
                errors.push(FieldError::required(path, ""));
            }
        }
    }
    resources(
        &texts_at(rule, "/resources"),
        &format!("{path}.resources"),
        errors,
    );
    one_of(rule, "scope", &["*", "Cluster", "Namespaced"], path, errors);
}

fn resources(resources: &[&str], path: &str, errors: &mut Errors) {
    if resources.is_empty() {
        errors.push(FieldError::required(path, ""));
    }
    let (mut every_part_of, mut every_with) = (Vec::new(), Vec::new());
    let mut plain = false;
    for (i, text) in resources.iter().enumerate() {
        let path = format!("{path}[{i}]");
        if text.is_empty() {
            errors.push(FieldError::required(path, ""));
            continue;
        }
        let Some((resource, part)) = text.split_once('/') else {
            plain |= *text != "*";
            continue;
        };
        for (known, pattern) in [
            (every_part_of.contains(&resource), format!("{resource}/*")),
            (every_with.contains(&part), format!("*/{part}")),
        ] {
            if known {
                let why = format!("if '{pattern}' is present, must not specify {text}");
                errors.push(FieldError::invalid(&path, go_quote(text), &why));
            }
        }
        if part == "*" {
            every_part_of.push(resource);
        }
        if resource == "*" {
            every_with.push(part);
        }
    }
    let all = go_json(&Value::from(resources.to_vec()));
    if resources.len() > 1 && resources.contains(&"*/*") {
        let why = "if '*/*' is present, must not specify other resources";
        errors.push(FieldError::invalid(path, &all, why));
    }
    if resources.contains(&"*") && plain {
        let why = "if '*' is present, must not specify other resources without subresources";
        errors.push(FieldError::invalid(path, &all, why));
    }
}

fn client(hook: &Value, path: &str, errors: &mut Errors) {
    let given = |field: &str| {
        let value = hook.pointer(&format!("/clientConfig/{field}"));
        value.filter(|value| !value.is_null())
    };
    match (given("url"), given("service")) {
        (Some(at), None) => url(
            at.as_str().unwrap_or_default(),
            &format!("{path}.url"),
            errors,
        ),
        (None, Some(at)) => service(at, &format!("{path}.service"), errors),
        _ => {
            let why = "exactly one of url or service is required";
            errors.push(FieldError::required(path, why));
        }
    }
}

fn url(text: &str, path: &str, errors: &mut Errors) {
    let mut refuse = |value: &str, why: String| {
        errors.push(FieldError::invalid(path, go_quote(value), &why));
    };
    let (scheme, rest) = text.split_once("://").unwrap_or(("", ""));
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let host = rest.split('/').next().unwrap_or_default();
    let (user, host) = host.rsplit_once('@').unwrap_or(("", host));
    if scheme != "https" {
        let why = "'https' is the only allowed URL scheme";
        refuse(scheme, format!("{why}{FORM}"));
    }
    if host.is_empty() {
        refuse(host, format!("host must be specified{FORM}"));
    }
    for (part, word) in [
        (user, "user information is"),
        (fragment, "fragments are"),
        (query, "query parameters are"),
    ] {
        if !part.is_empty() {
            refuse(part, format!("{word} not permitted in the URL"));
        }
    }
}

fn service(service: &Value, path: &str, errors: &mut Errors) {
    for field in ["name", "namespace"] {
        if text_at(service, &format!("/{field}")).is_empty() {
            let why = format!("service {field} is required");
            errors.push(FieldError::required(format!("{path}.{field}"), &why));
        }
    }
    let port = number_at(service, "/port").unwrap_or(443);
    if !is_port(port) {
        let why = format!("port is not valid: {PORT_RANGE}");
        errors.push(FieldError::invalid(format!("{path}.port"), port, &why));
    }
    let text = text_at(service, "/path");
    let mut refuse = |why: &str| {
        errors.push(FieldError::invalid(
            format!("{path}.path"),
            go_quote(text),
            why,
        ));
    };
    match text {
        "" | "/" => return,
        "//" => return refuse("segment[0] may not be empty"),
        _ if !text.starts_with('/') => refuse("must start with a '/'"),
        _ => {}
    }
    let inner: String = text.chars().skip(1).collect();
    let inner = inner.strip_suffix('/').unwrap_or(&inner);
    for (i, step) in inner.split('/').enumerate() {
        if step.is_empty() {
            refuse(&format!("segment[{i}] may not be empty"));
            continue;
        }
        for why in dns_1123_subdomain(step) {
            refuse(&format!("segment[{i}]: {why}"));
        }
    }
}
