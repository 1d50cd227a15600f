//! Who owns which field, and server-side apply, which asks.
//!
//! Nothing is kept with an object: the store has every version of it with its cause, and of a
//! user's writes also the manager's name (`Note`). `metadata.managedFields` is worked out of these
//! when somebody wants to see it or applies.
//!
//! Upstream: `apimachinery/pkg/util/managedfields/internal`, `structured-merge-diff`. Differs: all
//! of a kind's served versions are one; a write to `managedFields` itself is ignored; the limit of
//! ten update managers is not there.

mod apply;
mod compare;
mod history;
mod merge;
mod set;
mod shape;

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::api::Object;
use crate::clock::SimTime;

use compare::Comparison;
use set::FieldSet;

pub use apply::ServerSideApply;
pub use history::managed_fields;

/// How a manager came to its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Operation {
    Apply,
    Update,
}

/// Who writes, as a client says it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Writer {
    /// `kubectl-client-side-apply`.
    pub manager: Arc<str>,
    /// `scale`; empty for the object itself.
    pub subresource: &'static str,
}

/// What is noted of a user's write, beside the version that it made.
#[derive(Clone, Debug)]
pub enum Note {
    /// A creation: the object as it was sent and defaulted, before admission.
    Created(Writer, Box<Object>),
    Updated(Writer),
    /// What was applied.
    Applied(Arc<str>, Arc<Value>),
    /// The fields that these managers have by updates go to the one that applies.
    Upgraded(Arc<[Arc<str>]>, Arc<str>),
}

impl Hash for Note {
    fn hash<H: Hasher>(&self, h: &mut H) {
        match self {
            Note::Created(writer, object) => (0, writer, object.digest()).hash(h),
            Note::Updated(writer) => (1, writer).hash(h),
            Note::Applied(manager, config) => (2, manager, config.to_string()).hash(h),
            Note::Upgraded(managers, to) => (3, managers, to).hash(h),
        }
    }
}

/// One entry of `managedFields`.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    manager: Arc<str>,
    operation: Operation,
    subresource: &'static str,
    time: SimTime,
    fields: FieldSet,
}

impl Entry {
    fn is_of(&self, manager: &str, operation: Operation, subresource: &str) -> bool {
        (&*self.manager, self.operation, self.subresource) == (manager, operation, subresource)
    }

    fn to_json(&self, api_version: &str) -> Value {
        let operation = match self.operation {
            Operation::Apply => "Apply",
            Operation::Update => "Update",
        };
        let mut out = Map::new();
        out.insert("apiVersion".into(), api_version.into());
        out.insert("fieldsType".into(), "FieldsV1".into());
        out.insert("fieldsV1".into(), self.fields.to_json());
        out.insert("manager".into(), json!(self.manager));
        out.insert("operation".into(), operation.into());
        if !self.subresource.is_empty() {
            out.insert("subresource".into(), self.subresource.into());
        }
        out.insert("time".into(), self.time.rfc3339().into());
        Value::Object(out)
    }

    /// As the messages of conflicts name it.
    fn named(&self, api_version: &str) -> String {
        let mut out = format!("{:?}", self.manager);
        if !self.subresource.is_empty() {
            out.push_str(&format!(" with subresource {:?}", self.subresource));
        }
        if self.operation == Operation::Update {
            out.push_str(&format!(" using {api_version}"));
        }
        out
    }
}

/// The managers of an object.
#[derive(Clone, Debug, Default, PartialEq)]
struct Managers(Vec<Entry>);

/// Metadata that the server keeps itself: nobody owns it.
const SERVERS_OWN: &[&str] = &[
    "f:name",
    "f:namespace",
    "f:creationTimestamp",
    "f:selfLink",
    "f:uid",
    "f:generation",
    "f:managedFields",
    "f:resourceVersion",
    "f:deletionTimestamp",
    "f:deletionGracePeriodSeconds",
];

fn strip(fields: &mut FieldSet) {
    fields.remove(&["f:apiVersion"]);
    fields.remove(&["f:kind"]);
    for name in SERVERS_OWN {
        fields.remove(&["f:metadata", name]);
    }
}

impl Managers {
    fn find(&self, manager: &str, operation: Operation, subresource: &str) -> Option<&Entry> {
        let mut entries = self.0.iter();
        entries.find(|entry| entry.is_of(manager, operation, subresource))
    }

    /// Sets what a manager owns; the time is that of the last change.
    fn set(&mut self, new: Entry) {
        let known = self
            .0
            .iter_mut()
            .find(|e| e.is_of(&new.manager, new.operation, new.subresource));
        match known {
            Some(entry) if entry.fields == new.fields => {}
            Some(entry) => *entry = new,
            None => self.0.push(new),
        }
        self.0.retain(|entry| !entry.fields.is_empty());
    }

    /// Somebody changed fields: they are nobody else's any more.
    fn lose(&mut self, changed: &Comparison, writer: (&str, Operation, &str)) {
        let written = changed.written();
        for entry in &mut self.0 {
            if !entry.is_of(writer.0, writer.1, writer.2) {
                entry.fields = entry.fields.without(&written).without(&changed.removed);
            }
        }
        self.0.retain(|entry| !entry.fields.is_empty());
    }

    /// An update: what changed is the manager's.
    fn update(&mut self, changed: &Comparison, writer: &Writer, time: SimTime) {
        let (manager, subresource) = (&*writer.manager, writer.subresource);
        self.lose(changed, (manager, Operation::Update, subresource));
        let own = self.find(manager, Operation::Update, subresource);
        let mut fields = own.map(|e| e.fields.clone()).unwrap_or_default();
        fields = fields.without(&changed.removed);
        fields.union(&changed.written());
        self.set(Entry {
            manager: writer.manager.clone(),
            operation: Operation::Update,
            subresource,
            time,
            fields,
        });
    }

    /// The order in which the server lists them.
    fn in_order(mut self) -> Vec<Entry> {
        use crate::api::Order;
        self.0.order_by_key(|entry| {
            let seconds = entry.time.whole_secs();
            (
                entry.operation,
                seconds,
                entry.manager.clone(),
                entry.subresource,
            )
        });
        self.0
    }
}
