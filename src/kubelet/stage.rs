//! A stage for tests: an API server, a fleet whose watch takes ten milliseconds, and a script of
//! what happened to one pod, in the form of a table.
//!
//! Upstream: none.

use std::sync::Arc;

use crate::api::{
    Body, ContainerState, Key, Kind, Meta, Object, PodBody, PodConditionType, PodStatus,
    SharedPodSpec,
};
use crate::apiserver::{ApiOptions, ApiServer, Cause, DeleteOptions, Trigger};
use crate::client::{Client, Component};
use crate::clock::{Digest, Seed, SimTime, Span};

use super::{Fleet, NodeConfig, RuntimeOptions};

/// A node, its kubelet, and the world around them.
pub(super) struct StageSet {
    pub api: ApiServer,
    pub fleet: Fleet,
    pub cursor: u64,
    pub start: SimTime,
}

const LATENCY: Span = Span::millis(10);
const CAUSE: Cause = Cause {
    actor: "test",
    trigger: Trigger::Start,
};

impl StageSet {
    /// Three nodes, settled; relists strike at .9 of each second.
    pub(super) fn new(options: RuntimeOptions) -> StageSet {
        let start = SimTime::from_unix_secs(1_800_000_000);
        let mut api = ApiServer::new(Seed(1), start - Span::secs(100), ApiOptions::default());
        for name in ["default", "kube-node-lease"] {
            let body = Body::Data(Kind::Namespace, Arc::new(serde_json::json!({})));
            let meta = Meta::named("", name);
            api.create(Object { meta, body }, CAUSE)
                .expect("a namespace");
        }
        let mut fleet = Fleet::new(options);
        for index in 1..=3 {
            let mut config = NodeConfig::new(&format!("node{index}"), index, false);
            config.relist = Some(Span::millis(900));
            config.heartbeat = Some(Span::millis(5300));
            let mut client = Client::new(&mut api, 0, CAUSE);
            fleet.register_settled(config, &mut client);
        }
        let cursor = api.store().revision();
        api.state.now = start;
        let mut stage = StageSet {
            api,
            fleet,
            cursor,
            start,
        };
        stage.run_until(start);
        stage
    }

    pub(super) fn now(&self) -> SimTime {
        self.api.state.now
    }

    pub(super) fn at(&self, millis: i64) -> SimTime {
        self.start + Span::millis(millis)
    }

    /// Runs everything that is due up to a moment after the start.
    pub(super) fn run_to(&mut self, millis: i64) {
        self.run_until(self.at(millis));
    }

    pub(super) fn run_until(&mut self, until: SimTime) {
        for turn in 0.. {
            assert!(turn < 100_000, "the fleet does not come to rest");
            let written = self
                .api
                .store()
                .write_info(self.cursor + 1)
                .map(|w| w.0 + LATENCY);
            let due = self.fleet.next_run().map(|at| at.max(self.now()));
            let Some(next) = written
                .into_iter()
                .chain(due)
                .min()
                .filter(|at| *at <= until)
            else {
                break;
            };
            self.api.state.now = self.now().max(next);
            let now = self.now();
            let seen = self.api.store().revision_at(now - LATENCY);
            for change in self.api.store().changes(self.cursor, seen) {
                self.fleet.observe(&change, now);
            }
            self.cursor = self.cursor.max(seen);
            let mut client = Client::new(&mut self.api, self.cursor, CAUSE);
            self.fleet.run(&mut client);
        }
        self.api.state.now = until;
    }

    /// Creates a pod from the JSON of its spec and binds it.
    pub(super) fn pod(&mut self, name: &str, node: &str, spec: serde_json::Value) -> Key {
        let spec = serde_json::from_value(spec).expect("a pod spec");
        let body = PodBody {
            spec: SharedPodSpec::new(spec, false),
            node_name: None,
            token_suffix: None,
            status: Arc::new(PodStatus::default()),
        };
        let meta = Meta::named("default", name);
        let object = Object {
            meta,
            body: Body::Pod(body),
        };
        let key = object.key();
        self.api.create(object, CAUSE).expect("a pod");
        self.api.bind(&key, &node.into(), CAUSE).expect("a binding");
        key
    }

