//! Taints of nodes against tolerations of the pod.
//!
//! Upstream: `FP/tainttoleration/taint_toleration.go`.

use crate::api::{PodFacts, Taint};
use crate::scheduler::cache::{Cache, NodeId, NodeInfo};
use crate::scheduler::framework::{
    ClusterEvent, Cycle, Filter, Plugin, PreFilter, Rejection, Score, Waiting, default_normalize,
};

pub(super) struct TaintToleration;

struct Tolerations<'a> {
    facts: &'a PodFacts,
    cache: &'a Cache,
}

/// Whether no taint keeps the pod off the node.
pub(super) fn tolerates(facts: &PodFacts, taints: &[Taint]) -> bool {
    taints
        .iter()
        .all(|taint| &*taint.effect == "PreferNoSchedule" || tolerates_one(facts, taint))
}

fn tolerates_one(facts: &PodFacts, taint: &Taint) -> bool {
    let mut tolerations = facts.tolerations.iter();
    tolerations.any(|t| t.tolerates(&taint.key, &taint.value, &taint.effect))
}

impl Filter for Tolerations<'_> {
    fn filter(&self, _id: NodeId, node: &NodeInfo) -> Result<(), Rejection> {
        let taints = node.body.as_ref().map(|body| &*body.taints);
        if tolerates(self.facts, taints.unwrap_or_default()) {
            return Ok(());
        }
        Err(Rejection::unresolvable("node(s) had untolerated taint(s)"))
    }
}

impl Score for Tolerations<'_> {
    fn score(&self, nodes: &[NodeId]) -> Vec<i64> {
        if !self.cache.has_soft_taints() {
            return vec![0; nodes.len()];
        }
        let count = |id: &NodeId| {
            let taints = self
                .cache
                .node(*id)
                .body
                .iter()
                .flat_map(|b| b.taints.iter());
            let soft = taints.filter(|taint| &*taint.effect == "PreferNoSchedule");
            soft.map(|taint| i64::from(!tolerates_one(self.facts, taint)))
                .sum()
        };
        nodes.iter().map(count).collect()
    }

    fn normalize(&self, _nodes: &[NodeId], scores: &mut [i64]) {
        default_normalize(scores, true);
    }
}

impl Plugin for TaintToleration {
    fn name(&self) -> &'static str {
        "TaintToleration"
    }

    fn pre_filter<'a>(&self, cycle: Cycle<'a>) -> PreFilter<'a> {
        PreFilter::Filter(Box::new(Tolerations {
            facts: cycle.class.facts(),
            cache: cycle.cache,
        }))
    }

    fn pre_score<'a>(
        &self,
        cycle: Cycle<'a>,
        _feasible: &'a [NodeId],
    ) -> Option<Box<dyn Score + 'a>> {
        Some(Box::new(Tolerations {
            facts: cycle.class.facts(),
            cache: cycle.cache,
        }))
    }

    fn hint(&self, event: &ClusterEvent<'_>, waiting: &Waiting<'_>) -> bool {
        let tolerated = |taints: &[Taint]| tolerates(&waiting.pod.spec.facts, taints);
        match event {
            ClusterEvent::NodeAdd(_, body) => tolerated(&body.taints),
            ClusterEvent::NodeUpdate(update) => {
                update.taints && !tolerated(&update.old.1.taints) && tolerated(&update.new.1.taints)
            }
            ClusterEvent::OwnUpdate(old, new) => {
                let count =
                    |o: &crate::api::Object| o.pod().map_or(0, |p| p.spec.facts.tolerations.len());
                count(old) != count(new)
            }
            _ => false,
        }
    }
}
