//! A plan carried out, with its events, and the status that goes with it.
//!
//! Upstream: `performUpdate` and `updateStatefulSetStatus` in `stateful_set_control.go`,
//! `stateful_pod_control.go`, `stateful_set_status_updater.go`.

use std::sync::Arc;

use crate::api::{
    Body, InvolvedObject, Object, Phase, PodTemplate, StatefulSetBody, StatefulSetStatus,
};
use crate::apiserver::{ApiError, DeleteOptions, Reason};
use crate::client::message;
use crate::clock::Span;

use super::super::revisions::{REVISION_HASH, template_of};
use super::super::util::{is_available, ready_since, timer_after};
use super::Sync;
use super::plan::{Act, PodState, Rules, Slot, plan};
use super::pods::matches;
use super::revisions::Revisions;

type Pods = [(i32, Arc<Object>)];

fn is_ready(pod: &Object) -> bool {
    pod.pod()
        .is_some_and(|body| body.status.phase == Phase::Running && body.status.is_ready())
}

impl Sync<'_, '_> {
    /// Does what the plan says and writes the status. Errors: the first refusal, after which
    /// nothing further is tried.
    pub(super) fn control(&mut self, pods: &Pods, revisions: &Revisions) -> Result<(), ApiError> {
        let mut status = self.count(pods, revisions);
        let mut done = Ok(());
        if !self.set.meta.is_deleting() {
            let acts = self.plan(pods, revisions);
            for act in acts {
                done = self.act(act, pods, revisions);
                if done.is_err() {
                    break;
                }
                // Upstream counts it off whatever revision it had.
                status.current_replicas -= i32::from(matches!(act, Act::Replace(_)));
            }
        }
        complete_rolling_update(&self.body, &mut status);
        let written = self.write_status(&status);
        done?;
        written?;
        self.wait_for_availability(pods, &status);
        Ok(())
    }

    fn count(&self, pods: &Pods, revisions: &Revisions) -> StatefulSetStatus {
        let now = self.client.now();
        let mut status = StatefulSetStatus {
            observed_generation: self.set.meta.generation,
            current_revision: revisions.current.meta.name.clone(),
            update_revision: revisions.update.meta.name.clone(),
            collision_count: Some(revisions.collisions),
            ..StatefulSetStatus::default()
        };
        for (_, pod) in pods {
            status.replicas += 1;
            if is_ready(pod) {
                status.ready_replicas += 1;
                let available = is_available(pod, self.body.min_ready_seconds(), now);
                status.available_replicas += i32::from(available);
            }
            let of =
                |name: &str| !pod.meta.is_deleting() && pod.meta.label(REVISION_HASH) == Some(name);
            status.current_replicas += i32::from(of(&status.current_revision));
            status.updated_replicas += i32::from(of(&status.update_revision));
        }
        status
    }

    fn plan(&self, pods: &Pods, revisions: &Revisions) -> Vec<Act> {
        let first = self.body.first_ordinal();
        let wanted = first..first + self.body.replicas();
        let slot = |ordinal| {
            let at = pods.binary_search_by_key(&ordinal, |(ordinal, _)| *ordinal);
            let pod = at.ok().and_then(|at| pods.get(at)).map(|(_, pod)| pod);
            Slot {
                ordinal,
                pod: pod.map(|pod| self.state(ordinal, pod, revisions)),
                stale_claim: pod.is_none() && self.has_stale_claim(ordinal),
            }
        };
        let slots: Vec<Slot> = wanted.clone().map(slot).collect();
        let surplus = pods.iter().rev().map(|(ordinal, _)| *ordinal);
        let surplus = surplus.filter(|ordinal| !wanted.contains(ordinal));
        let surplus: Vec<Slot> = surplus.map(slot).collect();
        let rules = Rules {
            parallel: self.body.is_parallel(),
            on_delete: self.body.updates_on_delete(),
            partition: self.body.partition().unwrap_or(0),
        };
        plan(rules, &slots, &surplus)
    }

