//! Configurations of admission webhooks as a table.
//!
//! Upstream: `printMutatingWebhook`, `printValidatingWebhook` in `printers.go`.

use crate::api::items_at;

use super::{Printer, column};
use crate::kubectl::age;

pub(super) static PRINTER: Printer = Printer {
    columns: &[column("NAME"), column("WEBHOOKS"), column("AGE")],
    cells: |object, now, _| {
        let count = object
            .data()
            .map_or(0, |body| items_at(body, "/webhooks").len());
        vec![
            object.meta.name.to_string(),
            count.to_string(),
            age::since(object.meta.created, now),
        ]
    },
};
