//! PersistentVolumeClaims, PersistentVolumes and StorageClasses as tables.
//!
//! Upstream: `printPersistentVolumeClaim`, `printPersistentVolume` and `printStorageClass` in
//! `printers.go`, `pkg/apis/core/v1/helper` (GetAccessModesAsString).

use serde_json::Value;

use super::{Printer, column, wide};
use crate::api::Object;
use crate::kubectl::age;

const UNSET: &str = "<unset>";
const IS_DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";

pub(super) static CLAIM: Printer = Printer {
    columns: &[
        column("NAME"),
        column("STATUS"),
        column("VOLUME"),
        column("CAPACITY"),
        column("ACCESS MODES"),
        column("STORAGECLASS"),
        column("VOLUMEATTRIBUTESCLASS"),
        column("AGE"),
        wide("VOLUMEMODE"),
    ],
    cells: |object, now, _| {
        let bound = !text(object, "/spec/volumeName", "").is_empty();
        let if_bound = |value: String| if bound { value } else { String::new() };
        vec![
            object.meta.name.to_string(),
            phase(object),
            text(object, "/spec/volumeName", ""),
            if_bound(text(object, "/status/capacity/storage", "0")),
            if_bound(access_modes(object, "/status/accessModes")),
            text(object, "/spec/storageClassName", ""),
            text(object, "/spec/volumeAttributesClassName", UNSET),
            age::since(object.meta.created, now),
            text(object, "/spec/volumeMode", UNSET),
        ]
    },
};

pub(super) static VOLUME: Printer = Printer {
    columns: &[
        column("NAME"),
        column("CAPACITY"),
        column("ACCESS MODES"),
        column("RECLAIM POLICY"),
        column("STATUS"),
        column("CLAIM"),
        column("STORAGECLASS"),
        column("VOLUMEATTRIBUTESCLASS"),
        column("REASON"),
        column("AGE"),
        wide("VOLUMEMODE"),
    ],
    cells: |object, now, _| {
        vec![
            object.meta.name.to_string(),
            text(object, "/spec/capacity/storage", "0"),
            access_modes(object, "/spec/accessModes"),
            text(object, "/spec/persistentVolumeReclaimPolicy", ""),
            phase(object),
            claim(object),
            text(object, "/spec/storageClassName", ""),
            text(object, "/spec/volumeAttributesClassName", UNSET),
            text(object, "/status/reason", ""),
            age::since(object.meta.created, now),
            text(object, "/spec/volumeMode", UNSET),
        ]
    },
};

pub(super) static CLASS: Printer = Printer {
    columns: &[
        column("NAME"),
        column("PROVISIONER"),
        column("RECLAIMPOLICY"),
        column("VOLUMEBINDINGMODE"),
        column("ALLOWVOLUMEEXPANSION"),
        column("AGE"),
    ],
    cells: |object, now, _| {
        let default = object.meta.annotation(IS_DEFAULT) == Some("true");
        let mark = if default { " (default)" } else { "" };
        vec![
            format!("{}{mark}", object.meta.name),
            text(object, "/provisioner", ""),
            text(object, "/reclaimPolicy", "Delete"),
            text(object, "/volumeBindingMode", "Immediate"),
            text(object, "/allowVolumeExpansion", "false"),
            age::since(object.meta.created, now),
        ]
    },
};

/// A field of an object that is kept as data, or what stands for its absence.
pub fn text(object: &Object, pointer: &str, absent: &str) -> String {
    match object.data().and_then(|data| data.pointer(pointer)) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => absent.to_string(),
        Some(other) => other.to_string(),
    }
}

fn phase(object: &Object) -> String {
    if object.meta.is_deleting() {
        return "Terminating".into();
    }
    text(object, "/status/phase", "")
}

/// The claim of a volume, as `namespace/name`.
pub fn claim(object: &Object) -> String {
    let name = text(object, "/spec/claimRef/name", "");
    if name.is_empty() {
        return name;
    }
    format!("{}/{name}", text(object, "/spec/claimRef/namespace", ""))
}

/// Access modes as `RWO,ROX`.
pub fn access_modes(object: &Object, pointer: &str) -> String {
    let list = object.data().and_then(|data| data.pointer(pointer));
    let list = list.and_then(Value::as_array).into_iter().flatten();
    let given: Vec<&str> = list.filter_map(Value::as_str).collect();
    let short = [
        ("ReadWriteOnce", "RWO"),
        ("ReadOnlyMany", "ROX"),
        ("ReadWriteMany", "RWX"),
        ("ReadWriteOncePod", "RWOP"),
    ];
    let shown = short.iter().filter(|(long, _)| given.contains(long));
    shown.map(|(_, s)| *s).collect::<Vec<_>>().join(",")
}
