//! What every cluster has from its first moment: namespaces, priority classes, the Service of the
//! API server, and a storage class.
//!
//! Upstream: `pkg/controlplane/controller/{systemnamespaces,kubernetesservice}`,
//! `pkg/registry/scheduling/rest`, `pkg/controlplane/reconcilers`. Differs: no roles of the system.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::{Body, Kind, Meta, Object};
use crate::apiserver::{ApiServer, Cause, SYSTEM_CLASSES};

const NAMESPACES: &[&str] = &["default", "kube-node-lease", "kube-public", "kube-system"];
const CRITICAL_NODE: &str =
    "Used for system critical pods that must not be moved from their current node.";
const CRITICAL_CLUSTER: &str = "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.";

/// Creates all of it, and further namespaces. The control plane answers at `address`.
pub(super) fn furnish(api: &mut ApiServer, namespaces: &[String], address: &str, cause: Cause) {
    let more = namespaces.iter().map(String::as_str);
    for name in NAMESPACES
        .iter()
        .copied()
        .chain(more.filter(|name| *name != "default"))
    {
        let meta = labelled("", name, &[("kubernetes.io/metadata.name", name)]);
        let body = json!({
            "spec": { "finalizers": ["kubernetes"] }, "status": { "phase": "Active" },
        });
        create(api, meta, Kind::Namespace, body, cause);
    }
    for (name, value) in SYSTEM_CLASSES {
        let description = if name.contains("node") {
            CRITICAL_NODE
        } else {
            CRITICAL_CLUSTER
        };
        let body = json!({
            "description": description, "preemptionPolicy": "PreemptLowerPriority", "value": value,
        });
        create(
            api,
            Meta::named("", *name),
            Kind::PriorityClass,
            body,
            cause,
        );
    }
    kubernetes_service(api, address, cause);
}

/// The default class of clusters for development: volumes are folders on the node of their pod.
pub(super) fn storage_class(api: &mut ApiServer, cause: Cause) {
    let mut meta = Meta::named("", "standard");
    meta.set_annotation("storageclass.kubernetes.io/is-default-class", Some("true"));
    let body = json!({
        "provisioner": "rancher.io/local-path", "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
    });
    create(api, meta, Kind::StorageClass, body, cause);
}

/// The registration of a metrics server that runs where the control plane does, out of sight.
pub(super) fn metrics_api(api: &mut ApiServer, cause: Cause) {
    let name = "v1beta1.metrics.k8s.io";
    let available = json!({
        "lastTransitionTime": api.state.now.rfc3339(), "reason": "Local", "status": "True",
        "message": "Local APIServices are always available", "type": "Available",
    });
    let body = json!({
        "spec": {
            "group": "metrics.k8s.io", "groupPriorityMinimum": 100, "version": "v1beta1",
            "versionPriority": 100,
        },
        "status": { "conditions": [available] },
    });
    create(api, Meta::named("", name), Kind::APIService, body, cause);
}

fn kubernetes_service(api: &mut ApiServer, address: &str, cause: Cause) {
    let labels = [("component", "apiserver"), ("provider", "kubernetes")];
    let service = json!({
        "spec": {
            "clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1"],
            "internalTrafficPolicy": "Cluster", "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack", "sessionAffinity": "None", "type": "ClusterIP",
            "ports": [{ "name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443 }],
        },
        "status": { "loadBalancer": {} },
    });
    let meta = labelled("default", "kubernetes", &labels);
    create(api, meta, Kind::Service, service, cause);
    let port = json!({ "name": "https", "port": 6443, "protocol": "TCP" });
    let mirror = [("endpointslice.kubernetes.io/skip-mirror", "true")];
    let body = json!({ "subsets": [{ "addresses": [{ "ip": address }], "ports": [port] }] });
    let meta = labelled("default", "kubernetes", &mirror);
    create(api, meta, Kind::Endpoints, body, cause);
    let name = [("kubernetes.io/service-name", "kubernetes")];
    let body = json!({
        "addressType": "IPv4", "ports": [port],
        "endpoints": [{ "addresses": [address], "conditions": { "ready": true } }],
    });
    let meta = labelled("default", "kubernetes", &name);
    create(api, meta, Kind::EndpointSlice, body, cause);
}

fn labelled(namespace: &str, name: &str, labels: &[(&str, &str)]) -> Meta {
    let mut meta = Meta::named(namespace, name);
    for (key, value) in labels {
        meta.set_label(key, Some(value));
    }
    meta
}

fn create(api: &mut ApiServer, meta: Meta, kind: Kind, body: Value, cause: Cause) {
    let body = Body::Data(kind, Arc::new(body));
    let created = api.create(Object { meta, body }, cause);
    assert!(created.is_ok(), "a new world takes what every cluster has");
}
