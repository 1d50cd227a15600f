//! What several controllers do alike: owner references, adoption and release, conditions.
//!
//! Upstream: `pkg/controller/{controller_ref_manager,controller_utils}.go`.

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::api::{
    Condition, ConditionStatus, Key, Kind, Object, OwnerRef, PodConditionType, Selector, Uid,
};
use crate::apiserver::{ApiError, Change, Reason, Snapshot, Trigger};
use crate::client::Client;
use crate::clock::{SimTime, Span};

use super::Desk;

/// The reference by which an object controls another.
pub(super) fn controller_ref(owner: &Object) -> OwnerRef {
    OwnerRef {
        api_version: owner.kind().api_version().into(),
        kind: owner.kind().name().into(),
        name: owner.meta.name.clone(),
        uid: owner.meta.uid,
        controller: true,
        block_owner_deletion: true,
    }
}

/// The uid of an object's controller; zero if it has none.
pub(super) fn controller_uid(object: &Object) -> Uid {
    object.meta.controller().map(|c| c.uid).unwrap_or_default()
}

/// The trigger that a write means for whom it wakes.
pub(super) fn woken_by(change: &Change<'_>) -> Trigger {
    Trigger::Write(change.revision)
}

/// The trigger of a timer that what happens now sets.
pub(super) fn timer_after(trigger: Trigger) -> Trigger {
    match trigger {
        Trigger::Write(revision) | Trigger::Timer(revision) => Trigger::Timer(revision),
        other => other,
    }
}

/// The key of an object's controller, if that is of a kind.
pub(super) fn controller_key(object: &Object, kind: Kind) -> Option<Key> {
    let owner = object
        .meta
        .controller()
        .filter(|o| &*o.kind == kind.name())?;
    let namespace = object.meta.namespace.clone();
    Some(Key::new(kind, namespace, owner.name.clone()))
}

/// Errors: the cache, which stands at a revision, has yet to show what the key's last sync wrote.
pub(super) fn await_own_writes(key: &Key, seen: u64, desk: &Desk) -> Result<(), ApiError> {
    match desk.notes.own_writes.get(key) {
        Some(own) if *own > seen => Err(ApiError::conflict(
            key,
            "the cache is behind its own writes",
        )),
        _ => Ok(()),
    }
}

/// Keeps the desk's set of objects that have no controller and could get one.
pub(super) fn note_orphan(change: &Change<'_>, desk: &mut Desk) {
    let adoptable = |o: &&Arc<Object>| o.meta.controller().is_none() && !o.meta.is_deleting();
    match (change.old.filter(adoptable), change.new.filter(adoptable)) {
        (None, Some(new)) => {
            desk.notes.orphans.insert(new.key());
        }
        (Some(old), None) => {
            desk.notes.orphans.remove(&old.key());
        }
        _ => {}
    }
}

/// The key of the object of a kind that controls another.
fn owner_of(object: &Object, kind: Kind) -> Option<Key> {
    let owner = object.meta.controller()?;
    let named = || Key::new(kind, object.meta.namespace.clone(), owner.name.clone());
    (&*owner.kind == kind.name()).then(named)
}

/// Takes note of a pod's change for controllers of a kind: meets their expectations, wakes those
/// that control it or did, and puts an orphan into the queue, so that [`wake_selecting`] finds out
/// who could adopt it.
pub(super) fn note_pod(change: &Change<'_>, kind: Kind, desk: &mut Desk) {
    note_orphan(change, desk);
    if let (Some(old), Some(new)) = (change.old, change.new)
        && counts_alike(old, new)
    {
        return;
    }
    let owner = |pod: Option<&Arc<Object>>| owner_of(pod?, kind);
    let (old, new) = (owner(change.old), owner(change.new));
    if let (None, Some(key)) = (change.old, &new) {
        desk.expectations.creation_observed(key);
    }
    let gone = change.new.is_none_or(|pod| pod.meta.is_deleting());
    if let (true, Some(key)) = (gone, new.as_ref().or(old.as_ref())) {
        desk.expectations
            .deletion_observed(key, change.object().meta.uid);
    }
    wake_owners(change, old, new, desk);
}

