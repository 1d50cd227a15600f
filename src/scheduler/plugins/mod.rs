//! The table of plugins: one row a plugin, in the order in which filters are asked.
//!
//! Upstream: `pkg/scheduler/apis/config/v1/default_plugins.go`. Differs: of the volume plugins only
//! VolumeBinding is there; DynamicResources and NodeDeclaredFeatures are missing, since what they
//! look at does not exist here; PrioritySort is the queue's own order, DefaultBinder and
//! DefaultPreemption are in files of the room.

mod balanced_allocation;
mod fit;
mod image_locality;
mod inter_pod_affinity;
mod node_affinity;
mod node_name;
mod node_ports;
mod node_unschedulable;
mod scheduling_gates;
mod taint_toleration;
mod topology_spread;
mod volume_binding;

use super::framework::Plugin;

pub(super) use volume_binding::delayed;

/// One row: the plugin and the weight of its score.
pub(super) struct Row {
    pub(super) plugin: &'static dyn Plugin,
    pub(super) weight: i64,
}

const fn row(plugin: &'static dyn Plugin, weight: i64) -> Row {
    Row { plugin, weight }
}

/// Every plugin.
pub(super) const PLUGINS: &[Row] = &[
    row(&scheduling_gates::SchedulingGates, 0),
    row(&node_unschedulable::NodeUnschedulable, 0),
    row(&node_name::NodeName, 0),
    row(&taint_toleration::TaintToleration, 3),
    row(&node_affinity::NodeAffinity, 2),
    row(&node_ports::NodePorts, 0),
    row(&fit::NodeResourcesFit, 1),
    row(&volume_binding::VolumeBinding, 0),
    row(&topology_spread::PodTopologySpread, 2),
    row(&inter_pod_affinity::InterPodAffinity, 2),
    row(&balanced_allocation::NodeResourcesBalancedAllocation, 1),
    row(&image_locality::ImageLocality, 1),
];

/// A plugin's bit among those that rejected a pod.
pub(super) fn bit_of(name: &str) -> u32 {
    let at = PLUGINS.iter().position(|row| row.plugin.name() == name);
    at.map_or(0, |at| 1 << at)
}
