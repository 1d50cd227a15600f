//! The machine room: the only place that knows every component and turns the crank.
//!
//! Upstream: kubeadm's role, and the wires between the processes.

mod checkpoint;
mod console;
mod faults;
mod flags;
mod furniture;
mod load;
mod setup;
mod why;
mod world;

pub use checkpoint::Checkpoint;
pub use console::{JobId, JobState};
pub use setup::{Latencies, NodeSpec, Setup};
pub use world::World;
