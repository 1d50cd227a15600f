//! `PATCH` with an applied configuration: merged by field, refused where it would change what
//! others own.
//!
//! Upstream: `apiserver/pkg/endpoints/handlers/patch.go` (applyPatcher),
//! `managedfields/internal/{structuredmerge,lastappliedmanager,lastappliedupdater,conflict}.go`.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::{Key, Object, go_json, to_json};
use crate::apiserver::decode::{self, FieldValidation};
use crate::apiserver::{ApiError, ApiServer, Cause, Reason, Store};
use crate::clock::digest_of;

use super::compare::{Comparison, named};
use super::history::managers;
use super::merge::{merge, prune};
use super::set::FieldSet;
use super::shape::Shape;
use super::{Entry, Managers, Note, Operation, strip};

/// The annotation in which kubectl keeps what it applied from the client's side.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// The manager under which kubectl applies unless told otherwise.
const KUBECTL: &str = "kubectl";
/// The manager that keeps the annotation from going with the change to server-side apply.
const KUBECTL_LAST_APPLIED: &str = "kubectl-last-applied";

/// A request to apply.
#[derive(Clone, Debug)]
pub struct ServerSideApply {
    pub manager: Arc<str>,
    /// Takes what others own.
    pub force: bool,
    pub validation: FieldValidation,
}

impl ApiServer {
    /// Applies a configuration, and creates the object if it is not there; also returns warnings.
    /// Errors: conflicts, a configuration that is not as the schema has it, and as for an update.
    pub fn apply(
        &mut self,
        key: &Key,
        config: &Value,
        request: &ServerSideApply,
        cause: Cause,
    ) -> Result<(Arc<Object>, Vec<String>), ApiError> {
        let fields = fields_of(key, config)?;
        let writer = self.writer.take();
        let done = match self.current(key, 0) {
            Err(_) => {
                let created = self.create_from(key.kind, config, request.validation, cause);
                self.note_apply(created.as_ref().ok().map(|c| &c.0), config, request);
                created
            }
            Ok(live) => self.apply_to(&live, config, &fields, request, cause),
        };
        self.writer = writer;
        done
    }

    fn apply_to(
        &mut self,
        live: &Arc<Object>,
        config: &Value,
        fields: &FieldSet,
        request: &ServerSideApply,
        cause: Cause,
    ) -> Result<(Arc<Object>, Vec<String>), ApiError> {
        let (key, shape) = (live.key(), Shape::of_kind(live.kind()));
        let managers = managers(&self.store, &key, self.store.revision());
        let live_value = to_json(live);
        let mut merged = merge(shape, &live_value, config);
        let own = managers.find(&request.manager, Operation::Apply, "");
        if let Some(last) = own {
            let others = managers.0.iter().filter(|entry| *entry != last);
            let mut owned: Vec<&FieldSet> = others.map(|entry| &entry.fields).collect();
            owned.push(fields);
            prune(shape, &mut merged, &last.fields, &owned);
        }
        let mut changed = Comparison::of(shape, &live_value, &merged);
        strip(&mut changed.added);
        strip(&mut changed.modified);
        strip(&mut changed.removed);
        if !request.force {
            let allowed = allowed(live, &live_value, shape, &request.manager);
            refuse_conflicts(&key, &managers, &changed, request, &allowed)?;
        }
        sync_annotation(live, &mut merged, config, &request.manager);
        let same_owner = own.is_some_and(|entry| entry.fields == *fields);
        let (object, warnings) = decode::decode_with(key.kind, &merged, request.validation)?;
        let done = self.update_decoded(object, live, cause)?;
        if done.meta.resource_version != live.meta.resource_version {
            self.note_apply(Some(&done), config, request);
            return Ok((done, warnings));
        }
        if same_owner {
            return Ok((done, warnings));
        }
        let done = self.commit(&key, (**live).clone(), cause);
        self.note_apply(Some(&done), config, request);
        Ok((done, warnings))
    }

    fn note_apply(
        &mut self,
        done: Option<&Arc<Object>>,
        config: &Value,
        request: &ServerSideApply,
    ) {
        if let Some(done) = done {
            let config = Arc::new(config.clone());
            let note = Note::Applied(request.manager.clone(), config);
            self.store.take_note(done.meta.resource_version, note);
        }
    }

    /// What kubectl does after it has applied for the first time to an object that was applied
    /// from the client's side: the annotation gets a manager of its own, and the rest of what the
    /// old managers own goes to the new one. Whether there was something to do. Errors: as for
    /// an apply.
    pub fn upgrade_to_apply(
        &mut self,
        key: &Key,
        manager: &Arc<str>,
        cause: Cause,
    ) -> Result<bool, ApiError> {
        let live = self.current(key, 0)?;
        let Some(annotation) = live.meta.annotation(LAST_APPLIED) else {
            return Ok(false);
        };
        let path = ["f:metadata", "f:annotations", &format!("f:{LAST_APPLIED}")];
        let before = managers(&self.store, key, self.store.revision());
        let has = |operation: Operation| {
            let owners = before.0.iter().filter(move |e| e.operation == operation);
            owners
                .filter(|e| e.fields.has(&path))
                .map(|e| e.manager.clone())
        };
        let old: Arc<[Arc<str>]> = has(Operation::Update).collect();
        if has(Operation::Apply).next().is_none() && &**manager == KUBECTL {
            let config = json!({
                "apiVersion": key.kind.api_version(),
                "kind": key.kind.name(),
                "metadata": {"annotations": {LAST_APPLIED: annotation}, "name": key.name},
            });
            let request = ServerSideApply {
                manager: KUBECTL_LAST_APPLIED.into(),
                force: false,
                validation: FieldValidation::Ignore,
            };
            self.apply(key, &config, &request, cause)?;
        }
        if old.is_empty() {
            return Ok(false);
        }
        let live = self.current(key, 0)?;
        let done = self.commit(key, (*live).clone(), cause);
        let note = Note::Upgraded(old, manager.clone());
        self.store.take_note(done.meta.resource_version, note);
        Ok(true)
    }
}

