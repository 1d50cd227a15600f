//! Leases as a table.
//!
//! Upstream: `printLease` in `printers.go`.

use super::{Printer, column};
use crate::kubectl::age;

pub(super) static PRINTER: Printer = Printer {
    columns: &[column("NAME"), column("HOLDER"), column("AGE")],
    cells: |object, now, _| {
        let holder = object
            .lease()
            .map(|l| l.holder.to_string())
            .unwrap_or_default();
        vec![
            object.meta.name.to_string(),
            holder,
            age::since(object.meta.created, now),
        ]
    },
};
