//! What stands behind Services: EndpointSlices and, for old clients, Endpoints.
//!
//! Upstream: `pkg/controller/{endpointslice,endpoint}`, `k8s.io/endpointslice`. Differs: IPv4 only,
//! no topology hints, no mirroring of Endpoints that somebody wrote by hand, and none of the
//! annotations that say when a change was triggered.

mod legacy;
mod slices;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::api::{Key, Kind, Object, PodBody, items_at, labels_at, number_at, text_at};
use crate::apiserver::{Change, Snapshot};
use crate::clock::SimTime;

use super::Desk;
use super::util::woken_by;

pub(super) use legacy::EndpointsController;
pub(super) use slices::EndpointSliceController;

/// A port behind a Service, as one pod offers it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Port {
    name: String,
    number: i64,
    protocol: String,
    app_protocol: String,
}

/// The labels that a Service picks pods by; `None` if it leaves its endpoints to somebody else.
fn selector(service: &Object) -> Option<BTreeMap<String, String>> {
    let body = service.data()?;
    let labels = labels_at(body, "/spec/selector");
    let external = text_at(body, "/spec/type") == "ExternalName";
    (!labels.is_empty() && !external).then_some(labels)
}

fn picks(selector: &BTreeMap<String, String>, pod: &Object) -> bool {
    let mut wanted = selector.iter();
    wanted.all(|(key, value)| pod.meta.label(key) == Some(value))
}

/// The pods that a Service picks and that have an address, by name.
fn pods_behind<'a>(service: &Object, cache: Snapshot<'a>) -> Vec<(&'a Arc<Object>, &'a PodBody)> {
    let Some(selector) = selector(service) else {
        return Vec::new();
    };
    let pods = cache.list(Kind::Pod, Some(&service.meta.namespace));
    let picked = pods.filter(|pod| picks(&selector, pod));
    picked
        .filter_map(|object| Some((object, object.pod()?)))
        .filter(|(_, pod)| pod.status.pod_ip.is_some() && !pod.status.phase.is_terminal())
        .collect()
}

/// The ports of a Service on a pod: a name stands for the number that the pod's container gives it.
/// `None` for a pod that lacks one of them.
fn ports_on(service: &Value, pod: &PodBody) -> Option<Vec<Port>> {
    let of_containers = || {
        pod.spec
            .spec
            .containers
            .iter()
            .flat_map(|c| c.ports.iter().flatten())
    };
    let resolve = |port: &Value| {
        let protocol = text_at(port, "/protocol");
        let number = match port.get("targetPort") {
            Some(Value::String(name)) => of_containers()
                .find(|p| {
                    p.name.as_ref() == Some(name)
                        && p.protocol.as_deref().unwrap_or("TCP") == protocol
                })
                .map(|p| i64::from(p.container_port))?,
            _ => number_at(port, "/targetPort").or(number_at(port, "/port"))?,
        };
        Some(Port {
            name: text_at(port, "/name").to_string(),
            number,
            protocol: protocol.to_string(),
            app_protocol: text_at(port, "/appProtocol").to_string(),
        })
    };
    items_at(service, "/spec/ports")
        .iter()
        .map(resolve)
        .collect()
}

fn publishes_not_ready(service: &Value) -> bool {
    service.pointer("/spec/publishNotReadyAddresses") == Some(&Value::Bool(true))
}

fn is_headless(service: &Value) -> bool {
    matches!(text_at(service, "/spec/clusterIP"), "" | "None")
}

/// Wakes a Service.
fn note_service(change: &Change<'_>, desk: &mut Desk, _: SimTime) {
    if let Some(service) = change.new.or(change.old) {
        desk.queue.add(service.key(), woken_by(change));
    }
}

/// Wakes the Service whose name this object has: of Endpoints.
fn note_of_same_name(change: &Change<'_>, desk: &mut Desk, _: SimTime) {
    if let Some(old) = change.old {
        let key = Key::new(
            Kind::Service,
            old.meta.namespace.clone(),
            old.meta.name.clone(),
        );
        desk.queue.add(key, woken_by(change));
    }
}

/// Wakes the Services that pick a pod of which something changed that endpoints show. The desk
/// knows them by their selectors, since a note sees no cache.
fn note_pod(change: &Change<'_>, desk: &mut Desk, _: SimTime) {
    let shown = |object: &Arc<Object>| {
        let pod = object.pod()?;
        let status = &pod.status;
        Some((
            status.pod_ip,
            status.is_ready(),
            status.phase.is_terminal(),
            object.meta.deletion.is_some(),
            pod.node_name.clone(),
            object.meta.labels.clone(),
        ))
    };
    if change.old.and_then(shown) == change.new.and_then(shown) {
        return;
    }
    let trigger = woken_by(change);
    let mut woken = Vec::new();
    for pod in change.old.into_iter().chain(change.new) {
        let from = Key::new(Kind::Service, pod.meta.namespace.clone(), "");
        let services = desk.notes.selectors.range(from..);
        let services = services.take_while(|(key, _)| key.namespace == pod.meta.namespace);
        woken.extend(
            services
                .filter(|(_, s)| picks(s, pod))
                .map(|(key, _)| key.clone()),
        );
    }
    for key in woken {
        desk.queue.add(key, trigger);
    }
}

/// Notes what a Service picks, and wakes it.
fn note_selector(change: &Change<'_>, desk: &mut Desk, now: SimTime) {
    if let Some(service) = change.new.or(change.old) {
        let key = service.key();
        match change.new.and_then(|service| selector(service)) {
            Some(selector) => desk.notes.selectors.insert(key, selector),
            None => desk.notes.selectors.remove(&key),
        };
    }
    note_service(change, desk, now);
}
