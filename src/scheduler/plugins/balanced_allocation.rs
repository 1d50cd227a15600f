//! Preference for nodes whose use of cpu and memory the pod brings closer together.
//!
//! Upstream: `FP/noderesources/balanced_allocation.go`, which since v1.36 scores the change.

use crate::api::Resources;
use crate::scheduler::cache::{Amounts, Cache, NodeId};
use crate::scheduler::framework::{Cycle, MAX_NODE_SCORE, Plugin, Score};

pub(super) struct NodeResourcesBalancedAllocation;

struct Balance<'a> {
    asked: &'a Resources,
    cache: &'a Cache,
}

/// 100 where cpu and memory are used to the same share, less the further they are apart.
fn balance(has: Amounts, cpu: i64, memory: i64) -> i64 {
    let share = |asked: i64, has: i64| (has != 0).then(|| (asked as f64 / has as f64).min(1.0));
    let deviation = match (share(cpu, has.cpu), share(memory, has.memory)) {
        (Some(cpu), Some(memory)) => ((cpu - memory) / 2.0).abs(),
        _ => 0.0,
    };
    ((1.0 - deviation) * MAX_NODE_SCORE as f64) as i64
}

fn score(has: Amounts, taken: Amounts, asked: &Resources) -> i64 {
    let with = balance(
        has,
        taken.cpu + asked.cpu_milli,
        taken.memory + asked.memory_bytes,
    );
    let without = balance(has, taken.cpu, taken.memory);
    let half = MAX_NODE_SCORE / 2;
    half + (half + with - without) / 2
}

impl Score for Balance<'_> {
    fn score(&self, nodes: &[NodeId]) -> Vec<i64> {
        let one = |id: &NodeId| {
            let node = self.cache.node(*id);
            score(node.allocatable(), node.requested, self.asked)
        };
        nodes.iter().map(one).collect()
    }
}

impl Plugin for NodeResourcesBalancedAllocation {
    fn name(&self) -> &'static str {
        "NodeResourcesBalancedAllocation"
    }

    fn pre_score<'a>(
        &self,
        cycle: Cycle<'a>,
        _feasible: &'a [NodeId],
    ) -> Option<Box<dyn Score + 'a>> {
        let asked = &cycle.class.facts().requests;
        if asked.cpu_milli == 0 && asked.memory_bytes == 0 {
            return None;
        }
        Some(Box::new(Balance {
            asked,
            cache: cycle.cache,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheduler::tests::facts;

    #[test]
    fn scores_the_change_as_in_the_worked_examples() {
        let asks = facts("cpu=500m memory=512Mi").requests;
        let mib = |n: i64| n << 20;
        let has = Amounts {
            cpu: 4000,
            memory: mib(8192),
            ephemeral: 0,
        };
        for (case, cpu, memory, expected) in [
            ("n1", 1000, 1024, 73),
            ("n2", 2000, 1024, 73),
            ("n3", 500, 4096, 76),
        ] {
            let taken = Amounts {
                cpu,
                memory: mib(memory),
                ephemeral: 0,
            };
            assert_eq!(score(has, taken, &asks), expected, "{case}");
        }
        let asks = facts("cpu=200m memory=256Mi").requests;
        let has = Amounts {
            cpu: 2000,
            memory: mib(4096),
            ephemeral: 0,
        };
        assert_eq!(score(has, Amounts::default(), &asks), 74);
    }
}
