//! Whether what the pod asks for is left on the node; and the preference for nodes with much left.
//!
//! Upstream: `FP/noderesources/{fit,least_allocated,resource_allocation}.go`. Differs: only
//! LeastAllocated, with cpu and memory at weight 1, as the default configuration has it.

use std::borrow::Cow;

use crate::api::{Object, PodFacts, Resources};
use crate::scheduler::cache::{Amounts, Cache, NodeId, NodeInfo};
use crate::scheduler::framework::{
    ClusterEvent, Cycle, Filter, MAX_NODE_SCORE, Plugin, PreFilter, Reasons, Rejection, Score,
    Waiting,
};

pub(super) struct NodeResourcesFit;

struct Fit<'a>(&'a Resources);

struct LeastAllocated<'a> {
    facts: &'a PodFacts,
    cache: &'a Cache,
}

/// (reason, asked for, taken, allocatable) of the usual resources.
fn usual(asked: &Resources, node: &NodeInfo) -> [(&'static str, i64, i64, i64); 3] {
    let (taken, has) = (node.requested, node.allocatable());
    [
        ("Insufficient cpu", asked.cpu_milli, taken.cpu, has.cpu),
        (
            "Insufficient memory",
            asked.memory_bytes,
            taken.memory,
            has.memory,
        ),
        (
            "Insufficient ephemeral-storage",
            asked.ephemeral_bytes,
            taken.ephemeral,
            has.ephemeral,
        ),
    ]
}

fn short(asked: i64, taken: i64, has: i64) -> bool {
    asked > 0 && asked > has - taken
}

impl Filter for Fit<'_> {
    fn filter(&self, _id: NodeId, node: &NodeInfo) -> Result<(), Rejection> {
        let full = node
            .body
            .as_ref()
            .is_none_or(|body| node.pods + 1 > body.status.pods);
        let usual = usual(self.0, node);
        let fits = usual
            .iter()
            .all(|(_, asked, taken, has)| !short(*asked, *taken, *has));
        if !full && fits && self.0.other.is_empty() {
            return Ok(());
        }
        let mut reasons: Vec<Cow<'static, str>> = Vec::new();
        let mut unresolvable = false;
        if full {
            reasons.push("Too many pods".into());
        }
        for (reason, asked, taken, has) in usual {
            if short(asked, taken, has) {
                reasons.push(reason.into());
                unresolvable |= asked > has;
            }
        }
        for (name, asked) in &self.0.other {
            let of_node = node
                .body
                .as_ref()
                .and_then(|b| b.status.allocatable.other.get(name));
            let has = of_node.copied().unwrap_or(0);
            if short(*asked, node.other.get(name).copied().unwrap_or(0), has) {
                reasons.push(format!("Insufficient {name}").into());
                unresolvable |= *asked > has;
            }
        }
        if reasons.is_empty() {
            return Ok(());
        }
        Err(Rejection {
            unresolvable,
            reasons: Reasons::Many(reasons),
        })
    }
}

/// The share that is left once the pod is there, in percent; averaged over cpu and memory.
fn least_allocated(has: Amounts, taken: Amounts, facts: &PodFacts) -> i64 {
    let (mut sum, mut weights) = (0, 0);
    for (has, asked) in [
        (has.cpu, taken.cpu + facts.non_zero_cpu_milli),
        (has.memory, taken.memory + facts.non_zero_memory_bytes),
    ] {
        if has == 0 {
            continue;
        }
        weights += 1;
        if asked <= has {
            sum += percent(has - asked, has);
        }
    }
    if weights == 0 { 0 } else { sum / weights }
}

/// part·100/whole, cut off; in the width that amounts of memory need.
fn percent(part: i64, whole: i64) -> i64 {
    // A checked product of 64 bits is slow in wasm; here the factor is known.
    if part <= i64::MAX / MAX_NODE_SCORE {
        part.wrapping_mul(MAX_NODE_SCORE) / whole
    } else {
        part / (whole / MAX_NODE_SCORE).max(1)
    }
}

