//! Spreading over domains: hard constraints filter, soft ones and the system's defaults score.
//!
//! Upstream: `FP/podtopologyspread/{filtering,scoring,plugin}.go`.

use crate::api::{Object, Placement, SpreadConstraint};
use crate::scheduler::cache::{Cache, ClassId, Constraint, Counter, NodeId, NodeInfo, Topology};
use crate::scheduler::framework::{
    ClusterEvent, Cycle, Filter, MAX_NODE_SCORE, NodeUpdate, Plugin, PreFilter, Rejection, Score,
    Waiting,
};

use super::taint_toleration::tolerates;

pub(super) struct PodTopologySpread;

const HOSTNAME: &str = "kubernetes.io/hostname";
const MISSING_LABEL: &str =
    "node(s) didn't match pod topology spread constraints (missing required label)";
const SKEWED: &str = "node(s) didn't match pod topology spread constraints";

/// A constraint with what the cache counts for it.
struct Counted<'a> {
    constraint: &'a Constraint,
    topology: &'a Topology,
    counter: Option<&'a Counter>,
}

fn counted<'a>(cycle: Cycle<'a>, hard: bool) -> Vec<Counted<'a>> {
    let constraints = cycle
        .class
        .spread
        .iter()
        .flat_map(|spread| &spread.constraints);
    let wanted = constraints.filter(|constraint| constraint.hard == hard);
    wanted
        .filter_map(|constraint| {
            Some(Counted {
                constraint,
                topology: cycle.cache.topology(&constraint.key)?,
                counter: constraint.counter.and_then(|id| cycle.cache.counter(id)),
            })
        })
        .collect()
}

impl Counted<'_> {
    fn on_node(&self, node: NodeId) -> i64 {
        self.counter
            .map_or(0, |counter| i64::from(counter.counts.get(node)))
    }

    /// Whether the pods of a node count, by the constraint's inclusion policies.
    fn includes(&self, cycle: Cycle<'_>, node: &NodeInfo) -> bool {
        let facts = cycle.class.facts();
        let taints = node.body.as_ref().map(|body| &*body.taints);
        (!self.constraint.honor_node_affinity
            || facts.placement.allows_node(&node.name, &node.labels))
            && (!self.constraint.honor_node_taints || tolerates(facts, taints.unwrap_or_default()))
    }

    fn includes_all(&self, cycle: Cycle<'_>) -> bool {
        !self.constraint.honor_node_taints
            && (!self.constraint.honor_node_affinity
                || !cycle.class.facts().placement.restricts_nodes())
    }
}

/// Pods by domain, `None` for domains that do not count, over nodes that have all keys.
fn by_domain(cycle: Cycle<'_>, all: &[Counted<'_>], keys_needed: bool) -> Vec<Vec<Option<i64>>> {
    let mut sums: Vec<_> = all.iter().map(|c| vec![None; c.topology.len()]).collect();
    for id in cycle.cache.order().iter().copied() {
        if keys_needed && all.iter().any(|c| c.topology.domain(id) == 0) {
            continue;
        }
        for (one, sums) in all.iter().zip(&mut sums) {
            if one.includes(cycle, cycle.cache.node(id))
                && let Some(sum) = sums.get_mut(one.topology.domain(id) as usize)
            {
                *sum = Some(sum.unwrap_or(0) + one.on_node(id));
            }
        }
    }
    sums
}

struct Hard<'a> {
    constraints: Vec<(Counted<'a>, Vec<Option<i64>>, i64)>,
}

impl<'a> Hard<'a> {
    fn new(cycle: Cycle<'a>, constraints: Vec<Counted<'a>>) -> Hard<'a> {
        let sums = by_domain(cycle, &constraints, true);
        let with_minimum = constraints.into_iter().zip(sums).map(|(constraint, sums)| {
            // Domain 0 is no domain.
            let counts = sums.iter().skip(1).flatten();
            let domains = i64::try_from(counts.clone().count()).unwrap_or(i64::MAX);
            let least = counts.copied().min().unwrap_or(0);
            let enough = domains >= constraint.constraint.min_domains;
            (constraint, sums, if enough { least } else { 0 })
        });
        Hard {
            constraints: with_minimum.collect(),
        }
    }
}

