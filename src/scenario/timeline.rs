//! Our own timeline in the recordings' form: a watch on all kinds, with the brief state of each.
//!
//! Upstream: none; `tests/fidelity/README.md` says what the entries hold.

use serde_json::{Map, Value, json};

use crate::api::{Kind, Object, to_json};
use crate::apiserver::Change;
use crate::clock::SimTime;
use crate::cluster::World;

/// Every write since `start`, as a watcher would have noted it.
pub fn of(world: &World, start: SimTime) -> Vec<Value> {
    let store = world.store();
    let first = store.revision_at(start);
    store
        .changes(first, u64::MAX)
        .filter_map(|change| entry(&change, start))
        .collect()
}

/// The kinds that the recorder watched.
const WATCHED: &[Kind] = &[
    Kind::Pod,
    Kind::Event,
    Kind::Node,
    Kind::Deployment,
    Kind::ReplicaSet,
    Kind::DaemonSet,
    Kind::StatefulSet,
    Kind::Job,
    Kind::CronJob,
];

fn entry(change: &Change<'_>, start: SimTime) -> Option<Value> {
    if !WATCHED.contains(&change.kind) {
        return None;
    }
    let object = change.object();
    let (event, brief) = match (change.old, change.new) {
        (None, _) => ("ADDED", brief(object)),
        (_, None) => ("DELETED", brief(object)),
        // Consecutive equal states are left out, as the recorder left them out.
        (Some(old), Some(new)) => (
            "MODIFIED",
            Some(brief(new)).filter(|new| *new != brief(old))?,
        ),
    };
    let mut out = brief;
    out.insert(
        "at_s".into(),
        json!(((change.at - start).as_secs_f64() * 100.0).round() / 100.0),
    );
    out.insert("kind".into(), change.kind.info().plural.into());
    out.insert("event".into(), event.into());
    out.insert("name".into(), json!(object.meta.name));
    Some(Value::Object(out))
}

/// The fields of a spec that the recordings keep.
const SPEC: &[&str] = &[
    "replicas",
    "parallelism",
    "completions",
    "suspend",
    "schedule",
];

/// The fields of a status that the recordings keep.
const COUNTS: &[&str] = &[
    "observedGeneration",
    "replicas",
    "fullyLabeledReplicas",
    "updatedReplicas",
    "readyReplicas",
    "availableReplicas",
    "unavailableReplicas",
    "terminatingReplicas",
    "succeeded",
    "failed",
    "active",
    "numberReady",
    "desiredNumberScheduled",
    "currentNumberScheduled",
    "updatedNumberScheduled",
    "numberAvailable",
    "numberUnavailable",
    "numberMisscheduled",
    "currentReplicas",
    "startTime",
    "completionTime",
    "terminating",
    "uncountedTerminatedPods",
    "ready",
    "lastScheduleTime",
    "lastSuccessfulTime",
];

fn brief(object: &Object) -> Map<String, Value> {
    let full = to_json(object);
    match object.kind() {
        Kind::Event => event(&full),
        Kind::Pod => pod(object, &full),
        Kind::Node => node(&full),
        _ => workload(object, &full),
    }
}

fn event(full: &Value) -> Map<String, Value> {
    let involved = full.get("involvedObject").unwrap_or(&Value::Null);
    let text = |v: &Value, key: &str| {
        v.get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_string()
    };
    let object = format!(
        "{}/{}",
        text(involved, "kind").to_lowercase(),
        text(involved, "name")
    );
    fields(json!({
        "type": full.get("type"), "reason": full.get("reason"), "message": full.get("message"),
        "object": object, "count": full.get("count"), "from": full.get("reportingComponent"),
    }))
}

fn conditions(full: &Value) -> Map<String, Value> {
    let list = full.pointer("/status/conditions").and_then(Value::as_array);
    let text = |c: &Value, key: &str| {
        c.get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_string()
    };
    let brief = |c: &Value| {
        let reason = text(c, "reason");
        let status = text(c, "status");
        let value = if reason.is_empty() {
            status
        } else {
            format!("{status}/{reason}")
        };
        (text(c, "type"), Value::String(value))
    };
    list.into_iter().flatten().map(brief).collect()
}

fn pod(object: &Object, full: &Value) -> Map<String, Value> {
    let at = |pointer: &str| full.pointer(pointer).cloned().unwrap_or(Value::Null);
    let containers = full
        .pointer("/status/containerStatuses")
        .and_then(Value::as_array);
    let owner = object
        .meta
        .controller()
        .map(|c| format!("{}/{}", c.kind, c.name));
    let mut out = fields(json!({
        "phase": at("/status/phase"), "node": at("/spec/nodeName"), "ip": at("/status/podIP"),
        "cond": conditions(full), "owner": owner,
        "containers": containers.into_iter().flatten().map(container).collect::<Vec<_>>(),
    }));
    if object.meta.is_deleting() {
        out.insert("deleting".into(), at("/metadata/deletionTimestamp"));
        out.insert("grace".into(), at("/metadata/deletionGracePeriodSeconds"));
    }
    out
}

fn container(status: &Value) -> Value {
    let (state, inner) = status
        .get("state")
        .and_then(Value::as_object)
        .and_then(|s| s.iter().next())
        .unzip();
    json!({
        "name": status.get("name"), "ready": status.get("ready"), "restarts": status.get("restartCount"),
        "state": state, "reason": inner.and_then(|i| i.get("reason")),
    })
}

fn node(full: &Value) -> Map<String, Value> {
    let conditions = conditions(full);
    let taints = full
        .pointer("/spec/taints")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let taint = |t: &Value| json!([t.get("key"), t.get("value"), t.get("effect")]);
    fields(json!({
        "ready": conditions.get("Ready"), "taints": taints.map(taint).collect::<Vec<_>>(),
        "unschedulable": full.pointer("/spec/unschedulable").is_some(), "labels": full.pointer("/metadata/labels"),
    }))
}

fn workload(object: &Object, full: &Value) -> Map<String, Value> {
    let part = |of: &str, keys: &[&str]| -> Map<String, Value> {
        let fields = full.get(of).unwrap_or(&Value::Null);
        let kept = keys
            .iter()
            .filter_map(|key| Some(((*key).to_string(), fields.get(*key)?.clone())));
        kept.collect()
    };
    let mut out = Map::new();
    let spec = part("spec", SPEC);
    if !spec.is_empty() {
        out.insert("spec".into(), Value::Object(spec));
    }
    out.insert("status".into(), Value::Object(part("status", COUNTS)));
    let conditions = conditions(full);
    if !conditions.is_empty() {
        out.insert("cond".into(), Value::Object(conditions));
    }
    if object.meta.generation != 0 {
        out.insert("gen".into(), object.meta.generation.into());
    }
    if let Some(revision) = object.meta.annotation("deployment.kubernetes.io/revision") {
        out.insert("revision".into(), revision.into());
    }
    out
}

fn fields(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value {
        map
    } else {
        Map::new()
    }
}
