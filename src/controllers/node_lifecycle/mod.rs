//! The node lifecycle controller: notices nodes that are lost or back, taints them, marks their
//! pods, and paces evictions by zone.
//!
//! Upstream: `pkg/controller/nodelifecycle/node_lifecycle_controller.go`. Differs: monitor passes
//! are computed, not run: only those happen that find something to do; a pod that becomes Ready on
//! a lost node is not looked at again.

mod health;
mod taints;
#[cfg(test)]
mod tests;
mod zones;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::api::{ConditionStatus, InvolvedObject, Key, Kind, Object};
use crate::apiserver::{ApiError, Change};
use crate::client::{Client, message};
use crate::clock::{SimTime, Span};

use super::util::{timer_after, woken_by};
use super::{Controller, Desk, Watch};
use zones::{ZoneState, Zones, rate_of, state_of, zone_of};

/// See the module.
pub(super) struct NodeLifecycleController;

/// What the controller remembers of nodes and zones.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Nodes {
    /// Nodes that it has registered, with their zones and uids.
    known: BTreeMap<Arc<str>, (Arc<str>, crate::api::Uid)>,
    /// Nodes whose pods are still to be marked after a failure.
    retry: BTreeSet<Arc<str>>,
    zones: Zones,
    /// Signs of life count from here at the earliest: set when the last zone came back.
    not_before: SimTime,
}

/// Leases of nodes are in this namespace; a key in it stands for a monitor pass of the node.
const LEASES: &str = "kube-node-lease";
/// A node's key with this namespace stands for the zone of its name.
const ZONE: &str = "zone";
/// The key of the judgement over all zones has this namespace.
const ZONES: &str = "zones";

