//! One pod's search for a node: filters over the nodes in order, scores, and the choice.
//!
//! Upstream: `pkg/scheduler/schedule_one.go`, `framework/runtime/framework.go`. Differs: nodes are
//! examined one after the other, so the feasible list has one order (upstream's 16 workers race).

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::api::Uid;

use super::cache::{Cache, ClassId, NodeId, NodeInfo};
use super::framework::{Cycle, Filter, PreFilter, Rejection};
use super::plugins::PLUGINS;
use super::queue::Rejectors;

const FEASIBLE_MIN: usize = 100;
const PERCENTAGE_MIN: usize = 5;

/// Pods that have been promised room on a node, by node name.
pub(super) type Nominations = BTreeMap<std::sync::Arc<str>, Vec<Nomination>>;

/// One promise.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Nomination {
    pub(super) uid: Uid,
    pub(super) priority: i32,
    pub(super) class: ClassId,
}

/// The plugins that have something to say about a pod's nodes.
pub(super) struct Filters<'a> {
    cycle: Cycle<'a>,
    active: Vec<(usize, Box<dyn Filter + 'a>)>,
    /// Only these nodes, as these plugins want it.
    only: Option<Vec<NodeId>>,
    restricted_by: Vec<usize>,
}

/// What was found out about the nodes.
#[derive(Default)]
pub(super) struct Diagnosis {
    pub(super) feasible: Vec<NodeId>,
    pub(super) rejected: Vec<Rejected>,
    /// Nodes that were not looked at since a plugin named others: the plugins.
    pub(super) restricted_by: Vec<usize>,
    /// A plugin let no node pass, without looking at any.
    pub(super) pre_filter: Option<(usize, Cow<'static, str>)>,
    pub(super) processed: usize,
}

/// A node that will not do.
pub(super) struct Rejected {
    pub(super) node: NodeId,
    pub(super) plugin: usize,
    pub(super) rejection: Rejection,
}

impl Diagnosis {
    /// The plugins that kept the pod from its nodes.
    pub(super) fn rejectors(&self) -> Rejectors {
        let rejected = self.rejected.iter().map(|rejected| rejected.plugin);
        let all = rejected.chain(self.restricted_by.iter().copied());
        let all = all.chain(self.pre_filter.iter().map(|(plugin, _)| *plugin));
        all.fold(0, |bits, plugin| bits | (1 << plugin))
    }
}

impl<'a> Filters<'a> {
    /// Runs PreFilter. Errors: the plugin that lets no node pass, and why.
    pub(super) fn new(cycle: Cycle<'a>) -> Result<Filters<'a>, (usize, Cow<'static, str>)> {
        let mut filters = Filters {
            cycle,
            active: Vec::with_capacity(PLUGINS.len()),
            only: None,
            restricted_by: Vec::new(),
        };
        for (index, row) in PLUGINS.iter().enumerate() {
            match row.plugin.pre_filter(cycle) {
                PreFilter::Skip => {}
                PreFilter::Filter(filter) => filters.active.push((index, filter)),
                PreFilter::Only(filter, names) => {
                    filters.active.push((index, filter));
                    filters.restricted_by.push(index);
                    let nodes = names.iter().filter_map(|name| cycle.cache.find_node(name));
                    filters.only = Some(nodes.collect());
                }
                PreFilter::Reject(why) => return Err((index, why)),
            }
        }
        Ok(filters)
    }

    /// Asks every plugin about one node; the first that rejects it ends it.
    pub(super) fn check(&self, id: NodeId) -> Result<(), (usize, Rejection)> {
        let node = self.cycle.cache.node(id);
        for (index, filter) in &self.active {
            filter
                .filter(id, node)
                .map_err(|rejection| (*index, rejection))?;
        }
        Ok(())
    }
}

/// How many feasible nodes are enough: all of them below 100 nodes, then a share that falls from
/// one half to a twentieth.
pub(super) fn feasible_wanted(nodes: usize) -> usize {
    if nodes < FEASIBLE_MIN {
        return nodes;
    }
    let percentage = 50usize.saturating_sub(nodes / 125).max(PERCENTAGE_MIN);
    (nodes * percentage / 100).max(FEASIBLE_MIN)
}

/// Looks for feasible nodes, from the `start`-th of the list on.
pub(super) fn find_feasible(
    cycle: Cycle<'_>,
    uid: Uid,
    nominations: &Nominations,
    start: usize,
) -> Diagnosis {
    let mut diagnosis = Diagnosis::default();
    let filters = match Filters::new(cycle) {
        Ok(filters) => filters,
        Err(why) => {
            diagnosis.pre_filter = Some(why);
            return diagnosis;
        }
    };
    let check = |id: NodeId| {
        check_with_nominated(cycle, uid, nominations, id)?;
        filters.check(id)
    };
    if let Some(nominated) = cycle.pod.status.nominated_node.as_deref() {
        let node = cycle.cache.find_node(nominated);
        if let Some(id) = node.filter(|id| check(*id).is_ok()) {
            diagnosis.feasible.push(id);
            return diagnosis;
        }
    }
    let nodes = filters.only.as_ref().unwrap_or(cycle.cache.order());
    let wanted = feasible_wanted(nodes.len());
    let (before, after) = nodes.split_at(start.checked_rem(nodes.len()).unwrap_or(0));
    for id in after.iter().chain(before) {
        match check(*id) {
            // Upstream stops when it has found one more than it wants.
            Ok(()) if diagnosis.feasible.len() == wanted => break,
            Ok(()) => diagnosis.feasible.push(*id),
            Err((plugin, rejection)) => diagnosis.rejected.push(Rejected {
                node: *id,
                plugin,
                rejection,
            }),
        }
    }
    diagnosis.processed = diagnosis.feasible.len() + diagnosis.rejected.len();
    diagnosis.restricted_by = filters.restricted_by;
    diagnosis
}

/// Whether the pod fits beside the pods that were promised room on the node and go before it.
fn check_with_nominated(
    cycle: Cycle<'_>,
    uid: Uid,
    nominations: &Nominations,
    id: NodeId,
) -> Result<(), (usize, Rejection)> {
    if nominations.is_empty() {
        return Ok(());
    }
    let node: &NodeInfo = cycle.cache.node(id);
    let promised = nominations.get(&node.name).into_iter().flatten();
    let priority = cycle.class.facts().priority;
    let before: Vec<&Nomination> = promised
        .filter(|n| n.priority >= priority && n.uid != uid)
        .collect();
    if before.is_empty() {
        return Ok(());
    }
    let mut cache: Cache = cycle.cache.clone();
    for nomination in before {
        cache.book(nomination.class, &node.name, false, 1);
    }
    let with = Cycle {
        cache: &cache,
        ..cycle
    };
    match Filters::new(with) {
        Ok(filters) => filters.check(id),
        Err(_) => Ok(()),
    }
}

/// One plugin's scores of the feasible nodes, in their order.
pub(super) struct PluginScores {
    pub(super) plugin: usize,
    pub(super) raw: Vec<i64>,
    pub(super) normalised: Vec<i64>,
}

/// Asks every scoring plugin about the feasible nodes.
pub(super) fn score(cycle: Cycle<'_>, feasible: &[NodeId]) -> Vec<PluginScores> {
    let mut scores = Vec::new();
    for (plugin, row) in PLUGINS.iter().enumerate() {
        if let Some(score) = row.plugin.pre_score(cycle, feasible) {
            let raw = score.score(feasible);
            let mut normalised = raw.clone();
            score.normalize(feasible, &mut normalised);
            scores.push(PluginScores {
                plugin,
                raw,
                normalised,
            });
        }
    }
    scores
}

/// The weighted sums.
pub(super) fn totals(scores: &[PluginScores], nodes: usize) -> Vec<i64> {
    let mut totals = vec![0; nodes];
    for one in scores {
        let weight = PLUGINS.get(one.plugin).map_or(0, |row| row.weight);
        for (total, score) in totals.iter_mut().zip(&one.normalised) {
            // A checked product of 64 bits is slow in wasm; scores end at 100, weights are small.
            *total += score.wrapping_mul(weight);
        }
    }
    totals
}

/// The index of the node that upstream's heap brings to its top: a highest one, and among equals
/// the one that the sifting lifts.
pub(super) fn choose(totals: &[i64]) -> Option<usize> {
    let mut heap: Vec<usize> = (0..totals.len()).collect();
    let total = |heap: &[usize], at: usize| {
        heap.get(at)
            .and_then(|index| totals.get(*index))
            .copied()
            .unwrap_or(i64::MIN)
    };
    for root in (0..heap.len() / 2).rev() {
        let mut parent = root;
        loop {
            let (left, right) = (2 * parent + 1, 2 * parent + 2);
            if left >= heap.len() {
                break;
            }
            let better = right < heap.len() && total(&heap, right) > total(&heap, left);
            let child = if better { right } else { left };
            if total(&heap, child) <= total(&heap, parent) {
                break;
            }
            heap.swap(parent, child);
            parent = child;
        }
    }
    heap.first().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wants_as_many_feasible_nodes_as_the_reference_says() {
        for (nodes, wanted) in [
            (3, 3),
            (99, 99),
            (100, 100),
            (250, 120),
            (1000, 420),
            (5000, 500),
            (6000, 300),
            (8000, 400),
        ] {
            assert_eq!(feasible_wanted(nodes), wanted, "{nodes}");
        }
    }

    #[test]
    fn equals_are_chosen_by_heap_order() {
        for (totals, winner) in [
            ([5, 5, 5].as_slice(), 0),
            (&[1, 5, 5], 1),
            (&[1, 1, 5], 2),
            (&[1, 1, 1, 5, 5], 3),
            (&[1, 1, 5, 5, 1], 3),
            (&[1, 1, 5, 5], 3),
            (&[1, 5, 5, 5, 5], 1),
            (&[7], 0),
        ] {
            assert_eq!(choose(totals), Some(winner), "{totals:?}");
        }
        assert_eq!(choose(&[]), None);
    }
}
