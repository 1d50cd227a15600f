//! Ingresses and their classes as tables.
//!
//! Upstream: `printIngress`, `printIngressClass` in `printers.go`.

use serde_json::Value;

use crate::api::{items_at, text_at};

use super::{NONE, Printer, column, or_none};
use crate::kubectl::age;

const HOSTS_MAX: usize = 3;
const ADDRESS_MAX: usize = 16;
const DEFAULT_CLASS: &str = "ingressclass.kubernetes.io/is-default-class";

pub(super) static INGRESS: Printer = Printer {
    columns: &[
        column("NAME"),
        column("CLASS"),
        column("HOSTS"),
        column("ADDRESS"),
        column("PORTS"),
        column("AGE"),
    ],
    cells: |object, now, wide| {
        let empty = Value::Null;
        let body = object.data().unwrap_or(&empty);
        let tls = !items_at(body, "/spec/tls").is_empty();
        vec![
            object.meta.name.to_string(),
            or_none(text_at(body, "/spec/ingressClassName")).to_string(),
            hosts(items_at(body, "/spec/rules")),
            ingress_addresses(body, wide),
            if tls { "80, 443" } else { "80" }.to_string(),
            age::since(object.meta.created, now),
        ]
    },
};

fn hosts(rules: &[Value]) -> String {
    let shown = rules.iter().map(|rule| text_at(rule, "/host"));
    let shown: Vec<&str> = shown
        .filter(|host| !host.is_empty())
        .take(HOSTS_MAX)
        .collect();
    if shown.is_empty() {
        return "*".into();
    }
    let text = shown.join(",");
    if rules.len() > HOSTS_MAX && shown.len() == HOSTS_MAX {
        return format!("{text} + {} more...", rules.len() - HOSTS_MAX);
    }
    text
}

/// The cell ADDRESS.
pub fn ingress_addresses(body: &Value, wide: bool) -> String {
    let given = items_at(body, "/status/loadBalancer/ingress").iter();
    let address = |one: &Value| {
        let parts = [text_at(one, "/ip"), text_at(one, "/hostname")];
        parts
            .into_iter()
            .find(|part| !part.is_empty())
            .map(str::to_string)
    };
    let set: std::collections::BTreeSet<String> = given.filter_map(address).collect();
    let text = set.into_iter().collect::<Vec<_>>().join(",");
    if !wide && text.len() > ADDRESS_MAX {
        return format!("{}...", text.get(..ADDRESS_MAX - 3).unwrap_or_default());
    }
    text
}

pub(super) static CLASS: Printer = Printer {
    columns: &[
        column("NAME"),
        column("CONTROLLER"),
        column("PARAMETERS"),
        column("AGE"),
    ],
    cells: |object, now, _| {
        let empty = Value::Null;
        let body = object.data().unwrap_or(&empty);
        let mut name = object.meta.name.to_string();
        if object.meta.annotation(DEFAULT_CLASS) == Some("true") {
            name.push_str(" (default)");
        }
        let parameters = body
            .pointer("/spec/parameters")
            .map_or(NONE.into(), |given| {
                let group = text_at(given, "/apiGroup");
                let dot = if group.is_empty() { "" } else { "." };
                format!(
                    "{}{dot}{group}/{}",
                    text_at(given, "/kind"),
                    text_at(given, "/name")
                )
            });
        vec![
            name,
            text_at(body, "/spec/controller").to_string(),
            parameters,
            age::since(object.meta.created, now),
        ]
    },
};
