//! The claims of a StatefulSet's pods: made before the pod, kept or given up as the policy says.
//!
//! Upstream: `createPersistentVolumeClaims` and `UpdatePodClaimForRetentionPolicy` in
//! `stateful_pod_control.go`; `claimOwnerMatchesSetAndPod`, `updateClaimOwnerRefForSetAndPod` in
//! `stateful_set_utils.go`.

use std::sync::Arc;

use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use serde_json::json;

use crate::api::{InvolvedObject, Key, Kind, Object, OwnerRef, from_json};
use crate::apiserver::{ApiError, Reason};
use crate::client::message;

use super::super::util::controller_ref;
use super::Sync;
use super::pods::{claim_name, claim_templates};

/// When claims are given up with their pod or their set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Retention {
    pub when_scaled_delete: bool,
    pub when_deleted_delete: bool,
}

/// The owners that a claim should have among its set and its pod: (set, pod).
fn wanted(policy: Retention, in_range: bool) -> (bool, bool) {
    match (policy.when_scaled_delete, policy.when_deleted_delete) {
        (false, deleted) => (deleted, false),
        (true, false) => (false, !in_range),
        (true, true) => (in_range, !in_range),
    }
}

fn refers_to(owner: &OwnerRef, object: &Object) -> bool {
    *owner.kind == *object.kind().name() && owner.name == object.meta.name
}

impl Sync<'_, '_> {
    fn retention(&self) -> Retention {
        let policy = self
            .body
            .spec
            .persistent_volume_claim_retention_policy
            .as_ref();
        let is_delete = |text: Option<&String>| text.is_some_and(|text| text == "Delete");
        Retention {
            when_scaled_delete: is_delete(policy.and_then(|p| p.when_scaled.as_ref())),
            when_deleted_delete: is_delete(policy.and_then(|p| p.when_deleted.as_ref())),
        }
    }

    fn claims_of(&self, ordinal: i32) -> Vec<Key> {
        let set = &self.set.meta;
        let key = |template: &str| {
            let name = claim_name(template, &set.name, ordinal);
            Key::new(Kind::PersistentVolumeClaim, set.namespace.clone(), name)
        };
        claim_templates(&self.body).map(key).collect()
    }

    fn in_range(&self, ordinal: i32) -> bool {
        let first = self.body.first_ordinal();
        (first..first + self.body.replicas()).contains(&ordinal)
    }

    /// Whether a claim belongs to an earlier pod of this name, and will go with it.
    pub(super) fn has_stale_claim(&self, ordinal: i32) -> bool {
        if !self.retention().when_scaled_delete {
            return false;
        }
        let name = format!("{}-{ordinal}", self.set.meta.name);
        let cache = self.client.cache();
        let claims = self.claims_of(ordinal);
        let mut found = claims.iter().filter_map(|key| cache.get(key));
        found.any(|claim| {
            let mut owners = claim.meta.owners.iter();
            owners.any(|o| *o.kind == *Kind::Pod.name() && *o.name == *name)
        })
    }

    /// Whether the claims of a pod have the owners that the policy asks for.
    pub(super) fn claims_match(&self, ordinal: i32, pod: &Object) -> bool {
        let cache = self.client.cache();
        let claims = self.claims_of(ordinal);
        let mut found = claims.iter().filter_map(|key| cache.get(key));
        found.all(|claim| {
            let owned = |by: &Object| claim.meta.owners.iter().any(|o| o.uid == by.meta.uid);
            let wanted = wanted(self.retention(), self.in_range(ordinal));
            (owned(&self.set), owned(pod)) == wanted
        })
    }

