//! Deletion: grace periods of pods, finalizers, propagation.
//!
//! Upstream: `apiserver/pkg/registry/rest/delete.go`, `pkg/registry/core/pod/strategy.go`.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::{Body, Deletion, Key, Kind, Object, Uid};
use crate::clock::Span;

use super::{ApiError, ApiServer, Cause, definitions};

/// What happens to the dependents of a deleted object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Propagation {
    #[default]
    Background,
    Foreground,
    Orphan,
}

/// The body of a DELETE request.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeleteOptions {
    /// `None`: the pod's own `terminationGracePeriodSeconds`.
    pub grace_secs: Option<i64>,
    pub propagation: Propagation,
    /// Refuses if the object has another uid.
    pub uid: Option<Uid>,
}

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

impl ApiServer {
    /// Deletes or marks for deletion. Returns the object as it was left, `None` if it is gone.
    /// Errors: NotFound, Conflict (uid), Forbidden (namespaces that may not go).
    pub fn delete(
        &mut self,
        key: &Key,
        options: DeleteOptions,
        cause: Cause,
    ) -> Result<Option<Arc<Object>>, ApiError> {
        let old = self.current(key, 0)?;
        if let Some(uid) = options.uid.filter(|uid| *uid != old.meta.uid) {
            let why = format!(
                "the UID in the precondition ({uid}) does not match the UID in record ({}). The object might have been deleted and then recreated",
                old.meta.uid
            );
            return Err(ApiError::conflict(
                key,
                &format!("Precondition failed: {why}"),
            ));
        }
        if key.kind == Kind::Namespace
            && matches!(&*key.name, "default" | "kube-system" | "kube-public")
        {
            return Err(ApiError::forbidden(
                key.kind,
                &key.name,
                "this namespace may not be deleted",
            ));
        }
        let grace = self.grace_secs(&old, options.grace_secs);
        let mut new = (*old).clone();
        add_finalizer(&mut new, options.propagation);
        if terminate(&mut new) {
            // Its content goes first; the namespace controller says when.
        } else if key.kind == Kind::CustomResourceDefinition && !old.meta.is_deleting() {
            // So do its objects.
            definitions::begin_deletion(&mut new, self.state.now);
        } else if grace == 0 && new.meta.finalizers.is_empty() {
            if key.kind == Kind::Pod && old.meta.deletion.is_none_or(|d| d.grace_secs > 0) {
                // Watchers see the grace period go to zero before the object goes.
                new.meta.generation += i64::from(old.meta.deletion.is_none());
                new.meta.deletion = Some(Deletion {
                    timestamp: self.state.now.whole_secs(),
                    grace_secs: 0,
                });
                self.commit(key, new, cause);
            }
            self.remove(key, cause);
            return Ok(None);
        }
        let asked = Deletion {
            timestamp: (self.state.now + Span::secs(grace)).whole_secs(),
            grace_secs: grace,
        };
        if let Some(earlier) = old.meta.deletion {
            // A second request may only shorten the grace period.
            if asked.grace_secs >= earlier.grace_secs && new.meta.finalizers == old.meta.finalizers
            {
                return Ok(Some(old));
            }
        }
        new.meta.deletion = Some(asked);
        if new.meta.generation > 0 {
            new.meta.generation += 1;
        }
        Ok(Some(self.commit(key, new, cause)))
    }

    /// Takes the finalizer `kubernetes` from a namespace that is empty; it goes if nothing else
    /// holds it. Errors: NotFound.
    pub fn finalize_namespace(&mut self, name: &str, cause: Cause) -> Result<(), ApiError> {
        let key = Key::new(Kind::Namespace, "", name);
        let mut new = (*self.current(&key, 0)?).clone();
        if let Body::Data(_, value) = &mut new.body {
            let spec = Arc::make_mut(value)
                .get_mut("spec")
                .and_then(Value::as_object_mut);
            spec.and_then(|spec| spec.remove("finalizers"));
        }
        if new.meta.is_deleting() && new.meta.finalizers.is_empty() {
            self.remove(&key, cause);
        } else {
            self.commit(&key, new, cause);
        }
        Ok(())
    }

    fn grace_secs(&self, object: &Object, asked: Option<i64>) -> i64 {
        let Some(pod) = object.pod() else { return 0 };
        if pod.node_name.is_none() || pod.status.phase.is_terminal() {
            return 0;
        }
        match asked.unwrap_or(pod.spec.facts.grace_secs) {
            negative if negative < 0 => 1,
            grace => grace,
        }
    }
}

/// Marks a namespace that its own finalizer holds as Terminating; whether it is one.
fn terminate(object: &mut Object) -> bool {
    let Body::Data(Kind::Namespace, value) = &mut object.body else {
        return false;
    };
    let finalizers = value.pointer("/spec/finalizers").and_then(Value::as_array);
    if finalizers.is_none_or(Vec::is_empty) {
        return false;
    }
    if let Some(map) = Arc::make_mut(value).as_object_mut() {
        let status = map.entry("status").or_insert_with(|| json!({}));
        if let Some(status) = status.as_object_mut() {
            status.insert("phase".into(), "Terminating".into());
        }
    }
    true
}

fn add_finalizer(object: &mut Object, propagation: Propagation) {
    let name = match propagation {
        Propagation::Background => return,
        Propagation::Foreground => FOREGROUND,
        Propagation::Orphan => ORPHAN,
    };
    if !object.meta.finalizers.iter().any(|f| f == name) {
        let mut list = object.meta.finalizers.to_vec();
        list.push(name.to_string());
        object.meta.finalizers = list.into();
    }
}
