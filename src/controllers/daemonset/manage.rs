//! Pods made where they are missing and deleted where they are too many, wrong or dead.
//!
//! Upstream: `manage`, `podsShouldBeOnNode` and `syncNodes` in `daemon_controller.go`,
//! `client-go/util/flowcontrol/backoff.go`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::{InvolvedObject, Object, Order, Phase, Uid};
use crate::apiserver::ApiError;
use crate::client::message;
use crate::clock::{SimTime, Span};

use super::super::revisions::REVISION_HASH;
use super::super::util::timer_after;
use super::super::{Options, pod_control};
use super::Sync;
use super::nodes::Verdict;
use super::pods::{PodsByNode, age_order};
use super::rolling::allows_surge;

/// Until when the failed pods of a DaemonSet's generation on a node are left alone.
#[derive(Clone, Debug, Default, Hash)]
pub(in super::super) struct Backoffs(BTreeMap<(Uid, i64, Arc<str>), Backoff>);

#[derive(Clone, Copy, Debug, Hash)]
struct Backoff {
    delay: Span,
    updated: SimTime,
}

impl Backoffs {
    /// How long to wait; otherwise `None`, and the next wait is twice as long as the last one.
    fn wait(&mut self, key: (Uid, i64, Arc<str>), options: &Options, now: SimTime) -> Option<Span> {
        let (first, max) = (options.daemon_pod_backoff, options.daemon_pod_backoff_max);
        let known = self.0.get(&key).copied();
        let known = known.filter(|b| now - b.updated <= max * 2);
        if let Some(backoff) = known.filter(|b| now - b.updated < b.delay) {
            return Some(backoff.delay);
        }
        let delay = known.map_or(first, |b| (b.delay * 2).min(max));
        let updated = now;
        self.0.insert(key, Backoff { delay, updated });
        None
    }

    /// The DaemonSet is gone.
    pub(super) fn forget(&mut self, uid: Uid) {
        self.0.retain(|key, _| key.0 != uid);
    }
}

/// What is to be done: nodes that need a pod, and pods that go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub nodes: Vec<Arc<str>>,
    pub pods: Vec<Arc<str>>,
}

impl Sync<'_, '_> {
    /// Brings every node to its pod. Errors: of the writes.
    pub(super) fn manage(&mut self, pods: &PodsByNode, hash: &str) -> Result<(), ApiError> {
        let mut plan = Plan::default();
        for (node, verdict) in self.nodes.clone() {
            let here = pods.get(&node).map_or(&[][..], Vec::as_slice);
            self.plan_node(&node, verdict, here, hash, &mut plan);
        }
        // A pod for a node that is gone, which never got there, will never get anywhere.
        let known: Vec<&Arc<str>> = self.nodes.iter().map(|(name, _)| name).collect();
        for (_, lost) in pods
            .iter()
            .filter(|(node, _)| known.binary_search(node).is_err())
        {
            let unbound = lost.iter().filter(|pod| age_order(pod).0);
            plan.pods.extend(unbound.map(|pod| pod.meta.name.clone()));
        }
        self.carry_out(plan, pods, hash)
    }

    fn plan_node(
        &mut self,
        node: &Arc<str>,
        verdict: Verdict,
        here: &[Arc<Object>],
        hash: &str,
        plan: &mut Plan,
    ) {
        let staying = here.iter().filter(|pod| !pod.meta.is_deleting());
        if !verdict.may_stay {
            plan.pods.extend(staying.map(|pod| pod.meta.name.clone()));
            return;
        }
        if here.is_empty() {
            plan.nodes.extend(verdict.should_run.then(|| node.clone()));
            return;
        }
        let mut running: Vec<&Arc<Object>> = Vec::new();
        for pod in staying {
            match pod.pod().map(|body| body.status.phase) {
                Some(Phase::Failed) => plan.pods.extend(self.failed(node, pod)),
                Some(Phase::Succeeded) => {
                    let text = "Found succeeded daemon pod {}/{} on node {}, will try to delete it";
                    self.tell(text, "SucceededDaemonPod", false, node, pod);
                    plan.pods.push(pod.meta.name.clone());
                }
                _ => running.push(pod),
            }
        }
        running.order_by_key(|pod| age_order(pod));
        if !allows_surge(&self.body) {
            let surplus = running.iter().skip(1);
            plan.pods.extend(surplus.map(|pod| pod.meta.name.clone()));
        } else if running.is_empty() {
            plan.nodes.extend(verdict.should_run.then(|| node.clone()));
        } else {
            plan.pods.extend(self.surplus(&running, hash));
        }
    }

