//! What containers and machines use: by image while nobody asks anything of them, and what users
//! ask of a pod on top.
//!
//! Upstream: cAdvisor and `/metrics/resource` (`pkg/kubelet/metrics/collectors`). Differs: a
//! catalogue stands for what programs do; the demand falls on the first container of a pod, which
//! uses no more cpu or memory than its limits (nothing is killed for its memory).

use std::sync::Arc;

use crate::api::{ContainerState, Object, parse_quantity};
use crate::client::Usage;
use crate::clock::SimTime;

use super::Fleet;
use super::images::short_name;

/// Images by their short name: millionths of a core, and KiB, of an idle container.
const CATALOGUE: &[(&str, i64, i64)] = &[
    ("alpine", 0, 700),
    ("busybox", 0, 700),
    ("cassandra", 35_000, 1_300_000),
    ("coredns", 2_500, 14_000),
    ("elasticsearch", 12_000, 1_250_000),
    ("fluentd", 4_000, 62_000),
    ("fluentd-elasticsearch", 4_000, 62_000),
    ("hpa-example", 900, 9_600),
    ("httpd", 150, 7_000),
    ("ingress-nginx", 2_000, 75_000),
    ("memcached", 300, 2_600),
    ("metrics-server", 3_500, 18_000),
    ("mongo", 5_500, 118_000),
    ("mysql", 6_500, 385_000),
    ("nginx", 40, 4_200),
    ("node-exporter", 1_500, 11_000),
    ("openjdk", 2_000, 140_000),
    ("pause", 0, 480),
    ("postgres", 1_200, 38_000),
    ("prometheus", 9_000, 120_000),
    ("rabbitmq", 9_000, 130_000),
    ("redis", 1_800, 4_400),
    ("tomcat", 2_200, 160_000),
    ("ubuntu", 0, 1_100),
    ("wordpress", 300, 48_000),
    ("zookeeper", 3_000, 90_000),
];
/// Every other image.
const OTHERS: (i64, i64) = (800, 12_000);

/// The kernel, the runtime and the kubelet of a machine; on a control plane its components, too.
const SYSTEM: (i64, i64) = (38_000, 420_000);
const CONTROL_PLANE: (i64, i64) = (95_000, 880_000);
const ROLE: &str = "node-role.kubernetes.io/control-plane";

fn usage((cpu_micros, memory_kib): (i64, i64)) -> Usage {
    Usage {
        cpu_nanos: cpu_micros * 1000,
        memory_bytes: memory_kib * 1024,
    }
}

fn idle(image: &str) -> Usage {
    let name = short_name(image);
    let row = CATALOGUE.iter().find(|row| row.0 == name);
    usage(row.map_or(OTHERS, |row| (row.1, row.2)))
}

impl Fleet {
    /// What the running containers of a pod use that gets this demand.
    pub fn usage(pod: &Object, demand: Usage) -> Vec<(Arc<str>, Usage)> {
        let Some(body) = pod.pod() else {
            return Vec::new();
        };
        let spec = &body.spec.spec;
        let regular = spec.containers.iter().zip(0..);
        let sidecars = spec.init_containers.iter().flatten().zip(1..);
        let (status, init) = (&body.status.containers, &body.status.init_containers);
        let mut all = Vec::new();
        for (container, place) in regular.chain(sidecars) {
            let mut states = status.iter().chain(init);
            let state = states.find(|s| *s.name == container.name).map(|s| &s.state);
            if !matches!(state, Some(ContainerState::Running { .. })) {
                continue;
            }
            let mut used = idle(container.image.as_deref().unwrap_or_default());
            if place == 0 {
                used = used + demand;
            }
            let limits = container.resources.as_ref().and_then(|r| r.limits.as_ref());
            let limit = |name: &str| parse_quantity(&limits?.get(name)?.0);
            if let Some(most) = limit("cpu") {
                let nanos = most.milli().saturating_mul(1_000_000);
                used.cpu_nanos = used.cpu_nanos.min(nanos);
            }
            if let Some(most) = limit("memory") {
                used.memory_bytes = used.memory_bytes.min(most.units());
            }
            all.push((container.name.as_str().into(), used));
        }
        all
    }

    /// What a node uses beside its pods.
    pub fn system_usage(node: &Object) -> Usage {
        let master = node.meta.labels.contains_key(ROLE);
        let components = if master { CONTROL_PLANE } else { (0, 0) };
        usage(SYSTEM) + usage(components)
    }

    /// Whether the kubelet of a machine answered at a moment of the last minute.
    pub fn answers(&self, node: &str, at: SimTime) -> bool {
        self.machine(node)
            .is_some_and(|machine| machine.kubelet_runs() == (at >= machine.switched))
    }
}
