//! A small world for tests of whole controllers: an API server and the manager with its watch, time
//! moved by hand, and the test in the roles of kubectl and kubelet.
//!
//! Upstream: none; `cluster` is the real machine room.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::{
    Body, ConditionStatus, CronJobBody, DeploymentBody, JobBody, Key, Kind, LeaseBody, Meta,
    Object, Phase, PodCondition, PodConditionType, from_json,
};
use crate::apiserver::{ApiOptions, ApiServer, Cause, Trigger};
use crate::client::{Client, Component};
use crate::clock::{Digest, Seed, SimTime, Span};

use super::{Manager, Options};

const LATENCY: Span = Span::millis(10);
const USER: Cause = Cause {
    actor: "kubectl",
    trigger: Trigger::Input(1),
};

pub(super) struct Drive {
    pub api: ApiServer,
    pub manager: Manager,
    cursor: u64,
}

impl Drive {
    pub fn new() -> Drive {
        let start = SimTime::from_unix_secs(1_000_000);
        let mut drive = Drive {
            api: ApiServer::new(Seed(1), start, ApiOptions::default()),
            manager: Manager::new(Options::new(start)),
            cursor: 0,
        };
        for name in ["default", "kube-node-lease"] {
            drive.create(Kind::Namespace, "", name, &json!({}));
        }
        drive
    }

    pub fn now(&self) -> SimTime {
        self.api.state.now
    }

