//! Endpoints and EndpointSlices.
//!
//! Upstream: `pkg/apis/core/validation/validation.go` (ValidateEndpoints),
//! `pkg/apis/discovery/validation/validation.go`.

use std::net::IpAddr;

use serde_json::Value;

use crate::api::{go_quote, items_at, number_at, text_at};
use crate::apiserver::FieldError;

use super::Errors;
use super::format::{IMMUTABLE, dns_1123_label, dns_1123_subdomain, qualified_name};
use super::meta::invalid_text;

const ADDRESSES_MAX: usize = 100;
const ENDPOINTS_MAX: usize = 1000;

/// The range of port numbers, as the server puts it.
pub(super) const PORT_RANGE: &str = "must be between 1 and 65535, inclusive";

pub(super) fn is_port(number: i64) -> bool {
    (1..=65535).contains(&number)
}

pub(super) fn endpoints(body: &Value, errors: &mut Errors) {
    for (i, subset) in items_at(body, "/subsets").iter().enumerate() {
        let path = format!("subsets[{i}]");
        let lists = ["addresses", "notReadyAddresses"];
        let all = lists.map(|list| (list, items_at(subset, &format!("/{list}"))));
        if all.iter().all(|(_, items)| items.is_empty()) {
            let why = "must specify `addresses` or `notReadyAddresses`";
            errors.push(FieldError::required(&path, why));
        }
        for (list, items) in all {
            for (j, item) in items.iter().enumerate() {
                address(item, &format!("{path}.{list}[{j}]"), errors);
            }
        }
        let ports = items_at(subset, "/ports");
        for (j, item) in ports.iter().enumerate() {
            port(item, ports.len() > 1, &format!("{path}.ports[{j}]"), errors);
        }
    }
}

fn address(address: &Value, path: &str, errors: &mut Errors) {
    let ip = text_at(address, "/ip");
    if ip.parse::<IpAddr>().is_err() {
        let why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
        errors.push(FieldError::invalid(format!("{path}.ip"), go_quote(ip), why));
    }
    let hostname = text_at(address, "/hostname");
    if !hostname.is_empty() {
        let problems = dns_1123_label(hostname);
        invalid_text(&format!("{path}.hostname"), hostname, problems, errors);
    }
    node_name(address, path, errors);
    special(ip, &format!("{path}.ip"), errors);
}

fn node_name(holder: &Value, path: &str, errors: &mut Errors) {
    if let Some(node) = holder.get("nodeName").and_then(Value::as_str) {
        let problems = dns_1123_subdomain(node);
        invalid_text(&format!("{path}.nodeName"), node, problems, errors);
    }
}

/// Addresses that no endpoint may have.
fn special(text: &str, path: &str, errors: &mut Errors) {
    let Ok(ip) = text.parse::<IpAddr>() else {
        let why = "must be a valid IP address";
        errors.push(FieldError::invalid(path, go_quote(text), why));
        return;
    };
    let (link_local, link_multicast) = match ip {
        IpAddr::V4(v4) => (v4.is_link_local(), v4.octets().starts_with(&[224, 0, 0])),
        IpAddr::V6(v6) => (
            v6.is_unicast_link_local(),
            v6.segments().first() == Some(&0xff02),
        ),
    };
    let unspecified = format!("may not be unspecified ({text})");
    for (found, why) in [
        (ip.is_unspecified(), unspecified.as_str()),
        (
            ip.is_loopback(),
            "may not be in the loopback range (127.0.0.0/8, ::1/128)",
        ),
        (
            link_local,
            "may not be in the link-local range (169.254.0.0/16, fe80::/10)",
        ),
        (
            link_multicast,
            "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)",
        ),
    ] {
        if found {
            errors.push(FieldError::invalid(path, go_quote(text), why));
        }
    }
}

fn port(port: &Value, named: bool, path: &str, errors: &mut Errors) {
    let name = text_at(port, "/name");
    if named && name.is_empty() {
        errors.push(FieldError::required(format!("{path}.name"), ""));
    } else if !name.is_empty() {
        invalid_text(&format!("{path}.name"), name, dns_1123_label(name), errors);
    }
    let number = number_at(port, "/port").unwrap_or(0);
    if !is_port(number) {
        errors.push(FieldError::invalid(
            format!("{path}.port"),
            number,
            PORT_RANGE,
        ));
    }
    protocol_of(port, path, errors);
}

