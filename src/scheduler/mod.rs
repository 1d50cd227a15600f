//! The scheduler.
//!
//! Upstream: see the files.
