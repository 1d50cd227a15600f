//! Probes and lifecycle handlers.
//!
//! Upstream: `pkg/apis/core/validation/validation.go` (validateProbe, validateLifecycle).

use k8s_openapi::api::core::v1::{
    Container, ExecAction, HTTPGetAction, LifecycleHandler, Probe, TCPSocketAction,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::api::go_quote;
use crate::apiserver::FieldError;

use super::Errors;
use super::format::{PORT_RANGE, port_name};
use super::meta::invalid_text;
use super::workload::nonnegative;

pub(super) fn probes(container: &Container, path: &str, errors: &mut Errors) {
    for (probe, name) in [
        (&container.liveness_probe, "livenessProbe"),
        (&container.readiness_probe, "readinessProbe"),
        (&container.startup_probe, "startupProbe"),
    ] {
        let Some(probe) = probe else { continue };
        let path = format!("{path}.{name}");
        self::probe(probe, &path, errors);
        let threshold = probe.success_threshold.unwrap_or(1);
        if name != "readinessProbe" && threshold != 1 {
            let field = format!("{path}.successThreshold");
            errors.push(FieldError::invalid(field, threshold, "must be 1"));
        }
    }
}

fn probe(probe: &Probe, path: &str, errors: &mut Errors) {
    let given = [
        probe.exec.is_some(),
        probe.http_get.is_some(),
        probe.tcp_socket.is_some(),
        probe.grpc.is_some(),
    ];
    let grpc = probe.grpc.as_ref().map(|g| IntOrString::Int(g.port));
    let (exec, get, tcp) = (
        probe.exec.as_ref(),
        probe.http_get.as_ref(),
        probe.tcp_socket.as_ref(),
    );
    handler(
        exec,
        get,
        tcp,
        given.iter().filter(|g| **g).count(),
        path,
        errors,
    );
    if let Some(number) = grpc {
        port(&number, &format!("{path}.grpc.port"), errors);
    }
    for (value, field) in [
        (probe.initial_delay_seconds, "initialDelaySeconds"),
        (probe.timeout_seconds, "timeoutSeconds"),
        (probe.period_seconds, "periodSeconds"),
        (probe.success_threshold, "successThreshold"),
        (probe.failure_threshold, "failureThreshold"),
    ] {
        nonnegative(value.unwrap_or(0), &format!("{path}.{field}"), errors);
    }
}

pub(super) fn lifecycle(container: &Container, path: &str, errors: &mut Errors) {
    let Some(lifecycle) = &container.lifecycle else {
        return;
    };
    for (hook, name) in [
        (&lifecycle.post_start, "postStart"),
        (&lifecycle.pre_stop, "preStop"),
    ] {
        let Some(LifecycleHandler {
            exec,
            http_get,
            tcp_socket,
            sleep,
        }) = hook
        else {
            continue;
        };
        let given = [
            exec.is_some(),
            http_get.is_some(),
            tcp_socket.is_some(),
            sleep.is_some(),
        ];
        let count = given.iter().filter(|g| **g).count();
        let path = format!("{path}.lifecycle.{name}");
        handler(
            exec.as_ref(),
            http_get.as_ref(),
            tcp_socket.as_ref(),
            count,
            &path,
            errors,
        );
    }
}

fn handler(
    exec: Option<&ExecAction>,
    get: Option<&HTTPGetAction>,
    tcp: Option<&TCPSocketAction>,
    count: usize,
    path: &str,
    errors: &mut Errors,
) {
    if let Some(exec) = exec
        && exec.command.as_deref().unwrap_or_default().is_empty()
    {
        errors.push(FieldError::required(format!("{path}.exec.command"), ""));
    }
    if let Some(get) = get {
        if get.path.as_deref().unwrap_or_default().is_empty() {
            errors.push(FieldError::required(format!("{path}.httpGet.path"), ""));
        }
        port(&get.port, &format!("{path}.httpGet.port"), errors);
        let scheme = get.scheme.as_deref().unwrap_or("HTTP");
        if !["HTTP", "HTTPS"].contains(&scheme) {
            let field = format!("{path}.httpGet.scheme");
            errors.push(FieldError::not_supported(
                field,
                go_quote(scheme),
                &["HTTP", "HTTPS"],
            ));
        }
    }
    if let Some(tcp) = tcp {
        port(&tcp.port, &format!("{path}.tcpSocket.port"), errors);
    }
    match count {
        0 => errors.push(FieldError::required(path, "must specify a handler type")),
        1 => {}
        _ => {
            let field = if tcp.is_some() {
                "tcpSocket"
            } else {
                "httpGet"
            };
            let why = "may not specify more than 1 handler type";
            errors.push(FieldError::forbidden(format!("{path}.{field}"), why));
        }
    }
}

fn port(port: &IntOrString, path: &str, errors: &mut Errors) {
    match port {
        IntOrString::Int(number) if (1..=65535).contains(number) => {}
        IntOrString::Int(number) => {
            errors.push(FieldError::invalid(path, number, PORT_RANGE));
        }
        IntOrString::String(name) => invalid_text(path, name, port_name(name), errors),
    }
}
