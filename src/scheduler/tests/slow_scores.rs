//! The rules of scores, written down as plainly as they go.

use super::full_key;
use super::slow::{N, P, Slow};

/// A plugin's raw and normalised scores.
type Column = (&'static str, Vec<(i64, i64)>);

/// Normalises by a function of score, lowest and highest score.
fn column(plugin: &'static str, raw: Vec<i64>, normal: impl Fn(i64, i64, i64) -> i64) -> Column {
    let min = raw.iter().copied().min().expect("there are nodes");
    let max = raw.iter().copied().max().expect("there are nodes");
    (
        plugin,
        raw.iter().map(|s| (*s, normal(*s, min, max))).collect(),
    )
}

/// Nodes without a score are ignored: they get 0 and count for nothing.
fn spread_column(raw: &[Option<i64>]) -> Column {
    let min = raw.iter().flatten().copied().min().unwrap_or(0);
    let max = raw.iter().flatten().copied().max().unwrap_or(0);
    let normal = |s: i64| {
        if max == 0 {
            100
        } else {
            100 * (max + min - s) / max
        }
    };
    let both = |s: &Option<i64>| s.map_or((0, 0), |s| (s, normal(s)));
    ("PodTopologySpread", raw.iter().map(both).collect())
}

impl Slow<'_> {
    /// Raw and normalised scores by plugin, over feasible nodes in their order.
    pub(super) fn scores(&self, pod: &P, nodes: &[&N]) -> Vec<Column> {
        let each = |raw: &dyn Fn(&N) -> i64| nodes.iter().map(|n| raw(n)).collect::<Vec<i64>>();
        let share = |s: i64, max: i64| if max == 0 { 0 } else { 100 * s / max };
        let soft = |node: &N| {
            let taint = node.taint.filter(|taint| taint.1 == "PreferNoSchedule");
            i64::from(taint.is_some_and(|taint| !pod.tolerates(taint)))
        };
        let mut out = vec![column("TaintToleration", each(&soft), |s, _, max| {
            100 - share(s, max)
        })];
        if let Some((weight, disk)) = pod.likes_disk {
            let raw = each(&|n| if n.disk == Some(disk) { weight } else { 0 });
            out.push(column("NodeAffinity", raw, |s, _, max| share(s, max)));
        }
        let fit = each(&|n| self.least_allocated(pod, n));
        out.push(column("NodeResourcesFit", fit, |s, _, _| s));
        if let Some(raw) = self.spread_scores(pod, nodes) {
            out.push(spread_column(&raw));
        }
        if let Some(raw) = self.affinity_scores(pod, nodes) {
            out.push(column("InterPodAffinity", raw, |s, min, max| {
                match max - min {
                    0 => 0,
                    range => (100.0 * ((s - min) as f64 / range as f64)) as i64,
                }
            }));
        }
        if pod.cpu.unwrap_or(0) != 0 || pod.memory_mib.unwrap_or(0) != 0 {
            let raw = each(&|n| self.balanced(pod, n));
            out.push(column("NodeResourcesBalancedAllocation", raw, |s, _, _| s));
        }
        let images = each(&|n| self.image_score(pod, n));
        out.push(column("ImageLocality", images, |s, _, _| s));
        out
    }

    fn least_allocated(&self, pod: &P, node: &N) -> i64 {
        let sum = |of: &dyn Fn(&P) -> i64| self.on(node).map(of).sum::<i64>() + of(pod);
        let cpu = sum(&|p| p.cpu.unwrap_or(100));
        let memory = sum(&|p| p.memory_mib.unwrap_or(200));
        let left = |asked: i64, has: i64| {
            if asked > has {
                0
            } else {
                (has - asked) * 100 / has
            }
        };
        (left(cpu, node.cpu) + left(memory, node.memory_mib)) / 2
    }

    fn balanced(&self, pod: &P, node: &N) -> i64 {
        let share = |asked: i64, has: i64| (asked as f64 / has as f64).min(1.0);
        let (cpu, memory) = self.on(node).fold((0, 0), |(cpu, memory), p| {
            (cpu + p.cpu.unwrap_or(0), memory + p.memory_mib.unwrap_or(0))
        });
        let balance = |cpu: i64, memory: i64| {
            let apart = (share(cpu, node.cpu) - share(memory, node.memory_mib)).abs();
            ((1.0 - apart / 2.0) * 100.0) as i64
        };
        let with = balance(
            cpu + pod.cpu.unwrap_or(0),
            memory + pod.memory_mib.unwrap_or(0),
        );
        50 + (50 + with - balance(cpu, memory)) / 2
    }

    fn image_score(&self, pod: &P, node: &N) -> i64 {
        let holders = self
            .nodes
            .iter()
            .filter(|n| n.image.is_some_and(|i| i.0 == pod.image))
            .count();
        let size = node
            .image
            .filter(|(name, _)| *name == pod.image)
            .map_or(0, |i| i.1 << 20);
        let sum = (size as f64 * (holders as f64 / self.nodes.len() as f64)) as i64;
        let (low, high) = (23 << 20, 1000 << 20);
        100 * (sum.clamp(low, high) - low) / (high - low)
    }

    /// `None` as a whole if nothing is scored; for a node that is ignored.
    fn spread_scores(&self, pod: &P, nodes: &[&N]) -> Option<Vec<Option<i64>>> {
        let own = !pod.spread.is_empty();
        let constraints: Vec<(&str, &str, i64)> = if own {
            let soft = pod.spread.iter().filter(|c| c.0 == "soft");
            soft.map(|(_, topology, app, skew)| (full_key(topology), *app, *skew))
                .collect()
        } else if pod.replica {
            vec![
                (full_key("host"), pod.app, 3),
                (full_key("zone"), pod.app, 5),
            ]
        } else {
            Vec::new()
        };
        if constraints.is_empty() {
            return None;
        }
        let ignored = |n: &N| own && constraints.iter().any(|(key, ..)| n.label(key).is_none());
        let scored: Vec<&&N> = nodes.iter().filter(|n| !ignored(n)).collect();
        let score = |node: &&N| {
            if ignored(node) {
                return None;
            }
            let mut sum = 0.0;
            for (key, app, skew) in &constraints {
                let Some(value) = node.label(key) else {
                    continue;
                };
                let host = *key == full_key("host");
                let counted: Vec<&N> = if host {
                    vec![node]
                } else {
                    let allowed = |n: &&N| {
                        !ignored(n)
                            && n.label(key) == Some(value)
                            && (pod.disk.is_none() || pod.disk == n.disk)
                    };
                    self.nodes.iter().filter(allowed).collect()
                };
                let count: usize = counted
                    .iter()
                    .map(|n| self.on(n).filter(|p| p.app == *app).count())
                    .sum();
                let values: std::collections::BTreeSet<_> =
                    scored.iter().map(|n| n.label(key).unwrap_or("")).collect();
                let size = if host { scored.len() } else { values.len() };
                sum += count as f64 * libm::log(size as f64 + 2.0) + (skew - 1) as f64;
            }
            Some(sum.round() as i64)
        };
        Some(nodes.iter().map(score).collect())
    }

    fn affinity_scores(&self, pod: &P, nodes: &[&N]) -> Option<Vec<i64>> {
        // (key, value, weight) of everything that is found.
        let mut found: Vec<(&str, &str, i64)> = Vec::new();
        for other in self.placed {
            let there = self.of(other);
            let mut note = |key: &'static str, weight: i64| {
                found.extend(there.label(key).map(|value| (key, value, weight)));
            };
            for (kind, sign) in [("prefer", 1), ("avoid", -1)] {
                for (weight, key, app) in pod.terms(kind) {
                    if other.app == app {
                        note(key, sign * weight);
                    }
                }
                for (weight, key, app) in other.terms(kind) {
                    if pod.app == app {
                        note(key, sign * weight);
                    }
                }
            }
            for (_, key, app) in other.terms("with") {
                if pod.app == app {
                    note(key, 1);
                }
            }
        }
        if found.is_empty() {
            return None;
        }
        let sum = |node: &&N| {
            let here = found
                .iter()
                .filter(|(key, value, _)| node.label(key) == Some(value));
            here.map(|(_, _, weight)| weight).sum()
        };
        Some(nodes.iter().map(sum).collect())
    }
}
