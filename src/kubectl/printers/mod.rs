//! Tables: one printer a kind, with its columns and the cells of an object.
//!
//! Upstream: `pkg/printers/internalversion/printers.go`.

mod controllerrevision;
mod daemonset;
mod deployment;
mod event;
mod lease;
mod namespace;
mod node;
mod pod;
mod replicaset;
mod service;
mod statefulset;
mod storage;
mod workload;

use crate::api::{Kind, Object};
use crate::clock::SimTime;

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
pub struct Printer {
    pub columns: &'static [Column],
    /// A cell for every column. The time is the moment of printing; the flag says `-o wide`.
    pub cells: fn(&Object, SimTime, bool) -> Vec<String>,
}

const NONE: &str = "<none>";
const UNKNOWN: &str = "<unknown>";

/// The printer of a kind.
pub fn printer(kind: Kind) -> &'static Printer {
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
        Kind::Node => &node::PRINTER,
        Kind::Event => &event::PRINTER,
        Kind::Namespace => &namespace::PRINTER,
        Kind::Service => &service::PRINTER,
        Kind::Lease => &lease::PRINTER,
        #[allow(unreachable_patterns)] // kinds to come
        _ => &DEFAULT,
    }
}

/// Kinds without a printer of their own.
#[allow(dead_code)] // kinds to come
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
