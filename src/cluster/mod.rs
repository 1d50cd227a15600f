//! The machine room: the world, its events, faults.
//!
//! Upstream: see the files.
