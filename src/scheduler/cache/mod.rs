//! What the scheduler knows of the cluster: nodes with what their pods ask for, kept up write by
//! write, with assumed pods booked at once; no cycle ever walks over all pods.
//!
//! Pods are held as counts by class (pods of one owner with one spec and one set of labels), so a
//! thousand replicas are one class with a count a node.
//!
//! Upstream: `pkg/scheduler/backend/cache/cache.go`. Differs: pods are counted, not listed; there
//! is no snapshot step, since nothing changes during a cycle.

mod class;
mod counter;
mod node_tree;
mod pages;
mod selectors;
mod storage;
mod topology;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::{Body, Kind, Labels, Meta, NodeBody, Object, Order, Port};
use crate::apiserver::Snapshot;

pub(super) use class::{Class, ClassId};
pub(super) use counter::{Counter, CounterId};
use node_tree::NodeTree;
use pages::Pages;
pub(super) use pages::Sparse;
use selectors::Selectors;
pub(super) use selectors::{Constraint, Spread};
use storage::Storage;
pub(super) use topology::Topology;

/// A node's place in the cache's arrays; given again after the node is gone.
pub(super) type NodeId = u32;

/// See the file's head.
#[derive(Clone, Default)]
pub(super) struct Cache {
    nodes: Pages<NodeInfo>,
    by_name: BTreeMap<Arc<str>, NodeId>,
    free: Vec<NodeId>,
    tree: NodeTree,
    order: Arc<Vec<NodeId>>,
    classes: BTreeMap<ClassId, Arc<Class>>,
    /// Classes that say something about other pods.
    affine: Vec<ClassId>,
    counters: BTreeMap<CounterId, Arc<Counter>>,
    topologies: BTreeMap<Arc<str>, Arc<Topology>>,
    selectors: Selectors,
    images: BTreeMap<Arc<str>, Arc<Image>>,
    namespaces: BTreeMap<Arc<str>, Labels>,
    storage: Storage,
    /// Nodes with a taint of effect PreferNoSchedule.
    soft_tainted: u32,
}

/// One node, and the sum of its pods.
#[derive(Clone, Default)]
pub(super) struct NodeInfo {
    pub(super) name: Arc<str>,
    pub(super) labels: Labels,
    /// `None` once the node is gone while pods still name it (or before it has come).
    pub(super) body: Option<NodeBody>,
    pub(super) requested: Amounts,
    /// The sum of what scoring counts: defaults where a container asks for nothing.
    pub(super) non_zero: Amounts,
    pub(super) pods: i64,
    pub(super) other: BTreeMap<String, i64>,
    pub(super) ports: Vec<Port>,
}

/// Amounts of the resources that every node has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Amounts {
    pub(super) cpu: i64,
    pub(super) memory: i64,
    pub(super) ephemeral: i64,
}

impl Amounts {
    fn add(&mut self, other: Amounts, sign: i64) {
        self.cpu += other.cpu * sign;
        self.memory += other.memory * sign;
        self.ephemeral += other.ephemeral * sign;
    }
}

/// Where an image is, with its size there.
#[derive(Clone, Default)]
pub(super) struct Image {
    pub(super) nodes: i64,
    pub(super) sizes: Sparse<i64>,
}

impl NodeInfo {
    /// `status.allocatable` of the usual resources.
    pub(super) fn allocatable(&self) -> Amounts {
        self.body.as_ref().map_or_else(Amounts::default, |body| {
            let amounts = &body.status.allocatable;
            Amounts {
                cpu: amounts.cpu_milli,
                memory: amounts.memory_bytes,
                ephemeral: amounts.ephemeral_bytes,
            }
        })
    }
}

impl Cache {
    /// A cache of everything that a snapshot holds, but for some pods.
    pub(super) fn of(snapshot: Snapshot<'_>, but: impl Fn(&Object) -> bool) -> Cache {
        let mut cache = Cache::default();
        let mut nodes: Vec<_> = snapshot.list_by_age(Kind::Node).collect();
        nodes.order_by_key(|node| node.meta.created);
        for node in nodes {
            cache.set_node(node);
        }
        for kind in crate::api::KINDS.iter().copied() {
            for object in snapshot.list(kind, None) {
                cache.note_selector(None, Some(object));
            }
        }
        for kind in [
            Kind::PersistentVolumeClaim,
            Kind::PersistentVolume,
            Kind::StorageClass,
        ] {
            for object in snapshot.list(kind, None) {
                cache.storage.note(None, Some(object));
            }
        }
        for pod in snapshot.list(Kind::Pod, None) {
            if !but(pod) {
                cache.count(pod, 1);
            }
        }
        cache
    }

    /// Claims, volumes and classes.
    pub(super) fn storage(&self) -> &Storage {
        &self.storage
    }

    /// Takes note of a change of a claim, a volume or a class.
    pub(super) fn note_storage(&mut self, old: Option<&Arc<Object>>, new: Option<&Arc<Object>>) {
        self.storage.note(old, new);
    }

