//! The rate-limited work queue: keys to reconcile, at once or later, each with what woke it.
//!
//! Upstream: `client-go/util/workqueue`. Differs: one worker takes the keys in order, since a
//! reconcile takes no simulated time; the overall token bucket (10/s, burst 100) is not modelled.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{Hash, Hasher};

use crate::apiserver::Trigger;
use crate::clock::{SimTime, Span};

/// A queue of keys. A key waits at most once among the ready ones, and at most once among the
/// later.
#[derive(Clone, Debug)]
pub struct Workqueue<K: Ord + Clone + Hash> {
    ready: VecDeque<(K, Trigger)>,
    waiting: BTreeSet<K>,
    later: BTreeMap<(SimTime, u64), (K, Trigger)>,
    due: BTreeMap<K, (SimTime, u64)>,
    sequence: u64,
    failures: BTreeMap<K, u32>,
    backoff: (Span, Span),
}

impl<K: Ord + Clone + Hash> Default for Workqueue<K> {
    fn default() -> Self {
        Workqueue {
            ready: VecDeque::new(),
            waiting: BTreeSet::new(),
            later: BTreeMap::new(),
            due: BTreeMap::new(),
            sequence: 0,
            failures: BTreeMap::new(),
            backoff: (BACKOFF_BASE, BACKOFF_MAX),
        }
    }
}

/// The first retry of a failed key comes after this; each further one after twice the time.
const BACKOFF_BASE: Span = Span::millis(5);
const BACKOFF_MAX: Span = Span::secs(1000);

impl<K: Ord + Clone + Hash> Workqueue<K> {
    /// A queue with another first and longest wait after failures.
    pub fn with_backoff(base: Span, max: Span) -> Self {
        Workqueue {
            backoff: (base, max),
            ..Workqueue::default()
        }
    }

    /// Adds a key to the ready ones, unless it waits there already (it then keeps its first cause).
    pub fn add(&mut self, key: K, trigger: Trigger) {
        if self.waiting.insert(key.clone()) {
            self.ready.push_back((key, trigger));
        }
    }

    /// Adds a key at a later moment; the earlier of two moments wins, as upstream's delaying queue.
    pub fn add_at(&mut self, key: K, at: SimTime, trigger: Trigger) {
        if let Some(earlier) = self.due.get(&key).copied() {
            if earlier.0 <= at {
                return;
            }
            self.later.remove(&earlier);
        }
        self.sequence += 1;
        self.due.insert(key.clone(), (at, self.sequence));
        self.later.insert((at, self.sequence), (key, trigger));
    }

    /// Adds a failed key again after its back-off: 5 ms, 10 ms, 20 ms, … 1000 s unless the queue
    /// has another.
    pub fn add_rate_limited(&mut self, key: K, now: SimTime, trigger: Trigger) {
        let failures = self.failures.entry(key.clone()).or_default();
        let (base, max) = self.backoff;
        let doubled = base * (1i64 << (*failures).min(40));
        *failures += 1;
        self.add_at(key, now + doubled.min(max), trigger);
    }

    /// How often the key failed in a row.
    pub fn failures(&self, key: &K) -> u32 {
        self.failures.get(key).copied().unwrap_or(0)
    }

    /// Ends the key's series of failures.
    pub fn forget(&mut self, key: &K) {
        self.failures.remove(key);
    }

    /// Takes back a later addition; whether there was one.
    pub fn cancel(&mut self, key: &K) -> bool {
        match self.due.remove(key) {
            Some(entry) => self.later.remove(&entry).is_some(),
            None => false,
        }
    }

    /// When a later addition of the key is due.
    pub fn due_at(&self, key: &K) -> Option<SimTime> {
        self.due.get(key).map(|entry| entry.0)
    }

    /// When there is work: `Some(SimTime::default())` if at once.
    pub fn next_at(&self) -> Option<SimTime> {
        if !self.ready.is_empty() {
            return Some(SimTime::default());
        }
        self.later.keys().next().map(|(at, _)| *at)
    }

    /// Takes the next key that is due.
    pub fn pop(&mut self, now: SimTime) -> Option<(K, Trigger)> {
        while let Some(entry) = self.later.first_entry().filter(|e| e.key().0 <= now) {
            let (key, trigger) = entry.remove();
            self.due.remove(&key);
            self.add(key, trigger);
        }
        let (key, trigger) = self.ready.pop_front()?;
        self.waiting.remove(&key);
        Some((key, trigger))
    }
}

impl<K: Ord + Clone + Hash> Hash for Workqueue<K> {
    fn hash<H: Hasher>(&self, h: &mut H) {
        self.ready.hash(h);
        self.later.hash(h);
        self.failures.hash(h);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> SimTime {
        SimTime::default() + Span::millis(millis)
    }

    #[test]
    fn a_key_waits_once_and_keeps_its_first_cause() {
        let mut queue = Workqueue::default();
        queue.add("a", Trigger::Write(1));
        queue.add("a", Trigger::Write(2));
        assert_eq!(queue.pop(at(0)), Some(("a", Trigger::Write(1))));
        assert_eq!(queue.pop(at(0)), None);
    }

    #[test]
    fn later_keys_come_in_time_and_the_earlier_moment_wins() {
        let mut queue = Workqueue::default();
        queue.add_at("a", at(20), Trigger::Start);
        queue.add_at("b", at(10), Trigger::Start);
        queue.add_at("a", at(5), Trigger::Start);
        queue.add_at("a", at(50), Trigger::Start);
        assert_eq!(queue.next_at(), Some(at(5)));
        assert_eq!(queue.pop(at(4)), None);
        assert_eq!(queue.pop(at(9)).map(|e| e.0), Some("a"));
        assert_eq!(queue.pop(at(99)).map(|e| e.0), Some("b"));
        assert_eq!(queue.pop(at(99)), None);
    }

    #[test]
    fn failures_double_the_wait() {
        let mut queue = Workqueue::default();
        let mut waits = Vec::new();
        for _ in 0..4 {
            queue.add_rate_limited("a", at(0), Trigger::Start);
            waits.push((queue.due_at(&"a").expect("due") - at(0)).as_millis());
            queue.pop(at(1000));
        }
        assert_eq!(waits, [5, 10, 20, 40]);
        queue.forget(&"a");
        assert_eq!(queue.failures(&"a"), 0);
    }
}
