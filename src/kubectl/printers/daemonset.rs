//! DaemonSets as a table.
//!
//! Upstream: `printDaemonSet` in `printers.go`.

use super::workload::container_cells;
use super::{Printer, column, or_none, wide};
use crate::kubectl::age;

pub(super) static PRINTER: Printer = Printer {
    columns: &[
        column("NAME"),
        column("DESIRED"),
        column("CURRENT"),
        column("READY"),
        column("UP-TO-DATE"),
        column("AVAILABLE"),
        column("NODE SELECTOR"),
        column("AGE"),
        wide("CONTAINERS"),
        wide("IMAGES"),
        wide("SELECTOR"),
    ],
    cells: |object, now, _| {
        let Some(ds) = object.daemon_set() else {
            return Vec::new();
        };
        let status = &ds.status;
        let spec = ds.template.api.spec.as_ref();
        let selector = spec.and_then(|s| s.node_selector.as_ref());
        let pairs = selector.into_iter().flatten();
        let pairs: Vec<String> = pairs.map(|(k, v)| format!("{k}={v}")).collect();
        let mut cells = vec![object.meta.name.to_string()];
        cells.extend(
            [
                status.desired,
                status.current,
                status.ready,
                status.updated,
                status.available,
            ]
            .map(|n| n.to_string()),
        );
        cells.push(or_none(&pairs.join(",")).to_string());
        cells.push(age::since(object.meta.created, now));
        cells.extend(container_cells(&ds.template.api, &ds.selector));
        cells
    },
};
