//! Endpoints as a table.
//!
//! Upstream: `printEndpoints`, `formatEndpoints` in `printers.go`.

use serde_json::Value;

use crate::api::{items_at, number_at, text_at};

use super::{NONE, Printer, column};
use crate::kubectl::age;

const SHOWN_MAX: usize = 3;

pub(super) static PRINTER: Printer = Printer {
    columns: &[column("NAME"), column("ENDPOINTS"), column("AGE")],
    cells: |object, now, _| {
        vec![
            object.meta.name.to_string(),
            object.data().map_or(NONE.into(), addresses),
            age::since(object.meta.created, now),
        ]
    },
};

/// The first three of `10.244.1.3:80,…`, and how many more there are.
fn addresses(body: &Value) -> String {
    let subsets = items_at(body, "/subsets");
    if subsets.is_empty() {
        return NONE.into();
    }
    let mut all = Vec::new();
    for subset in subsets {
        let own: Vec<&str> = items_at(subset, "/addresses")
            .iter()
            .map(|a| text_at(a, "/ip"))
            .collect();
        let ports = items_at(subset, "/ports");
        if ports.is_empty() {
            all.extend(own.iter().map(ToString::to_string));
        }
        for port in ports {
            let number = number_at(port, "/port").unwrap_or(0);
            all.extend(own.iter().map(|ip| format!("{ip}:{number}")));
        }
    }
    more(&all, SHOWN_MAX, ",")
}

/// A list of which only the first are shown.
pub(super) fn more(all: &[String], max: usize, separator: &str) -> String {
    let shown: Vec<&str> = all.iter().take(max).map(String::as_str).collect();
    let shown = shown.join(separator);
    match all.len().checked_sub(max) {
        None | Some(0) => shown,
        Some(rest) => format!("{shown} + {rest} more..."),
    }
}