impl Score for LeastAllocated<'_> {
    fn score(&self, nodes: &[NodeId]) -> Vec<i64> {
        let one = |id: &NodeId| {
            let node = self.cache.node(*id);
            least_allocated(node.allocatable(), node.non_zero, self.facts)
        };
        nodes.iter().map(one).collect()
    }
}

/// Whether an empty node would hold the pod.
fn fits_empty(asked: &Resources, node: &Object) -> bool {
    let Some(body) = node.node() else {
        return false;
    };
    let empty = NodeInfo {
        body: Some(body.clone()),
        ..NodeInfo::default()
    };
    Fit(asked).filter(0, &empty).is_ok()
}

/// Whether `new` has more than `old` of something that is asked for.
fn grew(asked: &Resources, old: &Resources, new: &Resources) -> bool {
    (asked.cpu_milli > 0 && new.cpu_milli > old.cpu_milli)
        || (asked.memory_bytes > 0 && new.memory_bytes > old.memory_bytes)
        || (asked.ephemeral_bytes > 0 && new.ephemeral_bytes > old.ephemeral_bytes)
        || asked
            .other
            .keys()
            .any(|name| new.other.get(name) > old.other.get(name))
}

fn requests(object: &Object) -> Option<&Resources> {
    object.pod().map(|pod| &pod.spec.facts.requests)
}

impl Plugin for NodeResourcesFit {
    fn name(&self) -> &'static str {
        "NodeResourcesFit"
    }

    fn pre_filter<'a>(&self, cycle: Cycle<'a>) -> PreFilter<'a> {
        PreFilter::Filter(Box::new(Fit(&cycle.class.facts().requests)))
    }

    fn pre_score<'a>(
        &self,
        cycle: Cycle<'a>,
        _feasible: &'a [NodeId],
    ) -> Option<Box<dyn Score + 'a>> {
        Some(Box::new(LeastAllocated {
            facts: cycle.class.facts(),
            cache: cycle.cache,
        }))
    }

    fn hint(&self, event: &ClusterEvent<'_>, waiting: &Waiting<'_>) -> bool {
        let asked = &waiting.pod.spec.facts.requests;
        match event {
            ClusterEvent::PodDelete(_) => true,
            ClusterEvent::PodUpdate(old, new) => {
                let (Some(old), Some(new)) = (requests(old), requests(new)) else {
                    return false;
                };
                grew(asked, new, old)
            }
            ClusterEvent::OwnUpdate(old, new) => {
                let (Some(old), Some(new)) = (requests(old), requests(new)) else {
                    return false;
                };
                grew(old, new, old)
            }
            ClusterEvent::NodeAdd(node, _) => fits_empty(asked, node),
            ClusterEvent::NodeUpdate(update) => {
                let (old, new) = (&update.old.1.status, &update.new.1.status);
                update.allocatable
                    && fits_empty(asked, update.new.0)
                    && (new.pods > old.pods || grew(asked, &old.allocatable, &new.allocatable))
            }
            _ => false,
        }
    }

    fn wakes_on_any_taint(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheduler::tests::facts;

    #[test]
    fn least_allocated_of_the_worked_examples() {
        let asks = facts("cpu=500m memory=512Mi");
        let mib = |n: i64| n << 20;
        let has = Amounts {
            cpu: 4000,
            memory: mib(8192),
            ephemeral: 0,
        };
        for (case, cpu, memory, score) in [
            ("n1", 1000, 1024, 71),
            ("n2", 2000, 1024, 59),
            ("n3", 500, 4096, 59),
            ("cpu would not fit", 3600, 0, 46),
        ] {
            let taken = Amounts {
                cpu,
                memory: mib(memory),
                ephemeral: 0,
            };
            assert_eq!(least_allocated(has, taken, &asks), score, "{case}");
        }
        let has = Amounts {
            cpu: 2000,
            memory: mib(4096),
            ephemeral: 0,
        };
        for (pods, score) in [(0, 95), (1, 90), (2, 85)] {
            let taken = Amounts {
                cpu: 100 * pods,
                memory: mib(200 * pods),
                ephemeral: 0,
            };
            assert_eq!(
                least_allocated(has, taken, &facts("")),
                score,
                "{pods} before"
            );
        }
    }
}
