//! `kubectl describe endpoints` and `describe endpointslice`.
//!
//! Upstream: `describeEndpoints`, `describeEndpointSliceV1` in `describe.go`.

use serde_json::Value;

use crate::api::{Object, items_at, number_at, text_at, texts_at};

use super::text::{Text, or};
use super::{Scene, events};

pub(super) fn endpoints(object: &Object, scene: Scene<'_>, out: &mut Text) {
    let Some(body) = object.data() else { return };
    out.names(&object.meta);
    out.labels(&object.meta);
    out.line(0, "Subsets:");
    for subset in items_at(body, "/subsets") {
        let addresses = |pointer: &str| {
            let list = items_at(subset, pointer).iter();
            list.map(|one| text_at(one, "/ip"))
                .collect::<Vec<_>>()
                .join(",")
        };
        out.field(1, "Addresses", or(&addresses("/addresses"), "<none>"));
        let not_ready = addresses("/notReadyAddresses");
        out.field(1, "NotReadyAddresses", or(&not_ready, "<none>"));
        if !items_at(subset, "/ports").is_empty() {
            out.line(1, "Ports:");
            ports(subset, 2, out);
        }
        out.line(0, "");
    }
    events::write(object, scene, out);
}

fn ports(parent: &Value, level: usize, out: &mut Text) {
    out.line(level, "Name\tPort\tProtocol");
    out.line(level, "----\t----\t--------");
    for port in items_at(parent, "/ports") {
        let number = number_at(port, "/port").map(|n| n.to_string());
        out.line(
            level,
            format!(
                "{}\t{}\t{}",
                or(text_at(port, "/name"), "<unset>"),
                number.unwrap_or("<unset>".into()),
                text_at(port, "/protocol")
            ),
        );
    }
}

pub(super) fn slice(object: &Object, scene: Scene<'_>, out: &mut Text) {
    let Some(body) = object.data() else { return };
    out.names(&object.meta);
    out.labels(&object.meta);
    out.field(0, "AddressType", text_at(body, "/addressType"));
    if items_at(body, "/ports").is_empty() {
        out.line(0, "Ports: <unset>");
    } else {
        out.line(0, "Ports:");
        ports(body, 1, out);
    }
    let all = items_at(body, "/endpoints");
    if all.is_empty() {
        out.line(0, "Endpoints: <none>");
    } else {
        out.line(0, "Endpoints:");
    }
    for endpoint in all {
        let addresses = texts_at(endpoint, "/addresses").join(", ");
        out.field(1, "- Addresses", or(&addresses, "<none>"));
        out.line(2, "Conditions:");
        let ready = endpoint
            .pointer("/conditions/ready")
            .and_then(Value::as_bool);
        out.field(
            3,
            "Ready",
            ready.map_or("<unset>".into(), |ready| ready.to_string()),
        );
        out.field(2, "Hostname", or(text_at(endpoint, "/hostname"), "<unset>"));
        let target = |field: &str| text_at(endpoint, &format!("/targetRef/{field}"));
        if endpoint.get("targetRef").is_some() {
            out.field(
                2,
                "TargetRef",
                format!("{}/{}", target("kind"), target("name")),
            );
        }
        out.field(2, "NodeName", or(text_at(endpoint, "/nodeName"), "<unset>"));
        out.field(2, "Zone", or(text_at(endpoint, "/zone"), "<unset>"));
    }
    events::write(object, scene, out);
}
