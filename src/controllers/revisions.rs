//! ControllerRevisions: the templates that a DaemonSet or StatefulSet has had.
//!
//! Upstream: `pkg/controller/history/controller_history.go`, `pkg/controller/daemon/update.go`.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::{Body, Key, Kind, Labels, Meta, Object, Order, PodTemplate, Selector};
use crate::apiserver::{ApiError, DeleteOptions};
use crate::client::Client;

use super::Desk;
use super::util::{self, controller_ref, ignore_not_found};

/// The label that tells the pods of one revision from those of another.
pub(super) const REVISION_HASH: &str = "controller-revision-hash";

/// The data of a template's revision: a patch that puts it back.
pub(super) fn patch_of(template: &PodTemplate) -> Value {
    let mut template = serde_json::to_value(&*template.api).unwrap_or_default();
    if let Some(fields) = template.as_object_mut() {
        fields.insert("$patch".into(), "replace".into());
    }
    json!({"spec": {"template": template}})
}

/// The number of a revision.
pub(super) fn number(revision: &Object) -> i64 {
    let number = revision.data().and_then(|body| body.get("revision"));
    number.and_then(Value::as_i64).unwrap_or(0)
}

/// Whether a revision keeps this data.
pub(super) fn keeps(revision: &Object, data: &Value) -> bool {
    revision.data().and_then(|body| body.get("data")) == Some(data)
}

/// The template that a revision keeps.
pub(super) fn template_of(revision: &Object) -> Option<Arc<PodTemplate>> {
    let template = revision.data()?.pointer("/data/spec/template")?.clone();
    serde_json::from_value(template).ok().map(PodTemplate::new)
}

/// Revisions that the owner controls, lowest number first. Those that its selector no longer
/// matches are released; `None` if orphans were adopted, which the cache has yet to show. Errors:
/// of the writes.
pub(super) fn claimed(
    owner: &Object,
    selector: &Selector,
    desk: &Desk,
    client: &mut Client<'_>,
) -> Result<Option<Vec<Arc<Object>>>, ApiError> {
    let kind = Kind::ControllerRevision;
    let owned = client.cache().owned_by(kind, owner.meta.uid);
    let mut all: Vec<Arc<Object>> = owned.cloned().collect();
    if !owner.meta.is_deleting() {
        let strangers = all.iter().filter(|r| !selector.matches(&r.meta.labels));
        for revision in strangers.cloned().collect::<Vec<_>>() {
            util::release(owner.meta.uid, &revision, client)?;
        }
        if util::adopt(owner, selector, kind, desk, client)? {
            return Ok(None);
        }
    }
    all.retain(|r| selector.matches(&r.meta.labels));
    all.order_by_key(|r| (number(r), r.meta.created, r.meta.name.clone()));
    Ok(Some(all))
}

/// A new revision of an owner.
pub(super) fn new_revision(
    owner: &Object,
    name: String,
    (mut labels, annotations): (Labels, Labels),
    (label, hash): (&str, &str),
    (data, number): (Value, i64),
) -> Object {
    Arc::make_mut(&mut labels).insert(label.into(), hash.into());
    let meta = Meta {
        labels,
        annotations,
        owners: [controller_ref(owner)].into(),
        ..Meta::named(owner.meta.namespace.clone(), name)
    };
    let body = json!({"data": data, "revision": number});
    Object {
        meta,
        body: Body::Data(Kind::ControllerRevision, Arc::new(body)),
    }
}

/// Gives a revision another number. Errors: of the write.
pub(super) fn renumber(
    revision: &Object,
    number: i64,
    client: &mut Client<'_>,
) -> Result<Arc<Object>, ApiError> {
    let mut new = revision.clone();
    if let Body::Data(_, body) = &mut new.body
        && let Some(fields) = Arc::make_mut(body).as_object_mut()
    {
        fields.insert("revision".into(), number.into());
    }
    client.update(new)
}

/// Deletes the first of these revisions that nothing lives by, until `limit` are left. Errors: of
/// the writes.
pub(super) fn prune(
    old: &[Arc<Object>],
    limit: i32,
    lives: impl Fn(&Object) -> bool,
    client: &mut Client<'_>,
) -> Result<(), ApiError> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let surplus = old.len().saturating_sub(limit);
    let dead: Vec<Key> = old.iter().filter(|r| !lives(r)).map(|r| r.key()).collect();
    for key in dead.into_iter().take(surplus) {
        let deleted = client.delete(&key, DeleteOptions::default());
        ignore_not_found(deleted.map(|_| ()))?;
    }
    Ok(())
}
