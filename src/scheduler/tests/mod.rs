//! A small world for tests: an API server, the scheduler, and objects written in one line each.

mod differential;
mod examples;
mod slow;
mod slow_scores;
mod stories;
mod volumes;
mod words;

use std::sync::Arc;

use serde_json::json;

use crate::api::{
    Body, EventBody, Key, Kind, Meta, Object, OwnerRef, PodFacts, SharedPodSpec, Uid,
};
use crate::apiserver::{ApiOptions, ApiServer, Cause, DeleteOptions, Trigger};
use crate::client::{Client, Component};
use crate::clock::{Seed, SimTime, Span};

use super::{Options, Scheduler};
use words::{all, full_key, new_node, new_pod, spec};

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
            scheduler: Scheduler::new(Options::new(at(0.0))),
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
        self.create_class(&object);
        self.api.create(object, CAUSE).expect("an object");
        if let Some(node) = node {
            self.api.bind(&key, &node.into(), CAUSE).expect("bound");
        }
        key
    }

    /// Creates the class that a pod's priority comes from, unless it is there.
    fn create_class(&mut self, object: &Object) {
        let Some(spec) = object.pod().map(|pod| &*pod.spec.spec) else {
            return;
        };
        let Some(name) = spec.priority_class_name.as_deref() else {
            return;
        };
        let body = json!({ "value": spec.priority.unwrap_or(0), "preemptionPolicy": spec.preemption_policy });
        let class = Object {
            meta: Meta::named("", name),
            body: Body::Data(Kind::PriorityClass, Arc::new(body)),
        };
        // A second pod of the class finds it there.
        let _ = self.api.create(class, CAUSE);
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
