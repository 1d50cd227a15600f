//! A small world for tests: an API server, the scheduler, and objects written in one line each.

mod differential;
mod slow;
mod stories;

use std::sync::Arc;

use k8s_openapi::api::core::v1::PodSpec;
use serde_json::{Value, json};

use crate::api::{
    Body, ConditionStatus, EventBody, Key, Kind, Labels, Meta, NodeBody, NodeConditions, NodeImage,
    NodeStatus, Object, OwnerRef, PodBody, PodFacts, Resources, SharedPodSpec, Taint, Uid,
    parse_quantity,
};
use crate::apiserver::{ApiOptions, ApiServer, Cause, DeleteOptions, Trigger};
use crate::client::{Client, Component};
use crate::clock::{Seed, SimTime, Span};

use super::{Config, Scheduler};

/// A moment, in seconds after the world's beginning.
pub(super) fn at(secs: f64) -> SimTime {
    SimTime::from_unix_secs(1_767_603_600) + Span::micros((secs * 1e6) as i64)
}

/// What a spec of words says: see [`spec`].
pub(super) fn facts(words: &str) -> PodFacts {
    SharedPodSpec::new(spec(words), true).facts.clone()
}

/// A pod that is not stored: its uid follows from its name.
pub(super) fn pod(name: &str, words: &str) -> Arc<Object> {
    let mut object = new_pod(name, words);
    object.meta.uid = Uid(u128::from(crate::clock::digest_of(name)));
    Arc::new(object)
}

/// The words that start with `key=`, without it.
fn all<'a>(words: &'a str, key: &'a str) -> impl Iterator<Item = &'a str> {
    words
        .split_whitespace()
        .filter_map(move |word| word.strip_prefix(key)?.strip_prefix('='))
}

fn pair(word: &str) -> (String, String) {
    let (key, value) = word.split_once(':').unwrap_or((word, ""));
    (key.to_string(), value.to_string())
}

fn pod_term(word: &str) -> Value {
    // topology/key:value
    let (topology, label) = word.split_once('/').expect("topology/key:value");
    let (key, value) = pair(label);
    json!({ "topologyKey": full_key(topology), "labelSelector": { "matchLabels": { key: value } } })
}

/// `host` and `zone` are short for the well-known keys.
pub(super) fn full_key(key: &str) -> &str {
    match key {
        "host" => "kubernetes.io/hostname",
        "zone" => "topology.kubernetes.io/zone",
        other => other,
    }
}

fn weighted(word: &str) -> (i32, &str) {
    let (weight, rest) = word.split_once('*').unwrap_or(("1", word));
    (weight.parse().expect("a weight"), rest)
}

/// Reads `cpu=500m memory=1Gi port=80 priority=5 never tolerate=key:effect select=key:value
/// like=5*key:value (preferred node term) with=host/key:value (required affinity) without=…
/// prefer=… (weighted affinity) avoid=… spread=host/key:value/1 (hard) soft=… gate=a image=x`.
pub(super) fn spec(words: &str) -> PodSpec {
    let first = |key| all(words, key).next();
    let mut requests = serde_json::Map::new();
    for key in ["cpu", "memory", "example.com/gpu"] {
        if let Some(amount) = first(key) {
            requests.insert(key.into(), amount.into());
        }
    }
    let ports: Vec<Value> = all(words, "port")
        .map(|p| json!({ "containerPort": 1, "hostPort": p.parse::<i32>().expect("a port") }))
        .collect();
    let tolerations: Vec<Value> = all(words, "tolerate")
        .map(|word| {
            let (key, effect) = pair(word);
            json!({ "key": key, "operator": "Exists", "effect": effect })
        })
        .collect();
    let likes: Vec<Value> = all(words, "like")
        .map(|word| {
            let (weight, label) = weighted(word);
            let (key, value) = pair(label);
            let expression = json!({ "key": key, "operator": "In", "values": [value] });
            json!({ "weight": weight, "preference": { "matchExpressions": [expression] } })
        })
        .collect();
    let terms = |key| -> Vec<Value> { all(words, key).map(pod_term).collect() };
    let soft_terms = |key| -> Vec<Value> {
        all(words, key)
            .map(weighted)
            .map(|(weight, term)| json!({ "weight": weight, "podAffinityTerm": pod_term(term) }))
            .collect()
    };
    let spread = |key, unsatisfiable: &str| -> Vec<Value> {
        let one = |word: &str| {
            let (term, skew) = word.rsplit_once('/').expect("topology/key:value/skew");
            let mut constraint = pod_term(term);
            constraint["maxSkew"] = skew.parse::<i32>().expect("a skew").into();
            constraint["whenUnsatisfiable"] = unsatisfiable.into();
            constraint
        };
        all(words, key).map(one).collect()
    };
    let mut constraints = spread("spread", "DoNotSchedule");
    constraints.extend(spread("soft", "ScheduleAnyway"));
    let names: Vec<&str> = all(words, "on").collect();
    let by_name = json!({ "matchFields":
        [{ "key": "metadata.name", "operator": "In", "values": names }] });
    let mut node_affinity = json!({ "preferredDuringSchedulingIgnoredDuringExecution": likes });
    if !names.is_empty() {
        node_affinity["requiredDuringSchedulingIgnoredDuringExecution"] =
            json!({ "nodeSelectorTerms": [by_name] });
    }
    let value = json!({
        "containers": [{
            "name": "c", "image": first("image").unwrap_or("nginx"),
            "resources": { "requests": requests }, "ports": ports,
        }],
        "priority": first("priority").map(|p| p.parse::<i32>().expect("a priority")),
        "preemptionPolicy": words.contains("never").then_some("Never"),
        "tolerations": tolerations,
        "nodeSelector": all(words, "select").map(pair).collect::<std::collections::BTreeMap<_, _>>(),
        "schedulingGates": all(words, "gate").map(|g| json!({ "name": g })).collect::<Vec<_>>(),
        "topologySpreadConstraints": constraints,
        "affinity": {
            "nodeAffinity": node_affinity,
            "podAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": terms("with"),
                "preferredDuringSchedulingIgnoredDuringExecution": soft_terms("prefer"),
            },
            "podAntiAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": terms("without"),
                "preferredDuringSchedulingIgnoredDuringExecution": soft_terms("avoid"),
            },
        },
    });
    serde_json::from_value(value).expect("a pod spec")
}

