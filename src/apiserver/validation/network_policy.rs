//! NetworkPolicies.
//!
//! Upstream: `pkg/apis/networking/validation/validation.go` (ValidateNetworkPolicySpec).

use std::net::IpAddr;

use serde_json::Value;

use crate::api::{go_json, go_quote, items_at, number_at, selector_at, text_at, texts_at};
use crate::apiserver::FieldError;

use super::Errors;
use super::format::{PORT_RANGE, port_name};
use super::meta::{invalid_text, selector};
use super::pod::one_of;

const TYPES: &[&str] = &["Ingress", "Egress"];

pub(super) fn network_policy(body: &Value, errors: &mut Errors) {
    if let Some(wanted) = selector_at(body, "/spec/podSelector") {
        selector(&wanted, "spec.podSelector", errors);
    }
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        let rules = items_at(body, &format!("/spec/{direction}"));
        for (i, rule) in rules.iter().enumerate() {
            let path = format!("spec.{direction}[{i}]");
            for (j, one) in items_at(rule, "/ports").iter().enumerate() {
                port(one, &format!("{path}.ports[{j}]"), errors);
            }
            for (j, one) in items_at(rule, &format!("/{peers}")).iter().enumerate() {
                peer(one, &format!("{path}.{peers}[{j}]"), errors);
            }
        }
    }
    let types = texts_at(body, "/spec/policyTypes");
    if types.len() > TYPES.len() {
        let printed = body
            .pointer("/spec/policyTypes")
            .map(go_json)
            .unwrap_or_default();
        let why = "may not specify more than two policyTypes";
        return errors.push(FieldError::invalid("spec.policyTypes", printed, why));
    }
    for (i, kind) in types.into_iter().enumerate() {
        one_of(Some(kind), TYPES, &format!("spec.policyTypes[{i}]"), errors);
    }
}

fn port(value: &Value, path: &str, errors: &mut Errors) {
    let protocol = Some(text_at(value, "/protocol")).filter(|text| !text.is_empty());
    let allowed = &["TCP", "UDP", "SCTP"];
    one_of(protocol, allowed, &format!("{path}.protocol"), errors);
    let (field, end_field) = (format!("{path}.port"), format!("{path}.endPort"));
    let end = number_at(value, "/endPort");
    let out_of_range = |number: i64| !(1..=65535).contains(&number);
    match (value.get("port").filter(|port| !port.is_null()), end) {
        (None, Some(end)) => {
            let why = "may not be specified when `port` is not specified";
            errors.push(FieldError::invalid(end_field, end, why));
        }
        (None, None) => {}
        (Some(Value::String(name)), end) => {
            if let Some(end) = end {
                let why = "may not be specified when `port` is non-numeric";
                errors.push(FieldError::invalid(end_field, end, why));
            }
            invalid_text(&field, name, port_name(name), errors);
        }
        (Some(number), end) => {
            let number = number.as_i64().unwrap_or(0);
            if out_of_range(number) {
                errors.push(FieldError::invalid(field, number, PORT_RANGE));
            }
            if let Some(end) = end {
                if end < number {
                    let why = "must be greater than or equal to `port`";
                    errors.push(FieldError::invalid(&end_field, number, why));
                }
                if out_of_range(end) {
                    errors.push(FieldError::invalid(end_field, end, PORT_RANGE));
                }
            }
        }
    }
}

fn peer(value: &Value, path: &str, errors: &mut Errors) {
    let mut count = 0;
    for field in ["podSelector", "namespaceSelector"] {
        if let Some(wanted) = selector_at(value, &format!("/{field}")) {
            count += 1;
            selector(&wanted, &format!("{path}.{field}"), errors);
        }
    }
    let block = value.get("ipBlock").filter(|block| !block.is_null());
    if let Some(block) = block {
        ip_block(block, &format!("{path}.ipBlock"), errors);
        if count > 0 {
            let why = "may not specify both ipBlock and another peer";
            errors.push(FieldError::forbidden(path, why));
        }
    } else if count == 0 {
        errors.push(FieldError::required(path, "must specify a peer"));
    }
}

/// The first address of a block, as bits from the left, and how many of them count.
fn cidr(text: &str) -> Option<(u128, u8, bool)> {
    let (address, bits) = text.split_once('/')?;
    let bits: u8 = bits.parse().ok()?;
    let (number, width) = match address.parse().ok()? {
        IpAddr::V4(v4) => (u128::from(u32::from(v4)) << 96, 32),
        IpAddr::V6(v6) => (u128::from(v6), 128),
    };
    (bits <= width).then_some((number, bits, width == 32))
}

fn ip_block(block: &Value, path: &str, errors: &mut Errors) {
    const WRONG: &str = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
    let whole = text_at(block, "/cidr");
    if whole.is_empty() {
        return errors.push(FieldError::required(format!("{path}.cidr"), ""));
    }
    let Some((start, bits, v4)) = cidr(whole) else {
        let path = format!("{path}.cidr");
        return errors.push(FieldError::invalid(path, go_quote(whole), WRONG));
    };
    for (i, text) in texts_at(block, "/except").into_iter().enumerate() {
        let path = format!("{path}.except[{i}]");
        let Some((inner, inner_bits, inner_v4)) = cidr(text) else {
            errors.push(FieldError::invalid(path, go_quote(text), WRONG));
            continue;
        };
        let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
        if v4 != inner_v4 || inner & mask != start & mask || bits >= inner_bits {
            let why = "must be a strict subset of `cidr`";
            errors.push(FieldError::invalid(path, go_quote(text), why));
        }
    }
}
