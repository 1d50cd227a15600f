//! CronJobs as a table.
//!
//! Upstream: `printCronJob` in `printers.go`.

use super::workload::container_cells;
use super::{NONE, Printer, column, wide};
use crate::api::Selector;
use crate::kubectl::age;

pub(super) static PRINTER: Printer = Printer {
    columns: &[
        column("NAME"),
        column("SCHEDULE"),
        column("TIMEZONE"),
        column("SUSPEND"),
        column("ACTIVE"),
        column("LAST SCHEDULE"),
        column("AGE"),
        wide("CONTAINERS"),
        wide("IMAGES"),
        wide("SELECTOR"),
    ],
    cells: |object, now, _| {
        let Some(cron_job) = object.cron_job() else {
            return Vec::new();
        };
        let (spec, status) = (&cron_job.spec, &cron_job.status);
        let last = status.last_schedule.map(|at| age::since(at, now));
        let suspended = spec.suspend == Some(true);
        let mut cells = vec![
            object.meta.name.to_string(),
            spec.schedule.clone(),
            spec.time_zone.clone().unwrap_or_else(|| NONE.into()),
            if suspended { "True" } else { "False" }.to_string(),
            status.active.len().to_string(),
            last.unwrap_or_else(|| NONE.into()),
            age::since(object.meta.created, now),
        ];
        let job = cron_job.job_spec();
        let selector = job.selector.as_ref().map(Selector::from_api);
        cells.extend(container_cells(
            &job.template,
            &selector.unwrap_or_default(),
        ));
        cells
    },
};