impl Controller for NodeLifecycleController {
    fn name(&self) -> &'static str {
        "node-lifecycle-controller"
    }

    fn event_source(&self) -> &'static str {
        "node-controller"
    }

    fn watches(&self) -> &'static [Watch] {
        &[
            Watch {
                kind: Kind::Node,
                note: note_node,
            },
            Watch {
                kind: Kind::Lease,
                note: note_lease,
            },
        ]
    }

    fn reconcile(
        &self,
        key: &Key,
        desk: &mut Desk,
        client: &mut Client<'_>,
    ) -> Result<(), ApiError> {
        match (key.kind, &*key.namespace) {
            (Kind::Lease, LEASES) => monitor(&key.name, desk, client),
            (Kind::Node, ZONES) => judge_zones(desk, client),
            (Kind::Node, ZONE) => taint_zone(&key.name, desk, client),
            (Kind::Node, _) => match client.cache().get(key).and_then(|n| n.node()) {
                Some(node) => taints::write(&key.name, &taints::plan_no_schedule(node), client),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

fn pass_key(name: &Arc<str>) -> Key {
    Key::new(Kind::Lease, LEASES, name.clone())
}

fn note_node(change: &Change<'_>, desk: &mut Desk, now: SimTime) {
    let key = change.object().key();
    // What one looks at in a node, apart from taints that the controller itself sets.
    let facts = |o: &Arc<Object>| {
        o.node()
            .map(|n| (n.status.conditions.clone(), n.unschedulable))
    };
    let taints = |o: &Arc<Object>| o.node().map(|n| n.taints.clone());
    let differs = change.old.map(facts) != change.new.map(facts);
    if differs || change.old.map(taints) != change.new.map(taints) {
        desk.queue.add(key.clone(), woken_by(change));
    }
    if differs {
        wake_monitor(&key.name, change, desk, now);
    }
}

fn note_lease(change: &Change<'_>, desk: &mut Desk, now: SimTime) {
    let key = change.object().key();
    if &*key.namespace == LEASES {
        wake_monitor(&key.name, change, desk, now);
    }
}

fn wake_monitor(name: &Arc<str>, change: &Change<'_>, desk: &mut Desk, now: SimTime) {
    let at = desk
        .options
        .pass_at_or_after(desk.options.node_monitor_period, now);
    desk.queue
        .add_at(pass_key(name), at, timer_after(woken_by(change)));
}

/// One node's part of a monitor pass.
fn monitor(name: &Arc<str>, desk: &mut Desk, client: &mut Client<'_>) -> Result<(), ApiError> {
    let cache = client.cache();
    let Some(node) = cache.find(Kind::Node, "", name).cloned() else {
        return forget(name, desk, client);
    };
    let lease = cache.get(&pass_key(name)).and_then(|o| o.lease()).cloned();
    register(&node, desk, client);
    let now = client.now();
    let lost_at = health::lost_at(
        &node,
        lease.as_ref(),
        desk.notes.nodes.not_before,
        &desk.options,
    );
    let observed = ready_of(&node);
    let mut current = observed;
    match lost_at {
        Some(at) if at <= now && observed == ConditionStatus::Unknown => {}
        Some(at) if at <= now => {
            health::mark_unknown(&node, lease.is_none(), client)?;
            current = ConditionStatus::Unknown;
        }
        Some(at) => desk
            .queue
            .add_at(pass_key(name), at, timer_after(client.trigger())),
        None => {}
    }
    queue_for_taint(&node, current, desk, client)?;
    if current != ConditionStatus::True {
        if observed == ConditionStatus::True {
            let text = message("Node {} status is now: NodeNotReady", [name.into()]);
            desk.recorder
                .normal(client, InvolvedObject::of(&node), "NodeNotReady", text);
            desk.notes.nodes.retry.insert(name.clone());
        }
        if desk.notes.nodes.retry.contains(name) {
            health::mark_pods_not_ready(name, desk, client)?;
        }
    }
    desk.notes.nodes.retry.remove(name);
    judge_later(desk, client);
    Ok(())
}

fn ready_of(node: &Object) -> ConditionStatus {
    node.node()
        .map_or(ConditionStatus::Unknown, |n| n.status.conditions.ready)
}

fn register(node: &Arc<Object>, desk: &mut Desk, client: &mut Client<'_>) {
    let name = &node.meta.name;
    let entry = (zone_of(node), node.meta.uid);
    let nodes = &mut desk.notes.nodes;
    let known = nodes.known.insert(name.clone(), entry.clone());
    nodes.zones.entry(entry.0).or_default();
    // Nodes that were there before the controllers are no news.
    if known.is_none_or(|k| k.1 != node.meta.uid) && node.meta.created >= desk.options.started {
        let text = message(
            "Node {} event: Registered Node {} in Controller",
            [name.into(), name.into()],
        );
        desk.recorder
            .normal(client, InvolvedObject::of(node), "RegisteredNode", text);
    }
}

fn forget(name: &Arc<str>, desk: &mut Desk, client: &mut Client<'_>) -> Result<(), ApiError> {
    let Some((zone, uid)) = desk.notes.nodes.known.remove(name) else {
        return Ok(());
    };
    if let Some(zone) = desk.notes.nodes.zones.get_mut(&zone) {
        zone.queue.retain(|queued| queued != name);
    }
    let about = InvolvedObject {
        kind: Kind::Node,
        namespace: "".into(),
        name: name.clone(),
        uid,
        resource_version: 0,
        field_path: "".into(),
    };
    let text = message(
        "Node {} event: Removing Node {} from Controller",
        [name.into(), name.into()],
    );
    desk.recorder.normal(client, about, "RemovingNode", text);
    judge_later(desk, client);
    Ok(())
}

/// A node that is not Ready waits for its NoExecute taint; one that is Ready loses it.
fn queue_for_taint(
    node: &Arc<Object>,
    ready: ConditionStatus,
    desk: &mut Desk,
    client: &mut Client<'_>,
) -> Result<(), ApiError> {
    let Some(body) = node.node() else {
        return Ok(());
    };
    let name = &node.meta.name;
    let zone_name = zone_of(node);
    let zone = desk.notes.nodes.zones.entry(zone_name.clone()).or_default();
    if ready == ConditionStatus::True {
        zone.queue.retain(|queued| queued != name);
        return taints::write(name, &taints::plan_no_execute(body), client);
    }
    let tainted = |key| body.has_taint(key, taints::NO_EXECUTE);
    let (own, other) = if ready == ConditionStatus::Unknown {
        (taints::UNREACHABLE, taints::NOT_READY)
    } else {
        (taints::NOT_READY, taints::UNREACHABLE)
    };
    if tainted(other) {
        let swap = taints::Swap {
            add: if tainted(own) {
                vec![]
            } else {
                vec![(own, taints::NO_EXECUTE)]
            },
            remove: vec![(other, taints::NO_EXECUTE)],
        };
        return taints::write(name, &swap, client);
    }
    if !tainted(own) && !zone.queue.contains(name) {
        zone.queue.push_back(name.clone());
        wake_zone(&zone_name, desk, client);
    }
    Ok(())
}

fn wake_zone(name: &Arc<str>, desk: &mut Desk, client: &Client<'_>) {
    let Some(due) = desk.notes.nodes.zones.get(name).and_then(zones::Zone::due) else {
        return;
    };
    // The worker looks at its queues between the passes, the first time shortly after this one.
    let soon = client.now() + Span::micros(1);
    let at = desk
        .options
        .pass_at_or_after(desk.options.node_eviction_period, due.max(soon));
    desk.queue.add_at(
        Key::new(Kind::Node, ZONE, name.clone()),
        at,
        timer_after(client.trigger()),
    );
}

/// The worker's visit to one zone: the node whose turn it is gets its NoExecute taint.
fn taint_zone(name: &Arc<str>, desk: &mut Desk, client: &mut Client<'_>) -> Result<(), ApiError> {
    let now = client.now();
    let Some(zone) = desk.notes.nodes.zones.get_mut(name) else {
        return Ok(());
    };
    if let Some(node) = zone.take(now) {
        let cached = client.cache().find(Kind::Node, "", &node).cloned();
        if let Some(body) = cached.as_ref().and_then(|n| n.node()) {
            taints::write(&node, &taints::plan_no_execute(body), client)?;
        }
    }
    wake_zone(name, desk, client);
    Ok(())
}

/// Zones are judged once, after all nodes of this pass.
fn judge_later(desk: &mut Desk, client: &Client<'_>) {
    desk.queue
        .add(Key::new(Kind::Node, ZONES, ""), client.trigger());
}

/// Judges every zone and sets its pace. If all zones are lost it is rather the control plane that
/// is cut off: nobody is evicted then.
fn judge_zones(desk: &mut Desk, client: &mut Client<'_>) -> Result<(), ApiError> {
    let mut counts: BTreeMap<Arc<str>, (i64, i64)> = BTreeMap::new();
    let live: Vec<Arc<Object>> = client.live().list(Kind::Node, None).cloned().collect();
    for node in live
        .iter()
        .filter(|n| desk.notes.nodes.known.contains_key(&n.meta.name))
    {
        let (ready, lost) = counts.entry(zone_of(node)).or_default();
        match ready_of(node) {
            ConditionStatus::True => *ready += 1,
            _ => *lost += 1,
        }
    }
    let (now, options) = (client.now(), desk.options.clone());
    let nodes = &mut desk.notes.nodes;
    let is_full = |state: ZoneState| state == ZoneState::FullDisruption;
    let all_were = !nodes.zones.is_empty() && nodes.zones.values().all(|z| is_full(z.state));
    let states: BTreeMap<Arc<str>, (ZoneState, i64)> = counts
        .into_iter()
        .map(|(zone, (ready, lost))| (zone, (state_of(ready, lost, &options), ready + lost)))
        .collect();
    let all_are = !states.is_empty() && states.values().all(|(state, _)| is_full(*state));
    if all_are && all_were {
        return Ok(());
    }
    if all_were && !all_are {
        nodes.not_before = now;
    }
    let mut wake = Vec::new();
    for (name, zone) in &mut nodes.zones {
        let (state, size) = states.get(name).copied().unwrap_or((ZoneState::Normal, 0));
        zone.state = state;
        zone.set_rate(
            if all_are {
                None
            } else {
                rate_of(state, size, &options)
            },
            now,
        );
        wake.push(name.clone());
    }
    if all_are {
        spare_everyone(&live, desk, client)?;
    }
    if all_were && !all_are {
        // Every node's clock has started again.
        for node in &live {
            let at = options.pass_at_or_after(options.node_monitor_period, now + Span::micros(1));
            desk.queue
                .add_at(pass_key(&node.meta.name), at, timer_after(client.trigger()));
        }
    }
    for zone in wake {
        wake_zone(&zone, desk, client);
    }
    Ok(())
}

/// Takes every NoExecute taint back; the nodes wait for it again.
fn spare_everyone(
    nodes: &[Arc<Object>],
    desk: &mut Desk,
    client: &mut Client<'_>,
) -> Result<(), ApiError> {
    for node in nodes {
        let held = [taints::NOT_READY, taints::UNREACHABLE].into_iter();
        let tainted = |key: &str| {
            node.node()
                .is_some_and(|n| n.has_taint(key, taints::NO_EXECUTE))
        };
        let remove: Vec<_> = held
            .filter(|key| tainted(key))
            .map(|key| (key, taints::NO_EXECUTE))
            .collect();
        let swap = taints::Swap {
            add: Vec::new(),
            remove,
        };
        taints::write(&node.meta.name, &swap, client)?;
        let zone = desk.notes.nodes.zones.entry(zone_of(node)).or_default();
        if !zone.queue.contains(&node.meta.name) {
            zone.queue.push_back(node.meta.name.clone());
        }
    }
    Ok(())
}
