//! Pods, compact: a shared spec, the few fields that differ between replicas, and the status.
//!
//! Upstream: `core/v1.Pod`, `PodStatus`; QoS from `pkg/apis/core/v1/helper/qos/qos.go`.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Container, PodSpec};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use crate::clock::SimTime;

use super::{SharedPodSpec, parse_quantity};

/// `spec` and `status` of a pod.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PodBody {
    pub spec: Arc<SharedPodSpec>,
    pub node_name: Option<Arc<str>>,
    /// The five letters behind `kube-api-access-`, if the pod has that volume.
    pub token_suffix: Option<Arc<str>>,
    pub status: Arc<PodStatus>,
}

/// `status` of a pod. Conditions keep the order in which they are printed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PodStatus {
    pub phase: Phase,
    pub reason: Option<Arc<str>>,
    pub message: Option<Arc<str>>,
    pub conditions: Vec<PodCondition>,
    pub host_ip: Option<Ipv4Addr>,
    pub pod_ip: Option<Ipv4Addr>,
    pub start_time: Option<SimTime>,
    pub init_containers: Vec<ContainerStatus>,
    pub containers: Vec<ContainerStatus>,
    pub nominated_node: Option<Arc<str>>,
    /// 0 until the kubelet has written a status.
    pub observed_generation: i64,
}

/// `status.phase`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    #[default]
    Pending,
    Running,
    Succeeded,
    Failed,
    Unknown,
}

impl Phase {
    /// `Pending`, `Running`, …
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::Pending => "Pending",
            Phase::Running => "Running",
            Phase::Succeeded => "Succeeded",
            Phase::Failed => "Failed",
            Phase::Unknown => "Unknown",
        }
    }

    /// Succeeded or Failed: a phase that is never left.
    pub fn is_terminal(self) -> bool {
        matches!(self, Phase::Succeeded | Phase::Failed)
    }
}

/// `True`, `False`, `Unknown`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConditionStatus {
    True,
    #[default]
    False,
    Unknown,
}

impl ConditionStatus {
    /// `True`, `False`, `Unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            ConditionStatus::True => "True",
            ConditionStatus::False => "False",
            ConditionStatus::Unknown => "Unknown",
        }
    }
}

impl From<bool> for ConditionStatus {
    fn from(yes: bool) -> Self {
        if yes {
            ConditionStatus::True
        } else {
            ConditionStatus::False
        }
    }
}

/// The types of a pod's conditions, in the kubelet's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PodConditionType {
    DisruptionTarget,
    PodReadyToStartContainers,
    Initialized,
    Ready,
    ContainersReady,
    PodScheduled,
}

impl PodConditionType {
    /// `Ready`, `PodScheduled`, …
    pub fn as_str(self) -> &'static str {
        match self {
            PodConditionType::DisruptionTarget => "DisruptionTarget",
            PodConditionType::PodReadyToStartContainers => "PodReadyToStartContainers",
            PodConditionType::Initialized => "Initialized",
            PodConditionType::Ready => "Ready",
            PodConditionType::ContainersReady => "ContainersReady",
            PodConditionType::PodScheduled => "PodScheduled",
        }
    }
}

/// One condition of a pod.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PodCondition {
    pub kind: PodConditionType,
    pub status: ConditionStatus,
    pub reason: Option<Arc<str>>,
    pub message: Option<Arc<str>>,
    pub transition: SimTime,
    /// 0 where the API shows none.
    pub observed_generation: i64,
}

/// `status.containerStatuses[]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContainerStatus {
    pub name: Arc<str>,
    pub state: ContainerState,
    pub last: Option<Terminated>,
    pub ready: bool,
    pub started: bool,
    pub restart_count: u32,
    /// As the spec has it until the runtime reports `docker.io/library/nginx:1.7.9`.
    pub image: Arc<str>,
    /// Empty until the container was created.
    pub image_id: Arc<str>,
    /// `containerd://<64 hex>`, empty until the container was created.
    pub container_id: Arc<str>,
}

/// `state` of a container.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ContainerState {
    Waiting {
        reason: Arc<str>,
        message: Option<Arc<str>>,
    },
    Running {
        started: SimTime,
    },
    Terminated(Terminated),
}

/// How a container ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Terminated {
    pub exit_code: i32,
    pub reason: Arc<str>,
    pub message: Option<Arc<str>>,
    /// `None` prints as 1970-01-01T00:00:00Z, for a container that never started.
    pub started: Option<SimTime>,
    pub finished: SimTime,
    pub container_id: Arc<str>,
}

impl PodStatus {
    /// The condition of a type.
    pub fn condition(&self, kind: PodConditionType) -> Option<&PodCondition> {
        self.conditions.iter().find(|c| c.kind == kind)
    }

    /// Whether the condition `Ready` is True.
    pub fn is_ready(&self) -> bool {
        self.condition(PodConditionType::Ready)
            .is_some_and(|c| c.status == ConditionStatus::True)
    }

    /// Sets a condition in its place; keeps the transition time where the status stays.
    pub fn set_condition(&mut self, new: PodCondition) {
        match self.conditions.iter_mut().find(|c| c.kind == new.kind) {
            Some(old) => {
                let transition = if old.status == new.status {
                    old.transition
                } else {
                    new.transition
                };
                *old = PodCondition { transition, ..new };
            }
            None => {
                let at = self.conditions.iter().position(|c| c.kind > new.kind);
                self.conditions
                    .insert(at.unwrap_or(self.conditions.len()), new);
            }
        }
    }
}

impl PodBody {
    /// Whether the pod neither ended nor… counts as active for controllers; deletion is in the
    /// metadata.
    pub fn is_terminal(&self) -> bool {
        self.status.phase.is_terminal()
    }

    /// Sum of the restarts of regular containers.
    pub fn restarts(&self) -> u32 {
        self.status.containers.iter().map(|c| c.restart_count).sum()
    }
}

/// `status.qosClass`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QosClass {
    BestEffort,
    Burstable,
    Guaranteed,
}

impl QosClass {
    /// `BestEffort`, `Burstable`, `Guaranteed`.
    pub fn as_str(self) -> &'static str {
        match self {
            QosClass::BestEffort => "BestEffort",
            QosClass::Burstable => "Burstable",
            QosClass::Guaranteed => "Guaranteed",
        }
    }

    /// The class of a spec.
    pub fn of(spec: &PodSpec) -> QosClass {
        let all = || {
            spec.containers
                .iter()
                .chain(spec.init_containers.iter().flatten())
        };
        if all().all(guaranteed) {
            QosClass::Guaranteed
        } else if all().all(|c| !asks_for_anything(c)) {
            QosClass::BestEffort
        } else {
            QosClass::Burstable
        }
    }
}

type Amounts = Option<BTreeMap<String, Quantity>>;

fn positive(amounts: &Amounts, name: &str) -> Option<i64> {
    let amount = parse_quantity(&amounts.as_ref()?.get(name)?.0)?.milli();
    Some(amount).filter(|n| *n > 0)
}

fn guaranteed(container: &Container) -> bool {
    let Some(resources) = &container.resources else {
        return false;
    };
    ["cpu", "memory"].iter().all(|name| {
        let limit = positive(&resources.limits, name);
        let request = positive(&resources.requests, name).or(limit);
        limit.is_some() && request == limit
    })
}

fn asks_for_anything(container: &Container) -> bool {
    container.resources.as_ref().is_some_and(|resources| {
        ["cpu", "memory"].iter().any(|name| {
            positive(&resources.requests, name)
                .or(positive(&resources.limits, name))
                .is_some()
        })
    })
}
