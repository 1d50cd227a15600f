//! The object under the visitor's eye: fields, causes, events, YAML.
//!
//! Upstream: `kubectl describe` and `get -o yaml`, shortened.

use crate::api::{Body, Key, Kind, Object, Order, heartbeat_times, to_json};
use crate::apiserver::Snapshot;
use crate::cluster::World;
use crate::kubectl::{node_columns, pod_columns};

use super::{Detail, Ref, figures, timeline, why};

/// So many events are shown.
const EVENTS_MAX: usize = 50;

/// Everything about one object. `input` gives the text of the visitor's act of a number.
pub fn detail(world: &World, selected: &Ref, input: &dyn Fn(u32) -> Option<String>) -> Detail {
    let store = world.store();
    let snapshot = store.head();
    let none = Detail {
        object: selected.clone(),
        ..Detail::default()
    };
    let Some(kind) = snapshot.kind_by_word(&selected.kind) else {
        return none;
    };
    let key = Key::new(kind, selected.namespace.as_str(), selected.name.as_str());
    let why = why(store, &key, snapshot.revision(), input);
    let Some(object) = snapshot.get(&key) else {
        return Detail { why, ..none };
    };
    let mut json = to_json(object);
    let lease = snapshot.find(Kind::Lease, "kube-node-lease", &selected.name);
    if let (Kind::Node, Some(lease)) = (kind, lease.and_then(|l| l.lease())) {
        heartbeat_times(&mut json, lease, world.now());
    }
    Detail {
        object: selected.clone(),
        exists: true,
        fields: fields(snapshot, object),
        why,
        events: events(snapshot, object),
        yaml: crate::api::yaml::to_yaml(&json),
    }
}

fn events(snapshot: Snapshot<'_>, object: &Object) -> Vec<super::TimelineEntry> {
    let namespace = if object.meta.namespace.is_empty() {
        "default"
    } else {
        &*object.meta.namespace
    };
    let about = snapshot.list(Kind::Event, Some(namespace)).filter(|e| {
        let involved = e.event().map(|e| &e.involved);
        involved.is_some_and(|i| i.kind == object.kind() && i.name == object.meta.name)
    });
    let mut events: Vec<_> = about.filter_map(|e| timeline::entry(e)).collect();
    events.order_by_key(|e| e.at_us);
    events.split_off(events.len().saturating_sub(EVENTS_MAX))
}

fn fields(snapshot: Snapshot<'_>, object: &Object) -> Vec<(String, String)> {
    let mut rows: Vec<(&str, String)> = Vec::new();
    match &object.body {
        Body::Pod(pod) => {
            let columns = pod_columns(object);
            let containers = &pod.spec.spec.containers;
            let images: Vec<&str> = containers
                .iter()
                .filter_map(|c| c.image.as_deref())
                .collect();
            rows.push(("Status", columns.status));
            rows.push(("Ready", columns.ready));
            rows.push((
                "Node",
                pod.node_name.as_deref().unwrap_or("<none>").to_string(),
            ));
            rows.push((
                "IP",
                pod.status
                    .pod_ip
                    .map_or_else(|| "<none>".into(), |ip| ip.to_string()),
            ));
            rows.push(("Image", images.join(",")));
            rows.push(("Restart Count", pod.restarts().to_string()));
            rows.push(("QoS Class", pod.spec.facts.qos.as_str().to_string()));
        }
        Body::Node(node) => {
            let columns = node_columns(object);
            let pods = snapshot.pods_on(&object.meta.name).count();
            let taints: Vec<String> = node
                .taints
                .iter()
                .map(|t| format!("{}:{}", t.key, t.effect))
                .collect();
            rows.push(("Status", columns.status));
            rows.push(("Roles", columns.roles));
            rows.push((
                "Taints",
                if taints.is_empty() {
                    "<none>".into()
                } else {
                    taints.join(", ")
                },
            ));
            rows.push(("Pods", format!("{pods} of {}", node.status.pods)));
            rows.push(("InternalIP", node.status.internal_ip.to_string()));
            rows.push(("Kubelet Version", node.status.kubelet_version.to_string()));
        }
        _ => rows.extend(figures::of(object)),
    }
    if let Some(owner) = object.meta.controller() {
        rows.push(("Controlled By", format!("{}/{}", owner.kind, owner.name)));
    }
    rows.push(("Labels", labels(object)));
    rows.into_iter()
        .map(|(label, value)| (label.to_string(), value))
        .collect()
}

fn labels(object: &Object) -> String {
    let pairs = object.meta.labels.iter();
    let labels: Vec<String> = pairs.map(|(k, v)| format!("{k}={v}")).collect();
    if labels.is_empty() {
        "<none>".into()
    } else {
        labels.join(", ")
    }
}
