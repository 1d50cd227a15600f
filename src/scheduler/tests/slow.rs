//! The rules of filters and scores once more, written down as plainly as they go: over lists of all
//! pods, without cache, classes or counters, from the test's own description of a cluster.

use super::full_key;

/// A node as the test describes it.
#[derive(Clone, Debug, Default)]
pub(super) struct N {
    pub(super) name: String,
    pub(super) cpu: i64,
    pub(super) memory_mib: i64,
    pub(super) pods: i64,
    pub(super) zone: Option<&'static str>,
    pub(super) disk: Option<&'static str>,
    pub(super) taint: Option<(&'static str, &'static str)>,
    pub(super) cordoned: bool,
    pub(super) image: Option<(&'static str, i64)>,
}

/// A pod as the test describes it.
#[derive(Clone, Debug, Default)]
pub(super) struct P {
    pub(super) name: String,
    pub(super) app: &'static str,
    pub(super) cpu: Option<i64>,
    pub(super) memory_mib: Option<i64>,
    pub(super) port: Option<i32>,
    pub(super) tolerates: Option<(&'static str, &'static str)>,
    pub(super) disk: Option<&'static str>,
    pub(super) likes_disk: Option<(i64, &'static str)>,
    pub(super) image: &'static str,
    /// `with`, `without` (required); `prefer`, `avoid` (with weight): topology and app.
    pub(super) terms: Vec<(&'static str, i64, &'static str, &'static str)>,
    /// `spread` (hard) or `soft`: topology, app, skew.
    pub(super) spread: Vec<(&'static str, &'static str, &'static str, i64)>,
    pub(super) node: Option<String>,
    /// Owned by the ReplicaSet of its app.
    pub(super) replica: bool,
}

impl N {
    pub(super) fn words(&self) -> String {
        let mut words = format!(
            "cpu={}m memory={}Mi pods={}",
            self.cpu, self.memory_mib, self.pods
        );
        let mut add = |key: &str, value: Option<String>| {
            if let Some(value) = value {
                words.push_str(&format!(" {key}={value}"));
            }
        };
        add("zone", self.zone.map(str::to_string));
        add("label", self.disk.map(|disk| format!("disk:{disk}")));
        add(
            "taint",
            self.taint.map(|(key, effect)| format!("{key}:{effect}")),
        );
        add(
            "image",
            self.image.map(|(name, mib)| format!("{name}:{mib}")),
        );
        if self.cordoned {
            words.push_str(" cordoned");
        }
        words
    }

    fn label(&self, key: &str) -> Option<&str> {
        match key {
            "kubernetes.io/hostname" => Some(&self.name),
            "topology.kubernetes.io/zone" => self.zone,
            _ => None,
        }
    }
}

impl P {
    pub(super) fn words(&self) -> String {
        let mut words = format!("label=app:{} image={}", self.app, self.image);
        let mut add = |key: &str, value: Option<String>| {
            if let Some(value) = value {
                words.push_str(&format!(" {key}={value}"));
            }
        };
        add("cpu", self.cpu.map(|cpu| format!("{cpu}m")));
        add("memory", self.memory_mib.map(|mib| format!("{mib}Mi")));
        add("port", self.port.map(|port| port.to_string()));
        add(
            "tolerate",
            self.tolerates
                .map(|(key, effect)| format!("{key}:{effect}")),
        );
        add("select", self.disk.map(|disk| format!("disk:{disk}")));
        add(
            "like",
            self.likes_disk
                .map(|(weight, disk)| format!("{weight}*disk:{disk}")),
        );
        for (kind, weight, topology, app) in &self.terms {
            let weight = if weight > &0 {
                format!("{weight}*")
            } else {
                String::new()
            };
            add(kind, Some(format!("{weight}{topology}/app:{app}")));
        }
        for (kind, topology, app, skew) in &self.spread {
            add(kind, Some(format!("{topology}/app:{app}/{skew}")));
        }
        add("node", self.node.clone());
        words
    }

    fn tolerates(&self, (key, effect): (&str, &str)) -> bool {
        self.tolerates == Some((key, effect))
    }

    fn terms(&self, kind: &str) -> impl Iterator<Item = (i64, &'static str, &'static str)> {
        let terms = self.terms.iter().filter(move |term| term.0 == kind);
        terms.map(|(_, weight, topology, app)| (*weight, full_key(topology), *app))
    }
}

/// Nodes and the pods on them.
pub(super) struct Slow<'a> {
    pub(super) nodes: &'a [N],
    pub(super) placed: &'a [P],
}

impl Slow<'_> {
    fn on<'b>(&'b self, node: &'b N) -> impl Iterator<Item = &'b P> {
        let here = |pod: &&P| pod.node.as_deref() == Some(&node.name);
        self.placed.iter().filter(here)
    }

    fn of(&self, pod: &P) -> &N {
        let node = self
            .nodes
            .iter()
            .find(|node| pod.node.as_deref() == Some(&node.name));
        node.expect("placed on a node of the cluster")
    }

    /// Placed pods in the node's domain of a key that satisfy a test.
    fn in_domain(&self, node: &N, key: &str, test: impl Fn(&P) -> bool) -> i64 {
        let same = |pod: &&P| self.of(pod).label(key) == node.label(key) && test(pod);
        match node.label(key) {
            None => 0,
            Some(_) => self.placed.iter().filter(same).count() as i64,
        }
    }

    /// The plugin that rejects a node, and its reasons.
    pub(super) fn rejection(&self, pod: &P, node: &N) -> Option<(&'static str, String)> {
        let one = |plugin, reason: &str| Some((plugin, reason.to_string()));
        if node.cordoned {
            return one("NodeUnschedulable", "node(s) were unschedulable");
        }
        let hard = node
            .taint
            .filter(|(_, effect)| *effect != "PreferNoSchedule");
        if hard.is_some_and(|taint| !pod.tolerates(taint)) {
            return one("TaintToleration", "node(s) had untolerated taint(s)");
        }
        if pod.disk.is_some() && pod.disk != node.disk {
            return one(
                "NodeAffinity",
                "node(s) didn't match Pod's node affinity/selector",
            );
        }
        if pod.port.is_some() && self.on(node).any(|other| other.port == pod.port) {
            let reason = "node(s) didn't have free ports for the requested pod ports";
            return one("NodePorts", reason);
        }
        let mut reasons = Vec::new();
        if self.on(node).count() as i64 + 1 > node.pods {
            reasons.push("Too many pods");
        }
        let cpu: i64 = self.on(node).filter_map(|p| p.cpu).sum();
        if pod
            .cpu
            .is_some_and(|asked| asked > 0 && asked > node.cpu - cpu)
        {
            reasons.push("Insufficient cpu");
        }
        let memory: i64 = self.on(node).filter_map(|p| p.memory_mib).sum();
        if pod
            .memory_mib
            .is_some_and(|asked| asked > 0 && asked > node.memory_mib - memory)
        {
            reasons.push("Insufficient memory");
        }
        if !reasons.is_empty() {
            return Some(("NodeResourcesFit", reasons.join(", ")));
        }
        self.spread_rejection(pod, node)
            .or_else(|| self.affinity_rejection(pod, node))
    }

    fn spread_rejection(&self, pod: &P, node: &N) -> Option<(&'static str, String)> {
        let hard: Vec<_> = pod.spread.iter().filter(|c| c.0 == "spread").collect();
        let eligible = |node: &&N| {
            hard.iter().all(|c| node.label(full_key(c.1)).is_some())
                && (pod.disk.is_none() || pod.disk == node.disk)
        };
        let eligible: Vec<&N> = self.nodes.iter().filter(eligible).collect();
        for (_, topology, app, skew) in &hard {
            let key = full_key(topology);
            let Some(own) = node.label(key) else {
                let reason =
                    "node(s) didn't match pod topology spread constraints (missing required label)";
                return Some(("PodTopologySpread", reason.into()));
            };
            let count = |value: &str| -> i64 {
                let nodes = eligible.iter().filter(|n| n.label(key) == Some(value));
                nodes
                    .map(|n| self.on(n).filter(|p| p.app == *app).count() as i64)
                    .sum()
            };
            let least = eligible
                .iter()
                .filter_map(|n| n.label(key))
                .map(count)
                .min();
            let itself = i64::from(pod.app == *app);
            if count(own) + itself - least.unwrap_or(0) > *skew {
                let reason = "node(s) didn't match pod topology spread constraints";
                return Some(("PodTopologySpread", reason.into()));
            }
        }
        None
    }

    fn affinity_rejection(&self, pod: &P, node: &N) -> Option<(&'static str, String)> {
        let reject = |reason: &str| Some(("InterPodAffinity", reason.to_string()));
        let with: Vec<_> = pod.terms("with").collect();
        let all = |other: &P| with.iter().all(|(_, _, app)| other.app == *app);
        let labelled = with.iter().all(|(_, key, _)| node.label(key).is_some());
        let met = with
            .iter()
            .all(|(_, key, _)| self.in_domain(node, key, all) > 0);
        let nobody = !with.iter().any(|(_, key, _)| {
            self.placed
                .iter()
                .any(|other| all(other) && self.of(other).label(key).is_some())
        });
        if !with.is_empty() && (!labelled || !(met || (nobody && all(pod)))) {
            return reject("node(s) didn't match pod affinity rules");
        }
        let found = |(_, key, app): (i64, &str, &str)| {
            self.in_domain(node, key, |other| other.app == app) > 0
        };
        if pod.terms("without").any(found) {
            return reject("node(s) didn't match pod anti-affinity rules");
        }
        let offends = |other: &P| {
            other.terms("without").any(|(_, key, app)| {
                let theirs = self.of(other).label(key);
                app == pod.app && theirs.is_some() && theirs == node.label(key)
            })
        };
        if self.placed.iter().any(offends) {
            return reject("node(s) didn't satisfy existing pods anti-affinity rules");
        }
        None
    }

    /// Raw and normalised scores by plugin, over feasible nodes in their order.
    pub(super) fn scores(&self, pod: &P, nodes: &[&N]) -> Vec<(&'static str, Vec<(i64, i64)>)> {
        let each = |raw: &dyn Fn(&N) -> i64| nodes.iter().map(|n| raw(n)).collect::<Vec<i64>>();
        let mut out: Vec<(&'static str, Vec<(i64, i64)>)> = Vec::new();
        let mut put = |plugin, raw: Vec<i64>, normal: &dyn Fn(i64, i64, i64) -> i64| {
            let (min, max) = (
                *raw.iter().min().expect("nodes"),
                *raw.iter().max().expect("nodes"),
            );
            out.push((
                plugin,
                raw.iter().map(|s| (*s, normal(*s, min, max))).collect(),
            ));
        };
        let untouched = |s: i64, _: i64, _: i64| s;
        let soft = |node: &N| {
            let taint = node
                .taint
                .filter(|(_, effect)| *effect == "PreferNoSchedule");
            i64::from(taint.is_some_and(|taint| !pod.tolerates(taint)))
        };
        put("TaintToleration", each(&soft), &|s, _, max| {
            if max == 0 { 100 } else { 100 - 100 * s / max }
        });
        if let Some((weight, disk)) = pod.likes_disk {
            let raw = each(&|n| if n.disk == Some(disk) { weight } else { 0 });
            put("NodeAffinity", raw, &|s, _, max| {
                if max == 0 { 0 } else { 100 * s / max }
            });
        }
        put(
            "NodeResourcesFit",
            each(&|n| self.least_allocated(pod, n)),
            &untouched,
        );
        if let Some(raw) = self.spread_scores(pod, nodes) {
            let ignored: Vec<bool> = raw.iter().map(Option::is_none).collect();
            let real: Vec<i64> = raw.iter().flatten().copied().collect();
            let (min, max) = (
                real.iter().min().copied().unwrap_or(0),
                real.iter().max().copied().unwrap_or(0),
            );
            let normal = |s: i64| {
                if max == 0 {
                    100
                } else {
                    100 * (max + min - s) / max
                }
            };
            let all = raw.iter().zip(ignored).map(|(s, ignored)| {
                let s = s.unwrap_or(0);
                (s, if ignored { 0 } else { normal(s) })
            });
            out.push(("PodTopologySpread", all.collect()));
        }
        let mut put = |plugin, raw: Vec<i64>, normal: &dyn Fn(i64, i64, i64) -> i64| {
            let (min, max) = (
                *raw.iter().min().expect("nodes"),
                *raw.iter().max().expect("nodes"),
            );
            out.push((
                plugin,
                raw.iter().map(|s| (*s, normal(*s, min, max))).collect(),
            ));
        };
        if let Some(raw) = self.affinity_scores(pod, nodes) {
            put("InterPodAffinity", raw, &|s, min, max| {
                if max == min {
                    0
                } else {
                    (100.0 * ((s - min) as f64 / (max - min) as f64)) as i64
                }
            });
        }
        if pod.cpu.unwrap_or(0) != 0 || pod.memory_mib.unwrap_or(0) != 0 {
            put(
                "NodeResourcesBalancedAllocation",
                each(&|n| self.balanced(pod, n)),
                &untouched,
            );
        }
        put(
            "ImageLocality",
            each(&|n| self.image_score(pod, n)),
            &untouched,
        );
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
