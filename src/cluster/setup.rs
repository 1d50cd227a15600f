//! What a world is built from: nodes, timings, flags, seed and epoch.
//!
//! Upstream: kubeadm's configuration and the components' flags. Differs: a scenario's nodes have
//! been up for a while when it begins, without leaving events behind.

use crate::api::{Taint, parse_quantity};
use crate::apiserver::ApiOptions;
use crate::clock::{Seed, SimTime, Span};
use crate::controllers;
use crate::kubelet::{NodeConfig, RuntimeOptions};
use crate::scheduler;

/// How long a watch event takes to reach each process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Latencies {
    pub manager: Span,
    pub scheduler: Span,
    pub kubelets: Span,
    pub console: Span,
}

/// A node as a scenario describes it; what is not given has the usual size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeSpec {
    pub name: String,
    pub control_plane: bool,
    pub cpu: Option<String>,
    pub memory: Option<String>,
    pub pods: Option<i64>,
    /// `key=value`.
    pub labels: Vec<String>,
    /// `key=value:Effect` or `key:Effect`.
    pub taints: Vec<String>,
    /// Images that it holds at the start.
    pub images: Vec<String>,
    /// When in each ten seconds its kubelet renews its lease.
    pub heartbeat: Option<Span>,
}

/// Everything that is fixed before the first moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Setup {
    pub seed: Seed,
    /// The first moment.
    pub epoch: SimTime,
    pub nodes: Vec<NodeConfig>,
    /// Namespaces beside those of every cluster.
    pub namespaces: Vec<String>,
    /// The namespace of the console's context.
    pub context: String,
    pub runtime: RuntimeOptions,
    pub api: ApiOptions,
    pub manager: controllers::Options,
    pub scheduler: scheduler::Options,
    pub latencies: Latencies,
    /// How long the nodes have been up at the first moment.
    pub settled: Span,
    /// Whether their coming up has left events (it has not if that is longer ago than events live).
    pub node_events: bool,
    /// Whether there is a default storage class, as clusters for development have one.
    pub storage_class: bool,
    /// Whether a metrics server is there from the beginning. kubeadm's clusters have none, so that
    /// `kubectl top` and autoscalers fail until somebody installs one: so it is here by default.
    pub metrics_server: bool,
}

/// 2026-01-05T09:00:00Z, stated on the page.
const EPOCH: SimTime = SimTime::from_unix_secs(1_767_603_600);

impl Setup {
    /// The chapter's three machines.
    pub fn chapter(seed: u64) -> Setup {
        let mut setup = Setup::empty(Seed(seed), EPOCH);
        setup.add_node("k8s-master", true);
        setup.add_node("k8s-node1", false);
        setup.add_node("k8s-node2", false);
        setup
    }

    /// No nodes yet.
    pub fn empty(seed: Seed, epoch: SimTime) -> Setup {
        Setup {
            seed,
            epoch,
            nodes: Vec::new(),
            namespaces: Vec::new(),
            context: "default".into(),
            runtime: RuntimeOptions::default(),
            api: ApiOptions::default(),
            manager: controllers::Options::new(epoch),
            scheduler: scheduler::Options::new(epoch),
            latencies: Latencies {
                manager: Span::millis(10),
                scheduler: Span::millis(10),
                kubelets: Span::millis(10),
                console: Span::millis(5),
            },
            settled: Span::secs(7_200),
            node_events: false,
            storage_class: true,
            metrics_server: false,
        }
    }

    /// Adds a node of the default size; a control-plane node carries the label and the taint.
    fn add_node(&mut self, name: &str, control_plane: bool) {
        let index = u32::try_from(self.nodes.len()).unwrap_or(0);
        self.nodes.push(NodeConfig::new(name, index, control_plane));
    }

    /// `count` nodes of the default size after one master: for the benchmarks.
    pub fn sized(seed: u64, count: u32) -> Setup {
        let mut setup = Setup::empty(Seed(seed), EPOCH);
        setup.add_node("k8s-master", true);
        for n in 1..=count {
            setup.add_node(&format!("k8s-node{n}"), false);
        }
        setup
    }