    /// Gives the claims of a pod the owners that the policy asks for. Errors: of the writes.
    pub(super) fn fix_claims(&mut self, ordinal: i32, pod: &Object) -> Result<(), ApiError> {
        for key in self.claims_of(ordinal) {
            let Some(claim) = self.client.cache().get(&key).cloned() else {
                continue;
            };
            let (by_set, by_pod) = wanted(self.retention(), self.in_range(ordinal));
            let others = claim.meta.owners.iter();
            let others = others.filter(|o| !refers_to(o, &self.set) && !refers_to(o, pod));
            let mut owners: Vec<OwnerRef> = others.cloned().collect();
            owners.extend(by_set.then(|| controller_ref(&self.set)));
            owners.extend(by_pod.then(|| controller_ref(pod)));
            if *claim.meta.owners == *owners {
                continue;
            }
            let mut new = (*claim).clone();
            new.meta.owners = owners.into();
            let written = self.client.update(new)?;
            self.wrote(&written);
        }
        Ok(())
    }

    /// Makes the claims of a pod that do not exist, and tells of each. Errors: the refusals, or
    /// that a claim is being deleted.
    pub(super) fn create_claims(&mut self, ordinal: i32) -> Result<(), ApiError> {
        let spec = self.body.spec.clone();
        let templates = spec.volume_claim_templates.iter().flatten();
        for (template, key) in templates.zip(self.claims_of(ordinal)) {
            match self.client.cache().get(&key).cloned() {
                Some(claim) if claim.meta.is_deleting() => {
                    let why = format!("pvc {} is being deleted", key.name);
                    return Err(ApiError::new(Reason::Conflict, why));
                }
                Some(_) => {}
                None => self.create_claim(template, &key, ordinal)?,
            }
        }
        Ok(())
    }

    fn create_claim(
        &mut self,
        template: &PersistentVolumeClaim,
        key: &Key,
        ordinal: i32,
    ) -> Result<(), ApiError> {
        let mut json = json!(template);
        json["metadata"]["namespace"] = json!(key.namespace);
        json["metadata"]["name"] = json!(key.name);
        let labels = self.body.spec.selector.match_labels.iter().flatten();
        for (label, value) in labels {
            json["metadata"]["labels"][label] = json!(value);
        }
        if let Some(fields) = json.as_object_mut() {
            fields.remove("status");
        }
        let claim = from_json(Kind::PersistentVolumeClaim, &json);
        let claim = claim.map_err(|why| ApiError::new(Reason::BadRequest, why))?;
        let created = self.client.create(claim);
        if let Ok(claim) = &created {
            self.wrote(claim);
        }
        let pod: Arc<str> = format!("{}-{ordinal}", self.set.meta.name).into();
        let (claim, set) = ((&key.name).into(), (&self.set.meta.name).into());
        let about = InvolvedObject::of(&self.set);
        let recorder = &mut self.desk.recorder;
        match created {
            Ok(_) => {
                let text = "Create Claim {} Pod {} in StatefulSet {} success";
                let text = message(text, [claim, (&pod).into(), set]);
                recorder.normal(self.client, about, "SuccessfulCreate", text);
                Ok(())
            }
            Err(error) => {
                if error.reason != Reason::AlreadyExists {
                    let text = "Create Claim {} for Pod {} in StatefulSet {} failed error: {}";
                    let why = error.message.as_str().into();
                    let text = message(text, [claim, (&pod).into(), set, why]);
                    recorder.warning(self.client, about, "FailedCreate", text);
                }
                let why = format!("failed to create PVC {}: {}", key.name, error.message);
                Err(ApiError::new(error.reason, why))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_belongs_to_whom_it_goes_with() {
        for (scaled, deleted, in_range, set, pod) in [
            (false, false, true, false, false),
            (false, false, false, false, false),
            (false, true, true, true, false),
            (false, true, false, true, false),
            (true, false, true, false, false),
            (true, false, false, false, true),
            (true, true, true, true, false),
            (true, true, false, false, true),
        ] {
            let policy = Retention {
                when_scaled_delete: scaled,
                when_deleted_delete: deleted,
            };
            assert_eq!(
                wanted(policy, in_range),
                (set, pod),
                "{policy:?} {in_range}"
            );
        }
    }
}
