//! ResourceQuotas as a table.
//!
//! Upstream: `printResourceQuota` in `printers.go`.

use serde_json::Value;

use crate::api::fields_at;

use super::{Printer, column};
use crate::kubectl::age;

pub(super) static PRINTER: Printer = Printer {
    columns: &[
        column("NAME"),
        column("REQUEST"),
        column("LIMIT"),
        column("AGE"),
    ],
    cells: |object, now, _| {
        let empty = Value::Null;
        let body = object.data().unwrap_or(&empty);
        let (mut requests, mut limits) = (Vec::new(), Vec::new());
        for (name, hard) in fields_at(body, "/status/hard") {
            let used = body.pointer("/status/used").and_then(|used| used.get(name));
            let text =
                |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or("0").to_string();
            let column = if name.starts_with("limits.") {
                &mut limits
            } else {
                &mut requests
            };
            column.push(format!("{name}: {}/{}", text(used), text(Some(hard))));
        }
        vec![
            object.meta.name.to_string(),
            requests.join(", "),
            limits.join(", "),
            age::since(object.meta.created, now),
        ]
    },
};