impl Filter for Hard<'_> {
    fn filter(&self, id: NodeId, _node: &NodeInfo) -> Result<(), Rejection> {
        for (counted, sums, minimum) in &self.constraints {
            let domain = counted.topology.domain(id);
            if domain == 0 {
                return Err(Rejection::unresolvable(MISSING_LABEL));
            }
            let count = sums.get(domain as usize).copied().flatten().unwrap_or(0);
            let itself = i64::from(counted.constraint.finds_itself);
            if count + itself - minimum > counted.constraint.max_skew {
                return Err(Rejection::unschedulable(SKEWED));
            }
        }
        Ok(())
    }
}

struct Soft<'a> {
    constraints: Vec<SoftConstraint<'a>>,
    /// Nodes that lack a key are left out; so it is with constraints of the pod's own.
    keys_needed: bool,
}

struct SoftConstraint<'a> {
    counted: Counted<'a>,
    /// Pods by domain; empty for the hostname, which is counted node by node.
    sums: Sums<'a>,
    weight: f64,
}

enum Sums<'a> {
    ByNode,
    Kept(&'a [i64]),
    Own(Vec<Option<i64>>),
}

impl<'a> Soft<'a> {
    fn new(cycle: Cycle<'a>, all: Vec<Counted<'a>>, keys_needed: bool, nodes: &[NodeId]) -> Self {
        let lacks = |all: &[Counted<'_>], id: NodeId| {
            keys_needed && all.iter().any(|c| c.topology.domain(id) == 0)
        };
        let scored: Vec<NodeId> = nodes
            .iter()
            .copied()
            .filter(|id| !lacks(&all, *id))
            .collect();
        // Sums that the cache keeps hold every node's pods: they serve unless some do not count.
        let kept = !(keys_needed && all.len() > 1) && all.iter().all(|c| c.includes_all(cycle));
        let mut own = if kept || all.iter().all(|c| &*c.constraint.key == HOSTNAME) {
            Vec::new()
        } else {
            by_domain(cycle, &all, keys_needed)
        }
        .into_iter();
        let constraints = all.into_iter().map(|counted| {
            let own = own.next();
            let by_node = &*counted.constraint.key == HOSTNAME;
            let size = if by_node {
                scored.len()
            } else {
                distinct(counted.topology, &scored)
            };
            let sums = match (by_node, own) {
                (true, _) => Sums::ByNode,
                (false, Some(own)) => Sums::Own(own),
                (false, None) => Sums::Kept(
                    counted
                        .counter
                        .and_then(|c| c.domains(&counted.constraint.key))
                        .unwrap_or(&[]),
                ),
            };
            let weight = libm::log((size + 2) as f64);
            SoftConstraint {
                counted,
                sums,
                weight,
            }
        });
        Soft {
            constraints: constraints.collect(),
            keys_needed,
        }
    }

    fn ignores(&self, id: NodeId) -> bool {
        let mut constraints = self.constraints.iter();
        self.keys_needed && constraints.any(|c| c.counted.topology.domain(id) == 0)
    }
}

/// How many domains the nodes are in; those without the label together count as one.
fn distinct(topology: &Topology, nodes: &[NodeId]) -> usize {
    if topology.is_empty() {
        return usize::from(!nodes.is_empty());
    }
    let mut seen = vec![false; topology.len()];
    for id in nodes {
        if let Some(seen) = seen.get_mut(topology.domain(*id) as usize) {
            *seen = true;
        }
    }
    seen.into_iter().filter(|seen| *seen).count()
}

