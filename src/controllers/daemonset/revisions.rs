//! The history of a DaemonSet's templates.
//!
//! Upstream: `constructHistory`, `snapshot`, `dedupCurHistories` and `cleanupHistory` in
//! `pkg/controller/daemon/update.go`.

use std::sync::Arc;

use crate::api::{Body, Kind, Object};
use crate::apiserver::{ApiError, DeleteOptions, Reason};

use super::super::hash::{hashed_name, template_hash};
use super::super::revisions::{self, REVISION_HASH, claimed, keeps, number, prune, renumber};
use super::super::util::ignore_not_found;
use super::Sync;

/// The present template's revision, and all others, lowest number first.
type History = (Arc<Object>, Vec<Arc<Object>>);

impl Sync<'_, '_> {
    /// Finds the present template's revision, or makes it; its number is the highest. `None` if
    /// revisions were adopted, which the cache has yet to show. Errors: of the writes.
    pub(super) fn construct_history(&mut self) -> Result<Option<History>, ApiError> {
        let (ds, selector) = (self.ds.clone(), self.body.selector.clone());
        let Some(all) = claimed(&ds, &selector, self.desk, self.client)? else {
            return Ok(None);
        };
        let patch = revisions::patch_of(&self.body.template);
        let (mut same, old): (Vec<_>, Vec<_>) = all.into_iter().partition(|r| keeps(r, &patch));
        let next = old.iter().map(|r| number(r)).max().unwrap_or(0) + 1;
        let Some(current) = same.pop() else {
            return Ok(Some((self.snapshot(patch, next)?, old)));
        };
        self.relabel_pods(&current, &same)?;
        if number(&current) < next {
            renumber(&current, next, self.client)?;
        }
        Ok(Some((current, old)))
    }

    /// Of several revisions with one template the highest stays, and takes over the others' pods.
    fn relabel_pods(&mut self, kept: &Object, others: &[Arc<Object>]) -> Result<(), ApiError> {
        if others.is_empty() {
            return Ok(());
        }
        let hash = kept.meta.label(REVISION_HASH);
        let owned = self.client.cache().owned_by(Kind::Pod, self.ds.meta.uid);
        let strange = owned.filter(|pod| pod.meta.label(REVISION_HASH) != hash);
        for pod in strange.cloned().collect::<Vec<_>>() {
            let mut new = (*pod).clone();
            new.meta.set_label(REVISION_HASH, hash);
            self.client.update(new)?;
        }
        for revision in others {
            let deleted = self
                .client
                .delete(&revision.key(), DeleteOptions::default());
            ignore_not_found(deleted.map(|_| ()))?;
        }
        Ok(())
    }

    fn snapshot(&mut self, patch: serde_json::Value, number: i64) -> Result<Arc<Object>, ApiError> {
        let hash = template_hash(&self.body.template, self.body.status.collision_count);
        let name = hashed_name(&self.ds.meta.name, &hash);
        let marks = (
            self.body.template.labels.clone(),
            self.ds.meta.annotations.clone(),
        );
        let data = (patch.clone(), number);
        let label = (REVISION_HASH, hash.as_str());
        let revision = revisions::new_revision(&self.ds, name, marks, label, data);
        let key = revision.key();
        match self.client.create(revision) {
            Err(error) if error.reason == Reason::AlreadyExists => {
                let existing = self.client.live().get(&key).cloned();
                match existing {
                    Some(existing) if keeps(&existing, &patch) => Ok(existing),
                    _ => Err(self.count_collision(error)),
                }
            }
            other => other,
        }
    }

    /// Another template has the same hash: the next one counts in how often that happened.
    fn count_collision(&mut self, error: ApiError) -> ApiError {
        let Some(latest) = self.client.live().get(&self.key).cloned() else {
            return error;
        };
        let mut new = (*latest).clone();
        if let Body::DaemonSet(body) = &mut new.body {
            let count = body.status.collision_count.get_or_insert(0);
            *count += 1;
        }
        self.client.update_status(new).err().unwrap_or(error)
    }

    /// Deletes the oldest revisions beyond `revisionHistoryLimit` that no pod has. Errors: of the
    /// writes.
    pub(super) fn clean_up_history(&mut self, old: &[Arc<Object>]) -> Result<(), ApiError> {
        let Some(limit) = self.body.spec.revision_history_limit else {
            return Ok(());
        };
        let owned = self.client.cache().owned_by(Kind::Pod, self.ds.meta.uid);
        let live: Vec<String> = owned
            .filter_map(|pod| pod.meta.label(REVISION_HASH).map(str::to_string))
            .collect();
        let lives = |revision: &Object| {
            let hash = revision.meta.label(REVISION_HASH);
            hash.is_some_and(|hash| live.iter().any(|own| own == hash))
        };
        prune(old, limit, lives, self.client)
    }
}
