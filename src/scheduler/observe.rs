//! What a write means for cache and queue: pods counted and taken off, nodes kept up, waiting pods
//! woken by the hints of the plugins that rejected them.
//!
//! Upstream: `pkg/scheduler/eventhandlers.go`, `framework/events.go`.

use std::sync::Arc;

use crate::api::{Kind, NodeBody, Object, PodBody};
use crate::apiserver::{Change, Trigger};
use crate::clock::SimTime;

use super::framework::{ClusterEvent, NodeUpdate, Waiting};
use super::plugins::PLUGINS;
use super::queue::QueuedPod;
use super::{Assumed, NAME, Scheduler};

/// A pod that takes room on a node.
fn assigned(object: &Object) -> bool {
    let pod = object.pod();
    pod.is_some_and(|pod| pod.node_name.is_some() && !pod.is_terminal())
}

/// A pod that this scheduler has to place.
fn ours(object: &Object) -> bool {
    object.pod().is_some_and(|pod| {
        pod.node_name.is_none() && !pod.is_terminal() && &*pod.spec.facts.scheduler_name == NAME
    })
}

/// Whether a node counts two versions of a pod on it alike.
fn counts_alike(old: &Object, new: &Object) -> bool {
    let (Some(a), Some(b)) = (old.pod(), new.pod()) else {
        return true;
    };
    (Arc::ptr_eq(&old.meta.labels, &new.meta.labels) || old.meta.labels == new.meta.labels)
        && (Arc::ptr_eq(&a.spec, &b.spec) || a.spec == b.spec)
        && old.meta.is_deleting() == new.meta.is_deleting()
        && old.meta.controller().map(|o| o.uid) == new.meta.controller().map(|o| o.uid)
}

fn gated(pod: &PodBody) -> bool {
    PLUGINS
        .iter()
        .any(|row| row.plugin.pre_enqueue(pod).is_some())
}

impl Scheduler {
    pub(super) fn note(&mut self, change: &Change<'_>, now: SimTime) {
        let trigger = Trigger::Write(change.revision);
        match change.kind {
            Kind::Pod => self.note_pod(change, now, trigger),
            Kind::Node => self.note_node(change, now, trigger),
            Kind::Event | Kind::Lease | Kind::Deployment => {}
            Kind::PersistentVolumeClaim | Kind::PersistentVolume | Kind::StorageClass => {
                self.cache.note_storage(change.old, change.new);
                if let Some(new) = change.new {
                    self.wake(&ClusterEvent::Storage(new), now, trigger);
                }
            }
            _ => self.cache.note_selector(change.old, change.new),
        }
    }

    fn note_pod(&mut self, change: &Change<'_>, now: SimTime, trigger: Trigger) {
        let was = change.old.filter(|old| assigned(old));
        let is = change.new.filter(|new| assigned(new));
        match (was, is) {
            (None, Some(new)) => {
                self.queue.remove(new.meta.uid);
                self.forget_nomination(new.meta.uid);
                self.confirm_or_count(new);
                self.wake(&ClusterEvent::PodAdd(new), now, trigger);
            }
            (Some(old), Some(new)) => {
                if !counts_alike(old, new) {
                    self.cache.count(old, -1);
                    self.cache.count(new, 1);
                    self.wake(&ClusterEvent::PodUpdate(old, new), now, trigger);
                }
            }
            (Some(old), None) => {
                self.cache.count(old, -1);
                self.wake(&ClusterEvent::PodDelete(old), now, trigger);
            }
            (None, None) => self.note_pending(change, now, trigger),
        }
    }

    /// A pod came onto a node: one that was assumed there is booked already.
    fn confirm_or_count(&mut self, new: &Arc<Object>) {
        if let Some(Assumed { class, node, .. }) = self.assumed.remove(&new.meta.uid) {
            self.cache.book(class, &node, false, -1);
        }
        self.cache.count(new, 1);
    }

