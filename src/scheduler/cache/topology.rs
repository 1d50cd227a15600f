//! Which node is in which domain, for every topology key that any pod has asked about.
//!
//! Upstream: none; upstream looks the label up on every node in every cycle.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::Labels;

use super::{Cache, NodeId};

/// The domains of one key, numbered from 1; 0 stands for nodes without the label.
#[derive(Clone, Default)]
pub(in crate::scheduler) struct Topology {
    numbers: BTreeMap<Arc<str>, u32>,
    of_node: Vec<u32>,
}

impl Topology {
    /// The domain of a node; 0 if it has none.
    pub(in crate::scheduler) fn domain(&self, node: NodeId) -> u32 {
        self.of_node.get(node as usize).copied().unwrap_or(0)
    }

    /// One more than the highest number of a domain.
    pub(in crate::scheduler) fn len(&self) -> usize {
        self.numbers.len() + 1
    }

    /// Whether no node ever had the label.
    pub(in crate::scheduler) fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    fn set(&mut self, node: NodeId, value: Option<&String>) {
        let number = match value {
            None => 0,
            Some(value) => {
                let next = u32::try_from(self.numbers.len() + 1).unwrap_or(u32::MAX);
                *self
                    .numbers
                    .entry(Arc::from(value.as_str()))
                    .or_insert(next)
            }
        };
        let index = node as usize;
        if self.of_node.len() <= index {
            self.of_node.resize(index + 1, 0);
        }
        if let Some(slot) = self.of_node.get_mut(index) {
            *slot = number;
        }
    }
}

impl Cache {
    /// Makes sure that the domains of a key are known.
    pub(in crate::scheduler) fn ensure_topology(&mut self, key: &str) {
        if self.topologies.contains_key(key) {
            return;
        }
        let mut topology = Topology::default();
        for id in self.order.iter().copied() {
            topology.set(id, self.node(id).labels.get(key));
        }
        self.topologies.insert(key.into(), Arc::new(topology));
    }

    /// The domains of a key that was ensured.
    pub(in crate::scheduler) fn topology(&self, key: &str) -> Option<&Arc<Topology>> {
        self.topologies.get(key)
    }

    /// Notes that a node has come, gone (`None`) or changed its labels.
    pub(super) fn move_in_topologies(&mut self, node: NodeId, labels: Option<&Labels>) {
        let mut moved = Vec::new();
        for (key, topology) in &mut self.topologies {
            let topology = Arc::make_mut(topology);
            let before = topology.domain(node);
            topology.set(node, labels.and_then(|labels| labels.get(&**key)));
            if topology.domain(node) != before {
                moved.push(key.clone());
            }
        }
        self.forget_domains(&moved);
    }
}
