//! The scheduler's times, each of which a scenario may set.
//!
//! Upstream: `kubescheduler.config.k8s.io` (`KubeSchedulerConfiguration`), and the flag and the
//! constant that the fields name.

use crate::clock::{SimTime, Span};

/// What the scheduler was started with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Options {
    /// The long wait for an event is looked at every `unschedulable_tick` from this moment on.
    pub started: SimTime,
    /// `podInitialBackoffSeconds`, doubled by each further failure up to …
    pub backoff_secs: i64,
    /// `podMaxBackoffSeconds`.
    pub backoff_max_secs: i64,
    /// `--pod-max-in-unschedulable-pods-duration`: whoever waits longer is tried again anyhow.
    pub unschedulable_max: Span,
    /// The period of `flushUnschedulablePodsLeftover` in `scheduling_queue.go`.
    pub unschedulable_tick: Span,
}

impl Options {
    /// The defaults of v1.36, with the moment of the start.
    pub fn new(started: SimTime) -> Options {
        Options {
            started,
            backoff_secs: 1,
            backoff_max_secs: 10,
            unschedulable_max: Span::secs(300),
            unschedulable_tick: Span::secs(30),
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Options::new(SimTime::default())
    }
}
