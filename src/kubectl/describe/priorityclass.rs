//! `kubectl describe priorityclass`.
//!
//! Upstream: `describePriorityClass` in `describe.go`.

use serde_json::Value;

use crate::api::{Object, number_at, text_at};

use super::text::{Text, or};
use super::{Scene, events};

pub(super) fn write(object: &Object, scene: Scene<'_>, out: &mut Text) {
    let Some(body) = object.data() else { return };
    out.field(0, "Name", &object.meta.name);
    out.field(0, "Value", number_at(body, "/value").unwrap_or(0));
    let global = body.get("globalDefault") == Some(&Value::Bool(true));
    out.field(0, "GlobalDefault", global);
    out.field(0, "PreemptionPolicy", text_at(body, "/preemptionPolicy"));
    out.field(0, "Description", text_at(body, "/description"));
    let pairs = object
        .meta
        .annotations
        .iter()
        .map(|(key, value)| format!("{key}={value}"));
    let pairs = pairs.collect::<Vec<_>>().join(",");
    out.field(0, "Annotations", or(&pairs, "<none>"));
    events::write(object, scene, out);
}
