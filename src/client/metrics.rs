//! The resource metrics API (`metrics.k8s.io`), as a metrics server answers it from its last two
//! scrapes. It is there once an APIService names it and, if that names a Service, the Service has a
//! ready pod.
//!
//! Upstream: `metrics-server/pkg/{scraper,storage}`, `kube-aggregator/pkg/apiserver`. Differs:
//! nothing is stored; a sample is worked out when somebody asks, from the objects as they were at
//! the last scrape, and what a container uses in the window before it is what it uses at its end.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::{ContainerState, Key, Kind, Object, Phase, PodBody, fields_at, items_at, text_at};
use crate::apiserver::{ApiError, Reason, Snapshot};
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

const API: &str = "v1beta1.metrics.k8s.io";
/// `freshContainerMinMetricsResolution`: a container that has started within the last window is
/// measured from its start, if that is so long ago.
const FRESH_MIN: Span = Span::secs(10);

/// The last scrape and the one before it.
struct Scrape<'s> {
    at: SimTime,
    /// `None` if the server had not started yet.
    before: Option<SimTime>,
    then: Snapshot<'s>,
    resolution: Span,
    meters: &'s dyn Meters,
    demands: BTreeMap<Key, Usage>,
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

    /// `None` before the first scrape. Errors: nobody answers.
    fn scrape(&self, resource: &str) -> Result<Option<Scrape<'_>>, ApiError> {
        let live = self.live();
        let (Some(service), Some(meters)) = (live.find(Kind::APIService, "", API), self.meters)
        else {
            let what = "the server could not find the requested resource";
            let why = format!("{what} (get {resource}.metrics.k8s.io)");
            return Err(ApiError::new(Reason::NotFound, why));
        };
        let since = serving_since(service, live).ok_or_else(|| {
            let what = "the server is currently unable to handle the request";
            let why = format!("{what} (get {resource}.metrics.k8s.io)");
            ApiError::new(Reason::ServiceUnavailable, why)
        })?;
        let resolution = self.api.state.options.metric_resolution.max(Span::secs(1));
        let micros = resolution.as_micros();
        let scrapes = (self.now() - since).as_micros().div_euclid(micros);
        if scrapes < 0 {
            return Ok(None);
        }
        let at = since + resolution * scrapes;
        let store = self.api.store();
        let then = store.at(store.revision_at(at));
        Ok(Some(Scrape {
            at,
            before: (scrapes > 0).then_some(at - resolution),
            then,
            resolution,
            meters,
            demands: meters.demands(then, at),
        }))
    }
}

/// Since when somebody answers for an API: the start of the oldest pod behind its Service that is
/// ready now.
fn serving_since(service: &Object, live: Snapshot<'_>) -> Option<SimTime> {
    let body = service.data()?;
    let conditions = items_at(body, "/status/conditions").iter();
    let mut available = conditions.filter(|c| text_at(c, "/type") == "Available");
    available.find(|c| text_at(c, "/status") == "True")?;
    let spec = body.pointer("/spec/service");
    let Some(backend) = spec.filter(|backend| !backend.is_null()) else {
        return Some(service.meta.created);
    };
    let (namespace, name) = (text_at(backend, "/namespace"), text_at(backend, "/name"));
    let slices = live.list(Kind::EndpointSlice, Some(namespace));
    let label = "kubernetes.io/service-name";
    let of_service =
        |slice: &&Arc<Object>| slice.meta.labels.get(label).map(String::as_str) == Some(name);
    let endpoints = slices.filter(of_service).flat_map(|slice| {
        slice
            .data()
            .map_or(&[][..], |data| items_at(data, "/endpoints"))
    });
    let ready = endpoints.filter(|endpoint| {
        fields_at(endpoint, "/conditions").any(|(key, value)| key == "ready" && value == true)
    });
    let pods = ready.filter_map(|endpoint| {
        live.find(Kind::Pod, namespace, text_at(endpoint, "/targetRef/name"))
    });
    pods.filter_map(|pod| running(pod.pod()?).next())
        .map(|run| run.1)
        .min()
}

/// The running containers of a pod, sidecars included, and since when they run.
fn running(pod: &PodBody) -> impl Iterator<Item = (&Arc<str>, SimTime)> {
    let all = pod
        .status
        .containers
        .iter()
        .chain(&pod.status.init_containers);
    all.filter_map(|container| match container.state {
        ContainerState::Running { started } => Some((&container.name, started)),
        _ => None,
    })
}

impl Scrape<'_> {
    fn answers(&self, node: &str) -> bool {
        self.meters.answers(node, self.at)
    }

    fn usage(&self, pod: &Object) -> Vec<(Arc<str>, Usage)> {
        let demand = self.demands.get(&pod.key()).copied().unwrap_or_default();
        self.meters.containers(pod, demand)
    }

    /// A pod that has two points for each of its containers.
    fn pod(&self, live: &Object) -> Option<PodMetrics> {
        let pod = self.then.get(&live.key())?;
        let body = pod.pod().filter(|_| pod.meta.uid == live.meta.uid)?;
        let node = body
            .node_name
            .as_deref()
            .filter(|node| self.answers(node))?;
        let mut shortest = None;
        for (_, started) in running(body) {
            let window = self.window(node, started)?;
            shortest = Some(shortest.map_or(window, |other: Span| other.min(window)));
        }
        Some(PodMetrics {
            namespace: pod.meta.namespace.clone(),
            name: pod.meta.name.clone(),
            at: self.at,
            window: shortest?,
            containers: self.usage(pod),
        })
    }

    /// What lies between the two points of a container; `None` if there is one only.
    fn window(&self, node: &str, started: SimTime) -> Option<Span> {
        let age = self.at - started;
        if age >= FRESH_MIN && age < self.resolution {
            return Some(age);
        }
        let before = self.before.filter(|before| started < *before)?;
        self.meters.answers(node, before).then_some(self.resolution)
    }

    fn node(&self, node: &Object) -> Option<NodeMetrics> {
        let name = &node.meta.name;
        let before = self
            .before
            .filter(|before| self.meters.answers(name, *before));
        before.filter(|_| self.answers(name))?;
        let pods = self.then.pods_on(name).flat_map(|pod| self.usage(pod));
        Some(NodeMetrics {
            name: name.clone(),
            usage: pods.map(|(_, usage)| usage).sum::<Usage>() + self.meters.system(node),
        })
    }
}
