//! Tables: one printer a kind, with its columns and the cells of an object.
//!
//! Upstream: `pkg/printers/internalversion/printers.go`.

mod apiservice;
mod autoscaler;
mod config;
mod controllerrevision;
mod cronjob;
mod custom;
mod daemonset;
mod deployment;
mod disruption;
mod endpoints;
mod endpointslice;
mod event;
mod ingress;
mod job;
mod lease;
mod namespace;
mod networkpolicy;
mod node;
mod pod;
mod priorityclass;
mod quota;
mod rbac;
mod replicaset;
mod service;
mod statefulset;
mod storage;
mod webhook;
mod workload;

use crate::api::{Kind, Object};
use crate::clock::SimTime;

pub use ingress::ingress_addresses;
pub use node::{roles as node_roles, status as node_status};
pub use pod::words as pod_words;
pub use service::external_ips;
pub use storage::{access_modes, claim, text as data_text};

/// One column of a kind's table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub title: &'static str,
    /// Shown with `-o wide` only.
    pub wide: bool,
}

/// A column that is always shown.
const fn column(title: &'static str) -> Column {
    Column { title, wide: false }
}

/// A column that `-o wide` shows.
const fn wide(title: &'static str) -> Column {
    Column { title, wide: true }
}

/// How a kind is printed.
struct Printer {
    columns: &'static [Column],
    /// A cell for every column. The time is the moment of printing; the flag says `-o wide`.
    cells: fn(&Object, SimTime, bool) -> Vec<String>,
}

const NONE: &str = "<none>";
const UNKNOWN: &str = "<unknown>";
const UNSET: &str = "<unset>";

/// The columns of a kind's table.
pub fn columns(kind: Kind) -> Vec<Column> {
    match kind {
        Kind::Custom(custom) => custom::columns(custom),
        kind => printer(kind).columns.to_vec(),
    }
}

/// The cells of an object, one for every column: see [`Printer`].
pub fn cells(object: &Object, now: SimTime, wide: bool) -> Vec<String> {
    match object.kind() {
        Kind::Custom(custom) => custom::cells(custom, object, now),
        kind => (printer(kind).cells)(object, now, wide),
    }
}

/// The printer of a kind.
fn printer(kind: Kind) -> &'static Printer {
    match kind {
        Kind::Pod => &pod::PRINTER,
        Kind::Deployment => &deployment::PRINTER,
        Kind::ReplicaSet | Kind::ReplicationController => &replicaset::PRINTER,
        Kind::DaemonSet => &daemonset::PRINTER,
        Kind::StatefulSet => &statefulset::PRINTER,
        Kind::ControllerRevision => &controllerrevision::PRINTER,
        Kind::PersistentVolumeClaim => &storage::CLAIM,
        Kind::PersistentVolume => &storage::VOLUME,
        Kind::StorageClass => &storage::CLASS,
        Kind::Job => &job::PRINTER,
        Kind::CronJob => &cronjob::PRINTER,
        Kind::Node => &node::PRINTER,
        Kind::Event => &event::PRINTER,
        Kind::Namespace => &namespace::PRINTER,
        Kind::Service => &service::PRINTER,
        Kind::Lease => &lease::PRINTER,
        Kind::ConfigMap => &config::CONFIG_MAP,
        Kind::Secret => &config::SECRET,
        Kind::Endpoints => &endpoints::PRINTER,
        Kind::EndpointSlice => &endpointslice::PRINTER,
        Kind::Ingress => &ingress::INGRESS,
        Kind::IngressClass => &ingress::CLASS,
        Kind::NetworkPolicy => &networkpolicy::PRINTER,
        Kind::HorizontalPodAutoscaler => &autoscaler::PRINTER,
        Kind::PodDisruptionBudget => &disruption::PRINTER,
        Kind::ResourceQuota => &quota::PRINTER,
        Kind::PriorityClass => &priorityclass::PRINTER,
        Kind::RoleBinding | Kind::ClusterRoleBinding => &rbac::BINDING,
        Kind::MutatingWebhookConfiguration | Kind::ValidatingWebhookConfiguration => {
            &webhook::PRINTER
        }
        Kind::APIService => &apiservice::PRINTER,
        Kind::LimitRange | Kind::Role | Kind::ClusterRole | Kind::CustomResourceDefinition => {
            &CREATED_AT
        }
        _ => &DEFAULT,
    }
}

/// Kinds for which upstream has no printer: `defaultTableConvertor`.
static CREATED_AT: Printer = Printer {
    columns: &[column("NAME"), column("CREATED AT")],
    cells: |object, _, _| vec![object.meta.name.to_string(), object.meta.created.rfc3339()],
};

/// Kinds that show nothing beside their age, such as ServiceAccounts.
static DEFAULT: Printer = Printer {
    columns: &[column("NAME"), column("AGE")],
    cells: |object, now, _| {
        vec![
            object.meta.name.to_string(),
            super::age::since(object.meta.created, now),
        ]
    },
};

fn or_none(text: &str) -> &str {
    if text.is_empty() { NONE } else { text }
}
