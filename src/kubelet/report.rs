//! What a worker tells the API server: events, and statuses that differ from the stored one.
//!
//! Upstream: `pkg/kubelet/status/status_manager.go`, `pkg/kubelet/events`. Differs: a write is not
//! batched with those of other pods.

use std::sync::Arc;

use crate::api::{Arg, Body, InvolvedObject, Kind, PodCondition, PodConditionType, PodStatus};
use crate::apiserver::Trigger;
use crate::client::message;

use super::worker::{Act, Worker};

impl Worker {
    /// A reference to the pod, or to one of its containers.
    pub(super) fn about(&self, container: Option<usize>) -> InvolvedObject {
        let mut about = InvolvedObject::to(Kind::Pod, &self.object.meta);
        if let Some(plan) = container.and_then(|c| self.plan.containers.get(c)) {
            about.field_path = plan.field_path.clone();
        }
        about
    }

    /// Records a Normal event about a container, whose template may name the container's image.
    pub(super) fn normal(
        &self,
        act: &mut Act<'_, '_>,
        container: usize,
        reason: &'static str,
        template: &'static str,
        args: Vec<Arg>,
    ) {
        let about = self.about(Some(container));
        act.machine
            .recorder
            .normal(act.client, about, reason, message(template, args));
    }

    /// Records a Warning event about a container.
    pub(super) fn warning(
        &self,
        act: &mut Act<'_, '_>,
        container: usize,
        reason: &'static str,
        template: &'static str,
        args: Vec<Arg>,
    ) {
        let about = self.about(Some(container));
        act.machine
            .recorder
            .warning(act.client, about, reason, message(template, args));
    }

    /// Writes the status if it differs from the stored one. Conditions of other writers stay.
    pub(super) fn write(&mut self, act: &mut Act<'_, '_>, mut status: PodStatus) {
        if self.removed {
            return;
        }
        let key = self.object.key();
        let current = act
            .client
            .live()
            .get(&key)
            .filter(|o| o.meta.uid == self.uid())
            .cloned();
        let Some(current) = current else { return };
        let Some(stored) = current.pod().map(|pod| &pod.status) else {
            return;
        };
        keep_others_conditions(&mut status, stored);
        if status == **stored {
            self.status = Some(stored.clone());
            return;
        }
        let mut object = (*current).clone();
        object.meta.resource_version = 0;
        let Body::Pod(body) = &mut object.body else {
            return;
        };
        body.status = Arc::new(status);
        if let Ok(written) = act.client.update_status(object) {
            self.trigger = Trigger::Timer(written.meta.resource_version);
            self.status = written.pod().map(|pod| pod.status.clone());
        }
    }
}

fn keep_others_conditions(status: &mut PodStatus, stored: &PodStatus) {
    let generation = status.observed_generation;
    if let Some(target) = stored.condition(PodConditionType::DisruptionTarget) {
        status.conditions.insert(0, target.clone());
    }
    if let Some(scheduled) = stored.condition(PodConditionType::PodScheduled) {
        status.conditions.push(PodCondition {
            observed_generation: generation,
            ..scheduled.clone()
        });
    }
}
