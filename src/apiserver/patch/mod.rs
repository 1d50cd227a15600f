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

use crate::api::{Key, Kind, Object, go_json, go_print, go_quote, to_json};

use super::decode::{self, FieldValidation, What};
use super::{ApiError, ApiServer, Cause, FieldError, Reason, from_own, in_version};

pub use diff::{three_way_patch, two_way_patch};
pub use json::merge_patch;

/// The form of a patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchType {
    Strategic,
    Merge,
    Json,
}

impl PatchType {
    /// The form in which kubectl patches objects of a kind.
    pub fn of(kind: Kind) -> PatchType {
        match kind {
            Kind::Custom(_) => PatchType::Merge,
            _ => PatchType::Strategic,
        }
    }
}

const MEDIA_TYPES: &str = "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";

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
        self.patch_in("", key, kind, patch, validation, cause)
    }

    /// The same with a patch of a further version's form; empty for the kind's own.
    pub fn patch_in(
        &mut self,
        version: &str,
        key: &Key,
        kind: PatchType,
        patch: &Value,
        validation: FieldValidation,
        cause: Cause,
    ) -> Result<(Arc<Object>, Vec<String>), ApiError> {
        let old = self.current(key, 0)?;
        if kind == PatchType::Strategic && matches!(key.kind, Kind::Custom(_)) {
            return Err(ApiError::new(Reason::UnsupportedMediaType, MEDIA_TYPES));
        }
        let mut patched = to_json(&in_version(&old, key.kind));
        from_own(key.kind, version, &mut patched);
        let printed = patch_json(&mut patched, kind, patch)?;
        let bad = |why: String| ApiError::new(Reason::BadRequest, why);
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

/// Patches an object's JSON. Returns how the server prints the patch when the outcome is no object.
/// Errors: a patch that cannot be applied.
pub(super) fn patch_json(
    object: &mut Value,
    kind: PatchType,
    patch: &Value,
) -> Result<String, ApiError> {
    match kind {
        PatchType::Strategic => {
            let mut patch = patch.clone();
            let bad = |why: String| ApiError::new(Reason::BadRequest, why);
            *object = strategic_merge(object, &mut patch).map_err(bad)?;
            Ok(go_print(&patch))
        }
        PatchType::Merge => {
            json::merge(object, patch);
            Ok(go_json(patch))
        }
        PatchType::Json => {
            // What exactly did not apply stays in the server's log.
            json::apply(object, patch).map_err(|_| ApiError::new(Reason::Invalid, REJECTED))?;
            Ok(go_json(patch))
        }
    }
}

const REJECTED: &str = "the server rejected our request due to an error in our request";

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
