//! Taint eviction: pods leave a node with a NoExecute taint as soon as they no longer tolerate it.
//!
//! Upstream: `pkg/controller/tainteviction/taint_eviction.go`. Differs: the time of a toleration
//! counts from the taint's own time, which is when upstream's controller sees it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::api::{
    Body, ConditionStatus, InvolvedObject, Key, Kind, NodeBody, Object, PodCondition,
    PodConditionType, Taint, Toleration, Uid,
};
use crate::apiserver::{ApiError, Change, DeleteOptions};
use crate::client::{Client, message};
use crate::clock::{SimTime, Span};

use super::util::{ignore_not_found, timer_after, woken_by};
use super::{Controller, Desk, Watch};

/// See the module.
pub(super) struct TaintEvictionController;

/// Nodes that have a NoExecute taint.
pub(super) type TaintedNodes = BTreeSet<Arc<str>>;

const NO_EXECUTE: &str = "NoExecute";

impl Controller for TaintEvictionController {
    fn name(&self) -> &'static str {
        "taint-eviction-controller"
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
        if key.kind == Kind::Node {
            let pods: Vec<Arc<Object>> = client.cache().pods_on(&key.name).cloned().collect();
            return pods.iter().try_for_each(|pod| review(pod, desk, client));
        }
        match client.cache().get(key).cloned() {
            Some(pod) => review(&pod, desk, client),
            None => {
                cancel(key, desk, client);
                Ok(())
            }
        }
    }
}

fn no_execute(node: &NodeBody) -> impl Iterator<Item = &Taint> {
    node.taints
        .iter()
        .filter(|taint| &*taint.effect == NO_EXECUTE)
}

fn note_node(change: &Change<'_>, desk: &mut Desk, _now: SimTime) {
    let taints = |o: Option<&Arc<Object>>| -> Vec<Taint> {
        o.and_then(|o| o.node())
            .into_iter()
            .flat_map(no_execute)
            .cloned()
            .collect()
    };
    let (old, new) = (taints(change.old), taints(change.new));
    if old == new {
        return;
    }
    let key = change.object().key();
    if new.is_empty() {
        desk.notes.tainted.remove(&key.name);
    } else {
        desk.notes.tainted.insert(key.name.clone());
    }
    desk.queue.add(key, woken_by(change));
}

fn note_pod(change: &Change<'_>, desk: &mut Desk, _now: SimTime) {
    let Some(new) = change.new else {
        let key = change.object().key();
        if desk.queue.due_at(&key).is_some() {
            desk.queue.add(key, woken_by(change));
        }
        return;
    };
    let Some(node) = new.pod().and_then(|body| body.node_name.as_ref()) else {
        return;
    };
    if !desk.notes.tainted.contains(node) {
        return;
    }
    let concerns = |o: &Object| {
        o.pod()
            .map(|p| (p.node_name.clone(), p.spec.facts.tolerations.clone()))
    };
    if change.old.and_then(|old| concerns(old)) != concerns(new) {
        desk.queue.add(new.key(), woken_by(change));
    }
}

/// When a pod must go: at once, later, or (`None`) never.
fn plan(taints: &[Taint], tolerations: &[Toleration], now: SimTime) -> Option<SimTime> {
    let mut last: Option<Span> = None;
    let mut since: Option<SimTime> = None;
    for taint in taints {
        let mut matching = tolerations
            .iter()
            .filter(|t| t.tolerates(&taint.key, &taint.value, &taint.effect))
            .peekable();
        if matching.peek().is_none() {
            return Some(now);
        }
        // Of several tolerations the shortest counts; one without a limit sets none.
        for secs in matching.filter_map(|t| t.seconds) {
            let span = Span::secs(secs.max(0));
            last = Some(last.map_or(span, |least| least.min(span)));
        }
        let added = taint.time_added.unwrap_or(now);
        since = Some(since.map_or(added, |earliest| earliest.min(added)));
    }
    Some(since? + last?)
}

/// Evicts a pod, sets the timer for it, or takes the timer back.
fn review(pod: &Arc<Object>, desk: &mut Desk, client: &mut Client<'_>) -> Result<(), ApiError> {
    let (key, now) = (pod.key(), client.now());
    let Some(body) = pod.pod() else { return Ok(()) };
    let node = body.node_name.as_ref();
    let node = node.and_then(|name| client.cache().find(Kind::Node, "", name));
    let taints: Vec<Taint> = node
        .and_then(|n| n.node())
        .into_iter()
        .flat_map(no_execute)
        .cloned()
        .collect();
    let when = if taints.is_empty() || pod.meta.is_deleting() {
        None
    } else {
        plan(&taints, &body.spec.facts.tolerations, now)
    };
    match when {
        Some(at) if at <= now => {
            desk.queue.cancel(&key);
            evict(pod, desk, client)
        }
        Some(at) => {
            desk.queue.add_at(key, at, timer_after(client.trigger()));
            Ok(())
        }
        None => {
            cancel(&key, desk, client);
            Ok(())
        }
    }
}

