//! Events as a table.
//!
//! Upstream: `printEvent` in `printers.go`.

use crate::api::{EventBody, InvolvedObject};
use crate::clock::SimTime;

use super::{Printer, column, wide};
use crate::kubectl::age;

pub(super) static PRINTER: Printer = Printer {
    columns: &[
        column("LAST SEEN"),
        column("TYPE"),
        column("REASON"),
        column("OBJECT"),
        wide("SUBOBJECT"),
        wide("SOURCE"),
        column("MESSAGE"),
        wide("FIRST SEEN"),
        wide("COUNT"),
        wide("NAME"),
    ],
    cells: |object, now, _| {
        let Some(event) = object.event() else {
            return Vec::new();
        };
        let source = if event.host.is_empty() {
            event.component.to_string()
        } else {
            format!("{}, {}", event.component, event.host)
        };
        let count = event
            .series
            .map_or(event.count.max(1), |series| series.count);
        vec![
            last_seen(event, now),
            if event.warning { "Warning" } else { "Normal" }.to_string(),
            event.reason.to_string(),
            involved(&event.involved),
            event.involved.field_path.to_string(),
            source,
            event.message.to_string().trim().to_string(),
            first_seen(event, now),
            count.to_string(),
            object.meta.name.to_string(),
        ]
    },
};

fn involved(object: &InvolvedObject) -> String {
    format!("{}/{}", object.kind.info().singular, object.name)
}

/// When an event was first seen: `eventTime` keeps its fraction, `firstTimestamp` has whole
/// seconds.
fn first_seen(event: &EventBody, now: SimTime) -> String {
    if event.new_api {
        age::human(now - event.first)
    } else {
        age::since(event.first, now)
    }
}

/// When an event was last seen.
fn last_seen(event: &EventBody, now: SimTime) -> String {
    match event.series {
        Some(series) => age::human(now - series.last_observed),
        None if event.new_api => first_seen(event, now),
        None => age::since(event.last, now),
    }
}
