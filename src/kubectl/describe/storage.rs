//! `kubectl describe` of PersistentVolumeClaims, PersistentVolumes and StorageClasses.
//!
//! Upstream: `describePersistentVolumeClaim`, `describePersistentVolume`, `describeStorageClass` in
//! `describe.go`. Differs: of a volume's sources only host paths and local ones are described.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::api::{Kind, Object};
use crate::kubectl::age;
use crate::kubectl::printers::{access_modes, claim, data_text};

use super::text::Text;
use super::{Scene, events};

fn status(object: &Object, scene: Scene<'_>, out: &mut Text) {
    match object.meta.deletion {
        Some(deletion) => {
            let lasts = age::since(deletion.timestamp, scene.now);
            out.field(0, "Status", format!("Terminating (lasts {lasts})"));
        }
        None => out.field(0, "Status", data_text(object, "/status/phase", "")),
    }
}

fn finalizers(object: &Object) -> String {
    format!("[{}]", object.meta.finalizers.join(" "))
}

pub(super) fn write_claim(object: &Object, scene: Scene<'_>, out: &mut Text) {
    let text = |pointer: &str| data_text(object, pointer, "");
    out.names(&object.meta);
    out.field(0, "StorageClass", text("/spec/storageClassName"));
    status(object, scene, out);
    let volume = text("/spec/volumeName");
    out.field(0, "Volume", &volume);
    out.labels(&object.meta);
    out.field(0, "Finalizers", finalizers(object));
    let (capacity, modes) = if volume.is_empty() {
        (String::new(), String::new())
    } else {
        let capacity = data_text(object, "/status/capacity/storage", "0");
        (capacity, access_modes(object, "/status/accessModes"))
    };
    out.field(0, "Capacity", capacity);
    out.field(0, "Access Modes", modes);
    out.field_if(0, "VolumeMode", &text("/spec/volumeMode"));
    let pods = scene.snapshot.list(Kind::Pod, Some(&object.meta.namespace));
    let users = pods.filter(|pod| uses(pod, &object.meta.name));
    out.list("Used By", users.map(|pod| pod.meta.name.to_string()));
    events::write(object, scene, out);
}

fn uses(pod: &Object, claim: &str) -> bool {
    let volumes = pod.pod().and_then(|body| body.spec.spec.volumes.as_ref());
    let sources = volumes.into_iter().flatten();
    sources
        .filter_map(|v| v.persistent_volume_claim.as_ref())
        .any(|source| source.claim_name == claim)
}

pub(super) fn write_volume(object: &Object, scene: Scene<'_>, out: &mut Text) {
    let text = |pointer: &str| data_text(object, pointer, "");
    out.names(&object.meta);
    out.labels(&object.meta);
    out.field(0, "Finalizers", finalizers(object));
    out.field(0, "StorageClass", text("/spec/storageClassName"));
    status(object, scene, out);
    out.field(0, "Claim", claim(object));
    let policy = text("/spec/persistentVolumeReclaimPolicy");
    out.field(0, "Reclaim Policy", policy);
    out.field(0, "Access Modes", access_modes(object, "/spec/accessModes"));
    out.field_if(0, "VolumeMode", &text("/spec/volumeMode"));
    let capacity = data_text(object, "/spec/capacity/storage", "0");
    out.field(0, "Capacity", capacity);
    node_affinity(object, out);
    out.field(0, "Message", text("/status/message"));
    out.line(0, "Source:");
    let path = text("/spec/hostPath/path");
    let local = text("/spec/local/path");
    if !path.is_empty() {
        out.field(2, "Type", "HostPath (bare host directory volume)");
        out.field(2, "Path", path);
        let kind = data_text(object, "/spec/hostPath/type", "<none>");
        out.field(2, "HostPathType", kind);
    } else if !local.is_empty() {
        out.field(
            2,
            "Type",
            "LocalVolume (a persistent volume backed by local storage on a node)",
        );
        out.field(2, "Path", local);
    } else {
        out.line(1, "<unknown>");
    }
    events::write(object, scene, out);
}

fn node_affinity(object: &Object, out: &mut Text) {
    let terms = object
        .data()
        .and_then(|d| d.pointer("/spec/nodeAffinity/required/nodeSelectorTerms"))
        .and_then(Value::as_array);
    let Some(terms) = terms else {
        return out.field(0, "Node Affinity", "<none>");
    };
    out.field(0, "Node Affinity", "");
    out.field(1, "Required Terms", "");
    for (i, term) in terms.iter().enumerate() {
        let rules = term.get("matchExpressions").and_then(Value::as_array);
        let rules = rules.into_iter().flatten().map(|rule| {
            let part = |key: &str| rule.get(key).and_then(Value::as_str).unwrap_or_default();
            let values = rule.get("values").and_then(Value::as_array);
            let values: Vec<&str> = values
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            let operator = part("operator").to_lowercase();
            format!("{} {operator} [{}]", part("key"), values.join(", "))
        });
        out.list(&format!("    Term {i}"), rules);
    }
}

pub(super) fn write_class(object: &Object, scene: Scene<'_>, out: &mut Text) {
    let text = |pointer: &str, absent: &str| data_text(object, pointer, absent);
    out.field(0, "Name", &object.meta.name);
    let default = object
        .meta
        .annotation("storageclass.kubernetes.io/is-default-class");
    let default = if default == Some("true") { "Yes" } else { "No" };
    out.field(0, "IsDefaultClass", default);
    out.field(0, "Annotations", joined(&object.meta.annotations));
    out.field(0, "Provisioner", text("/provisioner", ""));
    let parameters = object.data().and_then(|d| d.get("parameters"));
    let parameters = parameters.and_then(Value::as_object).into_iter().flatten();
    let parameters = parameters.filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_string())));
    out.field(0, "Parameters", joined(&parameters.collect()));
    let expansion = match text("/allowVolumeExpansion", "<unset>").as_str() {
        "true" => "True".to_string(),
        "false" => "False".to_string(),
        other => other.to_string(),
    };
    out.field(0, "AllowVolumeExpansion", expansion);
    let options = object.data().and_then(|d| d.get("mountOptions"));
    let options = options.and_then(Value::as_array);
    match options.filter(|list| !list.is_empty()) {
        None => out.field(0, "MountOptions", "<none>"),
        Some(list) => {
            out.line(0, "MountOptions:");
            for option in list.iter().filter_map(Value::as_str) {
                out.line(1, option);
            }
        }
    }
    out.field_if(0, "ReclaimPolicy", &text("/reclaimPolicy", ""));
    out.field_if(0, "VolumeBindingMode", &text("/volumeBindingMode", ""));
    events::write(object, scene, out);
}

fn joined(pairs: &BTreeMap<String, String>) -> String {
    let list: Vec<String> = pairs.iter().map(|(k, v)| format!("{k}={v}")).collect();
    if list.is_empty() {
        "<none>".into()
    } else {
        list.join(",")
    }
}
