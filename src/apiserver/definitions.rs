//! CustomResourceDefinitions as the server treats them: what they serve, store and end with.
//!
//! Upstream: `apiextensions-apiserver/pkg/registry/customresourcedefinition/{strategy,etcd}.go`,
//! `pkg/apiserver/customresource_handler.go`, `pkg/apihelpers`.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::{Body, CUSTOM_CLEANUP, Key, Kind, Object, items_at, text_at, to_json};
use crate::clock::SimTime;

use super::patch::patch_json;
use super::served::is_true;
use super::versions::convert;
use super::{ApiError, ApiServer, Cause, PatchType, Reason, decode, validation};

const NO_RESOURCE: &str = "the server could not find the requested resource";

impl ApiServer {
    /// Whether objects of a kind may be created. Errors: NotFound for custom kinds that are not
    /// served any more, MethodNotAllowed for those that are about to go.
    pub(super) fn check_served(&self, kind: Kind) -> Result<(), ApiError> {
        let Kind::Custom(_) = kind else { return Ok(()) };
        let Some((definition, _)) = self.store.head().definition_of(kind) else {
            return Err(ApiError::new(Reason::NotFound, NO_RESOURCE));
        };
        if definition.data().is_some_and(|d| is_true(d, "Terminating")) {
            let why = "create not allowed while custom resource definition is terminating";
            return Err(ApiError::new(Reason::MethodNotAllowed, why));
        }
        Ok(())
    }

    /// Patches the status subresource of a custom object; what else the patch says is not taken.
    /// Errors: NotFound, also where there is no such subresource; as those of a patch.
    pub fn patch_status(
        &mut self,
        key: &Key,
        form: PatchType,
        patch: &Value,
        cause: Cause,
    ) -> Result<Arc<Object>, ApiError> {
        let Kind::Custom(custom) = key.kind else {
            return Err(ApiError::new(Reason::NotFound, NO_RESOURCE));
        };
        if !custom.has_status() {
            return Err(ApiError::new(Reason::NotFound, NO_RESOURCE));
        }
        let old = self.current(key, 0)?;
        let mut patched = to_json(&old);
        patch_json(&mut patched, form, patch)?;
        let bad = |why: String| ApiError::new(Reason::BadRequest, why);
        let (read, _) = decode::read(key.kind, &patched).map_err(bad)?;
        let status = read.data().and_then(|body| body.get("status")).cloned();
        let mut new = (*old).clone();
        if let Body::Data(_, body) = &mut new.body
            && let Some(fields) = Arc::make_mut(body).as_object_mut()
        {
            match status {
                Some(status) => fields.insert("status".into(), status),
                None => fields.remove("status"),
            };
        }
        let causes = validation::validate_update(&new, &old);
        if !causes.is_empty() {
            return Err(ApiError::invalid(key.kind, &key.name, causes));
        }
        self.update_status(new, cause)
    }

    /// Puts a custom object into the version in which its kind is stored.
    pub(super) fn to_storage(&self, object: &mut Object) {
        if let Kind::Custom(given) = object.kind()
            && let Some((_, Kind::Custom(stored))) = self.store.head().definition_of(object.kind())
            && !given.same_row(stored)
        {
            convert(object, stored);
        }
    }
}

/// Whether objects of a kind have a status that is not written with the rest.
pub(super) fn has_own_status(kind: Kind) -> bool {
    match kind {
        Kind::Custom(custom) => custom.has_status(),
        _ => true,
    }
}

/// Takes the status away.
pub(super) fn drop_status(data: &mut Arc<Value>) {
    if data.get("status").is_some()
        && let Some(fields) = Arc::make_mut(data).as_object_mut()
    {
        fields.remove("status");
    }
}

/// Marks a definition whose objects have to go first.
pub(super) fn begin_deletion(definition: &mut Object, now: SimTime) {
    if !definition
        .meta
        .finalizers
        .iter()
        .any(|f| f == CUSTOM_CLEANUP)
    {
        let mut finalizers = definition.meta.finalizers.to_vec();
        finalizers.push(CUSTOM_CLEANUP.to_string());
        definition.meta.finalizers = finalizers.into();
    }
    let message =
        "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon";
    if let Body::Data(_, body) = &mut definition.body {
        let body = Arc::make_mut(body);
        set_condition(
            body,
            "Terminating",
            true,
            "InstanceDeletionPending",
            message,
            now,
        );
    }
}

/// Sets a condition of a definition's status; the moment is that of the last change of `status`.
pub fn set_condition(
    definition: &mut Value,
    kind: &str,
    status: bool,
    reason: &str,
    message: &str,
    now: SimTime,
) {
    let status = if status { "True" } else { "False" };
    let old = items_at(definition, "/status/conditions").iter();
    let mut all: Vec<Value> = old.cloned().collect();
    let place = all.iter().position(|c| text_at(c, "/type") == kind);
    let before = place.and_then(|place| all.get(place));
    let since = before.filter(|c| text_at(c, "/status") == status);
    let since = since.map_or(now.rfc3339(), |c| {
        text_at(c, "/lastTransitionTime").to_string()
    });
    let condition = json!({
        "type": kind, "status": status, "reason": reason, "message": message,
        "lastTransitionTime": since,
    });
    match place.and_then(|place| all.get_mut(place)) {
        Some(slot) => *slot = condition,
        None => all.push(condition),
    }
    if let Some(status) = definition.get_mut("status").and_then(Value::as_object_mut) {
        status.insert("conditions".into(), all.into());
    }
}

/// Notes the version in which a definition now stores its objects.
pub(super) fn note_storage(definition: &mut Value) {
    let mut versions = items_at(definition, "/spec/versions").iter();
    let stored = versions.find(|v| v.get("storage") == Some(&Value::Bool(true)));
    let name = Value::from(stored.map(|v| text_at(v, "/name")).unwrap_or_default());
    let all = definition.pointer_mut("/status/storedVersions");
    if let Some(all) = all.and_then(Value::as_array_mut)
        && !all.contains(&name)
    {
        all.push(name);
    }
}
