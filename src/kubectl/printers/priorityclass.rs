//! PriorityClasses as a table.
//!
//! Upstream: `printPriorityClass` in `printers.go`.

use serde_json::Value;

use crate::api::{number_at, text_at};

use super::{Printer, column, wide};
use crate::kubectl::age;

pub(super) static PRINTER: Printer = Printer {
    columns: &[
        column("NAME"),
        column("VALUE"),
        column("GLOBAL-DEFAULT"),
        column("AGE"),
        wide("PREEMPTIONPOLICY"),
    ],
    cells: |object, now, _| {
        let empty = Value::Null;
        let body = object.data().unwrap_or(&empty);
        let global = body.get("globalDefault") == Some(&Value::Bool(true));
        vec![
            object.meta.name.to_string(),
            number_at(body, "/value").unwrap_or(0).to_string(),
            global.to_string(),
            age::since(object.meta.created, now),
            text_at(body, "/preemptionPolicy").to_string(),
        ]
    },
};
