//! The extension points: what a plugin may say about a pod, a node and an event.
//!
//! A plugin is stateless; what it works out for one pod (`pre_filter`, `pre_score`) is a value that
//! lives as long as the cycle. Filters are asked node by node, scores for all nodes at once.
//!
//! Upstream: `kube-scheduler/framework/interface.go`, `pkg/scheduler/framework/runtime`. Differs:
//! Reserve, Permit and PreBind are not there, since no plugin here has work at them; Skip is the
//! absence of a filter or score.

use std::borrow::Cow;
use std::sync::Arc;

use crate::api::{NodeBody, Object, PodBody};

use super::cache::{Cache, Class, ClassId, NodeId, NodeInfo};

/// The highest normalised score.
pub(super) const MAX_NODE_SCORE: i64 = 100;

/// One pod looking for a node.
#[derive(Clone, Copy)]
pub(super) struct Cycle<'a> {
    pub(super) cache: &'a Cache,
    pub(super) class: &'a Arc<Class>,
    pub(super) pod: &'a PodBody,
}

/// A scheduling plugin; every extension point has a default that says nothing.
pub(super) trait Plugin: Sync {
    /// As in messages and configuration.
    fn name(&self) -> &'static str;

    /// Why the pod must not enter the queue yet.
    fn pre_enqueue(&self, _pod: &PodBody) -> Option<String> {
        None
    }

    /// Makes the cache count what this plugin will ask for.
    fn prepare(&self, _cache: &mut Cache, _class: ClassId) {}

    /// Looks at the pod before any node.
    fn pre_filter<'a>(&self, _cycle: Cycle<'a>) -> PreFilter<'a> {
        PreFilter::Skip
    }

    /// Looks at the pod and its feasible nodes before scoring; `None` leaves the plugin out.
    fn pre_score<'a>(
        &self,
        _cycle: Cycle<'a>,
        _feasible: &'a [NodeId],
    ) -> Option<Box<dyn Score + 'a>> {
        None
    }

    /// Whether an event may let a pod through that this plugin has rejected.
    fn hint(&self, _event: &ClusterEvent<'_>, _waiting: &Waiting<'_>) -> bool {
        false
    }

    /// Whether any change of a node's taints does that: so it is for plugins that ask for new nodes
    /// but not for changed taints, since taints may have kept them from seeing a node at all.
    fn wakes_on_any_taint(&self) -> bool {
        false
    }
}

/// What a plugin makes of a pod before any node.
pub(super) enum PreFilter<'a> {
    /// Every node will do.
    Skip,
    /// Nodes are to be asked.
    Filter(Box<dyn Filter + 'a>),
    /// Nodes are to be asked, but only those with these names.
    Only(Box<dyn Filter + 'a>, Vec<&'a str>),
    /// No node will do, whatever is removed from it.
    Reject(Cow<'static, str>),
}

/// A plugin's test of nodes for one pod.
pub(super) trait Filter {
    /// Whether the pod can run there.
    fn filter(&self, id: NodeId, node: &NodeInfo) -> Result<(), Rejection>;
}

/// A plugin's preference among nodes for one pod.
pub(super) trait Score {
    /// Raw scores of nodes, in their order.
    fn score(&self, nodes: &[NodeId]) -> Vec<i64>;
    /// Brings raw scores into 0..=100.
    fn normalize(&self, _nodes: &[NodeId], _scores: &mut [i64]) {}
}

/// Why a node will not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rejection {
    /// Removing pods from the node would not help (UnschedulableAndUnresolvable).
    pub(super) unresolvable: bool,
    pub(super) reasons: Reasons,
}

/// One reason, or several of one plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reasons {
    One(&'static str),
    Many(Vec<Cow<'static, str>>),
}

impl Reasons {
    /// The reasons as texts.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        let (one, many) = match self {
            Reasons::One(reason) => (Some(*reason), [].as_slice()),
            Reasons::Many(reasons) => (None, reasons.as_slice()),
        };
        one.into_iter().chain(many.iter().map(|reason| &**reason))
    }
}

impl Rejection {
    /// A rejection that removing pods may lift.
    pub(super) fn unschedulable(reason: &'static str) -> Rejection {
        Rejection {
            unresolvable: false,
            reasons: Reasons::One(reason),
        }
    }

    /// A rejection that removing pods does not lift.
    pub(super) fn unresolvable(reason: &'static str) -> Rejection {
        Rejection {
            unresolvable: true,
            reasons: Reasons::One(reason),
        }
    }
}

/// A change in the cluster that may let a waiting pod through.
pub(super) enum ClusterEvent<'a> {
    NodeAdd(&'a Object, &'a NodeBody),
    NodeUpdate(NodeUpdate<'a>),
    NodeDelete(&'a Object),
    /// A pod is on a node now.
    PodAdd(&'a Object),
    /// A pod on a node has changed.
    PodUpdate(&'a Object, &'a Object),
    /// A pod on a node (or nominated to one) has ended or is gone.
    PodDelete(&'a Object),
    /// A claim, a volume or a storage class has come or changed.
    Storage(&'a Object),
    /// The waiting pod itself has changed.
    OwnUpdate(&'a Object, &'a Object),
}

/// A node before and after a change.
pub(super) struct NodeUpdate<'a> {
    pub(super) old: (&'a Object, &'a NodeBody),
    pub(super) new: (&'a Object, &'a NodeBody),
    pub(super) allocatable: bool,
    pub(super) labels: bool,
    pub(super) taints: bool,
}

/// A pod that waits for an event.
pub(super) struct Waiting<'a> {
    pub(super) object: &'a Object,
    pub(super) pod: &'a PodBody,
    pub(super) cache: &'a Cache,
}

/// 100·s/max, or with `reverse` 100 less that; where all are zero: 0, or 100.
pub(super) fn default_normalize(scores: &mut [i64], reverse: bool) {
    let max = scores.iter().copied().max().unwrap_or(0);
    for score in scores {
        let share = if max == 0 {
            0
        } else {
            MAX_NODE_SCORE * *score / max
        };
        *score = if reverse {
            MAX_NODE_SCORE - share
        } else {
            share
        };
    }
}
