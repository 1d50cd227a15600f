//! One kubelet: its pods, its machine, and an agenda of what is due when.
//!
//! Upstream: `pkg/kubelet/kubelet.go` (syncLoop). Differs: no ticks; the agenda knows when the loop
//! would find something to do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::api::{Kind, Object, Uid};
use crate::apiserver::{Change, Trigger};
use crate::client::Client;
use crate::clock::{Digested, Seed, SimTime, Span};

use super::clockwork::Clockwork;
use super::container::Container;
use super::fleet::Plans;
use super::images::{Image, ImageStore};
use super::machine::{Addresses, Machine, Used, new_recorder};
use super::plan::PodPlan;
use super::restart::Boot;
use super::worker::{Act, Stage, Step, Worker};
use super::{NodeConfig, RuntimeOptions};

/// A node's kubelet with its machine.
#[derive(Clone, Debug, Hash)]
pub(super) struct Kubelet {
    pub machine: Machine,
    /// Shared with checkpoints until one changes.
    pub pods: BTreeMap<Uid, Digested<Worker>>,
    pub agenda: BTreeSet<(SimTime, u64, Item)>,
    sequence: u64,
    /// What is under way to a running kubelet.
    pub boot: Option<Boot>,
    /// What the node's spec says of scheduling, and what was last told of it.
    pub unschedulable: (bool, bool),
    /// How many images the node's status lists.
    images_told: usize,
    /// When the node's own business is due.
    node_due: Option<SimTime>,
    /// Its entry in the fleet's agenda.
    pub listed: Option<SimTime>,
    /// What a write about the node would be caused by.
    pub trigger: Trigger,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Item {
    Node,
    Pod(Uid),
}

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
            recorder: new_recorder(&config),
            config: Arc::new(config),
            powered: false,
            running: false,
            switched: SimTime::default(),
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
        self.machine.switched = client.now();
        self.machine.create_node(client, true);
        let from = self.machine.heartbeat_from(client.now(), client.seed());
        self.machine.renew_lease(client, from);
    }

    /// The kubelet stops: at once, and without a word.
    pub(super) fn halt(&mut self, client: &mut Client<'_>) {
        self.machine.running = false;
        self.machine.switched = client.now();
        self.boot = None;
        self.node_due = None;
        self.agenda.clear();
        for worker in self.pods.values_mut().map(Digested::edit) {
            worker.entry = None;
            let ended_by = |c: &mut Container| c.settle(client.now());
            worker.containers.iter_mut().for_each(ended_by);
        }
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
        let looking = self.boot.is_none();
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
        let worker = self.pods.entry(uid).or_insert_with(|| {
            let worker = Worker::new(object.clone(), plan.clone(), host_ip);
            Digested::new(worker)
        });
        let worker = worker.edit();
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

    pub(super) fn schedule(&mut self, uid: Uid) {
        let Some(worker) = self.pods.get_mut(&uid) else {
            return;
        };
        let due = worker.next_due(&self.machine.clocks);
        if let Some((at, number)) = worker.entry {
            if due == Some(at) {
                return;
            }
            self.agenda.remove(&(at, number, Item::Pod(uid)));
        } else if due.is_none() {
            return;
        }
        let entry = due.map(|at| {
            self.sequence += 1;
            self.agenda.insert((at, self.sequence, Item::Pod(uid)));
            (at, self.sequence)
        });
        worker.edit().entry = entry;
    }

    pub(super) fn schedule_node(&mut self) {
        self.agenda.retain(|(.., item)| *item != Item::Node);
        let boot = self.boot.and_then(|boot| boot.next_at());
        let due = boot.or(self.node_due).or_else(|| {
            let (now, told) = self.unschedulable;
            (now != told).then_some(SimTime::default())
        });
        if let Some(at) = due {
            self.sequence += 1;
            self.agenda.insert((at, self.sequence, Item::Node));
        }
    }

    /// Does everything that is due.
    pub(super) fn run(&mut self, client: &mut Client<'_>, plans: &mut Plans) {
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
        let Some(worker) = self.pods.get_mut(&uid).map(Digested::edit) else {
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
        let told = !options.report_images || self.machine.images.count() == self.images_told;
        if !told && self.node_due.is_none() {
            self.node_due = Some(self.machine.heartbeat_from(now, client.seed()));
            self.schedule_node();
        }
    }

    fn run_node(&mut self, client: &mut Client<'_>, plans: &mut Plans) {
        if let Some(boot) = self.boot {
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
}

/// Whether a pod that the kubelet does not know yet has anything to come.
pub(super) fn is_new(pod: &Object) -> bool {
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
}
