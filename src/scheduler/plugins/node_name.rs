//! A pod that names its node goes there or nowhere.
//!
//! Upstream: `FP/nodename/node_name.go`.

use crate::scheduler::cache::{NodeId, NodeInfo};
use crate::scheduler::framework::{
    ClusterEvent, Cycle, Filter, Plugin, PreFilter, Rejection, Waiting,
};

pub(super) struct NodeName;

struct Named<'a>(&'a str);

impl Filter for Named<'_> {
    fn filter(&self, _id: NodeId, node: &NodeInfo) -> Result<(), Rejection> {
        if &*node.name == self.0 {
            return Ok(());
        }
        let reason = "node(s) didn't match the requested node name";
        Err(Rejection::unresolvable(reason))
    }
}

impl Plugin for NodeName {
    fn name(&self) -> &'static str {
        "NodeName"
    }

    fn pre_filter<'a>(&self, cycle: Cycle<'a>) -> PreFilter<'a> {
        match cycle.class.spec.spec.node_name.as_deref() {
            Some(name) if !name.is_empty() => PreFilter::Filter(Box::new(Named(name))),
            _ => PreFilter::Skip,
        }
    }

    fn hint(&self, event: &ClusterEvent<'_>, _waiting: &Waiting<'_>) -> bool {
        matches!(event, ClusterEvent::NodeAdd(..))
    }

    fn wakes_on_any_taint(&self) -> bool {
        true
    }
}