/// Whether two versions of a pod are the same to every controller of pods: upstream syncs for each
/// version, and finds nothing to do.
fn counts_alike(old: &Object, new: &Object) -> bool {
    let facts = |pod: &Object| {
        let body = pod.pod();
        let bound = body.is_some_and(|b| b.node_name.is_some());
        let phase = body.map(|b| b.status.phase);
        (bound, phase, ready_since(pod), pod.meta.is_deleting())
    };
    facts(old) == facts(new)
        && old.meta.labels == new.meta.labels
        && old.meta.owners == new.meta.owners
        && old.pod().map(|b| &b.spec) == new.pod().map(|b| &b.spec)
}

/// Takes note of a ControllerRevision's change; that a controller made one is no news to it.
pub(super) fn note_revision(change: &Change<'_>, kind: Kind, desk: &mut Desk) {
    note_orphan(change, desk);
    let owner = |object: Option<&Arc<Object>>| owner_of(object?, kind);
    let (old, new) = (owner(change.old), owner(change.new));
    if change.old.is_some() || new.is_none() {
        wake_owners(change, old, new, desk);
    }
}

fn wake_owners(change: &Change<'_>, old: Option<Key>, new: Option<Key>, desk: &mut Desk) {
    let orphan = change.new.filter(|o| o.meta.controller().is_none());
    if let Some(orphan) = orphan.filter(|o| !o.meta.is_deleting()) {
        desk.queue.add(orphan.key(), woken_by(change));
    }
    if let Some(key) = old.filter(|key| new.as_ref() != Some(key)) {
        desk.queue.add(key, woken_by(change));
    }
    if let Some(key) = new {
        desk.queue.add(key, woken_by(change));
    }
}

/// An object without a controller wakes every workload of a kind that could adopt it.
pub(super) fn wake_selecting(key: &Key, kind: Kind, desk: &mut Desk, client: &Client<'_>) {
    let cache = client.cache();
    let orphan = cache.get(key);
    let Some(orphan) = orphan.filter(|o| o.meta.controller().is_none()) else {
        return;
    };
    for workload in cache.list(kind, Some(&key.namespace)) {
        let selects = |s: &Selector| !s.is_empty() && s.matches(&orphan.meta.labels);
        if workload.selector().is_some_and(selects) {
            desk.queue.add(workload.key(), client.trigger());
        }
    }
}

/// Since when a pod's condition Ready is True.
pub(super) fn ready_since(pod: &Object) -> Option<SimTime> {
    let ready = pod.pod()?.status.condition(PodConditionType::Ready)?;
    (ready.status == ConditionStatus::True).then(|| ready.transition.whole_secs())
}

/// Whether a pod has been ready for `minReadySeconds`.
pub(super) fn is_available(pod: &Object, min_ready_seconds: i32, now: SimTime) -> bool {
    ready_since(pod).is_some_and(|since| {
        min_ready_seconds == 0 || since + Span::secs(min_ready_seconds.into()) <= now
    })
}

/// A number, or a percentage of `total` rounded up or down; 0 for a text that is none.
pub(super) fn scaled(value: &IntOrString, total: i32, up: bool) -> i32 {
    let text = match value {
        IntOrString::Int(number) => return *number,
        IntOrString::String(text) => text,
    };
    let percent: i64 = text.trim_end_matches('%').parse().unwrap_or(0);
    let hundredths = i64::from(total) * percent;
    let whole = hundredths.div_euclid(100) + i64::from(up && hundredths.rem_euclid(100) != 0);
    i32::try_from(whole).unwrap_or(i32::MAX)
}

/// Makes the owner the controller of every orphan of a kind that its selector matches. Whether any
/// was adopted: the caller then waits for its watch to show them. Errors: of the writes.
pub(super) fn adopt(
    owner: &Object,
    selector: &Selector,
    kind: Kind,
    desk: &Desk,
    client: &mut Client<'_>,
) -> Result<bool, ApiError> {
    adopt_where(owner, selector, kind, &|_| true, desk, client)
}

/// The same, for those orphans only that fit in another way, too.
pub(super) fn adopt_where(
    owner: &Object,
    selector: &Selector,
    kind: Kind,
    fits: &dyn Fn(&Object) -> bool,
    desk: &Desk,
    client: &mut Client<'_>,
) -> Result<bool, ApiError> {
    let adopted = adopt_with(owner, selector, (kind, fits), None, desk, client)?;
    Ok(!adopted.is_empty())
}

