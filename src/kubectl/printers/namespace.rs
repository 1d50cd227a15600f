//! Namespaces as a table.
//!
//! Upstream: `printNamespace` in `printers.go`.

use super::{Printer, column};
use crate::kubectl::age;

pub(super) static PRINTER: Printer = Printer {
    columns: &[column("NAME"), column("STATUS"), column("AGE")],
    cells: |object, now, _| {
        let phase = object.data().and_then(|d| d.pointer("/status/phase"));
        let phase = phase.and_then(|p| p.as_str()).unwrap_or("Active");
        vec![
            object.meta.name.to_string(),
            phase.to_string(),
            age::since(object.meta.created, now),
        ]
    },
};
