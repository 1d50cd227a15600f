//! What every sync of a Deployment does: find or make the new ReplicaSet, resize, clean up.
//!
//! Upstream: `pkg/controller/deployment/sync.go`.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::DeploymentSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use crate::api::{
    Body, ConditionStatus, DeploymentStatus, InvolvedObject, Kind, Meta, Object, Order,
    PodTemplate, ReplicaSetBody,
};
use crate::apiserver::{ApiError, DeleteOptions, Reason};
use crate::client::{Client, message};
use crate::clock::SimTime;

use super::super::Desk;
use super::super::hash::{HASH_LABEL, hashed_name, template_hash};
use super::super::util::{condition, controller_ref, controller_uid, ignore_not_found};
use super::annotations::{self, REVISION};
use super::arithmetic::{Fences, fences, is_rolling, new_size};
use super::progress::{PROGRESSING, new_condition};
use super::rolling::Figures;

/// The new ReplicaSet, if there is one, and all others.
pub(super) type Sets = (Option<Arc<Object>>, Vec<Arc<Object>>);

/// One sync of one Deployment.
pub(super) struct Rollout<'a, 'c> {
    /// A copy of the cached Deployment that the sync edits before it writes.
    pub deployment: Object,
    /// Its ReplicaSets as they were cached when the sync began, oldest first.
    pub sets: Vec<Arc<Object>>,
    pub desk: &'a mut Desk,
    pub client: &'a mut Client<'c>,
}

/// Size and availability of a ReplicaSet.
pub(super) fn figures(rs: &Object) -> Figures {
    let body = rs.replica_set();
    Figures {
        size: body.map_or(0, |b| b.replicas),
        available: body.map_or(0, |b| b.status.available_replicas),
    }
}

/// The pods that ReplicaSets ask for together.
pub(super) fn total_size(sets: &[Arc<Object>]) -> i32 {
    sets.iter().map(|rs| figures(rs).size).sum()
}

/// Those that ask for any pod.
pub(super) fn active(sets: &[Arc<Object>]) -> Vec<Arc<Object>> {
    sets.iter()
        .filter(|rs| figures(rs).size > 0)
        .cloned()
        .collect()
}

/// Sorts by age as upstream does: whole seconds, then the name.
pub(super) fn age_order(rs: &Object) -> (SimTime, Arc<str>) {
    (rs.meta.created.whole_secs(), rs.meta.name.clone())
}

impl Rollout<'_, '_> {
    /// `spec.replicas`.
    pub(super) fn replicas(&self) -> i32 {
        self.deployment
            .deployment()
            .map_or(0, |body| body.replicas())
    }

    /// The Deployment's spec.
    pub(super) fn spec(&self) -> &DeploymentSpec {
        match &self.deployment.body {
            Body::Deployment(body) => &body.spec,
            _ => unreachable!("a rollout is made of a Deployment"),
        }
    }

    /// The local copy's status.
    pub(super) fn status(&self) -> &DeploymentStatus {
        match &self.deployment.body {
            Body::Deployment(body) => &body.status,
            _ => unreachable!("a rollout is made of a Deployment"),
        }
    }

    fn template(&self) -> &Arc<PodTemplate> {
        match &self.deployment.body {
            Body::Deployment(body) => &body.template,
            _ => unreachable!("a rollout is made of a Deployment"),
        }
    }

    /// How far the rollout may go above and below `spec.replicas`.
    pub(super) fn fences(&self) -> Fences {
        fences(self.spec())
    }

    /// Finds the new ReplicaSet, or with `create` makes it, and brings its revision and annotations
    /// up to date. Errors: of the writes; a conflict means that the cache was behind.
    pub(super) fn sync_revision(&mut self, create: bool) -> Result<Sets, ApiError> {
        let template = self.template().clone();
        let is_new = |rs: &&Arc<Object>| {
            rs.replica_set()
                .is_some_and(|body| body.template.same_but_for_hash(&template))
        };
        let new = self.sets.iter().find(is_new).cloned();
        let uid = new.as_ref().map(|rs| rs.meta.uid);
        let others = self.sets.iter().filter(|rs| Some(rs.meta.uid) != uid);
        let old: Vec<Arc<Object>> = others.cloned().collect();
        let latest = old
            .iter()
            .map(|rs| annotations::revision(rs))
            .max()
            .unwrap_or(0);
        let new = match new {
            Some(rs) => Some(self.sync_existing(&rs, latest + 1)?),
            None if create => Some(self.create_new(&old, latest + 1)?),
            None => None,
        };
        Ok((new, old))
    }

