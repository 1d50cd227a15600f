//! `kubectl describe service`.
//!
//! Upstream: `describeService` in `describe.go`. Differs: endpoints are computed from the pods that
//! the selector picks, until there are EndpointSlices.

use serde_json::Value;

use crate::api::{Kind, Object, Order};
use crate::kubectl::printers::external_ips;

use super::text::Text;
use super::{Scene, events};

pub(super) fn write(object: &Object, scene: Scene<'_>, out: &mut Text) {
    let Some(data) = object.data() else { return };
    let spec = data.get("spec").unwrap_or(&Value::Null);
    let text = |key: &str| spec.get(key).and_then(Value::as_str).unwrap_or_default();
    let list = |key: &str| {
        let items = spec
            .get(key)
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        items
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(",")
    };
    out.names(&object.meta);
    out.labels(&object.meta);
    let selector = selector(spec);
    let shown: Vec<String> = selector.iter().map(|(k, v)| format!("{k}={v}")).collect();
    out.field(
        0,
        "Selector",
        if shown.is_empty() {
            "<none>".into()
        } else {
            shown.join(",")
        },
    );
    out.field(0, "Type", text("type"));
    out.field_if(0, "IP Family Policy", text("ipFamilyPolicy"));
    let families = list("ipFamilies");
    out.field(
        0,
        "IP Families",
        if families.is_empty() {
            "<none>"
        } else {
            &families
        },
    );
    out.field(0, "IP", text("clusterIP"));
    let ips = list("clusterIPs");
    out.field(0, "IPs", if ips.is_empty() { "<none>" } else { &ips });
    out.field_if(0, "External IPs", &list("externalIPs"));
    out.field_if(0, "Desired LoadBalancer IP", text("loadBalancerIP"));
    out.field_if(0, "External Name", text("externalName"));
    if text("type") == "LoadBalancer" && external_ips(object, true) != "<pending>" {
        out.field(0, "LoadBalancer Ingress", external_ips(object, true));
    }
    for port in spec
        .get("ports")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        one_port(object, port, &selector, scene, out);
    }
    out.field(0, "Session Affinity", text("sessionAffinity"));
    out.field_if(0, "External Traffic Policy", text("externalTrafficPolicy"));
    out.field_if(0, "Internal Traffic Policy", text("internalTrafficPolicy"));
    events::write(object, scene, out);
}

fn selector(spec: &Value) -> Vec<(String, String)> {
    let pairs = spec
        .get("selector")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    let pair = |(k, v): (&String, &Value)| (k.clone(), v.as_str().unwrap_or_default().to_string());
    pairs.map(pair).collect()
}

fn one_port(
    service: &Object,
    port: &Value,
    selector: &[(String, String)],
    scene: Scene<'_>,
    out: &mut Text,
) {
    let name = port
        .get("name")
        .and_then(Value::as_str)
        .filter(|name| !name.is_empty());
    let name = name.unwrap_or("<unset>");
    let number = |key: &str| port.get(key).and_then(Value::as_i64).unwrap_or(0);
    let protocol = port
        .get("protocol")
        .and_then(Value::as_str)
        .unwrap_or("TCP");
    out.line(0, format!("Port:\t{name}\t{}/{protocol}", number("port")));
    let target = match port.get("targetPort") {
        Some(Value::String(name)) => name.clone(),
        _ => number("targetPort").to_string(),
    };
    out.field(0, "TargetPort", format!("{target}/{protocol}"));
    out.field_if(
        0,
        "AppProtocol",
        port.get("appProtocol")
            .and_then(Value::as_str)
            .unwrap_or(""),
    );
    if number("nodePort") != 0 {
        out.line(
            0,
            format!("NodePort:\t{name}\t{}/{protocol}", number("nodePort")),
        );
    }
    out.field(0, "Endpoints", endpoints(service, &target, selector, scene));
}

/// The addresses behind a port of a Service.
pub(super) fn endpoints_of(service: &Object, port: &Value, scene: Scene<'_>) -> String {
    let spec = service.data().and_then(|body| body.get("spec"));
    let selector = selector(spec.unwrap_or(&Value::Null));
    let target = match port.get("targetPort") {
        Some(Value::String(name)) => name.clone(),
        other => other.and_then(Value::as_i64).unwrap_or(0).to_string(),
    };
    endpoints(service, &target, &selector, scene)
}

const ENDPOINTS_MAX: usize = 3;

fn endpoints(
    service: &Object,
    target: &str,
    selector: &[(String, String)],
    scene: Scene<'_>,
) -> String {
    if selector.is_empty() {
        return String::new();
    }
    let pods = scene
        .snapshot
        .list(Kind::Pod, Some(&service.meta.namespace));
    let picked = pods.filter(|pod| {
        selector
            .iter()
            .all(|(key, value)| pod.meta.label(key) == Some(value))
            && !pod.meta.is_deleting()
    });
    let ready = picked
        .filter_map(|object| object.pod())
        .filter(|pod| pod.status.is_ready());
    let mut all: Vec<String> = ready
        .filter_map(|pod| {
            let ports = pod
                .spec
                .spec
                .containers
                .iter()
                .flat_map(|c| c.ports.iter().flatten());
            let named = |name: &str| {
                let mut ports = ports.clone();
                ports
                    .find(|p| p.name.as_deref() == Some(name))
                    .map(|p| p.container_port.to_string())
            };
            let port = target
                .parse::<u16>()
                .map(|p| p.to_string())
                .ok()
                .or_else(|| named(target))?;
            Some(format!("{}:{port}", pod.status.pod_ip?))
        })
        .collect();
    all.order();
    let more = all.len().saturating_sub(ENDPOINTS_MAX);
    all.truncate(ENDPOINTS_MAX);
    let mut shown = all.join(",");
    if more > 0 {
        shown.push_str(&format!(" + {more} more..."));
    }
    shown
}
