//! The DaemonSet controller: a pod on every node that should have one.
//!
//! Upstream: `pkg/controller/daemon/daemon_controller.go`. Differs: nodes come in the order of
//! their names, where upstream iterates over a map.

mod manage;
mod nodes;
mod pods;
mod revisions;
mod rolling;
mod status;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::api::{DaemonSetBody, InvolvedObject, Key, Kind, Object};
use crate::apiserver::{ApiError, Change};
use crate::client::Client;
use crate::clock::SimTime;

use super::revisions::REVISION_HASH;
use super::util::{self, woken_by};
use super::{Controller, Desk, Watch};
use nodes::Eligibility;
use pods::PodsByNode;

pub(super) use manage::Backoffs;

/// See the module.
pub(super) struct DaemonSetController;

impl Controller for DaemonSetController {
    fn name(&self) -> &'static str {
        "daemonset-controller"
    }

    fn watches(&self) -> &'static [Watch] {
        &[
            Watch {
                kind: Kind::DaemonSet,
                note: note_daemon_set,
            },
            Watch {
                kind: Kind::ControllerRevision,
                note: |change, desk, _| util::note_revision(change, Kind::DaemonSet, desk),
            },
            Watch {
                kind: Kind::Pod,
                note: |change, desk, _| util::note_pod(change, Kind::DaemonSet, desk),
            },
            Watch {
                kind: Kind::Node,
                note: note_node,
            },
        ]
    }

    fn reconcile(
        &self,
        key: &Key,
        desk: &mut Desk,
        client: &mut Client<'_>,
    ) -> Result<(), ApiError> {
        match key.kind {
            Kind::Node => wake_for_node(key, desk, client),
            Kind::DaemonSet => sync(key, desk, client)?,
            _ => util::wake_selecting(key, Kind::DaemonSet, desk, client),
        }
        Ok(())
    }
}

fn note_daemon_set(change: &Change<'_>, desk: &mut Desk, _now: SimTime) {
    let object = change.object();
    if change.new.is_none() {
        desk.expectations.forget(&object.key());
        desk.notes.daemons.forget(object.meta.uid);
    }
    desk.queue.add(object.key(), woken_by(change));
}

/// Only labels and taints can move a daemon pod.
fn note_node(change: &Change<'_>, desk: &mut Desk, _now: SimTime) {
    let Some(new) = change.new else { return };
    let same = change.old.is_some_and(|old| {
        let taints = |node: &Object| node.node().map(|n| n.taints.clone());
        old.meta.labels == new.meta.labels && taints(old) == taints(new)
    });
    if !same {
        desk.queue.add(new.key(), woken_by(change));
    }
}

/// Wakes the DaemonSets for which the node's change makes a difference. A pod that may stay where
/// no new one would be put makes none, so that the counts lag until something else happens.
fn wake_for_node(key: &Key, desk: &mut Desk, client: &Client<'_>) {
    let cache = client.cache();
    let Some(node) = cache.get(key) else { return };
    for ds in cache.list(Kind::DaemonSet, None) {
        let Some(body) = ds.daemon_set() else {
            continue;
        };
        let has_pod = cache.pods_on(&key.name).any(|pod| {
            pod.meta
                .controller()
                .is_some_and(|owner| owner.uid == ds.meta.uid)
        });
        let verdict = Eligibility::of(body).judge(node);
        let wrong = verdict.should_run && !has_pod || !verdict.may_stay && has_pod;
        if wrong || has_pod && body.status.misscheduled > 0 {
            desk.queue.add(ds.key(), client.trigger());
        }
    }
}

/// One sync of one DaemonSet: what it has read, and the tools to act.
struct Sync<'a, 'c> {
    ds: Arc<Object>,
    body: DaemonSetBody,
    key: Key,
    /// All nodes, each with what the DaemonSet makes of it.
    nodes: Vec<(Arc<str>, nodes::Verdict)>,
    desk: &'a mut Desk,
    client: &'a mut Client<'c>,
}

fn sync(key: &Key, desk: &mut Desk, client: &mut Client<'_>) -> Result<(), ApiError> {
    let Some(ds) = client.cache().get(key).cloned() else {
        desk.expectations.forget(key);
        return Ok(());
    };
    let Some(body) = ds.daemon_set().cloned() else {
        return Ok(());
    };
    if body.selector.is_empty() {
        let text = "This daemon set is selecting all pods. A non-empty selector is required.";
        let about = InvolvedObject::of(&ds);
        desk.recorder.warning(client, about, "SelectingAll", text);
        return Ok(());
    }
    if ds.meta.is_deleting() {
        return Ok(());
    }
    let eligibility = Eligibility::of(&body);
    let nodes = client.cache().list(Kind::Node, None);
    let nodes = nodes.map(|node| (node.meta.name.clone(), eligibility.judge(node)));
    let nodes = nodes.collect();
    let mut sync = Sync {
        ds,
        body,
        key: key.clone(),
        nodes,
        desk,
        client,
    };
    sync.run()
}

impl Sync<'_, '_> {
    fn run(&mut self) -> Result<(), ApiError> {
        let Some((current, old)) = self.construct_history()? else {
            return Ok(());
        };
        let hash = current.meta.label(REVISION_HASH).unwrap_or_default();
        let Some(pods) = self.claim_pods()? else {
            return Ok(());
        };
        let now = self.client.now();
        if !self.desk.expectations.satisfied(&self.key, now) {
            return self.write_status(&pods, hash, false);
        }
        let updated = self.update(&pods, hash, &old);
        // Upstream reads its pods anew; what it has just made is in its cache by then.
        let written = self.write_status(&self.live_pods(), hash, true);
        updated.and(written)
    }

    fn update(
        &mut self,
        pods: &PodsByNode,
        hash: &str,
        old: &[Arc<Object>],
    ) -> Result<(), ApiError> {
        self.manage(pods, hash)?;
        let now = self.client.now();
        let settled = self.desk.expectations.satisfied(&self.key, now);
        if settled && rolling::is_rolling(&self.body) {
            self.roll(pods, hash)?;
        }
        self.clean_up_history(old)
    }

    /// The template's number, which pods of the same template bear beside its hash.
    fn template_generation(&self) -> Option<&str> {
        let meta = &self.ds.meta;
        meta.annotation("deprecated.daemonset.template.generation")
    }

    /// Whether a pod was made from the present template.
    fn is_updated(&self, pod: &Object, hash: &str) -> bool {
        let generation = self.template_generation();
        pod.meta.label(REVISION_HASH) == Some(hash)
            || generation.is_some() && pod.meta.label("pod-template-generation") == generation
    }

    /// Whether a pod has been ready for `minReadySeconds`.
    fn is_available(&self, pod: &Object) -> bool {
        util::is_available(pod, self.body.min_ready_seconds(), self.client.now())
    }
}
