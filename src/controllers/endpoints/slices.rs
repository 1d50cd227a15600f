//! EndpointSlices of Services.
//!
//! Upstream: `pkg/controller/endpointslice/endpointslice_controller.go`,
//! `k8s.io/endpointslice/{reconciler,utils}.go`. Differs: the slices of a Service are filled in the
//! order of the pods' names; upstream leaves addresses where they are.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::{Body, Key, Kind, Meta, Object, PodBody};
use crate::apiserver::{ApiError, DeleteOptions, Snapshot};
use crate::client::Client;
use crate::clock::Span;

use super::super::util::{self, controller_ref, ignore_not_found, woken_by};
use super::super::{Controller, Desk, Options, Watch};
use super::{
    Port, is_headless, note_pod, note_selector, pods_behind, ports_on, publishes_not_ready,
    selector,
};

/// See the module.
pub(in crate::controllers) struct EndpointSliceController;

const SERVICE_NAME: &str = "kubernetes.io/service-name";
const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
const MANAGER: &str = "endpointslice-controller.k8s.io";
const HEADLESS: &str = "service.kubernetes.io/headless";
const ZONE: &str = "topology.kubernetes.io/zone";
/// `--max-endpoints-per-slice`.
const ENDPOINTS_MAX: usize = 100;

impl Controller for EndpointSliceController {
    fn name(&self) -> &'static str {
        "endpointslice-controller"
    }

    fn max_retries(&self) -> u32 {
        15
    }

    /// `defaultSyncBackOff`, `maxSyncBackOff`.
    fn retry(&self, _: &Options) -> Option<(Span, Span)> {
        Some((Span::secs(1), Span::secs(1000)))
    }

    fn watches(&self) -> &'static [Watch] {
        &[
            Watch {
                kind: Kind::Service,
                note: note_selector,
            },
            Watch {
                kind: Kind::Pod,
                note: note_pod,
            },
            Watch {
                kind: Kind::EndpointSlice,
                note: |change, desk, _| {
                    // Somebody else's change of a slice; its loss above all.
                    let slice = change.old.filter(|_| change.new.is_none());
                    let name = slice.and_then(|slice| slice.meta.label(SERVICE_NAME));
                    if let (Some(slice), Some(name)) = (slice, name) {
                        let key = Key::new(Kind::Service, slice.meta.namespace.clone(), name);
                        desk.queue.add(key, woken_by(change));
                    }
                },
            },
        ]
    }

    fn reconcile(
        &self,
        key: &Key,
        desk: &mut Desk,
        client: &mut Client<'_>,
    ) -> Result<(), ApiError> {
        let cache = client.cache();
        let found = cache.get(key).filter(|service| selector(service).is_some());
        let Some(service) = found.filter(|service| !service.meta.is_deleting()).cloned() else {
            desk.notes.own_writes.remove(key);
            return Ok(());
        };
        util::await_own_writes(key, cache.revision(), desk)?;
        let own_writes = &mut desk.notes.own_writes;
        let mut wrote = |slice: &Arc<Object>| {
            own_writes.insert(key.clone(), slice.meta.resource_version);
        };
        let wanted = plan(&service, cache);
        let mut have: Vec<Arc<Object>> = slices_of(&service, cache).cloned().collect();
        // A slice keeps its ports if it can; what is left over takes the rest.
        let mut kept = Vec::new();
        for body in &wanted {
            let at = have
                .iter()
                .position(|slice| ports(slice) == body.get("ports"));
            kept.push(at.map(|at| have.remove(at)));
        }
        for (body, same) in wanted.into_iter().zip(kept) {
            let meta = meta(&service);
            let Some(slice) = same.or_else(|| have.pop()) else {
                let body = Body::Data(Kind::EndpointSlice, Arc::new(body));
                wrote(&client.create(Object { meta, body })?);
                continue;
            };
            if slice.data() == Some(&body) && slice.meta.labels == meta.labels {
                continue;
            }
            let mut new = (*slice).clone();
            new.meta.labels = meta.labels;
            new.body = Body::Data(Kind::EndpointSlice, Arc::new(body));
            wrote(&client.update(new)?);
        }
        for slice in have {
            let gone = client.delete(&slice.key(), DeleteOptions::default());
            ignore_not_found(gone.map(|_| ()))?;
        }
        Ok(())
    }
}

fn ports(slice: &Object) -> Option<&Value> {
    slice.data().and_then(|body| body.get("ports"))
}

/// The slices of a Service that this controller keeps.
fn slices_of<'a>(service: &Object, cache: Snapshot<'a>) -> impl Iterator<Item = &'a Arc<Object>> {
    let name = service.meta.name.clone();
    let all = cache.list(Kind::EndpointSlice, Some(&service.meta.namespace));
    all.filter(move |slice| {
        slice.meta.label(SERVICE_NAME) == Some(&*name)
            && slice.meta.label(MANAGED_BY) == Some(MANAGER)
    })
}

