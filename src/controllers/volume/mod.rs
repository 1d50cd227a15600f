//! The binder of claims and volumes: a claim gets a volume that fits, or waits for one to be made.
//!
//! Upstream: `pkg/controller/volume/persistentvolume/pv_controller.go`. Differs: nothing is
//! recycled; a volume whose policy is Delete goes with its claim at once.

mod matching;
mod protection;
mod provisioner;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::api::{
    BIND_COMPLETED, Body, InvolvedObject, Key, Kind, NO_PROVISIONER, Object, SELECTED_NODE,
    data_text, is_bound_claim, waits_for_consumer,
};
use crate::apiserver::{ApiError, Change, DeleteOptions};
use crate::client::{Client, message};
use crate::clock::SimTime;

use super::util::{ignore_not_found, woken_by};
use super::{Controller, Desk, Watch};

pub(super) use protection::StorageProtection;
pub(super) use provisioner::{Provisioner, Provisioning};

const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";
const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";
/// The annotation by which the binder asks a provisioner for a volume.
const PROVISIONER: &str = "volume.kubernetes.io/storage-provisioner";
const PROVISIONER_BETA: &str = "volume.beta.kubernetes.io/storage-provisioner";

/// See the module.
pub(super) struct VolumeBinder;

impl Controller for VolumeBinder {
    fn name(&self) -> &'static str {
        "persistentvolume-binder-controller"
    }

    fn event_source(&self) -> &'static str {
        "persistentvolume-controller"
    }

    fn watches(&self) -> &'static [Watch] {
        &[
            Watch {
                kind: Kind::PersistentVolumeClaim,
                note: note_claim,
            },
            Watch {
                kind: Kind::PersistentVolume,
                note: note_volume,
            },
            Watch {
                kind: Kind::StorageClass,
                note: |change, desk, _| desk.queue.add(change.object().key(), woken_by(change)),
            },
        ]
    }

    fn reconcile(
        &self,
        key: &Key,
        desk: &mut Desk,
        client: &mut Client<'_>,
    ) -> Result<(), ApiError> {
        if key.kind == Kind::StorageClass {
            wake_waiting(desk, client);
            return Ok(());
        }
        let Some(object) = client.cache().get(key).cloned() else {
            return Ok(());
        };
        if key.kind == Kind::PersistentVolume {
            sync_volume(&object, desk, client)
        } else {
            sync_claim(&object, desk, client)
        }
    }
}

fn note_claim(change: &Change<'_>, desk: &mut Desk, _now: SimTime) {
    let claim = change.object();
    desk.queue.add(claim.key(), woken_by(change));
    let volume = data_text(claim, "/spec/volumeName");
    if change.new.is_none() && !volume.is_empty() {
        let key = Key::new(Kind::PersistentVolume, "", volume);
        desk.queue.add(key, woken_by(change));
    }
}

fn note_volume(change: &Change<'_>, desk: &mut Desk, _now: SimTime) {
    let volume = change.object();
    desk.queue.add(volume.key(), woken_by(change));
    if let Some(claim) = claim_of(volume) {
        desk.queue.add(claim, woken_by(change));
    }
}

/// A class or a free volume may be what unbound claims wait for.
fn wake_waiting(desk: &mut Desk, client: &Client<'_>) {
    let claims = client.cache().list(Kind::PersistentVolumeClaim, None);
    for claim in claims.filter(|claim| !is_bound_claim(claim)) {
        desk.queue.add(claim.key(), client.trigger());
    }
}

/// The claim that a volume is for.
fn claim_of(volume: &Object) -> Option<Key> {
    let name = data_text(volume, "/spec/claimRef/name");
    let namespace = data_text(volume, "/spec/claimRef/namespace");
    (!name.is_empty()).then(|| Key::new(Kind::PersistentVolumeClaim, namespace, name))
}

fn sync_volume(
    volume: &Arc<Object>,
    desk: &mut Desk,
    client: &mut Client<'_>,
) -> Result<(), ApiError> {
    let Some(claim) = claim_of(volume) else {
        if !set_phase(volume, "Available", client)? {
            wake_waiting(desk, client);
        }
        return Ok(());
    };
    let uid = data_text(volume, "/spec/claimRef/uid");
    if uid.is_empty() {
        return set_phase(volume, "Available", client).map(|_| ());
    }
    let found = client.cache().get(&claim);
    if found.is_some_and(|claim| claim.meta.uid.to_string() == uid) {
        return Ok(());
    }
    if data_text(volume, "/status/phase") == "Pending" {
        // It was made a moment ago.
        return Ok(());
    }
    set_phase(volume, "Released", client)?;
    if data_text(volume, "/spec/persistentVolumeReclaimPolicy") == "Delete"
        && !volume.meta.is_deleting()
    {
        let deleted = client.delete(&volume.key(), DeleteOptions::default());
        ignore_not_found(deleted.map(|_| ()))?;
    }
    Ok(())
}

fn sync_claim(
    claim: &Arc<Object>,
    desk: &mut Desk,
    client: &mut Client<'_>,
) -> Result<(), ApiError> {
    let cache = client.cache();
    let name = data_text(claim, "/spec/volumeName");
    if !name.is_empty() {
        let volume = cache.find(Kind::PersistentVolume, "", name).cloned();
        return match volume {
            Some(volume) if !is_bound_claim(claim) => bind(claim, &volume, client),
            Some(_) => Ok(()),
            None if is_bound_claim(claim) => lose(claim, desk, client),
            None => Ok(()),
        };
    }
    let class_name = data_text(claim, "/spec/storageClassName");
    let class = cache.find(Kind::StorageClass, "", class_name).cloned();
    let delayed = class
        .as_ref()
        .is_some_and(|class| waits_for_consumer(class));
    if delayed && claim.meta.annotation(SELECTED_NODE).is_none() {
        let text = "waiting for first consumer to be created before binding";
        let about = InvolvedObject::of(claim);
        desk.recorder
            .normal(client, about, "WaitForFirstConsumer", text);
        return Ok(());
    }
    if let Some(volume) = matching::find(claim, cache).cloned() {
        return bind(claim, &volume, client);
    }
    ask_provisioner(claim, class_name, class, desk, client)
}

