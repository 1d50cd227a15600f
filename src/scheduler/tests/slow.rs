//! The rules of filters once more, written down as plainly as they go (those of scores are in
//! `slow_scores`): over lists of all pods, without cache, classes or counters, from the test's own
//! description of a cluster.

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

    pub(super) fn label(&self, key: &str) -> Option<&str> {
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

    pub(super) fn tolerates(&self, (key, effect): (&str, &str)) -> bool {
        self.tolerates == Some((key, effect))
    }

    pub(super) fn terms(
        &self,
        kind: &str,
    ) -> impl Iterator<Item = (i64, &'static str, &'static str)> {
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
    pub(super) fn on<'b>(&'b self, node: &'b N) -> impl Iterator<Item = &'b P> {
        let here = |pod: &&P| pod.node.as_deref() == Some(&node.name);
        self.placed.iter().filter(here)
    }

    pub(super) fn of(&self, pod: &P) -> &N {
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
}