fn protocol_of(port: &Value, path: &str, errors: &mut Errors) {
    let (protocol, at) = (text_at(port, "/protocol"), format!("{path}.protocol"));
    if protocol.is_empty() {
        errors.push(FieldError::required(at, ""));
    } else if !["SCTP", "TCP", "UDP"].contains(&protocol) {
        let known = &["SCTP", "TCP", "UDP"];
        errors.push(FieldError::not_supported(at, go_quote(protocol), known));
    }
    if let Some(name) = port.get("appProtocol").and_then(Value::as_str) {
        let problems = qualified_name(name);
        invalid_text(&format!("{path}.appProtocol"), name, problems, errors);
    }
}

pub(super) fn endpoint_slice(body: &Value, errors: &mut Errors) {
    let kind = text_at(body, "/addressType");
    let known = &["FQDN", "IPv4", "IPv6"];
    if kind.is_empty() {
        errors.push(FieldError::required("addressType", ""));
    } else if !known.contains(&kind) {
        errors.push(FieldError::not_supported(
            "addressType",
            go_quote(kind),
            known,
        ));
    }
    let endpoints = items_at(body, "/endpoints");
    if endpoints.len() > ENDPOINTS_MAX {
        errors.push(FieldError::too_many(
            "endpoints",
            endpoints.len(),
            ENDPOINTS_MAX,
        ));
    } else {
        for (i, item) in endpoints.iter().enumerate() {
            endpoint(item, kind, &format!("endpoints[{i}]"), errors);
        }
    }
    let mut names: Vec<&str> = Vec::new();
    for (i, item) in items_at(body, "/ports").iter().enumerate() {
        slice_port(item, &mut names, &format!("ports[{i}]"), errors);
    }
}

fn endpoint(endpoint: &Value, kind: &str, path: &str, errors: &mut Errors) {
    let (addresses, at) = (
        items_at(endpoint, "/addresses"),
        format!("{path}.addresses"),
    );
    if addresses.is_empty() {
        let why = "must contain at least 1 address";
        errors.push(FieldError::required(&at, why));
    } else if addresses.len() > ADDRESSES_MAX {
        errors.push(FieldError::too_many(&at, addresses.len(), ADDRESSES_MAX));
    }
    for (i, address) in addresses.iter().enumerate() {
        let (text, at) = (address.as_str().unwrap_or_default(), format!("{at}[{i}]"));
        match kind {
            "IPv4" | "IPv6" => {
                let ip = text.parse::<IpAddr>().ok();
                if ip.is_none_or(|ip| ip.is_ipv4() != (kind == "IPv4")) {
                    let why = format!("must be a valid {kind} address");
                    errors.push(FieldError::invalid(&at, go_quote(text), &why));
                }
                special(text, &at, errors);
            }
            "FQDN" => domain(text, 2, "two", &at, errors),
            _ => {}
        }
    }
    node_name(endpoint, path, errors);
    if let Some(hostname) = endpoint.get("hostname").and_then(Value::as_str) {
        let problems = dns_1123_label(hostname);
        invalid_text(&format!("{path}.hostname"), hostname, problems, errors);
    }
}

/// A domain name of so many segments.
pub(super) fn domain(name: &str, least: usize, word: &str, path: &str, errors: &mut Errors) {
    if name.is_empty() {
        errors.push(FieldError::required(path, ""));
        return;
    }
    let problems = dns_1123_subdomain(name);
    if !problems.is_empty() {
        let why = problems.join(",");
        errors.push(FieldError::invalid(path, go_quote(name), &why));
        return;
    }
    if name.split('.').count() < least {
        let why = format!("should be a domain with at least {word} segments separated by dots");
        errors.push(FieldError::invalid(path, go_quote(name), &why));
    }
}

fn slice_port<'v>(port: &'v Value, names: &mut Vec<&'v str>, path: &str, errors: &mut Errors) {
    let name = text_at(port, "/name");
    if !name.is_empty() {
        invalid_text(&format!("{path}.name"), name, dns_1123_label(name), errors);
    }
    if names.contains(&name) {
        errors.push(FieldError::duplicate(
            format!("{path}.name"),
            go_quote(name),
        ));
    }
    names.push(name);
    if let Some(number) = number_at(port, "/port").filter(|number| !is_port(*number)) {
        errors.push(FieldError::invalid(
            format!("{path}.port"),
            number,
            PORT_RANGE,
        ));
    }
    protocol_of(port, path, errors);
}

pub(super) fn same_address_type(new: &Value, old: &Value, errors: &mut Errors) {
    let kind = text_at(new, "/addressType");
    if kind != text_at(old, "/addressType") {
        errors.push(FieldError::invalid(
            "addressType",
            go_quote(kind),
            IMMUTABLE,
        ));
    }
}
