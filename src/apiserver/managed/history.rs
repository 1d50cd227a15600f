//! The managers of an object, worked out of its versions.
//!
//! Upstream: `managedfields/internal/{managedfieldsupdater,buildmanagerinfo,stripmeta}.go`.
//! Differs: what a component creates is owned without the fields that admission is known to add.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::{Key, Kind, Object, to_json};
use crate::apiserver::{Cause, Snapshot, Store};
use crate::clock::SimTime;

use super::compare::{Comparison, named};
use super::shape::Shape;
use super::{Entry, Managers, Note, Operation, Writer, strip};

/// `metadata.managedFields` of an object, as of a snapshot.
pub fn managed_fields(snapshot: Snapshot<'_>, key: &Key) -> Value {
    let managers = managers(snapshot.store(), key, snapshot.revision());
    let api_version = key.kind.api_version();
    let entries = managers.in_order().into_iter();
    entries.map(|entry| entry.to_json(&api_version)).collect()
}

/// The managers of an object after a revision.
pub(super) fn managers(store: &Store, key: &Key, until: u64) -> Managers {
    let mut reader = Reader {
        store,
        kind: key.kind,
        managers: Managers::default(),
        last: None,
    };
    for (revision, object) in store.history(key, until) {
        match object {
            None => {
                reader.managers = Managers::default();
                reader.last = None;
            }
            Some(object) => reader.version(revision, object),
        }
    }
    reader.managers
}

struct Reader<'s> {
    store: &'s Store,
    kind: Kind,
    managers: Managers,
    last: Option<(Arc<Object>, Value)>,
}

impl Reader<'_> {
    fn version(&mut self, revision: u64, object: &Arc<Object>) {
        let value = to_json(object);
        if let Some((at, cause)) = self.store.write_info(revision) {
            let note = self.store.note(revision);
            match (self.last.take(), note) {
                (last, Some(Note::Applied(manager, config))) => {
                    let last = last.map_or_else(|| json!({}), |(_, value)| value);
                    self.applied(&last, &value, manager, config, at);
                }
                (_, Some(Note::Upgraded(from, to))) => upgrade(&mut self.managers, from, to, at),
                (None, Some(Note::Created(writer, given))) => {
                    self.created(&mut to_json(given), writer, at);
                }
                (None, _) => {
                    let mut given = value.clone();
                    forget_admitted(self.kind, &mut given);
                    self.created(&mut given, &writer_of(cause, ""), at);
                }
                (Some((old, last)), note) => {
                    let writer = match note {
                        Some(Note::Updated(writer)) => Some(writer.clone()),
                        _ => component(&old, object, cause),
                    };
                    if let Some(writer) = writer {
                        self.updated(&last, &value, &writer, at);
                    }
                }
            }
        }
        self.last = Some((object.clone(), value));
    }

    fn compare(&self, old: &Value, new: &Value) -> Comparison {
        let mut found = Comparison::of(Shape::of_kind(self.kind), old, new);
        strip(&mut found.added);
        strip(&mut found.modified);
        strip(&mut found.removed);
        found
    }

    fn created(&mut self, given: &mut Value, writer: &Writer, at: SimTime) {
        if let Some(fields) = given.as_object_mut() {
            fields.remove("status");
        }
        let changed = self.compare(&json!({}), given);
        self.managers.update(&changed, writer, at);
    }

    fn updated(&mut self, old: &Value, new: &Value, writer: &Writer, at: SimTime) {
        let changed = self.compare(old, new);
        self.managers.update(&changed, writer, at);
    }

    fn applied(
        &mut self,
        old: &Value,
        new: &Value,
        manager: &Arc<str>,
        config: &Value,
        at: SimTime,
    ) {
        let mut fields = named(Shape::of_kind(self.kind), config).unwrap_or_default();
        strip(&mut fields);
        let mut changed = self.compare(old, new);
        // Defaults and kubectl's annotation came with the write, but nobody applied them.
        changed.added = changed.added.common(&fields);
        changed.modified = changed.modified.common(&fields);
        let own = (&**manager, Operation::Apply, "");
        self.managers.lose(&changed, own);
        self.managers.set(Entry {
            manager: manager.clone(),
            operation: Operation::Apply,
            subresource: "",
            time: at,
            fields,
        });
    }
}

