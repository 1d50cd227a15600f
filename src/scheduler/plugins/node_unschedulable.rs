//! Cordoned nodes take no pods but those that tolerate it.
//!
//! Upstream: `FP/nodeunschedulable/node_unschedulable.go`.

use crate::api::{NodeBody, PodFacts};
use crate::scheduler::cache::{NodeId, NodeInfo};
use crate::scheduler::framework::{
    ClusterEvent, Cycle, Filter, Plugin, PreFilter, Rejection, Waiting,
};

pub(super) struct NodeUnschedulable;

const TAINT: &str = "node.kubernetes.io/unschedulable";

fn tolerated(facts: &PodFacts) -> bool {
    let mut tolerations = facts.tolerations.iter();
    tolerations.any(|t| t.tolerates(TAINT, "", "NoSchedule"))
}

struct Cordoned;

impl Filter for Cordoned {
    fn filter(&self, _id: NodeId, node: &NodeInfo) -> Result<(), Rejection> {
        if node.body.as_ref().is_some_and(|body| body.unschedulable) {
            return Err(Rejection::unresolvable("node(s) were unschedulable"));
        }
        Ok(())
    }
}

impl Plugin for NodeUnschedulable {
    fn name(&self) -> &'static str {
        "NodeUnschedulable"
    }

    fn pre_filter<'a>(&self, cycle: Cycle<'a>) -> PreFilter<'a> {
        if tolerated(cycle.class.facts()) {
            PreFilter::Skip
        } else {
            PreFilter::Filter(Box::new(Cordoned))
        }
    }

    fn hint(&self, event: &ClusterEvent<'_>, _waiting: &Waiting<'_>) -> bool {
        let open = |body: &NodeBody| !body.unschedulable;
        match event {
            ClusterEvent::NodeAdd(_, body) => open(body),
            ClusterEvent::NodeUpdate(update) => {
                update.taints && !open(update.old.1) && open(update.new.1)
            }
            ClusterEvent::OwnUpdate(old, new) => {
                let tolerations =
                    |o: &crate::api::Object| o.pod().map_or(0, |p| p.spec.facts.tolerations.len());
                tolerations(old) != tolerations(new)
                    && new.pod().is_some_and(|pod| tolerated(&pod.spec.facts))
            }
            _ => false,
        }
    }
}
