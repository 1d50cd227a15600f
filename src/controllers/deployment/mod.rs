//! The Deployment controller: ReplicaSets by template, rollouts from one to the next.
//!
//! Upstream: `pkg/controller/deployment/deployment_controller.go`. Differs: the legacy rollback by
//! annotation is not served (no client has written that annotation since Kubernetes 1.16).

mod annotations;
mod arithmetic;
mod progress;
mod recreate;
mod rolling;
mod scaling;
mod sync;
#[cfg(test)]
mod tests;

use crate::api::{ConditionStatus, InvolvedObject, Key, Kind, Object};
use crate::apiserver::{ApiError, Change};
use crate::client::Client;
use crate::clock::SimTime;

use super::util::{self, condition, woken_by};
use super::{Controller, Desk, Watch};
use progress::{PROGRESSING, TIMED_OUT, new_condition};
use sync::{Rollout, owned_sets};

/// See the module.
pub(super) struct DeploymentController;

impl Controller for DeploymentController {
    fn name(&self) -> &'static str {
        "deployment-controller"
    }

    fn max_retries(&self) -> u32 {
        15
    }

    fn watches(&self) -> &'static [Watch] {
        &[
            Watch {
                kind: Kind::Deployment,
                note: note_deployment,
            },
            Watch {
                kind: Kind::ReplicaSet,
                note: note_replica_set,
            },
            Watch {
                kind: Kind::Pod,
                note: note_pod,
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
            Kind::ReplicaSet => wake_for_replica_set(key, desk, client),
            Kind::Deployment => sync_deployment(key, desk, client)?,
            _ => {}
        }
        Ok(())
    }
}

fn note_deployment(change: &Change<'_>, desk: &mut Desk, _now: SimTime) {
    desk.queue.add(change.object().key(), woken_by(change));
}

fn note_replica_set(change: &Change<'_>, desk: &mut Desk, _now: SimTime) {
    util::note_orphan(change, desk);
    let owner = |rs: &Object| {
        let owner = rs
            .meta
            .controller()
            .filter(|o| &*o.kind == Kind::Deployment.name())?;
        Some(Key::new(
            Kind::Deployment,
            rs.meta.namespace.clone(),
            owner.name.clone(),
        ))
    };
    let (old, new) = (
        change.old.and_then(|rs| owner(rs)),
        change.new.and_then(|rs| owner(rs)),
    );
    if let Some(rs) = change.new.filter(|rs| rs.meta.controller().is_none()) {
        desk.queue.add(rs.key(), woken_by(change));
    }
    if let Some(key) = old.filter(|key| new.as_ref() != Some(key)) {
        desk.queue.add(key, woken_by(change));
    }
    if let Some(key) = new {
        desk.queue.add(key, woken_by(change));
    }
}

/// Only a pod that is gone can matter: a Recreate rollout may wait for it.
fn note_pod(change: &Change<'_>, desk: &mut Desk, _now: SimTime) {
    let (Some(pod), None) = (change.old, change.new) else {
        return;
    };
    let owner = pod
        .meta
        .controller()
        .filter(|o| &*o.kind == Kind::ReplicaSet.name());
    if let Some(owner) = owner {
        let key = Key::new(
            Kind::ReplicaSet,
            pod.meta.namespace.clone(),
            owner.name.clone(),
        );
        desk.queue.add(key, woken_by(change));
    }
}

