//! EndpointSlices as a table.
//!
//! Upstream: `printEndpointSlice`, `formatDiscoveryPorts`, `formatDiscoveryEndpoints` in
//! `printers.go`.

use serde_json::Value;

use crate::api::{items_at, number_at, text_at, texts_at};

use super::endpoints::more;
use super::{Printer, UNSET, column};
use crate::kubectl::age;

const SHOWN_MAX: usize = 3;

pub(super) static PRINTER: Printer = Printer {
    columns: &[
        column("NAME"),
        column("ADDRESSTYPE"),
        column("PORTS"),
        column("ENDPOINTS"),
        column("AGE"),
    ],
    cells: |object, now, _| {
        let empty = Value::Null;
        let body = object.data().unwrap_or(&empty);
        let port = |port: &Value| match (number_at(port, "/port"), port.get("name")) {
            (Some(number), _) => number.to_string(),
            (None, Some(Value::String(name))) => name.clone(),
            _ => "*".to_string(),
        };
        let ports: Vec<String> = items_at(body, "/ports").iter().map(port).collect();
        let endpoints = items_at(body, "/endpoints").iter();
        let addresses = endpoints.flat_map(|endpoint| texts_at(endpoint, "/addresses"));
        let addresses: Vec<String> = addresses.map(str::to_string).collect();
        vec![
            object.meta.name.to_string(),
            text_at(body, "/addressType").to_string(),
            listed(&ports),
            listed(&addresses),
            age::since(object.meta.created, now),
        ]
    },
};

fn listed(all: &[String]) -> String {
    if all.is_empty() {
        return UNSET.to_string();
    }
    more(all, SHOWN_MAX, ",")
}
