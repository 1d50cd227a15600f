//! `kubectl describe statefulset`.
//!
//! Upstream: `describeStatefulSet` and `describeVolumeClaimTemplates` in `describe.go`.

use k8s_openapi::api::core::v1::PersistentVolumeClaim;

use crate::api::Object;

use super::text::Text;
use super::{Scene, events, replicaset, template};

pub(super) fn write(object: &Object, scene: Scene<'_>, out: &mut Text) {
    let Some(set) = object.stateful_set() else {
        return;
    };
    out.names(&object.meta);
    out.field(0, "CreationTimestamp", object.meta.created.rfc1123z());
    out.field(0, "Selector", &set.selector);
    out.labels(&object.meta);
    let (wanted, total) = (set.replicas(), set.status.replicas);
    out.field(0, "Replicas", format!("{wanted} desired | {total} total"));
    let strategy = set.spec.update_strategy.as_ref();
    let kind = strategy.and_then(|s| s.type_.as_deref());
    out.field(0, "Update Strategy", kind.unwrap_or_default());
    if let Some(partition) = set.partition() {
        out.field(1, "Partition", partition);
    }
    replicaset::pods_status(object, &set.selector, scene, out);
    template::write(&set.template.api, out);
    let claims = set.spec.volume_claim_templates.as_deref();
    claim_templates(claims.unwrap_or_default(), out);
    events::write(object, scene, out);
}

fn claim_templates(claims: &[PersistentVolumeClaim], out: &mut Text) {
    if claims.is_empty() {
        return out.field(0, "Volume Claims", "<none>");
    }
    out.line(0, "Volume Claims:");
    for claim in claims {
        let none = Default::default();
        let meta = &claim.metadata;
        let spec = claim.spec.clone().unwrap_or_default();
        out.field(1, "Name", meta.name.as_deref().unwrap_or_default());
        let class = spec.storage_class_name.as_deref().unwrap_or_default();
        out.field(1, "StorageClass", class);
        out.pairs("  Labels", meta.labels.as_ref().unwrap_or(&none));
        let annotations = meta.annotations.as_ref().unwrap_or(&none);
        let pairs = annotations.iter().map(|(k, v)| format!("{k}={v}"));
        out.list("  Annotations", pairs);
        let requests = spec.resources.and_then(|r| r.requests).unwrap_or_default();
        let capacity = requests.get("storage").map(|q| q.0.clone());
        out.field(1, "Capacity", capacity.unwrap_or("<default>".into()));
        let modes = spec.access_modes.unwrap_or_default().join(" ");
        out.field(1, "Access Modes", format!("[{modes}]"));
    }
}