    fn state(&self, ordinal: i32, pod: &Object, revisions: &Revisions) -> PodState {
        let phase = pod.pod().map(|body| body.status.phase);
        let now = self.client.now();
        let update = &*revisions.update.meta.name;
        PodState {
            ended: phase.is_some_and(Phase::is_terminal),
            pending: phase == Some(Phase::Pending),
            terminating: pod.meta.is_deleting(),
            ready: is_ready(pod),
            available: is_available(pod, self.body.min_ready_seconds(), now),
            updated: pod.meta.label(REVISION_HASH) == Some(update),
            as_it_should_be: matches(pod, &self.set.meta.name, &self.body, ordinal)
                && self.claims_match(ordinal, pod),
        }
    }

    fn act(&mut self, act: Act, pods: &Pods, revisions: &Revisions) -> Result<(), ApiError> {
        let find = |ordinal: i32| {
            let found = pods.iter().find(|(own, _)| *own == ordinal);
            found.map(|(_, pod)| pod.clone())
        };
        match act {
            Act::Create(ordinal) => self.create(ordinal, revisions),
            Act::Delete(ordinal) | Act::Replace(ordinal) => match find(ordinal) {
                Some(pod) => self.delete(&pod),
                None => Ok(()),
            },
            Act::EnsureClaims(ordinal) => {
                self.create_claims(ordinal)?;
                match find(ordinal) {
                    Some(pod) => self.fix_claims(ordinal, &pod),
                    None => Ok(()),
                }
            }
            Act::Fix(ordinal) => match find(ordinal) {
                Some(pod) => self.fix(ordinal, &pod),
                None => Ok(()),
            },
            Act::FixClaims(ordinal) => match find(ordinal) {
                Some(pod) => self.fix_claims(ordinal, &pod),
                None => Ok(()),
            },
        }
    }