fn about(key: &Key) -> InvolvedObject {
    // Upstream names the pod without its uid.
    InvolvedObject {
        kind: Kind::Pod,
        namespace: key.namespace.clone(),
        name: key.name.clone(),
        uid: Uid::default(),
        resource_version: 0,
        field_path: "".into(),
    }
}

fn cancel(key: &Key, desk: &mut Desk, client: &mut Client<'_>) {
    if desk.queue.cancel(key) {
        let args = [(&key.namespace).into(), (&key.name).into()];
        let text = message("Cancelling deletion of Pod {}/{}", args);
        desk.recorder
            .normal(client, about(key), "TaintManagerEviction", text);
    }
}

fn evict(pod: &Arc<Object>, desk: &mut Desk, client: &mut Client<'_>) -> Result<(), ApiError> {
    let key = pod.key();
    let args = [(&key.namespace).into(), (&key.name).into()];
    let text = message("Marking for deletion Pod {}/{}", args);
    desk.recorder
        .normal(client, about(&key), "TaintManagerEviction", text);
    let Some(latest) = client.live().get(&key).cloned() else {
        return Ok(());
    };
    let mut marked = (*latest).clone();
    if let Body::Pod(body) = &mut marked.body {
        let condition = PodCondition {
            kind: PodConditionType::DisruptionTarget,
            status: ConditionStatus::True,
            reason: Some("DeletionByTaintManager".into()),
            message: Some("Taint manager: deleting due to NoExecute taint".into()),
            transition: client.now().whole_secs(),
            observed_generation: latest.meta.generation,
        };
        let conditions = &mut Arc::make_mut(&mut body.status).conditions;
        conditions.retain(|c| c.kind != condition.kind);
        conditions.push(condition);
    }
    ignore_not_found(client.update_status(marked).map(|_| ()))?;
    ignore_not_found(client.delete(&key, DeleteOptions::default()).map(|_| ()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDED: SimTime = SimTime::from_unix_secs(100);

    fn taint(key: &str) -> Taint {
        Taint {
            key: key.into(),
            value: "".into(),
            effect: NO_EXECUTE.into(),
            time_added: Some(ADDED),
        }
    }

    fn toleration(key: &str, seconds: Option<i64>) -> Toleration {
        Toleration {
            key: key.into(),
            exists: true,
            value: String::new(),
            effect: NO_EXECUTE.into(),
            seconds,
        }
    }

    #[test]
    fn the_shortest_toleration_counts() {
        let now = SimTime::from_unix_secs(110);
        let at = |secs| Some(SimTime::from_unix_secs(secs));
        type Case<'a> = (
            &'a str,
            &'a [&'a str],
            &'a [(&'a str, Option<i64>)],
            Option<SimTime>,
        );
        let cases: &[Case<'_>] = &[
            ("no toleration", &["a"], &[], Some(now)),
            (
                "another one's toleration",
                &["a"],
                &[("b", Some(300))],
                Some(now),
            ),
            (
                "300 seconds from the taint",
                &["a"],
                &[("a", Some(300))],
                at(400),
            ),
            ("for ever", &["a"], &[("a", None)], None),
            (
                "the shorter of two",
                &["a"],
                &[("a", Some(300)), ("", Some(60))],
                at(160),
            ),
            (
                "for ever and for a while",
                &["a"],
                &[("a", None), ("", Some(60))],
                at(160),
            ),
            (
                "one of two taints",
                &["a", "b"],
                &[("a", Some(300))],
                Some(now),
            ),
            (
                "two taints",
                &["a", "b"],
                &[("a", Some(300)), ("b", Some(30))],
                at(130),
            ),
            ("no time at all", &["a"], &[("a", Some(-1))], at(100)),
        ];
        for (case, taints, tolerations, expected) in cases {
            let taints: Vec<Taint> = taints.iter().map(|key| taint(key)).collect();
            let tolerations: Vec<Toleration> = tolerations
                .iter()
                .map(|(key, secs)| toleration(key, *secs))
                .collect();
            assert_eq!(plan(&taints, &tolerations, now), *expected, "{case}");
        }
    }
}
