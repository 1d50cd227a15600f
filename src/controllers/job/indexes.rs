//! Completion indexes: sets of them as ordered intervals, and what pods carry of them.
//!
//! Upstream: `pkg/controller/job/indexed_job_utils.go`.

use std::collections::BTreeSet;

use crate::api::{Meta, Object, Order};

/// The annotation and the label of a pod of an Indexed Job.
pub(super) const INDEX: &str = "batch.kubernetes.io/job-completion-index";
pub(super) const FAILURES: &str = "batch.kubernetes.io/job-index-failure-count";
pub(super) const IGNORED_FAILURES: &str = "batch.kubernetes.io/job-index-ignored-failure-count";

/// A set of indexes as intervals from first to last, in order and apart from each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Intervals(Vec<(i32, i32)>);

impl Intervals {
    /// Reads `0-2,5`; leaves out what is no interval or not below `completions`.
    pub fn parse(text: &str, completions: i32) -> Intervals {
        let mut all = Intervals::default();
        for interval in text.split(',').filter(|part| !part.is_empty()) {
            let (first, last) = interval.split_once('-').unwrap_or((interval, interval));
            if let (Ok(first), Ok(last)) = (first.parse::<i32>(), last.parse::<i32>()) {
                let last = last.min(completions - 1);
                if (0..completions).contains(&first) && first <= last {
                    all.0.push((first, last));
                }
            }
        }
        all.normal()
    }

    fn normal(mut self) -> Intervals {
        self.0.order();
        let mut joined: Vec<(i32, i32)> = Vec::new();
        for (first, last) in self.0 {
            match joined.last_mut() {
                Some(before) if first <= before.1 + 1 => before.1 = before.1.max(last),
                _ => joined.push((first, last)),
            }
        }
        Intervals(joined)
    }

    /// The set with further indexes.
    pub fn with(&self, indexes: impl IntoIterator<Item = i32>) -> Intervals {
        let all = self.0.iter().copied();
        Intervals(all.chain(indexes.into_iter().map(|i| (i, i))).collect()).normal()
    }

    /// The set with those of another.
    pub fn union(&self, other: &Intervals) -> Intervals {
        Intervals(self.0.iter().chain(&other.0).copied().collect()).normal()
    }

    /// How many indexes it has.
    pub fn total(&self) -> i32 {
        self.0.iter().map(|(first, last)| last - first + 1).sum()
    }

    /// How many indexes it shares with another.
    pub fn shared(&self, other: &Intervals) -> i32 {
        let overlap = |a: &(i32, i32), b: &(i32, i32)| (a.1.min(b.1) - a.0.max(b.0) + 1).max(0);
        let each = self.0.iter();
        each.flat_map(|a| other.0.iter().map(move |b| overlap(a, b)))
            .sum()
    }

    /// Whether an index is in it.
    pub fn has(&self, index: i32) -> bool {
        let at = self.0.partition_point(|interval| interval.1 < index);
        self.0.get(at).is_some_and(|interval| interval.0 <= index)
    }

    /// The lowest `count` indexes below `completions` that are not in it.
    pub fn missing(&self, count: usize, completions: i32) -> Vec<i32> {
        let free = (0..completions).filter(|index| !self.has(*index));
        free.take(count).collect()
    }
}

/// `0-2,5`; two neighbours stay apart: `0,1`.
impl std::fmt::Display for Intervals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, (first, last)) in self.0.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            match last - first {
                0 => write!(f, "{comma}{first}")?,
                1 => write!(f, "{comma}{first},{last}")?,
                _ => write!(f, "{comma}{first}-{last}")?,
            }
        }
        Ok(())
    }
}

/// The index of a pod, if it has one.
pub(super) fn index_of(pod: &Object) -> Option<i32> {
    let index = pod.meta.annotation(INDEX)?.parse().ok();
    index.filter(|index| *index >= 0)
}

/// The indexes of pods.
pub(super) fn indexes_of<'a>(pods: impl IntoIterator<Item = &'a Object>) -> BTreeSet<i32> {
    pods.into_iter().filter_map(index_of).collect()
}

/// How often the pods of an index have failed before this one: counted and ignored failures.
pub(super) fn failures_before(meta: &Meta) -> (i32, i32) {
    let count = |key: &str| {
        let count = meta.annotation(key).and_then(|text| text.parse().ok());
        count.filter(|n: &i32| *n >= 0).unwrap_or(0)
    };
    (count(FAILURES), count(IGNORED_FAILURES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_read_joined_and_printed() {
        for (text, completions, printed, total) in [
            ("", 5, "", 0),
            ("0", 5, "0", 1),
            ("0,1", 5, "0,1", 2),
            ("0-2", 5, "0-2", 3),
            ("0,1,2,4", 5, "0-2,4", 4),
            ("0-9", 5, "0-4", 5),
            ("3,7", 5, "3", 1),
            ("x,1", 5, "1", 1),
        ] {
            let all = Intervals::parse(text, completions);
            assert_eq!(
                (all.to_string().as_str(), all.total()),
                (printed, total),
                "{text}"
            );
        }
    }

    #[test]
    fn missing_indexes_are_the_lowest() {
        let all = Intervals::parse("0-1,3", 10);
        assert_eq!(all.missing(3, 10), [2, 4, 5]);
        assert_eq!(all.missing(9, 5), [2, 4]);
        assert!(all.has(3) && !all.has(2));
        assert_eq!(all.with([2]).to_string(), "0-3");
        assert_eq!(all.shared(&Intervals::parse("1-3", 10)), 2);
    }
}
