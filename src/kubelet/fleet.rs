//! All kubelets with their machines, as one component: a change goes to the node that it concerns,
//! and an agenda knows which node is due next.
//!
//! Upstream: none; every node runs its own kubelet.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;
use std::sync::Arc;

use crate::api::{Kind, Name, Object};
use crate::apiserver::Change;
use crate::client::{Client, Component};
use crate::clock::{Digest, Digested, SimTime, digest_of};

use super::machine::Machine;
use super::node::Kubelet;
use super::plan::PodPlan;
use super::{NodeConfig, RuntimeOptions};

/// The kubelets. A clone shares them with the original until one of the two changes.
#[derive(Clone)]
pub struct Fleet {
    kubelets: BTreeMap<Name, Digested<Kubelet>>,
    agenda: BTreeSet<(SimTime, Name)>,
    plans: Plans,
}

/// Plans of the specs that are in use: a cache, no state.
#[derive(Clone)]
pub(super) struct Plans {
    options: Arc<RuntimeOptions>,
    by_spec: BTreeMap<u64, Arc<PodPlan>>,
}

/// Above this the cache is cleared of what nobody uses.
const PLANS_MAX: usize = 512;

impl Plans {
    pub(super) fn options(&self) -> &RuntimeOptions {
        &self.options
    }

    pub(super) fn plan(&mut self, pod: &Object) -> Option<Arc<PodPlan>> {
        let spec = &pod.pod()?.spec.spec;
        if self.by_spec.len() > PLANS_MAX {
            self.by_spec.retain(|_, plan| Arc::strong_count(plan) > 1);
        }
        let plan = self.by_spec.entry(digest_of(spec));
        Some(
            plan.or_insert_with(|| PodPlan::new(spec, &self.options))
                .clone(),
        )
    }
}

impl Fleet {
    /// No machines yet.
    pub fn new(options: RuntimeOptions) -> Fleet {
        Fleet {
            kubelets: BTreeMap::new(),
            agenda: BTreeSet::new(),
            plans: Plans {
                options: Arc::new(options),
                by_spec: BTreeMap::new(),
            },
        }
    }

    /// Adds a machine that has been up since the client's present: its Node is Ready at once, its
    /// lease is renewed from now on, and no event tells of it. Needs the namespace
    /// `kube-node-lease`.
    pub fn register_settled(&mut self, config: NodeConfig, client: &mut Client<'_>) {
        let mut kubelet = Kubelet::new(config, client.seed(), &self.plans.options);
        kubelet.settle(client);
        self.insert(kubelet);
    }

    /// Adds a machine and switches it on. Errors: the name is taken.
    pub fn add_node(&mut self, config: NodeConfig, client: &mut Client<'_>) -> Result<(), String> {
        if self.kubelets.contains_key(&Name(config.name.clone())) {
            return Err(format!("node {} exists already", config.name));
        }
        let mut kubelet = Kubelet::new(config, client.seed(), &self.plans.options);
        kubelet.start(client, false);
        self.insert(kubelet);
        Ok(())
    }

    /// The number of the next machine, which decides its addresses.
    pub fn next_index(&self) -> u32 {
        let all = self.kubelets.values();
        let indexes = all.map(|kubelet| kubelet.machine.config.index);
        indexes.max().map_or(0, |last| last + 1)
    }

    fn insert(&mut self, kubelet: Kubelet) {
        let name = Name(kubelet.machine.name().clone());
        self.kubelets.insert(name.clone(), Digested::new(kubelet));
        self.reschedule(&name);
    }

    /// Cuts the power of a machine. Errors: no such machine, or it is off.
    pub fn power_off(&mut self, node: &str, client: &mut Client<'_>) -> Result<(), String> {
        self.change(node, |kubelet| {
            if !kubelet.machine.powered {
                return Err(format!("node {node} is off already"));
            }
            kubelet.halt(client);
            kubelet.machine.powered = false;
            kubelet.machine.images.power_cut();
            Ok(())
        })
    }

    /// Switches a machine on. Errors: no such machine, or it is on.
    pub fn power_on(&mut self, node: &str, client: &mut Client<'_>) -> Result<(), String> {
        self.change(node, |kubelet| {
            if kubelet.machine.powered {
                return Err(format!("node {node} is on already"));
            }
            kubelet.start(client, true);
            Ok(())
        })
    }

