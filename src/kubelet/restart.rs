//! The start of a kubelet, after a power cut or alone: what it tells, and its first look at pods
//! and containers.
//!
//! Upstream: `pkg/kubelet/kubelet.go` (Run, HandlePodCleanups). Differs: the stages come at fixed
//! moments, as recorded; containers of pods that no longer exist are swept up without events.

use std::sync::Arc;

use crate::api::Object;
use crate::apiserver::Trigger;
use crate::client::{Client, message};
use crate::clock::{Digested, SimTime, Span};

use super::fleet::Plans;
use super::machine::{Machine, Used, new_recorder};
use super::node::{Kubelet, is_new};
use super::worker::{Outcome, Sandbox, Stage, Step, Timing, Worker};

/// A kubelet that is starting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Boot {
    since: SimTime,
    /// Stages done so far.
    done: usize,
    rebooted: bool,
}

/// When the stages of a start come, as recorded: `Starting`, the three conditions, the same again,
/// Ready, and the first look at the pods.
const BOOT: [Span; 5] = [
    Span::millis(200),
    Span::millis(230),
    Span::millis(290),
    Span::millis(310),
    Span::millis(1200),
];

const SUFFICIENT: [&str; 3] = [
    "NodeHasSufficientMemory",
    "NodeHasNoDiskPressure",
    "NodeHasSufficientPID",
];

impl Boot {
    /// When the next stage comes; `None` when the start is over.
    pub(super) fn next_at(&self) -> Option<SimTime> {
        Some(self.since + *BOOT.get(self.done)?)
    }
}

impl Kubelet {
    /// Begins to start: after power-on, or the kubelet alone.
    pub(super) fn start(&mut self, client: &Client<'_>, rebooted: bool) {
        self.machine.powered = true;
        self.machine.running = true;
        self.machine.switched = client.now();
        let (since, done) = (client.now(), 0);
        self.boot = Some(Boot {
            since,
            done,
            rebooted,
        });
        self.trigger = client.trigger();
        // A new process knows of no event that was told before.
        self.machine.recorder = new_recorder(&self.machine.config);
        let [.., first_look] = BOOT;
        if self.machine.config.relist.is_none() {
            self.machine.clocks.relist = since + first_look;
        }
        self.machine.clocks.tick = since + first_look;
        self.schedule_node();
    }

    pub(super) fn run_boot(&mut self, client: &mut Client<'_>, boot: Boot, plans: &mut Plans) {
        self.boot = Some(Boot {
            done: boot.done + 1,
            ..boot
        });
        match boot.done {
            0 => {
                self.machine.node_event(client, "Starting");
                if client.live().get(&self.machine.node_key()).is_none() {
                    self.machine.create_node(client, false);
                }
            }
            1 | 2 => SUFFICIENT
                .iter()
                .for_each(|reason| self.machine.node_event(client, reason)),
            3 => self.post_ready(client, boot.rebooted),
            _ => {
                self.boot = None;
                self.look_at_pods(client, boot.rebooted, plans);
            }
        }
    }

    fn post_ready(&mut self, client: &mut Client<'_>, rebooted: bool) {
        let node = client.live().get(&self.machine.node_key());
        let was_ready = node.and_then(|n| n.node()).is_some_and(|n| n.is_ready());
        self.unschedulable.0 = node.and_then(|n| n.node()).is_some_and(|n| n.unschedulable);
        self.unschedulable.1 = self.unschedulable.0;
        let boot_id = self.machine.post_ready(client, rebooted);
        // A kubelet renews its lease from its start on; a scenario may set the phase of the first.
        let from = match self.machine.config.heartbeat {
            Some(_) if !self.machine.has_lease(client) => {
                self.machine.heartbeat_from(client.now(), client.seed())
            }
            _ => client.now(),
        };
        self.machine.renew_lease(client, from);
        if let Some(boot_id) = boot_id {
            let name = self.machine.config.name.clone();
            let text = message(
                "Node {} has been rebooted, boot id: {}",
                [(&name).into(), (&boot_id).into()],
            );
            let about = self.machine.about_node();
            self.machine
                .recorder
                .warning(client, about, "Rebooted", text);
        }
        SUFFICIENT
            .iter()
            .for_each(|reason| self.machine.node_event(client, reason));
        if !was_ready {
            self.machine.node_event(client, "NodeReady");
        }
    }

    /// The first look after a start: at the pods that the API server lists and the containers that
    /// the runtime lists.
    fn look_at_pods(&mut self, client: &mut Client<'_>, rebooted: bool, plans: &mut Plans) {
        let now = client.now();
        let listed: Vec<Arc<Object>> = client
            .live()
            .pods_on(self.machine.name())
            .cloned()
            .collect();
        let lost = rebooted || plans.options().restart_loses_containers;
        let up_since = now - BOOT.last().copied().unwrap_or_default();
        let (mut before, revision) = (std::mem::take(&mut self.pods), client.live().revision());
        self.machine.used = Used::default();
        self.agenda.clear();
        for pod in listed {
            let uid = pod.meta.uid;
            let worker = before.remove(&uid);
            if worker.is_none() && !is_new(&pod) {
                continue;
            }
            let Some(plan) = plans.plan(&pod) else {
                continue;
            };
            let host_ip = self.machine.config.internal_ip();
            let mut worker = worker.map_or_else(
                || Worker::new(pod.clone(), plan.clone(), host_ip),
                Digested::into_inner,
            );
            (worker.object, worker.plan) = (pod, plan);
            worker.trigger = Trigger::Timer(revision);
            worker.wake(now, lost.then_some(up_since), &mut self.machine);
            self.pods.insert(uid, Digested::new(worker));
            self.schedule(uid);
        }
        // What is left of pods that were deleted meanwhile is swept up without a word.
        for worker in before.values() {
            worker.sweep(&mut self.machine);
        }
    }
}

impl Worker {
    /// The kubelet has started. `lost`: when the containers were found dead, if they were.
    fn wake(&mut self, now: SimTime, lost: Option<SimTime>, machine: &mut Machine) {
        self.status = None;
        self.step = Step::Idle;
        self.queue.clear();
        self.timing = Timing::default();
        self.outcome = Outcome::default();
        self.mounted = false;
        self.entry = None;
        self.admitted = false;
        if self.stage != Stage::Finished {
            self.stage = Stage::Syncing;
        }
        if let Some(at) = lost {
            for container in &mut self.containers {
                container.end(at, 255, "Unknown", None);
                container.reason = None;
                container.backoff = None;
                container.image_backoff = None;
            }
            if self.sandbox == Sandbox::Ready {
                self.sandbox = Sandbox::Dead;
                self.release_address(machine);
            }
            let hosted = self.object.pod().is_some_and(|p| p.spec.facts.host_network);
            self.ip = self.ip.filter(|_| hosted);
        }
        self.want(now);
    }

    fn sweep(&self, machine: &mut Machine) {
        if self.sandbox == Sandbox::Ready {
            self.release_address(machine);
        }
    }

    pub(super) fn release_address(&self, machine: &mut Machine) {
        let hosted = self.object.pod().is_some_and(|p| p.spec.facts.host_network);
        if let (Some(ip), false) = (self.ip, hosted) {
            machine.addresses.release(ip);
        }
    }
}
