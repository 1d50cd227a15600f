//! PodDisruptionBudgets as a table.
//!
//! Upstream: `printPodDisruptionBudget` in `printers.go`.

use serde_json::Value;

use crate::api::{go_print, number_at};

use super::{Printer, column};
use crate::kubectl::age;

pub(super) static PRINTER: Printer = Printer {
    columns: &[
        column("NAME"),
        column("MIN AVAILABLE"),
        column("MAX UNAVAILABLE"),
        column("ALLOWED DISRUPTIONS"),
        column("AGE"),
    ],
    cells: |object, now, _| {
        let empty = Value::Null;
        let body = object.data().unwrap_or(&empty);
        let amount = |key: &str| {
            let value = body
                .pointer(&format!("/spec/{key}"))
                .filter(|v| !v.is_null());
            value.map_or("N/A".to_string(), go_print)
        };
        let allowed = number_at(body, "/status/disruptionsAllowed").unwrap_or(0);
        vec![
            object.meta.name.to_string(),
            amount("minAvailable"),
            amount("maxUnavailable"),
            allowed.to_string(),
            age::since(object.meta.created, now),
        ]
    },
};
