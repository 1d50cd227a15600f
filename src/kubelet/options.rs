//! What a scenario may set: how long the runtime takes, which images exist, what programs and
//! probes do.
//!
//! Upstream: containerd and `pkg/kubelet/apis/config/v1beta1/defaults.go`. Differs: durations are
//! fixed, where real ones vary; the jitter of retries is one factor instead of a draw.

use std::collections::BTreeMap;

use crate::clock::{SimTime, Span};

/// The runtime of every node, and the kubelet's own timings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RuntimeOptions {
    /// Until a pod's volumes are mounted; not paid by a pod without volumes.
    pub mount: Span,
    /// To set up a sandbox with its network.
    pub sandbox: Span,
    /// At most so much longer a sandbox takes to set up or to take down: pods that start together
    /// are not ready together, and those that are deleted together do not end together.
    pub stagger: Span,
    pub create: Span,
    pub start: Span,
    /// To take a sandbox down.
    pub stop_sandbox: Span,
    /// A process that heeds SIGTERM ends after this.
    pub stop: Span,
    /// A pull of an image that `pulls` does not name.
    pub pull: Span,
    /// Pull times by image as a pod writes it (`nginx:1.25`).
    pub pulls: BTreeMap<String, Span>,
    /// At most so much a pull reports beyond the registry's own time: no two report the same.
    pub pull_overhead: Span,
    /// Image sizes in bytes, by image as a pod writes it; others are drawn from the name.
    pub sizes: BTreeMap<String, i64>,
    /// An image whose name contains one of these cannot be found in its registry.
    pub missing: Vec<String>,
    /// What containers do, first match first; then the built-in catalogue.
    pub programs: Vec<ProgramRule>,
    /// Probes that fail, and when; all others succeed.
    pub probes: Vec<ProbeRule>,
    /// Whether the containers of a node end when its kubelet restarts (a real runtime keeps them).
    pub restart_loses_containers: bool,
    /// Whether nodes list their images in their status.
    pub report_images: bool,
    /// A pod whose sync failed is tried again after this (10–15 s upstream).
    pub retry: Span,
    /// A container in back-off is looked at again after its remaining time times this, in percent
    /// (100–150 upstream).
    pub retry_percent: i64,
    /// Moments, in order, at one of which a retry comes if it may come then: the draws of a
    /// recorded cluster.
    pub retries: Vec<SimTime>,
    /// `initialBackOffPeriod`, doubled by each further restart up to …
    pub backoff: Span,
    /// `maxContainerRestartPeriod`.
    pub backoff_max: Span,
}

impl Default for RuntimeOptions {
    fn default() -> Self {
        let missing = ["nosuch", "bad", "wrong", ":1.91", ":1.161", "9.9"];
        RuntimeOptions {
            mount: Span::millis(300),
            sandbox: Span::millis(300),
            stagger: Span::millis(100),
            create: Span::millis(100),
            start: Span::millis(100),
            stop_sandbox: Span::millis(100),
            stop: Span::millis(100),
            pull: Span::millis(1500),
            pulls: BTreeMap::new(),
            pull_overhead: Span::millis(13),
            sizes: BTreeMap::new(),
            missing: missing.map(str::to_string).to_vec(),
            programs: Vec::new(),
            probes: Vec::new(),
            restart_loses_containers: false,
            report_images: false,
            retry: Span::millis(12_500),
            retry_percent: 120,
            retries: Vec::new(),
            backoff: Span::secs(10),
            backoff_max: Span::secs(300),
        }
    }
}

/// What the containers of an image do, whatever their command.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProgramRule {
    /// The image as a pod writes it, or its beginning (`myapp`, `myapp:2`).
    pub image: String,
    /// `None`: it runs until it is stopped.
    pub lasts: Option<Span>,
    pub exit_code: i32,
    /// Whether SIGTERM ends it; a process that ignores it is killed after the grace period.
    pub heeds_term: bool,
    /// What it prints.
    pub output: String,
}

/// The three probes of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProbeKind {
    Startup,
    Liveness,
    Readiness,
}

/// When a probe fails.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProbeRule {
    /// The image as a pod writes it, or its beginning.
    pub image: String,
    pub probe: ProbeKind,
    /// It fails from this long after the start of the container …
    pub from: Span,
    /// … until this long after it; `None`: for ever.
    pub until: Option<Span>,
    /// What the probe reports: `HTTP probe failed with statuscode: 500`.
    pub message: String,
}

impl RuntimeOptions {
    /// How long after a failed sync the next one comes: first and last moment possible, and the one
    /// that is taken if nothing speaks for another. `backoff`: what is left of it, if it is one.
    pub(super) fn retry_after(&self, backoff: Option<Span>) -> (Span, Span, Span) {
        const AT_MOST: Span = Span::secs(60);
        let part = |of: Span, percent: i64| Span::micros(of.as_micros() * percent / 100);
        let (first, usual) = match backoff {
            Some(left) => (
                left.min(AT_MOST),
                part(left.min(AT_MOST), self.retry_percent),
            ),
            None => (Span::secs(10), self.retry),
        };
        (first, part(first, 150), usual)
    }

    pub(super) fn pull_time(&self, image: &str) -> Span {
        self.pulls.get(image).copied().unwrap_or(self.pull)
    }
}
