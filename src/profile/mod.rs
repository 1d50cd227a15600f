//! The release profile: which behaviours of which Kubernetes release a world shows.
//!
//! Upstream: the release itself. Only v1.36 exists so far; rooms ask the profile for a behaviour
//! and never compare versions.

use serde::{Deserialize, Serialize};

/// A Kubernetes release that a world can imitate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Profile {
    /// v1.36.2, what a cluster does today.
    #[default]
    V1_36,
}

impl Profile {
    /// `v1.36.2`: the version that nodes and servers report.
    pub fn git_version(self) -> &'static str {
        match self {
            Profile::V1_36 => "v1.36.2",
        }
    }
}
