//! Containers, their ports, variables and mounts.
//!
//! Upstream: `pkg/apis/core/validation/validation.go` (validateContainers, validateInitContainers).

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Container, ContainerPort, EnvVar, EnvVarSource, PodSpec};

use crate::api::go_quote;
use crate::apiserver::FieldError;

use super::format::{PORT_RANGE, dns_1123_label, port_name};
use super::meta::invalid_text;
use super::pod::one_of;
use super::{Errors, probe, resources};

const PULL_POLICIES: &[&str] = &["Always", "IfNotPresent", "Never"];
const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];
const MESSAGE_POLICIES: &[&str] = &["FallbackToLogsOnError", "File"];

pub(super) fn containers(
    spec: &PodSpec,
    path: &str,
    volumes: &BTreeSet<String>,
    errors: &mut Errors,
) {
    let list = format!("{path}.containers");
    if spec.containers.is_empty() {
        errors.push(FieldError::required(list.clone(), ""));
    }
    let mut names = BTreeSet::new();
    for (i, container) in spec.containers.iter().enumerate() {
        let path = format!("{list}[{i}]");
        common(container, &path, volumes, errors);
        unique_name(container, &path, &mut names, errors);
        if container.lifecycle.is_some() {
            probe::lifecycle(container, &path, errors);
        }
        probe::probes(container, &path, errors);
    }
    host_ports(&spec.containers, &list, errors);
    for (i, container) in spec.init_containers.iter().flatten().enumerate() {
        let path = format!("{path}.initContainers[{i}]");
        common(container, &path, volumes, errors);
        unique_name(container, &path, &mut names, errors);
        init_only(container, &path, errors);
    }
}

fn unique_name(
    container: &Container,
    path: &str,
    names: &mut BTreeSet<String>,
    errors: &mut Errors,
) {
    if !names.insert(container.name.clone()) {
        errors.push(FieldError::duplicate(
            format!("{path}.name"),
            go_quote(&container.name),
        ));
    }
}

/// What an init container may have only if it runs beside the others.
fn init_only(container: &Container, path: &str, errors: &mut Errors) {
    if container.restart_policy.as_deref() == Some("Always") {
        probe::probes(container, path, errors);
        return;
    }
    let why = "may not be set for init containers without restartPolicy=Always";
    for (given, field) in [
        (container.lifecycle.is_some(), "lifecycle"),
        (container.liveness_probe.is_some(), "livenessProbe"),
        (container.readiness_probe.is_some(), "readinessProbe"),
        (container.startup_probe.is_some(), "startupProbe"),
    ] {
        if given {
            errors.push(FieldError::forbidden(format!("{path}.{field}"), why));
        }
    }
}

fn common(container: &Container, path: &str, volumes: &BTreeSet<String>, errors: &mut Errors) {
    let name = format!("{path}.name");
    if container.name.is_empty() {
        errors.push(FieldError::required(name, ""));
    } else {
        invalid_text(
            &name,
            &container.name,
            dns_1123_label(&container.name),
            errors,
        );
    }
    if container.image.as_deref().unwrap_or_default().is_empty() {
        errors.push(FieldError::required(format!("{path}.image"), ""));
    }
    let policy = container.termination_message_policy.as_deref();
    one_of(
        policy,
        MESSAGE_POLICIES,
        &format!("{path}.terminationMessagePolicy"),
        errors,
    );
    ports(
        container.ports.as_deref().unwrap_or_default(),
        &format!("{path}.ports"),
        errors,
    );
    for (i, variable) in container.env.iter().flatten().enumerate() {
        env(variable, &format!("{path}.env[{i}]"), errors);
    }
    mounts(container, path, volumes, errors);
    let policy = container.image_pull_policy.as_deref();
    one_of(
        policy,
        PULL_POLICIES,
        &format!("{path}.imagePullPolicy"),
        errors,
    );
    if let Some(wanted) = &container.resources {
        resources::requirements(wanted, &format!("{path}.resources"), errors);
    }
}