fn ask_provisioner(
    claim: &Arc<Object>,
    class_name: &str,
    class: Option<Arc<Object>>,
    desk: &mut Desk,
    client: &mut Client<'_>,
) -> Result<(), ApiError> {
    let about = InvolvedObject::of(claim);
    if class_name.is_empty() {
        let text = "no persistent volumes available for this claim and no storage class is set";
        desk.recorder.normal(client, about, "FailedBinding", text);
        return Ok(());
    }
    let Some(class) = class else {
        let text = message(
            "storageclass.storage.k8s.io \"{}\" not found",
            [class_name.into()],
        );
        desk.recorder
            .warning(client, about, "ProvisioningFailed", text);
        return Ok(());
    };
    let provisioner = data_text(&class, "/provisioner");
    if provisioner == NO_PROVISIONER {
        let text = message("no volume plugin matched name: {}", [provisioner.into()]);
        desk.recorder
            .warning(client, about, "ProvisioningFailed", text);
        return Ok(());
    }
    if claim.meta.annotation(PROVISIONER) != Some(provisioner) {
        let mut new = (**claim).clone();
        new.meta.set_annotation(PROVISIONER, Some(provisioner));
        new.meta.set_annotation(PROVISIONER_BETA, Some(provisioner));
        client.update(new)?;
    }
    let text = "Waiting for a volume to be created either by the external provisioner '{}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.";
    let text = message(text, [provisioner.into()]);
    desk.recorder
        .normal(client, about, "ExternalProvisioning", text);
    Ok(())
}

fn lose(claim: &Arc<Object>, desk: &mut Desk, client: &mut Client<'_>) -> Result<(), ApiError> {
    if set_phase(claim, "Lost", client)? {
        let text = "Bound claim has lost its PersistentVolume. Data on the volume is lost! Cluster intervention needed.";
        let about = InvolvedObject::of(claim);
        desk.recorder.warning(client, about, "ClaimLost", text);
    }
    Ok(())
}

/// The fields of a kind that is kept as data, to be changed.
fn fields_of(object: &mut Object) -> Option<&mut Map<String, Value>> {
    match &mut object.body {
        Body::Data(_, data) => Arc::make_mut(data).as_object_mut(),
        _ => None,
    }
}

/// Writes a phase, if it is another one; whether it was.
fn set_phase(object: &Object, phase: &str, client: &mut Client<'_>) -> Result<bool, ApiError> {
    if data_text(object, "/status/phase") == phase {
        return Ok(false);
    }
    let mut new = object.clone();
    if let Some(fields) = fields_of(&mut new) {
        let status = fields.entry("status").or_insert_with(|| json!({}));
        if let Some(status) = status.as_object_mut() {
            status.insert("phase".into(), phase.into());
        }
    }
    client.update_status(new).map(|_| true)
}

/// Binds a claim and a volume to each other, first the volume. Errors: of the writes; the binding
/// goes on where it stopped.
fn bind(
    claim: &Arc<Object>,
    volume: &Arc<Object>,
    client: &mut Client<'_>,
) -> Result<(), ApiError> {
    let uid = claim.meta.uid.to_string();
    let taken = data_text(volume, "/spec/claimRef/uid");
    if claim_of(volume).is_some_and(|key| key != claim.key()) || !(taken.is_empty() || taken == uid)
    {
        return Ok(());
    }
    let mut held = volume.clone();
    if taken.is_empty() {
        let mut new = (**volume).clone();
        new.meta.set_annotation(BOUND_BY_CONTROLLER, Some("yes"));
        let spec = fields_of(&mut new).and_then(|f| f.get_mut("spec")?.as_object_mut());
        if let Some(spec) = spec {
            spec.insert("claimRef".into(), reference(claim));
        }
        held = client.update(new)?;
    }
    set_phase(&held, "Bound", client)?;
    let mut new = (**claim).clone();
    new.meta.set_annotation(BIND_COMPLETED, Some("yes"));
    new.meta.set_annotation(BOUND_BY_CONTROLLER, Some("yes"));
    let spec = fields_of(&mut new).and_then(|f| f.get_mut("spec")?.as_object_mut());
    if let Some(spec) = spec {
        spec.insert("volumeName".into(), json!(volume.meta.name));
    }
    let mut bound = (*client.update(new)?).clone();
    let at = |pointer: &str| volume.data().and_then(|d| d.pointer(pointer)).cloned();
    let status = json!({
        "phase": "Bound", "accessModes": at("/spec/accessModes"), "capacity": at("/spec/capacity"),
    });
    if let Some(fields) = fields_of(&mut bound) {
        fields.insert("status".into(), status);
    }
    client.update_status(bound).map(|_| ())
}

/// The reference of a volume to its claim.
fn reference(claim: &Object) -> Value {
    json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "name": claim.meta.name,
        "namespace": claim.meta.namespace, "uid": claim.meta.uid.to_string(),
        "resourceVersion": claim.meta.resource_version.to_string(),
    })
}
