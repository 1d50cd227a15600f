//! Descriptions: one describer a kind, and the blocks that they share.
//!
//! Upstream: `kubectl/pkg/describe/describe.go`.

mod amounts;
mod autoscaler;
mod config;
mod containers;
mod cronjob;
mod daemonset;
mod deployment;
mod disruption;
mod endpoints;
mod events;
mod generic;
mod ingress;
mod job;
mod limitrange;
mod namespace;
mod networkpolicy;
mod node;
mod pod;
mod priorityclass;
mod quota;
mod rbac;
mod replicaset;
mod service;
mod serviceaccount;
mod statefulset;
mod storage;
mod template;
mod text;
mod volumes;

use std::sync::Arc;

use crate::api::{Kind, Object};
use crate::apiserver::Snapshot;
use crate::clock::SimTime;

use super::tables::{DESCRIPTION, align};

pub use events::EventLine;
pub use template::raw_template;
use text::Text;

/// What a describer looks at.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub snapshot: Snapshot<'a>,
    pub now: SimTime,
    /// Whether the object's events are shown.
    pub events: bool,
}

/// An object's description, aligned.
pub fn describe(object: &Arc<Object>, scene: Scene<'_>) -> String {
    let mut out = Text::default();
    match object.kind() {
        Kind::Pod => pod::write(object, scene, &mut out),
        Kind::Deployment => deployment::write(object, scene, &mut out),
        Kind::ReplicaSet | Kind::ReplicationController => {
            replicaset::write(object, scene, &mut out);
        }
        Kind::DaemonSet => daemonset::write(object, scene, &mut out),
        Kind::StatefulSet => statefulset::write(object, scene, &mut out),
        Kind::PersistentVolumeClaim => storage::write_claim(object, scene, &mut out),
        Kind::PersistentVolume => storage::write_volume(object, scene, &mut out),
        Kind::StorageClass => storage::write_class(object, scene, &mut out),
        Kind::Job => job::write(object, scene, &mut out),
        Kind::CronJob => cronjob::write(object, scene, &mut out),
        Kind::Node => node::write(object, scene, &mut out),
        Kind::Service => service::write(object, scene, &mut out),
        Kind::Namespace => namespace::write(object, scene, &mut out),
        Kind::ConfigMap => config::config_map(object, scene, &mut out),
        Kind::Secret => config::secret(object, scene, &mut out),
        Kind::ServiceAccount => serviceaccount::write(object, scene, &mut out),
        Kind::Endpoints => endpoints::endpoints(object, scene, &mut out),
        Kind::EndpointSlice => endpoints::slice(object, scene, &mut out),
        Kind::Ingress => ingress::ingress(object, scene, &mut out),
        Kind::IngressClass => ingress::class(object, scene, &mut out),
        Kind::NetworkPolicy => networkpolicy::write(object, scene, &mut out),
        Kind::HorizontalPodAutoscaler => autoscaler::write(object, scene, &mut out),
        Kind::PodDisruptionBudget => disruption::write(object, scene, &mut out),
        Kind::ResourceQuota => quota::write(object, scene, &mut out),
        Kind::LimitRange => limitrange::write(object, scene, &mut out),
        Kind::PriorityClass => priorityclass::write(object, scene, &mut out),
        Kind::Role | Kind::ClusterRole => rbac::role(object, scene, &mut out),
        Kind::RoleBinding | Kind::ClusterRoleBinding => rbac::binding(object, scene, &mut out),
        _ => generic::write(object, scene, &mut out),
    }
    align(&out.finish(), DESCRIPTION)
}
