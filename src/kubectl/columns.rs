//! The words of kubectl's tables for one object, for those who show objects without a table.
//!
//! Upstream: the printers beside this file; nothing of its own.

use crate::api::Object;

use super::printers;

/// READY and STATUS of a pod.
pub struct PodColumns {
    pub ready: String,
    pub status: String,
}

/// STATUS and ROLES of a node.
pub struct NodeColumns {
    pub status: String,
    pub roles: String,
}

/// `1/1` and `Running` (empty for what is no pod).
pub fn pod_columns(object: &Object) -> PodColumns {
    let (ready, status) = object
        .pod()
        .map(|pod| printers::pod_words(object, pod))
        .unwrap_or_default();
    PodColumns { ready, status }
}

/// `Ready,SchedulingDisabled` and `control-plane` (empty for what is no node).
pub fn node_columns(object: &Object) -> NodeColumns {
    let status = object.node().map(printers::node_status).unwrap_or_default();
    NodeColumns {
        status,
        roles: printers::node_roles(&object.meta),
    }
}
