//! The ReplicaSet controller: as many pods as asked for, no more, no fewer.
//!
//! Upstream: `pkg/controller/replicaset/replica_set.go`. Differs: a batch of creations or
//! deletions happens at one instant, in order, instead of by goroutines.

mod rank;
mod status;
mod tally;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::api::{
    Body, InvolvedObject, Key, Kind, Meta, Object, PodBody, PodStatus, ReplicaSetBody, Uid,
};
use crate::apiserver::{ApiError, Change, DeleteOptions, Reason};
use crate::client::{Client, message};
use crate::clock::SimTime;

use super::util::{self, controller_ref, controller_uid, woken_by};
use super::{Controller, Desk, Watch};
use status::{Counts, Failure};

pub(super) use tally::Tallies;

/// How the server refuses whatever is created in a namespace that goes.
const NAMESPACE_TERMINATING: &str = "because it is being terminated";

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
                note: note_pod,
            },
        ]
    }

    fn reconcile(
        &self,
        key: &Key,
        desk: &mut Desk,
        client: &mut Client<'_>,
    ) -> Result<(), ApiError> {
        if key.kind == Kind::Pod {
            wake_selectors(key, desk, client);
            return Ok(());
        }
        let Some(rs) = client.cache().get(key).cloned() else {
            desk.expectations.forget(key);
            return Ok(());
        };
        sync(&rs, key, desk, client)
    }
}

fn note_replica_set(change: &Change<'_>, desk: &mut Desk, _now: SimTime) {
    let key = change.object().key();
    if change.new.is_none() {
        desk.expectations.forget(&key);
    }
    desk.queue.add(key, woken_by(change));
}

fn note_pod(change: &Change<'_>, desk: &mut Desk, _now: SimTime) {
    util::note_orphan(change, desk);
    if !desk.notes.pods.note(change) {
        return;
    }
    let owner = |pod: &Object| {
        let owner = pod
            .meta
            .controller()
            .filter(|o| &*o.kind == Kind::ReplicaSet.name())?;
        Some(Key::new(
            Kind::ReplicaSet,
            pod.meta.namespace.clone(),
            owner.name.clone(),
        ))
    };
    let (old, new) = (
        change.old.and_then(|p| owner(p)),
        change.new.and_then(|p| owner(p)),
    );
    if let (None, Some(key)) = (change.old, &new) {
        desk.expectations.creation_observed(key);
    }
    let gone = change.new.is_none_or(|pod| pod.meta.is_deleting());
    if let (true, Some(key)) = (gone, new.as_ref().or(old.as_ref())) {
        desk.expectations
            .deletion_observed(key, change.object().meta.uid);
    }
    let orphan = change.new.filter(|pod| pod.meta.controller().is_none());
    if let Some(pod) = orphan.filter(|pod| !pod.meta.is_deleting()) {
        desk.queue.add(pod.key(), woken_by(change));
    }
    if let Some(key) = old.filter(|key| new.as_ref() != Some(key)) {
        desk.queue.add(key, woken_by(change));
    }
    if let Some(key) = new {
        desk.queue.add(key, woken_by(change));
    }
}

/// A pod without a controller wakes every ReplicaSet that could adopt it.
fn wake_selectors(key: &Key, desk: &mut Desk, client: &Client<'_>) {
    let cache = client.cache();
    let Some(pod) = cache.get(key).filter(|pod| pod.meta.controller().is_none()) else {
        return;
    };
    for rs in cache.list(Kind::ReplicaSet, Some(&key.namespace)) {
        let selector = rs.replica_set().map(|body| &body.selector);
        if selector.is_some_and(|s| !s.is_empty() && s.matches(&pod.meta.labels)) {
            desk.queue.add(rs.key(), client.trigger());
        }
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
            .filter(|pod| is_active(pod));
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

/// Sizes of the batches in which `count` creations are tried: 1, 2, 4, … as long as all succeed.
fn batches(count: i32) -> impl Iterator<Item = i32> {
    let mut left = count;
    let mut size = 1;
    std::iter::from_fn(move || {
        let batch = left.min(size);
        left -= batch;
        size = size.saturating_mul(2);
        (batch > 0).then_some(batch)
    })
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
    let mut done = 0;
    for batch in batches(count) {
        let mut failed = None;
        for _ in 0..batch {
            match client.create(pod.clone()) {
                Ok(created) => {
                    let text = message("Created pod: {}", [(&created.meta.name).into()]);
                    let about = InvolvedObject::of(rs);
                    desk.recorder
                        .normal(client, about, "SuccessfulCreate", text);
                    done += 1;
                }
                // Whatever is created here would go with the namespace.
                Err(error) if error.message.ends_with(NAMESPACE_TERMINATING) => done += 1,
                Err(error) => {
                    let text = message("Error creating: {}", [error.message.as_str().into()]);
                    let about = InvolvedObject::of(rs);
                    desk.recorder.warning(client, about, "FailedCreate", text);
                    failed = Some(error);
                }
            }
        }
        let Some(error) = failed else { continue };
        // Neither the refused ones nor the batches that were not tried will ever be seen.
        for _ in done..count {
            desk.expectations.creation_observed(key);
        }
        return Err(error);
    }
    Ok(())
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
    let owned = client.cache().owned_by(Kind::Pod, rs.meta.uid);
    let active: Vec<Arc<Object>> = owned.filter(|pod| is_active(pod)).cloned().collect();
    let count = usize::try_from(count).unwrap_or(0);
    let crowds = if count < active.len() {
        crowds(rs, client)
    } else {
        rank::Crowds::new()
    };
    let chosen = rank::pods_to_delete(active, count, &crowds, now);
    desk.expectations
        .expect(key, 0, chosen.iter().map(|pod| pod.meta.uid), now);
    let mut failed = Ok(());
    for pod in chosen {
        let name = &pod.meta.name;
        match client.delete(&pod.key(), DeleteOptions::default()) {
            Ok(_) => {
                let text = message("Deleted pod: {}", [name.into()]);
                desk.recorder
                    .normal(client, InvolvedObject::of(rs), "SuccessfulDelete", text);
            }
            Err(error) => {
                desk.expectations.deletion_observed(key, pod.meta.uid);
                if error.reason != Reason::NotFound {
                    let text = message("Error deleting: {}", [error.message.as_str().into()]);
                    desk.recorder
                        .warning(client, InvolvedObject::of(rs), "FailedDelete", text);
                    failed = Err(error);
                }
            }
        }
    }
    failed
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
