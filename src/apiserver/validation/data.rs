//! The table of rules for kinds that are kept as data.
//!
//! Upstream: the `Validate` and `ValidateUpdate` of each kind's strategy in `pkg/registry`.

use serde_json::Value;

use crate::api::{Kind, Object};

use crate::apiserver::structural;

use super::{
    Errors, api_service, autoscaler, config, definition, disruption, endpoints, ingress,
    limit_range, network_policy, priority_class, quota, rbac, service, storage, webhook,
};

/// Problems of a new object.
pub(super) fn create(kind: Kind, object: &Object, body: &Value, errors: &mut Errors) {
    match kind {
        Kind::Service => service::service(body, errors),
        Kind::ConfigMap => config::config_map(body, errors),
        Kind::PersistentVolumeClaim | Kind::PersistentVolume | Kind::StorageClass => {
            storage::storage(kind, body, errors);
        }
        Kind::Secret => config::secret(&object.meta, body, errors),
        Kind::Ingress => ingress::ingress(body, errors),
        Kind::IngressClass => ingress::class(body, errors),
        Kind::NetworkPolicy => network_policy::network_policy(body, errors),
        Kind::HorizontalPodAutoscaler => autoscaler::autoscaler(body, errors),
        Kind::PodDisruptionBudget => disruption::budget(body, errors),
        Kind::ResourceQuota => quota::quota(body, errors),
        Kind::LimitRange => limit_range::limit_range(body, errors),
        Kind::PriorityClass => priority_class::priority_class(&object.meta, body, errors),
        Kind::Role | Kind::ClusterRole => rbac::role(kind, body, errors),
        Kind::RoleBinding | Kind::ClusterRoleBinding => rbac::binding(kind, body, errors),
        Kind::Endpoints => endpoints::endpoints(body, errors),
        Kind::EndpointSlice => endpoints::endpoint_slice(body, errors),
        Kind::MutatingWebhookConfiguration => webhook::configuration(true, body, errors),
        Kind::ValidatingWebhookConfiguration => webhook::configuration(false, body, errors),
        Kind::APIService => api_service::api_service(&object.meta, body, errors),
        Kind::CustomResourceDefinition => definition::definition(&object.meta, body, errors),
        Kind::Custom(custom) => errors.extend(structural::validate(body, None, custom.schema())),
        _ => {}
    }
}

/// Problems of a new version of an object.
pub(super) fn update(kind: Kind, object: &Object, new: &Value, old: &Value, errors: &mut Errors) {
    match kind {
        Kind::Service => {
            service::service(new, errors);
            service::immutable_address(new, old, errors);
        }
        Kind::ConfigMap | Kind::Secret => {
            config::immutable(kind, new, old, errors);
            create(kind, object, new, errors);
        }
        Kind::EndpointSlice => {
            endpoints::endpoint_slice(new, errors);
            endpoints::same_address_type(new, old, errors);
        }
        Kind::PriorityClass => priority_class::immutable(new, old, errors),
        Kind::RoleBinding | Kind::ClusterRoleBinding => {
            rbac::binding(kind, new, errors);
            rbac::same_role(new, old, errors);
        }
        Kind::ResourceQuota => {
            quota::quota(new, errors);
            quota::same_scopes(new, old, errors);
        }
        Kind::Custom(custom) => {
            errors.extend(structural::validate(new, Some(old), custom.schema()));
        }
        Kind::CustomResourceDefinition => {
            create(kind, object, new, errors);
            definition::immutable(new, old, errors);
        }
        _ => create(kind, object, new, errors),
    }
}
