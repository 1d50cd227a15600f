//! What kube-proxy, DNS and endpoints would do; empty until Services act.
//!
//! Upstream: see the files.