fn ports(ports: &[ContainerPort], path: &str, errors: &mut Errors) {
    let mut names = BTreeSet::new();
    for (i, port) in ports.iter().enumerate() {
        let path = format!("{path}[{i}]");
        if let Some(name) = port.name.as_deref().filter(|n| !n.is_empty()) {
            let problems = port_name(name);
            let field = format!("{path}.name");
            if !problems.is_empty() {
                invalid_text(&field, name, problems, errors);
            } else if !names.insert(name) {
                errors.push(FieldError::duplicate(field, go_quote(name)));
            }
        }
        let number = port.container_port;
        if number == 0 {
            errors.push(FieldError::required(format!("{path}.containerPort"), ""));
        } else if !(1..=65535).contains(&number) {
            let field = format!("{path}.containerPort");
            errors.push(FieldError::invalid(field, number, PORT_RANGE));
        }
        if let Some(number) = port
            .host_port
            .filter(|n| *n != 0 && !(1..=65535).contains(n))
        {
            errors.push(FieldError::invalid(
                format!("{path}.hostPort"),
                number,
                PORT_RANGE,
            ));
        }
        one_of(
            port.protocol.as_deref(),
            PROTOCOLS,
            &format!("{path}.protocol"),
            errors,
        );
    }
}

fn host_ports(containers: &[Container], path: &str, errors: &mut Errors) {
    let mut taken = BTreeSet::new();
    for (i, container) in containers.iter().enumerate() {
        for (j, port) in container.ports.iter().flatten().enumerate() {
            let Some(number) = port.host_port.filter(|n| *n != 0) else {
                continue;
            };
            let text = |field: &Option<String>| field.clone().unwrap_or_default();
            let key = format!("{}/{}/{number}", text(&port.protocol), text(&port.host_ip));
            if !taken.insert(key.clone()) {
                let field = format!("{path}[{i}].ports[{j}].hostPort");
                errors.push(FieldError::duplicate(field, go_quote(&key)));
            }
        }
    }
}

fn env(variable: &EnvVar, path: &str, errors: &mut Errors) {
    let name = format!("{path}.name");
    if variable.name.is_empty() {
        errors.push(FieldError::required(name, ""));
    } else if variable
        .name
        .chars()
        .any(|c| !(' '..='~').contains(&c) || c == '=')
    {
        let why = "a valid environment variable name must consist only of printable ASCII characters other than '='";
        errors.push(FieldError::invalid(name, go_quote(&variable.name), why));
    }
    let Some(source) = &variable.value_from else {
        return;
    };
    let EnvVarSource {
        config_map_key_ref,
        field_ref,
        resource_field_ref,
        secret_key_ref,
        ..
    } = source;
    let sources = [
        config_map_key_ref.is_some(),
        field_ref.is_some(),
        resource_field_ref.is_some(),
        secret_key_ref.is_some(),
    ];
    let given = sources.iter().filter(|given| **given).count();
    let path = format!("{path}.valueFrom");
    let has_value = variable.value.as_deref().is_some_and(|v| !v.is_empty());
    if given == 0 {
        let why = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`";
        errors.push(FieldError::invalid(path, "\"\"", why));
    } else if has_value {
        errors.push(FieldError::invalid(
            path,
            "\"\"",
            "may not be specified when `value` is not empty",
        ));
    } else if given > 1 {
        let why = "may not have more than one field specified at a time";
        errors.push(FieldError::invalid(path, "\"\"", why));
    }
}

fn mounts(container: &Container, path: &str, volumes: &BTreeSet<String>, errors: &mut Errors) {
    let mut paths = BTreeSet::new();
    for (i, mount) in container.volume_mounts.iter().flatten().enumerate() {
        let path = format!("{path}.volumeMounts[{i}]");
        if mount.name.is_empty() {
            errors.push(FieldError::required(format!("{path}.name"), ""));
        }
        if !volumes.contains(&mount.name) {
            errors.push(FieldError::not_found(
                format!("{path}.name"),
                go_quote(&mount.name),
            ));
        }
        let field = format!("{path}.mountPath");
        if mount.mount_path.is_empty() {
            errors.push(FieldError::required(field.clone(), ""));
        }
        if !paths.insert(&mount.mount_path) {
            errors.push(FieldError::invalid(
                field,
                go_quote(&mount.mount_path),
                "must be unique",
            ));
        }
    }
}
