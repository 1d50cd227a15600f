//! The last two scrapes of a metrics server, and what is known by them.
//!
//! Upstream: `metrics-server/pkg/storage/{pod,node}.go`, `pkg/scraper`. Differs: as `metrics.rs`
//! says; pods that want more cpu than their node has get it in proportion, whatever they request.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::api::{ContainerState, Key, Kind, Object, PodBody, fields_at, items_at, text_at};
use crate::apiserver::{ApiError, Reason, Snapshot};
use crate::clock::{SimTime, Span};

use super::{Client, Meters, NodeMetrics, PodMetrics, Usage};

const API: &str = "v1beta1.metrics.k8s.io";
/// `freshContainerMinMetricsResolution`: a container that has started within the last window is
/// measured from its start, if that is so long ago.
const FRESH_MIN: Span = Span::secs(10);

/// The last scrape and the one before it.
pub(super) struct Scrape<'s> {
    at: SimTime,
    /// `None` if the server had not started yet.
    before: Option<SimTime>,
    then: Snapshot<'s>,
    resolution: Span,
    meters: &'s dyn Meters,
    demands: BTreeMap<Key, Usage>,
    /// Nodes whose pods want more cpu than there is: what they get, and what they want.
    crowded: BTreeMap<Arc<str>, (i64, i64)>,
}

impl Client<'_> {
    /// `None` before the first scrape. Errors: nobody answers.
    pub(super) fn scrape(&self, resource: &str) -> Result<Option<Scrape<'_>>, ApiError> {
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
        let mut scrape = Scrape {
            at,
            before: (scrapes > 0).then_some(at - resolution),
            then,
            resolution,
            meters,
            demands: meters.demands(then, at),
            crowded: BTreeMap::new(),
        };
        scrape.crowded = scrape.find_crowded();
        Ok(Some(scrape))
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

    fn wants(&self, pod: &Object) -> Vec<(Arc<str>, Usage)> {
        let demand = self.demands.get(&pod.key()).copied().unwrap_or_default();
        self.meters.containers(pod, demand)
    }

    /// What a pod uses: what it wants, or its part of what its node has.
    fn usage(&self, pod: &Object) -> Vec<(Arc<str>, Usage)> {
        let mut all = self.wants(pod);
        let node = pod.pod().and_then(|body| body.node_name.as_ref());
        if let Some((gets, wants)) = node.and_then(|node| self.crowded.get(node)) {
            for (_, usage) in &mut all {
                let part = i128::from(usage.cpu_nanos) * i128::from(*gets) / i128::from(*wants);
                usage.cpu_nanos = i64::try_from(part).unwrap_or(0);
            }
        }
        all
    }

    /// Only pods of which something is asked can want too much.
    fn find_crowded(&self) -> BTreeMap<Arc<str>, (i64, i64)> {
        let pods = self
            .demands
            .keys()
            .filter_map(|pod| self.then.get(pod)?.pod());
        let asked: BTreeSet<Arc<str>> = pods.filter_map(|pod| pod.node_name.clone()).collect();
        let judged = asked.into_iter().filter_map(|name| {
            let node = self.then.find(Kind::Node, "", &name)?;
            let has = node
                .node()?
                .status
                .allocatable
                .cpu_milli
                .saturating_mul(1_000_000);
            let gets = (has - self.meters.system(node).cpu_nanos).max(0);
            let pods = self.then.pods_on(&name).flat_map(|pod| self.wants(pod));
            let wants = pods.map(|(_, usage)| usage).sum::<Usage>().cpu_nanos;
            (wants > gets).then_some((name, (gets, wants)))
        });
        judged.collect()
    }

    /// A pod that has two points for each of its containers.
    pub(super) fn pod(&self, live: &Object) -> Option<PodMetrics> {
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

    pub(super) fn node(&self, node: &Object) -> Option<NodeMetrics> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apiserver::Store;

    /// Everybody answers, but not `n2` before second 60.
    struct All;

    impl Meters for All {
        fn demands(&self, _: Snapshot<'_>, _: SimTime) -> BTreeMap<Key, Usage> {
            BTreeMap::new()
        }

        fn containers(&self, _: &Object, _: Usage) -> Vec<(Arc<str>, Usage)> {
            Vec::new()
        }

        fn system(&self, _: &Object) -> Usage {
            Usage::default()
        }

        fn answers(&self, node: &str, at: SimTime) -> bool {
            node != "n2" || at >= SimTime::from_unix_secs(60)
        }
    }

    #[test]
    fn a_container_has_metrics_from_its_second_point_on() {
        let store = Store::default();
        for (name, node, started, before, window) in [
            ("long since", "n1", 0, Some(45), Some(15)),
            ("since before the last scrape", "n1", 44, Some(45), Some(15)),
            ("since the last scrape", "n1", 45, Some(45), None),
            (
                "for twelve seconds: from its start",
                "n1",
                48,
                Some(45),
                Some(12),
            ),
            ("for ten seconds", "n1", 50, Some(45), Some(10)),
            ("for less", "n1", 51, Some(45), None),
            (
                "long since, by a server that has just started",
                "n1",
                0,
                None,
                None,
            ),
            (
                "long since, on a node that was off",
                "n2",
                0,
                Some(45),
                None,
            ),
        ] {
            let scrape = Scrape {
                at: SimTime::from_unix_secs(60),
                before: before.map(SimTime::from_unix_secs),
                then: store.head(),
                resolution: Span::secs(15),
                meters: &All,
                demands: BTreeMap::new(),
                crowded: BTreeMap::new(),
            };
            let found = scrape.window(node, SimTime::from_unix_secs(started));
            assert_eq!(found, window.map(Span::secs), "{name}");
        }
    }
}