fn meta(service: &Object) -> Meta {
    let body = service.data().unwrap_or(&Value::Null);
    let mut meta = Meta::named(service.meta.namespace.clone(), "");
    meta.generate_name = Some(format!("{}-", service.meta.name).into());
    meta.labels = service.meta.labels.clone();
    meta.set_label(HEADLESS, is_headless(body).then_some(""));
    meta.set_label(SERVICE_NAME, Some(&service.meta.name));
    meta.set_label(MANAGED_BY, Some(MANAGER));
    meta.owners = [controller_ref(service)].into_iter().collect();
    meta
}

/// The bodies of a Service's slices: one for each set of ports and each hundred pods, or a single
/// empty one.
fn plan(service: &Object, cache: Snapshot<'_>) -> Vec<Value> {
    let body = service.data().unwrap_or(&Value::Null);
    let mut groups: BTreeMap<Vec<Port>, Vec<Value>> = BTreeMap::new();
    for (object, pod) in pods_behind(service, cache) {
        let Some(ports) = ports_on(body, pod) else {
            continue;
        };
        let endpoint = endpoint(object, pod, publishes_not_ready(body), cache);
        groups.entry(ports).or_default().push(endpoint);
    }
    if groups.is_empty() {
        return vec![json!({ "addressType": "IPv4", "endpoints": null, "ports": null })];
    }
    let mut bodies = Vec::new();
    for (ports, endpoints) in &groups {
        let ports: Vec<Value> = ports.iter().map(port).collect();
        for chunk in endpoints.chunks(ENDPOINTS_MAX) {
            bodies.push(json!({ "addressType": "IPv4", "endpoints": chunk, "ports": ports }));
        }
    }
    bodies
}

fn port(port: &Port) -> Value {
    let mut value = json!({
        "name": port.name, "port": port.number, "protocol": port.protocol,
    });
    if !port.app_protocol.is_empty()
        && let Some(fields) = value.as_object_mut()
    {
        fields.insert("appProtocol".into(), port.app_protocol.clone().into());
    }
    value
}

fn endpoint(object: &Object, pod: &PodBody, publish_not_ready: bool, cache: Snapshot<'_>) -> Value {
    let serving = pod.status.is_ready();
    let terminating = object.meta.is_deleting();
    let address = pod.status.pod_ip.map(|ip| ip.to_string());
    let mut value = json!({
        "addresses": [address],
        "conditions": {
            "ready": publish_not_ready || (serving && !terminating),
            "serving": serving,
            "terminating": terminating,
        },
        "targetRef": {
            "kind": "Pod", "namespace": &*object.meta.namespace, "name": &*object.meta.name,
            "uid": object.meta.uid.to_string(),
        },
    });
    let node = pod.node_name.as_deref();
    let zone = node
        .and_then(|name| cache.find(Kind::Node, "", name))
        .and_then(|node| node.meta.label(ZONE));
    if let Some(fields) = value.as_object_mut() {
        for (key, text) in [("nodeName", node), ("zone", zone)] {
            if let Some(text) = text {
                fields.insert(key.into(), text.into());
            }
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::super::super::drive::Drive;
    use super::*;
    use crate::api::{items_at, text_at};

    #[test]
    fn slices_follow_the_pods_behind_a_service() {
        let mut drive = Drive::new();
        let spec = json!({"selector": {"app": "web"}, "ports": [{"port": 80, "protocol": "TCP", "targetPort": 8080}]});
        drive.create(Kind::Service, "default", "web", &json!({ "spec": spec }));
        drive.run_for(Span::secs(1));
        let slice = |drive: &Drive| {
            let all = drive.list(Kind::EndpointSlice);
            let [slice] = all.as_slice() else {
                panic!("one slice: {}", all.len());
            };
            slice.clone()
        };
        let empty = slice(&drive);
        assert_eq!(
            empty.data().and_then(|b| b.get("endpoints")),
            Some(&Value::Null)
        );
        drive.create_deployment("web", 2, &json!({}));
        drive.run_for(Span::secs(1));
        drive.kubelets_act();
        drive.run_for(Span::secs(1));
        let full = slice(&drive);
        assert!(full.meta.name.starts_with("web-"), "{}", full.meta.name);
        let body = full.data().expect("a body");
        assert_eq!(body.pointer("/ports/0/port"), Some(&json!(8080)));
        let endpoints = items_at(body, "/endpoints");
        assert_eq!(endpoints.len(), 2);
        assert!(text_at(&endpoints[0], "/targetRef/name").starts_with("web-"));
        assert_eq!(
            endpoints[0].pointer("/conditions/ready"),
            Some(&json!(true))
        );
    }
}
