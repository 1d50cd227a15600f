//! `kubectl describe pod`.
//!
//! Upstream: `describePod` in `describe.go`.

use std::sync::Arc;

use k8s_openapi::api::core::v1::PodSpec;

use crate::api::{Object, PodBody};
use crate::kubectl::age;

use super::text::Text;
use super::{Scene, containers, events, volumes};

pub(super) fn write(object: &Object, scene: Scene<'_>, out: &mut Text) {
    let Some(pod) = object.pod() else { return };
    let (spec, status) = (&pod.spec.spec, &*pod.status);
    head(object, pod, scene, out);
    // The names of token volumes differ between replicas and are filled in when JSON is composed.
    let token = pod.token_suffix.as_deref().unwrap_or("");
    let init = spec.init_containers.as_deref().unwrap_or_default();
    if !init.is_empty() {
        let statuses = Some(&*status.init_containers);
        containers::write("Init Containers", init, statuses, token, "", out);
    }
    let statuses = Some(&*status.containers);
    containers::write("Containers", &spec.containers, statuses, token, "", out);
    readiness_gates(spec, out);
    if !status.conditions.is_empty() {
        out.line(0, "Conditions:");
        out.line(1, "Type\tStatus");
        for condition in &status.conditions {
            let (kind, status) = (condition.kind.as_str(), condition.status.as_str());
            out.line(1, format!("{kind} \t{status} "));
        }
    }
    volumes::write(spec.volumes.as_deref().unwrap_or_default(), token, "", out);
    out.field(0, "QoS Class", pod.spec.facts.qos.as_str());
    let none = Default::default();
    out.pairs(
        "Node-Selectors",
        spec.node_selector.as_ref().unwrap_or(&none),
    );
    out.tolerations(
        "Tolerations",
        spec.tolerations.as_deref().unwrap_or_default(),
    );
    super::template::spread(spec, "", out);
    events::write(object, scene, out);
}

/// Everything before the containers.
fn head(object: &Object, pod: &PodBody, scene: Scene<'_>, out: &mut Text) {
    let (spec, status, meta) = (&pod.spec.spec, &*pod.status, &object.meta);
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    let word = |part: &Option<Arc<str>>| part.as_deref().unwrap_or_default().to_string();
    out.names(meta);
    if let Some(priority) = spec.priority {
        out.field(0, "Priority", priority);
    }
    out.field_if(0, "Priority Class Name", &text(&spec.priority_class_name));
    out.field_if(0, "Runtime Class Name", &text(&spec.runtime_class_name));
    out.field_if(0, "Service Account", &text(&spec.service_account_name));
    match &pod.node_name {
        Some(node) => {
            let ip = status.host_ip.map(|ip| ip.to_string()).unwrap_or_default();
            out.field(0, "Node", format!("{node}/{ip}"));
        }
        None => out.field(0, "Node", "<none>"),
    }
    if let Some(start) = status.start_time {
        out.field(0, "Start Time", start.rfc1123z());
    }
    out.labels(meta);
    match meta.deletion.filter(|_| !status.phase.is_terminal()) {
        Some(deletion) => {
            let lasts = age::since(deletion.timestamp, scene.now);
            out.field(0, "Status", format!("Terminating (lasts {lasts})"));
            out.field(
                0,
                "Termination Grace Period",
                format!("{}s", deletion.grace_secs),
            );
        }
        None => out.field(0, "Status", status.phase.as_str()),
    }
    out.field_if(0, "Reason", &word(&status.reason));
    out.field_if(0, "Message", &word(&status.message));
    let security = spec.security_context.as_ref();
    if let Some(profile) = security.and_then(|c| c.seccomp_profile.as_ref()) {
        out.field(0, "SeccompProfile", &profile.type_);
    }
    addresses(status.pod_ip.map(|ip| ip.to_string()), out);
    out.controller(meta);
    out.field_if(0, "NominatedNodeName", &word(&status.nominated_node));
}

fn addresses(ip: Option<String>, out: &mut Text) {
    out.field(0, "IP", ip.clone().unwrap_or_default());
    match ip {
        Some(ip) => {
            out.line(0, "IPs:");
            out.field(1, "IP", ip);
        }
        None => out.field(0, "IPs", "<none>"),
    }
}

fn readiness_gates(spec: &PodSpec, out: &mut Text) {
    let gates = spec.readiness_gates.as_deref().unwrap_or_default();
    if gates.is_empty() {
        return;
    }
    out.line(0, "Readiness Gates:");
    out.line(1, "Type\tStatus");
    for gate in gates {
        out.line(1, format!("{} \t<none> ", gate.condition_type));
    }
}
