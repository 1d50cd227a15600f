//! Deployments as a table.
//!
//! Upstream: `printDeployment` in `printers.go`.

use super::workload::container_cells;
use super::{Printer, column, wide};
use crate::kubectl::age;

pub(super) static PRINTER: Printer = Printer {
    columns: &[
        column("NAME"),
        column("READY"),
        column("UP-TO-DATE"),
        column("AVAILABLE"),
        column("AGE"),
        wide("CONTAINERS"),
        wide("IMAGES"),
        wide("SELECTOR"),
    ],
    cells: |object, now, _| {
        let Some(deployment) = object.deployment() else {
            return Vec::new();
        };
        let status = &deployment.status;
        let mut cells = vec![
            object.meta.name.to_string(),
            format!("{}/{}", status.ready_replicas, deployment.replicas()),
            status.updated_replicas.to_string(),
            status.available_replicas.to_string(),
            age::since(object.meta.created, now),
        ];
        cells.extend(container_cells(
            &deployment.template.api,
            &deployment.selector,
        ));
        cells
    },
};
