//! `kubectl describe node`.
//!
//! Upstream: `describeNode`, `describeNodeResource` in `describe.go`.

use std::sync::Arc;

use serde_json::Value;

use crate::api::{Kind, Object, Order, Taint};
use crate::clock::SimTime;
use crate::kubectl::age;
use crate::kubectl::objects::{LEASES, full_json};
use crate::kubectl::printers::node_roles;

use super::text::Text;
use super::{Scene, amounts, events};

pub(super) fn write(object: &Object, scene: Scene<'_>, out: &mut Text) {
    let Some(node) = object.node() else { return };
    let status = &node.status;
    out.field(0, "Name", &object.meta.name);
    out.field(0, "Roles", node_roles(&object.meta));
    out.labels(&object.meta);
    out.field(0, "CreationTimestamp", object.meta.created.rfc1123z());
    taints(&node.taints, out);
    out.field(0, "Unschedulable", node.unschedulable);
    let lease = scene.snapshot.find(Kind::Lease, LEASES, &object.meta.name);
    if let Some(lease) = lease.and_then(|l| l.lease()) {
        out.line(0, "Lease:");
        out.field(1, "HolderIdentity", &lease.holder);
        out.field(1, "AcquireTime", "<unset>");
        out.field(1, "RenewTime", lease.renewed(scene.now).rfc1123z());
    }
    let json = full_json(object, scene.snapshot, scene.now);
    conditions(&json, out);
    out.line(0, "Addresses:");
    if !status.internal_ip.is_unspecified() {
        out.field(1, "InternalIP", status.internal_ip);
    }
    out.field(1, "Hostname", &object.meta.name);
    for title in ["Capacity", "Allocatable"] {
        if !status.capacity.is_empty() {
            out.line(0, format!("{title}:"));
        }
        for (name, amount) in status.capacity.iter() {
            out.field(1, name, amount);
        }
    }
    out.line(0, "System Info:");
    for (title, value) in [
        ("Machine ID", &*status.machine_id),
        ("System UUID", &*status.system_uuid),
        ("Boot ID", &*status.boot_id),
        ("Kernel Version", &*status.kernel_version),
        ("OS Image", &*status.os_image),
        ("Operating System", "linux"),
        ("Architecture", "amd64"),
        ("Container Runtime Version", &*status.runtime_version),
        ("Kubelet Version", &*status.kubelet_version),
    ] {
        out.field(1, title, value);
    }
    pods(object, scene, out);
    events::write(object, scene, out);
}

fn taints(taints: &[Taint], out: &mut Text) {
    let mut sorted: Vec<&Taint> = taints.iter().collect();
    sorted.order_by(|a, b| (&a.effect, &a.key).cmp(&(&b.effect, &b.key)));
    let shown = sorted.into_iter().map(|taint| {
        if taint.value.is_empty() {
            format!("{}:{}", taint.key, taint.effect)
        } else {
            format!("{}={}:{}", taint.key, taint.value, taint.effect)
        }
    });
    out.list("Taints", shown);
}

fn conditions(json: &Value, out: &mut Text) {
    out.line(0, "Conditions:");
    out.line(
        1,
        "Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage",
    );
    out.line(
        1,
        "----\t------\t-----------------\t------------------\t------\t-------",
    );
    let list = json.pointer("/status/conditions").and_then(Value::as_array);
    for condition in list.into_iter().flatten() {
        let text = |key: &str| {
            condition
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let time = |key: &str| {
            SimTime::parse_rfc3339(text(key))
                .unwrap_or_default()
                .rfc1123z()
        };
        out.line(
            1,
            format!(
                "{} \t{} \t{} \t{} \t{} \t{}",
                text("type"),
                text("status"),
                time("lastHeartbeatTime"),
                time("lastTransitionTime"),
                text("reason"),
                text("message")
            ),
        );
    }
}

fn pods(object: &Object, scene: Scene<'_>, out: &mut Text) {
    let Some(node) = object.node() else { return };
    let on = scene.snapshot.pods_on(&object.meta.name);
    let mut pods: Vec<&Arc<Object>> = on
        .filter(|o| o.pod().is_some_and(|p| !p.is_terminal()))
        .collect();
    pods.order_by(|a, b| (&a.meta.namespace, &a.meta.name).cmp(&(&b.meta.namespace, &b.meta.name)));
    out.field(
        0,
        "Non-terminated Pods",
        format!("({} in total)", pods.len()),
    );
    let head = "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge";
    let rule = "---------\t----\t\t------------\t----------\t---------------\t-------------\t---";
    out.line(1, head);
    out.line(1, rule);
    let capacity = &node.status.allocatable;
    let mut total = amounts::Both::default();
    for object in pods {
        let Some(pod) = object.pod() else { continue };
        let own = amounts::Both::of(&pod.spec.spec);
        let cells = [
            own.requests.share("cpu", capacity.cpu_milli),
            own.limits.share("cpu", capacity.cpu_milli),
            own.requests.share("memory", capacity.memory_bytes),
            own.limits.share("memory", capacity.memory_bytes),
        ];
        let age = age::since(object.meta.created, scene.now);
        let meta = &object.meta;
        out.line(
            1,
            format!(
                "{}\t{}\t\t{}\t{age}",
                meta.namespace,
                meta.name,
                cells.join("\t")
            ),
        );
        total.add(own);
    }
    out.line(0, "Allocated resources:");
    out.line(
        1,
        "(Total limits may be over 100 percent, i.e., overcommitted.)",
    );
    out.line(1, "Resource\tRequests\tLimits");
    out.line(1, "--------\t--------\t------");
    for (name, capacity) in [
        ("cpu", capacity.cpu_milli),
        ("memory", capacity.memory_bytes),
        ("ephemeral-storage", capacity.ephemeral_bytes),
    ] {
        let (requests, limits) = (
            total.requests.share(name, capacity),
            total.limits.share(name, capacity),
        );
        out.line(1, format!("{name}\t{requests}\t{limits}"));
    }
    for name in capacity.other.keys() {
        let (requests, limits) = (total.requests.text(name), total.limits.text(name));
        out.line(1, format!("{name}\t{requests}\t{limits}"));
    }
}
