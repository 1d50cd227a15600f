//! ControllerRevisions as a table.
//!
//! Upstream: `printControllerRevision` in `printers.go`.

use serde_json::Value;

use super::{NONE, Printer, column};
use crate::kubectl::age;

pub(super) static PRINTER: Printer = Printer {
    columns: &[
        column("NAME"),
        column("CONTROLLER"),
        column("REVISION"),
        column("AGE"),
    ],
    cells: |object, now, _| {
        let controller = object.meta.controller().map_or(NONE.into(), |owner| {
            let kind = owner.kind.to_lowercase();
            match owner.api_version.split_once('/') {
                Some((group, _)) => format!("{kind}.{group}/{}", owner.name),
                None => format!("{kind}/{}", owner.name),
            }
        });
        let number = object.data().and_then(|d| d.get("revision"));
        vec![
            object.meta.name.to_string(),
            controller,
            number.and_then(Value::as_i64).unwrap_or(0).to_string(),
            age::since(object.meta.created, now),
        ]
    },
};
