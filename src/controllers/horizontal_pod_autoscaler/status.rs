//! The status of an autoscaler while it is worked out.
//!
//! Upstream: `setStatus`, `setConditionInList`, `updateStatusIfNeeded` in `horizontal.go`.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::api::{Body, Object, items_at};
use crate::clock::SimTime;

pub(super) struct Status {
    fields: Map<String, Value>,
    conditions: Vec<Value>,
    now: SimTime,
}

impl Status {
    /// The status as it stands.
    pub(super) fn of(hpa: &Object, now: SimTime) -> Status {
        let status = hpa.data().and_then(|body| body.get("status"));
        Status {
            fields: status
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default(),
            conditions: status
                .map_or(&[][..], |status| items_at(status, "/conditions"))
                .to_vec(),
            now,
        }
    }

    /// Sets a condition in its place. The transition time stays where the status does.
    pub(super) fn set(&mut self, kind: &str, holds: bool, reason: &str, message: &str) {
        let status = if holds { "True" } else { "False" };
        let at = self.conditions.iter().position(|c| c["type"] == kind);
        let old = at.and_then(|at| self.conditions.get(at));
        let since = old
            .filter(|old| old["status"] == status)
            .map(|old| &old["lastTransitionTime"]);
        let since = since.cloned().unwrap_or_else(|| self.now.rfc3339().into());
        let new = json!({
            "lastTransitionTime": since, "message": message, "reason": reason, "status": status,
            "type": kind,
        });
        match at.and_then(|at| self.conditions.get_mut(at)) {
            Some(old) => *old = new,
            None => self.conditions.push(new),
        }
    }

    /// Sets the counts and the metrics. `desired`: `None` where no number was come to; `scaled`:
    /// when the target has just been scaled.
    pub(super) fn set_figures(
        &mut self,
        current: i32,
        desired: Option<i32>,
        metrics: Value,
        scaled: Option<SimTime>,
    ) {
        let fields = &mut self.fields;
        // Go leaves out a zero here, and not there.
        fields.remove("currentReplicas");
        if current != 0 {
            fields.insert("currentReplicas".into(), current.into());
        }
        if let Some(desired) = desired {
            fields.insert("desiredReplicas".into(), desired.into());
        }
        fields.insert("currentMetrics".into(), metrics);
        if let Some(at) = scaled {
            fields.insert("lastScaleTime".into(), at.rfc3339().into());
        }
    }

    /// The autoscaler with this status; `None` if it has it already.
    pub(super) fn written_into(&self, hpa: &Arc<Object>) -> Option<Object> {
        let mut fields = self.fields.clone();
        if !self.conditions.is_empty() {
            fields.insert("conditions".into(), Value::Array(self.conditions.clone()));
        }
        let status = Value::Object(fields);
        if hpa.data()?.get("status") == Some(&status) {
            return None;
        }
        let mut new = (**hpa).clone();
        if let Body::Data(_, body) = &mut new.body {
            Arc::make_mut(body)
                .as_object_mut()?
                .insert("status".into(), status);
        }
        Some(new)
    }
}