    /// Adds a node as a scenario describes it. Errors: a quantity, label or taint that is none.
    pub fn add(&mut self, spec: &NodeSpec) -> Result<(), String> {
        if spec.name.is_empty() || self.nodes.iter().any(|n| *n.name == *spec.name) {
            return Err(format!(
                "node \"{}\": a name of its own is missing",
                spec.name
            ));
        }
        self.add_node(&spec.name, spec.control_plane);
        let Some(node) = self.nodes.last_mut() else {
            return Ok(());
        };
        for (text, field) in [(&spec.cpu, &mut node.cpu), (&spec.memory, &mut node.memory)] {
            if let Some(text) = text {
                parse_quantity(text).ok_or_else(|| format!("\"{text}\" is no quantity"))?;
                field.clone_from(text);
            }
        }
        node.pods = spec.pods.unwrap_or(node.pods);
        node.images.clone_from(&spec.images);
        node.heartbeat = spec.heartbeat;
        for label in &spec.labels {
            let (key, value) = label
                .split_once('=')
                .ok_or_else(|| format!("\"{label}\" is no label"))?;
            node.labels.insert(key.into(), value.into());
        }
        for text in &spec.taints {
            let taint =
                taint(text).ok_or_else(|| format!("\"{text}\" is no taint: key=value:Effect"))?;
            if !node
                .taints
                .iter()
                .any(|t| t.key == taint.key && t.effect == taint.effect)
            {
                node.taints.push(taint);
            }
        }
        Ok(())
    }

    /// A setting of an image: `pull`, `size`, `missing`. Errors: another key, or a bad value.
    pub fn set_image(
        &mut self,
        name: &str,
        key: &str,
        value: &str,
        span: Option<Span>,
    ) -> Result<(), String> {
        let bad = || format!("image {name}: {key}={value} is not understood");
        match key {
            "pull" => {
                self.runtime
                    .pulls
                    .insert(name.into(), span.ok_or_else(bad)?);
            }
            "size" => {
                self.runtime
                    .sizes
                    .insert(name.into(), value.parse().map_err(|_| bad())?);
            }
            "missing" => self.runtime.missing.push(name.into()),
            _ => return Err(bad()),
        }
        Ok(())
    }

    /// Times for which the last node's line of pulls is taken by somebody else.
    pub fn keep_busy(&mut self, times: Vec<(SimTime, SimTime)>) {
        if let Some(node) = self.nodes.last_mut() {
            node.busy_pulls = times;
        }
    }

    /// Leaves the jitter of retries to our own rule, and nobody else pulls.
    pub fn forget_chance(&mut self) {
        self.runtime.retries.clear();
        for node in &mut self.nodes {
            node.busy_pulls.clear();
        }
    }

    /// Shifts the node controller's passes and the leases' renewals so that a node which is
    /// switched off at one moment is found lost at the other: a recording's phase. The last renewal
    /// is then the one that the pass one grace period before `lost` has seen.
    pub fn align_heartbeat(&mut self, off: SimTime, lost: SimTime) {
        const LEASE_EVERY: Span = Span::secs(10);
        let born = self.epoch - self.settled;
        let period = self.manager.node_monitor_period.as_micros().max(1);
        let passes = (lost - born).as_micros() / period + 1;
        self.manager.started = lost - Span::micros(passes * period);
        let seen = off.min(lost - self.manager.node_monitor_grace);
        let renewed = (seen - Span::millis(500)).max(off - LEASE_EVERY + Span::millis(1));
        let phase = renewed.unix_micros().rem_euclid(LEASE_EVERY.as_micros());
        for node in &mut self.nodes {
            node.heartbeat = Some(Span::micros(phase));
        }
    }
}

/// `key=value:Effect` or `key:Effect`.
fn taint(text: &str) -> Option<Taint> {
    let (head, effect) = text.rsplit_once(':')?;
    let (key, value) = head.split_once('=').unwrap_or((head, ""));
    let known = ["NoSchedule", "PreferNoSchedule", "NoExecute"].contains(&effect);
    (known && !key.is_empty()).then(|| Taint {
        key: key.into(),
        value: value.into(),
        effect: effect.into(),
        time_added: None,
    })
}
