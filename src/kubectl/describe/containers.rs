//! The block of a container in a description.
//!
//! Upstream: `describeContainers` and its helpers in `describe.go`.

use k8s_openapi::api::core::v1::{Container, EnvVar, Probe, ResourceRequirements};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::api::{ContainerState, ContainerStatus, Order, Terminated};

use super::text::Text;
use super::volumes::volume_name;

/// Writes the containers of a pod (with statuses) or of a template (without), indented by `space`.
pub(super) fn write(
    title: &str,
    containers: &[Container],
    statuses: Option<&[ContainerStatus]>,
    token: &str,
    space: &str,
    out: &mut Text,
) {
    if containers.is_empty() {
        return out.line(0, format!("{space}{title}:\t<none>"));
    }
    out.line(0, format!("{space}{title}:"));
    let indent = if space.is_empty() { "" } else { " " };
    for container in containers {
        let status = statuses
            .into_iter()
            .flatten()
            .find(|s| *s.name == *container.name);
        out.line(1, format!("{indent}{}:", container.name));
        basics(container, status, out);
        words("Command", container.command.as_deref(), out);
        words("Args", container.args.as_deref(), out);
        if let Some(status) = status {
            state("State", &status.state, out);
            if let Some(last) = &status.last {
                out.field(2, "Last State", "Terminated");
                terminated(last, out);
            }
            out.field(2, "Ready", if status.ready { "True" } else { "False" });
            out.field(2, "Restart Count", status.restart_count);
        }
        resources(container.resources.as_ref(), out);
        for (name, probe) in [
            ("Liveness", &container.liveness_probe),
            ("Readiness", &container.readiness_probe),
            ("Startup", &container.startup_probe),
        ] {
            if let Some(probe) = probe {
                out.field(2, name, probe_text(probe));
            }
        }
        sources(container, out);
        environment(container.env.as_deref().unwrap_or_default(), out);
        mounts(container, token, out);
    }
}

