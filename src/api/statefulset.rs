//! StatefulSets.
//!
//! Upstream: `apps/v1`. The spec is kept as the API has it; what the controller counts is plain.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::StatefulSetSpec;

use super::template::Hashed;
use super::{PodTemplate, Selector};

/// `spec` and `status` of a StatefulSet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StatefulSetBody {
    pub spec: Arc<Hashed<StatefulSetSpec>>,
    /// `spec.template` again, in the form that workloads share.
    pub template: Arc<PodTemplate>,
    pub selector: Arc<Selector>,
    pub status: StatefulSetStatus,
}

impl StatefulSetBody {
    /// Wraps a defaulted spec.
    pub fn new(spec: StatefulSetSpec, status: StatefulSetStatus) -> StatefulSetBody {
        StatefulSetBody {
            template: PodTemplate::new(spec.template.clone()),
            selector: Arc::new(Selector::from_api(&spec.selector)),
            spec: Arc::new(Hashed::new(spec)),
            status,
        }
    }

    /// `spec.replicas` (defaulted to 1).
    pub fn replicas(&self) -> i32 {
        self.spec.replicas.unwrap_or(1)
    }

    /// `spec.minReadySeconds`.
    pub fn min_ready_seconds(&self) -> i32 {
        self.spec.min_ready_seconds.unwrap_or(0)
    }

    /// The ordinal of the first pod: `spec.ordinals.start`.
    pub fn first_ordinal(&self) -> i32 {
        let ordinals = self.spec.ordinals.as_ref();
        ordinals.and_then(|o| o.start).unwrap_or(0)
    }

    /// `spec.updateStrategy.rollingUpdate.partition`; `None` without a `rollingUpdate`.
    pub fn partition(&self) -> Option<i32> {
        let strategy = self.spec.update_strategy.as_ref()?;
        Some(strategy.rolling_update.as_ref()?.partition.unwrap_or(0))
    }

    /// Whether the update strategy is `OnDelete`.
    pub fn updates_on_delete(&self) -> bool {
        let strategy = self.spec.update_strategy.as_ref();
        strategy.and_then(|s| s.type_.as_deref()) == Some("OnDelete")
    }

    /// Whether `podManagementPolicy` is `Parallel`.
    pub fn is_parallel(&self) -> bool {
        self.spec.pod_management_policy.as_deref() == Some("Parallel")
    }
}

/// `status` of a StatefulSet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct StatefulSetStatus {
    pub observed_generation: i64,
    pub replicas: i32,
    pub ready_replicas: i32,
    pub available_replicas: i32,
    pub current_replicas: i32,
    pub updated_replicas: i32,
    /// The names of revisions; empty until the controller has written a status.
    pub current_revision: Arc<str>,
    pub update_revision: Arc<str>,
    pub collision_count: Option<i32>,
}
