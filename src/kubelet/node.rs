//! One kubelet: its pods, its machine, and an agenda of what is due when.
//!
//! Upstream: `pkg/kubelet/kubelet.go` (syncLoop). Differs: no ticks; the agenda knows when the loop
//! would find something to do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::api::{Kind, Object, Uid};
use crate::apiserver::{Change, Trigger};
use crate::client::{Client, Recorder, message};
use crate::clock::{Seed, SimTime, Span};

use super::clockwork::Clockwork;
use super::images::{Image, ImageStore};
use super::machine::{Addresses, Machine, Used};
use super::plan::PodPlan;
use super::worker::{Act, Sandbox, Stage, Step, Worker};
use super::{NodeConfig, RuntimeOptions};

/// A node's kubelet with its machine.
#[derive(Clone, Debug, Hash)]
pub(super) struct Kubelet {
    pub machine: Machine,
    pods: BTreeMap<Uid, Worker>,
    agenda: BTreeSet<(SimTime, u64, Item)>,
    sequence: u64,
    /// What is under way to a running kubelet.
    boot: Option<Boot>,
    /// What the node's spec says of scheduling, and what was last told of it.
    unschedulable: (bool, bool),
    /// How many images the node's status lists.
    images_told: usize,
    /// When the node's own business is due.
    node_due: Option<SimTime>,
    /// Its entry in the fleet's agenda.
    pub listed: Option<SimTime>,
    /// What a write about the node would be caused by.
    trigger: Trigger,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Item {
    Node,
    Pod(Uid),
}

/// A kubelet that is starting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Boot {
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

/// Events that a kubelet's recorder remembers at most.
const EVENTS_MAX: usize = 1024;

impl Kubelet {
    /// A machine without power.
    pub(super) fn new(config: NodeConfig, seed: Seed, options: &RuntimeOptions) -> Kubelet {
        let mut images = ImageStore::default();
        for written in &config.images {
            images.add(&Image::read(written, options));
        }
        let drawn = |what: &str| {
            let millis = seed.stream(what).below(&*config.name, 0, 1000);
            SimTime::default() + Span::millis(i64::try_from(millis).unwrap_or(0))
        };
        let relist = config.relist.map(|phase| SimTime::default() + phase);
        let clocks = Clockwork {
            relist: relist.unwrap_or_else(|| drawn("relist")),
            tick: drawn("tick"),
        };
        let machine = Machine {
            recorder: Recorder::with_memory("kubelet", &config.name, EVENTS_MAX),
            config: Arc::new(config),
            powered: false,
            running: false,
            images,
            addresses: Addresses::default(),
            clocks,
            used: Used::default(),
        };
        Kubelet {
            machine,
            pods: BTreeMap::new(),
            agenda: BTreeSet::new(),
            sequence: 0,
            boot: None,
            unschedulable: (false, false),
            images_told: 0,
            node_due: None,
            listed: None,
            trigger: Trigger::Start,
        }
    }

    /// The machine has been up for a while: Node and Lease exist, and nothing is told of it.
    pub(super) fn settle(&mut self, client: &mut Client<'_>) {
        self.machine.powered = true;
        self.machine.running = true;
        self.machine.create_node(client, true);
        let from = self.machine.heartbeat_from(client.now(), client.seed());
        self.machine.renew_lease(client, from);
    }

    /// Begins to start: after power-on, or the kubelet alone.
    pub(super) fn start(&mut self, client: &Client<'_>, rebooted: bool) {
        self.machine.powered = true;
        self.machine.running = true;
        let (since, done) = (client.now(), 0);
        self.boot = Some(Boot {
            since,
            done,
            rebooted,
        });
        self.trigger = client.trigger();
        let [.., first_look] = BOOT;
        if self.machine.config.relist.is_none() {
            self.machine.clocks.relist = since + first_look;
        }
        self.machine.clocks.tick = since + first_look;
        self.schedule_node();
    }

