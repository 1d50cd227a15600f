//! The controller of ReplicaSets and ReplicationControllers: as many pods as asked for, no more, no
//! fewer.
//!
//! Upstream: `pkg/controller/replicaset/replica_set.go`, `pkg/controller/replication`. Differs: a
//! batch of creations or deletions happens at one instant, in order, instead of by goroutines.

mod status;
mod tally;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::api::{Body, Key, Kind, Meta, Object, PodBody, PodStatus, ReplicaSetBody, Uid};
use crate::apiserver::{ApiError, Change};
use crate::client::Client;
use crate::clock::SimTime;

use super::util::{self, controller_ref, controller_uid, woken_by};
use super::{Controller, Desk, Watch, pod_control, rank};
use status::{Counts, Failure};

pub(super) use tally::Tallies;

/// See the module.
pub(super) struct ReplicaSetController;

impl Controller for ReplicaSetController {
    fn name(&self) -> &'static str {
        "replicaset-controller"
    }

    fn watches(&self) -> &'static [Watch] {
        &[
            Watch {
                kind: Kind::ReplicaSet,
                note: note_replica_set,
            },
            Watch {
                kind: Kind::Pod,
                note: |change, desk, _| note_pod(change, Kind::ReplicaSet, desk),
            },
        ]
    }

    fn reconcile(
        &self,
        key: &Key,
        desk: &mut Desk,
        client: &mut Client<'_>,
    ) -> Result<(), ApiError> {
        reconcile(key, Kind::ReplicaSet, desk, client)
    }
}

/// The same for ReplicationControllers, which are ReplicaSets under an older name.
pub(super) struct ReplicationManager;

impl Controller for ReplicationManager {
    fn name(&self) -> &'static str {
        "replication-controller"
    }

    fn watches(&self) -> &'static [Watch] {
        &[
            Watch {
                kind: Kind::ReplicationController,
                note: note_replica_set,
            },
            Watch {
                kind: Kind::Pod,
                note: |change, desk, _| note_pod(change, Kind::ReplicationController, desk),
            },
        ]
    }

    fn reconcile(
        &self,
        key: &Key,
        desk: &mut Desk,
        client: &mut Client<'_>,
    ) -> Result<(), ApiError> {
        reconcile(key, Kind::ReplicationController, desk, client)
    }
}

fn reconcile(
    key: &Key,
    kind: Kind,
    desk: &mut Desk,
    client: &mut Client<'_>,
) -> Result<(), ApiError> {
    if key.kind == Kind::Pod {
        util::wake_selecting(key, kind, desk, client);
        return Ok(());
    }
    let Some(rs) = client.cache().get(key).cloned() else {
        desk.expectations.forget(key);
        return Ok(());
    };
    sync(&rs, key, desk, client)
}

fn note_replica_set(change: &Change<'_>, desk: &mut Desk, _now: SimTime) {
    let key = change.object().key();
    if change.new.is_none() {
        desk.expectations.forget(&key);
    }
    desk.queue.add(key, woken_by(change));
}

/// Only what changes a count, a label or an owner is news.
fn note_pod(change: &Change<'_>, kind: Kind, desk: &mut Desk) {
    if desk.notes.pods.note(change, kind) {
        util::note_pod(change, kind, desk);
    } else {
        util::note_orphan(change, desk);
    }
}

fn sync(
    rs: &Arc<Object>,
    key: &Key,
    desk: &mut Desk,
    client: &mut Client<'_>,
) -> Result<(), ApiError> {
    let Some(body) = rs.replica_set() else {
        return Ok(());
    };
    let now = client.now();
    let deleting = rs.meta.is_deleting();
    release_strangers(rs, body, desk, client)?;
    if !deleting && util::adopt(rs, &body.selector, Kind::Pod, desk, client)? {
        return Ok(());
    }
    let (counts, next) = count(rs, body, desk, client);
    let mut failed = Ok(());
    if desk.expectations.satisfied(key, now) && !deleting {
        failed = manage(rs, key, body.replicas - counts.replicas, desk, client);
    }
    let failure = failed.as_ref().err().map(|error| Failure {
        reason: if counts.replicas < body.replicas {
            "FailedCreate"
        } else {
            "FailedDelete"
        },
        message: error.message.clone(),
    });
    let status = status::calculate(
        &body.status,
        rs.meta.generation,
        counts,
        failure.as_ref(),
        now,
    );
    status::write(rs, status, client)?;
    failed?;
    if let Some(at) = next {
        desk.queue
            .add_at(key.clone(), at, util::timer_after(client.trigger()));
    }
    Ok(())
}

/// Pods that the selector no longer matches lose their controller.
fn release_strangers(
    rs: &Object,
    body: &ReplicaSetBody,
    desk: &Desk,
    client: &mut Client<'_>,
) -> Result<(), ApiError> {
    let mut groups = desk.notes.pods.of(rs.meta.uid);
    if groups.all(|(labels, _)| body.selector.matches(labels)) || rs.meta.is_deleting() {
        return Ok(());
    }
    let owned = client.cache().owned_by(Kind::Pod, rs.meta.uid);
    let strangers: Vec<Arc<Object>> = owned
        .filter(|pod| !body.selector.matches(&pod.meta.labels))
        .cloned()
        .collect();
    for pod in strangers {
        util::release(rs.meta.uid, &pod, client)?;
    }
    Ok(())
}

