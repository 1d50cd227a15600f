//! Objects as the control plane would have left them.
//!
//! Upstream: none.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::{DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment};
use k8s_openapi::api::core::v1::{Container, PodSpec, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::api::{
    Body, Condition, ConditionStatus, ContainerState, ContainerStatus, DeploymentBody,
    DeploymentStatus, Labels, LeaseBody, Meta, NodeBody, NodeConditions, NodeStatus, Object,
    OwnerRef, Phase, PodBody, PodCondition, PodConditionType, PodStatus, ReplicaSetBody,
    ReplicaSetStatus, Resources, SharedPodSpec, Taint,
};
use crate::clock::{SimTime, Span};

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(k, v)| (k.to_string(), v.to_string()))
        .collect()
}

pub(super) fn node(name: &str, index: u8, now: SimTime) -> Object {
    let mut own = labels(&[
        ("beta.kubernetes.io/arch", "amd64"),
        ("beta.kubernetes.io/os", "linux"),
        ("kubernetes.io/arch", "amd64"),
        ("kubernetes.io/hostname", name),
        ("kubernetes.io/os", "linux"),
    ]);
    let mut taints = Vec::new();
    if index == 0 {
        own.insert(
            "node-role.kubernetes.io/control-plane".into(),
            String::new(),
        );
        taints.push(Taint {
            key: "node-role.kubernetes.io/control-plane".into(),
            value: "".into(),
            effect: "NoSchedule".into(),
            time_added: None,
        });
    }
    let status = node_status(index, now);
    let annotations = labels(&[
        ("node.alpha.kubernetes.io/ttl", "0"),
        (
            "volumes.kubernetes.io/controller-managed-attach-detach",
            "true",
        ),
    ]);
    Object {
        meta: Meta {
            labels: Arc::new(own),
            annotations: Arc::new(annotations),
            ..Meta::named("", name)
        },
        body: Body::Node(NodeBody {
            unschedulable: false,
            taints: taints.into(),
            status: Arc::new(status),
        }),
    }
}

pub(super) fn lease(name: &str, now: SimTime) -> Object {
    Object {
        meta: Meta::named("kube-node-lease", name),
        body: Body::Lease(LeaseBody {
            holder: name.into(),
            from: now,
            every: Span::secs(10),
            until: None,
            status_from: now,
        }),
    }
}

fn template(pairs: &[(&str, &str)]) -> PodTemplateSpec {
    PodTemplateSpec {
        metadata: Some(ObjectMeta {
            labels: Some(labels(pairs)),
            ..ObjectMeta::default()
        }),
        spec: Some(PodSpec {
            containers: vec![Container {
                name: "nginx".into(),
                image: Some("nginx:1.7.9".into()),
                ..Container::default()
            }],
            ..PodSpec::default()
        }),
    }
}

fn selector(pairs: &[(&str, &str)]) -> LabelSelector {
    LabelSelector {
        match_labels: Some(labels(pairs)),
        match_expressions: None,
    }
}

fn condition(kind: &str, reason: &str, now: SimTime) -> Condition {
    Condition {
        kind: kind.into(),
        status: ConditionStatus::True,
        reason: reason.into(),
        message: "".into(),
        updated: now,
        transition: now,
    }
}

/// A Deployment of two nginx replicas, all available.
pub(super) fn deployment(now: SimTime) -> Object {
    let quarter = || Some(IntOrString::String("25%".into()));
    let spec = DeploymentSpec {
        replicas: Some(2),
        selector: selector(&[("app", "web")]),
        strategy: Some(DeploymentStrategy {
            type_: Some("RollingUpdate".into()),
            rolling_update: Some(RollingUpdateDeployment {
                max_surge: quarter(),
                max_unavailable: quarter(),
            }),
        }),
        template: template(&[("app", "web")]),
        ..DeploymentSpec::default()
    };
    let status = DeploymentStatus {
        observed_generation: 1,
        replicas: 2,
        updated_replicas: 2,
        ready_replicas: 2,
        available_replicas: 2,
        terminating_replicas: Some(0),
        conditions: vec![
            condition("Available", "MinimumReplicasAvailable", now),
            condition("Progressing", "NewReplicaSetAvailable", now),
        ],
        ..DeploymentStatus::default()
    };
    Object {
        meta: Meta {
            labels: Arc::new(labels(&[("app", "web")])),
            annotations: Arc::new(labels(&[("deployment.kubernetes.io/revision", "1")])),
            ..Meta::named("default", "web")
        },
        body: Body::Deployment(DeploymentBody::new(spec, status)),
    }
}

fn owned_by(owner: &Object) -> Arc<[OwnerRef]> {
    Arc::from([OwnerRef {
        api_version: owner.kind().api_version().into(),
        kind: owner.kind().name().into(),
        name: owner.meta.name.clone(),
        uid: owner.meta.uid,
        controller: true,
        block_owner_deletion: true,
    }])
}