    /// The kubelet stops: at once, and without a word.
    pub(super) fn halt(&mut self, client: &mut Client<'_>) {
        self.machine.running = false;
        self.boot = None;
        self.node_due = None;
        self.agenda.clear();
        self.pods
            .values_mut()
            .for_each(|worker| worker.entry = None);
        self.machine.end_lease(client);
    }

    /// Whether a change means something to this kubelet.
    pub(super) fn concerns(&self, change: &Change<'_>) -> bool {
        if !self.machine.kubelet_runs() {
            return false;
        }
        let object = change.object();
        if change.kind == Kind::Node {
            let spec = object.node().map(|node| node.unschedulable);
            return spec.is_some_and(|spec| spec != self.unschedulable.0);
        }
        let looking = self.boot.is_none_or(|boot| boot.done >= BOOT.len());
        let Some(worker) = self.pods.get(&object.meta.uid) else {
            return looking && change.new.is_some_and(|pod| is_new(pod));
        };
        match (change.new, object.pod(), worker.object.pod()) {
            (None, ..) => true,
            // Seen already by the look after a start.
            _ if change.revision <= worker.object.meta.resource_version => false,
            (_, Some(new), Some(old)) => {
                object.meta.deletion != worker.object.meta.deletion || new.spec != old.spec
            }
            _ => false,
        }
    }

    /// Takes note of a change that concerns it.
    pub(super) fn note(&mut self, change: &Change<'_>, plan: Option<Arc<PodPlan>>, now: SimTime) {
        let object = change.object();
        self.trigger = Trigger::Write(change.revision);
        if let Some(node) = object.node() {
            self.unschedulable.0 = node.unschedulable;
            return self.schedule_node();
        }
        let Some(plan) = plan else { return };
        let uid = object.meta.uid;
        let host_ip = self.machine.config.internal_ip();
        let worker = self.pods.entry(uid);
        let worker = worker.or_insert_with(|| Worker::new(object.clone(), plan.clone(), host_ip));
        worker.removed |= change.new.is_none();
        worker.object = object.clone();
        worker.plan = plan;
        worker.trigger = Trigger::Write(change.revision);
        worker.noticed(now);
        self.schedule(uid);
    }

    /// When it wants to act next.
    pub(super) fn next_due(&self) -> Option<SimTime> {
        self.agenda.first().map(|entry| entry.0)
    }

    fn enter(&mut self, at: SimTime, item: Item) -> (SimTime, u64) {
        self.sequence += 1;
        self.agenda.insert((at, self.sequence, item));
        (at, self.sequence)
    }

    fn schedule(&mut self, uid: Uid) {
        let Some(worker) = self.pods.get_mut(&uid) else {
            return;
        };
        let due = worker.next_due(&self.machine.clocks);
        let old = worker.entry.take();
        if let Some((at, number)) = old {
            if due == Some(at) {
                worker.entry = old;
                return;
            }
            self.agenda.remove(&(at, number, Item::Pod(uid)));
        }
        let entry = due.map(|at| self.enter(at, Item::Pod(uid)));
        if let Some(worker) = self.pods.get_mut(&uid) {
            worker.entry = entry;
        }
    }

    fn schedule_node(&mut self) {
        self.agenda.retain(|(.., item)| *item != Item::Node);
        let boot = self
            .boot
            .and_then(|boot| Some(boot.since + *BOOT.get(boot.done)?));
        let due = boot.or(self.node_due).or_else(|| {
            let (now, told) = self.unschedulable;
            (now != told).then_some(SimTime::default())
        });
        if let Some(at) = due {
            self.enter(at, Item::Node);
        }
    }

    /// Does everything that is due.
    pub(super) fn run(&mut self, client: &mut Client<'_>, plans: &mut super::fleet::Plans) {
        let now = client.now();
        client.set_actor("kubelet");
        while self.agenda.first().is_some_and(|entry| entry.0 <= now) {
            let Some((_, _, item)) = self.agenda.pop_first() else {
                return;
            };
            match item {
                Item::Node => {
                    client.set_trigger(self.trigger);
                    self.run_node(client, plans);
                    self.schedule_node();
                }
                Item::Pod(uid) => self.run_pod(client, uid, plans.options()),
            }
        }
    }