    pub fn client(&mut self) -> Client<'_> {
        let head = self.api.store().revision();
        Client::new(&mut self.api, head, USER)
    }

    pub fn create(&mut self, kind: Kind, namespace: &str, name: &str, rest: &Value) -> Arc<Object> {
        let mut value = json!({
            "apiVersion": kind.api_version(), "kind": kind.name(),
            "metadata": {"name": name, "namespace": namespace},
        });
        for (key, part) in rest.as_object().into_iter().flatten() {
            merge(&mut value[key], part);
        }
        let object = from_json(kind, &value).expect("an object");
        self.api.create(object, USER).expect("created")
    }

    /// A node whose kubelet reports for ever, with further fields.
    pub fn add_node(&mut self, name: &str, more: &Value) {
        self.create(Kind::Node, "", name, more);
        self.set_node_ready(name);
        let body = LeaseBody {
            holder: name.into(),
            from: self.now(),
            every: Span::secs(10),
            until: None,
            status_from: self.now(),
        };
        let meta = Meta::named("kube-node-lease", name);
        let body = Body::Lease(body);
        self.client()
            .create(Object { meta, body })
            .expect("a lease");
    }

    /// The test as kubelet: all is well with the node.
    pub fn set_node_ready(&mut self, name: &str) {
        let mut node = (*self.get(Kind::Node, name).expect("the node")).clone();
        let now = self.now().whole_secs();
        if let Body::Node(body) = &mut node.body {
            let conditions = &mut Arc::make_mut(&mut body.status).conditions;
            conditions.ready = ConditionStatus::True;
            conditions.ready_reason = "KubeletReady".into();
            conditions.ready_transition = now;
            conditions.memory_pressure = ConditionStatus::False;
            conditions.disk_pressure = ConditionStatus::False;
            conditions.pid_pressure = ConditionStatus::False;
        }
        self.client().update_status(node).expect("updated");
    }

    /// A Deployment of one nginx container, with further fields of its spec.
    pub fn create_deployment(&mut self, name: &str, replicas: i32, more: &Value) -> Arc<Object> {
        let mut spec = json!({
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "progressDeadlineSeconds": 600,
            "revisionHistoryLimit": 10,
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
            },
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "nginx", "image": "nginx:1.7.9"}]},
            },
        });
        merge(&mut spec, more);
        self.create(Kind::Deployment, "default", name, &json!({"spec": spec}))
    }

    /// Edits a Deployment's spec as `kubectl edit` would.
    pub fn edit(&mut self, name: &str, more: &Value) {
        let old = self.get(Kind::Deployment, name).expect("the deployment");
        let body = old.deployment().expect("a deployment");
        let mut spec = serde_json::to_value(&**body.spec).expect("a spec");
        merge(&mut spec, more);
        let spec = serde_json::from_value(spec).expect("a spec");
        let mut new = (*old).clone();
        new.body = Body::Deployment(DeploymentBody::new(spec, body.status.clone()));
        self.api.update(new, USER).expect("updated");
    }

    /// The same for a Job.
    pub fn edit_job(&mut self, name: &str, more: &Value) {
        let old = self.get(Kind::Job, name).expect("the job");
        let body = old.job().expect("a job");
        let mut spec = serde_json::to_value(&**body.spec).expect("a spec");
        merge(&mut spec, more);
        let spec = serde_json::from_value(spec).expect("a spec");
        let mut new = (*old).clone();
        new.body = Body::Job(JobBody::new(spec, (*body.status).clone()));
        self.api.update(new, USER).expect("updated");
    }

    /// The same for a CronJob.
    pub fn edit_cron_job(&mut self, name: &str, more: &Value) {
        let old = self.get(Kind::CronJob, name).expect("the CronJob");
        let body = old.cron_job().expect("a CronJob");
        let mut spec = serde_json::to_value(&**body.spec).expect("a spec");
        merge(&mut spec, more);
        let spec = serde_json::from_value(spec).expect("a spec");
        let mut new = (*old).clone();
        new.body = Body::CronJob(CronJobBody::new(spec, (*body.status).clone()));
        self.api.update(new, USER).expect("updated");
    }

    pub fn get(&self, kind: Kind, name: &str) -> Option<Arc<Object>> {
        let namespace = if kind.info().namespaced {
            "default"
        } else {
            ""
        };
        self.api.store().head().find(kind, namespace, name).cloned()
    }

    pub fn list(&self, kind: Kind) -> Vec<Arc<Object>> {
        self.api.store().head().list(kind, None).cloned().collect()
    }

    /// Runs everything that happens in a span.
    pub fn run_for(&mut self, span: Span) {
        let until = self.now() + span;
        loop {
            let written = self
                .api
                .store()
                .write_info(self.cursor + 1)
                .map(|w| w.0 + LATENCY);
            let due = self.manager.next_run().map(|at| at.max(self.now()));
            let Some(at) = written
                .into_iter()
                .chain(due)
                .min()
                .filter(|at| *at <= until)
            else {
                break;
            };
            self.api.state.now = at.max(self.now());
            let delivered = self.api.store().revision_at(self.now() - LATENCY);
            for change in self.api.store().changes(self.cursor, delivered) {
                self.manager.observe(&change, at);
            }
            self.cursor = self.cursor.max(delivered);
            let cause = Cause {
                actor: "",
                trigger: Trigger::Start,
            };
            let mut client = Client::new(&mut self.api, self.cursor, cause);
            self.manager.run(&mut client);
        }
        self.api.state.now = until;
    }

    /// Long enough for everything that follows at once.
    pub fn settle(&mut self) {
        self.run_for(Span::secs(1));
    }

    /// The test as kubelet: edits a pod's status.
    pub fn set_pod(&mut self, pod: &Object, ready: ConditionStatus, phase: Phase) {
        let Some(latest) = self.api.store().head().get(&pod.key()).cloned() else {
            return;
        };
        let mut new = (*latest).clone();
        let now = self.now().whole_secs();
        if let Body::Pod(body) = &mut new.body {
            let status = Arc::make_mut(&mut body.status);
            status.phase = phase;
            let number = u16::try_from(latest.meta.resource_version).unwrap_or_default();
            let [high, low] = number.to_be_bytes();
            status.pod_ip.get_or_insert([10, 244, high, low].into());
            status.set_condition(PodCondition {
                kind: PodConditionType::Ready,
                status: ready,
                reason: None,
                message: None,
                transition: now,
                observed_generation: 0,
            });
        }
        self.api.update_status(new, USER).expect("updated");
    }

    /// Marks every pod that is not Ready and not going as Ready, and ends those that are going.
    pub fn kubelets_act(&mut self) {
        for pod in self.list(Kind::Pod) {
            if pod.meta.is_deleting() {
                let at_once = crate::apiserver::DeleteOptions {
                    grace_secs: Some(0),
                    ..Default::default()
                };
                self.api.delete(&pod.key(), at_once, USER).expect("deleted");
            } else if !pod.pod().expect("a pod").status.is_ready() {
                self.set_pod(&pod, ConditionStatus::True, Phase::Running);
            }
        }
    }

    /// Binds every unbound pod to one of the nodes in turn.
    pub fn bind_pods(&mut self, nodes: &[&str]) {
        let pods = self.list(Kind::Pod);
        let unbound = pods
            .iter()
            .filter(|pod| pod.pod().is_some_and(|p| p.node_name.is_none()));
        for (pod, node) in unbound.zip(nodes.iter().cycle()) {
            self.api
                .bind(&pod.key(), &Arc::from(*node), USER)
                .expect("bound");
        }
    }

    pub fn delete(&mut self, kind: Kind, name: &str) {
        let namespace = if kind.info().namespaced {
            "default"
        } else {
            ""
        };
        self.api
            .delete(&Key::new(kind, namespace, name), Default::default(), USER)
            .expect("deleted");
    }

    /// Writes since a revision, as `actor kind name` lines; without events and what every namespace
    /// is furnished with.
    pub fn writes_since(&self, revision: u64) -> Vec<String> {
        let changes = self.api.store().changes(revision, u64::MAX);
        let left_out = [Kind::Event, Kind::ServiceAccount, Kind::ConfigMap];
        let changes = changes.filter(|change| !left_out.contains(&change.kind));
        changes
            .map(|change| {
                let verb = match (change.old, change.new) {
                    (None, _) => "create",
                    (_, None) => "delete",
                    _ => "update",
                };
                let meta: &Meta = &change.object().meta;
                format!(
                    "{} {verb} {} {}",
                    change.cause.actor,
                    change.kind.name(),
                    meta.name
                )
            })
            .collect()
    }

    /// Texts of the events about objects of a kind, with their reasons and counts.
    pub fn events(&self, kind: Kind) -> Vec<String> {
        let mut events: Vec<Arc<Object>> = self.list(Kind::Event);
        events.sort_by_key(|e| e.meta.resource_version);
        let events = events.iter().filter_map(|e| e.event());
        let events = events.filter(|e| e.involved.kind == kind);
        events
            .map(|e| format!("{} {} x{}", e.reason, e.message, e.count))
            .collect()
    }

    /// Reconciles every object once more; whatever that writes was not settled.
    pub fn reconcile_all(&mut self) -> Vec<String> {
        let before = self.api.store().revision();
        self.manager.wake_everything(self.api.store().head());
        self.settle();
        self.writes_since(before)
    }

    pub fn digest(&self) -> u64 {
        let mut digest = Digest::default();
        self.manager.digest(&mut digest);
        std::hash::Hasher::finish(&digest)
    }
}

fn merge(into: &mut Value, more: &Value) {
    match (into, more) {
        (Value::Object(into), Value::Object(more)) => {
            for (key, value) in more {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, more) => *into = more.clone(),
    }
}
