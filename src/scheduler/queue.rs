//! The scheduling queue: pods ready to try, pods that back off, pods that wait for an event.
//!
//! Upstream: `pkg/scheduler/backend/queue/{scheduling_queue,active_queue,backoff_queue}.go`.
//! Differs: equal priority and time is first in, first out (upstream: heap order); there is no
//! in-flight list, since no event can come during a cycle that takes no time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::api::{Object, PodBody, Uid};
use crate::apiserver::Trigger;
use crate::clock::{SimTime, Span};

use super::Options;

/// Plugins that have rejected a pod, as bits by their place in the table.
pub(super) type Rejectors = u32;

/// A pod that wants a node.
#[derive(Clone, Debug)]
pub(super) struct QueuedPod {
    pub(super) object: Arc<Object>,
    /// When it was added or last failed.
    pub(super) timestamp: SimTime,
    pub(super) attempts: u32,
    unschedulable_count: u32,
    errors: u32,
    pub(super) rejectors: Rejectors,
    /// Held back by PreEnqueue.
    pub(super) gated: bool,
    /// What put it where it is.
    pub(super) trigger: Trigger,
    sequence: u64,
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    Active,
    Backoff,
    ErrorBackoff,
    Unschedulable,
}

type Order = (Reverse<i32>, SimTime, u64, Uid);

/// See the file's head.
#[derive(Clone, Default)]
pub(super) struct Queue {
    pods: BTreeMap<Uid, QueuedPod>,
    active: BTreeSet<Order>,
    /// By the second in which the back-off expires.
    backoff: BTreeSet<(i64, Order)>,
    error_backoff: BTreeSet<(i64, Order)>,
    unschedulable: BTreeSet<(SimTime, Uid)>,
    options: Options,
    sequence: u64,
}

impl QueuedPod {
    /// The pod.
    pub(super) fn pod(&self) -> Option<&PodBody> {
        self.object.pod()
    }

    fn order(&self) -> Order {
        let priority = self.pod().map_or(0, |pod| pod.spec.facts.priority);
        let uid = self.object.meta.uid;
        (Reverse(priority), self.timestamp, self.sequence, uid)
    }

    /// The second whose end ends the back-off.
    fn expiry(&self, options: &Options) -> i64 {
        let failures = if self.errors > 0 {
            self.errors
        } else {
            self.unschedulable_count
        };
        let secs = match failures {
            0 => 0,
            n => (options.backoff_secs << (n - 1).min(10)).min(options.backoff_max_secs),
        };
        (self.timestamp + Span::secs(secs)).unix_secs()
    }
}

impl Queue {
    /// An empty queue.
    pub(super) fn new(options: Options) -> Queue {
        Queue {
            options,
            ..Queue::default()
        }
    }

    /// Adds a new pod; a gated one waits.
    pub(super) fn add(&mut self, object: Arc<Object>, gated: bool, now: SimTime, trigger: Trigger) {
        let uid = object.meta.uid;
        self.remove(uid);
        let pod = QueuedPod {
            object,
            timestamp: now,
            attempts: 0,
            unschedulable_count: 0,
            errors: 0,
            rejectors: 0,
            gated,
            trigger,
            sequence: 0,
            place: Place::Unschedulable,
        };
        self.put(
            pod,
            if gated {
                Place::Unschedulable
            } else {
                Place::Active
            },
        );
    }

    /// Takes a pod out, wherever it is.
    pub(super) fn remove(&mut self, uid: Uid) -> Option<QueuedPod> {
        let pod = self.pods.remove(&uid)?;
        match pod.place {
            Place::Active => self.active.remove(&pod.order()),
            Place::Backoff => self
                .backoff
                .remove(&(pod.expiry(&self.options), pod.order())),
            Place::ErrorBackoff => self
                .error_backoff
                .remove(&(pod.expiry(&self.options), pod.order())),
            Place::Unschedulable => self.unschedulable.remove(&(pod.timestamp, uid)),
        };
        Some(pod)
    }

    /// Takes over a new version of a pod, which stays where it is.
    pub(super) fn update(&mut self, object: &Arc<Object>) {
        if let Some(pod) = self.pods.get_mut(&object.meta.uid) {
            pod.object = object.clone();
        }
    }

    /// A pod by its uid.
    pub(super) fn get(&self, uid: Uid) -> Option<&QueuedPod> {
        self.pods.get(&uid)
    }

