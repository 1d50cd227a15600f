//! Nodes and leases as JSON.
//!
//! Upstream: `core/v1.Node`, `coordination/v1.Lease`.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::api::{
    ConditionStatus, LeaseBody, Meta, NodeBody, NodeConditions, NodeStatus, Resources, Taint,
};
use crate::clock::SimTime;

pub(super) fn write(meta: &Meta, node: &NodeBody, out: &mut Map<String, Value>) {
    let mut spec = Map::new();
    if !node.taints.is_empty() {
        spec.insert("taints".into(), node.taints.iter().map(taint).collect());
    }
    if node.unschedulable {
        spec.insert("unschedulable".into(), true.into());
    }
    out.insert("spec".into(), Value::Object(spec));
    out.insert("status".into(), status(meta, &node.status));
}

fn taint(taint: &Taint) -> Value {
    let mut out = json!({ "effect": taint.effect, "key": taint.key });
    if let Value::Object(map) = &mut out {
        if !taint.value.is_empty() {
            map.insert("value".into(), json!(taint.value));
        }
        if let Some(added) = taint.time_added {
            map.insert("timeAdded".into(), added.rfc3339().into());
        }
    }
    out
}

fn status(meta: &Meta, status: &NodeStatus) -> Value {
    let mut out = json!({
        "addresses": [
            { "address": status.internal_ip.to_string(), "type": "InternalIP" },
            { "address": meta.name, "type": "Hostname" },
        ],
        "allocatable": *status.capacity,
        "capacity": *status.capacity,
        "conditions": conditions(&status.conditions),
        "daemonEndpoints": { "kubeletEndpoint": { "Port": 0 } },
        "declaredFeatures": [
            "ExtendWebSocketsToKubelet", "InPlacePodLevelResourcesVerticalScaling",
            "InPlacePodVerticalScalingInitContainers", "RestartAllContainersOnContainerExits",
        ],
        "nodeInfo": {
            "architecture": "amd64", "bootID": status.boot_id, "containerRuntimeVersion": status.runtime_version,
            "kernelVersion": status.kernel_version, "kubeProxyVersion": "", "kubeletVersion": status.kubelet_version,
            "machineID": status.machine_id, "operatingSystem": "linux", "osImage": status.os_image,
            "systemUUID": status.system_uuid,
        },
    });
    if let (Value::Object(map), false) = (&mut out, status.images.is_empty()) {
        let images = status
            .images
            .iter()
            .map(|i| json!({ "names": [i.name], "sizeBytes": i.size_bytes }));
        map.insert("images".into(), images.collect());
    }
    out
}

/// (type, reason and message when False, when True) of the three pressures.
const PRESSURES: [(&str, [&str; 2], [&str; 2]); 3] = [
    (
        "MemoryPressure",
        [
            "KubeletHasSufficientMemory",
            "kubelet has sufficient memory available",
        ],
        [
            "KubeletHasInsufficientMemory",
            "kubelet has insufficient memory available",
        ],
    ),
    (
        "DiskPressure",
        ["KubeletHasNoDiskPressure", "kubelet has no disk pressure"],
        ["KubeletHasDiskPressure", "kubelet has disk pressure"],
    ),
    (
        "PIDPressure",
        [
            "KubeletHasSufficientPID",
            "kubelet has sufficient PID available",
        ],
        [
            "KubeletHasInsufficientPID",
            "kubelet has insufficient PID available",
        ],
    ),
];

fn conditions(conditions: &NodeConditions) -> Value {
    let statuses = [
        conditions.memory_pressure,
        conditions.disk_pressure,
        conditions.pid_pressure,
    ];
    let one = |kind: &str, status: ConditionStatus, words: [&str; 2], transition: SimTime| {
        json!({
            "type": kind, "status": status.as_str(), "reason": words[0], "message": words[1],
            "lastTransitionTime": transition.rfc3339(), "lastHeartbeatTime": transition.rfc3339(),
        })
    };
    let mut out = Vec::new();
    for ((kind, no, yes), status) in PRESSURES.into_iter().zip(statuses) {
        let words = match status {
            ConditionStatus::False => no,
            ConditionStatus::True => yes,
            ConditionStatus::Unknown => [&*conditions.ready_reason, &*conditions.ready_message],
        };
        out.push(one(kind, status, words, conditions.pressure_transition));
    }
    let words = [&*conditions.ready_reason, &*conditions.ready_message];
    out.push(one(
        "Ready",
        conditions.ready,
        words,
        conditions.ready_transition,
    ));
    Value::Array(out)
}

/// Puts the time of the last status post into the conditions of a node's JSON.
pub fn heartbeat_times(node: &mut Value, lease: &LeaseBody, now: SimTime) {
    let posted = lease.status_posted(now).rfc3339();
    let conditions = node
        .pointer_mut("/status/conditions")
        .and_then(Value::as_array_mut);
    for condition in conditions.into_iter().flatten() {
        condition["lastHeartbeatTime"] = posted.clone().into();
    }
}

pub(super) fn write_lease(lease: &LeaseBody, out: &mut Map<String, Value>) {
    let renewed = lease.from.rfc3339_micros();
    out.insert(
        "spec".into(),
        json!({ "holderIdentity": lease.holder, "leaseDurationSeconds": 40, "renewTime": renewed }),
    );
}

/// A node from a manifest: `spec` and labels count, the status is the kubelet's to write.
pub(super) fn read_node(value: &Value, _meta: &Meta) -> Result<NodeBody, String> {
    let spec = value.get("spec").unwrap_or(&Value::Null);
    let taints = spec
        .get("taints")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let text = |taint: &Value, key: &str| {
        Arc::from(taint.get(key).and_then(Value::as_str).unwrap_or_default())
    };
    let taints = taints.map(|t| Taint {
        key: text(t, "key"),
        value: text(t, "value"),
        effect: text(t, "effect"),
        time_added: t
            .get("timeAdded")
            .and_then(Value::as_str)
            .and_then(SimTime::parse_rfc3339),
    });
    Ok(NodeBody {
        unschedulable: spec
            .get("unschedulable")
            .and_then(Value::as_bool)
            .unwrap_or(false),
        taints: taints.collect(),
        status: Arc::new(NodeStatus::unknown()),
    })
}

impl NodeStatus {
    /// The status of a node whose kubelet has not reported yet.
    pub fn unknown() -> NodeStatus {
        NodeStatus {
            capacity: Arc::default(),
            allocatable: Resources::default(),
            pods: 0,
            internal_ip: std::net::Ipv4Addr::UNSPECIFIED,
            conditions: NodeConditions {
                ready: ConditionStatus::Unknown,
                ready_reason: "NodeStatusNeverUpdated".into(),
                ready_message: "Kubelet never posted node status.".into(),
                ready_transition: SimTime::default(),
                memory_pressure: ConditionStatus::Unknown,
                disk_pressure: ConditionStatus::Unknown,
                pid_pressure: ConditionStatus::Unknown,
                pressure_transition: SimTime::default(),
            },
            images: Arc::from([]),
            boot_id: "".into(),
            machine_id: "".into(),
            system_uuid: "".into(),
            kubelet_version: "".into(),
            kernel_version: "".into(),
            os_image: "".into(),
            runtime_version: "".into(),
        }
    }
}
