//! The table of events at the end of a description.
//!
//! Upstream: `DescribeEvents` in `describe.go`, `util/event/sorted_event_list.go`,
//! `cmd/events/event_printer.go` (ages).

use std::sync::Arc;

use crate::api::{EventBody, Object};
use crate::clock::SimTime;
use crate::kubectl::age;
use crate::kubectl::objects::events_about;
use crate::kubectl::sort::go_sort;

use super::Scene;
use super::text::Text;

/// What a line about an event says.
pub struct EventLine {
    pub kind: &'static str,
    pub age: String,
    pub source: String,
    pub message: String,
}

impl EventLine {
    /// The line of an event.
    pub fn of(event: &EventBody, now: SimTime) -> EventLine {
        let message = event.message.to_string();
        EventLine {
            kind: if event.warning { "Warning" } else { "Normal" },
            age: interval(event, now),
            source: event.component.to_string(),
            message: message.trim().to_string(),
        }
    }
}

/// `5m`, or `30s (x3 over 5m)`.
fn interval(event: &EventBody, now: SimTime) -> String {
    let first = if event.new_api {
        age::human(now - event.first)
    } else {
        age::since(event.first, now)
    };
    match event.series {
        Some(series) => {
            let last = age::human(now - series.last_observed);
            format!("{last} (x{} over {first})", series.count)
        }
        None if event.count > 1 && !event.new_api => {
            format!(
                "{} (x{} over {first})",
                age::since(event.last, now),
                event.count
            )
        }
        None => first,
    }
}

/// When an event last happened as the old API has it: never, for events of the new one.
fn last_timestamp(object: &Object) -> Option<SimTime> {
    let event = object.event().filter(|event| !event.new_api)?;
    Some(event.last.whole_secs())
}

/// The events of an object, if they are to be shown.
pub(super) fn write(object: &Object, scene: Scene<'_>, out: &mut Text) {
    if !scene.events {
        return;
    }
    let mut events: Vec<Arc<Object>> = events_about(object, scene.snapshot);
    if events.is_empty() {
        return out.field(0, "Events", "<none>");
    }
    go_sort(&mut events, |a, b| last_timestamp(a) < last_timestamp(b));
    out.line(0, "Events:");
    out.line(1, "Type\tReason\tAge\tFrom\tMessage");
    out.line(1, "----\t------\t----\t----\t-------");
    for event in events.iter().filter_map(|object| object.event()) {
        let line = EventLine::of(event, scene.now);
        let mut message = line.message;
        if !event.involved.field_path.is_empty() {
            message = format!("{}: {message}", event.involved.field_path);
        }
        out.line(
            1,
            format!(
                "{}\t{}\t{}\t{}\t{message}",
                line.kind, event.reason, line.age, line.source
            ),
        );
    }
}