    /// Pods that wait for an event, longest first.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &QueuedPod> {
        self.unschedulable
            .iter()
            .filter_map(|(_, uid)| self.pods.get(uid))
    }

    /// Moves a waiting pod to where it can be tried: at once if its back-off is over.
    pub(super) fn wake(&mut self, uid: Uid, now: SimTime, trigger: Trigger) {
        let waits = self
            .pods
            .get(&uid)
            .is_some_and(|pod| pod.place == Place::Unschedulable);
        let Some(mut pod) = waits.then(|| self.remove(uid)).flatten() else {
            return;
        };
        pod.trigger = trigger;
        pod.gated = false;
        let backs_off = pod.expiry(&self.options) >= now.unix_secs()
            && pod.unschedulable_count + pod.errors > 0;
        self.put(
            pod,
            if backs_off {
                Place::Backoff
            } else {
                Place::Active
            },
        );
    }

    /// Moves pods whose back-off or long wait is over to the active ones.
    pub(super) fn flush(&mut self, now: SimTime) {
        let over = |entry: &(i64, Order)| entry.0 < now.unix_secs();
        let mut due: Vec<Uid> = Vec::new();
        for queue in [&self.backoff, &self.error_backoff] {
            due.extend(
                queue
                    .iter()
                    .take_while(|e| over(e))
                    .map(|(_, order)| order.3),
            );
        }
        let deadline = self.last_tick(now) - self.options.unschedulable_max;
        let waiting = self
            .unschedulable
            .iter()
            .take_while(|(since, _)| *since < deadline);
        let not_gated = |uid: &&Uid| self.pods.get(uid).is_some_and(|pod| !pod.gated);
        due.extend(waiting.map(|(_, uid)| uid).filter(not_gated));
        for uid in due {
            if let Some(mut pod) = self.remove(uid) {
                pod.trigger = timer(pod.trigger);
                self.put(pod, Place::Active);
            }
        }
    }

    /// The next pod to try: the first active one, else the first that backs off after a rejection.
    pub(super) fn pop(&mut self) -> Option<QueuedPod> {
        let first = self.active.first().map(|order| order.3);
        let uid = first.or_else(|| self.backoff.first().map(|(_, order)| order.3))?;
        let mut pod = self.remove(uid)?;
        pod.attempts += 1;
        Some(pod)
    }

    /// Puts a pod back that was rejected by plugins (bits), or that failed by an error (no bits).
    pub(super) fn add_failed(&mut self, mut pod: QueuedPod, rejectors: Rejectors, now: SimTime) {
        pod.timestamp = now;
        pod.rejectors = rejectors;
        if rejectors == 0 {
            pod.errors += 1;
            return self.put(pod, Place::ErrorBackoff);
        }
        pod.errors = 0;
        pod.unschedulable_count += 1;
        self.put(pod, Place::Unschedulable);
    }

    /// When there is something to do next; the beginning of time if at once.
    pub(super) fn next_run(&self) -> Option<SimTime> {
        if !self.active.is_empty() || !self.backoff.is_empty() {
            return Some(SimTime::default());
        }
        let error = self.error_backoff.first();
        let error = error.map(|(expiry, _)| SimTime::from_unix_secs(expiry + 1));
        let longest = self.waiting().find(|pod| !pod.gated);
        let tick = longest.map(|pod| {
            let after = pod.timestamp + self.options.unschedulable_max;
            self.last_tick(after) + self.options.unschedulable_tick
        });
        error.into_iter().chain(tick).min()
    }

    fn last_tick(&self, at: SimTime) -> SimTime {
        let (started, tick) = (self.options.started, self.options.unschedulable_tick);
        let ticks = (at - started).as_micros().div_euclid(tick.as_micros());
        started + tick * ticks
    }

    fn put(&mut self, mut pod: QueuedPod, place: Place) {
        self.sequence += 1;
        pod.sequence = self.sequence;
        pod.place = place;
        let uid = pod.object.meta.uid;
        match place {
            Place::Active => self.active.insert(pod.order()),
            Place::Backoff => self
                .backoff
                .insert((pod.expiry(&self.options), pod.order())),
            Place::ErrorBackoff => self
                .error_backoff
                .insert((pod.expiry(&self.options), pod.order())),
            Place::Unschedulable => self.unschedulable.insert((pod.timestamp, uid)),
        };
        self.pods.insert(uid, pod);
    }
}

/// A timer that runs since the write that this trigger names.
fn timer(trigger: Trigger) -> Trigger {
    match trigger {
        Trigger::Write(revision) => Trigger::Timer(revision),
        other => other,
    }
}

