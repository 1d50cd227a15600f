//! Services as a table.
//!
//! Upstream: `printService`, `getServiceExternalIP`, `makePortString` in `printers.go`.

use serde_json::Value;

use crate::api::{Object, Order};

use super::{NONE, Printer, column, or_none, wide};
use crate::kubectl::age;

pub(super) static PRINTER: Printer = Printer {
    columns: &[
        column("NAME"),
        column("TYPE"),
        column("CLUSTER-IP"),
        column("EXTERNAL-IP"),
        column("PORT(S)"),
        column("AGE"),
        wide("SELECTOR"),
    ],
    cells: |object, now, wide| {
        let spec = object
            .data()
            .and_then(|d| d.get("spec"))
            .unwrap_or(&Value::Null);
        let text = |key: &str| spec.get(key).and_then(Value::as_str).unwrap_or_default();
        let first_ip = spec.pointer("/clusterIPs/0").and_then(Value::as_str);
        let selector = spec
            .get("selector")
            .and_then(Value::as_object)
            .into_iter()
            .flatten();
        let selector: Vec<String> = selector
            .map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or_default()))
            .collect();
        vec![
            object.meta.name.to_string(),
            text("type").to_string(),
            or_none(first_ip.unwrap_or_else(|| text("clusterIP"))).to_string(),
            external_ips(object, wide),
            ports(spec),
            age::since(object.meta.created, now),
            or_none(&selector.join(",")).to_string(),
        ]
    },
};

fn texts(list: Option<&Value>, key: Option<&str>) -> Vec<String> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    let text = |item: &Value| match key {
        Some(key) => item.get(key).and_then(Value::as_str).map(str::to_string),
        None => item.as_str().map(str::to_string),
    };
    items.filter_map(text).collect()
}

/// The cell EXTERNAL-IP.
pub fn external_ips(service: &Object, wide: bool) -> String {
    const SHORT_MAX: usize = 16;
    let Some(data) = service.data() else {
        return NONE.into();
    };
    let given = texts(data.pointer("/spec/externalIPs"), None);
    match data.pointer("/spec/type").and_then(Value::as_str) {
        Some("LoadBalancer") => {
            let ingress = data.pointer("/status/loadBalancer/ingress");
            let mut all = texts(ingress, Some("ip"));
            all.order();
            let mut shown = all.join(",");
            if !wide && shown.len() > SHORT_MAX {
                shown = format!("{}...", shown.get(..SHORT_MAX - 3).unwrap_or_default());
            }
            if !given.is_empty() {
                let own: Vec<String> = all.into_iter().chain(given).collect();
                return own.join(",");
            }
            if shown.is_empty() {
                "<pending>".into()
            } else {
                shown
            }
        }
        Some("ExternalName") => {
            let name = data.pointer("/spec/externalName").and_then(Value::as_str);
            name.unwrap_or_default().to_string()
        }
        _ => or_none(&given.join(",")).to_string(),
    }
}

/// The cell PORT(S): `80/TCP,443:30443/TCP`.
fn ports(spec: &Value) -> String {
    let list = spec
        .get("ports")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let shown: Vec<String> = list
        .map(|port| {
            let number = |key: &str| port.get(key).and_then(Value::as_i64).unwrap_or(0);
            let protocol = port
                .get("protocol")
                .and_then(Value::as_str)
                .unwrap_or("TCP");
            match number("nodePort") {
                0 => format!("{}/{protocol}", number("port")),
                node => format!("{}:{node}/{protocol}", number("port")),
            }
        })
        .collect();
    or_none(&shown.join(",")).to_string()
}
