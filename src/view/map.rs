//! The map: nodes, pods and workloads, as differences since a revision.
//!
//! Upstream: none; words and counts are those of kubectl's tables.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::api::{Key, Kind, Object};
use crate::apiserver::{Change, Snapshot, Store};
use crate::cluster::World;
use crate::kubectl::{node_columns, pod_columns};

use super::workloads::{pod_hue, workload_views};
use super::{Look, MapDiff, NodeView, PodView};

/// What of the map may look different: the objects that were written, and those that show them.
#[derive(Clone, Debug, Default)]
pub struct Touched {
    pods: BTreeSet<Key>,
    nodes: BTreeSet<Arc<str>>,
    workloads: bool,
    /// Writes of events, for the timeline.
    pub events: u32,
}

impl Touched {
    /// What was written after a revision.
    pub fn since(store: &Store, after: u64) -> Touched {
        let mut touched = Touched::default();
        for change in store.changes(after, u64::MAX) {
            touched.note(&change);
        }
        touched
    }

    fn note(&mut self, change: &Change<'_>) {
        let key = change.object().key();
        match change.kind {
            Kind::Pod => {
                let node = |o: Option<&Arc<Object>>| o?.pod()?.node_name.clone();
                let nodes = node(change.old).into_iter().chain(node(change.new));
                self.nodes.extend(nodes);
                self.workloads |= change.old.is_none() || change.new.is_none();
                self.pods.insert(key);
            }
            // A machine that was switched shows at once, by the lease that it no longer renews.
            Kind::Node | Kind::Lease => {
                self.nodes.insert(key.name);
            }
            Kind::Deployment
            | Kind::ReplicaSet
            | Kind::ReplicationController
            | Kind::DaemonSet
            | Kind::StatefulSet
            | Kind::Job
            | Kind::CronJob => self.workloads = true,
            Kind::Event => self.events += 1,
            _ => {}
        }
    }

    /// Adds what another one names.
    pub fn add(&mut self, other: Touched) {
        self.pods.extend(other.pods);
        self.nodes.extend(other.nodes);
        self.workloads |= other.workloads;
        self.events += other.events;
    }

    /// Every node may look different: machines were switched, which is no write.
    pub fn add_nodes(&mut self, store: &Store) {
        let nodes = store.head().list(Kind::Node, None);
        self.nodes.extend(nodes.map(|node| node.meta.name.clone()));
    }
}

/// How these objects look on the map now; with `None` all objects.
pub fn map_diff(world: &World, touched: Option<Touched>) -> MapDiff {
    let snapshot = world.store().head();
    let Some(touched) = touched else {
        return full(world, snapshot);
    };
    let mut diff = MapDiff {
        pod_total: pod_total(world),
        ..MapDiff::default()
    };
    for key in touched.pods {
        match snapshot.get(&key) {
            Some(pod) => diff.pods.push(pod_view(snapshot, pod)),
            None => diff
                .pods_gone
                .push((key.namespace.to_string(), key.name.to_string())),
        }
    }
    for name in touched.nodes {
        match snapshot.find(Kind::Node, "", &name) {
            Some(node) => diff.nodes.push(node_view(world, snapshot, node)),
            None => diff.nodes_gone.push(name.to_string()),
        }
    }
    diff.workloads = touched.workloads.then(|| workload_views(snapshot));
    diff
}

fn full(world: &World, snapshot: Snapshot<'_>) -> MapDiff {
    MapDiff {
        full: true,
        nodes: snapshot
            .list(Kind::Node, None)
            .map(|n| node_view(world, snapshot, n))
            .collect(),
        pods: snapshot
            .list(Kind::Pod, None)
            .map(|p| pod_view(snapshot, p))
            .collect(),
        workloads: Some(workload_views(snapshot)),
        pod_total: pod_total(world),
        ..MapDiff::default()
    }
}

