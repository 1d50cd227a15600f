//! Pods wait for their claims, and run where their volumes can be reached.
//!
//! Upstream: `FP/volumebinding/volume_binding.go`, `binder.go`. Differs: a pod whose volumes have
//! yet to be made goes back to the queue instead of waiting in its binding cycle, and takes no room
//! on its node meanwhile; capacities of storage are not known.

use std::borrow::Cow;
use std::sync::Arc;

use crate::api::{
    Kind, NO_PROVISIONER, NodeTerm, Object, data_text, is_bound_claim, volume_nodes,
    waits_for_consumer,
};
use crate::scheduler::cache::{NodeId, NodeInfo};
use crate::scheduler::framework::{
    ClusterEvent, Cycle, Filter, Plugin, PreFilter, Rejection, Waiting,
};

pub(in crate::scheduler) struct VolumeBinding;

/// One claim's wish about nodes.
enum Wish {
    /// Its volume is reached from these nodes.
    Reached(Vec<NodeTerm>),
    /// Its volume is gone.
    Lost,
    /// It will be bound to one of these free volumes.
    OneOf(Vec<Option<Vec<NodeTerm>>>),
}

struct Wishes(Vec<Wish>);

fn reaches(terms: &[NodeTerm], node: &NodeInfo) -> bool {
    let allows = |term: &NodeTerm| term.matches(&node.name, &node.labels);
    terms.iter().any(allows)
}

impl Filter for Wishes {
    fn filter(&self, _id: NodeId, node: &NodeInfo) -> Result<(), Rejection> {
        for wish in &self.0 {
            let problem = match wish {
                Wish::Reached(terms) if reaches(terms, node) => continue,
                Wish::Reached(_) => "node(s) didn't match PersistentVolume's node affinity",
                Wish::Lost => {
                    "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"
                }
                Wish::OneOf(volumes) => {
                    let free = |terms: &Option<Vec<NodeTerm>>| {
                        terms.as_ref().is_none_or(|terms| reaches(terms, node))
                    };
                    if volumes.iter().any(free) {
                        continue;
                    }
                    "node(s) didn't find available persistent volumes to bind"
                }
            };
            return Err(Rejection::unresolvable(problem));
        }
        Ok(())
    }
}

/// The claims of a pod that wait for it: their volumes are bound when it has a node.
pub(in crate::scheduler) fn delayed(cycle: Cycle<'_>) -> Vec<Arc<Object>> {
    let (storage, space) = (cycle.cache.storage(), &cycle.class.namespace);
    let claims = cycle.class.facts().claims.iter();
    claims
        .filter_map(|name| storage.get(Kind::PersistentVolumeClaim, space, name))
        .filter(|claim| !is_bound_claim(claim))
        .cloned()
        .collect()
}

impl Plugin for VolumeBinding {
    fn name(&self) -> &'static str {
        "VolumeBinding"
    }

    fn pre_filter<'a>(&self, cycle: Cycle<'a>) -> PreFilter<'a> {
        let claims = &cycle.class.facts().claims;
        if claims.is_empty() {
            return PreFilter::Skip;
        }
        let storage = cycle.cache.storage();
        let mut wishes = Vec::new();
        let mut immediate = false;
        for name in claims {
            let space = &cycle.class.namespace;
            let Some(claim) = storage.get(Kind::PersistentVolumeClaim, space, name) else {
                let why = format!("persistentvolumeclaim \"{name}\" not found");
                return PreFilter::Reject(Cow::Owned(why));
            };
            if claim.meta.is_deleting() {
                let why = format!("persistentvolumeclaim \"{name}\" is being deleted");
                return PreFilter::Reject(Cow::Owned(why));
            }
            if is_bound_claim(claim) {
                let volume = data_text(claim, "/spec/volumeName");
                match storage.get(Kind::PersistentVolume, "", volume) {
                    Some(volume) => wishes.extend(volume_nodes(volume).map(Wish::Reached)),
                    None => wishes.push(Wish::Lost),
                }
                continue;
            }
            let class = data_text(claim, "/spec/storageClassName");
            let class = storage.get(Kind::StorageClass, "", class);
            match class.filter(|class| waits_for_consumer(class)) {
                None => immediate = true,
                Some(class) if data_text(class, "/provisioner") == NO_PROVISIONER => {
                    let free = storage.volumes().filter(|volume| {
                        data_text(volume, "/status/phase") == "Available"
                            && data_text(volume, "/spec/storageClassName") == &*class.meta.name
                    });
                    wishes.push(Wish::OneOf(free.map(|v| volume_nodes(v)).collect()));
                }
                Some(_) => {}
            }
        }
        if immediate {
            let why = "pod has unbound immediate PersistentVolumeClaims";
            return PreFilter::Reject(Cow::Borrowed(why));
        }
        PreFilter::Filter(Box::new(Wishes(wishes)))
    }

    fn hint(&self, event: &ClusterEvent<'_>, waiting: &Waiting<'_>) -> bool {
        match event {
            ClusterEvent::Storage(object) if object.kind() == Kind::PersistentVolumeClaim => {
                let claims = &waiting.pod.spec.facts.claims;
                object.meta.namespace == waiting.object.meta.namespace
                    && claims.iter().any(|name| *object.meta.name == **name)
            }
            ClusterEvent::Storage(_) | ClusterEvent::NodeAdd(..) => true,
            ClusterEvent::NodeUpdate(update) => update.labels,
            _ => false,
        }
    }

    fn wakes_on_any_taint(&self) -> bool {
        true
    }
}