    /// With surge a node may have one new and one old pod, as long as the old one is ready and the
    /// new one is not available.
    fn surplus(&self, running: &[&Arc<Object>], hash: &str) -> Vec<Arc<str>> {
        if running.len() < 2 {
            return Vec::new();
        }
        let is_new = |pod: &&&Arc<Object>| pod.meta.label(REVISION_HASH) == Some(hash);
        let new = running.iter().find(is_new);
        let old = running.iter().find(|pod| !is_new(pod));
        let kept: Vec<Uid> = new.iter().chain(&old).map(|pod| pod.meta.uid).collect();
        let others = running.iter().filter(|pod| !kept.contains(&pod.meta.uid));
        let mut gone: Vec<Arc<str>> = others.map(|pod| pod.meta.name.clone()).collect();
        if let (Some(new), Some(old)) = (new, old) {
            let ready = old.pod().is_some_and(|body| body.status.is_ready());
            if !ready || self.is_available(new) {
                gone.push(old.meta.name.clone());
            }
        }
        gone
    }

    /// A failed pod goes, unless one failed here a short time ago.
    fn failed(&mut self, node: &Arc<str>, pod: &Object) -> Option<Arc<str>> {
        let generation = self.body.status.observed_generation;
        let key = (self.ds.meta.uid, generation, node.clone());
        let now = self.client.now();
        if let Some(delay) = self.desk.notes.daemons.wait(key, &self.desk.options, now) {
            let trigger = timer_after(self.client.trigger());
            let queue = &mut self.desk.queue;
            queue.add_at(self.key.clone(), now + delay, trigger);
            return None;
        }
        let text = "Found failed daemon pod {}/{} on node {}, will try to kill it";
        self.tell(text, "FailedDaemonPod", true, node, pod);
        Some(pod.meta.name.clone())
    }

    fn tell(
        &mut self,
        text: &'static str,
        reason: &str,
        warning: bool,
        node: &Arc<str>,
        pod: &Object,
    ) {
        let args = [
            (&pod.meta.namespace).into(),
            (&pod.meta.name).into(),
            node.into(),
        ];
        let (about, text) = (InvolvedObject::of(&self.ds), message(text, args));
        let recorder = &mut self.desk.recorder;
        if warning {
            recorder.warning(self.client, about, reason, text);
        } else {
            recorder.normal(self.client, about, reason, text);
        }
    }

    /// Makes and deletes what a plan says, a bounded number a sync. Errors: of the writes.
    pub(super) fn carry_out(
        &mut self,
        mut plan: Plan,
        pods: &PodsByNode,
        hash: &str,
    ) -> Result<(), ApiError> {
        let most = usize::try_from(self.desk.options.daemon_burst_replicas).unwrap_or(0);
        plan.nodes.truncate(most);
        plan.pods.truncate(most);
        let named = |name: &Arc<str>| {
            let all = pods.values().flatten();
            all.into_iter().find(|pod| pod.meta.name == *name).cloned()
        };
        let doomed: Vec<Arc<Object>> = plan.pods.iter().filter_map(named).collect();
        let creations = i64::try_from(plan.nodes.len()).unwrap_or(0);
        let (now, uids) = (self.client.now(), doomed.iter().map(|pod| pod.meta.uid));
        self.desk
            .expectations
            .expect(&self.key, creations, uids, now);
        let nodes = plan.nodes.iter();
        let new: Vec<Object> = nodes.map(|node| self.new_pod(node, hash)).collect();
        let (ds, key, desk) = (&self.ds, &self.key, &mut *self.desk);
        let created = pod_control::create_pods(ds, key, new.into_iter(), desk, self.client);
        let deleted = pod_control::delete_pods(ds, key, doomed, desk, self.client);
        created.and(deleted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_are_forgotten_after_a_long_time() {
        let (mut backoffs, options) = (Backoffs::default(), Options::new(SimTime::default()));
        let key = || (Uid(1), 1, Arc::from("n1"));
        let at = |secs: i64| SimTime::from_unix_secs(1_000 + secs);
        assert_eq!(backoffs.wait(key(), &options, at(0)), None);
        assert_eq!(backoffs.wait(key(), &options, at(0)), Some(Span::secs(1)));
        assert_eq!(backoffs.wait(key(), &options, at(1)), None);
        assert_eq!(backoffs.wait(key(), &options, at(2)), Some(Span::secs(2)));
        assert_eq!(backoffs.wait(key(), &options, at(3)), None);
        assert_eq!(backoffs.wait(key(), &options, at(6)), Some(Span::secs(4)));
        assert_eq!(backoffs.wait(key(), &options, at(3_000)), None);
        assert_eq!(
            backoffs.wait(key(), &options, at(3_000)),
            Some(Span::secs(1))
        );
        backoffs.forget(Uid(1));
        assert_eq!(backoffs.wait(key(), &options, at(3_000)), None);
    }
}
