//! The world: the API server, the processes around it and the heap of what is to come.
//!
//! Upstream: none as a file; the processes' watches and timers. Differs: a process acts at one
//! instant and its watch delivers after a fixed latency, so that a run can be repeated exactly.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::apiserver::{ApiServer, Cause, Store, Trigger};
use crate::client::{Client, Component};
use crate::clock::{Digest, Heap, SimTime, Span};
use crate::controllers::Manager;
use crate::kubectl::Files;
use crate::kubelet::Fleet;
use crate::scheduler::Scheduler;

use super::console::Console;
use super::furniture::{furnish, metrics_api, storage_class};
use super::load::{Load, Measured};
use super::{Latencies, Setup};

/// A process whose caches move together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Process {
    Manager,
    Scheduler,
    Kubelets,
    Console,
}

const PROCESSES: [Process; 4] = [
    Process::Manager,
    Process::Scheduler,
    Process::Kubelets,
    Process::Console,
];

/// What waits in the heap.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Event {
    /// The watch of a process delivers.
    Deliver(Process),
    /// A timer of a process may have run out.
    Run(Process),
    /// Old events are removed.
    ExpireEvents,
}

/// The wires of one process.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Wires {
    /// The revision up to which the watch has delivered.
    pub cursor: u64,
    /// Whether a delivery waits in the heap.
    delivering: bool,
    /// The earliest timer in the heap.
    timer: Option<SimTime>,
}

/// Everything of a world but the store: a clone of it is a checkpoint.
#[derive(Clone)]
pub(super) struct State {
    pub heap: Heap<Event>,
    pub wires: [Wires; 4],
    pub manager: Manager,
    pub scheduler: Scheduler,
    pub fleet: Fleet,
    pub console: Console,
    pub load: Load,
    pub files: Files,
    /// Inputs applied so far.
    pub inputs: u32,
    /// Events taken from the heap so far.
    pub turns: u64,
}

/// A simulated cluster.
pub struct World {
    pub(super) setup: Arc<Setup>,
    pub(super) api: ApiServer,
    pub(super) state: State,
}

/// Old events are looked for this often.
const EXPIRE_EVERY: Span = Span::secs(60);

impl World {
    /// Builds a world: namespaces, the service `kubernetes`, nodes that have been up for a while.
    pub fn new(mut setup: Setup) -> World {
        let born = setup.epoch - setup.settled;
        if setup.node_events {
            // The controllers were there first: nodes that came up behind them left their events.
            setup.manager.started = setup.manager.started.min(born);
        }
        let state = State {
            heap: Heap::default(),
            wires: Default::default(),
            manager: Manager::new(setup.manager.clone()),
            scheduler: Scheduler::new(setup.scheduler.clone()),
            fleet: Fleet::new(setup.runtime.clone()),
            console: Console::default(),
            load: Load::default(),
            files: Files::new(),
            inputs: 0,
            turns: 0,
        };
        let api = ApiServer::new(setup.seed, born, setup.api.clone());
        let mut world = World {
            setup: Arc::new(setup),
            api,
            state,
        };
        world.furnish();
        world
    }

    /// The moment.
    pub fn now(&self) -> SimTime {
        self.api.state.now
    }

    /// The first moment.
    pub fn start(&self) -> SimTime {
        self.setup.epoch
    }

    /// What the world was built from.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The store, to read.
    pub fn store(&self) -> &Store {
        self.api.store()
    }

    /// The kubelets and machines, to read.
    pub fn fleet(&self) -> &Fleet {
        &self.state.fleet
    }

    /// The scenario's files.
    pub fn files(&self) -> &Files {
        &self.state.files
    }

    /// How many events were taken from the heap so far: the measure of work.
    pub fn turns(&self) -> u64 {
        self.state.turns
    }

    /// How many pods exist.
    pub fn pod_count(&self) -> usize {
        self.api.pod_count()
    }

    /// When the next event comes.
    pub fn next_at(&self) -> Option<SimTime> {
        self.state.heap.next_at()
    }

