//! Classes of pods: what the scheduler asks of a pod is the same for all replicas.
//!
//! Upstream: `framework.PodInfo` (one a pod); `NodeInfo.{AddPod,RemovePod}`.

use std::sync::Arc;

use crate::api::{Labels, Object, OwnerRef, PodBody, PodFacts, SharedPodSpec};
use crate::clock::digest_of;

use super::{Amounts, Cache, CounterId, NodeId, Sparse, Spread};

/// A class's name: the digest of what its pods share.
pub(in crate::scheduler) type ClassId = u64;

/// Pods of one namespace with equal labels, spec and owner.
#[derive(Clone)]
pub(in crate::scheduler) struct Class {
    pub(in crate::scheduler) namespace: Arc<str>,
    pub(in crate::scheduler) labels: Labels,
    pub(in crate::scheduler) owner: Option<OwnerRef>,
    pub(in crate::scheduler) spec: Arc<SharedPodSpec>,
    /// Pods by node, those being deleted included.
    pub(in crate::scheduler) placed: Sparse<u32>,
    pub(in crate::scheduler) terminating: Sparse<u32>,
    pub(super) count: u32,
    pub(super) counters: Vec<CounterId>,
    /// The spread constraints with their counters, once asked for.
    pub(in crate::scheduler) spread: Option<Arc<Spread>>,
}

impl Class {
    /// What the spec says.
    pub(in crate::scheduler) fn facts(&self) -> &PodFacts {
        &self.spec.facts
    }
}

/// Classes without a pod are swept when there are this many.
const CLASSES_MAX: usize = 256;

impl Cache {
    /// The class of a pod, made if it is the first of it.
    pub(in crate::scheduler) fn class_of(&mut self, object: &Object, pod: &PodBody) -> ClassId {
        let meta = &object.meta;
        let owner = meta.controller();
        let id = digest_of(&(
            &meta.namespace,
            &meta.labels,
            owner.map(|o| o.uid),
            &pod.spec,
        ));
        if !self.classes.contains_key(&id) {
            self.sweep_classes();
            let class = Class {
                namespace: meta.namespace.clone(),
                labels: meta.labels.clone(),
                owner: owner.cloned(),
                spec: pod.spec.clone(),
                placed: Sparse::default(),
                terminating: Sparse::default(),
                count: 0,
                counters: self.counters_of(&meta.namespace, &meta.labels),
                spread: None,
            };
            if class.facts().placement.has_pod_affinity() {
                self.affine.push(id);
            }
            self.classes.insert(id, Arc::new(class));
        }
        id
    }

    /// A class by its name.
    pub(in crate::scheduler) fn class(&self, id: ClassId) -> &Arc<Class> {
        self.classes
            .get(&id)
            .unwrap_or_else(|| unreachable!("names are given by class_of"))
    }

    pub(super) fn class_mut(&mut self, id: ClassId) -> Option<&mut Class> {
        self.classes.get_mut(&id).map(Arc::make_mut)
    }

    /// All classes.
    pub(in crate::scheduler) fn classes(&self) -> impl Iterator<Item = &Arc<Class>> {
        self.classes.values()
    }

    /// Classes that say something about other pods and have pods on nodes.
    pub(in crate::scheduler) fn affine_classes(&self) -> impl Iterator<Item = &Arc<Class>> {
        let classes = self.affine.iter().filter_map(|id| self.classes.get(id));
        classes.filter(|class| class.count > 0)
    }

    /// Counts a pod that is on a node and has not ended (`sign` 1), or no longer does (-1). Other
    /// pods change nothing.
    pub(in crate::scheduler) fn count(&mut self, object: &Object, sign: i64) {
        let Some(pod) = object.pod().filter(|pod| !pod.is_terminal()) else {
            return;
        };
        if let Some(node) = &pod.node_name {
            let class = self.class_of(object, pod);
            self.book(class, node, object.meta.is_deleting(), sign);
        }
    }

    /// Books a pod of a class on a node (`sign` 1), or takes it off (-1).
    pub(in crate::scheduler) fn book(
        &mut self,
        class: ClassId,
        node: &Arc<str>,
        terminating: bool,
        sign: i64,
    ) {
        let id = self.node_id(node);
        let step = |n: u32| n.saturating_add_signed(sign as i32);
        let Some(class) = self.class_mut(class) else {
            return;
        };
        class.count = step(class.count);
        class.placed.update(id, step);
        if terminating {
            class.terminating.update(id, step);
        }
        let (spec, counters) = (class.spec.clone(), class.counters.clone());
        if !terminating {
            for counter in counters {
                self.add_to_counter(counter, id, sign);
            }
        }
        self.add_to_node(id, &spec.facts, sign);
        if sign < 0 {
            self.free_if_unused(id);
        }
    }

    fn add_to_node(&mut self, id: NodeId, facts: &PodFacts, sign: i64) {
        let Some(node) = self.nodes.get_mut(id) else {
            return;
        };
        node.pods += sign;
        let requests = &facts.requests;
        let real = Amounts {
            cpu: requests.cpu_milli,
            memory: requests.memory_bytes,
            ephemeral: requests.ephemeral_bytes,
        };
        let scored = Amounts {
            cpu: facts.non_zero_cpu_milli,
            memory: facts.non_zero_memory_bytes,
            ephemeral: 0,
        };
        node.requested.add(real, sign);
        node.non_zero.add(scored, sign);
        for (name, amount) in &requests.other {
            *node.other.entry(name.clone()).or_default() += amount * sign;
        }
        for port in &facts.host_ports {
            if sign > 0 {
                node.ports.push(port.clone());
            } else if let Some(at) = node.ports.iter().position(|p| p == port) {
                node.ports.swap_remove(at);
            }
        }
    }

    fn sweep_classes(&mut self) {
        if self.classes.len() >= CLASSES_MAX && self.classes.len().is_multiple_of(CLASSES_MAX) {
            self.classes.retain(|_, class| class.count > 0);
            self.affine.retain(|id| self.classes.contains_key(id));
        }
    }
}
