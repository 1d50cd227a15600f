//! ReplicaSets as a table.
//!
//! Upstream: `printReplicaSet` in `printers.go`.

use super::workload::container_cells;
use super::{Printer, column, wide};
use crate::kubectl::age;

pub(super) static PRINTER: Printer = Printer {
    columns: &[
        column("NAME"),
        column("DESIRED"),
        column("CURRENT"),
        column("READY"),
        column("AGE"),
        wide("CONTAINERS"),
        wide("IMAGES"),
        wide("SELECTOR"),
    ],
    cells: |object, now, _| {
        let Some(rs) = object.replica_set() else {
            return Vec::new();
        };
        let mut cells = vec![
            object.meta.name.to_string(),
            rs.replicas.to_string(),
            rs.status.replicas.to_string(),
            rs.status.ready_replicas.to_string(),
            age::since(object.meta.created, now),
        ];
        cells.extend(container_cells(&rs.template.api, &rs.selector));
        cells
    },
};
