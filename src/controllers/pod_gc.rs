//! Pod garbage collection: pods of nodes that do not exist, pods that nobody will ever end, and
//! ended pods beyond a limit.
//!
//! Upstream: `pkg/controller/podgc/gc_controller.go`. Differs: passes that would find nothing are
//! not run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::api::{
    Body, ConditionStatus, Key, Kind, Object, Order, Phase, PodCondition, PodConditionType,
};
use crate::apiserver::{ApiError, Change, DeleteOptions};
use crate::client::Client;
use crate::clock::SimTime;

use super::util::{ignore_not_found, timer_after, woken_by};
use super::{Controller, Desk, Watch};

/// See the module.
pub(super) struct PodGc;

/// What the controller has noted of its watches.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct PodGcNotes {
    nodes: BTreeSet<Arc<str>>,
    /// Nodes that were missed, and since when.
    quarantine: BTreeMap<Arc<str>, SimTime>,
    /// How many pods have ended.
    ended: i64,
}

const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";

impl Controller for PodGc {
    fn name(&self) -> &'static str {
        "pod-garbage-collector-controller"
    }

    fn watches(&self) -> &'static [Watch] {
        &[
            Watch {
                kind: Kind::Node,
                note: note_node,
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
        match key.kind {
            Kind::Node => visit_node(&key.name, desk, client),
            Kind::Pod if key.name.is_empty() => remove_surplus(desk, client),
            Kind::Pod => remove_if_stuck(key, client),
            _ => Ok(()),
        }
    }
}

fn at_next_pass(desk: &mut Desk, key: Key, change: &Change<'_>, now: SimTime) {
    let at = desk
        .options
        .pass_at_or_after(desk.options.pod_gc_period, now);
    desk.queue.add_at(key, at, timer_after(woken_by(change)));
}

fn note_node(change: &Change<'_>, desk: &mut Desk, now: SimTime) {
    let key = change.object().key();
    let out_of_service = change
        .new
        .and_then(|o| o.node())
        .is_some_and(|n| n.taints.iter().any(|t| &*t.key == OUT_OF_SERVICE));
    if change.new.is_some() {
        desk.notes.pod_gc.nodes.insert(key.name.clone());
        desk.notes.pod_gc.quarantine.remove(&key.name);
    } else {
        desk.notes.pod_gc.nodes.remove(&key.name);
    }
    if change.new.is_none() || out_of_service {
        at_next_pass(desk, key, change, now);
    }
}

fn note_pod(change: &Change<'_>, desk: &mut Desk, now: SimTime) {
    let ended = |o: Option<&Arc<Object>>| {
        i64::from(o.is_some_and(|o| o.pod().is_some_and(|p| p.is_terminal())))
    };
    let difference = ended(change.new) - ended(change.old);
    desk.notes.pod_gc.ended += difference;
    if difference > 0 && desk.notes.pod_gc.ended > desk.options.terminated_pods_max {
        at_next_pass(desk, Key::new(Kind::Pod, "", ""), change, now);
    }
    let Some(new) = change.new else { return };
    let node = |o: &Arc<Object>| o.pod().and_then(|p| p.node_name.clone());
    match node(new) {
        Some(name) => {
            let moved = change.old.and_then(node).as_ref() != Some(&name);
            let marked = new.meta.is_deleting() && change.old.is_none_or(|o| !o.meta.is_deleting());
            if (moved && !desk.notes.pod_gc.nodes.contains(&name)) || marked {
                at_next_pass(desk, Key::new(Kind::Node, "", name), change, now);
            }
        }
        None if new.meta.is_deleting() => at_next_pass(desk, new.key(), change, now),
        None => {}
    }
}

/// A pass's look at one node: it may be gone for good, or declared out of service.
fn visit_node(name: &Arc<str>, desk: &mut Desk, client: &mut Client<'_>) -> Result<(), ApiError> {
    let cache = client.cache();
    let now = client.now();
    let pods: Vec<Arc<Object>> = cache.pods_on(name).cloned().collect();
    if let Some(node) = cache.find(Kind::Node, "", name) {
        let lost = node
            .node()
            .is_some_and(|n| !n.is_ready() && n.taints.iter().any(|t| &*t.key == OUT_OF_SERVICE));
        let going = pods.iter().filter(|pod| lost && pod.meta.is_deleting());
        return going.clone().try_for_each(|pod| remove(pod, None, client));
    }
    if pods.is_empty() {
        desk.notes.pod_gc.quarantine.remove(name);
        return Ok(());
    }
    let since = *desk
        .notes
        .pod_gc
        .quarantine
        .entry(name.clone())
        .or_insert(now);
    let due = since + desk.options.pod_gc_quarantine;
    if now < due {
        let at = desk
            .options
            .pass_at_or_after(desk.options.pod_gc_period, due);
        let key = Key::new(Kind::Node, "", name.clone());
        desk.queue.add_at(key, at, timer_after(client.trigger()));
        return Ok(());
    }
    desk.notes.pod_gc.quarantine.remove(name);
    if client.live().find(Kind::Node, "", name).is_some() {
        return Ok(());
    }
    let condition = PodCondition {
        kind: PodConditionType::DisruptionTarget,
        status: ConditionStatus::True,
        reason: Some("DeletionByPodGC".into()),
        message: Some("PodGC: node no longer exists".into()),
        transition: now.whole_secs(),
        observed_generation: 0,
    };
    pods.iter()
        .try_for_each(|pod| remove(pod, Some(&condition), client))
}

