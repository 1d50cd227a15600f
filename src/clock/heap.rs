//! The heap of events to come: earliest first, and first in, first out at one instant.
//!
//! Upstream: none. `(time, sequence)` is the total order that makes a run repeatable.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hash::Hash;

use super::{Digest, SimTime, digest_of};

/// Values waiting for their time. The value's own order is never asked.
#[derive(Clone)]
pub struct Heap<E> {
    entries: BinaryHeap<Reverse<Entry<E>>>,
    next_sequence: u64,
}

#[derive(Clone)]
struct Entry<E> {
    at: SimTime,
    sequence: u64,
    event: E,
}

impl<E> Default for Heap<E> {
    fn default() -> Self {
        Heap {
            entries: BinaryHeap::new(),
            next_sequence: 0,
        }
    }
}

impl<E> Heap<E> {
    /// Adds an event that comes at `at`, after those already waiting for that instant.
    pub fn push(&mut self, at: SimTime, event: E) {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        self.entries.push(Reverse(Entry {
            at,
            sequence,
            event,
        }));
    }

    /// The time of the next event.
    pub fn next_at(&self) -> Option<SimTime> {
        self.entries.peek().map(|entry| entry.0.at)
    }

    /// Takes the next event if it comes no later than `until`.
    pub fn pop_until(&mut self, until: SimTime) -> Option<(SimTime, E)> {
        if self.next_at()? > until {
            return None;
        }
        self.entries.pop().map(|entry| (entry.0.at, entry.0.event))
    }

    /// How many events wait.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl<E: Hash> Heap<E> {
    /// A digest that does not depend on the heap's inner layout.
    pub fn digest(&self) -> u64 {
        let entries = self
            .entries
            .iter()
            .map(|Reverse(entry)| digest_of(&(entry.at, entry.sequence, &entry.event)));
        let sum = entries.fold(0u64, u64::wrapping_add);
        let mut digest = Digest::default();
        std::hash::Hasher::write_u64(&mut digest, sum);
        std::hash::Hasher::write_u64(&mut digest, self.next_sequence);
        std::hash::Hasher::finish(&digest)
    }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.sequence) == (other.at, other.sequence)
    }
}
impl<E> Eq for Entry<E> {}
impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.sequence).cmp(&(other.at, other.sequence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earliest_first_and_fifo_at_one_instant() {
        let mut heap = Heap::default();
        let at = SimTime::from_unix_secs;
        for (secs, name) in [(2, "c"), (1, "a"), (1, "b")] {
            heap.push(at(secs), name);
        }
        let order: Vec<_> = std::iter::from_fn(|| heap.pop_until(at(9)))
            .map(|e| e.1)
            .collect();
        assert_eq!(order, ["a", "b", "c"]);
    }
}
