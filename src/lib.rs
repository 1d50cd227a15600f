//! Kube Orrery: a clockwork Kubernetes. This file is the table of contents, lowest room first;
//! a room may use only rooms above its own line (tests/tidy.rs has the exact table).

pub mod clock;
pub mod profile;

pub mod api;

pub mod apiserver;

pub mod client;

pub mod controllers;
pub mod kubectl;
pub mod kubelet;
pub mod network;
pub mod scheduler;

pub mod cluster;

pub mod scenario;

pub mod view;

pub mod session;

pub mod worker;

#[cfg(target_arch = "wasm32")]
pub mod ui;
