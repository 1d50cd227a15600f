//! `kubectl describe ingress` and `describe ingressclass`.
//!
//! Upstream: `IngressDescriber`, `IngressClassDescriber` in `describe.go`.

use serde_json::Value;

use crate::api::{Kind, Object, items_at, number_at, text_at, texts_at};
use crate::kubectl::printers::ingress_addresses;

use super::text::{Text, or};
use super::{Scene, events, service};

pub(super) fn ingress(object: &Object, scene: Scene<'_>, out: &mut Text) {
    let Some(body) = object.data() else { return };
    let namespace = &*object.meta.namespace;
    out.field(0, "Name", &object.meta.name);
    out.pairs("Labels", &object.meta.labels);
    out.field(0, "Namespace", namespace);
    out.field(0, "Address", ingress_addresses(body, true));
    out.field(
        0,
        "Ingress Class",
        or(text_at(body, "/spec/ingressClassName"), "<none>"),
    );
    let default = body
        .pointer("/spec/defaultBackend")
        .filter(|b| !b.is_null());
    let default = default.map_or("<default>".into(), |b| backend(namespace, b, scene));
    out.field(0, "Default backend", &default);
    let tls = items_at(body, "/spec/tls");
    if !tls.is_empty() {
        out.line(0, "TLS:");
    }
    for one in tls {
        let hosts = texts_at(one, "/hosts").join(",");
        match text_at(one, "/secretName") {
            "" => out.line(1, format!("SNI routes {hosts}")),
            name => out.line(1, format!("{name} terminates {hosts}")),
        }
    }
    out.line(0, "Rules:\n  Host\tPath\tBackends");
    out.line(1, "----\t----\t--------");
    let rules = items_at(body, "/spec/rules").iter();
    let mut rules = rules
        .filter(|rule| rule.get("http").is_some_and(Value::is_object))
        .peekable();
    if rules.peek().is_none() {
        out.line(1, format!("*\t*\t{default}"));
    }
    for rule in rules {
        out.line(1, format!("{}\t", or(text_at(rule, "/host"), "*")));
        for path in items_at(rule, "/http/paths") {
            let to = path.get("backend").map(|b| backend(namespace, b, scene));
            let to = to.unwrap_or_default();
            out.line(2, format!("\t{} \t{to}", text_at(path, "/path")));
        }
    }
    out.annotations("Annotations", &object.meta.annotations);
    events::write(object, scene, out);
}

/// `web:80 (10.244.1.3:80)`, or why the Service is not found.
fn backend(namespace: &str, backend: &Value, scene: Scene<'_>) -> String {
    let Some(wanted) = backend.get("service").filter(|service| service.is_object()) else {
        let part =
            |field: &str| or(text_at(backend, &format!("/resource/{field}")), "<none>").to_string();
        return format!(
            "APIGroup: {}, Kind: {}, Name: {}",
            part("apiGroup"),
            part("kind"),
            part("name")
        );
    };
    let name = text_at(wanted, "/name");
    let number = number_at(wanted, "/port/number").unwrap_or(0);
    let port_name = text_at(wanted, "/port/name");
    let port = if number == 0 {
        port_name.to_string()
    } else {
        number.to_string()
    };
    let Some(found) = scene.snapshot.find(Kind::Service, namespace, name) else {
        return format!("{name}:{port} (<error: services \"{name}\" not found>)");
    };
    let ports = found
        .data()
        .map(|body| items_at(body, "/spec/ports"))
        .unwrap_or_default();
    let chosen = ports.iter().find(|port| {
        (number != 0 && number_at(port, "/port") == Some(number))
            || (!port_name.is_empty() && text_at(port, "/name") == port_name)
    });
    let addresses = chosen.map(|port| service::endpoints_of(found, port, scene));
    format!("{name}:{port} ({})", addresses.unwrap_or_default())
}

pub(super) fn class(object: &Object, scene: Scene<'_>, out: &mut Text) {
    let Some(body) = object.data() else { return };
    out.field(0, "Name", &object.meta.name);
    out.labels(&object.meta);
    out.field(0, "Controller", text_at(body, "/spec/controller"));
    if let Some(given) = body.pointer("/spec/parameters").filter(|p| p.is_object()) {
        out.line(0, "Parameters:");
        out.field_if(1, "APIGroup", text_at(given, "/apiGroup"));
        out.field(1, "Kind", text_at(given, "/kind"));
        out.field(1, "Name", text_at(given, "/name"));
    }
    events::write(object, scene, out);
}
