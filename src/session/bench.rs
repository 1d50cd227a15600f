//! What is measured: each bench prepares a story and runs a part of it. Timing is the shell's
//! business, since the core has no clock.
//!
//! Upstream: none; the figures that the project promises.

use crate::clock::{SimTime, Span};
use crate::cluster::Setup;

use super::history::History;
use super::journal::Input;

mod manifests;

pub use manifests::manifest;

/// One figure: the time that `run` takes on what `prepare` made.
pub struct Bench {
    /// As printed, with the figure in milliseconds of core time behind it.
    pub name: &'static str,
    pub prepare: fn() -> History,
    pub run: fn(&mut History),
    /// What came of it: who measures looks whether the work was done.
    pub outcome: fn(&History) -> String,
    /// What it may take in a browser, milliseconds.
    pub budget_ms: f64,
}

/// All benches.
pub const BENCHES: &[Bench] = &[
    Bench {
        name: "failover of 3 replicas, 400 simulated seconds",
        prepare: three_replicas,
        run: failover,
        outcome: ready_pods,
        budget_ms: 10.0,
    },
    Bench {
        name: "1,000 replicas on 100 nodes to all Ready",
        prepare: hundred_nodes,
        run: scale_to_thousand,
        outcome: ready_pods,
        budget_ms: 100.0,
    },
    Bench {
        name: "step back at 1,000 pods on 100 nodes",
        prepare: thousand_pods,
        run: step_back,
        outcome: ready_pods,
        budget_ms: 16.0,
    },
    Bench {
        name: "state hash at 1,000 pods on 100 nodes",
        prepare: thousand_pods,
        run: state_hash,
        outcome: ready_pods,
        budget_ms: 1.0,
    },
    manifests::APPLY_250_KB,
    manifests::APPLY_500_KB,
    manifests::APPLY_1_MB,
    manifests::CHECK_1_MB,
    manifests::ALIAS_BOMB,
    manifests::DEEP_NESTING,
    manifests::HUGE_FILE,
];

const MANIFEST: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: REPLICAS
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
      - name: nginx
        image: nginx:1.7.9
";

fn apply(history: &mut History, replicas: u32) {
    let text = MANIFEST.replace("REPLICAS", &replicas.to_string());
    history.act(Input::WriteFile {
        name: "web.yml".into(),
        text,
    });
    history.act(Input::Console("kubectl apply -f web.yml".into()));
}

fn run_for(history: &mut History, span: Span) {
    let until: SimTime = history.world().now() + span;
    history.run(until, u32::MAX, |_, _| {});
}

fn three_replicas() -> History {
    let mut history = History::new(Setup::chapter(1));
    apply(&mut history, 3);
    run_for(&mut history, Span::secs(20));
    history
}

fn failover(history: &mut History) {
    history.act(Input::Console("node off k8s-node2".into()));
    run_for(history, Span::secs(400));
}

fn hundred_nodes() -> History {
    History::new(Setup::sized(1, 100))
}

fn scale_to_thousand(history: &mut History) {
    apply(history, 1_000);
    run_for(history, Span::secs(60));
}

fn thousand_pods() -> History {
    let mut history = hundred_nodes();
    scale_to_thousand(&mut history);
    history
}

fn step_back(history: &mut History) {
    let to = history.moment_before_last_change();
    history.seek(to);
}

fn state_hash(history: &mut History) {
    std::hint::black_box(history.world().hash());
}

/// What a pod of the large story takes of memory, with everything that exists because of it
/// (events, every version of every object, the checkpoints of a minute), in bytes. `taken` tells
/// how much memory the process holds.
pub fn memory_per_pod(taken: impl Fn() -> usize) -> f64 {
    let mut history = hundred_nodes();
    let before = taken();
    scale_to_thousand(&mut history);
    let grown = taken().saturating_sub(before);
    grown as f64 / history.world().pod_count().max(1) as f64
}

/// How many pods of a story are Ready.
fn ready_pods(history: &History) -> String {
    let pods = history
        .world()
        .store()
        .head()
        .list(crate::api::Kind::Pod, None);
    let ready = pods.filter(|pod| pod.pod().is_some_and(|p| p.status.is_ready()));
    format!("{} pods ready", ready.count())
}