/// The ReplicaSet of such a Deployment.
pub(super) fn replica_set(deployment: &Object, hash: &str, revision: &str) -> Object {
    let own = [("app", "web"), ("pod-template-hash", hash)];
    let template = crate::api::PodTemplate::new(template(&own));
    let mut body = ReplicaSetBody::new(2, 0, selector(&own), template);
    body.status = ReplicaSetStatus {
        observed_generation: 1,
        replicas: 2,
        fully_labeled_replicas: 2,
        ready_replicas: 2,
        available_replicas: 2,
        terminating_replicas: Some(0),
        conditions: Vec::new(),
    };
    Object {
        meta: Meta {
            labels: Arc::new(labels(&own)),
            annotations: Arc::new(labels(&[
                ("deployment.kubernetes.io/desired-replicas", "2"),
                ("deployment.kubernetes.io/max-replicas", "3"),
                ("deployment.kubernetes.io/revision", revision),
            ])),
            owners: owned_by(deployment),
            ..Meta::named("default", format!("web-{hash}"))
        },
        body: Body::ReplicaSet(body),
    }
}

/// A running pod of such a ReplicaSet on k8s-node1.
pub(super) fn pod(rs: &Object, suffix: &str, now: SimTime) -> Object {
    let spec = rs
        .replica_set()
        .map(|rs| rs.template.spec())
        .unwrap_or_default();
    let own: Labels = rs
        .replica_set()
        .map(|rs| rs.template.labels.clone())
        .unwrap_or_default();
    let started = now + Span::secs(2);
    let conditions = [
        PodConditionType::PodReadyToStartContainers,
        PodConditionType::Initialized,
        PodConditionType::Ready,
        PodConditionType::ContainersReady,
        PodConditionType::PodScheduled,
    ];
    let status = PodStatus {
        phase: Phase::Running,
        conditions: conditions
            .into_iter()
            .map(|kind| PodCondition {
                kind,
                status: ConditionStatus::True,
                reason: None,
                message: None,
                transition: started,
                observed_generation: 1,
            })
            .collect(),
        host_ip: Some(Ipv4Addr::new(192, 168, 56, 11)),
        pod_ip: Some(Ipv4Addr::new(10, 244, 1, 3)),
        start_time: Some(now),
        containers: vec![ContainerStatus {
            name: "nginx".into(),
            state: ContainerState::Running { started },
            last: None,
            ready: true,
            started: true,
            restart_count: 0,
            image: "docker.io/library/nginx:1.7.9".into(),
            image_id: "docker.io/library/nginx@sha256:ebf5".into(),
            container_id: "containerd://4046".into(),
        }],
        observed_generation: 1,
        ..PodStatus::default()
    };
    Object {
        meta: Meta {
            labels: own,
            owners: owned_by(rs),
            ..Meta::named("default", format!("{}-{suffix}", rs.meta.name))
        },
        body: Body::Pod(PodBody {
            spec: SharedPodSpec::new(spec, false),
            node_name: Some("k8s-node1".into()),
            token_suffix: None,
            status: Arc::new(status),
        }),
    }
}

fn node_status(index: u8, now: SimTime) -> NodeStatus {
    let capacity = labels(&[
        ("cpu", "4"),
        ("ephemeral-storage", "50Gi"),
        ("memory", "8Gi"),
        ("pods", "110"),
    ]);
    NodeStatus {
        capacity: Arc::new(capacity),
        allocatable: Resources {
            cpu_milli: 4000,
            memory_bytes: 8 << 30,
            ephemeral_bytes: 50 << 30,
            other: BTreeMap::new(),
        },
        pods: 110,
        internal_ip: Ipv4Addr::new(192, 168, 56, 10 + index),
        conditions: NodeConditions {
            ready: ConditionStatus::True,
            ready_reason: "KubeletReady".into(),
            ready_message: "kubelet is posting ready status".into(),
            ready_transition: now,
            memory_pressure: ConditionStatus::False,
            disk_pressure: ConditionStatus::False,
            pid_pressure: ConditionStatus::False,
            pressure_transition: now,
        },
        boot_id: "3627a268-cc39-69e1-40bf-c39553238b46".into(),
        machine_id: "d3fbb3bdd59937bc81d1824360f44d84".into(),
        system_uuid: "8fe9127f-7c7d-4f65-9a01-2dcc992383c3".into(),
        kubelet_version: "v1.36.2".into(),
        kernel_version: "6.1.0-fake-amd64".into(),
        os_image: "Debian GNU/Linux 12 (bookworm)".into(),
        runtime_version: "containerd://2.1.4".into(),
        ..NodeStatus::unknown()
    }
}
