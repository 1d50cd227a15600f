//! The resource metrics API (`metrics.k8s.io`), as a metrics server answers it from its last two
//! scrapes. It is there once an APIService names it and, if that names a Service, the Service has a
//! ready pod.
//!
//! Upstream: `metrics-server/pkg/{scraper,storage}`, `kube-aggregator/pkg/apiserver`. Differs:
//! nothing is stored; a sample is worked out when somebody asks, from the objects as they were at
//! the last scrape, and what a container uses in the window before it is what it uses at its end.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::{Key, Kind, Object, Phase};
use crate::apiserver::{ApiError, Snapshot};
use crate::clock::{SimTime, Span};

use super::Client;

/// What a container or a node uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Usage {
    /// Billionths of a core.
    pub cpu_nanos: i64,
    pub memory_bytes: i64,
}

impl Usage {
    /// Thousandths of a core, rounded up as upstream's `MilliValue()` does.
    pub fn cpu_milli(self) -> i64 {
        const NANOS: i64 = 1_000_000;
        self.cpu_nanos.div_euclid(NANOS) + i64::from(self.cpu_nanos.rem_euclid(NANOS) != 0)
    }
}

impl std::ops::Add for Usage {
    type Output = Usage;

    fn add(self, other: Usage) -> Usage {
        Usage {
            cpu_nanos: self.cpu_nanos.saturating_add(other.cpu_nanos),
            memory_bytes: self.memory_bytes.saturating_add(other.memory_bytes),
        }
    }
}

impl std::iter::Sum for Usage {
    fn sum<I: Iterator<Item = Usage>>(all: I) -> Usage {
        all.fold(Usage::default(), |sum, one| sum + one)
    }
}

/// What the kubelets know of usage.
pub trait Meters {
    /// What users ask of each pod, from the objects as they were at a moment.
    fn demands(&self, then: Snapshot<'_>, at: SimTime) -> BTreeMap<Key, Usage>;
    /// What the running containers of a pod use that gets this demand.
    fn containers(&self, pod: &Object, demand: Usage) -> Vec<(Arc<str>, Usage)>;
    /// What a node uses beside its pods.
    fn system(&self, node: &Object) -> Usage;
    /// Whether the kubelet of a node answered at a moment.
    fn answers(&self, node: &str, at: SimTime) -> bool;
}

/// An item of `PodMetricsList`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodMetrics {
    pub namespace: Arc<str>,
    pub name: Arc<str>,
    pub at: SimTime,
    pub window: Span,
    pub containers: Vec<(Arc<str>, Usage)>,
}

/// An item of `NodeMetricsList`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeMetrics {
    pub name: Arc<str>,
    pub usage: Usage,
}

impl Client<'_> {
    /// The metrics of running pods that are picked, by namespace and name. Errors: NotFound where
    /// no such API is registered, ServiceUnavailable where nobody answers for it.
    pub fn pod_metrics(
        &self,
        namespace: Option<&str>,
        picks: &dyn Fn(&Object) -> bool,
    ) -> Result<Vec<PodMetrics>, ApiError> {
        let Some(scrape) = self.scrape("pods")? else {
            return Ok(Vec::new());
        };
        let live = self.live().list(Kind::Pod, namespace);
        let running = live.filter(|o| o.pod().is_some_and(|p| p.status.phase == Phase::Running));
        let picked = running.filter(|pod| picks(pod));
        Ok(picked.filter_map(|pod| scrape.pod(pod)).collect())
    }

    /// The metrics of nodes that are picked, by name. Errors: as for pods.
    pub fn node_metrics(
        &self,
        picks: &dyn Fn(&Object) -> bool,
    ) -> Result<Vec<NodeMetrics>, ApiError> {
        let Some(scrape) = self.scrape("nodes")? else {
            return Ok(Vec::new());
        };
        let nodes = self.live().list(Kind::Node, None);
        let picked = nodes.filter(|node| picks(node));
        Ok(picked.filter_map(|node| scrape.node(node)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn millicores_are_rounded_up() {
        for (cpu_nanos, milli) in [(0, 0), (1, 1), (1_000_000, 1), (1_000_001, 2)] {
            let usage = Usage {
                cpu_nanos,
                memory_bytes: 0,
            };
            assert_eq!(usage.cpu_milli(), milli);
        }
    }
}