/// The fields that a configuration names. Errors: the server's words for what it does not know.
fn fields_of(key: &Key, config: &Value) -> Result<FieldSet, ApiError> {
    let mut fields = named(Shape::of_kind(key.kind), config).map_err(|mut errors| {
        let why = match errors.len() {
            1 => errors.remove(0),
            _ => format!("errors:\n  {}", errors.join("\n  ")),
        };
        let kind = format!("{}, Kind={}", key.kind.api_version(), key.kind.name());
        let kind = if kind.contains('/') {
            kind
        } else {
            format!("/{kind}")
        };
        let text = format!(
            "failed to create typed patch object ({}/{}; {kind}): {why}",
            key.namespace, key.name
        );
        ApiError::new(Reason::Unknown, text)
    })?;
    strip(&mut fields);
    fields.remove(&["f:status"]);
    Ok(fields)
}

/// Errors: fields that others own and that the configuration would change.
fn refuse_conflicts(
    key: &Key,
    managers: &Managers,
    changed: &Comparison,
    request: &ServerSideApply,
    allowed: &FieldSet,
) -> Result<(), ApiError> {
    let written = changed.written();
    let others = managers
        .0
        .iter()
        .filter(|e| !e.is_of(&request.manager, Operation::Apply, ""));
    let conflicts: Vec<(&Entry, FieldSet)> = others
        .map(|entry| (entry, entry.fields.common(&written)))
        .filter(|(_, fields)| !fields.is_empty())
        .collect();
    let conflicts: Vec<(String, Vec<String>)> = conflicts
        .into_iter()
        .map(|(entry, fields)| {
            let name = entry.named(&key.kind.api_version());
            (name, fields.without(allowed).paths())
        })
        .filter(|(_, paths)| !paths.is_empty())
        .collect();
    if conflicts.is_empty() {
        Ok(())
    } else {
        Err(ApiError::new(Reason::Conflict, conflict_words(conflicts)))
    }
}

fn conflict_words(mut conflicts: Vec<(String, Vec<String>)>) -> String {
    use crate::api::Order;
    let count: usize = conflicts.iter().map(|(_, paths)| paths.len()).sum();
    if let ([(manager, paths)], 1) = (conflicts.as_slice(), count) {
        let path = paths.join("");
        return format!("Apply failed with 1 conflict: conflict with {manager}: {path}");
    }
    conflicts.order();
    let lines = conflicts.iter().flat_map(|(manager, paths)| {
        let head = format!("conflicts with {manager}:");
        std::iter::once(head).chain(paths.iter().map(|path| format!("- {path}")))
    });
    let lines: Vec<String> = lines.collect();
    format!("Apply failed with {count} conflicts: {}", lines.join("\n"))
}

/// What kubectl itself applied from the client's side and nobody has changed since: no conflict, if
/// kubectl applies it now from the server's.
fn allowed(live: &Object, live_value: &Value, shape: Shape, manager: &str) -> FieldSet {
    let last = live.meta.annotation(LAST_APPLIED);
    let last = last.and_then(|text| serde_json::from_str::<Value>(text).ok());
    let Some(last) = last.filter(|_| manager == KUBECTL) else {
        return FieldSet::default();
    };
    let changed = Comparison::of(shape, &last, live_value);
    named(shape, &last)
        .unwrap_or_default()
        .without(&changed.written())
        .without(&changed.removed)
}

/// kubectl's annotation follows what kubectl applies, where it is there.
fn sync_annotation(live: &Object, merged: &mut Value, config: &Value, manager: &str) {
    if manager != KUBECTL || live.meta.annotation(LAST_APPLIED).is_none() {
        return;
    }
    let mut given = config.clone();
    let annotations = given.pointer_mut("/metadata/annotations");
    if let Some(annotations) = annotations.and_then(Value::as_object_mut) {
        annotations.remove(LAST_APPLIED);
    }
    let annotation = merged.pointer_mut("/metadata/annotations");
    if let Some(annotations) = annotation.and_then(Value::as_object_mut) {
        annotations.insert(LAST_APPLIED.into(), (go_json(&given) + "\n").into());
    }
}

impl Store {
    /// What is noted of a write.
    pub(super) fn note(&self, revision: u64) -> Option<&Note> {
        self.notes.get(&revision).map(|(note, _)| note)
    }

    /// Notes something of a write that was just done.
    pub(in crate::apiserver) fn take_note(&mut self, revision: u64, note: Note) {
        let digest = digest_of(&(revision, &note));
        self.notes.insert(revision, (note, digest));
    }
}
