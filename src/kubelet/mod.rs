//! The kubelets and their machines.
//!
//! Upstream: see the files.
