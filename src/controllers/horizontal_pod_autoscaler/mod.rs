//! HorizontalPodAutoscalers: every fifteen seconds, from what the pods use to how many there are.
//!
//! [`metrics`] gets figures, [`calculator`] makes a number of replicas of them, [`normalize`]
//! bounds it, and this file writes the scale and the status.
//!
//! Upstream: `pkg/controller/podautoscaler/horizontal.go`.

mod calculator;
#[cfg(test)]
mod calculator_tests;
mod metrics;
mod normalize;
#[cfg(test)]
mod normalize_tests;
mod status;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::sync::Arc;

use serde_json::Value;

use crate::api::{InvolvedObject, Key, Kind, Message, Object, Selector, number_at, text_at};
use crate::apiserver::{ApiError, Change};
use crate::client::Client;
use crate::clock::SimTime;

use super::util::{timer_after, woken_by};
use super::{Controller, Desk, Watch};

use metrics::Computed;
use normalize::Bounds;
pub(super) use normalize::Memory;
use status::Status;

/// See the module.
pub(super) struct HorizontalPodAutoscaler;

impl Controller for HorizontalPodAutoscaler {
    fn name(&self) -> &'static str {
        "horizontal-pod-autoscaler"
    }

    fn watches(&self) -> &'static [Watch] {
        &[Watch {
            kind: Kind::HorizontalPodAutoscaler,
            note,
        }]
    }

    fn reconcile(
        &self,
        key: &Key,
        desk: &mut Desk,
        client: &mut Client<'_>,
    ) -> Result<(), ApiError> {
        let Some(hpa) = client.cache().get(key).cloned() else {
            desk.notes.autoscalers.remove(key);
            return Ok(());
        };
        let sync = Sync {
            status: Status::of(&hpa, client.now()),
            about: InvolvedObject::of(&hpa),
            key,
            hpa: &hpa,
            desk,
            client,
        };
        sync.run();
        // Whatever became of it: the next look comes a period later.
        let next = client.now() + desk.options.autoscaler_sync;
        desk.queue
            .add_at(key.clone(), next, timer_after(client.trigger()));
        Ok(())
    }
}

/// A new or changed one waits for a whole period, as upstream's rate limiter has it.
fn note(change: &Change<'_>, desk: &mut Desk, now: SimTime) {
    let key = change.object().key();
    let due = now + desk.options.autoscaler_sync;
    desk.queue.add_at(key.clone(), due, woken_by(change));
    if change.new.is_none()
        && let Some(memory) = desk.notes.autoscalers.get_mut(&key)
    {
        memory.selector = None;
    }
}

/// One look at one autoscaler.
struct Sync<'s, 'c> {
    key: &'s Key,
    hpa: &'s Arc<Object>,
    desk: &'s mut Desk,
    client: &'s mut Client<'c>,
    status: Status,
    about: InvolvedObject,
}

impl Sync<'_, '_> {
    fn body(&self) -> &Value {
        self.hpa.data().unwrap_or(&Value::Null)
    }

    fn warn(&mut self, reason: &str, text: &str) {
        let (about, text) = (self.about.clone(), Message::text(text));
        self.desk.recorder.warning(self.client, about, reason, text);
    }

    fn memory(&mut self) -> &mut Memory {
        self.desk
            .notes
            .autoscalers
            .entry(self.key.clone())
            .or_default()
    }

    fn run(mut self) {
        let target = match self.target() {
            Ok(target) => target,
            Err(why) => {
                self.warn("FailedGetScale", &why);
                let text = format!(
                    "the HPA controller was unable to get the target's current scale: {why}"
                );
                self.status
                    .set("AbleToScale", false, "FailedGetScale", &text);
                self.write_status();
                return;
            }
        };
        let text = "the HPA controller was able to get the target's current scale";
        self.status
            .set("AbleToScale", true, "SucceededGetScale", text);
        let current = target.replicas().unwrap_or(0);
        let now = self.client.now();
        self.memory().begin(current, now);
        let bounds = Bounds::of(self.body());
        let (desired, why, metrics) = if current == 0 && bounds.min != 0 {
            let text = "scaling is disabled since the replica count of the target is zero";
            self.status
                .set("ScalingActive", false, "ScalingDisabled", text);
            (current, String::new(), Value::Null)
        } else if current > bounds.max {
            let why = "Current number of replicas above Spec.MaxReplicas";
            (bounds.max, why.into(), Value::Null)
        } else if current < bounds.min {
            let why = "Current number of replicas below Spec.MinReplicas";
            (bounds.min, why.into(), Value::Null)
        } else {
            match self.compute(&target, current) {
                Ok(computed) => {
                    let Computed {
                        replicas,
                        name,
                        statuses,
                    } = computed;
                    let why = match replicas.cmp(&current) {
                        Ordering::Greater => format!("{name} above target"),
                        Ordering::Less => "All metrics below target".into(),
                        Ordering::Equal => String::new(),
                    };
                    (self.normalize(current, replicas, &bounds), why, statuses)
                }
                Err((statuses, why)) => {
                    self.status.set_figures(current, None, statuses, None);
                    self.write_status();
                    self.warn("FailedComputeMetricsReplicas", &why);
                    return;
                }
            }
        };
        let mut scaled = None;
        if desired != current {
            if !self.rescale(&target, current, desired, &why) {
                self.status.set_figures(current, None, metrics, None);
                self.write_status();
                return;
            }
            scaled = Some(now);
        }
        self.status
            .set_figures(current, Some(desired), metrics, scaled);
        self.write_status();
    }

