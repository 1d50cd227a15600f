//! Deployments and ReplicaSets.
//!
//! Upstream: `apps/v1`. A Deployment keeps its spec as the API has it (no field of a visitor is
//! lost); a ReplicaSet, of which there are many, keeps only what differs beside the shared
//! template.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::DeploymentSpec;
use k8s_openapi::api::core::v1::ReplicationControllerSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use crate::clock::SimTime;

use super::template::Hashed;
use super::{ConditionStatus, PodTemplate, Selector};

/// `spec` and `status` of a Deployment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeploymentBody {
    pub spec: Arc<Hashed<DeploymentSpec>>,
    /// `spec.template` again, in the form that ReplicaSets share.
    pub template: Arc<PodTemplate>,
    pub selector: Arc<Selector>,
    pub status: DeploymentStatus,
}

impl DeploymentBody {
    /// Wraps a defaulted spec.
    pub fn new(spec: DeploymentSpec, status: DeploymentStatus) -> DeploymentBody {
        let template = PodTemplate::new(spec.template.clone());
        let selector = Arc::new(Selector::from_api(&spec.selector));
        DeploymentBody {
            spec: Arc::new(Hashed::new(spec)),
            template,
            selector,
            status,
        }
    }

    /// `spec.replicas` (defaulted to 1).
    pub fn replicas(&self) -> i32 {
        self.spec.replicas.unwrap_or(1)
    }
}

/// `status` of a Deployment; zero counts are left out when printed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DeploymentStatus {
    pub observed_generation: i64,
    pub replicas: i32,
    pub updated_replicas: i32,
    pub ready_replicas: i32,
    pub available_replicas: i32,
    pub unavailable_replicas: i32,
    /// `None` until the controller has written a status; then printed even if 0.
    pub terminating_replicas: Option<i32>,
    pub collision_count: Option<i32>,
    /// In the order in which they were last set.
    pub conditions: Vec<Condition>,
}

/// A condition of a workload.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Condition {
    /// `Available`, `Progressing`, `ReplicaFailure`.
    pub kind: Arc<str>,
    pub status: ConditionStatus,
    pub reason: Arc<str>,
    pub message: Arc<str>,
    pub updated: SimTime,
    pub transition: SimTime,
}

/// `spec` and `status` of a ReplicaSet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReplicaSetBody {
    pub replicas: i32,
    pub min_ready_seconds: i32,
    pub api_selector: Arc<Hashed<LabelSelector>>,
    pub selector: Arc<Selector>,
    pub template: Arc<PodTemplate>,
    pub status: ReplicaSetStatus,
}

impl ReplicaSetBody {
    /// A new ReplicaSet's body, without status.
    pub fn new(
        replicas: i32,
        min_ready_seconds: i32,
        selector: LabelSelector,
        template: Arc<PodTemplate>,
    ) -> Self {
        ReplicaSetBody {
            replicas,
            min_ready_seconds,
            selector: Arc::new(Selector::from_api(&selector)),
            api_selector: Arc::new(Hashed::new(selector)),
            template,
            status: ReplicaSetStatus::default(),
        }
    }

    /// The body of a ReplicationController, which is a ReplicaSet but for its selector: a map.
    pub fn of_controller(spec: ReplicationControllerSpec) -> Self {
        let selector = LabelSelector {
            match_labels: spec.selector,
            match_expressions: None,
        };
        let template = PodTemplate::new(spec.template.unwrap_or_default());
        let minimum = spec.min_ready_seconds.unwrap_or(0);
        ReplicaSetBody::new(spec.replicas.unwrap_or(1), minimum, selector, template)
    }
}

/// `status` of a ReplicaSet; `replicas` is printed even if 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ReplicaSetStatus {
    pub observed_generation: i64,
    pub replicas: i32,
    pub fully_labeled_replicas: i32,
    pub ready_replicas: i32,
    pub available_replicas: i32,
    pub terminating_replicas: Option<i32>,
    pub conditions: Vec<Condition>,
}
