//! The worker of one pod: one sync at a time, each a series of steps that take their time.
//!
//! A sync begins when something has happened (the pod changed, a container ended, a probe turned, a
//! retry is due), but no sooner than the runtime has been listed since the last sync ended. It
//! writes the status as it stands, then works; what it brought about is told by the next sync.
//!
//! Upstream: `pkg/kubelet/pod_workers.go`, `pkg/kubelet/kubelet.go` (SyncPod, SyncTerminatingPod,
//! SyncTerminatedPod). Differs: a sync that would change nothing is left out, so a pod at rest
//! costs nothing; the status after a container's start is written at once, as recorded.

use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::api::{Object, PodStatus, Uid};
use crate::apiserver::Trigger;
use crate::client::Client;
use crate::clock::{SimTime, Span};

use super::RuntimeOptions;
use super::clockwork::Clockwork;
use super::container::Container;
use super::machine::Machine;
use super::plan::PodPlan;

/// What a worker needs to act.
pub(super) struct Act<'a, 'b> {
    pub client: &'a mut Client<'b>,
    pub machine: &'a mut Machine,
    pub options: &'a RuntimeOptions,
    pub now: SimTime,
}

/// A pod on a node.
#[derive(Clone, Debug)]
pub(super) struct Worker {
    /// The pod as the kubelet's watch delivered it last.
    pub object: Arc<Object>,
    /// Whether it no longer exists in the API.
    pub removed: bool,
    pub plan: Arc<PodPlan>,
    /// The status that this kubelet wrote last; `None` since it started.
    pub status: Option<Arc<PodStatus>>,
    pub containers: Vec<Container>,
    pub sandbox: Sandbox,
    pub ip: Option<Ipv4Addr>,
    pub host_ip: Ipv4Addr,
    pub mounted: bool,
    pub admitted: bool,
    /// Reason and message of a pod that the kubelet itself has failed.
    pub failure: Option<(Arc<str>, Arc<str>)>,
    pub stage: Stage,
    pub step: Step,
    /// Containers that the running sync has still to start.
    pub queue: Vec<u16>,
    pub outcome: Outcome,
    pub timing: Timing,
    /// What a write would be caused by.
    pub trigger: Trigger,
    /// Its entry in the kubelet's agenda.
    pub entry: Option<(SimTime, u64)>,
}

/// The pod's sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Sandbox {
    Absent,
    Ready,
    /// It was stopped, or did not survive a power cut.
    Dead,
}

/// Where a pod is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Stage {
    Syncing,
    Terminating,
    Terminated,
    /// Nothing left to do until the pod is deleted.
    Finished,
    /// The worker can go.
    Gone,
}

/// What takes time at the moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Step {
    Idle,
    Mount {
        until: SimTime,
    },
    StopSandbox {
        until: SimTime,
    },
    Sandbox {
        until: SimTime,
    },
    Pull {
        container: u16,
        asked: SimTime,
        until: SimTime,
    },
    Create {
        container: u16,
        until: SimTime,
    },
    Start {
        container: u16,
        until: SimTime,
    },
    /// Containers are stopped to be started again.
    Stop {
        until: SimTime,
    },
    /// All containers are stopped for good; the sandbox follows.
    Terminate {
        until: SimTime,
    },
}

impl Step {
    pub(super) fn until(&self) -> Option<SimTime> {
        match self {
            Step::Idle => None,
            Step::Mount { until }
            | Step::StopSandbox { until }
            | Step::Sandbox { until }
            | Step::Pull { until, .. }
            | Step::Create { until, .. }
            | Step::Start { until, .. }
            | Step::Stop { until }
            | Step::Terminate { until } => Some(*until),
        }
    }
}

/// What the running sync has come to so far.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub(super) struct Outcome {
    /// A container runs that did not before.
    pub started: bool,
    /// The runtime's list has changed otherwise.
    pub changed: bool,
    /// When the sandbox was made: a relist may have told of it while the sync went on.
    pub sandbox: Option<SimTime>,
    /// A container has ended at its start.
    pub died: bool,
    /// Something failed and is to be tried again.
    pub failed: bool,
    /// The shortest back-off that a container is in.
    pub backoff: Option<Span>,
}

/// When the next sync is wanted, and when it may begin.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub(super) struct Timing {
    /// Something has happened that wants a sync.
    pub want: Option<SimTime>,
    /// A retry is due.
    pub retry: Option<SimTime>,
    /// The sync after a start, which need not wait for a relist.
    pub at_once: bool,
    /// Before `seen` the next sync begins at `seen`; between the two at `fresh`.
    pub seen: SimTime,
    pub fresh: SimTime,
    /// One more event than the next sync answers: another sync follows it.
    pub again: bool,
    /// When the pod's first sync began: its probes strike from here.
    pub added: SimTime,
}

impl Timing {
    /// When a sync that is wanted at a moment can begin.
    fn may_begin(&self, wanted: SimTime) -> SimTime {
        match wanted {
            at if self.at_once || at >= self.fresh => at,
            at if at <= self.seen => self.seen,
            _ => self.fresh,
        }
    }
}

/// No worker takes more turns than this at one moment: a bound, not a limit that is reached.
const TURNS_MAX: u32 = 10_000;

impl Worker {
    pub(super) fn new(object: Arc<Object>, plan: Arc<PodPlan>, host_ip: Ipv4Addr) -> Worker {
        let hosted = object.pod().is_some_and(|p| p.spec.facts.host_network);
        Worker {
            containers: vec![Container::default(); plan.containers.len()],
            object,
            removed: false,
            plan,
            status: None,
            sandbox: Sandbox::Absent,
            ip: hosted.then_some(host_ip),
            host_ip,
            mounted: false,
            admitted: false,
            failure: None,
            stage: Stage::Syncing,
            step: Step::Idle,
            queue: Vec::new(),
            outcome: Outcome::default(),
            timing: Timing::default(),
            trigger: Trigger::Start,
            entry: None,
        }
    }

