//! The kubelets and their machines: pods that were bound to a node become containers there.
//!
//! A [`Fleet`] holds all nodes. Each has a machine (power, images, addresses), a kubelet with an
//! agenda, and one worker a pod. Static pods are not modelled yet.
//!
//! Upstream: `pkg/kubelet`; see the files.

mod admission;
mod clockwork;
mod container;
mod fleet;
mod images;
mod logs;
mod machine;
mod node;
mod node_config;
mod node_status;
mod options;
mod output;
mod plan;
mod probes;
mod programs;
mod report;
mod restart;
mod script;
#[cfg(test)]
mod stage;
mod start;
mod status;
#[cfg(test)]
mod stories;
mod sync;
mod termination;
mod usage;
mod worker;

pub use fleet::Fleet;
pub use machine::Machine;
pub use node_config::NodeConfig;
pub use options::{ProbeKind, ProbeRule, ProgramRule, RuntimeOptions};
