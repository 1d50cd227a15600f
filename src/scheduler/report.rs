//! The words in which the scheduler says that a pod found no node.
//!
//! Upstream: `framework/types.go` (FitError), `framework/preemption/preemption.go`,
//! `schedule_one.go` (truncateMessage).

use std::collections::BTreeMap;

use super::cycle::Diagnosis;
use super::plugins::PLUGINS;
use crate::api::Order;

/// What an event's note holds at most, in bytes.
const NOTE_MAX: usize = 1024;

/// The pod's message without what PostFilter adds.
pub(super) fn fit_error(diagnosis: &Diagnosis, nodes: usize) -> String {
    if let Some((_, why)) = &diagnosis.pre_filter {
        return format!("0/{nodes} nodes are available: {why}.");
    }
    let mut histogram = Histogram::default();
    for rejected in &diagnosis.rejected {
        for reason in rejected.rejection.reasons.iter() {
            histogram.add(reason, 1);
        }
    }
    let absent = nodes.saturating_sub(diagnosis.rejected.len());
    if absent > 0 && !diagnosis.restricted_by.is_empty() {
        let plugins = diagnosis
            .restricted_by
            .iter()
            .filter_map(|i| PLUGINS.get(*i));
        let names: Vec<&str> = plugins.map(|row| row.plugin.name()).collect();
        let reason = format!("node(s) didn't satisfy plugin(s) [{}]", names.join(" "));
        histogram.add(&reason, absent);
    }
    histogram.sentence(nodes)
}

/// Reasons with the number of nodes that have them.
#[derive(Default)]
pub(super) struct Histogram(BTreeMap<String, usize>);

impl Histogram {
    /// Counts a reason of some nodes.
    pub(super) fn add(&mut self, reason: &str, nodes: usize) {
        match self.0.get_mut(reason) {
            Some(count) => *count += nodes,
            None => {
                self.0.insert(reason.to_string(), nodes);
            }
        }
    }

    /// `0/3 nodes are available: 1 …, 2 ….`, sorted as text with the count first.
    pub(super) fn sentence(&self, nodes: usize) -> String {
        let mut parts: Vec<String> = self
            .0
            .iter()
            .map(|(reason, count)| format!("{count} {reason}"))
            .collect();
        parts.order();
        if parts.is_empty() {
            return format!("0/{nodes} nodes are available:");
        }
        format!("0/{nodes} nodes are available: {}.", parts.join(", "))
    }
}

/// A note cut to what an event holds.
pub(super) fn truncated(message: &str) -> String {
    if message.len() <= NOTE_MAX {
        return message.to_string();
    }
    let mut end = NOTE_MAX - " ...".len();
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    format!("{} ...", message.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_sorted_as_text() {
        let mut histogram = Histogram::default();
        for (reason, nodes) in [("b", 10), ("a", 2), ("c", 1)] {
            histogram.add(reason, nodes);
        }
        assert_eq!(
            histogram.sentence(13),
            "0/13 nodes are available: 1 c, 10 b, 2 a."
        );
    }

    #[test]
    fn long_notes_are_cut() {
        assert_eq!(truncated("short"), "short");
        let cut = truncated(&"x".repeat(2000));
        assert_eq!((cut.len(), cut.ends_with("x ...")), (1024, true));
    }
}
