//! DaemonSets.
//!
//! Upstream: `apps/v1`. The spec is kept as the API has it; what the controller counts is plain.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::DaemonSetSpec;

use super::template::Hashed;
use super::{PodTemplate, Selector};

/// `spec` and `status` of a DaemonSet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DaemonSetBody {
    pub spec: Arc<Hashed<DaemonSetSpec>>,
    /// `spec.template` again, in the form that workloads share.
    pub template: Arc<PodTemplate>,
    pub selector: Arc<Selector>,
    pub status: DaemonSetStatus,
}

impl DaemonSetBody {
    /// Wraps a defaulted spec.
    pub fn new(spec: DaemonSetSpec, status: DaemonSetStatus) -> DaemonSetBody {
        DaemonSetBody {
            template: PodTemplate::new(spec.template.clone()),
            selector: Arc::new(Selector::from_api(&spec.selector)),
            spec: Arc::new(Hashed::new(spec)),
            status,
        }
    }

    /// `spec.minReadySeconds`.
    pub fn min_ready_seconds(&self) -> i32 {
        self.spec.min_ready_seconds.unwrap_or(0)
    }
}

/// `status` of a DaemonSet: numbers of nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DaemonSetStatus {
    pub observed_generation: i64,
    /// Nodes that should run the pod.
    pub desired: i32,
    /// Of those, nodes that have one.
    pub current: i32,
    /// Nodes that have one and should not.
    pub misscheduled: i32,
    pub ready: i32,
    pub updated: i32,
    pub available: i32,
    pub unavailable: i32,
    pub collision_count: Option<i32>,
}
