//! Defaults of claims, volumes and storage classes.
//!
//! Upstream: `pkg/apis/core/v1/defaults.go`, `pkg/apis/storage/v1/defaults.go`,
//! `plugin/pkg/admission/storage` (object in use protection, default storage class).

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::api::{Body, Kind, Object};
use crate::apiserver::Snapshot;

type Fields = Map<String, Value>;

/// The annotation of the class that claims without one get.
const IS_DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";

fn put(fields: &mut Fields, key: &str, value: &str) {
    let slot = fields.entry(key).or_insert(Value::Null);
    if slot.as_str().is_none_or(str::is_empty) {
        *slot = value.into();
    }
}

/// Fills in a claim, a volume or a class.
pub(in crate::apiserver) fn storage(kind: Kind, fields: &mut Fields) {
    if kind == Kind::StorageClass {
        put(fields, "reclaimPolicy", "Delete");
        put(fields, "volumeBindingMode", "Immediate");
        return;
    }
    if let Some(spec) = fields.get_mut("spec").and_then(Value::as_object_mut) {
        put(spec, "volumeMode", "Filesystem");
        if kind == Kind::PersistentVolume {
            put(spec, "persistentVolumeReclaimPolicy", "Retain");
        }
    }
}

/// What admission gives a new claim or volume: a finalizer while it is in use, and a class.
pub(in crate::apiserver) fn admit_storage(object: &mut Object, snapshot: Snapshot<'_>) {
    let finalizer = match object.kind() {
        Kind::PersistentVolumeClaim => "kubernetes.io/pvc-protection",
        Kind::PersistentVolume => "kubernetes.io/pv-protection",
        _ => return,
    };
    if !object.meta.finalizers.iter().any(|f| f == finalizer) {
        let all = object.meta.finalizers.iter().cloned();
        object.meta.finalizers = all.chain([finalizer.to_string()]).collect();
    }
    let Body::Data(Kind::PersistentVolumeClaim, data) = &mut object.body else {
        return;
    };
    let classes = snapshot.list(Kind::StorageClass, None);
    let defaults = classes.filter(|c| c.meta.annotation(IS_DEFAULT) == Some("true"));
    let Some(class) = defaults.max_by_key(|c| c.meta.created) else {
        return;
    };
    if data.pointer("/spec/storageClassName").is_none()
        && let Some(spec) = Arc::make_mut(data).get_mut("spec")
        && let Some(spec) = spec.as_object_mut()
    {
        spec.insert("storageClassName".into(), (*class.meta.name).into());
    }
}
