//! `kubectl describe namespace`.
//!
//! Upstream: `describeNamespace` in `describe.go`.

use crate::api::Object;

use super::text::Text;
use super::{Scene, limitrange, quota};

pub(super) fn write(object: &Object, scene: Scene<'_>, out: &mut Text) {
    let data = object.data();
    let phase = data
        .and_then(|d| d.pointer("/status/phase"))
        .and_then(|p| p.as_str());
    out.field(0, "Name", &object.meta.name);
    out.labels(&object.meta);
    out.field(0, "Status", phase.unwrap_or("Active"));
    let conditions = data
        .and_then(|d| d.pointer("/status/conditions"))
        .and_then(|c| c.as_array());
    if let Some(conditions) = conditions.filter(|list| !list.is_empty()) {
        out.line(0, "Conditions:");
        out.line(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage");
        out.line(1, "----\t------\t------------------\t------\t-------");
        for condition in conditions {
            let text = |key: &str| {
                condition
                    .get(key)
                    .and_then(|v| v.as_str())
                    .unwrap_or_default()
            };
            let at = crate::clock::SimTime::parse_rfc3339(text("lastTransitionTime"));
            out.line(
                1,
                format!(
                    "{}\t{}\t{}\t{}\t{}",
                    text("type"),
                    text("status"),
                    at.unwrap_or_default().rfc1123z(),
                    text("reason"),
                    text("message")
                ),
            );
        }
    }
    out.line(0, "");
    quota::of_namespace(&object.meta.name, scene, out);
    out.line(0, "");
    limitrange::of_namespace(&object.meta.name, scene, out);
}
