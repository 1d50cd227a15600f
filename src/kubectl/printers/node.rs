//! Nodes as a table.
//!
//! Upstream: `printNode` in `printers.go`.

use crate::api::{Meta, NodeBody, Order};

use super::{NONE, Printer, UNKNOWN, column, wide};
use crate::kubectl::age;

pub(super) static PRINTER: Printer = Printer {
    columns: &[
        column("NAME"),
        column("STATUS"),
        column("ROLES"),
        column("AGE"),
        column("VERSION"),
        wide("INTERNAL-IP"),
        wide("EXTERNAL-IP"),
        wide("OS-IMAGE"),
        wide("KERNEL-VERSION"),
        wide("CONTAINER-RUNTIME"),
    ],
    cells: |object, now, _| {
        let Some(node) = object.node() else {
            return Vec::new();
        };
        let status = &node.status;
        let known = |text: &str| {
            if text.is_empty() {
                UNKNOWN.to_string()
            } else {
                text.to_string()
            }
        };
        let kernel = if status.kernel_version.is_empty() {
            UNKNOWN.to_string()
        } else {
            format!("{} (amd64)", status.kernel_version)
        };
        let ip = if status.internal_ip.is_unspecified() {
            NONE.to_string()
        } else {
            status.internal_ip.to_string()
        };
        vec![
            object.meta.name.to_string(),
            self::status(node),
            roles(&object.meta),
            age::since(object.meta.created, now),
            status.kubelet_version.to_string(),
            ip,
            NONE.to_string(),
            known(&status.os_image),
            kernel,
            known(&status.runtime_version),
        ]
    },
};

/// STATUS: whether it is Ready, and whether it is cordoned.
pub fn status(node: &NodeBody) -> String {
    let ready = if node.is_ready() { "Ready" } else { "NotReady" };
    let cordoned = if node.unschedulable {
        ",SchedulingDisabled"
    } else {
        ""
    };
    format!("{ready}{cordoned}")
}

/// The roles that a node's labels name, sorted.
pub fn roles(meta: &Meta) -> String {
    let named = |(key, value): (&String, &String)| {
        if let Some(role) = key.strip_prefix("node-role.kubernetes.io/") {
            (!role.is_empty()).then(|| role.to_string())
        } else {
            (key == "kubernetes.io/role" && !value.is_empty()).then(|| value.clone())
        }
    };
    let mut roles: Vec<String> = meta.labels.iter().filter_map(named).collect();
    roles.order();
    roles.dedup();
    if roles.is_empty() {
        NONE.into()
    } else {
        roles.join(",")
    }
}
