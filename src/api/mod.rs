//! The objects: what a cluster's state is made of, and how it is read and printed.
//!
//! An [`Object`] is metadata plus a [`Body`]. Bodies that exist in great number (pods, events,
//! ReplicaSets) are compact and share what replicas have in common; k8s-openapi's types are used
//! for what a visitor writes (specs), so that no field is lost, and JSON is composed on demand.
//!
//! Upstream: `staging/src/k8s.io/api` and `apimachinery/pkg/apis/meta/v1`.

mod affinity;
mod batch;
pub mod cron;
mod custom;
mod daemonset;
mod dig;
mod duration;
mod event;
mod godump;
mod gointernal;
mod gotext;
mod json;
mod kinds;
mod lease;
mod meta;
mod name;
mod node;
mod object;
mod order;
mod pod;
mod quantity;
mod scale;
mod selector;
mod statefulset;
mod storage;
mod template;
mod unified;
mod workload;
pub mod yaml;
mod zones;

pub use affinity::{NameRequirement, NodeTerm, Placement, PodTerm, SpreadConstraint};
pub use batch::{ActiveJob, CronJobBody, CronJobStatus, JobBody, JobStatus, UncountedPods};
pub use custom::{CUSTOM_CLEANUP, CustomColumn, CustomKind, ScalePaths};
pub use daemonset::{DaemonSetBody, DaemonSetStatus};
pub use dig::{
    base64, fields_at, items_at, labels_at, number_at, selector_at, text_at, texts_at, unbase64,
};
pub use duration::parse_duration;
pub use event::{Arg, EventBody, InvolvedObject, Message, Series};
pub use godump::go_dump_template;
pub use gointernal::{go_internal_pod_spec, go_internal_template};
pub use gotext::{go_json, go_print, go_quote};
pub use json::{from_json, heartbeat_times, meta_to_json, to_json};
pub use kinds::{KINDS, Kind, KindInfo};
pub use lease::LeaseBody;
pub use meta::{Deletion, Key, Labels, Meta, OwnerRef, Uid};
pub use name::Name;
pub use node::{NodeBody, NodeConditions, NodeImage, NodeStatus, Taint};
pub use object::{Body, Object};
pub use order::Order;
pub use pod::{
    ConditionStatus, ContainerState, ContainerStatus, Phase, PodBody, PodCondition,
    PodConditionType, PodStatus, QosClass, Terminated,
};
pub use quantity::{Amount, canonical_quantity, parse_quantity};
pub use selector::{Requirement, Selector, SelectorError};
pub use statefulset::{StatefulSetBody, StatefulSetStatus};
pub use storage::{
    BIND_COMPLETED, NO_PROVISIONER, SELECTED_NODE, data_text, is_bound_claim, volume_nodes,
    waits_for_consumer,
};
pub use template::{Hashed, PodFacts, PodTemplate, Port, Resources, SharedPodSpec, Toleration};
pub use unified::unified_diff;
pub use workload::{Condition, DeploymentBody, DeploymentStatus, ReplicaSetBody, ReplicaSetStatus};
