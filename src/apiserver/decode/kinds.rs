//! Kinds whose objects are kept as data: read as the API's own type, so that its form is checked,
//! and written out again.
//!
//! Upstream: the codecs of `staging/src/k8s.io/api`.

use std::cell::RefCell;
use std::sync::Arc;

use k8s_openapi::Metadata;
use k8s_openapi::api::admissionregistration::v1 as admissionregistration;
use k8s_openapi::api::{
    apps::v1 as apps, autoscaling::v2 as autoscaling, batch::v1 as batch, core::v1 as core,
    discovery::v1 as discovery, networking::v1 as networking, policy::v1 as policy,
    rbac::v1 as rbac, scheduling::v1 as scheduling, storage::v1 as storage,
};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1 as apiextensions;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::kube_aggregator::pkg::apis::apiregistration::v1 as apiregistration;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::api::{Body, Kind, Meta};

use super::metadata;
use super::strict::{self, Notes};

/// Reads an object of a kind that is kept as data; `None` for the other kinds.
pub(super) fn read<'a>(
    kind: Kind,
    value: &'a Value,
    notes: &RefCell<Notes<'a>>,
) -> Option<(Meta, Body)> {
    let (meta, fields) = match kind {
        Kind::ConfigMap => whole::<core::ConfigMap>(value, notes),
        Kind::Endpoints => whole::<core::Endpoints>(value, notes),
        Kind::LimitRange => whole::<core::LimitRange>(value, notes),
        Kind::PersistentVolumeClaim => whole::<core::PersistentVolumeClaim>(value, notes),
        Kind::PersistentVolume => whole::<core::PersistentVolume>(value, notes),
        Kind::ReplicationController => whole::<core::ReplicationController>(value, notes),
        Kind::ResourceQuota => whole::<core::ResourceQuota>(value, notes),
        Kind::Secret => whole::<core::Secret>(value, notes),
        Kind::ServiceAccount => whole::<core::ServiceAccount>(value, notes),
        Kind::MutatingWebhookConfiguration => {
            whole::<admissionregistration::MutatingWebhookConfiguration>(value, notes)
        }
        Kind::ValidatingWebhookConfiguration => {
            whole::<admissionregistration::ValidatingWebhookConfiguration>(value, notes)
        }
        Kind::CustomResourceDefinition => {
            whole::<apiextensions::CustomResourceDefinition>(value, notes)
        }
        Kind::APIService => whole::<apiregistration::APIService>(value, notes),
        Kind::ControllerRevision => whole::<apps::ControllerRevision>(value, notes),
        Kind::DaemonSet => whole::<apps::DaemonSet>(value, notes),
        Kind::StatefulSet => whole::<apps::StatefulSet>(value, notes),
        Kind::HorizontalPodAutoscaler => {
            whole::<autoscaling::HorizontalPodAutoscaler>(value, notes)
        }
        Kind::CronJob => whole::<batch::CronJob>(value, notes),
        Kind::Job => whole::<batch::Job>(value, notes),
        Kind::EndpointSlice => whole::<discovery::EndpointSlice>(value, notes),
        Kind::IngressClass => whole::<networking::IngressClass>(value, notes),
        Kind::Ingress => whole::<networking::Ingress>(value, notes),
        Kind::NetworkPolicy => whole::<networking::NetworkPolicy>(value, notes),
        Kind::PodDisruptionBudget => whole::<policy::PodDisruptionBudget>(value, notes),
        Kind::ClusterRoleBinding => whole::<rbac::ClusterRoleBinding>(value, notes),
        Kind::ClusterRole => whole::<rbac::ClusterRole>(value, notes),
        Kind::RoleBinding => whole::<rbac::RoleBinding>(value, notes),
        Kind::Role => whole::<rbac::Role>(value, notes),
        Kind::PriorityClass => whole::<scheduling::PriorityClass>(value, notes),
        Kind::StorageClass => whole::<storage::StorageClass>(value, notes),
        Kind::Event
        | Kind::Namespace
        | Kind::Node
        | Kind::Pod
        | Kind::Service
        | Kind::Deployment
        | Kind::ReplicaSet
        | Kind::Lease => return None,
    };
    let body = Body::Data(kind, Arc::new(Value::Object(fields)));
    Some((metadata::from_api(meta), body))
}

/// The metadata, and every other field that is the writer's to give.
fn whole<'a, T>(value: &'a Value, notes: &RefCell<Notes<'a>>) -> (ObjectMeta, Map<String, Value>)
where
    T: Metadata<Ty = ObjectMeta> + Default + Serialize + DeserializeOwned,
{
    let mut object = strict::read_object::<T>(value, notes).unwrap_or_default();
    let meta = std::mem::take(object.metadata_mut());
    let written = serde_json::to_value(&object).unwrap_or_default();
    let mut fields = match written {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    for envelope in ["apiVersion", "kind", "metadata", "status"] {
        fields.remove(envelope);
    }
    (meta, fields)
}