    pub(super) fn uid(&self) -> Uid {
        self.object.meta.uid
    }

    /// Whether the pod is being deleted, or has been.
    pub(super) fn leaving(&self) -> bool {
        self.removed || self.object.meta.deletion.is_some()
    }

    pub(super) fn stored_status(&self) -> &PodStatus {
        static NONE: std::sync::LazyLock<PodStatus> = std::sync::LazyLock::new(PodStatus::default);
        self.object.pod().map_or(&NONE, |pod| &pod.status)
    }

    /// Does everything that is due.
    pub(super) fn run(&mut self, act: &mut Act<'_, '_>) {
        for _ in 0..TURNS_MAX {
            if self.stage == Stage::Gone {
                return;
            }
            self.probe(act);
            match self.step.until() {
                Some(until) if until > act.now => return,
                Some(_) => self.finish_step(act),
                None => match self.next_sync(&act.machine.clocks) {
                    Some(at) if at <= act.now => self.sync(act),
                    _ => return,
                },
            }
        }
        assert!(self.stage == Stage::Gone, "a pod's sync must come to rest");
    }

    /// When there is something to do next.
    pub(super) fn next_due(&self, clocks: &Clockwork) -> Option<SimTime> {
        let work = self.step.until().or_else(|| self.next_sync(clocks));
        [work, self.next_probe()].into_iter().flatten().min()
    }

    fn next_sync(&self, clocks: &Clockwork) -> Option<SimTime> {
        let begin = |at| self.timing.may_begin(at);
        let ends = self.containers.iter().filter_map(|c| c.running()?.ends);
        // A container's end is seen by the relist that follows it.
        let seen = ends.map(|(at, _)| clocks.relist_from(at)).min();
        let seen = seen.filter(|_| self.stage == Stage::Syncing);
        let deadline = self.deadline().filter(|_| self.stage == Stage::Syncing);
        let all = [self.timing.want, self.timing.retry, seen, deadline];
        all.into_iter().flatten().map(begin).min()
    }

    /// When the pod has been active for longer than it may.
    pub(super) fn deadline(&self) -> Option<SimTime> {
        let start = self.status.as_ref()?.start_time?;
        Some(start + self.plan.deadline?)
    }

    fn sync(&mut self, act: &mut Act<'_, '_>) {
        self.timing.want = None;
        self.timing.retry = None;
        if self.stage == Stage::Syncing && self.leaving() {
            self.stage = Stage::Terminating;
        }
        // The sync after a start sees the start and no more.
        if !self.timing.at_once {
            let seen = act.machine.clocks.relist_before(act.now);
            self.containers.iter_mut().for_each(|c| c.settle(seen));
        }
        match self.stage {
            Stage::Syncing => self.sync_pod(act),
            Stage::Terminating => self.terminate(act),
            Stage::Terminated => self.finish(act),
            Stage::Finished if self.leaving() => self.remove(act),
            Stage::Finished | Stage::Gone => {}
        }
    }

    /// The sync is over: settles when the next one comes.
    pub(super) fn end_sync(&mut self, act: &Act<'_, '_>) {
        let Outcome {
            started,
            changed,
            sandbox,
            died,
            failed,
            backoff,
        } = std::mem::take(&mut self.outcome);
        let (clocks, now) = (&act.machine.clocks, act.now);
        let relist = clocks.relist_after(now);
        // An event that came while the sync went on is answered by the next sync, which the coming
        // relist lets begin; what that relist itself tells is answered by the one after it.
        let seen = sandbox.is_some_and(|at| clocks.relist_after(at) < now);
        let events = u32::from(std::mem::take(&mut self.timing.again) || seen) + u32::from(died);
        self.timing.again = events > 1;
        let followed = std::mem::take(&mut self.timing.at_once);
        self.queue = Vec::new();
        self.step = Step::Idle;
        self.containers
            .iter_mut()
            .for_each(|c| c.restarting = false);
        if started {
            // A sync that finds nothing new comes with the relist that lists the container.
            self.timing.seen = relist;
            self.timing.fresh = relist + Span::secs(1);
            self.timing.at_once = true;
            self.timing.want = Some(now);
        } else if !followed {
            self.timing.seen = SimTime::default();
            self.timing.fresh = relist;
        }
        if (changed || events > 0) && !started {
            self.want(relist);
        }
        self.timing.retry = (failed || backoff.is_some()).then(|| {
            let (first, last, usual) = act.options.retry_after(backoff);
            let may = now + first..=clocks.tick_from(now + last);
            let known = act.options.retries.iter().find(|at| may.contains(at));
            known
                .copied()
                .unwrap_or_else(|| clocks.tick_from(now + usual))
        });
    }

    /// Wants a sync at a moment, unless one is wanted sooner.
    pub(super) fn want(&mut self, at: SimTime) {
        self.timing.want = Some(self.timing.want.map_or(at, |earlier| earlier.min(at)));
    }
}

impl std::hash::Hash for Worker {
    fn hash<H: std::hash::Hasher>(&self, h: &mut H) {
        // The plan comes out of the pod's spec; the pod and the status are in the store.
        (
            self.object.meta.resource_version,
            self.removed,
            &self.containers,
        )
            .hash(h);
        (
            self.sandbox,
            self.ip,
            self.mounted,
            self.admitted,
            &self.failure,
        )
            .hash(h);
        (
            self.stage,
            &self.step,
            &self.queue,
            &self.outcome,
            &self.timing,
        )
            .hash(h);
        (self.trigger, self.entry, self.status.is_some()).hash(h);
    }
}
