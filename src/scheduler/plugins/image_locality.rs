//! Preference for nodes that already hold the pod's images.
//!
//! Upstream: `FP/imagelocality/image_locality.go`. Differs: image volumes are not counted.

use crate::scheduler::cache::{Cache, Image, NodeId};
use crate::scheduler::framework::{Cycle, MAX_NODE_SCORE, Plugin, Score};

pub(super) struct ImageLocality;

const MIB: i64 = 1 << 20;
const LOW: i64 = 23 * MIB;
const HIGH_PER_CONTAINER: i64 = 1000 * MIB;

struct Locality<'a> {
    images: Vec<&'a Image>,
    containers: i64,
    cache: &'a Cache,
}

fn score(sum: i64, containers: i64) -> i64 {
    let high = HIGH_PER_CONTAINER * containers;
    MAX_NODE_SCORE * (sum.clamp(LOW, high.max(LOW)) - LOW) / (high - LOW).max(1)
}

/// An image that few nodes hold counts for less, lest pods pile up there.
fn scaled(size: i64, nodes_with: i64, nodes: i64) -> i64 {
    (size as f64 * (nodes_with as f64 / nodes as f64)) as i64
}

impl Score for Locality<'_> {
    fn score(&self, nodes: &[NodeId]) -> Vec<i64> {
        if self.images.is_empty() {
            return vec![0; nodes.len()];
        }
        let total = i64::try_from(self.cache.order().len()).unwrap_or(i64::MAX);
        let one = |id: &NodeId| {
            let sizes = self.images.iter();
            let sum = sizes
                .map(|image| scaled(image.sizes.get(*id), image.nodes, total))
                .sum();
            score(sum, self.containers)
        };
        nodes.iter().map(one).collect()
    }
}

impl Plugin for ImageLocality {
    fn name(&self) -> &'static str {
        "ImageLocality"
    }

    fn pre_score<'a>(
        &self,
        cycle: Cycle<'a>,
        _feasible: &'a [NodeId],
    ) -> Option<Box<dyn Score + 'a>> {
        let names = &cycle.class.facts().placement.images;
        Some(Box::new(Locality {
            images: names
                .iter()
                .filter_map(|name| cycle.cache.image(name))
                .collect(),
            containers: i64::try_from(names.len()).unwrap_or(i64::MAX),
            cache: cycle.cache,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_of_the_worked_examples() {
        for (mib, with, expected) in [(142, 1, 2), (142, 3, 12), (500, 2, 31), (50, 1, 0)] {
            assert_eq!(
                score(scaled(mib * MIB, with, 3), 1),
                expected,
                "{mib} MiB on {with} of 3"
            );
        }
    }
}
