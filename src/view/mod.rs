//! Read models: plain data that the page draws, made from a snapshot of the world.
//!
//! Everything here is public, serialisable and free of behaviour; the page holds nothing else.
//! Texts are kubectl's words or names; sentences of our own are made in the page's i18n table.
//!
//! Upstream: none.

mod detail;
mod figures;
mod map;
mod timeline;
mod why;
mod workloads;

use serde::{Deserialize, Serialize};

pub use detail::detail;
pub use map::{Touched, map_diff};
pub use timeline::{timeline, timeline_since};
pub use why::why;

/// Names an object on the page: kind (`Pod`), namespace (may be empty), name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ref {
    pub kind: String,
    pub namespace: String,
    pub name: String,
}

/// The clock and the story so far. Times are microseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClockView {
    pub start_us: i64,
    pub now_us: i64,
    /// The furthest moment that the scrubber can reach: later than `now_us` after a step back.
    pub end_us: i64,
    pub next_event_us: Option<i64>,
    pub playing: bool,
    pub speed: f64,
    pub seed: u64,
    pub revision: u64,
    pub hash: u64,
    /// Inputs of the visitor, for marks on the scrubber: time and what was done.
    pub marks: Vec<(i64, String)>,
    /// Whether the visitor stands in the past: an act now starts another future.
    pub in_past: bool,
}

/// What a pod looks like on the map; decides colour and symbol.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Look {
    /// No node yet.
    #[default]
    Pending,
    /// On a node, containers being made.
    Starting,
    Running,
    /// Running but not Ready.
    NotReady,
    Terminating,
    Succeeded,
    Failed,
    /// On a node that does not report.
    Lost,
}

/// A pod on the map.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodView {
    pub namespace: String,
    pub name: String,
    /// Empty while it is not scheduled.
    pub node: String,
    pub look: Look,
    /// As `kubectl get pods` prints it: `1/1`.
    pub ready: String,
    /// As `kubectl get pods` prints it: `ContainerCreating`.
    pub status: String,
    pub restarts: u32,
    /// The ReplicaSet (or other owner), empty for a bare pod.
    pub owner: String,
    /// The workload at the top: the Deployment's name, or the owner's.
    pub workload: String,
    /// A number from 0 that is equal for pods of one template: for its colour.
    pub hue: u32,
}

/// A node on the map.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeView {
    pub name: String,
    /// As `kubectl get nodes` prints it: `Ready,SchedulingDisabled`.
    pub status: String,
    pub roles: String,
    /// Whether the API server believes the node Ready.
    pub ready: bool,
    /// Whether the machine is switched on: the simulation knows before the cluster does.
    pub powered: bool,
    pub cordoned: bool,
    pub taints: Vec<String>,
    pub pods: u32,
    pub pods_max: u32,
    /// Requested against allocatable, in thousandths.
    pub cpu_permille: u32,
    pub memory_permille: u32,
}

/// A Deployment with its ReplicaSets, for the picture user → Deployment → ReplicaSet → pods.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkloadView {
    pub kind: String,
    pub namespace: String,
    pub name: String,
    pub desired: i32,
    pub ready: i32,
    pub updated: i32,
    pub available: i32,
    pub sets: Vec<SetView>,
}

/// A ReplicaSet of a workload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetView {
    pub name: String,
    pub revision: String,
    pub images: String,
    pub desired: i32,
    pub current: i32,
    pub ready: i32,
    pub hue: u32,
}

/// What changed on the map since the last frame. `full` replaces everything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MapDiff {
    pub full: bool,
    pub nodes: Vec<NodeView>,
    pub nodes_gone: Vec<String>,
    pub pods: Vec<PodView>,
    /// (namespace, name)
    pub pods_gone: Vec<(String, String)>,
    /// All workloads, if any of them changed.
    pub workloads: Option<Vec<WorkloadView>>,
    /// Pods in all, also those not drawn.
    pub pod_total: u32,
}

/// A line of the console's transcript.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsoleLine {
    pub at_us: i64,
    pub stream: Stream,
    pub text: String,
}

/// Where a console line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stream {
    /// What was typed, or done by a click: printed behind the prompt.
    Input,
    Out,
    Err,
    /// The page's own remarks, such as that the clock went back. `text` is then an i18n key with
    /// arguments behind tabs: `clock-back\t2026-01-05T09:00:10Z`.
    Note,
}

/// What the prompt shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Prompt {
    #[default]
    Ready,
    /// A command waits for simulated time to pass.
    Waiting,
    /// A command waits and the clock is paused.
    WaitingPaused,
}

/// An entry of the timeline: an event of the cluster, or an act of the visitor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    pub at_us: i64,
    pub warning: bool,
    pub object: Ref,
    pub reason: String,
    pub message: String,
    pub count: u32,
}

/// The object under the visitor's eye.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    pub object: Ref,
    /// False when it does not exist (any more) at this moment.
    pub exists: bool,
    /// (label, value) rows, kubectl's names.
    pub fields: Vec<(String, String)>,
    /// The causal chain, newest first: how this object came to be as it is.
    pub why: Vec<WhyStep>,
    /// Events about it, newest last.
    pub events: Vec<TimelineEntry>,
    pub yaml: String,
}

/// One link of a causal chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhyStep {
    pub at_us: i64,
    /// `deployment-controller`, `kubelet`, `you`.
    pub actor: String,
    /// What it did: an i18n key with arguments behind tabs,
    /// `why-created\tReplicaSet\tdefault/web-6f9c` (the keys are listed in `view/why.rs`).
    pub act: String,
    /// The object that this step is about, to click on.
    pub object: Option<Ref>,
}

/// A problem of a manifest, at its place. Lines and columns count from 1; the end is exclusive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
    pub message: String,
    /// `Deployment nginx-deployment`, or empty when the document has no name.
    pub object: String,
    pub warning: bool,
}

/// Everything that a frame brings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    pub clock: ClockView,
    pub map: MapDiff,
    /// New transcript lines.
    pub console: Vec<ConsoleLine>,
    pub prompt: Prompt,
    /// New timeline entries; with `timeline_reset` they are all that there are.
    pub timeline: Vec<TimelineEntry>,
    pub timeline_reset: bool,
    /// So many of the newest entries never happened: the clock went back.
    pub timeline_undone: u32,
    /// The selection, if it or what is known of it changed.
    pub detail: Option<Detail>,
    /// Share of the time asked for that the core could not simulate yet (0 = keeps up).
    pub behind_us: i64,
}