fn count(
    rs: &Object,
    body: &ReplicaSetBody,
    desk: &Desk,
    client: &Client<'_>,
) -> (Counts, Option<SimTime>) {
    let mut counts = Counts::default();
    let groups = desk.notes.pods.of(rs.meta.uid);
    for (labels, sums) in groups.filter(|(labels, _)| body.selector.matches(labels)) {
        counts.replicas += sums.active;
        counts.ready += sums.ready;
        counts.terminating += sums.terminating;
        let wanted = &body.template.labels;
        if wanted
            .iter()
            .all(|(key, value)| labels.get(key) == Some(value))
        {
            counts.fully_labeled += sums.active;
        }
    }
    counts.available = counts.ready;
    let mut next = None;
    if body.min_ready_seconds > 0 && counts.ready > 0 {
        let cache = client.cache();
        let pods = cache
            .owned_by(Kind::Pod, rs.meta.uid)
            .filter(|pod| is_active(pod) && body.selector.matches(&pod.meta.labels));
        (counts.available, next) = status::available(body, pods, client.now());
    }
    (counts, next)
}

fn is_active(pod: &Object) -> bool {
    !pod.meta.is_deleting() && pod.pod().is_some_and(|body| !body.is_terminal())
}

/// Creates `missing` pods, or deletes as many if it is negative. Errors: the last refusal.
fn manage(
    rs: &Arc<Object>,
    key: &Key,
    missing: i32,
    desk: &mut Desk,
    client: &mut Client<'_>,
) -> Result<(), ApiError> {
    let most = desk.options.burst_replicas;
    match missing {
        0 => Ok(()),
        1.. => create_pods(rs, key, missing.min(most), desk, client),
        _ => delete_pods(rs, key, missing.saturating_neg().min(most), desk, client),
    }
}

fn create_pods(
    rs: &Arc<Object>,
    key: &Key,
    count: i32,
    desk: &mut Desk,
    client: &mut Client<'_>,
) -> Result<(), ApiError> {
    let Some(body) = rs.replica_set() else {
        return Ok(());
    };
    let now = client.now();
    desk.expectations.expect(key, count.into(), [], now);
    let pod = new_pod(rs, body, client);
    let count = usize::try_from(count).unwrap_or(0);
    let pods = std::iter::repeat_n(pod, count);
    pod_control::create_pods(rs, key, pods, desk, client)
}

fn new_pod(rs: &Object, body: &ReplicaSetBody, client: &Client<'_>) -> Object {
    let meta = Meta {
        generate_name: Some(format!("{}-", rs.meta.name).into()),
        namespace: rs.meta.namespace.clone(),
        labels: body.template.labels.clone(),
        annotations: body.template.annotations.clone(),
        owners: [controller_ref(rs)].into(),
        ..Meta::default()
    };
    let pod = PodBody {
        spec: client.admitted_template(&body.template),
        node_name: None,
        token_suffix: None,
        status: Arc::new(PodStatus::default()),
    };
    Object {
        meta,
        body: Body::Pod(pod),
    }
}

fn delete_pods(
    rs: &Arc<Object>,
    key: &Key,
    count: i32,
    desk: &mut Desk,
    client: &mut Client<'_>,
) -> Result<(), ApiError> {
    let now = client.now();
    let Some(body) = rs.replica_set() else {
        return Ok(());
    };
    // One that has just been released is still the ReplicaSet's own in the cache.
    let own = |pod: &&Arc<Object>| is_active(pod) && body.selector.matches(&pod.meta.labels);
    let owned = client.cache().owned_by(Kind::Pod, rs.meta.uid);
    let active: Vec<Arc<Object>> = owned.filter(own).cloned().collect();
    let count = usize::try_from(count).unwrap_or(0);
    let crowds = if count < active.len() {
        crowds(rs, client)
    } else {
        rank::Crowds::new()
    };
    let chosen = rank::pods_to_delete(active, count, &crowds, now);
    desk.expectations
        .expect(key, 0, chosen.iter().map(|pod| pod.meta.uid), now);
    pod_control::delete_pods(rs, key, chosen, desk, client)
}

/// Active pods per node over all ReplicaSets with the same controller as this one.
fn crowds(rs: &Object, client: &Client<'_>) -> rank::Crowds {
    let cache = client.cache();
    let family = match controller_uid(rs) {
        none if none == Uid::default() => vec![rs.meta.uid],
        owner => cache
            .owned_by(Kind::ReplicaSet, owner)
            .map(|o| o.meta.uid)
            .collect(),
    };
    let mut crowds = rank::Crowds::new();
    for uid in family {
        for pod in cache.owned_by(Kind::Pod, uid).filter(|pod| is_active(pod)) {
            if let Some(node) = pod.pod().and_then(|body| body.node_name.clone()) {
                *crowds.entry(node).or_default() += 1;
            }
        }
    }
    crowds
}
