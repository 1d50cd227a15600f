//! Defaults.
//!
//! Upstream: `pkg/apis/{apps,batch,core}/v1/defaults.go`.

mod data;

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{
    Container, ContainerPort, PodSpec, PodTemplateSpec, Probe, ServiceSpec, Volume,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::{Map, Value, json};

use crate::api::Meta;

mod batch;
mod storage;
mod workload;

pub(super) use storage::admit_storage;

pub(super) use batch::{cron_job, job};
pub(super) use data::{data, start_status};
pub(super) use workload::{
    daemon_set, deployment, replica_set, replication_controller, stateful_set,
};

const FILE_MODE: i32 = 0o644;

fn text(field: &mut Option<String>, value: &str) {
    if field.as_deref().unwrap_or_default().is_empty() {
        *field = Some(value.to_string());
    }
}

/// Zero counts as absent, as for Go's plain integers.
fn positive(field: &mut Option<i32>, value: i32) {
    if field.unwrap_or(0) == 0 {
        *field = Some(value);
    }
}

fn pod_template(template: &mut PodTemplateSpec) {
    template.metadata.get_or_insert_default();
    pod_spec(template.spec.get_or_insert_default(), false);
}

/// Fills in a pod's spec; `own`: of a pod, not of a template.
pub(super) fn pod_spec(spec: &mut PodSpec, own: bool) {
    text(&mut spec.dns_policy, "ClusterFirst");
    text(&mut spec.restart_policy, "Always");
    text(&mut spec.scheduler_name, "default-scheduler");
    spec.security_context.get_or_insert_default();
    spec.termination_grace_period_seconds.get_or_insert(30);
    // The deprecated name is kept as an alias of the new one.
    if spec.service_account_name.is_none() {
        spec.service_account_name.clone_from(&spec.service_account);
    }
    spec.service_account.clone_from(&spec.service_account_name);
    for flag in [
        &mut spec.host_network,
        &mut spec.host_pid,
        &mut spec.host_ipc,
    ] {
        *flag = flag.filter(|on| *on);
    }
    let host_network = spec.host_network == Some(true);
    for container in spec
        .containers
        .iter_mut()
        .chain(spec.init_containers.iter_mut().flatten())
    {
        default_container(container, host_network);
        if own {
            default_requests(container);
        }
    }
    for volume in spec.volumes.iter_mut().flatten() {
        default_volume(volume);
    }
    if own {
        spec.enable_service_links.get_or_insert(true);
    }
}

fn default_container(container: &mut Container, host_network: bool) {
    let image = container.image.get_or_insert_default();
    let policy = if pulls_always(image) {
        "Always"
    } else {
        "IfNotPresent"
    };
    text(&mut container.image_pull_policy, policy);
    text(
        &mut container.termination_message_path,
        "/dev/termination-log",
    );
    text(&mut container.termination_message_policy, "File");
    container.resources.get_or_insert_default();
    for port in container.ports.iter_mut().flatten() {
        default_port(port, host_network);
    }
    for flag in [
        &mut container.stdin,
        &mut container.stdin_once,
        &mut container.tty,
    ] {
        *flag = flag.filter(|on| *on);
    }
    for probe in [
        &mut container.liveness_probe,
        &mut container.readiness_probe,
        &mut container.startup_probe,
    ] {
        probe.iter_mut().for_each(default_probe);
    }
    for handler in container
        .lifecycle
        .iter_mut()
        .flat_map(|l| [&mut l.post_start, &mut l.pre_stop])
    {
        if let Some(get) = handler.as_mut().and_then(|h| h.http_get.as_mut()) {
            text(&mut get.path, "/");
            text(&mut get.scheme, "HTTP");
        }
    }
    for variable in container.env.iter_mut().flatten() {
        if let Some(field) = variable
            .value_from
            .as_mut()
            .and_then(|v| v.field_ref.as_mut())
        {
            text(&mut field.api_version, "v1");
        }
    }
}

fn default_port(port: &mut ContainerPort, host_network: bool) {
    text(&mut port.protocol, "TCP");
    port.host_port = port.host_port.filter(|p| *p != 0);
    if host_network && port.host_port.is_none() {
        port.host_port = Some(port.container_port);
    }
}

fn default_probe(probe: &mut Probe) {
    positive(&mut probe.timeout_seconds, 1);
    positive(&mut probe.period_seconds, 10);
    positive(&mut probe.success_threshold, 1);
    positive(&mut probe.failure_threshold, 3);
    probe.initial_delay_seconds = probe.initial_delay_seconds.filter(|n| *n != 0);
    if let Some(get) = &mut probe.http_get {
        text(&mut get.path, "/");
        text(&mut get.scheme, "HTTP");
    }
    if let Some(grpc) = &mut probe.grpc {
        grpc.service.get_or_insert_default();
    }
}

/// What a container does not request but limits, it requests.
fn default_requests(container: &mut Container) {
    let Some(resources) = &mut container.resources else {
        return;
    };
    let Some(limits) = &resources.limits else {
        return;
    };
    let requests = resources.requests.get_or_insert_with(BTreeMap::new);
    for (name, limit) in limits {
        requests
            .entry(name.clone())
            .or_insert_with(|| limit.clone());
    }
}

fn default_volume(volume: &mut Volume) {
    if let Some(source) = &mut volume.secret {
        source.default_mode.get_or_insert(FILE_MODE);
    }
    if let Some(source) = &mut volume.config_map {
        source.default_mode.get_or_insert(FILE_MODE);
    }
    if let Some(source) = &mut volume.downward_api {
        source.default_mode.get_or_insert(FILE_MODE);
    }
    if let Some(source) = &mut volume.projected {
        source.default_mode.get_or_insert(FILE_MODE);
    }
    if let Some(source) = &mut volume.host_path {
        source.type_.get_or_insert_default();
    }
    let named = volume.host_path.is_some()
        || volume.secret.is_some()
        || volume.config_map.is_some()
        || volume.downward_api.is_some()
        || volume.projected.is_some()
        || volume.persistent_volume_claim.is_some();
    // A volume of no type is an emptyDir; the rarer types are recognised by what they print.
    if !named
        && json!(volume)
            .as_object()
            .is_some_and(|fields| fields.len() <= 1)
    {
        volume.empty_dir.get_or_insert_default();
    }
}

/// An image without tag, or with the tag `latest`, is pulled each time.
fn pulls_always(image: &str) -> bool {
    if image.contains('@') {
        return false;
    }
    let last = image.rsplit('/').next().unwrap_or(image);
    match last.rsplit_once(':') {
        Some((_, tag)) => tag == "latest",
        None => !image.is_empty(),
    }
}

pub(super) fn namespace(meta: &mut Meta, body: &mut Map<String, Value>) {
    let name = meta.name.clone();
    if !name.is_empty() {
        meta.set_label("kubernetes.io/metadata.name", Some(&name));
    }
    body.insert("spec".into(), json!({ "finalizers": ["kubernetes"] }));
    body.insert("status".into(), json!({ "phase": "Active" }));
    meta.namespace = Arc::from("");
}

pub(super) fn service(spec: &mut ServiceSpec) {
    text(&mut spec.type_, "ClusterIP");
    text(&mut spec.session_affinity, "None");
    let kind = spec.type_.clone().unwrap_or_default();
    for port in spec.ports.iter_mut().flatten() {
        text(&mut port.protocol, "TCP");
        let same = IntOrString::Int(port.port);
        port.target_port.get_or_insert(same);
    }
    if kind == "ExternalName" {
        return;
    }
    text(&mut spec.internal_traffic_policy, "Cluster");
    text(&mut spec.ip_family_policy, "SingleStack");
    spec.ip_families.get_or_insert_with(|| vec!["IPv4".into()]);
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer") {
        text(&mut spec.external_traffic_policy, "Cluster");
    }
    if kind == "LoadBalancer" {
        spec.allocate_load_balancer_node_ports.get_or_insert(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pull_policy_follows_the_tag() {
        for (image, always) in [
            ("nginx", true),
            ("nginx:latest", true),
            ("nginx:1.7.9", false),
            ("registry:5000/nginx", true),
            ("registry:5000/nginx:1", false),
            ("nginx@sha256:00", false),
        ] {
            assert_eq!(pulls_always(image), always, "{image}");
        }
    }
}
