//! Claims, volumes and storage classes.
//!
//! Upstream: `pkg/apis/core/validation/validation.go` (ValidatePersistentVolumeClaimSpec,
//! ValidatePersistentVolumeSpec), `pkg/apis/storage/validation`. Differs: the forms of volume
//! sources are taken as they are.

use serde_json::Value;

use crate::api::{Kind, fields_at, go_json, go_quote, text_at, texts_at};
use crate::apiserver::FieldError;

use super::Errors;

const MODES: &[&str] = &[
    "ReadOnlyMany",
    "ReadWriteMany",
    "ReadWriteOnce",
    "ReadWriteOncePod",
];

/// Fields of a volume's spec that are no source.
const NO_SOURCES: &[&str] = &[
    "accessModes",
    "capacity",
    "claimRef",
    "mountOptions",
    "nodeAffinity",
    "persistentVolumeReclaimPolicy",
    "storageClassName",
    "volumeAttributesClassName",
    "volumeMode",
];

/// Problems of a new claim, volume or class.
pub(super) fn storage(kind: Kind, body: &Value, errors: &mut Errors) {
    match kind {
        Kind::PersistentVolumeClaim => claim(body, errors),
        Kind::PersistentVolume => volume(body, errors),
        _ => class(body, errors),
    }
}

fn modes(body: &Value, missing: &str, errors: &mut Errors) {
    let given = texts_at(body, "/spec/accessModes");
    if given.is_empty() {
        errors.push(FieldError::required("spec.accessModes", missing));
    }
    for mode in given.iter().filter(|mode| !MODES.contains(mode)) {
        let quoted = go_quote(mode);
        errors.push(FieldError::not_supported("spec.accessModes", quoted, MODES));
    }
    if given.len() > 1 && given.contains(&"ReadWriteOncePod") {
        let why = "may not use ReadWriteOncePod with other access modes";
        errors.push(FieldError::forbidden("spec.accessModes", why));
    }
}

fn claim(body: &Value, errors: &mut Errors) {
    modes(body, "at least 1 access mode is required", errors);
    let requests = body.pointer("/spec/resources/requests/storage");
    if requests.is_none() {
        errors.push(FieldError::required("spec.resources[storage]", ""));
    }
}

fn volume(body: &Value, errors: &mut Errors) {
    modes(body, "", errors);
    if fields_at(body, "/spec/capacity").next().is_none() {
        errors.push(FieldError::required("spec.capacity", ""));
    }
    let capacity = body.pointer("/spec/capacity").unwrap_or(&Value::Null);
    if capacity.get("storage").is_none() || fields_at(body, "/spec/capacity").count() > 1 {
        let allowed = &["storage"];
        let text = go_json(capacity);
        errors.push(FieldError::not_supported("spec.capacity", text, allowed));
    }
    let policy = text_at(body, "/spec/persistentVolumeReclaimPolicy");
    let allowed = &["Delete", "Recycle", "Retain"];
    if !policy.is_empty() && !allowed.contains(&policy) {
        let path = "spec.persistentVolumeReclaimPolicy";
        errors.push(FieldError::not_supported(path, go_quote(policy), allowed));
    }
    let source = |(name, _): (&String, &Value)| !NO_SOURCES.contains(&name.as_str());
    if !fields_at(body, "/spec").any(source) {
        let why = "must specify a volume type";
        errors.push(FieldError::required("spec", why));
    }
}

fn class(body: &Value, errors: &mut Errors) {
    if text_at(body, "/provisioner").is_empty() {
        errors.push(FieldError::required("provisioner", ""));
    }
    let (policy, mode) = ("/reclaimPolicy", "/volumeBindingMode");
    let allowed = &["Delete", "Retain"];
    let given = text_at(body, policy);
    if !allowed.contains(&given) {
        let quoted = go_quote(given);
        errors.push(FieldError::not_supported("reclaimPolicy", quoted, allowed));
    }
    let allowed = &["Immediate", "WaitForFirstConsumer"];
    let given = text_at(body, mode);
    if !allowed.contains(&given) {
        let quoted = go_quote(given);
        errors.push(FieldError::not_supported(
            "volumeBindingMode",
            quoted,
            allowed,
        ));
    }
}
