//! Pods with scheduling gates do not enter the queue.
//!
//! Upstream: `FP/schedulinggates/scheduling_gates.go`.

use crate::api::PodBody;
use crate::scheduler::framework::{ClusterEvent, Plugin, Waiting};

pub(super) struct SchedulingGates;

impl Plugin for SchedulingGates {
    fn name(&self) -> &'static str {
        "SchedulingGates"
    }

    fn pre_enqueue(&self, pod: &PodBody) -> Option<String> {
        let gates = &pod.spec.facts.placement.gates;
        (!gates.is_empty()).then(|| format!("waiting for scheduling gates: [{}]", gates.join(" ")))
    }

    fn hint(&self, event: &ClusterEvent<'_>, _waiting: &Waiting<'_>) -> bool {
        let gated = |object: &crate::api::Object| {
            object
                .pod()
                .is_some_and(|pod| !pod.spec.facts.placement.gates.is_empty())
        };
        matches!(event, ClusterEvent::OwnUpdate(old, new) if gated(old) && !gated(new))
    }
}