    fn note_pending(&mut self, change: &Change<'_>, now: SimTime, trigger: Trigger) {
        let uid = change.object().meta.uid;
        let Some(new) = change.new.filter(|new| ours(new)) else {
            let removed = self.queue.remove(uid);
            let nominated = self.nominations.values().flatten().any(|n| n.uid == uid);
            self.forget_nomination(uid);
            if let (Some(pod), true) = (removed, nominated) {
                self.wake(&ClusterEvent::PodDelete(&pod.object), now, trigger);
            }
            return;
        };
        let Some(pod) = new.pod() else { return };
        let known = self.queue.get(uid).cloned();
        match (change.old, known) {
            (Some(old), Some(waiting)) => self.note_own_update(old, new, &waiting, now, trigger),
            (Some(_), None) if self.assumed.contains_key(&uid) => {}
            _ => self.queue.add(new.clone(), gated(pod), now, trigger),
        }
    }

    fn note_own_update(
        &mut self,
        old: &Arc<Object>,
        new: &Arc<Object>,
        waiting: &QueuedPod,
        now: SimTime,
        trigger: Trigger,
    ) {
        self.queue.update(new);
        let Some(pod) = new.pod() else { return };
        let woken = if waiting.gated {
            !gated(pod)
        } else {
            let alike = old.meta.labels == new.meta.labels
                && old.pod().is_some_and(|old| old.spec == pod.spec);
            !alike && self.is_worth_it(&ClusterEvent::OwnUpdate(old, new), waiting)
        };
        if woken {
            self.queue.wake(new.meta.uid, now, trigger);
        }
    }

    fn note_node(&mut self, change: &Change<'_>, now: SimTime, trigger: Trigger) {
        let body = |object: Option<&'_ Arc<Object>>| -> Option<NodeBody> {
            object.and_then(|object| object.node()).cloned()
        };
        let (old, new) = (body(change.old), body(change.new));
        match (change.old.zip(old.as_ref()), change.new.zip(new.as_ref())) {
            (None, Some((new, body))) => {
                self.cache.set_node(new);
                self.wake(&ClusterEvent::NodeAdd(new, body), now, trigger);
            }
            (Some((old, before)), Some((new, after))) => {
                self.cache.set_node(new);
                let update = NodeUpdate {
                    allocatable: before.status.allocatable != after.status.allocatable
                        || before.status.pods != after.status.pods,
                    labels: old.meta.labels != new.meta.labels,
                    taints: before.taints != after.taints
                        || (before.unschedulable && !after.unschedulable),
                    old: (old, before),
                    new: (new, after),
                };
                if update.allocatable || update.labels || update.taints {
                    self.wake(&ClusterEvent::NodeUpdate(update), now, trigger);
                }
            }
            (Some((old, _)), None) => {
                self.cache.remove_node(&old.meta);
                self.wake(&ClusterEvent::NodeDelete(old), now, trigger);
            }
            (None, None) => {}
        }
    }

    /// Moves the waiting pods that an event may help.
    fn wake(&mut self, event: &ClusterEvent<'_>, now: SimTime, trigger: Trigger) {
        let waiting = self.queue.waiting();
        let helped = waiting.filter(|pod| !pod.gated && self.is_worth_it(event, pod));
        let helped: Vec<_> = helped.map(|pod| pod.object.meta.uid).collect();
        for uid in helped {
            self.queue.wake(uid, now, trigger);
        }
    }

    /// Whether a plugin that rejected the pod says that the event may help.
    fn is_worth_it(&self, event: &ClusterEvent<'_>, queued: &QueuedPod) -> bool {
        let Some(pod) = queued.pod() else {
            return false;
        };
        let waiting = Waiting {
            object: &queued.object,
            pod,
            cache: &self.cache,
        };
        let taints = matches!(event, ClusterEvent::NodeUpdate(update) if update.taints);
        let rejected = |index: usize| queued.rejectors & (1 << index) != 0;
        PLUGINS.iter().enumerate().any(|(index, row)| {
            rejected(index)
                && ((taints && row.plugin.wakes_on_any_taint()) || row.plugin.hint(event, &waiting))
        })
    }
}