    fn sync_existing(&mut self, rs: &Arc<Object>, revision: i64) -> Result<Arc<Object>, ApiError> {
        let mut copy = (**rs).clone();
        let mut changed = annotations::sync(&self.deployment.meta, &mut copy.meta, revision);
        let min_ready = self.spec().min_ready_seconds.unwrap_or(0);
        if let Body::ReplicaSet(body) = &mut copy.body {
            changed |= body.min_ready_seconds != min_ready;
            body.min_ready_seconds = min_ready;
        }
        if changed {
            return self.client.update(copy);
        }
        let mut write = self.set_revision(rs.meta.annotation(REVISION));
        let judged = condition(&self.status().conditions, PROGRESSING).is_some();
        if self.deadline().is_some() && !judged {
            let text = format!("Found new replica set \"{}\"", rs.meta.name);
            self.set_progressing(ConditionStatus::True, "FoundNewReplicaSet", text);
            write = true;
        }
        if write {
            self.write_status()?;
        }
        Ok(rs.clone())
    }

    /// Copies a revision to the Deployment; whether it had another.
    fn set_revision(&mut self, revision: Option<&str>) -> bool {
        let differs = self.deployment.meta.annotation(REVISION) != revision;
        self.deployment.meta.set_annotation(REVISION, revision);
        differs
    }

    fn set_progressing(&mut self, status: ConditionStatus, reason: &str, text: String) {
        let now = self.client.now();
        self.set_condition(new_condition(PROGRESSING, status, reason, text, now));
    }

    fn create_new(&mut self, old: &[Arc<Object>], revision: i64) -> Result<Arc<Object>, ApiError> {
        let size = if is_rolling(self.spec()) {
            new_size(0, total_size(old), self.replicas(), self.fences().surge)
        } else {
            self.replicas()
        };
        let object = self.new_replica_set(size, revision);
        let name = object.meta.name.clone();
        let key = object.key();
        let (rs, found) = match self.client.create(object) {
            Ok(rs) => (rs, false),
            Err(error) if error.reason == Reason::AlreadyExists => {
                let cached = self.client.cache().get(&key).cloned();
                (
                    self.settle_collision(cached.ok_or_else(|| error.clone())?, error)?,
                    true,
                )
            }
            Err(error) => return Err(self.create_failed(&name, error)),
        };
        if !found && size > 0 {
            let text = message(
                "Scaled up replica set {} from 0 to {}",
                [(&name).into(), size.into()],
            );
            self.event("ScalingReplicaSet", text);
        }
        let mut write = self.set_revision(Some(&revision.to_string()));
        if !found && self.deadline().is_some() {
            let text = format!("Created new replica set \"{name}\"");
            self.set_progressing(ConditionStatus::True, "NewReplicaSetCreated", text);
            write = true;
        }
        if write {
            self.write_status()?;
        }
        Ok(rs)
    }

    /// A ReplicaSet of the new one's name exists: ours after all, or a collision of hashes, which
    /// the next sync avoids by a higher count.
    fn settle_collision(
        &mut self,
        rs: Arc<Object>,
        error: ApiError,
    ) -> Result<Arc<Object>, ApiError> {
        let ours = controller_uid(&rs) == self.deployment.meta.uid;
        let template = self.template();
        let equal = rs
            .replica_set()
            .is_some_and(|b| b.template.same_but_for_hash(template));
        if ours && equal {
            return Ok(rs);
        }
        let mut status = self.status().clone();
        status.collision_count = Some(status.collision_count.unwrap_or(0) + 1);
        self.set_status(status);
        self.write_status()?;
        Err(error)
    }

    fn create_failed(&mut self, name: &str, error: ApiError) -> ApiError {
        if error.message.ends_with("because it is being terminated") {
            return error;
        }
        let text = format!(
            "Failed to create new replica set \"{name}\": {}",
            error.message
        );
        if self.deadline().is_some() {
            self.set_progressing(
                ConditionStatus::False,
                "ReplicaSetCreateError",
                text.clone(),
            );
            // The creation's error is the one that counts.
            let _ = self.write_status();
        }
        let about = InvolvedObject::of(&self.deployment);
        self.desk
            .recorder
            .warning(self.client, about, "ReplicaSetCreateError", text);
        error
    }

