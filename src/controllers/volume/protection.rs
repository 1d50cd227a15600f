//! Claims that a pod uses and volumes that a claim has do not go before they are let go of.
//!
//! Upstream: `pkg/controller/volume/{pvcprotection,pvprotection}`. Differs: one loop for both.

use crate::api::{Key, Kind, Object, data_text};
use crate::apiserver::{ApiError, Change};
use crate::client::Client;
use crate::clock::SimTime;

use super::super::util::{ignore_not_found, woken_by};
use super::super::{Controller, Desk, Watch};

const CLAIM: &str = "kubernetes.io/pvc-protection";
const VOLUME: &str = "kubernetes.io/pv-protection";

/// See the module.
pub(in super::super) struct StorageProtection;

impl Controller for StorageProtection {
    fn name(&self) -> &'static str {
        "pvc-protection-controller"
    }

    fn watches(&self) -> &'static [Watch] {
        &[
            Watch {
                kind: Kind::PersistentVolumeClaim,
                note: note_deleted,
            },
            Watch {
                kind: Kind::PersistentVolume,
                note: note_deleted,
            },
            Watch {
                kind: Kind::Pod,
                note: note_pod,
            },
        ]
    }

    fn reconcile(
        &self,
        key: &Key,
        _desk: &mut Desk,
        client: &mut Client<'_>,
    ) -> Result<(), ApiError> {
        let object = client.cache().get(key).cloned();
        let Some(object) = object.filter(|o| o.meta.is_deleting()) else {
            return Ok(());
        };
        let (finalizer, in_use) = if key.kind == Kind::PersistentVolume {
            (VOLUME, data_text(&object, "/status/phase") == "Bound")
        } else {
            let pods = client.live().list(Kind::Pod, Some(&key.namespace));
            (CLAIM, pods.into_iter().any(|pod| uses(pod, &key.name)))
        };
        if in_use || !object.meta.finalizers.iter().any(|f| f == finalizer) {
            return Ok(());
        }
        let mut new = (*object).clone();
        let others = object.meta.finalizers.iter().filter(|f| *f != finalizer);
        new.meta.finalizers = others.cloned().collect();
        ignore_not_found(client.update(new).map(|_| ()))
    }
}

fn note_deleted(change: &Change<'_>, desk: &mut Desk, _now: SimTime) {
    if let Some(object) = change.new.filter(|object| object.meta.is_deleting()) {
        desk.queue.add(object.key(), woken_by(change));
    }
}

/// A pod that ends or goes lets go of its claims.
fn note_pod(change: &Change<'_>, desk: &mut Desk, _now: SimTime) {
    let pod = change.object();
    let Some(body) = pod.pod().filter(|body| !body.spec.facts.claims.is_empty()) else {
        return;
    };
    if change.new.is_none() || body.is_terminal() {
        for claim in &body.spec.facts.claims {
            let space = pod.meta.namespace.clone();
            let key = Key::new(Kind::PersistentVolumeClaim, space, claim.as_str());
            desk.queue.add(key, woken_by(change));
        }
    }
}

fn uses(pod: &Object, claim: &str) -> bool {
    pod.pod().is_some_and(|body| {
        let claims = &body.spec.facts.claims;
        body.node_name.is_some() && !body.is_terminal() && claims.iter().any(|c| c == claim)
    })
}