    /// The object that is scaled, as the server has it. Errors: the server's words.
    fn target(&self) -> Result<Arc<Object>, String> {
        let body = self.body();
        let reference = |field: &str| text_at(body, &format!("/spec/scaleTargetRef/{field}"));
        let (version, kind, name) = (
            reference("apiVersion"),
            reference("kind"),
            reference("name"),
        );
        if version.split('/').count() > 2 {
            return Err(format!("unexpected GroupVersion string: {version}"));
        }
        let group = version.split_once('/').map_or("", |(group, _)| group);
        let live = self.client.live();
        let served = live
            .kinds()
            .find(|k| k.name() == kind && k.info().group == group);
        let served =
            served.ok_or_else(|| format!("no matches for kind \"{kind}\" in group \"{group}\""))?;
        const SCALED: [Kind; 4] = [
            Kind::Deployment,
            Kind::ReplicaSet,
            Kind::StatefulSet,
            Kind::ReplicationController,
        ];
        let scaled = match served {
            Kind::Custom(custom) => custom.scale().is_some(),
            served => SCALED.contains(&served),
        };
        if !scaled {
            return Err("the server could not find the requested resource".into());
        }
        let found = live.find(served, &self.hpa.meta.namespace, name);
        // The scale of a core kind answers in the name of its own group.
        let group = if group.is_empty() {
            "autoscaling"
        } else {
            group
        };
        found.cloned().ok_or_else(|| {
            format!(
                "{}/scale.{group} \"{name}\" not found",
                served.info().plural
            )
        })
    }

    /// The selector of the target's pods, if no other autoscaler has the same. Errors: what is
    /// wrong with it; event and condition have been told.
    fn selector(&mut self, target: &Object) -> Result<Selector, String> {
        let selector = target.scale_selector().map_err(|error| {
            let head = "couldn't convert selector into a corresponding internal selector object";
            let why = format!("{head}: {}", error.0);
            self.warn("InvalidSelector", &why);
            self.status
                .set("ScalingActive", false, "InvalidSelector", &why);
            why
        })?;
        if selector.is_empty() {
            let why = "selector is required";
            self.warn("SelectorRequired", why);
            let text = "the HPA target's scale is missing a selector";
            self.status
                .set("ScalingActive", false, "InvalidSelector", text);
            return Err(why.into());
        }
        self.memory().selector = Some(selector.clone());
        let namespace = &self.key.namespace;
        let pods: Vec<Arc<Object>> = self.pods(&selector);
        let picks_one = |other: &Selector| pods.iter().any(|p| other.matches(&p.meta.labels));
        let all = self.desk.notes.autoscalers.iter();
        let picking: Vec<String> = all
            .filter(|(key, _)| key.namespace == *namespace)
            .filter(|(_, memory)| memory.selector.as_ref().is_some_and(picks_one))
            .map(|(key, _)| format!("{{{} {}}}", key.name, key.namespace))
            .collect();
        if picking.len() > 1 {
            let list = picking.join(" ");
            let why =
                format!("pods by selector {selector} are controlled by multiple HPAs: [{list}]");
            self.warn("AmbiguousSelector", &why);
            self.status
                .set("ScalingActive", false, "AmbiguousSelector", &why);
            return Err(why);
        }
        Ok(selector)
    }

    /// The pods that a selector picks.
    fn pods(&self, selector: &Selector) -> Vec<Arc<Object>> {
        let pods = self
            .client
            .cache()
            .list(Kind::Pod, Some(&self.key.namespace));
        pods.filter(|pod| selector.matches(&pod.meta.labels))
            .cloned()
            .collect()
    }

    /// Writes another number of replicas; whether that went well.
    fn rescale(&mut self, target: &Object, current: i32, desired: i32, why: &str) -> bool {
        let Some(scaled) = target.with_replicas(desired) else {
            return false;
        };
        let now = self.client.now();
        if let Err(error) = self.client.update(scaled) {
            let error = error.message;
            let text = format!("New size: {desired}; reason: {why}; error: {error}");
            self.warn("FailedRescale", &text);
            let text = format!("the HPA controller was unable to update the target scale: {error}");
            self.status
                .set("AbleToScale", false, "FailedUpdateScale", &text);
            return false;
        }
        let text = format!("the HPA controller was able to update the target scale to {desired}");
        self.status
            .set("AbleToScale", true, "SucceededRescale", &text);
        let text = Message::text(format!("New size: {desired}; reason: {why}"));
        let about = self.about.clone();
        let recorder = &mut self.desk.recorder;
        recorder.normal(self.client, about, "SuccessfulRescale", text);
        let hpa = self.hpa.clone();
        let body = hpa.data().unwrap_or(&Value::Null);
        self.memory().scaled(body, current, desired, now);
        true
    }

    /// Writes the status, if it is another than before.
    fn write_status(&mut self) {
        let Some(new) = self.status.written_into(self.hpa) else {
            return;
        };
        if let Err(error) = self.client.update_status(new) {
            self.warn("FailedUpdateStatus", &error.message);
        }
    }
}

/// A whole number of a spec.
fn whole(body: &Value, pointer: &str) -> Option<i32> {
    number_at(body, pointer).map(|n| i32::try_from(n).unwrap_or(i32::MAX))
}