fn labels(words: &str) -> Labels {
    Arc::new(all(words, "label").map(pair).collect())
}

fn new_pod(name: &str, words: &str) -> Object {
    let meta = Meta {
        labels: labels(words),
        ..Meta::named("default", name)
    };
    let body = PodBody {
        spec: SharedPodSpec::new(spec(words), false),
        node_name: None,
        token_suffix: None,
        status: Arc::default(),
    };
    Object {
        meta,
        body: Body::Pod(body),
    }
}

/// Reads `cpu=4 memory=8Gi pods=110 taint=key:effect label=key:value zone=a image=name:mib
/// cordoned`.
fn new_node(name: &str, words: &str) -> Object {
    let amount = |key, default| {
        let text = all(words, key).next().unwrap_or(default);
        parse_quantity(text).expect("a quantity")
    };
    let mut labels = (*labels(words)).clone();
    labels.insert(full_key("host").into(), name.into());
    if let Some(zone) = all(words, "zone").next() {
        labels.insert(full_key("zone").into(), zone.into());
    }
    let taints = all(words, "taint").map(pair).map(|(key, effect)| Taint {
        key: key.into(),
        value: "".into(),
        effect: effect.into(),
        time_added: None,
    });
    let images = all(words, "image").map(pair).map(|(name, mib)| NodeImage {
        name: format!("{name}:latest").into(),
        size_bytes: mib.parse::<i64>().expect("MiB") << 20,
    });
    let mut other = std::collections::BTreeMap::new();
    if let Some(gpus) = all(words, "example.com/gpu").next() {
        other.insert(
            "example.com/gpu".to_string(),
            gpus.parse().expect("a number"),
        );
    }
    let status = NodeStatus {
        capacity: Arc::default(),
        allocatable: Resources {
            cpu_milli: amount("cpu", "4").milli(),
            memory_bytes: amount("memory", "8Gi").units(),
            ephemeral_bytes: 0,
            other,
        },
        pods: amount("pods", "110").units(),
        internal_ip: std::net::Ipv4Addr::LOCALHOST,
        conditions: NodeConditions {
            ready: ConditionStatus::True,
            ready_reason: "KubeletReady".into(),
            ready_message: "".into(),
            ready_transition: at(0.0),
            memory_pressure: ConditionStatus::False,
            disk_pressure: ConditionStatus::False,
            pid_pressure: ConditionStatus::False,
            pressure_transition: at(0.0),
        },
        images: images.collect(),
        boot_id: "".into(),
        machine_id: "".into(),
        system_uuid: "".into(),
        kubelet_version: "".into(),
        kernel_version: "".into(),
        os_image: "".into(),
        runtime_version: "".into(),
    };
    let body = NodeBody {
        unschedulable: words.contains("cordoned"),
        taints: taints.collect(),
        status: Arc::new(status),
    };
    let meta = Meta {
        labels: Arc::new(labels),
        ..Meta::named("", name)
    };
    Object {
        meta,
        body: Body::Node(body),
    }
}

const CAUSE: Cause = Cause {
    actor: "test",
    trigger: Trigger::Start,
};