    /// A digest of everything that decides the future.
    pub fn hash(&self) -> u64 {
        let mut digest = Digest::default();
        digest.write_u64(self.api.store().digest());
        self.api.state.hash(&mut digest);
        digest.write_u64(self.state.heap.digest());
        self.state.wires.hash(&mut digest);
        self.state.manager.digest(&mut digest);
        self.state.scheduler.digest(&mut digest);
        self.state.fleet.digest(&mut digest);
        self.state.console.hash(&mut digest);
        self.state.load.hash(&mut digest);
        self.state.files.hash(&mut digest);
        digest.finish()
    }

    /// Runs to a moment; everything due at it has then happened.
    pub fn run_until(&mut self, until: SimTime) {
        while !self.run_events(until, u32::MAX) {}
    }

    /// Runs at most `most` events towards a moment; whether it was reached.
    pub fn run_events(&mut self, until: SimTime, most: u32) -> bool {
        for _ in 0..most {
            if !self.step(until) {
                self.api.state.now = self.now().max(until);
                return true;
            }
        }
        false
    }

    /// Runs to the next moment at which something is written, no later than `until`.
    pub fn run_to_next_write(&mut self, until: SimTime) {
        let before = self.store().revision();
        while self.store().revision() == before {
            let Some(at) = self.next_at().filter(|at| *at <= until) else {
                break;
            };
            self.run_until(at);
        }
        if self.store().revision() == before {
            self.run_until(until);
        }
    }

    /// Hands every object to every controller once more, as an informer's resync does: in a world
    /// at rest they find nothing to write.
    pub fn resync(&mut self) {
        let cursor = self.state.wires[Process::Manager as usize].cursor;
        self.state
            .manager
            .wake_everything(self.api.store().at(cursor));
        self.settle();
    }

    fn step(&mut self, until: SimTime) -> bool {
        let Some((at, event)) = self.state.heap.pop_until(until) else {
            return false;
        };
        self.api.state.now = self.now().max(at);
        self.state.turns += 1;
        match event {
            Event::Deliver(process) => self.deliver(process),
            Event::Run(process) => {
                let wires = self.wires(process);
                if wires.timer == Some(at) {
                    wires.timer = None;
                }
            }
            Event::ExpireEvents => {
                self.api.expire_events(Cause {
                    actor: "etcd",
                    trigger: Trigger::Start,
                });
                self.state.heap.push(at + EXPIRE_EVERY, Event::ExpireEvents);
            }
        }
        if let Event::Deliver(process) | Event::Run(process) = event {
            self.run(process);
            // A command of the console's may change any process, the others only themselves.
            let all = process == Process::Console;
            self.settle_if(|other| all || other == process);
        } else {
            self.settle();
        }
        true
    }

    fn wires(&mut self, process: Process) -> &mut Wires {
        let [manager, scheduler, kubelets, console] = &mut self.state.wires;
        match process {
            Process::Manager => manager,
            Process::Scheduler => scheduler,
            Process::Kubelets => kubelets,
            Process::Console => console,
        }
    }

    fn deliver(&mut self, process: Process) {
        let now = self.now();
        let seen = now - latency(&self.setup.latencies, process);
        let after = self.wires(process).cursor;
        let until = self.store().revision_from(after, seen);
        let wires = self.wires(process);
        wires.delivering = false;
        wires.cursor = until;
        let state = &mut self.state;
        for change in self.api.store().changes(after, until) {
            state.turns += 1;
            match process {
                Process::Manager => state.manager.observe(&change, now),
                Process::Scheduler => state.scheduler.observe(&change, now),
                Process::Kubelets => state.fleet.observe(&change, now),
                Process::Console => {}
            }
        }
    }