    fn run_pod(&mut self, client: &mut Client<'_>, uid: Uid, options: &RuntimeOptions) {
        let Some(worker) = self.pods.get_mut(&uid) else {
            return;
        };
        worker.entry = None;
        client.set_trigger(worker.trigger);
        let now = client.now();
        let machine = &mut self.machine;
        worker.run(&mut Act {
            client,
            machine,
            options,
            now,
        });
        // Whatever comes next comes by a timer.
        if let Trigger::Write(revision) = worker.trigger {
            worker.trigger = Trigger::Timer(revision);
        }
        if worker.stage == Stage::Gone {
            self.pods.remove(&uid);
        } else {
            self.schedule(uid);
        }
        let told = !options.report_images || self.machine.images().len() == self.images_told;
        if !told && self.node_due.is_none() {
            self.node_due = Some(self.machine.heartbeat_from(now, client.seed()));
            self.schedule_node();
        }
    }

    fn run_node(&mut self, client: &mut Client<'_>, plans: &mut super::fleet::Plans) {
        if let Some(boot) = self.boot.filter(|boot| boot.done < BOOT.len()) {
            return self.run_boot(client, boot, plans);
        }
        let now = client.now();
        match self.node_due {
            // The change is looked at with the next status.
            None => self.node_due = Some(self.machine.heartbeat_from(now, client.seed())),
            Some(at) if at > now => {}
            Some(_) => {
                self.node_due = None;
                let (spec, told) = self.unschedulable;
                if spec != told {
                    self.unschedulable.1 = spec;
                    let reason = if spec {
                        "NodeNotSchedulable"
                    } else {
                        "NodeSchedulable"
                    };
                    self.machine.node_event(client, reason);
                }
                let images = self.machine.images();
                if plans.options().report_images && images.len() != self.images_told {
                    self.images_told = images.len();
                    self.machine
                        .post(client, |status| status.images = images.into());
                }
            }
        }
    }

    fn run_boot(&mut self, client: &mut Client<'_>, boot: Boot, plans: &mut super::fleet::Plans) {
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
        // Renewals come from the start of the kubelet on, unless a scenario sets their phase.
        let from = match self.machine.config.heartbeat {
            Some(_) => self.machine.heartbeat_from(client.now(), client.seed()),
            None => client.now(),
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
    fn look_at_pods(
        &mut self,
        client: &mut Client<'_>,
        rebooted: bool,
        plans: &mut super::fleet::Plans,
    ) {
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
            let mut worker =
                worker.unwrap_or_else(|| Worker::new(pod.clone(), plan.clone(), host_ip));
            (worker.object, worker.plan) = (pod, plan);
            worker.trigger = Trigger::Timer(revision);
            worker.wake(now, lost.then_some(up_since), &mut self.machine);
            self.pods.insert(uid, worker);
            self.schedule(uid);
        }
        // What is left of pods that were deleted meanwhile is swept up without a word.
        for worker in before.values() {
            worker.sweep(&mut self.machine);
        }
    }
}

/// Whether a pod that the kubelet does not know yet has anything to come.
fn is_new(pod: &Object) -> bool {
    pod.pod().is_some_and(|p| !p.status.phase.is_terminal())
}

impl Worker {
    /// The pod has changed in the API.
    fn noticed(&mut self, now: SimTime) {
        match self.step {
            Step::Mount { .. } if self.leaving() => {
                self.step = Step::Mount { until: now };
            }
            Step::Terminate { .. } => self.shorten(now),
            _ => {}
        }
        if self.stage != Stage::Terminated {
            self.want(now);
        }
    }

    /// The kubelet has started. `lost`: when the containers were found dead, if they were.
    fn wake(&mut self, now: SimTime, lost: Option<SimTime>, machine: &mut Machine) {
        self.status = None;
        self.step = Step::Idle;
        self.queue.clear();
        self.timing = super::worker::Timing::default();
        self.outcome = super::worker::Outcome::default();
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
