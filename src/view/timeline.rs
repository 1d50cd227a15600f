//! The timeline: the cluster's events, as they are written.
//!
//! Upstream: `kubectl get events`.

use crate::api::{Kind, Object, Order};
use crate::apiserver::Store;

use super::{Ref, TimelineEntry};

/// The newest `most` events that exist now, oldest first.
pub fn timeline(store: &Store, most: usize) -> Vec<TimelineEntry> {
    let mut all: Vec<TimelineEntry> = store
        .head()
        .list(Kind::Event, None)
        .filter_map(|o| entry(o))
        .collect();
    all.order_by_key(|e| e.at_us);
    all.split_off(all.len().saturating_sub(most))
}

/// The events that were written after a revision, in that order.
pub fn timeline_since(store: &Store, after: u64) -> Vec<TimelineEntry> {
    let written = store
        .changes(after, u64::MAX)
        .filter(|c| c.kind == Kind::Event);
    written.filter_map(|c| entry(c.new?)).collect()
}

pub(super) fn entry(object: &Object) -> Option<TimelineEntry> {
    let event = object.event()?;
    let involved = &event.involved;
    Some(TimelineEntry {
        at_us: event
            .series
            .map_or(event.last, |s| s.last_observed)
            .unix_micros(),
        warning: event.warning,
        object: Ref {
            kind: involved.kind.name().to_string(),
            namespace: involved.namespace.to_string(),
            name: involved.name.to_string(),
        },
        reason: event.reason.to_string(),
        message: event.message.to_string(),
        count: event.series.map_or(event.count, |s| s.count),
    })
}
