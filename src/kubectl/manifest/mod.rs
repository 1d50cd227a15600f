//! Files of manifests: from `-f` to objects that a verb can send.
//!
//! Upstream: `cli-runtime/pkg/resource/{builder,visitor,mapper}.go`.

mod applied;
mod problems;
mod read;
mod web;

pub use applied::{LAST_APPLIED, applied, with_last_applied};
pub use problems::{Problem, failure, with_source};
pub use read::{Info, Validate, load};
