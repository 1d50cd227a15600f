//! A reading of the store at one revision: what a component's cache holds, what `kubectl get` sees.
//!
//! Upstream: informer caches (`client-go/tools/cache`) and lists at a resourceVersion.

use std::sync::Arc;

use crate::api::{Key, Kind, Object, Uid};

use super::Store;

/// All objects as they were after one revision.
#[derive(Clone, Copy)]
pub struct Snapshot<'a> {
    store: &'a Store,
    revision: u64,
}

impl<'a> Snapshot<'a> {
    pub(super) fn new(store: &'a Store, revision: u64) -> Snapshot<'a> {
        Snapshot { store, revision }
    }

    /// The store that is read.
    pub(super) fn store(&self) -> &'a Store {
        self.store
    }

    /// The revision that is read.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// One object.
    pub fn get(&self, key: &Key) -> Option<&'a Arc<Object>> {
        self.store
            .latest_at(key.kind, self.store.slot(key)?, self.revision)
    }

    /// One object by its parts; namespace is empty for cluster-scoped kinds.
    pub fn find(&self, kind: Kind, namespace: &str, name: &str) -> Option<&'a Arc<Object>> {
        let slot = self.store.slot_of(kind, namespace, name)?;
        self.store.latest_at(kind, slot, self.revision)
    }

    /// Objects of a kind, in the order of (namespace, name), of one namespace or (`None`) of all.
    pub fn list(
        self,
        kind: Kind,
        namespace: Option<&str>,
    ) -> impl Iterator<Item = &'a Arc<Object>> {
        self.store
            .slots(kind, namespace)
            .filter_map(move |slot| self.store.latest_at(kind, slot, self.revision))
    }

    /// Objects of a kind, in the order in which their names were first used.
    pub fn list_by_age(self, kind: Kind) -> impl Iterator<Item = &'a Arc<Object>> {
        (0..self.store.slot_count(kind))
            .filter_map(move |slot| self.store.latest_at(kind, slot, self.revision))
    }

    /// Objects of a kind whose controller has this uid, in the order in which they became so. With
    /// the zero uid: those without a controller.
    pub fn owned_by(self, kind: Kind, uid: Uid) -> impl Iterator<Item = &'a Arc<Object>> {
        let owner = |o: &Object| o.meta.controller().map(|c| c.uid).unwrap_or_default();
        let slots = self
            .store
            .owned_slots(uid)
            .iter()
            .filter(move |(k, _)| *k == kind);
        slots
            .filter_map(move |(_, slot)| self.store.latest_at(kind, *slot, self.revision))
            .filter(move |object| owner(object) == uid)
    }

    /// Everything whose controller has this uid.
    pub fn dependents(self, uid: Uid) -> impl Iterator<Item = &'a Arc<Object>> {
        let slots = self.store.owned_slots(uid).iter();
        slots
            .filter_map(move |(kind, slot)| self.store.latest_at(*kind, *slot, self.revision))
            .filter(move |object| object.meta.owners.iter().any(|owner| owner.uid == uid))
    }

    /// Pods bound to a node, in the order in which they were bound.
    pub fn pods_on(self, node: &str) -> impl Iterator<Item = &'a Arc<Object>> {
        let name = node.to_string();
        let slots = self.store.node_slots(node).iter();
        slots
            .filter_map(move |slot| self.store.latest_at(Kind::Pod, *slot, self.revision))
            .filter(move |object| object.pod().and_then(|p| p.node_name.as_deref()) == Some(&*name))
    }
}
