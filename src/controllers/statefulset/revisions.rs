//! The history of a StatefulSet's templates: the one its pods have, and the one they shall get.
//!
//! Upstream: `getStatefulSetRevisions` and `truncateHistory` in `stateful_set_control.go`,
//! `newRevision` in `stateful_set_utils.go`, `pkg/controller/history/controller_history.go`.

use std::sync::Arc;

use crate::api::{Kind, Object};
use crate::apiserver::{ApiError, Reason};

use super::super::hash::{hashed_name, revision_hash};
use super::super::revisions::{
    self, REVISION_HASH, claimed, keeps, new_revision, number, prune, renumber,
};
use super::Sync;

/// The label of a revision with the hash of its data.
const DATA_HASH: &str = "controller.kubernetes.io/hash";

/// The revisions of a set in a sync.
pub(super) struct Revisions {
    /// As the cache had them, lowest number first.
    pub all: Vec<Arc<Object>>,
    pub current: Arc<Object>,
    pub update: Arc<Object>,
    pub collisions: i32,
}

impl Sync<'_, '_> {
    /// Finds the revisions, and makes that of the present template if there is none. `None` if
    /// some were adopted, which the cache has yet to show. Errors: of the writes.
    pub(super) fn find_revisions(&mut self) -> Result<Option<Revisions>, ApiError> {
        let (set, selector) = (self.set.clone(), self.body.selector.clone());
        let Some(all) = claimed(&set, &selector, self.desk, self.client)? else {
            return Ok(None);
        };
        let mut collisions = self.body.status.collision_count.unwrap_or(0);
        let data = revisions::patch_of(&self.body.template);
        let next = all.last().map_or(1, |last| number(last) + 1);
        let equal = all.iter().rev().find(|revision| keeps(revision, &data));
        let update = match (equal.cloned(), all.last()) {
            (Some(_), Some(last)) if keeps(last, &data) => last.clone(),
            (Some(equal), _) => renumber(&equal, next, self.client)?,
            (None, _) => self.create_revision(data, next, &mut collisions)?,
        };
        self.wrote(&update);
        let name = &self.body.status.current_revision;
        let current = all.iter().find(|revision| revision.meta.name == *name);
        let current = current.cloned().unwrap_or_else(|| update.clone());
        Ok(Some(Revisions {
            all,
            current,
            update,
            collisions,
        }))
    }

    fn create_revision(
        &mut self,
        data: serde_json::Value,
        number: i64,
        collisions: &mut i32,
    ) -> Result<Arc<Object>, ApiError> {
        loop {
            let hash = revision_hash(&data, *collisions);
            let name = hashed_name(&self.set.meta.name, &hash);
            let marks = (
                self.body.template.labels.clone(),
                self.set.meta.annotations.clone(),
            );
            let label = (DATA_HASH, hash.as_str());
            let revision = new_revision(&self.set, name, marks, label, (data.clone(), number));
            let key = revision.key();
            match self.client.create(revision) {
                Err(error) if error.reason == Reason::AlreadyExists => {
                    let existing = self.client.live().get(&key).cloned();
                    match existing {
                        Some(existing) if keeps(&existing, &data) => return Ok(existing),
                        Some(_) => *collisions += 1,
                        None => return Err(error),
                    }
                }
                other => return other,
            }
        }
    }

    /// Deletes the oldest revisions beyond `revisionHistoryLimit` that nothing uses. Errors: of the
    /// writes.
    pub(super) fn truncate_history(
        &mut self,
        pods: &[(i32, Arc<Object>)],
        revisions: &Revisions,
    ) -> Result<(), ApiError> {
        let limit = self.body.spec.revision_history_limit.unwrap_or(10);
        let used = |name: &str| {
            let of = |pod: &Object| pod.meta.label(REVISION_HASH) == Some(name);
            *revisions.current.meta.name == *name
                || *revisions.update.meta.name == *name
                || pods.iter().any(|(_, pod)| of(pod))
        };
        let unused = revisions.all.iter().filter(|r| !used(&r.meta.name));
        let unused: Vec<Arc<Object>> = unused.cloned().collect();
        debug_assert!(unused.iter().all(|r| r.kind() == Kind::ControllerRevision));
        if limit < 0 {
            return Ok(());
        }
        prune(&unused, limit, |_| false, self.client)
    }
}
