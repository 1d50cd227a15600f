//! The resource quota controller: counts anew what a namespace uses, when a quota changes or
//! something that it counts goes away.
//!
//! Upstream: `pkg/controller/resourcequota`. Differs: creations are charged by the API server
//! alone, and there is no full count every five minutes, since nothing is ever missed.

use std::sync::Arc;

use serde_json::Value;

use crate::api::{Body, Key, Kind, Object, fields_at};
use crate::apiserver::{ApiError, Change, quota_status};
use crate::client::Client;
use crate::clock::SimTime;

use super::util::woken_by;
use super::{Controller, Desk, Note, Watch};

/// See the module.
pub(super) struct ResourceQuotaController;

const fn freed_by(kind: Kind) -> Watch {
    Watch { kind, note: freed }
}

const WATCHES: &[Watch] = &[
    Watch {
        kind: Kind::ResourceQuota,
        note: changed,
    },
    freed_by(Kind::Pod),
    freed_by(Kind::Service),
    freed_by(Kind::ConfigMap),
    freed_by(Kind::Secret),
    freed_by(Kind::PersistentVolumeClaim),
    freed_by(Kind::ReplicationController),
    freed_by(Kind::Deployment),
    freed_by(Kind::ReplicaSet),
    freed_by(Kind::StatefulSet),
    freed_by(Kind::DaemonSet),
    freed_by(Kind::Job),
    freed_by(Kind::CronJob),
    freed_by(Kind::Ingress),
];

impl Controller for ResourceQuotaController {
    fn name(&self) -> &'static str {
        "resourcequota-controller"
    }

    fn watches(&self) -> &'static [Watch] {
        WATCHES
    }

    fn note_custom(&self) -> Option<Note> {
        Some(freed)
    }

    fn reconcile(
        &self,
        key: &Key,
        _desk: &mut Desk,
        client: &mut Client<'_>,
    ) -> Result<(), ApiError> {
        let cache = client.cache();
        let quota = cache.get(key).filter(|_| key.kind == Kind::ResourceQuota);
        let Some(quota) = quota.cloned() else {
            return Ok(());
        };
        let Some(body) = quota.data() else {
            return Ok(());
        };
        let all = cache.kinds().filter(|kind| kind.info().namespaced);
        let counted = all.filter(|kind| counts(body, *kind));
        let objects = counted.flat_map(|kind| cache.list(kind, Some(&key.namespace)));
        let status = quota_status(body, objects);
        if body.get("status") == Some(&status) {
            return Ok(());
        }
        let mut new = (*quota).clone();
        if let Body::Data(_, body) = &mut new.body
            && let Some(fields) = Arc::make_mut(body).as_object_mut()
        {
            fields.insert("status".into(), status);
        }
        client.update_status(new).map(|_| ())
    }
}

/// Whether a quota has a name for objects of a kind.
fn counts(quota: &Value, kind: Kind) -> bool {
    let (plural, resource) = (kind.info().plural, kind.resource());
    fields_at(quota, "/spec/hard").any(|(name, _)| {
        let of_pods = kind == Kind::Pod && !name.starts_with("count/");
        of_pods
            || name.split('.').next() == Some(plural)
            || name.strip_prefix("count/") == Some(&resource)
            || (kind == Kind::PersistentVolumeClaim && name == "requests.storage")
    })
}

fn changed(change: &Change<'_>, desk: &mut Desk, _: SimTime) {
    let hard = |object: &Object| object.data().and_then(|b| b.pointer("/spec/hard")).cloned();
    if let Some(new) = change.new {
        if change.old.map(|old| hard(old)) != Some(hard(new)) {
            desk.queue.add(new.key(), woken_by(change));
        }
        desk.notes.quotas.insert(new.key());
    } else if let Some(old) = change.old {
        desk.notes.quotas.remove(&old.key());
    }
}

/// An object that is gone, or a pod that has ended, wakes the quotas of its namespace.
fn freed(change: &Change<'_>, desk: &mut Desk, _: SimTime) {
    let Some(old) = change.old else { return };
    let ended = |object: &Arc<Object>| object.pod().is_some_and(|p| p.status.phase.is_terminal());
    if change.new.is_some_and(|new| !ended(new) || ended(old)) {
        return;
    }
    let namespace = &old.meta.namespace;
    let from = Key::new(Kind::ResourceQuota, namespace.clone(), "");
    let quotas = desk.notes.quotas.range(from..);
    let quotas = quotas.take_while(|key| key.namespace == *namespace);
    for key in quotas.cloned().collect::<Vec<_>>() {
        desk.queue.add(key, woken_by(change));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::drive::Drive;
    use super::*;
    use crate::clock::Span;

    #[test]
    fn a_quota_holds_pods_back_until_others_are_gone() {
        let mut drive = Drive::new();
        let quota = json!({"spec": {"hard": {"pods": "2"}}});
        drive.create(Kind::ResourceQuota, "default", "q", &quota);
        drive.run_for(Span::secs(1));
        let used = |drive: &Drive| {
            let quota = drive.get(Kind::ResourceQuota, "q")?;
            quota.data()?.pointer("/status/used/pods").cloned()
        };
        assert_eq!(used(&drive), Some(json!("0")));
        drive.create_deployment("web", 3, &json!({}));
        drive.run_for(Span::secs(1));
        assert_eq!(drive.list(Kind::Pod).len(), 2);
        assert_eq!(used(&drive), Some(json!("2")));
        let said = drive.events(Kind::ReplicaSet).join("\n");
        assert!(
            said.contains("exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2"),
            "{said}"
        );
        drive.delete(Kind::Deployment, "web");
        drive.run_for(Span::secs(5));
        drive.kubelets_act();
        drive.run_for(Span::secs(1));
        assert_eq!(used(&drive), Some(json!("0")));
    }
}
