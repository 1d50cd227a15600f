//! nodeSelector and node affinity: required terms filter, preferred ones score.
//!
//! Upstream: `FP/nodeaffinity/node_affinity.go`.

use std::collections::BTreeSet;

use crate::api::{NameRequirement, NodeTerm, Object, Placement};
use crate::scheduler::cache::{Cache, NodeId, NodeInfo};
use crate::scheduler::framework::{
    ClusterEvent, Cycle, Filter, Plugin, PreFilter, Rejection, Score, Waiting, default_normalize,
};

pub(super) struct NodeAffinity;

struct Required<'a>(&'a Placement);

struct Preferred<'a> {
    terms: &'a [(i64, NodeTerm)],
    cache: &'a Cache,
}

impl Filter for Required<'_> {
    fn filter(&self, _id: NodeId, node: &NodeInfo) -> Result<(), Rejection> {
        if self.0.allows_node(&node.name, &node.labels) {
            return Ok(());
        }
        let reason = "node(s) didn't match Pod's node affinity/selector";
        Err(Rejection::unresolvable(reason))
    }
}

impl Score for Preferred<'_> {
    fn score(&self, nodes: &[NodeId]) -> Vec<i64> {
        let sum = |id: &NodeId| {
            let node = self.cache.node(*id);
            let matching = self
                .terms
                .iter()
                .filter(|(_, term)| term.matches(&node.name, &node.labels));
            matching.map(|(weight, _)| weight).sum()
        };
        nodes.iter().map(sum).collect()
    }

    fn normalize(&self, _nodes: &[NodeId], scores: &mut [i64]) {
        default_normalize(scores, false);
    }
}

/// The names to which every term restricts the node, if each does. Terms are alternatives,
/// requirements of one term add up.
fn names(placement: &Placement) -> Option<BTreeSet<&str>> {
    let mut all = BTreeSet::new();
    for term in placement
        .required_nodes
        .as_ref()
        .filter(|terms| !terms.is_empty())?
    {
        let mut of_term: Option<BTreeSet<&str>> = None;
        for requirement in &term.names {
            if let NameRequirement::In(names) = requirement {
                let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
                of_term = Some(match of_term {
                    Some(before) => before.intersection(&names).copied().collect(),
                    None => names,
                });
            }
        }
        all.extend(of_term?);
    }
    Some(all)
}

impl Plugin for NodeAffinity {
    fn name(&self) -> &'static str {
        "NodeAffinity"
    }

    fn pre_filter<'a>(&self, cycle: Cycle<'a>) -> PreFilter<'a> {
        let placement = &cycle.class.facts().placement;
        if !placement.restricts_nodes() {
            return PreFilter::Skip;
        }
        let filter = Box::new(Required(placement));
        match names(placement) {
            None => PreFilter::Filter(filter),
            Some(names) if names.is_empty() => {
                PreFilter::Reject("pod affinity terms conflict".into())
            }
            Some(names) => PreFilter::Only(filter, names.into_iter().collect()),
        }
    }

    fn pre_score<'a>(
        &self,
        cycle: Cycle<'a>,
        _feasible: &'a [NodeId],
    ) -> Option<Box<dyn Score + 'a>> {
        let terms = &cycle.class.facts().placement.preferred_nodes;
        if terms.is_empty() {
            return None;
        }
        Some(Box::new(Preferred {
            terms,
            cache: cycle.cache,
        }))
    }

    fn hint(&self, event: &ClusterEvent<'_>, waiting: &Waiting<'_>) -> bool {
        let placement = &waiting.pod.spec.facts.placement;
        let allows = |node: &Object| placement.allows_node(&node.meta.name, &node.meta.labels);
        match event {
            ClusterEvent::NodeAdd(node, _) => allows(node),
            ClusterEvent::NodeUpdate(update) => {
                update.labels && !allows(update.old.0) && allows(update.new.0)
            }
            _ => false,
        }
    }

    fn wakes_on_any_taint(&self) -> bool {
        true
    }
}
