//! Services.
//!
//! Upstream: `pkg/apis/core/validation/validation.go` (ValidateService).

use std::collections::BTreeSet;

use serde_json::Value;

use crate::api::go_quote;
use crate::apiserver::FieldError;

use super::Errors;
use super::format::{IMMUTABLE, PORT_RANGE, dns_1123_label};
use super::meta::invalid_text;
use super::pod::one_of;

const TYPES: &[&str] = &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const AFFINITIES: &[&str] = &["ClientIP", "None"];
const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];

pub(super) fn service(body: &Value, errors: &mut Errors) {
    let spec = body.get("spec").unwrap_or(&Value::Null);
    let text = |key: &str| spec.get(key).and_then(Value::as_str);
    let kind = text("type").unwrap_or_default();
    let headless = text("clusterIP") == Some("None");
    let ports: Vec<&Value> = spec
        .get("ports")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .collect();
    if ports.is_empty() && !headless && kind != "ExternalName" {
        errors.push(FieldError::required("spec.ports", ""));
    }
    if kind == "ExternalName" && text("externalName").unwrap_or_default().is_empty() {
        errors.push(FieldError::required("spec.externalName", ""));
    }
    let (mut names, mut numbers) = (BTreeSet::new(), BTreeSet::new());
    for (i, port) in ports.iter().enumerate() {
        let path = format!("spec.ports[{i}]");
        service_port(port, &path, ports.len() > 1, kind, errors);
        let name = port.get("name").and_then(Value::as_str).unwrap_or_default();
        if !name.is_empty() && !names.insert(name) {
            errors.push(FieldError::duplicate(
                format!("{path}.name"),
                go_quote(name),
            ));
        }
        let pair = (
            port.get("protocol").map(Value::to_string),
            port.get("port").and_then(Value::as_i64),
        );
        if !numbers.insert(pair.clone()) {
            let printed = format!(
                "{{\"Name\":\"\",\"Protocol\":{},\"AppProtocol\":null,\"Port\":{},\"TargetPort\":0,\"NodePort\":0}}",
                pair.0.unwrap_or_default(),
                pair.1.unwrap_or_default()
            );
            errors.push(FieldError::duplicate(path, printed));
        }
    }
    one_of(
        text("sessionAffinity"),
        AFFINITIES,
        "spec.sessionAffinity",
        errors,
    );
    one_of(text("type"), TYPES, "spec.type", errors);
}

fn service_port(port: &Value, path: &str, named: bool, kind: &str, errors: &mut Errors) {
    let name = port.get("name").and_then(Value::as_str).unwrap_or_default();
    let field = format!("{path}.name");
    if name.is_empty() {
        if named {
            errors.push(FieldError::required(field, ""));
        }
    } else {
        invalid_text(&field, name, dns_1123_label(name), errors);
    }
    let number = port.get("port").and_then(Value::as_i64).unwrap_or(0);
    if !(1..=65535).contains(&number) {
        errors.push(FieldError::invalid(
            format!("{path}.port"),
            number,
            PORT_RANGE,
        ));
    }
    let protocol = port.get("protocol").and_then(Value::as_str);
    one_of(protocol, PROTOCOLS, &format!("{path}.protocol"), errors);
    if let Some(target) = port.get("targetPort").and_then(Value::as_i64)
        && !(1..=65535).contains(&target)
    {
        errors.push(FieldError::invalid(
            format!("{path}.targetPort"),
            target,
            PORT_RANGE,
        ));
    }
    let node_port = port.get("nodePort").and_then(Value::as_i64).unwrap_or(0);
    let field = format!("{path}.nodePort");
    if node_port != 0 && kind == "ClusterIP" {
        let why = "may not be used when `type` is 'ClusterIP'";
        errors.push(FieldError::forbidden(field, why));
    } else if node_port != 0 && !(30000..=32767).contains(&node_port) {
        let why =
            "provided port is not in the valid range. The range of valid ports is 30000-32767";
        errors.push(FieldError::invalid(field, node_port, why));
    }
}

pub(super) fn immutable_address(new: &Value, old: &Value, errors: &mut Errors) {
    let address = |body: &Value| {
        body.get("spec")
            .and_then(|s| s.get("clusterIP"))
            .and_then(Value::as_str)
            .map(String::from)
    };
    if let (Some(new), Some(old)) = (address(new), address(old))
        && new != old
        && !old.is_empty()
    {
        errors.push(FieldError::invalid(
            "spec.clusterIP",
            go_quote(&new),
            IMMUTABLE,
        ));
    }
}
