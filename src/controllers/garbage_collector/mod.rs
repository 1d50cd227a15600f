//! The garbage collector: objects whose owners are gone go too, in the background, in the
//! foreground or not at all.
//!
//! Upstream: `pkg/controller/garbagecollector`. Differs: the graph of uids is built from the watch
//! alone, without virtual nodes; an owner of a kind that is not served counts as existing; owners
//! in another namespace get no event.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::api::{Key, Kind, Object, OwnerRef, Uid};
use crate::apiserver::{ApiError, Change, DeleteOptions, Propagation};
use crate::client::Client;
use crate::clock::SimTime;

use super::util::{ignore_not_found, release, woken_by};
use super::{Controller, Desk, Note, Watch};

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

/// See the module.
pub(super) struct GarbageCollector;

/// What the collector knows of owners and dependents.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Graph {
    /// Owners that are gone and whose dependents were not yet looked at, by the key they had.
    gone: BTreeMap<Key, Vec<Uid>>,
    /// Owners that wait for their dependents to go first.
    waiting: BTreeMap<Uid, Key>,
    /// Dependents of owners that do not control them; the store's index has the others.
    loose: BTreeMap<Uid, BTreeSet<Key>>,
}

impl Controller for GarbageCollector {
    fn name(&self) -> &'static str {
        "garbage-collector-controller"
    }

    fn watches(&self) -> &'static [Watch] {
        &[
            Watch {
                kind: Kind::Namespace,
                note,
            },
            Watch {
                kind: Kind::Node,
                note,
            },
            Watch {
                kind: Kind::Pod,
                note,
            },
            Watch {
                kind: Kind::Service,
                note,
            },
            Watch {
                kind: Kind::Lease,
                note,
            },
            Watch {
                kind: Kind::ConfigMap,
                note,
            },
            Watch {
                kind: Kind::Secret,
                note,
            },
            Watch {
                kind: Kind::Deployment,
                note,
            },
            Watch {
                kind: Kind::ReplicaSet,
                note,
            },
            Watch {
                kind: Kind::ReplicationController,
                note,
            },
            Watch {
                kind: Kind::DaemonSet,
                note,
            },
            Watch {
                kind: Kind::StatefulSet,
                note,
            },
            Watch {
                kind: Kind::ControllerRevision,
                note,
            },
            Watch {
                kind: Kind::PersistentVolumeClaim,
                note,
            },
            Watch {
                kind: Kind::Job,
                note,
            },
            Watch {
                kind: Kind::CronJob,
                note,
            },
        ]
    }

    fn note_custom(&self) -> Option<Note> {
        Some(note)
    }

    fn reconcile(
        &self,
        key: &Key,
        desk: &mut Desk,
        client: &mut Client<'_>,
    ) -> Result<(), ApiError> {
        for uid in desk.notes.graph.gone.remove(key).unwrap_or_default() {
            for dependent in dependents(uid, desk, client) {
                collect(&dependent, desk, client)?;
            }
        }
        let Some(object) = client.live().get(key).cloned() else {
            return Ok(());
        };
        if object.meta.is_deleting() && has_finalizer(&object, ORPHAN) {
            for dependent in dependents(object.meta.uid, desk, client) {
                release(object.meta.uid, &dependent, client)?;
            }
            return drop_finalizer(&object, ORPHAN, client);
        }
        if is_waiting(&object) {
            return collect_for_waiting(&object, desk, client);
        }
        collect(&object, desk, client)
    }
}

fn note(change: &Change<'_>, desk: &mut Desk, _now: SimTime) {
    let graph = &mut desk.notes.graph;
    let key = change.object().key();
    let mut wake = false;
    if same_owners(change) {
        // The usual case: an update that concerns neither life nor owners.
        wake |= change
            .new
            .is_some_and(|o| o.meta.is_deleting() && !o.meta.finalizers.is_empty());
    } else {
        for owner in change.old.iter().flat_map(|o| o.meta.owners.iter()) {
            if let Some(set) = graph.loose.get_mut(&owner.uid) {
                set.remove(&key);
                if set.is_empty() {
                    graph.loose.remove(&owner.uid);
                }
            }
        }
        for owner in change.new.iter().flat_map(|o| o.meta.owners.iter()) {
            // Its owner may be gone already, or never have been.
            wake = true;
            if !owner.controller {
                graph
                    .loose
                    .entry(owner.uid)
                    .or_default()
                    .insert(key.clone());
            }
        }
        for owner in change.old.iter().flat_map(|o| o.meta.owners.iter()) {
            if let Some(waiting) = graph.waiting.get(&owner.uid) {
                desk.queue.add(waiting.clone(), woken_by(change));
            }
        }
    }
    match change.new {
        Some(new) => {
            if is_waiting(new) {
                graph.waiting.insert(new.meta.uid, key.clone());
            }
        }
        None => {
            let uid = change.object().meta.uid;
            graph.waiting.remove(&uid);
            graph.gone.entry(key.clone()).or_default().push(uid);
            wake = true;
        }
    }
    if wake {
        desk.queue.add(key, woken_by(change));
    }
}

fn same_owners(change: &Change<'_>) -> bool {
    let (Some(old), Some(new)) = (change.old, change.new) else {
        return false;
    };
    old.meta.uid == new.meta.uid && old.meta.owners == new.meta.owners
}

fn has_finalizer(object: &Object, name: &str) -> bool {
    object.meta.finalizers.iter().any(|f| f == name)
}

