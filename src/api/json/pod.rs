//! Pods as JSON.
//!
//! Upstream: `core/v1.Pod`; which empty fields are printed follows a recorded v1.36 cluster.

use serde_json::{Map, Value, json};

use crate::api::{
    ContainerState, ContainerStatus, Meta, PodBody, PodCondition, PodStatus, Terminated,
};

const TOKEN_VOLUME: &str = "kube-api-access-";

pub(super) fn write(_meta: &Meta, pod: &PodBody, out: &mut Map<String, Value>) {
    let mut spec = json!(*pod.spec.spec);
    if let Value::Object(fields) = &mut spec {
        if let Some(node) = &pod.node_name {
            fields.insert("nodeName".into(), json!(node));
        }
        if let Some(suffix) = &pod.token_suffix {
            let name = format!("{TOKEN_VOLUME}{suffix}");
            name_token_volume(fields, &name);
        }
    }
    let status = status(pod, &spec);
    out.insert("spec".into(), spec);
    out.insert("status".into(), status);
}

fn name_token_volume(spec: &mut Map<String, Value>, name: &str) {
    let rename = |list: Option<&mut Value>| {
        for item in list.and_then(Value::as_array_mut).into_iter().flatten() {
            if item.get("name").and_then(Value::as_str) == Some(TOKEN_VOLUME) {
                item["name"] = name.into();
            }
        }
    };
    rename(spec.get_mut("volumes"));
    for list in ["containers", "initContainers"] {
        for container in spec
            .get_mut(list)
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            rename(container.get_mut("volumeMounts"));
        }
    }
}

fn status(pod: &PodBody, spec: &Value) -> Value {
    let status = &*pod.status;
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| {
        out.insert(key.into(), value);
    };
    put("phase", status.phase.as_str().into());
    put("qosClass", pod.spec.facts.qos.as_str().into());
    if !status.conditions.is_empty() {
        put(
            "conditions",
            status.conditions.iter().map(condition).collect(),
        );
    }
    for (key, list, specs) in [
        ("containerStatuses", &status.containers, "containers"),
        (
            "initContainerStatuses",
            &status.init_containers,
            "initContainers",
        ),
    ] {
        if !list.is_empty() {
            put(
                key,
                list.iter().map(|c| container(c, spec.get(specs))).collect(),
            );
        }
    }
    if let Some(ip) = status.host_ip {
        put("hostIP", ip.to_string().into());
        put("hostIPs", json!([{ "ip": ip.to_string() }]));
    }
    if let Some(ip) = status.pod_ip {
        put("podIP", ip.to_string().into());
        put("podIPs", json!([{ "ip": ip.to_string() }]));
    }
    rest(status, &mut put);
    Value::Object(out)
}

fn rest(status: &PodStatus, put: &mut impl FnMut(&str, Value)) {
    if let Some(start) = status.start_time {
        put("startTime", start.rfc3339().into());
        put("resources", json!({}));
    }
    if status.observed_generation != 0 {
        put("observedGeneration", status.observed_generation.into());
    }
    for (key, text) in [
        ("reason", &status.reason),
        ("message", &status.message),
        ("nominatedNodeName", &status.nominated_node),
    ] {
        if let Some(text) = text {
            put(key, json!(text));
        }
    }
}

fn condition(condition: &PodCondition) -> Value {
    let mut out = json!({
        "type": condition.kind.as_str(), "status": condition.status.as_str(), "lastProbeTime": null,
        "lastTransitionTime": condition.transition.rfc3339(),
    });
    if let Value::Object(map) = &mut out {
        if condition.observed_generation != 0 {
            map.insert(
                "observedGeneration".into(),
                condition.observed_generation.into(),
            );
        }
        if let Some(reason) = &condition.reason {
            map.insert("reason".into(), json!(reason));
        }
        if let Some(message) = &condition.message {
            map.insert("message".into(), json!(message));
        }
    }
    out
}

fn container(container: &ContainerStatus, specs: Option<&Value>) -> Value {
    let mut out = json!({
        "name": container.name, "ready": container.ready, "started": container.started,
        "restartCount": container.restart_count, "image": container.image, "imageID": container.image_id,
        "lastState": {}, "state": state(&container.state), "resources": {},
    });
    if let Value::Object(map) = &mut out {
        if !container.container_id.is_empty() {
            map.insert("containerID".into(), json!(container.container_id));
        }
        if let Some(last) = &container.last {
            map.insert(
                "lastState".into(),
                json!({ "terminated": terminated(last) }),
            );
        }
        if let Some(mounts) = volume_mounts(&container.name, specs) {
            map.insert("volumeMounts".into(), mounts);
        }
    }
    out
}

fn volume_mounts(name: &str, specs: Option<&Value>) -> Option<Value> {
    let spec = specs?
        .as_array()?
        .iter()
        .find(|c| c.get("name").and_then(Value::as_str) == Some(name))?;
    let mut mounts = spec.get("volumeMounts")?.clone();
    for mount in mounts.as_array_mut()? {
        if mount.get("readOnly").and_then(Value::as_bool) == Some(true) {
            mount["recursiveReadOnly"] = "Disabled".into();
        }
    }
    Some(mounts)
}

fn state(state: &ContainerState) -> Value {
    match state {
        ContainerState::Waiting {
            reason,
            message: None,
        } => json!({ "waiting": { "reason": reason } }),
        ContainerState::Waiting { reason, message } => {
            json!({ "waiting": { "reason": reason, "message": message } })
        }
        ContainerState::Running { started } => {
            json!({ "running": { "startedAt": started.rfc3339() } })
        }
        ContainerState::Terminated(end) => json!({ "terminated": terminated(end) }),
    }
}

fn terminated(end: &Terminated) -> Value {
    let started = end.started.unwrap_or_default().rfc3339();
    let mut out = json!({
        "exitCode": end.exit_code, "reason": end.reason, "startedAt": started, "finishedAt": end.finished.rfc3339(),
    });
    if let Value::Object(map) = &mut out {
        if !end.container_id.is_empty() {
            map.insert("containerID".into(), json!(end.container_id));
        }
        if let Some(message) = &end.message {
            map.insert("message".into(), json!(message));
        }
    }
    out
}