    fn new_replica_set(&self, size: i32, revision: i64) -> Object {
        let spec = self.spec();
        let hash = template_hash(self.template(), self.status().collision_count);
        let mut template = spec.template.clone();
        let labels = template
            .metadata
            .get_or_insert_default()
            .labels
            .get_or_insert_default();
        labels.insert(HASH_LABEL.into(), hash.clone());
        let template = PodTemplate::new(template);
        let mut selector: LabelSelector = spec.selector.clone();
        let labels = selector.match_labels.get_or_insert_default();
        labels.insert(HASH_LABEL.into(), hash.clone());
        let mut meta = Meta {
            labels: template.labels.clone(),
            owners: [controller_ref(&self.deployment)].into(),
            ..Meta::named(
                self.deployment.meta.namespace.clone(),
                hashed_name(&self.deployment.meta.name, &hash),
            )
        };
        annotations::sync(&self.deployment.meta, &mut meta, revision);
        let replicas = self.replicas();
        annotations::set_sizes(&mut meta, replicas, replicas + self.fences().surge);
        let min_ready = spec.min_ready_seconds.unwrap_or(0);
        let body = ReplicaSetBody::new(size, min_ready, selector, template);
        Object {
            meta,
            body: Body::ReplicaSet(body),
        }
    }

    /// Gives a ReplicaSet another size and tells of it.
    pub(super) fn scale(&mut self, rs: &Arc<Object>, size: i32) -> Result<Arc<Object>, ApiError> {
        if figures(rs).size == size {
            return Ok(rs.clone());
        }
        self.resize(rs, size)
    }

    /// As `scale`, but refreshes the annotations of sizes even where the size stays.
    pub(super) fn resize(&mut self, rs: &Arc<Object>, size: i32) -> Result<Arc<Object>, ApiError> {
        let replicas = self.replicas();
        let mut copy = (**rs).clone();
        let annotated =
            annotations::set_sizes(&mut copy.meta, replicas, replicas + self.fences().surge);
        let before = figures(rs).size;
        if before == size && !annotated {
            return Ok(rs.clone());
        }
        if let Body::ReplicaSet(body) = &mut copy.body {
            body.replicas = size;
        }
        let updated = self.client.update(copy)?;
        if before != size {
            let template = if size > before {
                "Scaled up replica set {} from {} to {}"
            } else {
                "Scaled down replica set {} from {} to {}"
            };
            let args = [(&rs.meta.name).into(), before.into(), size.into()];
            self.event("ScalingReplicaSet", message(template, args));
        }
        Ok(updated)
    }

    fn event(&mut self, reason: &str, text: crate::api::Message) {
        let about = InvolvedObject::of(&self.deployment);
        self.desk.recorder.normal(self.client, about, reason, text);
    }

    /// Deletes the oldest revisions beyond `revisionHistoryLimit`.
    pub(super) fn clean_up_history(&mut self, old: &[Arc<Object>]) -> Result<(), ApiError> {
        let limit = self
            .spec()
            .revision_history_limit
            .filter(|limit| *limit != i32::MAX);
        let Some(limit) = limit.and_then(|limit| usize::try_from(limit).ok()) else {
            return Ok(());
        };
        let mut rest: Vec<&Arc<Object>> = old.iter().filter(|rs| !rs.meta.is_deleting()).collect();
        let surplus = rest.len().saturating_sub(limit);
        rest.order_by_key(|rs| (annotations::revision(rs), age_order(rs)));
        for rs in rest.into_iter().take(surplus) {
            let Some(body) = rs.replica_set() else {
                continue;
            };
            let observed = body.status.observed_generation >= rs.meta.generation;
            if body.replicas == 0 && body.status.replicas == 0 && observed {
                let deleted = self.client.delete(&rs.key(), DeleteOptions::default());
                ignore_not_found(deleted.map(|_| ()))?;
            }
        }
        Ok(())
    }
}

/// The ReplicaSets of a Deployment, oldest first.
pub(super) fn owned_sets(deployment: &Object, client: &Client<'_>) -> Vec<Arc<Object>> {
    let owned = client
        .cache()
        .owned_by(Kind::ReplicaSet, deployment.meta.uid);
    let mut sets: Vec<Arc<Object>> = owned.cloned().collect();
    sets.order_by_key(|rs| age_order(rs));
    sets
}