    pub(super) fn delete(&mut self, key: &Key, grace_secs: Option<i64>) {
        let options = DeleteOptions {
            grace_secs,
            ..DeleteOptions::default()
        };
        self.api.delete(key, options, CAUSE).expect("a deletion");
    }

    pub(super) fn update(&mut self, object: Object) {
        self.api.update(object, CAUSE).expect("an update");
    }

    /// One of the fleet's faults.
    pub(super) fn fault(
        &mut self,
        fault: impl FnOnce(&mut Fleet, &mut Client<'_>) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut client = Client::new(&mut self.api, self.cursor, CAUSE);
        fault(&mut self.fleet, &mut client)
    }

    pub(super) fn status(&self, key: &Key) -> Arc<PodStatus> {
        let object = self.api.store().head().get(key).cloned();
        object
            .and_then(|o| o.pod().map(|p| p.status.clone()))
            .unwrap_or_default()
    }

    pub(super) fn digest(&self) -> u64 {
        let mut digest = Digest::default();
        self.fleet.digest(&mut digest);
        std::hash::Hasher::finish(&digest)
    }

    /// What happened to an object from a moment on: one line a write of a pod or event.
    pub(super) fn script(&self, of: &str, from: i64) -> Vec<String> {
        let mut lines = Vec::new();
        for change in self.api.store().changes(0, u64::MAX) {
            let object = change.object();
            let after = (change.at - self.at(from)).as_millis();
            let line = match (change.kind, object.event()) {
                (Kind::Pod, _) if &*object.meta.name == of => {
                    if change.new.is_none() {
                        "gone".to_string()
                    } else {
                        pod_line(object)
                    }
                }
                (Kind::Event, Some(event)) if &*event.involved.name == of => {
                    let count = if event.count > 1 {
                        format!(" x{}", event.count)
                    } else {
                        String::new()
                    };
                    format!("  {}{count} {}", event.reason, event.message)
                }
                _ => continue,
            };
            if change.at >= self.at(from) {
                lines.push(format!(
                    "{:>3}.{:02} {line}",
                    after / 1000,
                    after % 1000 / 10
                ));
            }
        }
        lines
    }
}

fn pod_line(object: &Object) -> String {
    let Some(pod) = object.pod() else {
        return String::new();
    };
    let status = &pod.status;
    let mut line = status.phase.as_str().to_string();
    if let Some(deletion) = object.meta.deletion {
        line += &format!(" deleting({})", deletion.grace_secs);
    }
    for container in status.init_containers.iter().chain(&status.containers) {
        let state = match &container.state {
            ContainerState::Waiting { reason, .. } => reason.to_string(),
            ContainerState::Running { .. } if container.ready => "running ready".into(),
            ContainerState::Running { .. } => "running".into(),
            ContainerState::Terminated(end) => format!("{} {}", end.reason, end.exit_code),
        };
        line += &format!(" {}={state}", container.name);
        if container.restart_count > 0 {
            line += &format!(" r{}", container.restart_count);
        }
    }
    let letters = [
        (PodConditionType::DisruptionTarget, 'D'),
        (PodConditionType::PodReadyToStartContainers, 'S'),
        (PodConditionType::Initialized, 'I'),
        (PodConditionType::Ready, 'R'),
        (PodConditionType::ContainersReady, 'C'),
        (PodConditionType::PodScheduled, 'P'),
    ];
    let is_true = |kind| {
        status
            .condition(kind)
            .is_some_and(|c| c.status.as_str() == "True")
    };
    let set: String = letters
        .iter()
        .filter(|(k, _)| is_true(*k))
        .map(|l| l.1)
        .collect();
    line += &format!(" [{set}]");
    if let Some(ip) = status.pod_ip {
        line += &format!(" {ip}");
    }
    line
}