    /// Stops the kubelet of a machine; its containers run on. Errors: no such machine, or no
    /// kubelet runs there.
    pub fn stop_kubelet(&mut self, node: &str, client: &mut Client<'_>) -> Result<(), String> {
        self.change(node, |kubelet| {
            if !kubelet.machine.kubelet_runs() {
                return Err(format!("no kubelet runs on node {node}"));
            }
            kubelet.halt(client);
            Ok(())
        })
    }

    /// Starts the kubelet of a machine that has power. Errors: no such machine, no power, or a
    /// kubelet runs there.
    pub fn start_kubelet(&mut self, node: &str, client: &mut Client<'_>) -> Result<(), String> {
        self.change(node, |kubelet| match &kubelet.machine {
            machine if !machine.powered => Err(format!("node {node} is off")),
            machine if machine.running => Err(format!("the kubelet of node {node} runs already")),
            _ => {
                kubelet.start(client, false);
                Ok(())
            }
        })
    }

    /// Whether a machine has power; false for one that does not exist.
    pub fn is_powered(&self, node: &str) -> bool {
        self.machine(node).is_some_and(Machine::is_powered)
    }

    /// A machine by its node's name.
    pub fn machine(&self, node: &str) -> Option<&Machine> {
        self.kubelets
            .get(&Name::from(node))
            .map(|kubelet| &kubelet.machine)
    }

    /// All machines, by name.
    pub fn machines(&self) -> impl Iterator<Item = &Machine> {
        self.kubelets.values().map(|kubelet| &kubelet.machine)
    }

    fn change(
        &mut self,
        node: &str,
        change: impl FnOnce(&mut Kubelet) -> Result<(), String>,
    ) -> Result<(), String> {
        let kubelet = self.kubelets.get_mut(&Name::from(node));
        let kubelet = kubelet.ok_or_else(|| format!("there is no node {node}"))?;
        let name = Name(kubelet.machine.name().clone());
        let done = change(kubelet.edit());
        self.reschedule(&name);
        done
    }

    /// Puts a node where it belongs in the agenda.
    fn reschedule(&mut self, name: &Name) {
        let Some(kubelet) = self.kubelets.get_mut(name) else {
            return;
        };
        let due = kubelet.next_due();
        if kubelet.listed == due {
            return;
        }
        let kubelet = kubelet.edit();
        if let Some(old) = std::mem::replace(&mut kubelet.listed, due) {
            self.agenda.remove(&(old, name.clone()));
        }
        if let Some(at) = due {
            self.agenda.insert((at, name.clone()));
        }
    }
}

impl Component for Fleet {
    fn observe(&mut self, change: &Change<'_>, now: SimTime) {
        let object = change.object();
        let node = match change.kind {
            Kind::Pod => object.pod().and_then(|pod| pod.node_name.as_ref()),
            Kind::Node => Some(&object.meta.name),
            _ => None,
        };
        let Some(name) = node.map(|name| Name(name.clone())) else {
            return;
        };
        let Some(kubelet) = self.kubelets.get_mut(&name) else {
            return;
        };
        if !kubelet.concerns(change) {
            return;
        }
        let plan = self.plans.plan(object);
        let kubelet = kubelet.edit();
        kubelet.note(change, plan, now);
        self.reschedule(&name);
    }

    fn next_run(&self) -> Option<SimTime> {
        self.agenda.first().map(|entry| entry.0)
    }

    fn run(&mut self, client: &mut Client<'_>) {
        let now = client.now();
        while self.agenda.first().is_some_and(|entry| entry.0 <= now) {
            let Some((_, name)) = self.agenda.pop_first() else {
                return;
            };
            if let Some(kubelet) = self.kubelets.get_mut(&name) {
                let kubelet = kubelet.edit();
                kubelet.listed = None;
                kubelet.run(client, &mut self.plans);
            }
            self.reschedule(&name);
        }
    }

    fn digest(&self, digest: &mut Digest) {
        self.kubelets.hash(digest);
        self.plans.options.hash(digest);
    }
}