    /// The revision of a new pod: the old one below the partition, or, where none is given, among
    /// the first pods that still have it.
    fn revision_for<'r>(
        &self,
        ordinal: i32,
        revisions: &'r Revisions,
    ) -> (&'r str, Arc<PodTemplate>) {
        let old = match self.body.partition() {
            _ if self.body.updates_on_delete() => 0,
            Some(partition) => partition,
            None => self.body.status.current_replicas,
        };
        let revision = if ordinal < self.body.first_ordinal() + old {
            &revisions.current
        } else {
            &revisions.update
        };
        let template = template_of(revision).unwrap_or_else(|| self.body.template.clone());
        (&revision.meta.name, template)
    }

    fn create(&mut self, ordinal: i32, revisions: &Revisions) -> Result<(), ApiError> {
        let (revision, template) = self.revision_for(ordinal, revisions);
        let pod = self.new_pod(ordinal, revision, &template);
        let name = pod.meta.name.clone();
        if let Err(error) = self.create_claims(ordinal) {
            return self.tell("create", &name, Err(error));
        }
        match self.client.create(pod) {
            Ok(created) => {
                self.wrote(&created);
                if let Err(error) = self.fix_claims(ordinal, &created) {
                    return self.tell("update", &name, Err(error));
                }
                self.tell("create", &name, Ok(()))
            }
            Err(error) if error.reason == Reason::AlreadyExists => Err(error),
            Err(error) => self.tell("create", &name, Err(error)),
        }
    }

    fn delete(&mut self, pod: &Object) -> Result<(), ApiError> {
        let deleted = self.client.delete(&pod.key(), DeleteOptions::default());
        let deleted = match deleted {
            Err(error) if error.reason == Reason::NotFound => Ok(()),
            other => other.map(|_| ()),
        };
        self.tell("delete", &pod.meta.name, deleted)
    }

    fn fix(&mut self, ordinal: i32, pod: &Object) -> Result<(), ApiError> {
        let name = pod.meta.name.clone();
        let mended = self.mended(pod, ordinal);
        let result = self
            .create_claims(ordinal)
            .and_then(|()| self.fix_claims(ordinal, pod))
            .and_then(|()| self.client.update(mended));
        if let Ok(updated) = &result {
            self.wrote(updated);
        }
        self.tell("update", &name, result.map(|_| ()))
    }

    /// Tells of an act, and hands its result on.
    fn tell(
        &mut self,
        verb: &'static str,
        pod: &Arc<str>,
        result: Result<(), ApiError>,
    ) -> Result<(), ApiError> {
        let (done, failed, reasons) = match verb {
            "create" => (
                "Create Pod {} in StatefulSet {} successful",
                "Create Pod {} in StatefulSet {} failed error: {}",
                ("SuccessfulCreate", "FailedCreate"),
            ),
            "delete" => (
                "Delete Pod {} in StatefulSet {} successful",
                "Delete Pod {} in StatefulSet {} failed error: {}",
                ("SuccessfulDelete", "FailedDelete"),
            ),
            _ => (
                "Update Pod {} in StatefulSet {} successful",
                "Update Pod {} in StatefulSet {} failed error: {}",
                ("SuccessfulUpdate", "FailedUpdate"),
            ),
        };
        let (pod, set) = (pod.into(), (&self.set.meta.name).into());
        let (about, recorder) = (InvolvedObject::of(&self.set), &mut self.desk.recorder);
        match &result {
            Ok(()) => {
                let text = message(done, [pod, set]);
                recorder.normal(self.client, about, reasons.0, text);
            }
            Err(error) => {
                let text = message(failed, [pod, set, error.message.as_str().into()]);
                recorder.warning(self.client, about, reasons.1, text);
            }
        }
        result
    }

    fn write_status(&mut self, status: &StatefulSetStatus) -> Result<(), ApiError> {
        let old = &self.body.status;
        let observed = status.observed_generation > old.observed_generation;
        let same = StatefulSetStatus {
            observed_generation: old.observed_generation,
            collision_count: old.collision_count,
            ..status.clone()
        } == *old;
        if same && !observed {
            return Ok(());
        }
        let with = |object: &Object| {
            let mut new = object.clone();
            if let Body::StatefulSet(body) = &mut new.body {
                body.status = status.clone();
            }
            new
        };
        let written = match self.client.update_status(with(&self.set)) {
            Err(error) if error.reason == Reason::Conflict => {
                match self.client.live().get(&self.key).cloned() {
                    Some(latest) => self.client.update_status(with(&latest))?,
                    None => return Ok(()),
                }
            }
            other => other?,
        };
        self.wrote(&written);
        Ok(())
    }

    /// Comes again when the next ready pod will have been so for long enough.
    fn wait_for_availability(&mut self, pods: &Pods, status: &StatefulSetStatus) {
        let minimum = self.body.min_ready_seconds();
        if minimum == 0 || status.ready_replicas == status.available_replicas {
            return;
        }
        let now = self.client.now();
        let ready = pods.iter().filter_map(|(_, pod)| ready_since(pod));
        let times = ready.map(|since| since + Span::secs(minimum.into()));
        if let Some(at) = times.filter(|at| *at > now).min() {
            let trigger = timer_after(self.client.trigger());
            self.desk.queue.add_at(self.key.clone(), at, trigger);
        }
    }
}

/// An update is complete when every pod is updated and ready; then the new revision is the current
/// one.
fn complete_rolling_update(body: &StatefulSetBody, status: &mut StatefulSetStatus) {
    let wanted = body.replicas();
    if !body.updates_on_delete()
        && status.updated_replicas == wanted
        && status.ready_replicas == wanted
        && status.replicas == wanted
    {
        status.current_replicas = status.updated_replicas;
        status.current_revision = status.update_revision.clone();
    }
}