/// Ends a pod that no kubelet will end, then deletes it at once.
fn remove(
    pod: &Object,
    condition: Option<&PodCondition>,
    client: &mut Client<'_>,
) -> Result<(), ApiError> {
    let key = pod.key();
    let Some(latest) = client.live().get(&key).cloned() else {
        return Ok(());
    };
    let mut failed = (*latest).clone();
    if let Body::Pod(body) = &mut failed.body
        && !body.is_terminal()
    {
        let status = Arc::make_mut(&mut body.status);
        status.phase = Phase::Failed;
        if let Some(condition) = condition {
            status.conditions.retain(|c| c.kind != condition.kind);
            let observed_generation = latest.meta.generation;
            status.conditions.push(PodCondition {
                observed_generation,
                ..condition.clone()
            });
        }
        ignore_not_found(client.update_status(failed).map(|_| ()))?;
    }
    let at_once = DeleteOptions {
        grace_secs: Some(0),
        ..DeleteOptions::default()
    };
    ignore_not_found(client.delete(&key, at_once).map(|_| ()))
}

/// A pod that is being deleted and was never scheduled.
fn remove_if_stuck(key: &Key, client: &mut Client<'_>) -> Result<(), ApiError> {
    let stuck =
        |o: &&Arc<Object>| o.meta.is_deleting() && o.pod().is_some_and(|p| p.node_name.is_none());
    let found = client.cache().get(key).filter(stuck).cloned();
    found.map_or(Ok(()), |pod| remove(&pod, None, client))
}

/// Deletes ended pods beyond the limit: evicted ones first, then the oldest.
fn remove_surplus(desk: &mut Desk, client: &mut Client<'_>) -> Result<(), ApiError> {
    let all = client.cache().list(Kind::Pod, None);
    let ended = all.filter(|pod| pod.pod().is_some_and(|body| body.is_terminal()));
    let mut ended: Vec<Arc<Object>> = ended.cloned().collect();
    let most = usize::try_from(desk.options.terminated_pods_max).unwrap_or(0);
    let surplus = ended.len().saturating_sub(most);
    let evicted = |pod: &Object| {
        pod.pod()
            .is_some_and(|body| body.status.reason.as_deref() == Some("Evicted"))
    };
    ended.order_by_key(|pod| {
        (
            !evicted(pod),
            pod.meta.created.whole_secs(),
            pod.meta.name.clone(),
        )
    });
    let at_once = DeleteOptions {
        grace_secs: Some(0),
        ..DeleteOptions::default()
    };
    for pod in ended.iter().take(surplus) {
        ignore_not_found(client.delete(&pod.key(), at_once).map(|_| ()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::drive::Drive;
    use super::*;
    use crate::clock::Span;

    fn with_pods_on(node: &str) -> Drive {
        let mut drive = Drive::new();
        drive.create(Kind::Node, "", "n1", &json!({}));
        for n in 0..3 {
            let spec = json!({"spec": {"containers": [{"name": "c", "image": "nginx"}]}});
            drive.create(Kind::Pod, "default", &format!("p{n}"), &spec);
        }
        drive.bind_pods(&[node]);
        drive.settle();
        drive
    }

    #[test]
    fn pods_of_a_deleted_node_go_after_the_quarantine() {
        let mut drive = with_pods_on("n1");
        drive.delete(Kind::Node, "n1");
        let deleted = drive.now();
        drive.run_for(Span::secs(39));
        assert_eq!(drive.list(Kind::Pod).len(), 3);
        while !drive.list(Kind::Pod).is_empty() {
            drive.run_for(Span::secs(1));
            assert!(drive.now() - deleted <= Span::secs(80), "never removed");
        }
        assert!(drive.now() - deleted > Span::secs(40));
    }

    #[test]
    fn pods_stay_if_the_node_comes_back_in_time() {
        let mut drive = with_pods_on("n1");
        drive.delete(Kind::Node, "n1");
        drive.run_for(Span::secs(30));
        drive.create(Kind::Node, "", "n1", &json!({}));
        drive.run_for(Span::secs(300));
        assert_eq!(drive.list(Kind::Pod).len(), 3);
    }

    #[test]
    fn ended_pods_beyond_the_limit_go_oldest_first() {
        let mut drive = Drive::new();
        drive.manager = super::super::Manager::new(super::super::Options {
            terminated_pods_max: 2,
            ..super::super::Options::new(drive.now())
        });
        for n in 0..4 {
            let spec = json!({"spec": {"containers": [{"name": "c", "image": "nginx"}]}});
            let pod = drive.create(Kind::Pod, "default", &format!("p{n}"), &spec);
            drive.set_pod(&pod, ConditionStatus::False, Phase::Succeeded);
            drive.run_for(Span::secs(1));
        }
        drive.run_for(Span::secs(30));
        let names: Vec<_> = drive
            .list(Kind::Pod)
            .iter()
            .map(|p| p.meta.name.to_string())
            .collect();
        assert_eq!(names, ["p2", "p3"]);
    }
}
