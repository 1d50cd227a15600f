//! `kubectl describe networkpolicy`.
//!
//! Upstream: `describeNetworkPolicy` in `describe.go`.

use serde_json::Value;

use crate::api::{Object, Selector, go_print, items_at, number_at, selector_at, text_at, texts_at};

use super::Scene;
use super::text::{Text, or};

pub(super) fn write(object: &Object, _: Scene<'_>, out: &mut Text) {
    let Some(body) = object.data() else { return };
    out.names(&object.meta);
    let created = object.meta.created.rfc3339();
    let created = created.replace('T', " ").replace('Z', " +0000 UTC");
    out.field(0, "Created on", created);
    out.labels(&object.meta);
    out.line(0, "Spec:");
    let selected = match selector(body, "/spec/podSelector").as_str() {
        "<none>" => "<none> (Allowing the specific traffic to all pods in this namespace)".into(),
        text => text.to_string(),
    };
    // Upstream writes the selector with an indent of its own.
    out.line(1, format!("PodSelector:     {selected}"));
    let types = texts_at(body, "/spec/policyTypes");
    for (name, direction, peers) in [("Ingress", "ingress", "from"), ("Egress", "egress", "to")] {
        if types.contains(&name) {
            out.line(1, format!("Allowing {direction} traffic:"));
            rules(
                items_at(body, &format!("/spec/{direction}")),
                direction,
                peers,
                out,
            );
        } else {
            out.line(1, format!("Not affecting {direction} traffic"));
        }
    }
    out.line(
        1,
        format!("Policy Types: {}", or(&types.join(", "), "<none>")),
    );
}

fn selector(value: &Value, pointer: &str) -> String {
    let selector = selector_at(value, pointer).unwrap_or_default();
    or(&Selector::from_api(&selector).to_string(), "<none>").to_string()
}

fn rules(rules: &[Value], direction: &str, peers: &str, out: &mut Text) {
    if rules.is_empty() {
        let text = format!("<none> (Selected pods are isolated for {direction} connectivity)");
        out.line(2, text);
    }
    let (word, end) = match peers {
        "from" => ("From", "source"),
        _ => ("To", "destination"),
    };
    for (i, rule) in rules.iter().enumerate() {
        let ports = items_at(rule, "/ports");
        if ports.is_empty() {
            out.line(2, "To Port: <any> (traffic allowed to all ports)");
        }
        for port in ports {
            let number = port.get("port").map_or("<nil>".into(), go_print);
            let protocol = or(text_at(port, "/protocol"), "TCP");
            match number_at(port, "/endPort") {
                None => out.line(2, format!("To Port: {number}/{protocol}")),
                Some(last) => out.line(2, format!("To Port Range: {number}-{last}/{protocol}")),
            }
        }
        let list = items_at(rule, &format!("/{peers}"));
        if list.is_empty() {
            out.line(
                2,
                format!("{word}: <any> (traffic not restricted by {end})"),
            );
        }
        for peer in list {
            out.line(2, format!("{word}:"));
            one_peer(peer, out);
        }
        if i + 1 < rules.len() {
            out.line(2, "----------");
        }
    }
}

fn one_peer(peer: &Value, out: &mut Text) {
    let has = |field: &str| peer.get(field).is_some_and(Value::is_object);
    for (field, title) in [
        ("namespaceSelector", "NamespaceSelector"),
        ("podSelector", "PodSelector"),
    ] {
        if has(field) {
            let text = selector(peer, &format!("/{field}"));
            out.line(3, format!("{title}: {text}"));
        }
    }
    if has("ipBlock") && !has("namespaceSelector") && !has("podSelector") {
        out.line(3, "IPBlock:");
        out.line(4, format!("CIDR: {}", text_at(peer, "/ipBlock/cidr")));
        out.line(
            4,
            format!("Except: {}", texts_at(peer, "/ipBlock/except").join(", ")),
        );
    }
}