    fn run(&mut self, process: Process) {
        if process == Process::Console {
            return self.resume_console();
        }
        let now = self.now();
        let cursor = self.wires(process).cursor;
        if self.component(process).next_run().is_none_or(|at| at > now) {
            return;
        }
        let cause = Cause {
            actor: "",
            trigger: Trigger::Start,
        };
        let mut client = Client::new(&mut self.api, cursor, cause);
        match process {
            Process::Manager => {
                let measured = Measured {
                    fleet: &self.state.fleet,
                    load: &self.state.load,
                };
                self.state.manager.run(&mut client.with_meters(&measured));
            }
            Process::Scheduler => self.state.scheduler.run(&mut client),
            Process::Kubelets => self.state.fleet.run(&mut client),
            Process::Console => {}
        }
    }

    fn component(&self, process: Process) -> &dyn Component {
        match process {
            Process::Manager => &self.state.manager,
            Process::Scheduler => &self.state.scheduler,
            Process::Kubelets => &self.state.fleet,
            Process::Console => &self.state.console,
        }
    }

    /// Puts into the heap what the last act has led to: deliveries of its writes, and timers.
    pub(super) fn settle(&mut self) {
        self.settle_if(|_| true);
    }

    fn settle_if(&mut self, may_have_changed: impl Fn(Process) -> bool) {
        for process in PROCESSES {
            self.await_write(process);
            if may_have_changed(process) {
                self.await_timer(process);
            }
        }
    }

    /// A process that has not seen the last write gets a delivery.
    fn await_write(&mut self, process: Process) {
        let (now, revision) = (self.now(), self.store().revision());
        let wires = self.wires(process);
        if wires.delivering || wires.cursor >= revision {
            return;
        }
        wires.delivering = true;
        let first_unseen = wires.cursor + 1;
        let latency = latency(&self.setup.latencies, process);
        let written = self.store().write_info(first_unseen).map_or(now, |w| w.0);
        let at = (written + latency).max(now);
        self.state.heap.push(at, Event::Deliver(process));
    }

    /// A process that wants to run sooner than its timer says gets a sooner one.
    fn await_timer(&mut self, process: Process) {
        let now = self.now();
        let Some(at) = self.component(process).next_run().map(|at| at.max(now)) else {
            return;
        };
        let wires = self.wires(process);
        if wires.timer.is_none_or(|timer| at < timer) {
            wires.timer = Some(at);
            self.state.heap.push(at, Event::Run(process));
        }
    }

    fn furnish(&mut self) {
        let cause = Cause {
            actor: "kubeadm",
            trigger: Trigger::Start,
        };
        let setup = self.setup.clone();
        let address = setup
            .nodes
            .first()
            .map(|node| node.internal_ip().to_string());
        let address = address.unwrap_or("192.168.56.10".into());
        furnish(&mut self.api, &setup.namespaces, &address, cause);
        if setup.storage_class {
            storage_class(&mut self.api, cause);
        }
        if setup.metrics_server {
            metrics_api(&mut self.api, cause);
        }
        let mut client = Client::new(&mut self.api, 0, cause);
        client.set_actor("kubelet");
        let quiet = !setup.node_events;
        for node in &setup.nodes {
            let fleet = &mut self.state.fleet;
            if quiet || fleet.add_node(node.clone(), &mut client).is_err() {
                fleet.register_settled(node.clone(), &mut client);
            }
        }
        if quiet {
            self.deliver_everything();
        }
        self.state
            .heap
            .push(setup.epoch + EXPIRE_EVERY, Event::ExpireEvents);
        self.settle();
        self.run_until(setup.epoch);
        if quiet {
            self.api.forget_events(cause);
            self.settle();
        }
    }

    /// Everybody has long seen all of this when the story begins.
    fn deliver_everything(&mut self) {
        let now = self.now();
        let revision = self.store().revision();
        for change in self.api.store().changes(0, revision) {
            self.state.manager.observe(&change, now);
            self.state.scheduler.observe(&change, now);
            self.state.fleet.observe(&change, now);
        }
        for process in PROCESSES {
            self.wires(process).cursor = revision;
        }
    }
}

fn latency(latencies: &Latencies, process: Process) -> Span {
    match process {
        Process::Manager => latencies.manager,
        Process::Scheduler => latencies.scheduler,
        Process::Kubelets => latencies.kubelets,
        Process::Console => latencies.console,
    }
}