fn basics(container: &Container, status: Option<&ContainerStatus>, out: &mut Text) {
    if let Some(status) = status {
        out.field(2, "Container ID", &status.container_id);
    }
    out.field(2, "Image", container.image.as_deref().unwrap_or_default());
    if let Some(status) = status {
        out.field(2, "Image ID", &status.image_id);
    }
    let ports = container.ports.as_deref().unwrap_or_default();
    let shown = |host: bool| {
        let one = |port: &k8s_openapi::api::core::v1::ContainerPort| {
            let protocol = port.protocol.as_deref().unwrap_or("TCP");
            match (&port.name, host) {
                (_, true) => format!("{}/{protocol}", port.host_port.unwrap_or(0)),
                (Some(name), false) if !name.is_empty() => {
                    format!("{}/{protocol} ({name})", port.container_port)
                }
                (_, false) => format!("{}/{protocol}", port.container_port),
            }
        };
        ports.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    for (one, several, text) in [
        ("Port", "Ports", shown(false)),
        ("Host Port", "Host Ports", shown(true)),
    ] {
        if text.contains(',') {
            out.field(2, several, text);
        } else {
            out.field(2, one, if text.is_empty() { "<none>" } else { &text });
        }
    }
    let profile = container
        .security_context
        .as_ref()
        .and_then(|c| c.seccomp_profile.as_ref());
    if let Some(profile) = profile {
        out.field(2, "SeccompProfile", &profile.type_);
    }
}

fn words(title: &str, words: Option<&[String]>, out: &mut Text) {
    let words = words.unwrap_or_default();
    if words.is_empty() {
        return;
    }
    out.line(2, format!("{title}:"));
    for line in words.iter().flat_map(|word| word.split('\n')) {
        out.line(3, line);
    }
}

fn state(title: &str, state: &ContainerState, out: &mut Text) {
    match state {
        ContainerState::Running { started } => {
            out.field(2, title, "Running");
            out.field(3, "Started", started.rfc1123z());
        }
        ContainerState::Waiting { reason, .. } => {
            out.field(2, title, "Waiting");
            out.field_if(3, "Reason", reason);
        }
        ContainerState::Terminated(end) => {
            out.field(2, title, "Terminated");
            terminated(end, out);
        }
    }
}

fn terminated(end: &Terminated, out: &mut Text) {
    out.field_if(3, "Reason", &end.reason);
    out.field_if(3, "Message", end.message.as_deref().unwrap_or_default());
    out.field(3, "Exit Code", end.exit_code);
    out.field(3, "Started", end.started.unwrap_or_default().rfc1123z());
    out.field(3, "Finished", end.finished.rfc1123z());
}

fn resources(resources: Option<&ResourceRequirements>, out: &mut Text) {
    let Some(resources) = resources else { return };
    for (title, amounts) in [
        ("Limits", &resources.limits),
        ("Requests", &resources.requests),
    ] {
        let Some(amounts) = amounts.as_ref().filter(|map| !map.is_empty()) else {
            continue;
        };
        out.line(2, format!("{title}:"));
        for (name, amount) in amounts {
            out.field(3, name, &amount.0);
        }
    }
}

fn probe_text(probe: &Probe) -> String {
    let figures = format!(
        "delay={}s timeout={}s period={}s #success={} #failure={}",
        probe.initial_delay_seconds.unwrap_or(0),
        probe.timeout_seconds.unwrap_or(1),
        probe.period_seconds.unwrap_or(10),
        probe.success_threshold.unwrap_or(1),
        probe.failure_threshold.unwrap_or(3)
    );
    if let Some(exec) = &probe.exec {
        let command = exec.command.clone().unwrap_or_default().join(" ");
        return format!("exec [{command}] {figures}");
    }
    if let Some(get) = &probe.http_get {
        let scheme = get.scheme.as_deref().unwrap_or("HTTP").to_lowercase();
        let host = get.host.as_deref().unwrap_or_default();
        let path = get.path.as_deref().unwrap_or_default();
        return format!(
            "http-get {scheme}://{host}:{}{path} {figures}",
            port(&get.port)
        );
    }
    if let Some(socket) = &probe.tcp_socket {
        let host = socket.host.as_deref().unwrap_or_default();
        return format!("tcp-socket {host}:{} {figures}", port(&socket.port));
    }
    if let Some(grpc) = &probe.grpc {
        let service = grpc.service.as_deref().unwrap_or_default();
        return format!("grpc <pod>:{} {service} {figures}", grpc.port);
    }
    format!("unknown {figures}")
}

fn port(port: &IntOrString) -> String {
    match port {
        IntOrString::Int(number) => number.to_string(),
        IntOrString::String(name) => name.clone(),
    }
}

fn sources(container: &Container, out: &mut Text) {
    let sources = container.env_from.as_deref().unwrap_or_default();
    if sources.is_empty() {
        return;
    }
    out.line(2, "Environment Variables from:");
    for source in sources {
        let (name, kind, optional) = match (&source.config_map_ref, &source.secret_ref) {
            (Some(map), _) => (&map.name, "ConfigMap", map.optional),
            (None, Some(secret)) => (&secret.name, "Secret", secret.optional),
            (None, None) => continue,
        };
        let prefix = source.prefix.as_deref().unwrap_or_default();
        let prefix = if prefix.is_empty() {
            String::new()
        } else {
            format!(" with prefix '{prefix}'")
        };
        let optional = optional.unwrap_or(false);
        out.line(3, format!("{name}\t{kind}{prefix}\tOptional: {optional}"));
    }
}

fn environment(variables: &[EnvVar], out: &mut Text) {
    if variables.is_empty() {
        return out.field(2, "Environment", "<none>");
    }
    out.line(2, "Environment:");
    for variable in variables {
        let name = &variable.name;
        let Some(source) = &variable.value_from else {
            let value = variable.value.as_deref().unwrap_or_default();
            for (index, line) in value.split('\n').enumerate() {
                let head = if index == 0 {
                    format!("{name}:")
                } else {
                    String::new()
                };
                out.line(3, format!("{head}\t{line}"));
            }
            continue;
        };
        if let Some(field) = &source.field_ref {
            let version = field.api_version.as_deref().unwrap_or("v1");
            out.line(3, format!("{name}:\t ({version}:{})", field.field_path));
        } else if let Some(resource) = &source.resource_field_ref {
            out.line(3, format!("{name}:\t ({})", resource.resource));
        } else if let Some(key) = &source.secret_key_ref {
            let optional = key.optional.unwrap_or(false);
            let text = format!("<set to the key '{}' in secret '{}'>", key.key, key.name);
            out.line(3, format!("{name}:\t{text}\tOptional: {optional}"));
        } else if let Some(key) = &source.config_map_key_ref {
            let optional = key.optional.unwrap_or(false);
            let text = format!(
                "<set to the key '{}' of config map '{}'>",
                key.key, key.name
            );
            out.line(3, format!("{name}:\t{text}\tOptional: {optional}"));
        }
    }
}

fn mounts(container: &Container, token: &str, out: &mut Text) {
    let mut mounts: Vec<_> = container.volume_mounts.iter().flatten().collect();
    if mounts.is_empty() {
        return out.field(2, "Mounts", "<none>");
    }
    mounts.order_by(|a, b| a.mount_path.cmp(&b.mount_path));
    out.line(2, "Mounts:");
    for mount in mounts {
        let mut flags = String::from(if mount.read_only == Some(true) {
            "ro"
        } else {
            "rw"
        });
        if let Some(path) = mount.sub_path.as_ref().filter(|path| !path.is_empty()) {
            flags.push_str(&format!(",path=\"{path}\""));
        }
        let name = volume_name(&mount.name, token);
        out.line(3, format!("{} from {name} ({flags})", mount.mount_path));
    }
}
