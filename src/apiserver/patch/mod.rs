//! Patches: strategic merge, JSON merge, JSON patch, and the three-way patch of apply.
//!
//! Upstream: `apiserver/pkg/endpoints/handlers/patch.go`, `apimachinery/pkg/util/strategicpatch`.

mod diff;
mod json;
mod lists;
mod merge;
mod schema;

use std::sync::Arc;

use serde_json::Value;

use crate::api::{Key, Object, go_json, go_print, go_quote, to_json};

use super::decode::{self, FieldValidation, What};
use super::{ApiError, ApiServer, Cause, FieldError, Reason};

pub use diff::{three_way_patch, two_way_patch};

/// The form of a patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchType {
    Strategic,
    Merge,
    Json,
}

/// Applies a strategic merge patch to an object's JSON. The patch is partly used up: what is left
/// is what the server prints of it. Errors: upstream's words.
pub fn strategic_merge(object: &Value, patch: &mut Value) -> Result<Value, String> {
    let mut merged = object.as_object().cloned().unwrap_or_default();
    let Value::Object(patch) = patch else {
        return Err(
            "json: cannot unmarshal array into Go value of type map[string]interface {}".into(),
        );
    };
    merge::merge_map(&mut merged, patch, "", merge::Onto::Object)?;
    Ok(Value::Object(merged))
}

impl ApiServer {
    /// Patches an object; also returns warnings. Errors: NotFound, BadRequest for a patch that
    /// cannot be applied, Invalid for what comes out of it.
    pub fn patch(
        &mut self,
        key: &Key,
        kind: PatchType,
        patch: &Value,
        validation: FieldValidation,
        cause: Cause,
    ) -> Result<(Arc<Object>, Vec<String>), ApiError> {
        let old = self.current(key, 0)?;
        let mut patched = to_json(&old);
        let bad = |why: String| ApiError::new(Reason::BadRequest, why);
        // How the server prints the patch when the outcome is no object.
        let printed = match kind {
            PatchType::Strategic => {
                let mut patch = patch.clone();
                patched = strategic_merge(&patched, &mut patch).map_err(bad)?;
                go_print(&patch)
            }
            PatchType::Merge => {
                json::merge(&mut patched, patch);
                go_json(patch)
            }
            PatchType::Json => {
                json::apply(&mut patched, patch).map_err(|why| invalid_patch("", why))?;
                go_json(patch)
            }
        };
        let (object, mut problems) = decode::read(key.kind, &patched).map_err(bad)?;
        let mut warnings = Vec::new();
        if validation != FieldValidation::Strict {
            if validation == FieldValidation::Warn {
                warnings = decode::unknown_fields(&problems);
            }
            problems.retain(|p| p.what != What::UnknownField);
        }
        let error = match kind {
            PatchType::Strategic => decode::converter_error(&problems),
            _ => decode::json_error(&problems),
        };
        if let Some(why) = error {
            return Err(invalid_patch(&printed, why));
        }
        Ok((self.update_decoded(object, &old, cause)?, warnings))
    }
}

fn invalid_patch(printed: &str, why: String) -> ApiError {
    let cause = FieldError::invalid("patch", go_quote(printed), &why);
    ApiError {
        reason: Reason::Invalid,
        message: format!(" \"\" is invalid: {cause}"),
        kind: String::new(),
        name: String::new(),
        causes: vec![cause],
    }
}
