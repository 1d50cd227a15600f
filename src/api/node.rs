//! Nodes, compact.
//!
//! Upstream: `core/v1.Node`. Differs: the times of heartbeats are not stored with each status post
//! but computed from the node's [`super::LeaseBody`] when a node is printed.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::clock::SimTime;

use super::{ConditionStatus, Resources};

/// A taint of a node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Taint {
    pub key: Arc<str>,
    pub value: Arc<str>,
    /// `NoSchedule`, `PreferNoSchedule`, `NoExecute`.
    pub effect: Arc<str>,
    pub time_added: Option<SimTime>,
}

/// `spec` and `status` of a node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodeBody {
    pub unschedulable: bool,
    pub taints: Arc<[Taint]>,
    pub status: Arc<NodeStatus>,
}

/// `status` of a node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodeStatus {
    /// `capacity` and `allocatable` as printed (`cpu: 4`, `memory: 8Gi`, …).
    pub capacity: Arc<BTreeMap<String, String>>,
    /// The same, read.
    pub allocatable: Resources,
    /// `allocatable.pods`.
    pub pods: i64,
    pub internal_ip: Ipv4Addr,
    pub conditions: NodeConditions,
    pub images: Arc<[NodeImage]>,
    pub boot_id: Arc<str>,
    pub machine_id: Arc<str>,
    pub system_uuid: Arc<str>,
    pub kubelet_version: Arc<str>,
    pub kernel_version: Arc<str>,
    pub os_image: Arc<str>,
    pub runtime_version: Arc<str>,
}

/// The four conditions that a kubelet writes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodeConditions {
    pub ready: ConditionStatus,
    /// Set when the node controller has given up on the kubelet: all four are Unknown.
    pub ready_reason: Arc<str>,
    pub ready_message: Arc<str>,
    pub ready_transition: SimTime,
    pub memory_pressure: ConditionStatus,
    pub disk_pressure: ConditionStatus,
    pub pid_pressure: ConditionStatus,
    /// When the three pressures last changed.
    pub pressure_transition: SimTime,
}

/// An image that a node holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodeImage {
    /// `docker.io/library/nginx:1.7.9`.
    pub name: Arc<str>,
    pub size_bytes: i64,
}

impl NodeBody {
    /// Whether the condition Ready is True.
    pub fn is_ready(&self) -> bool {
        self.status.conditions.ready == ConditionStatus::True
    }

    /// Whether the node has a taint of this key and effect.
    pub fn has_taint(&self, key: &str, effect: &str) -> bool {
        self.taints
            .iter()
            .any(|t| &*t.key == key && &*t.effect == effect)
    }
}
