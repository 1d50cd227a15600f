//! Jobs as a table.
//!
//! Upstream: `printJob` in `printers.go`.

use super::workload::container_cells;
use super::{Printer, column, wide};
use crate::api::{JobBody, Object};
use crate::clock::SimTime;
use crate::kubectl::age;

pub(super) static PRINTER: Printer = Printer {
    columns: &[
        column("NAME"),
        column("STATUS"),
        column("COMPLETIONS"),
        column("DURATION"),
        column("AGE"),
        wide("CONTAINERS"),
        wide("IMAGES"),
        wide("SELECTOR"),
    ],
    cells: |object, now, _| {
        let Some(job) = object.job() else {
            return Vec::new();
        };
        let mut cells = vec![
            object.meta.name.to_string(),
            status(object, job).to_string(),
            completions(job),
            duration(job, now),
            age::since(object.meta.created, now),
        ];
        cells.extend(container_cells(&job.template.api, &job.selector));
        cells
    },
};

fn status(object: &Object, job: &JobBody) -> &'static str {
    let first = |kinds: &[&'static str]| {
        let met = kinds.iter().find(|kind| job.status.met(kind).is_some());
        met.copied()
    };
    match first(&["Complete", "Failed"]) {
        Some(end) => end,
        None if object.meta.is_deleting() => "Terminating",
        None => first(&["Suspended", "FailureTarget", "SuccessCriteriaMet"]).unwrap_or("Running"),
    }
}

fn completions(job: &JobBody) -> String {
    let succeeded = job.status.succeeded;
    match (job.spec.completions, job.parallelism()) {
        (Some(wanted), _) => format!("{succeeded}/{wanted}"),
        (None, parallelism @ 2..) => format!("{succeeded}/1 of {parallelism}"),
        (None, _) => format!("{succeeded}/1"),
    }
}

/// From the start to the completion; a failed Job has none and goes on counting.
fn duration(job: &JobBody, now: SimTime) -> String {
    let status = &job.status;
    match (status.start_time, status.completion_time) {
        (None, _) => String::new(),
        (Some(start), end) => age::human(end.unwrap_or(now) - start),
    }
}
