//! Decoding: JSON of a request into a typed, defaulted object, strictly.
//!
//! Upstream: `apimachinery/pkg/runtime/serializer/json`, strict mode.

use serde_json::Value;

use crate::api::{Kind, Object, from_json};

use super::{ApiError, Reason, defaults};

/// Decodes an object of a kind: unknown and duplicate fields and wrong types are refused, defaults
/// are filled in. Errors: BadRequest with the server's words.
pub fn decode(kind: Kind, value: &Value) -> Result<Object, ApiError> {
    let mut value = value.clone();
    defaults::default(kind, &mut value);
    from_json(kind, &value).map_err(|e| ApiError::new(Reason::BadRequest, e))
}
