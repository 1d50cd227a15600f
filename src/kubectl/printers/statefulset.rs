//! StatefulSets as a table.
//!
//! Upstream: `printStatefulSet` in `printers.go`.

use super::workload::container_cells;
use super::{Printer, column, wide};
use crate::kubectl::age;

pub(super) static PRINTER: Printer = Printer {
    columns: &[
        column("NAME"),
        column("READY"),
        column("AGE"),
        wide("CONTAINERS"),
        wide("IMAGES"),
    ],
    cells: |object, now, _| {
        let Some(set) = object.stateful_set() else {
            return Vec::new();
        };
        let [containers, images, _] = container_cells(&set.template.api, &set.selector);
        vec![
            object.meta.name.to_string(),
            format!("{}/{}", set.status.ready_replicas, set.replicas()),
            age::since(object.meta.created, now),
            containers,
            images,
        ]
    },
};
