//! The StatefulSet controller: pods with names and claims of their own, one after the other.
//!
//! Upstream: `pkg/controller/statefulset`. Differs: parallel creations and deletions happen at one
//! instant, in order; the gate MaxUnavailableStatefulSet is off, as by default.

mod claims;
mod control;
mod plan;
#[cfg(test)]
mod plan_tests;
mod pods;
mod revisions;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::api::{Key, Kind, Object, StatefulSetBody};
use crate::apiserver::{ApiError, Change};
use crate::client::Client;
use crate::clock::SimTime;

use super::util::{self, woken_by};
use super::{Controller, Desk, Watch};

/// See the module.
pub(super) struct StatefulSetController;

impl Controller for StatefulSetController {
    fn name(&self) -> &'static str {
        "statefulset-controller"
    }

    fn watches(&self) -> &'static [Watch] {
        &[
            Watch {
                kind: Kind::StatefulSet,
                note: note_set,
            },
            Watch {
                kind: Kind::Pod,
                note: |change, desk, _| util::note_pod(change, Kind::StatefulSet, desk),
            },
            // It looks for revisions to adopt, but none wakes it, or those of a set that is being
            // deleted with its dependents would be made again and again.
            Watch {
                kind: Kind::ControllerRevision,
                note: |change, desk, _| util::note_orphan(change, desk),
            },
        ]
    }

    fn reconcile(
        &self,
        key: &Key,
        desk: &mut Desk,
        client: &mut Client<'_>,
    ) -> Result<(), ApiError> {
        if key.kind != Kind::StatefulSet {
            util::wake_selecting(key, Kind::StatefulSet, desk, client);
            return Ok(());
        }
        let seen = client.cache().revision();
        util::await_own_writes(key, seen, desk)?;
        let Some(set) = client.cache().get(key).cloned() else {
            desk.notes.own_writes.remove(key);
            return Ok(());
        };
        let Some(body) = set.stateful_set().cloned() else {
            return Ok(());
        };
        let (key, written) = (key.clone(), 0);
        let mut sync = Sync {
            set,
            body,
            key,
            written,
            desk,
            client,
        };
        let done = sync.run();
        let (key, written) = (sync.key, sync.written);
        if written > 0 {
            desk.notes.own_writes.insert(key, written);
        }
        done
    }
}

fn note_set(change: &Change<'_>, desk: &mut Desk, _now: SimTime) {
    desk.queue.add(change.object().key(), woken_by(change));
}

/// One sync of one StatefulSet: what it has read, and the tools to act.
struct Sync<'a, 'c> {
    set: Arc<Object>,
    body: StatefulSetBody,
    key: Key,
    /// The revision of its last own write; until the cache shows it, no further sync comes.
    written: u64,
    desk: &'a mut Desk,
    client: &'a mut Client<'c>,
}

impl Sync<'_, '_> {
    fn run(&mut self) -> Result<(), ApiError> {
        let Some(pods) = self.claim_pods()? else {
            return Ok(());
        };
        let Some(revisions) = self.find_revisions()? else {
            let why = "the cache is behind the adoption of revisions";
            return Err(ApiError::conflict(&self.key, why));
        };
        let done = self.control(&pods, &revisions);
        let pruned = self.truncate_history(&pods, &revisions);
        done.and(pruned)
    }

    /// Remembers a write of its own.
    fn wrote(&mut self, object: &Object) {
        self.written = self.written.max(object.meta.resource_version);
    }
}
