//! A provisioner of every storage class: makes a volume for each claim that asks for one.
//!
//! Upstream: `sig-storage-lib-external-provisioner` (controller.go), as storage drivers run it.
//! Differs: one for all classes; its volumes are host paths, tied to the node that was selected.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use crate::api::{Body, InvolvedObject, Key, Kind, Meta, Object, SELECTED_NODE, Uid, data_text};
use crate::apiserver::{ApiError, Reason};
use crate::client::{Client, message};
use crate::clock::SimTime;

use super::super::util::{timer_after, woken_by};
use super::super::{Controller, Desk, Watch};
use super::{PROVISIONED_BY, PROVISIONER, reference};

/// When the volume of each claim will be there.
#[derive(Clone, Debug, Default, Hash)]
pub(in super::super) struct Provisioning(BTreeMap<Uid, SimTime>);

/// See the module.
pub(in super::super) struct Provisioner;

impl Controller for Provisioner {
    fn name(&self) -> &'static str {
        "external-provisioner"
    }

    fn watches(&self) -> &'static [Watch] {
        &[Watch {
            kind: Kind::PersistentVolumeClaim,
            note: |change, desk, _| {
                let claim = change.object();
                if change.new.is_none() {
                    desk.notes.provisioning.0.remove(&claim.meta.uid);
                } else if claim.meta.annotation(PROVISIONER).is_some() {
                    desk.queue.add(claim.key(), woken_by(change));
                }
            },
        }]
    }

    fn reconcile(
        &self,
        key: &Key,
        desk: &mut Desk,
        client: &mut Client<'_>,
    ) -> Result<(), ApiError> {
        let Some(claim) = client.cache().get(key).cloned() else {
            return Ok(());
        };
        let class = data_text(&claim, "/spec/storageClassName");
        let class = client.cache().find(Kind::StorageClass, "", class).cloned();
        let bound = !data_text(&claim, "/spec/volumeName").is_empty();
        let Some(class) = class.filter(|_| !bound && !claim.meta.is_deleting()) else {
            return Ok(());
        };
        let (now, uid) = (client.now(), claim.meta.uid);
        let Some(due) = desk.notes.provisioning.0.get(&uid).copied() else {
            let due = now + desk.options.provisioning_time;
            desk.notes.provisioning.0.insert(uid, due);
            let trigger = timer_after(client.trigger());
            desk.queue.add_at(key.clone(), due, trigger);
            let text = "External provisioner is provisioning volume for claim \"{}/{}\"";
            let text = message(text, [(&key.namespace).into(), (&key.name).into()]);
            let about = InvolvedObject::of(&claim);
            desk.recorder.normal(client, about, "Provisioning", text);
            return Ok(());
        };
        if due > now {
            // It may have been woken by the timer of an earlier claim of this name.
            let trigger = timer_after(client.trigger());
            desk.queue.add_at(key.clone(), due, trigger);
            return Ok(());
        }
        match client.create(volume(&claim, &class)) {
            Ok(volume) => {
                let text = "Successfully provisioned volume {}";
                let text = message(text, [(&volume.meta.name).into()]);
                let about = InvolvedObject::of(&claim);
                desk.recorder
                    .normal(client, about, "ProvisioningSucceeded", text);
                Ok(())
            }
            Err(error) if error.reason == Reason::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// The volume for a claim.
fn volume(claim: &Object, class: &Object) -> Object {
    let name = format!("pvc-{}", claim.meta.uid);
    let (namespace, own) = (&claim.meta.namespace, &claim.meta.name);
    let at = |pointer: &str| claim.data().and_then(|d| d.pointer(pointer)).cloned();
    let mut spec = json!({
        "accessModes": at("/spec/accessModes"),
        "capacity": {"storage": at("/spec/resources/requests/storage")},
        "claimRef": reference(claim),
        "hostPath": {
            "path": format!("/var/lib/volumes/{name}_{namespace}_{own}"),
            "type": "DirectoryOrCreate",
        },
        "persistentVolumeReclaimPolicy": data_text(class, "/reclaimPolicy"),
        "storageClassName": class.meta.name,
        "volumeMode": at("/spec/volumeMode"),
    });
    let node = claim.meta.annotation(SELECTED_NODE);
    if let (Some(node), Some(spec)) = (node, spec.as_object_mut()) {
        let rule = json!({"key": "kubernetes.io/hostname", "operator": "In", "values": [node]});
        let affinity = json!({"required": {"nodeSelectorTerms": [{"matchExpressions": [rule]}]}});
        spec.insert("nodeAffinity".into(), affinity);
    }
    let mut meta = Meta::named("", name);
    let provisioner = data_text(class, "/provisioner");
    meta.set_annotation(PROVISIONED_BY, Some(provisioner));
    let body = json!({"spec": spec, "status": {"phase": "Pending"}});
    Object {
        meta,
        body: Body::Data(Kind::PersistentVolume, Arc::new(body)),
    }
}