fn is_waiting(object: &Object) -> bool {
    object.meta.is_deleting() && has_finalizer(object, FOREGROUND)
}

/// Objects with this owner, as the cache has them.
fn dependents(uid: Uid, desk: &Desk, client: &Client<'_>) -> Vec<Arc<Object>> {
    let cache = client.cache();
    let mut all: Vec<Arc<Object>> = cache.dependents(uid).cloned().collect();
    let loose = desk.notes.graph.loose.get(&uid).into_iter().flatten();
    all.extend(loose.filter_map(|key| cache.get(key).cloned()));
    all
}

/// How an object's owners stand.
#[derive(Debug, Default, PartialEq, Eq)]
struct Owners {
    solid: usize,
    dangling: Vec<Uid>,
    /// Being deleted in the foreground.
    waiting: Vec<Uid>,
}

fn classify(object: &Object, client: &Client<'_>) -> Owners {
    let mut owners = Owners::default();
    for reference in object.meta.owners.iter() {
        match owner_of(object, reference, client) {
            None => owners.solid += 1,
            Some(None) => owners.dangling.push(reference.uid),
            Some(Some(owner)) if is_waiting(&owner) => owners.waiting.push(reference.uid),
            Some(Some(_)) => owners.solid += 1,
        }
    }
    owners
}

/// The owner by a live read; `Some(None)` if it is gone, `None` if its kind is not served.
fn owner_of(
    object: &Object,
    reference: &OwnerRef,
    client: &Client<'_>,
) -> Option<Option<Arc<Object>>> {
    let live = client.live();
    let kind = live.kind_by_gvk(&reference.api_version, &reference.kind)?;
    let namespace = if kind.info().namespaced {
        &*object.meta.namespace
    } else {
        ""
    };
    let found = live.find(kind, namespace, &reference.name);
    Some(
        found
            .filter(|owner| owner.meta.uid == reference.uid)
            .cloned(),
    )
}

/// What is to be done with an object that has lost an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Keep,
    /// Some owners exist: drop the references to the others.
    Unlink,
    Delete(Propagation),
}

fn plan(owners: &Owners, has_dependents: bool, finalizers: (bool, bool)) -> Verdict {
    let lost = !owners.dangling.is_empty() || !owners.waiting.is_empty();
    let (orphan, foreground) = finalizers;
    match (owners.solid, lost) {
        (_, false) => Verdict::Keep,
        (1.., true) => Verdict::Unlink,
        _ if !owners.waiting.is_empty() && has_dependents => {
            Verdict::Delete(Propagation::Foreground)
        }
        _ if orphan => Verdict::Delete(Propagation::Orphan),
        _ if foreground => Verdict::Delete(Propagation::Foreground),
        _ => Verdict::Delete(Propagation::Background),
    }
}

fn collect(cached: &Object, desk: &Desk, client: &mut Client<'_>) -> Result<(), ApiError> {
    let fresh = client.live().get(&cached.key()).cloned();
    let Some(object) = fresh.filter(|o| o.meta.uid == cached.meta.uid) else {
        return Ok(());
    };
    if object.meta.is_deleting() || object.meta.owners.is_empty() {
        return Ok(());
    }
    let owners = classify(&object, client);
    if owners.dangling.is_empty() && owners.waiting.is_empty() {
        return Ok(());
    }
    let has_dependents = !dependents(object.meta.uid, desk, client).is_empty();
    let finalizers = (
        has_finalizer(&object, ORPHAN),
        has_finalizer(&object, FOREGROUND),
    );
    match plan(&owners, has_dependents, finalizers) {
        Verdict::Keep => Ok(()),
        Verdict::Unlink => {
            let lost =
                |r: &OwnerRef| owners.dangling.contains(&r.uid) || owners.waiting.contains(&r.uid);
            let mut kept = (*object).clone();
            kept.meta.owners = object
                .meta
                .owners
                .iter()
                .filter(|r| !lost(r))
                .cloned()
                .collect();
            ignore_not_found(client.update(kept).map(|_| ()))
        }
        Verdict::Delete(propagation) => {
            let uid = Some(object.meta.uid);
            let options = DeleteOptions {
                propagation,
                uid,
                ..DeleteOptions::default()
            };
            ignore_not_found(client.delete(&object.key(), options).map(|_| ()))
        }
    }
}

/// The owner goes when nothing is left that blocks its deletion.
fn collect_for_waiting(
    owner: &Object,
    desk: &Desk,
    client: &mut Client<'_>,
) -> Result<(), ApiError> {
    let uid = owner.meta.uid;
    let all = dependents(uid, desk, client);
    let blocks = |o: &Arc<Object>| {
        o.meta
            .owners
            .iter()
            .any(|r| r.uid == uid && r.block_owner_deletion)
    };
    if !all.iter().any(blocks) {
        return drop_finalizer(owner, FOREGROUND, client);
    }
    for dependent in all {
        collect(&dependent, desk, client)?;
    }
    Ok(())
}

fn drop_finalizer(object: &Object, name: &str, client: &mut Client<'_>) -> Result<(), ApiError> {
    let mut freed = object.clone();
    freed.meta.finalizers = object
        .meta
        .finalizers
        .iter()
        .filter(|f| *f != name)
        .cloned()
        .collect();
    ignore_not_found(client.update(freed).map(|_| ()))
}