impl Score for Soft<'_> {
    fn score(&self, nodes: &[NodeId]) -> Vec<i64> {
        let one = |id: &NodeId| {
            if self.ignores(*id) {
                return 0;
            }
            let mut score = 0.0;
            for SoftConstraint {
                counted,
                sums,
                weight,
            } in &self.constraints
            {
                let domain = counted.topology.domain(*id) as usize;
                if domain == 0 {
                    continue;
                }
                let count = match sums {
                    Sums::ByNode => counted.on_node(*id),
                    Sums::Kept(sums) => sums.get(domain).copied().unwrap_or(0),
                    Sums::Own(sums) => sums.get(domain).copied().flatten().unwrap_or(0),
                };
                score += count as f64 * weight + (counted.constraint.max_skew - 1) as f64;
            }
            score.round() as i64
        };
        nodes.iter().map(one).collect()
    }

    fn normalize(&self, nodes: &[NodeId], scores: &mut [i64]) {
        let counts = |id: &NodeId| !self.ignores(*id);
        let scored = || {
            nodes
                .iter()
                .zip(&*scores)
                .filter(|(id, _)| counts(id))
                .map(|(_, s)| *s)
        };
        let (min, max) = (scored().min().unwrap_or(0), scored().max().unwrap_or(0));
        for (id, score) in nodes.iter().zip(scores) {
            *score = match max {
                _ if !counts(id) => 0,
                0 => MAX_NODE_SCORE,
                _ => MAX_NODE_SCORE * (max + min - *score) / max,
            };
        }
    }
}

impl Plugin for PodTopologySpread {
    fn name(&self) -> &'static str {
        "PodTopologySpread"
    }

    fn prepare(&self, cache: &mut Cache, class: ClassId) {
        cache.ensure_spread(class);
    }

    fn pre_filter<'a>(&self, cycle: Cycle<'a>) -> PreFilter<'a> {
        let constraints = counted(cycle, true);
        if constraints.is_empty() {
            return PreFilter::Skip;
        }
        PreFilter::Filter(Box::new(Hard::new(cycle, constraints)))
    }

    fn pre_score<'a>(
        &self,
        cycle: Cycle<'a>,
        feasible: &'a [NodeId],
    ) -> Option<Box<dyn Score + 'a>> {
        let constraints = counted(cycle, false);
        if constraints.is_empty() {
            return None;
        }
        let own = cycle
            .class
            .spread
            .as_ref()
            .is_some_and(|spread| !spread.defaulted);
        Some(Box::new(Soft::new(cycle, constraints, own, feasible)))
    }

    fn hint(&self, event: &ClusterEvent<'_>, waiting: &Waiting<'_>) -> bool {
        let placement = &waiting.pod.spec.facts.placement;
        let same_namespace = |o: &Object| o.meta.namespace == waiting.object.meta.namespace;
        let found = |o: &Object, c: &&SpreadConstraint| {
            let selector = c.selector_for(&waiting.object.meta.labels);
            selector.is_some_and(|s| s.matches(&o.meta.labels))
        };
        let hard = || placement.spread.iter().filter(|c| c.hard);
        let differs = |old: &Object, new: &Object| hard().any(|c| found(old, &c) != found(new, &c));
        match event {
            ClusterEvent::PodAdd(pod) | ClusterEvent::PodDelete(pod) => {
                same_namespace(pod) && hard().any(|c| found(pod, &c))
            }
            ClusterEvent::PodUpdate(old, new) => same_namespace(new) && differs(old, new),
            ClusterEvent::OwnUpdate(old, new) => {
                differs(old, new)
                    || (tolerations(old) != tolerations(new)
                        && placement.spread.iter().any(|c| c.honor_node_taints))
            }
            ClusterEvent::NodeAdd(node, _) | ClusterEvent::NodeDelete(node) => {
                has_all_keys(placement, node)
            }
            ClusterEvent::NodeUpdate(update) => node_hint(placement, update),
            ClusterEvent::Storage(_) => false,
        }
    }
}

fn tolerations(object: &Object) -> usize {
    object
        .pod()
        .map_or(0, |pod| pod.spec.facts.tolerations.len())
}

fn has_all_keys(placement: &Placement, node: &Object) -> bool {
    let mut hard = placement.spread.iter().filter(|c| c.hard);
    hard.all(|c| node.meta.label(&c.topology_key).is_some())
}

fn node_hint(placement: &Placement, update: &NodeUpdate<'_>) -> bool {
    let (old, new) = (update.old.0, update.new.0);
    let (before, after) = (has_all_keys(placement, old), has_all_keys(placement, new));
    let mut hard = placement.spread.iter().filter(|c| c.hard);
    (update.labels || update.taints)
        && (before != after
            || (after
                && (update.taints
                    || hard.any(|c| {
                        old.meta.label(&c.topology_key) != new.meta.label(&c.topology_key)
                    }))))
}
