//! Whole commands on a small world: a server with three nodes, and objects built by hand.
//!
//! Upstream: none.

mod changes;
mod describe;
mod failures;
mod get;
mod objects;
mod waits;

use std::sync::Arc;

use serde_json::json;

use crate::api::{Body, EventBody, InvolvedObject, Key, Kind, Message, Meta, Object};
use crate::apiserver::{ApiOptions, ApiServer, Cause, Trigger};
use crate::client::Client;
use crate::clock::{Seed, SimTime, Span};

use super::{Command, Files, Output, Progress};
use objects::{deployment, lease, node, pod, replica_set};

/// When the world begins.
pub const START: &str = "2026-11-23T05:51:27Z";

/// What a command said.
#[derive(Debug, PartialEq, Eq)]
pub struct Said {
    pub stdout: String,
    pub stderr: String,
    /// `None` while it waits.
    pub code: Option<i32>,
}

/// A server and its files.
pub struct World {
    pub api: ApiServer,
    pub files: Files,
}

const CAUSE: Cause = Cause {
    actor: "test",
    trigger: Trigger::Start,
};

impl World {
    /// A server with the namespace default and three nodes.
    pub fn new() -> World {
        let start = SimTime::parse_rfc3339(START).expect("a time");
        let mut world = World {
            api: ApiServer::new(Seed(7), start - Span::secs(94), ApiOptions::default()),
            files: Files::new(),
        };
        for name in ["default", "kube-system", "kube-node-lease"] {
            world.put(Object {
                meta: Meta::named("", name),
                body: Body::Data(
                    Kind::Namespace,
                    Arc::new(json!({"status": {"phase": "Active"}})),
                ),
            });
        }
        for (index, name) in ["k8s-master", "k8s-node1", "k8s-node2"]
            .into_iter()
            .enumerate()
        {
            let now = world.api.state.now;
            world.put(node(name, index as u8, now));
            world.put(lease(name, now));
        }
        world.api.state.now = start;
        world
    }

    /// Lets time pass.
    pub fn pass(&mut self, seconds: i64) {
        self.api.state.now = self.api.state.now + Span::secs(seconds);
    }

    /// Creates an object and gives it the status that it was built with.
    pub fn put(&mut self, object: Object) -> Arc<Object> {
        let body = object.body.clone();
        let made = self.api.create(object, CAUSE).expect("created");
        let mut again = (*made).clone();
        match (&mut again.body, body) {
            (Body::Pod(new), Body::Pod(old)) => {
                new.status = old.status;
            }
            (new, old) => *new = old,
        }
        self.api.update_status(again, CAUSE).expect("a status")
    }

    /// Writes a new status.
    pub fn update_status(&mut self, object: Object) -> Arc<Object> {
        self.api.update_status(object, CAUSE).expect("a status")
    }

    /// The object with a key.
    pub fn get(&self, kind: Kind, namespace: &str, name: &str) -> Option<Arc<Object>> {
        self.api
            .store()
            .head()
            .get(&Key::new(kind, namespace, name))
            .cloned()
    }

    /// Assigns a pod of the namespace default to a node.
    pub fn bind(&mut self, pod: &str, node: &str) {
        let key = Key::new(Kind::Pod, "default", pod);
        self.api.bind(&key, &node.into(), CAUSE).expect("bound");
    }

    /// Runs a command until it ends or waits.
    pub fn run(&mut self, line: &str) -> Said {
        self.start(line).1
    }

    /// Starts a command and returns it as well.
    pub fn start(&mut self, line: &str) -> (Command, Said) {
        let mut out = Output::default();
        let revision = self.api.store().revision();
        let mut client = Client::new(&mut self.api, revision, CAUSE);
        let (command, progress) = Command::start(line, &mut self.files, &mut client, &mut out);
        (command, said(out, progress))
    }

    /// Lets a command go on.
    pub fn resume(&mut self, command: &mut Command) -> Said {
        let mut out = Output::default();
        let revision = self.api.store().revision();
        let mut client = Client::new(&mut self.api, revision, CAUSE);
        let progress = command.resume(
            &mut self.files,
            &mut client,
            &crate::client::NoLogs,
            &mut out,
        );
        said(out, progress)
    }

    /// Records an event as a component would.
    pub fn event(
        &mut self,
        about: &Object,
        component: &str,
        reason: &str,
        message: &str,
        field: &str,
    ) {
        let now = self.api.state.now;
        let mut involved = InvolvedObject::of(about);
        involved.field_path = field.into();
        let count = self.api.store().revision();
        let object = Object {
            meta: Meta {
                created: now,
                ..Meta::named("default", format!("{}.{count:x}", about.meta.name))
            },
            body: Body::Event(Arc::new(EventBody {
                involved,
                warning: false,
                reason: reason.into(),
                message: Message::text(message),
                component: component.into(),
                host: "".into(),
                first: now,
                last: now,
                count: 1,
                new_api: component == "default-scheduler",
                series: None,
            })),
        };
        self.api.put_event(object, CAUSE);
    }
}

fn said(out: Output, progress: Progress) -> Said {
    Said {
        stdout: out.stdout,
        stderr: out.stderr,
        code: match progress {
            Progress::Done(code) => Some(code),
            Progress::Waiting(_) => None,
        },
    }
}

/// A world with one Deployment that runs two pods for four seconds.
pub fn web() -> World {
    let mut world = World::new();
    let now = world.api.state.now;
    let deployment = world.put(deployment(now));
    world.event(
        &deployment,
        "deployment-controller",
        "ScalingReplicaSet",
        "Scaled up replica set web-846c778c95 from 0 to 2",
        "",
    );
    let rs = world.put(replica_set(&deployment, "846c778c95", "1"));
    for suffix in ["7mbgs", "kxhtz"] {
        let pod = world.put(pod(&rs, suffix, now));
        let name = format!("Created pod: {}", pod.meta.name);
        world.event(&rs, "replicaset-controller", "SuccessfulCreate", &name, "");
        let text = format!(
            "Successfully assigned default/{} to k8s-node1",
            pod.meta.name
        );
        world.event(&pod, "default-scheduler", "Scheduled", &text, "");
        world.event(
            &pod,
            "kubelet",
            "Pulling",
            "Pulling image \"nginx:1.7.9\"",
            "spec.containers{nginx}",
        );
    }
    world.pass(4);
    world
}

/// What a command prints that succeeds without a word on stderr.
pub fn stdout(world: &mut World, line: &str) -> String {
    let said = world.run(line);
    assert_eq!(said.stderr, "", "{line}");
    assert_eq!(said.code, Some(0), "{line}");
    said.stdout
}

/// A command that fails with a text.
pub fn failed(text: &str) -> Said {
    Said {
        stdout: String::new(),
        stderr: format!("{text}\n"),
        code: Some(1),
    }
}

/// Lines as one text.
pub fn lines(lines: &[&str]) -> String {
    lines.join("\n") + "\n"
}
