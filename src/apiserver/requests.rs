//! Creates and updates as they come over the wire: decoded objects of a visitor, made fit to be
//! compared with what is stored.
//!
//! Upstream: `apiserver/pkg/endpoints/handlers/{create,update}.go`.

use std::sync::Arc;

use k8s_openapi::api::core::v1::PodSpec;
use serde_json::Value;

use crate::api::{Body, Kind, Object, PodBody, SharedPodSpec};

use super::admission::TOKEN_VOLUME;
use super::definitions;
use super::definitions::drop_status;
use super::validation::pod_update;
use super::{ApiError, ApiServer, Cause, FieldValidation, decode_with};

impl ApiServer {
    /// Creates an object from its JSON; also returns warnings. Errors: as the server's.
    pub fn create_from(
        &mut self,
        kind: Kind,
        value: &Value,
        validation: FieldValidation,
        cause: Cause,
    ) -> Result<(Arc<Object>, Vec<String>), ApiError> {
        let (mut object, mut warnings) = decode_with(kind, value, validation)?;
        // What only the server may set.
        object.meta.resource_version = 0;
        object.meta.deletion = None;
        warnings.extend(super::validation::create_warnings(&object));
        Ok((self.create(object, cause)?, warnings))
    }

    /// Replaces an object by its JSON; also returns warnings. Errors: as the server's.
    pub fn replace_from(
        &mut self,
        kind: Kind,
        value: &Value,
        validation: FieldValidation,
        cause: Cause,
    ) -> Result<(Arc<Object>, Vec<String>), ApiError> {
        let (object, warnings) = decode_with(kind, value, validation)?;
        let old = self.current(&object.key(), object.meta.resource_version)?;
        Ok((self.update_decoded(object, &old, cause)?, warnings))
    }

    /// Updates with an object that was decoded from the JSON of a whole object.
    pub(super) fn update_decoded(
        &mut self,
        mut object: Object,
        old: &Arc<Object>,
        cause: Cause,
    ) -> Result<Arc<Object>, ApiError> {
        match (&mut object.body, &old.body) {
            (Body::Pod(new), Body::Pod(old_body)) => {
                share_spec(new, old_body);
                let causes = pod_update(new, old_body);
                if !causes.is_empty() {
                    return Err(ApiError::invalid(Kind::Pod, &old.meta.name, causes));
                }
            }
            (Body::Data(kind, new), Body::Data(_, old)) => keep_allocated(*kind, new, old),
            _ => {}
        }
        self.update(object, cause)
    }
}

/// Gives the token volume its shared name again, and shares the spec if nothing else differs.
fn share_spec(new: &mut PodBody, old: &PodBody) {
    let mut spec: PodSpec = (*new.spec.spec).clone();
    if let Some(suffix) = &old.token_suffix {
        let name = format!("{TOKEN_VOLUME}{suffix}");
        let volumes = spec.volumes.iter_mut().flatten();
        for volume in volumes.filter(|v| v.name == name) {
            volume.name = TOKEN_VOLUME.into();
        }
        let containers = spec
            .containers
            .iter_mut()
            .chain(spec.init_containers.iter_mut().flatten());
        for mount in containers.flat_map(|c| c.volume_mounts.iter_mut().flatten()) {
            if mount.name == name {
                mount.name = TOKEN_VOLUME.into();
            }
        }
    }
    let shared = SharedPodSpec::new(spec, old.spec.admitted);
    new.spec = if shared == old.spec {
        old.spec.clone()
    } else {
        shared
    };
}

/// What was allocated stays unless it is asked for otherwise; the status is not the visitor's.
fn keep_allocated(kind: Kind, new: &mut Arc<Value>, old: &Value) {
    match kind {
        Kind::Custom(custom) if !custom.has_status() => return,
        Kind::Custom(_) if old.get("status").is_none() => return drop_status(new),
        _ => {}
    }
    let new = Arc::make_mut(new);
    if let (Some(status), Some(fields)) = (old.get("status"), new.as_object_mut()) {
        fields.insert("status".into(), status.clone());
    }
    if kind == Kind::CustomResourceDefinition {
        definitions::note_storage(new);
    }
    let spec = new.get_mut("spec").and_then(Value::as_object_mut);
    if let (Kind::Service, Some(spec)) = (kind, spec) {
        for field in ["clusterIP", "clusterIPs"] {
            if let Some(value) = old.get("spec").and_then(|s| s.get(field)) {
                spec.entry(field).or_insert_with(|| value.clone());
            }
        }
    }
}
