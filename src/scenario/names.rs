//! The names of a recording's pods, and which of our pods each of them means: theirs are random.
//!
//! Upstream: none.

use serde_json::Value;

use crate::api::{Kind, Object};
use crate::cluster::World;

/// A pod that a recording's timeline tells of.
#[derive(Clone, Debug, Default)]
struct Recorded {
    name: String,
    /// `DaemonSet/x`.
    owner: String,
    node: String,
}

/// All pods of a recording, in the order in which they appeared.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(Vec<Recorded>);

impl Names {
    /// Reads a timeline.
    pub fn of(timeline: Option<&Vec<Value>>) -> Names {
        let text = |entry: &Value, key: &str| {
            let text = entry.get(key).and_then(Value::as_str);
            text.unwrap_or_default().to_string()
        };
        let mut all: Vec<Recorded> = Vec::new();
        for entry in timeline.into_iter().flatten() {
            if text(entry, "kind") != "pods" {
                continue;
            }
            let (name, node) = (text(entry, "name"), text(entry, "node"));
            match all.iter_mut().find(|pod| pod.name == name) {
                Some(known) if known.node.is_empty() => known.node = node,
                Some(_) => {}
                None => all.push(Recorded {
                    name,
                    owner: text(entry, "owner"),
                    node,
                }),
            }
        }
        Names(all)
    }

    /// A command with our names for the recorded ones: the pod of the same owner on the same node,
    /// or the oldest of its pods.
    pub fn translate(&self, command: &str, world: &World) -> String {
        let mut out = command.to_string();
        for pod in self.0.iter().filter(|pod| command.contains(&pod.name)) {
            let all = world.store().head().list_by_age(Kind::Pod);
            let ours: Vec<_> = all.filter(|o| owner(o) == pod.owner).collect();
            let same = |o: &&&std::sync::Arc<Object>| *o.meta.name == *pod.name;
            if ours.iter().any(|o| same(&o)) {
                continue;
            }
            let on_node = |o: &&&std::sync::Arc<Object>| {
                let node = o.pod().and_then(|body| body.node_name.as_deref());
                node == Some(pod.node.as_str())
            };
            let found = ours.iter().find(on_node).or(ours.first());
            if let Some(found) = found {
                out = out.replace(&pod.name, &found.meta.name);
            }
        }
        out
    }
}

fn owner(object: &Object) -> String {
    let owner = object.meta.controller();
    owner.map_or(String::new(), |c| format!("{}/{}", c.kind, c.name))
}
