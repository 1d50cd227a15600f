//! `kubectl describe pdb`.
//!
//! Upstream: `describePodDisruptionBudgetV1` in `describe.go`.

use crate::api::{Object, Selector, go_print, number_at, selector_at};

use super::text::{Text, or};
use super::{Scene, events};

pub(super) fn write(object: &Object, scene: Scene<'_>, out: &mut Text) {
    let Some(body) = object.data() else { return };
    out.names(&object.meta);
    for (pointer, title) in [
        ("/spec/minAvailable", "Min available"),
        ("/spec/maxUnavailable", "Max unavailable"),
    ] {
        if let Some(amount) = body.pointer(pointer).filter(|amount| !amount.is_null()) {
            out.field(0, title, go_print(amount));
        }
    }
    let selector = selector_at(body, "/spec/selector").map(|selector| {
        let text = Selector::from_api(&selector).to_string();
        or(&text, "<none>").to_string()
    });
    out.field(0, "Selector", selector.unwrap_or("<unset>".into()));
    out.line(0, "Status:");
    for (pointer, title) in [
        ("/status/disruptionsAllowed", "Allowed disruptions"),
        ("/status/currentHealthy", "Current"),
        ("/status/desiredHealthy", "Desired"),
        ("/status/expectedPods", "Total"),
    ] {
        out.field(2, title, number_at(body, pointer).unwrap_or(0));
    }
    events::write(object, scene, out);
}
