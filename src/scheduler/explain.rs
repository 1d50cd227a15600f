//! A decision told again: which nodes failed at which plugin, and how the others were scored.
//!
//! Upstream: none; the real scheduler shows this only in its log at level 10.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::{Key, Object, Order, Uid};
use crate::apiserver::Snapshot;

use super::Scheduler;
use super::cache::{Cache, NodeId};
use super::cycle::{self, Nominations};
use super::framework::Cycle;
use super::plugins::PLUGINS;
use super::report;

/// What the scheduler makes of a pod at a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// In the order in which nodes are listed; nodes that were not examined are left out.
    pub nodes: Vec<NodeVerdict>,
    /// The node that wins, if any will do.
    pub chosen: Option<Arc<str>>,
}

/// One node in a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeVerdict {
    pub node: Arc<str>,
    /// The plugin that rejected the node, and its reasons.
    pub failed: Option<(&'static str, String)>,
    /// Empty for a rejected node, or if it was the only one left (nothing is scored then).
    pub scores: Vec<Scored>,
    /// Sum of normalised score × weight.
    pub total: i64,
}

/// One plugin's score of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scored {
    pub plugin: &'static str,
    pub raw: i64,
    pub normalised: i64,
    pub weight: i64,
}

impl Scheduler {
    /// Decides about a pod as if it had no node yet, from what a snapshot holds. `None` if the
    /// snapshot has no such pod.
    pub fn explain(&self, key: &Key, snapshot: Snapshot<'_>) -> Option<Decision> {
        let object = snapshot.get(key)?;
        let pod = object.pod()?;
        let mut cache = Cache::of(snapshot, |other| other.key() == *key);
        let class = cache.class_of(object, pod);
        for row in PLUGINS {
            row.plugin.prepare(&mut cache, class);
        }
        let cycle = Cycle {
            cache: &cache,
            class: cache.class(class),
            pod,
        };
        Some(decide(cycle, object.meta.uid, self.next_start_node))
    }
}

/// Where pods of one kind find room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// How many each node takes, by name; nodes that take none are left out.
    pub nodes: BTreeMap<Arc<str>, u32>,
    /// Why the next one finds no node; `None` if the count was ended before that.
    pub then: Option<String>,
}

impl Scheduler {
    /// Places pods like this one, one after the other, into what a snapshot holds but for the pods
    /// that `but` names, until there is no room or `most` are placed.
    pub fn room_for(
        &self,
        object: &Object,
        snapshot: Snapshot<'_>,
        but: impl Fn(&Object) -> bool,
        most: u32,
    ) -> Room {
        let mut room = Room {
            nodes: BTreeMap::new(),
            then: None,
        };
        let Some(pod) = object.pod() else { return room };
        let mut cache = Cache::of(snapshot, but);
        let class = cache.class_of(object, pod);
        for row in PLUGINS {
            row.plugin.prepare(&mut cache, class);
        }
        let mut start = self.next_start_node;
        for _ in 0..most {
            let cycle = Cycle {
                cache: &cache,
                class: cache.class(class),
                pod,
            };
            let found = cycle::find_feasible(cycle, object.meta.uid, &Nominations::new(), start);
            let nodes = cache.order().len();
            start = (start + found.processed) % nodes.max(1);
            let totals = cycle::totals(&cycle::score(cycle, &found.feasible), found.feasible.len());
            let winner = cycle::choose(&totals).and_then(|at| found.feasible.get(at));
            let Some(node) = winner.map(|id| cache.node(*id).name.clone()) else {
                room.then = Some(report::fit_error(&found, nodes));
                break;
            };
            cache.book(class, &node, false, 1);
            *room.nodes.entry(node).or_default() += 1;
        }
        room
    }
}

/// The decision of one cycle.
pub(super) fn decide(cycle: Cycle<'_>, uid: Uid, start: usize) -> Decision {
    let cache = cycle.cache;
    let diagnosis = cycle::find_feasible(cycle, uid, &Nominations::new(), start);
    let feasible = &diagnosis.feasible;
    let scores = if feasible.len() > 1 {
        cycle::score(cycle, feasible)
    } else {
        Vec::new()
    };
    let totals = cycle::totals(&scores, feasible.len());
    let winner = cycle::choose(&totals).and_then(|index| feasible.get(index));
    let name = |id: &NodeId| cache.node(*id).name.clone();
    let mut verdicts: Vec<(NodeId, NodeVerdict)> = Vec::new();
    for (index, id) in feasible.iter().enumerate() {
        let scored = scores.iter().filter_map(|one| {
            let row = PLUGINS.get(one.plugin)?;
            Some(Scored {
                plugin: row.plugin.name(),
                raw: *one.raw.get(index)?,
                normalised: *one.normalised.get(index)?,
                weight: row.weight,
            })
        });
        let verdict = NodeVerdict {
            node: name(id),
            failed: None,
            scores: scored.collect(),
            total: totals.get(index).copied().unwrap_or(0),
        };
        verdicts.push((*id, verdict));
    }
    for rejected in &diagnosis.rejected {
        let plugin = PLUGINS
            .get(rejected.plugin)
            .map_or("", |row| row.plugin.name());
        let reasons: Vec<&str> = rejected.rejection.reasons.iter().collect();
        verdicts.push((
            rejected.node,
            failed(name(&rejected.node), plugin, reasons.join(", ")),
        ));
    }
    if let Some((plugin, why)) = &diagnosis.pre_filter {
        let plugin = PLUGINS.get(*plugin).map_or("", |row| row.plugin.name());
        let all = cache.order().iter();
        verdicts.extend(all.map(|id| (*id, failed(name(id), plugin, why.to_string()))));
    }
    let order = cache.order();
    verdicts.order_by_key(|(id, _)| order.iter().position(|other| other == id));
    Decision {
        nodes: verdicts.into_iter().map(|(_, verdict)| verdict).collect(),
        chosen: winner.map(name),
    }
}

fn failed(node: Arc<str>, plugin: &'static str, reasons: String) -> NodeVerdict {
    NodeVerdict {
        node,
        failed: Some((plugin, reasons)),
        scores: Vec::new(),
        total: 0,
    }
}