impl Hash for Queue {
    fn hash<H: Hasher>(&self, h: &mut H) {
        (
            &self.active,
            &self.backoff,
            &self.error_backoff,
            &self.unschedulable,
        )
            .hash(h);
        self.sequence.hash(h);
        for pod in self.pods.values() {
            (
                pod.object.meta.resource_version,
                pod.attempts,
                pod.unschedulable_count,
            )
                .hash(h);
            (
                pod.errors,
                pod.rejectors,
                pod.gated,
                pod.trigger,
                pod.sequence,
            )
                .hash(h);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheduler::tests::{at, pod};

    fn failed(queue: &mut Queue, times: u32, secs: f64) -> i64 {
        queue.add(pod("x", ""), false, at(0.0), Trigger::Start);
        let mut popped = queue.pop().expect("it was added");
        popped.unschedulable_count = times - 1;
        queue.add_failed(popped, 1, at(secs));
        let waiting = queue.waiting().next().expect("it waits");
        waiting.expiry(&queue.options) - at(0.0).unix_secs()
    }

    #[test]
    fn back_off_of_the_reference() {
        for (secs, n, expiry) in [
            (10.3, 1, 11),
            (10.9, 1, 11),
            (10.3, 2, 12),
            (10.3, 4, 18),
            (10.3, 5, 20),
            (10.3, 40, 20),
        ] {
            assert_eq!(
                failed(&mut Queue::new(Options::new(at(0.0))), n, secs),
                expiry,
                "{secs} {n}"
            );
        }
    }

    #[test]
    fn a_woken_pod_backs_off_unless_the_queue_is_idle() {
        // The worked example 7.13.
        let mut queue = Queue::new(Options::new(at(0.0)));
        failed(&mut queue, 1, 0.4);
        let uid = pod("x", "").meta.uid;
        queue.wake(uid, at(0.9), Trigger::Start);
        assert_eq!(queue.get(uid).map(|p| p.place), Some(Place::Backoff));
        let mut busy = queue.clone();
        for (secs, place) in [
            (1.0, Place::Backoff),
            (1.999, Place::Backoff),
            (2.0, Place::Active),
        ] {
            busy.flush(at(secs));
            assert_eq!(busy.get(uid).map(|p| p.place), Some(place), "{secs}");
        }
        let popped = queue.pop().expect("an idle queue takes it at once");
        assert_eq!(popped.attempts, 2);
        queue.add_failed(popped, 1, at(0.95));
        assert_eq!(
            queue.get(uid).map(|pod| pod.expiry(&queue.options)),
            Some(at(2.0).unix_secs())
        );
    }

    #[test]
    fn an_error_backs_off_even_if_the_queue_is_idle() {
        let mut queue = Queue::new(Options::new(at(0.0)));
        queue.add(pod("x", ""), false, at(0.0), Trigger::Start);
        let popped = queue.pop().expect("it was added");
        queue.add_failed(popped, 0, at(0.4));
        assert!(queue.pop().is_none());
        assert_eq!(queue.next_run(), Some(at(2.0)));
        queue.flush(at(2.0));
        assert!(queue.pop().is_some());
    }

    #[test]
    fn without_an_event_the_next_try_comes_after_five_minutes() {
        for (failed_at, tick) in [(0.4, 330.0), (29.0, 330.0), (30.0, 360.0), (31.0, 360.0)] {
            let mut queue = Queue::new(Options::new(at(0.0)));
            failed(&mut queue, 1, failed_at);
            assert_eq!(queue.next_run(), Some(at(tick)), "{failed_at}");
            queue.flush(at(tick - 0.001));
            assert!(queue.pop().is_none(), "{failed_at}");
            queue.flush(at(tick));
            assert!(queue.pop().is_some(), "{failed_at}");
        }
    }

    #[test]
    fn priority_first_then_first_in_first_out() {
        let mut queue = Queue::new(Options::new(at(0.0)));
        for (name, spec, secs) in [
            ("c", "", 2.0),
            ("a", "", 1.0),
            ("b", "", 1.0),
            ("high", "priority=5", 3.0),
        ] {
            queue.add(pod(name, spec), false, at(secs), Trigger::Start);
        }
        let order: Vec<_> = std::iter::from_fn(|| queue.pop())
            .map(|pod| pod.object.meta.name.to_string())
            .collect();
        assert_eq!(order, ["high", "a", "b", "c"]);
    }
}
