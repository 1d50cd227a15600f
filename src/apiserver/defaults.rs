//! Defaults.
//!
//! Upstream: `pkg/apis/*/v1/defaults.go`.

use serde_json::Value;

use crate::api::Kind;

/// Fills in the defaults of a kind.
pub(super) fn default(_kind: Kind, _value: &mut Value) {}
