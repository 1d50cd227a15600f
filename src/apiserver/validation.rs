//! Validation.
//!
//! Upstream: `pkg/apis/*/validation/validation.go`.

use crate::api::Object;

use super::FieldError;

/// Problems of an object that is about to be created, in the server's order.
pub(super) fn validate_create(_object: &Object) -> Vec<FieldError> {
    Vec::new()
}

/// Problems of a new version of an object.
pub(super) fn validate_update(_object: &Object, _old: &Object) -> Vec<FieldError> {
    Vec::new()
}

/// Warnings about an object that is about to be created.
pub(super) fn create_warnings(_object: &Object) -> Vec<String> {
    Vec::new()
}