fn pod_total(world: &World) -> u32 {
    u32::try_from(world.pod_count()).unwrap_or(u32::MAX)
}

fn pod_view(snapshot: Snapshot<'_>, object: &Arc<Object>) -> PodView {
    let columns = pod_columns(object);
    let pod = object.pod();
    let node = pod.and_then(|p| p.node_name.as_deref()).unwrap_or_default();
    let owner = object
        .meta
        .controller()
        .map(|c| c.name.to_string())
        .unwrap_or_default();
    // What controls the pod may itself be controlled.
    let kind = object.meta.controller().map(|c| &*c.kind);
    let between = [Kind::ReplicaSet, Kind::Job];
    let between = between.iter().find(|k| kind == Some(k.name()));
    let set = between.and_then(|k| snapshot.find(*k, &object.meta.namespace, &owner));
    let workload = set
        .and_then(|s| s.meta.controller())
        .map(|c| c.name.to_string());
    PodView {
        namespace: object.meta.namespace.to_string(),
        name: object.meta.name.to_string(),
        node: node.to_string(),
        look: look(snapshot, object, &columns.status),
        ready: columns.ready,
        status: columns.status,
        restarts: pod.map_or(0, |p| p.restarts()),
        hue: pod_hue(snapshot, object),
        workload: workload.unwrap_or_else(|| owner.clone()),
        owner,
    }
}

fn look(snapshot: Snapshot<'_>, object: &Object, status: &str) -> Look {
    let Some(pod) = object.pod() else {
        return Look::Pending;
    };
    let Some(node) = &pod.node_name else {
        return Look::Pending;
    };
    let node = snapshot.find(Kind::Node, "", node).and_then(|n| n.node());
    let lost =
        node.is_none_or(|n| n.status.conditions.ready == crate::api::ConditionStatus::Unknown);
    match pod.status.phase {
        crate::api::Phase::Succeeded => Look::Succeeded,
        crate::api::Phase::Failed => Look::Failed,
        _ if object.meta.is_deleting() => Look::Terminating,
        _ if lost => Look::Lost,
        crate::api::Phase::Running if pod.status.is_ready() => Look::Running,
        crate::api::Phase::Running => Look::NotReady,
        _ if matches!(status, "ContainerCreating" | "PodInitializing" | "Pending") => {
            Look::Starting
        }
        _ => Look::NotReady,
    }
}

fn node_view(world: &World, snapshot: Snapshot<'_>, object: &Arc<Object>) -> NodeView {
    let columns = node_columns(object);
    let Some(node) = object.node() else {
        return NodeView::default();
    };
    let (mut pods, mut cpu, mut memory) = (0, 0, 0);
    for pod in snapshot.pods_on(&object.meta.name).filter_map(|p| p.pod()) {
        if !pod.is_terminal() {
            let requests = &pod.spec.facts.requests;
            (pods, cpu, memory) = (
                pods + 1,
                cpu + requests.cpu_milli,
                memory + requests.memory_bytes,
            );
        }
    }
    let permille =
        |used: i64, of: i64| u32::try_from((used * 1000).checked_div(of).unwrap_or(0)).unwrap_or(0);
    let taint = |t: &crate::api::Taint| {
        let value = if t.value.is_empty() {
            String::new()
        } else {
            format!("={}", t.value)
        };
        format!("{}{value}:{}", t.key, t.effect)
    };
    NodeView {
        name: object.meta.name.to_string(),
        status: columns.status,
        roles: columns.roles,
        ready: node.is_ready(),
        powered: world.fleet().is_powered(&object.meta.name),
        cordoned: node.unschedulable,
        taints: node.taints.iter().map(taint).collect(),
        pods,
        pods_max: u32::try_from(node.status.pods).unwrap_or(0),
        cpu_permille: permille(cpu, node.status.allocatable.cpu_milli),
        memory_permille: permille(memory, node.status.allocatable.memory_bytes),
    }
}