/// The same with a finalizer that the adopted get. Returns them as they are now.
pub(super) fn adopt_with(
    owner: &Object,
    selector: &Selector,
    (kind, fits): (Kind, &dyn Fn(&Object) -> bool),
    finalizer: Option<&str>,
    desk: &Desk,
    client: &mut Client<'_>,
) -> Result<Vec<Arc<Object>>, ApiError> {
    let namespace = &owner.meta.namespace;
    let from = Key::new(kind, namespace.clone(), "");
    let keys = desk.notes.orphans.range(from..);
    let keys = keys.take_while(|key| key.kind == kind && key.namespace == *namespace);
    let matching: Vec<Key> = keys
        .filter(|key| {
            let orphan = client.cache().get(key);
            orphan.is_some_and(|o| selector.matches(&o.meta.labels) && fits(o))
        })
        .cloned()
        .collect();
    let mut all = Vec::new();
    for key in &matching {
        let fresh = client.live().get(&owner.key());
        if !fresh.is_some_and(|o| o.meta.uid == owner.meta.uid && !o.meta.is_deleting()) {
            return Ok(all);
        }
        let Some(orphan) = client.cache().get(key) else {
            continue;
        };
        let mut adopted = (**orphan).clone();
        let owners = adopted.meta.owners.iter().cloned();
        adopted.meta.owners = owners.chain([controller_ref(owner)]).collect();
        if let Some(finalizer) = finalizer {
            let others = adopted.meta.finalizers.iter().filter(|f| *f != finalizer);
            let finalizers = others.cloned().chain([finalizer.to_string()]);
            adopted.meta.finalizers = finalizers.collect();
        }
        match client.update(adopted) {
            Ok(adopted) => all.push(adopted),
            Err(error) if error.reason == Reason::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

/// Takes the owner's reference away from an object that its selector no longer matches.
pub(super) fn release(
    owner: Uid,
    object: &Object,
    client: &mut Client<'_>,
) -> Result<(), ApiError> {
    let mut released = object.clone();
    let others = released.meta.owners.iter().filter(|o| o.uid != owner);
    released.meta.owners = others.cloned().collect();
    ignore_not_found(client.update(released).map(|_| ()))
}

/// An object that is gone needs nothing more.
pub(super) fn ignore_not_found(result: Result<(), ApiError>) -> Result<(), ApiError> {
    match result {
        Err(error) if error.reason == Reason::NotFound => Ok(()),
        other => other,
    }
}

/// What exists already needs nothing more.
pub(super) fn ignore_already_exists(result: Result<Arc<Object>, ApiError>) -> Result<(), ApiError> {
    match result {
        Err(error) if error.reason == Reason::AlreadyExists => Ok(()),
        other => other.map(|_| ()),
    }
}

/// Whether a namespace takes new content.
pub(super) fn active_namespace(key: &Key, cache: Snapshot<'_>) -> bool {
    cache
        .get(key)
        .is_some_and(|namespace| !namespace.meta.is_deleting())
}

/// Wakes the key of a namespace that is new or has changed.
pub(super) fn note_namespace(change: &Change<'_>, desk: &mut Desk, _: SimTime) {
    if let Some(namespace) = change.new {
        desk.queue.add(namespace.key(), woken_by(change));
    }
}

/// Wakes the key of the namespace that has lost or changed its object of this name.
pub(super) fn note_lost(change: &Change<'_>, name: &str, desk: &mut Desk) {
    if let Some(old) = change.old.filter(|old| &*old.meta.name == name) {
        let key = Key::new(Kind::Namespace, "", old.meta.namespace.clone());
        desk.queue.add(key, woken_by(change));
    }
}

/// The condition of a type.
pub(super) fn condition<'a>(list: &'a [Condition], kind: &str) -> Option<&'a Condition> {
    list.iter().find(|c| &*c.kind == kind)
}

/// Puts a condition at the end of the list, unless its status and reason are there already. The
/// transition time stays where the status does.
pub(super) fn set_condition(list: &mut Vec<Condition>, mut new: Condition) {
    if let Some(old) = condition(list, &new.kind) {
        if old.status == new.status && old.reason == new.reason {
            return;
        }
        if old.status == new.status {
            new.transition = old.transition;
        }
    }
    remove_condition(list, &new.kind);
    list.push(new);
}

/// Removes the condition of a type.
pub(super) fn remove_condition(list: &mut Vec<Condition>, kind: &str) {
    list.retain(|c| &*c.kind != kind);
}
