//! Claims, volumes and storage classes, as the scheduler's watches have shown them.
//!
//! Upstream: the listers of `FP/volumebinding`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::{Key, Kind, Object};

/// The objects by key.
#[derive(Clone, Default)]
pub(in crate::scheduler) struct Storage(BTreeMap<Key, Arc<Object>>);

impl Storage {
    /// Takes note of a change.
    pub(in crate::scheduler) fn note(
        &mut self,
        old: Option<&Arc<Object>>,
        new: Option<&Arc<Object>>,
    ) {
        match (old, new) {
            (_, Some(new)) => self.0.insert(new.key(), new.clone()),
            (Some(old), None) => self.0.remove(&old.key()),
            (None, None) => None,
        };
    }

    /// An object by kind, namespace and name.
    pub(in crate::scheduler) fn get(
        &self,
        kind: Kind,
        namespace: &str,
        name: &str,
    ) -> Option<&Arc<Object>> {
        self.0.get(&Key::new(kind, namespace, name))
    }

    /// All volumes.
    pub(in crate::scheduler) fn volumes(&self) -> impl Iterator<Item = &Arc<Object>> {
        let from = Key::new(Kind::PersistentVolume, "", "");
        let volumes = self.0.range(from..);
        volumes
            .take_while(|(key, _)| key.kind == Kind::PersistentVolume)
            .map(|(_, volume)| volume)
    }
}