    /// The nodes in the order in which they are examined.
    pub(super) fn order(&self) -> &Arc<Vec<NodeId>> {
        &self.order
    }

    /// Node names zone by zone, which decide the order of nodes.
    pub(super) fn names_by_zone(&self) -> impl Iterator<Item = Vec<&str>> {
        let name = |id: &NodeId| &*self.node(*id).name;
        self.tree
            .by_zone()
            .map(move |nodes| nodes.iter().map(name).collect())
    }

    /// A node of the list, or one that is only named by pods.
    pub(super) fn node(&self, id: NodeId) -> &NodeInfo {
        self.nodes
            .get(id)
            .unwrap_or_else(|| unreachable!("ids are given by the cache"))
    }

    /// The id of a node that exists.
    pub(super) fn find_node(&self, name: &str) -> Option<NodeId> {
        let id = self.by_name.get(name).copied()?;
        Some(id).filter(|id| self.node(*id).body.is_some())
    }

    /// Where an image is.
    pub(super) fn image(&self, name: &str) -> Option<&Image> {
        self.images.get(name).map(Arc::as_ref)
    }

    /// Whether any node has a taint of effect PreferNoSchedule.
    pub(super) fn has_soft_taints(&self) -> bool {
        self.soft_tainted > 0
    }

    /// The labels of a namespace.
    pub(super) fn namespace_labels(&self, name: &str) -> Labels {
        self.namespaces.get(name).cloned().unwrap_or_default()
    }

    /// Adds a node or takes over its new version.
    pub(super) fn set_node(&mut self, object: &Object) {
        let Body::Node(body) = &object.body else {
            return;
        };
        let id = self.node_id(&object.meta.name);
        let old = self.node(id).clone();
        let (old_zone, zone) = (
            node_tree::zone_of(&old.labels),
            node_tree::zone_of(&object.meta.labels),
        );
        if let Some(info) = self.nodes.get_mut(id) {
            info.body = Some(body.clone());
            info.labels = object.meta.labels.clone();
        }
        if old.body.is_none() || old_zone != zone {
            if old.body.is_some() {
                self.tree.remove(&old_zone, id);
            }
            self.tree.add(zone, id);
            self.order = Arc::new(self.tree.list());
        }
        if old.body.is_none() || old.labels != object.meta.labels {
            self.move_in_topologies(id, Some(&object.meta.labels));
        }
        self.replace_status(id, old.body.as_ref(), Some(body));
    }

    /// Takes a node from the list; pods that name it are still remembered.
    pub(super) fn remove_node(&mut self, meta: &Meta) {
        let Some(id) = self.find_node(&meta.name) else {
            return;
        };
        let old = self.node(id).clone();
        if let Some(info) = self.nodes.get_mut(id) {
            info.body = None;
            info.labels = Labels::default();
        }
        self.tree.remove(&node_tree::zone_of(&old.labels), id);
        self.order = Arc::new(self.tree.list());
        self.move_in_topologies(id, None);
        self.replace_status(id, old.body.as_ref(), None);
        self.free_if_unused(id);
    }

    fn node_id(&mut self, name: &Arc<str>) -> NodeId {
        if let Some(id) = self.by_name.get(name) {
            return *id;
        }
        let info = NodeInfo {
            name: name.clone(),
            ..NodeInfo::default()
        };
        let id = match self.free.pop() {
            Some(id) => {
                if let Some(slot) = self.nodes.get_mut(id) {
                    *slot = info;
                }
                id
            }
            None => self.nodes.push(info),
        };
        self.by_name.insert(name.clone(), id);
        id
    }

    fn free_if_unused(&mut self, id: NodeId) {
        let info = self.node(id);
        if info.body.is_none() && info.pods == 0 {
            let name = info.name.clone();
            self.by_name.remove(&name);
            self.free.push(id);
        }
    }

    fn replace_status(&mut self, id: NodeId, old: Option<&NodeBody>, new: Option<&NodeBody>) {
        let soft = |body: Option<&NodeBody>| {
            body.is_some_and(|b| b.taints.iter().any(|t| &*t.effect == "PreferNoSchedule"))
        };
        self.soft_tainted += u32::from(soft(new));
        self.soft_tainted -= u32::from(soft(old));
        let images = |body: Option<&NodeBody>| body.map(|b| b.status.images.clone());
        let (old, new) = (images(old), images(new));
        if old == new {
            return;
        }
        for image in old.iter().flat_map(|list| list.iter()) {
            if let Some(entry) = self.images.get_mut(&image.name) {
                let entry = Arc::make_mut(entry);
                entry.nodes -= 1;
                entry.sizes.update(id, |_| 0);
            }
        }
        for image in new.iter().flat_map(|list| list.iter()) {
            let entry = self.images.entry(image.name.clone()).or_default();
            let entry = Arc::make_mut(entry);
            entry.nodes += 1;
            entry.sizes.update(id, |_| image.size_bytes);
        }
        self.images.retain(|_, image| image.nodes > 0);
    }
}