/// A ReplicaSet lost a pod, or has no controller: which Deployments does that concern?
fn wake_for_replica_set(key: &Key, desk: &mut Desk, client: &Client<'_>) {
    let cache = client.cache();
    let Some(rs) = cache.get(key) else { return };
    let Some(owner) = rs.meta.controller() else {
        for deployment in cache.list(Kind::Deployment, Some(&key.namespace)) {
            let selector = deployment.deployment().map(|body| &body.selector);
            if selector.is_some_and(|s| !s.is_empty() && s.matches(&rs.meta.labels)) {
                desk.queue.add(deployment.key(), client.trigger());
            }
        }
        return;
    };
    let key = Key::new(Kind::Deployment, key.namespace.clone(), owner.name.clone());
    let Some(deployment) = cache.get(&key).filter(|d| d.meta.uid == owner.uid) else {
        return;
    };
    let recreates = deployment
        .deployment()
        .is_some_and(|b| !arithmetic::is_rolling(&b.spec));
    let mut sets = cache.owned_by(Kind::ReplicaSet, owner.uid);
    if recreates && sets.all(|rs| cache.owned_by(Kind::Pod, rs.meta.uid).next().is_none()) {
        desk.queue.add(key, client.trigger());
    }
}

fn sync_deployment(key: &Key, desk: &mut Desk, client: &mut Client<'_>) -> Result<(), ApiError> {
    let Some(deployment) = client.cache().get(key).cloned() else {
        return Ok(());
    };
    let Some(body) = deployment.deployment() else {
        return Ok(());
    };
    if body.selector.is_empty() {
        return refuse_to_select_all(&deployment, desk, client);
    }
    let deleting = deployment.meta.is_deleting();
    for rs in owned_sets(&deployment, client) {
        if !deleting && !body.selector.matches(&rs.meta.labels) {
            util::release(deployment.meta.uid, &rs, client)?;
        }
    }
    if !deleting && util::adopt(&deployment, &body.selector, Kind::ReplicaSet, desk, client)? {
        return Ok(());
    }
    let mut sets = owned_sets(&deployment, client);
    sets.retain(|rs| body.selector.matches(&rs.meta.labels));
    let mut rollout = Rollout {
        deployment: (*deployment).clone(),
        sets,
        desk,
        client,
    };
    if deleting {
        let (new, old) = rollout.sync_revision(false)?;
        return rollout.write_scale_status(new.as_ref(), &old);
    }
    rollout.note_pause()?;
    if rollout.spec().paused == Some(true) || rollout.is_scaling_event()? {
        return rollout.sync_scale();
    }
    if arithmetic::is_rolling(rollout.spec()) {
        rollout.roll()
    } else {
        rollout.recreate()
    }
}

fn refuse_to_select_all(
    deployment: &Object,
    desk: &mut Desk,
    client: &mut Client<'_>,
) -> Result<(), ApiError> {
    let text = "This deployment is selecting all pods. A non-empty selector is required.";
    let about = InvolvedObject::of(deployment);
    desk.recorder.warning(client, about, "SelectingAll", text);
    let sets = Vec::new();
    let mut rollout = Rollout {
        deployment: deployment.clone(),
        sets,
        desk,
        client,
    };
    let mut status = rollout.status().clone();
    if status.observed_generation >= deployment.meta.generation {
        return Ok(());
    }
    status.observed_generation = deployment.meta.generation;
    rollout.set_status(status);
    rollout.write_status()
}

impl Rollout<'_, '_> {
    /// Says in the condition that the rollout was paused or resumed, which also stops and restarts
    /// the clock of its deadline.
    fn note_pause(&mut self) -> Result<(), ApiError> {
        let paused = self.spec().paused == Some(true);
        let reason = condition(&self.status().conditions, PROGRESSING).map(|c| c.reason.clone());
        if self.deadline().is_none() || reason.as_deref() == Some(TIMED_OUT) {
            return Ok(());
        }
        let said = reason.as_deref() == Some("DeploymentPaused");
        let (reason, text) = match (paused, said) {
            (true, false) => ("DeploymentPaused", "Deployment is paused"),
            (false, true) => ("DeploymentResumed", "Deployment is resumed"),
            _ => return Ok(()),
        };
        let (unknown, now) = (ConditionStatus::Unknown, self.client.now());
        self.set_condition(new_condition(PROGRESSING, unknown, reason, text, now));
        self.write_status()
    }
}
