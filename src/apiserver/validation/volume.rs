//! Volumes.
//!
//! Upstream: `pkg/apis/core/validation/validation.go` (ValidateVolumes).

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{PodSpec, Volume};
use serde_json::json;

use crate::api::go_quote;
use crate::apiserver::FieldError;

use super::Errors;
use super::format::dns_1123_label;
use super::meta::invalid_text;

const HOST_PATH_TYPES: &[&str] = &[
    "",
    "BlockDevice",
    "CharDevice",
    "Directory",
    "DirectoryOrCreate",
    "File",
    "FileOrCreate",
    "Socket",
];

/// Checks the volumes and returns the names of the good ones.
pub(super) fn volumes(spec: &PodSpec, path: &str, errors: &mut Errors) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (i, volume) in spec.volumes.iter().flatten().enumerate() {
        let path = format!("{path}.volumes[{i}]");
        let before = errors.len();
        source(volume, &path, errors);
        let field = format!("{path}.name");
        // The admission's own volume has a name that only becomes whole when it is printed.
        let name = volume.name.strip_suffix('-').unwrap_or(&volume.name);
        if volume.name.is_empty() {
            errors.push(FieldError::required(field.clone(), ""));
        } else {
            invalid_text(&field, &volume.name, dns_1123_label(name), errors);
        }
        if names.contains(&volume.name) {
            errors.push(FieldError::duplicate(field, go_quote(&volume.name)));
        }
        if errors.len() == before {
            names.insert(volume.name.clone());
        }
    }
    names
}

fn source(volume: &Volume, path: &str, errors: &mut Errors) {
    let value = json!(volume);
    let sources = value
        .as_object()
        .map_or(0, |fields| fields.len().saturating_sub(1));
    if sources == 0 {
        errors.push(FieldError::required(path, "must specify a volume type"));
    } else if sources > 1 {
        let second = value
            .as_object()
            .into_iter()
            .flat_map(|f| f.keys())
            .filter(|k| *k != "name")
            .nth(1);
        let field = format!("{path}.{}", second.map(String::as_str).unwrap_or_default());
        errors.push(FieldError::forbidden(
            field,
            "may not specify more than 1 volume type",
        ));
    }
    if let Some(source) = &volume.host_path {
        if source.path.is_empty() {
            errors.push(FieldError::required(format!("{path}.hostPath.path"), ""));
        }
        let kind = source.type_.as_deref().unwrap_or_default();
        if !HOST_PATH_TYPES.contains(&kind) {
            let field = format!("{path}.hostPath.type");
            errors.push(FieldError::not_supported(
                field,
                go_quote(kind),
                HOST_PATH_TYPES,
            ));
        }
    }
    let secret = volume
        .secret
        .as_ref()
        .map(|s| s.secret_name.clone().unwrap_or_default());
    let claim = volume
        .persistent_volume_claim
        .as_ref()
        .map(|c| c.claim_name.clone());
    let config = volume.config_map.as_ref().map(|c| c.name.clone());
    for (name, field) in [
        (secret, "secret.secretName"),
        (config, "configMap.name"),
        (claim, "persistentVolumeClaim.claimName"),
    ] {
        if name.is_some_and(|n| n.is_empty()) {
            errors.push(FieldError::required(format!("{path}.{field}"), ""));
        }
    }
}
