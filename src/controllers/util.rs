//! What several controllers do alike: owner references, adoption and release, conditions.
//!
//! Upstream: `pkg/controller/{controller_ref_manager,controller_utils}.go`.

use std::sync::Arc;

use crate::api::{Condition, Key, Kind, Object, OwnerRef, Selector, Uid};
use crate::apiserver::{ApiError, Change, Reason, Trigger};
use crate::client::Client;

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

/// Makes the owner the controller of every orphan of a kind that its selector matches. Whether any
/// was adopted: the caller then waits for its watch to show them. Errors: of the writes.
pub(super) fn adopt(
    owner: &Object,
    selector: &Selector,
    kind: Kind,
    desk: &Desk,
    client: &mut Client<'_>,
) -> Result<bool, ApiError> {
    let namespace = &owner.meta.namespace;
    let from = Key::new(kind, namespace.clone(), "");
    let keys = desk.notes.orphans.range(from..);
    let keys = keys.take_while(|key| key.kind == kind && key.namespace == *namespace);
    let matching: Vec<Key> = keys
        .filter(|key| {
            let orphan = client.cache().get(key);
            orphan.is_some_and(|o| selector.matches(&o.meta.labels))
        })
        .cloned()
        .collect();
    let mut adopted_any = false;
    for key in &matching {
        let fresh = client.live().get(&owner.key());
        if !fresh.is_some_and(|o| o.meta.uid == owner.meta.uid && !o.meta.is_deleting()) {
            return Ok(false);
        }
        let Some(orphan) = client.cache().get(key) else {
            continue;
        };
        let mut adopted = (**orphan).clone();
        let owners = adopted.meta.owners.iter().cloned();
        adopted.meta.owners = owners.chain([controller_ref(owner)]).collect();
        match client.update(adopted) {
            Ok(_) => adopted_any = true,
            Err(error) if error.reason == Reason::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(adopted_any)
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
