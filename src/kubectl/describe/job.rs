//! `kubectl describe job`.
//!
//! Upstream: `describeJob` in `describe.go`.

use crate::api::Object;
use crate::kubectl::age;

use super::text::Text;
use super::{Scene, events, template};

/// Lists of indexes are cut at the first comma from here on.
const INDEXES_MAX: usize = 50;
pub(super) const UNSET: &str = "<unset>";

pub(super) fn write(object: &Object, scene: Scene<'_>, out: &mut Text) {
    let Some(job) = object.job() else {
        return;
    };
    let (spec, status) = (&job.spec, &job.status);
    out.names(&object.meta);
    out.field(0, "Selector", &job.selector);
    out.labels(&object.meta);
    out.controller(&object.meta);
    out.field(0, "Parallelism", job.parallelism());
    out.field(0, "Completions", or_unset(spec.completions));
    let mode = spec.completion_mode.as_deref().unwrap_or_default();
    out.field_if(0, "Completion Mode", mode);
    out.field(0, "Suspend", job.is_suspended());
    out.field(0, "Backoff Limit", job.backoff_limit());
    if let Some(seconds) = spec.ttl_seconds_after_finished {
        out.field(0, "TTL Seconds After Finished", seconds);
    }
    if let Some(start) = status.start_time {
        out.field(0, "Start Time", start.rfc1123z());
    }
    if let Some(end) = status.completion_time {
        out.field(0, "Completed At", end.rfc1123z());
    }
    if let (Some(start), Some(end)) = (status.start_time, status.completion_time) {
        out.field(0, "Duration", age::human(end - start));
    }
    if let Some(seconds) = spec.active_deadline_seconds {
        out.field(0, "Active Deadline Seconds", format!("{seconds}s"));
    }
    let active = match status.ready {
        Some(ready) => format!("{} Active ({ready} Ready)", status.active),
        None => format!("{} Active", status.active),
    };
    let (succeeded, failed) = (status.succeeded, status.failed);
    out.field(
        0,
        "Pods Statuses",
        format!("{active} / {succeeded} Succeeded / {failed} Failed"),
    );
    if job.is_indexed() {
        let indexes = shortened(&status.completed_indexes);
        out.field(0, "Completed Indexes", indexes);
    }
    template::write(&job.template.api, out);
    events::write(object, scene, out);
}

/// A figure, or that there is none.
pub(super) fn or_unset(value: Option<impl ToString>) -> String {
    value.map_or_else(|| UNSET.into(), |value| value.to_string())
}

fn shortened(indexes: &str) -> String {
    if indexes.is_empty() {
        return "<none>".into();
    }
    let long = indexes.get(INDEXES_MAX..).and_then(|rest| rest.find(','));
    match long {
        Some(at) => {
            let head = indexes.get(..=INDEXES_MAX + at).unwrap_or(indexes);
            format!("{head}...")
        }
        None => indexes.to_string(),
    }
}
