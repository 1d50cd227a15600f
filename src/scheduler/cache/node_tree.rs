//! The order in which nodes are examined: the zones in turn, one node of each.
//!
//! Upstream: `pkg/scheduler/backend/cache/node_tree.go`, `component-helpers/node/topology`.

use std::sync::Arc;

use crate::api::Labels;

/// Nodes by zone; zones in the order in which they were first seen.
#[derive(Clone, Default)]
pub(super) struct NodeTree {
    zones: Vec<(Zone, Vec<u32>)>,
}

/// Region and zone of a node; both empty where the labels are missing.
pub(super) type Zone = (Arc<str>, Arc<str>);

/// The zone that labels name; the labels of old take precedence.
pub(super) fn zone_of(labels: &Labels) -> Zone {
    let first = |old: &str, new: &str| -> Arc<str> {
        let value = labels.get(old).or_else(|| labels.get(new));
        value.map_or_else(|| Arc::from(""), |v| Arc::from(v.as_str()))
    };
    (
        first(
            "failure-domain.beta.kubernetes.io/region",
            "topology.kubernetes.io/region",
        ),
        first(
            "failure-domain.beta.kubernetes.io/zone",
            "topology.kubernetes.io/zone",
        ),
    )
}

impl NodeTree {
    pub(super) fn add(&mut self, zone: Zone, node: u32) {
        match self.zones.iter_mut().find(|(known, _)| *known == zone) {
            Some((_, nodes)) => nodes.push(node),
            None => self.zones.push((zone, vec![node])),
        }
    }

    pub(super) fn remove(&mut self, zone: &Zone, node: u32) {
        if let Some((_, nodes)) = self.zones.iter_mut().find(|(known, _)| known == zone) {
            nodes.retain(|n| *n != node);
        }
        self.zones.retain(|(_, nodes)| !nodes.is_empty());
    }

    /// The i-th node of every zone in turn.
    pub(super) fn list(&self) -> Vec<u32> {
        let longest = self.zones.iter().map(|(_, nodes)| nodes.len()).max();
        let row = |i| self.zones.iter().filter_map(move |(_, nodes)| nodes.get(i));
        (0..longest.unwrap_or(0)).flat_map(row).copied().collect()
    }

    /// Nodes zone by zone: what decides the order of those to come.
    pub(super) fn by_zone(&self) -> impl Iterator<Item = &[u32]> {
        self.zones.iter().map(|(_, nodes)| nodes.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_take_turns_in_the_order_in_which_they_were_seen() {
        let mut tree = NodeTree::default();
        let zone = |name: &str| (Arc::from(""), Arc::from(name));
        for (node, name) in [(1, "a"), (2, "a"), (3, "b"), (4, "c"), (5, "a")] {
            tree.add(zone(name), node);
        }
        assert_eq!(tree.list(), [1, 3, 4, 2, 5]);
        tree.remove(&zone("b"), 3);
        assert_eq!(tree.list(), [1, 4, 2, 5]);
        tree.add(zone("b"), 3);
        assert_eq!(tree.list(), [1, 4, 3, 2, 5]);
    }
}
