//! The API server and its store: the only room that changes objects.
//!
//! Upstream: `k8s.io/apiserver`, `pkg/registry`, etcd.

mod admission;
mod check;
mod decode;
mod defaults;
mod definitions;
mod delete;
mod errors;
mod eviction;
mod jobs;
mod managed;
mod patch;
mod requests;
mod served;
mod server;
mod services;
mod snapshot;
mod store;
mod strategy;
mod structural;
mod validation;
mod versions;

pub use admission::{SYSTEM_CLASSES, quota_status};
pub use check::{Diagnostic, check};
pub use decode::{FieldValidation, check_metadata, decode, decode_with};
pub use definitions::set_condition;
pub use delete::{DeleteOptions, Propagation};
pub use errors::{ApiError, FieldError, Reason};
pub use managed::{ServerSideApply, Writer, managed_fields};
pub use patch::{PatchType, merge_patch, strategic_merge, three_way_patch, two_way_patch};
pub use served::is_true;
pub use server::{ApiOptions, ApiServer, ApiState};
pub use snapshot::Snapshot;
pub use store::{Cause, Change, Store, Trigger};
pub use versions::{from_own, further_versions, in_version};