/// API server and scheduler.
pub(super) struct World {
    pub(super) api: ApiServer,
    pub(super) scheduler: Scheduler,
    cursor: u64,
}

impl World {
    /// A world with a namespace and nodes given by name and words.
    pub(super) fn new(nodes: &[(&str, &str)]) -> World {
        let mut api = ApiServer::new(Seed(1), at(0.0), ApiOptions::default());
        let namespace = Object {
            meta: Meta::named("", "default"),
            body: Body::Data(Kind::Namespace, Arc::new(json!({}))),
        };
        api.create(namespace, CAUSE).expect("a namespace");
        let mut world = World {
            api,
            scheduler: Scheduler::new(Config { started: at(0.0) }),
            cursor: 0,
        };
        for (name, words) in nodes {
            world.node(name, words);
        }
        world
    }

    /// Creates or replaces a node.
    pub(super) fn node(&mut self, name: &str, words: &str) {
        let node = new_node(name, words);
        match self.api.create(node.clone(), CAUSE) {
            Ok(_) => {}
            Err(_) => {
                self.api.update(node.clone(), CAUSE).expect("a node");
                self.api.update_status(node, CAUSE).expect("a node");
            }
        }
    }

    /// Creates a pod; `node=x` puts it there.
    pub(super) fn pod(&mut self, name: &str, words: &str) -> Key {
        self.create(new_pod(name, words), all(words, "node").next())
    }

    /// Creates a pod of a ReplicaSet.
    pub(super) fn replica(&mut self, owner: &Object, name: &str, words: &str) -> Key {
        let mut pod = new_pod(name, words);
        pod.meta.owners = Arc::from([OwnerRef {
            api_version: "apps/v1".into(),
            kind: "ReplicaSet".into(),
            name: owner.meta.name.clone(),
            uid: owner.meta.uid,
            controller: true,
            block_owner_deletion: true,
        }]);
        self.create(pod, all(words, "node").next())
    }

    /// Creates any object.
    pub(super) fn create(&mut self, object: Object, node: Option<&str>) -> Key {
        let key = object.key();
        self.api.create(object, CAUSE).expect("an object");
        if let Some(node) = node {
            self.api.bind(&key, &node.into(), CAUSE).expect("bound");
        }
        key
    }

    /// Changes a pod or node in place, through spec and status.
    pub(super) fn change(&mut self, key: &Key, change: impl FnOnce(&mut Object)) {
        let mut object = (**self.api.store().head().get(key).expect("it exists")).clone();
        change(&mut object);
        object.meta.resource_version = 0;
        self.api.update(object.clone(), CAUSE).expect("updated");
        self.api.update_status(object, CAUSE).expect("updated");
    }

    /// Deletes at once.
    pub(super) fn delete(&mut self, key: &Key) {
        let options = DeleteOptions {
            grace_secs: Some(0),
            ..DeleteOptions::default()
        };
        self.api.delete(key, options, CAUSE).expect("deleted");
    }

    /// Delivers what was written so far.
    pub(super) fn deliver(&mut self) {
        let until = self.api.store().revision();
        for change in self.api.store().changes(self.cursor, until) {
            self.scheduler.observe(&change, self.api.state.now);
        }
        self.cursor = until;
    }

    /// Goes to a moment, delivers, lets the scheduler act if it wants to, and delivers what it
    /// wrote.
    pub(super) fn run(&mut self, secs: f64) {
        self.api.state.now = at(secs);
        for _ in 0..100 {
            self.deliver();
            if self
                .scheduler
                .next_run()
                .is_none_or(|next| next > self.api.state.now)
            {
                return;
            }
            let mut client = Client::new(&mut self.api, self.cursor, CAUSE);
            self.scheduler.run(&mut client);
        }
        panic!("the scheduler does not come to rest");
    }

    /// The node of a pod; empty while it has none.
    pub(super) fn placed(&self, name: &str) -> String {
        let found = self.api.store().head().find(Kind::Pod, "default", name);
        let pod = found.and_then(|object| object.pod()).expect("a pod");
        pod.node_name.as_deref().unwrap_or_default().to_string()
    }

    /// The events about a pod, oldest first.
    pub(super) fn events(&self, name: &str) -> Vec<EventBody> {
        let events = self.api.store().head().list(Kind::Event, None);
        let events = events.filter_map(|object| object.event());
        let mut events: Vec<EventBody> = events
            .filter(|event| &*event.involved.name == name)
            .cloned()
            .collect();
        events.sort_by_key(|event| event.first);
        events
    }

    /// The last FailedScheduling about a pod.
    pub(super) fn why_not(&self, name: &str) -> String {
        let events = self.events(name);
        let last = events
            .iter()
            .rfind(|event| &*event.reason == "FailedScheduling");
        last.map(|event| event.message.to_string())
            .unwrap_or_default()
    }
}