/// What these managers own by updates is the applying manager's from now on.
pub(super) fn upgrade(managers: &mut Managers, from: &[Arc<str>], to: &Arc<str>, at: SimTime) {
    let is_old = |entry: &Entry| {
        entry.operation == Operation::Update
            && entry.subresource.is_empty()
            && from.contains(&entry.manager)
    };
    let mut fields = managers
        .find(to, Operation::Apply, "")
        .map(|e| e.fields.clone())
        .unwrap_or_default();
    for entry in managers.0.iter().filter(|entry| is_old(entry)) {
        fields.union(&entry.fields);
    }
    managers.0.retain(|entry| !is_old(entry));
    managers.set(Entry {
        manager: to.clone(),
        operation: Operation::Apply,
        subresource: "",
        time: at,
        fields,
    });
}

/// The writer of a component's write; `None` where field managers are not asked: bindings and
/// deletions.
fn component(old: &Object, new: &Object, cause: Cause) -> Option<Writer> {
    let bound = |o: &Object| o.pod().is_some_and(|pod| pod.node_name.is_some());
    let deleted = old.meta.deletion != new.meta.deletion;
    if deleted || (!bound(old) && bound(new)) {
        return None;
    }
    let status = |o: &Object| to_json(o).get("status").cloned();
    // The Deployment controller writes its annotation along with the status.
    let annotated = old.kind() == Kind::Deployment && old.meta.annotations != new.meta.annotations;
    let by_status = annotated || status(old) != status(new);
    Some(writer_of(cause, if by_status { "status" } else { "" }))
}

fn writer_of(cause: Cause, subresource: &'static str) -> Writer {
    let manager = match cause.actor {
        "kubelet" | "machine" => "kubelet",
        "default-scheduler" => "kube-scheduler",
        "" | "etcd" => "kube-apiserver",
        own @ ("kubectl" | "kubeadm") => own,
        _ => "kube-controller-manager",
    };
    Writer {
        manager: manager.into(),
        subresource,
    }
}

/// What admission and the registry add to an object that a component creates.
fn forget_admitted(kind: Kind, value: &mut Value) {
    let fields: &[&str] = match kind {
        Kind::Pod => &[
            "nodeName",
            "preemptionPolicy",
            "priority",
            "serviceAccount",
            "serviceAccountName",
        ],
        Kind::Service => &["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"],
        _ => &[],
    };
    let Some(spec) = value.get_mut("spec").and_then(Value::as_object_mut) else {
        return;
    };
    for field in fields {
        spec.remove(*field);
    }
    if kind != Kind::Pod {
        return;
    }
    let is_token = |item: &Value, key: &str| {
        let name = item.get(key).and_then(Value::as_str);
        name.is_some_and(|name| name.starts_with("kube-api-access-") || name == TOKEN_PATH)
    };
    drop_from(spec.get_mut("volumes"), |item| is_token(item, "name"));
    for list in ["containers", "initContainers"] {
        let containers = spec.get_mut(list).and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            drop_from(container.get_mut("volumeMounts"), |item| {
                is_token(item, "mountPath")
            });
            drop_empty(container, "volumeMounts");
        }
    }
    drop_from(spec.get_mut("tolerations"), |item| {
        let key = item.get("key").and_then(Value::as_str).unwrap_or_default();
        let seconds = item.get("tolerationSeconds").and_then(Value::as_i64);
        seconds == Some(300) && DEFAULT_TOLERATIONS.contains(&key)
    });
    for list in ["volumes", "tolerations"] {
        if spec.get(list) == Some(&json!([])) {
            spec.remove(list);
        }
    }
}

const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const DEFAULT_TOLERATIONS: &[&str] = &[
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
];

fn drop_from(list: Option<&mut Value>, gone: impl Fn(&Value) -> bool) {
    if let Some(items) = list.and_then(Value::as_array_mut) {
        items.retain(|item| !gone(item));
    }
}

fn drop_empty(value: &mut Value, field: &str) {
    if value.get(field) == Some(&json!([]))
        && let Some(fields) = value.as_object_mut()
    {
        fields.remove(field);
    }
}
