//! CustomResourceDefinitions: names are accepted, kinds established, and objects deleted before
//! their definition goes. The API server runs these controllers itself.
//!
//! Upstream: `apiextensions-apiserver/pkg/controller/{status,establish,finalizer}`. Differs: the
//! finalizer looks again every five seconds for as long as it takes, without a pause each minute.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::{
    Body, CUSTOM_CLEANUP, CustomKind, Key, Kind, Object, go_quote, text_at, texts_at,
};
use crate::apiserver::{ApiError, Change, DeleteOptions, Reason, is_true, set_condition};
use crate::client::Client;
use crate::clock::{SimTime, Span};

use super::util::{ignore_not_found, timer_after, woken_by};
use super::{Controller, Desk, Watch};

/// Accepts the names of a definition unless another one of its group has them.
pub(super) struct NamingController;

/// Establishes a definition whose names were accepted.
pub(super) struct EstablishingController;

/// Deletes the objects of a definition that is being deleted.
pub(super) struct Finalizer;

const WATCHES: &[Watch] = &[Watch {
    kind: Kind::CustomResourceDefinition,
    note,
}];

fn note(change: &Change<'_>, desk: &mut Desk, _now: SimTime) {
    desk.queue.add(change.object().key(), woken_by(change));
}

impl Controller for NamingController {
    fn name(&self) -> &'static str {
        "crd-naming-condition-controller"
    }

    fn watches(&self) -> &'static [Watch] {
        WATCHES
    }

    fn reconcile(
        &self,
        key: &Key,
        desk: &mut Desk,
        client: &mut Client<'_>,
    ) -> Result<(), ApiError> {
        if let Some(object) = client.live().get(key).cloned() {
            let Some(new) = accept(&object, client) else {
                return Ok(());
            };
            write(&object, new, client)?;
        }
        // Names may have become free.
        let group = |name: &str| name.split_once('.').map(|(_, group)| group.to_string());
        let all = client.live().list(key.kind, None);
        let others = all.filter(|o| o.meta.name != key.name);
        for other in others.filter(|o| group(&o.meta.name) == group(&key.name)) {
            desk.queue.add(other.key(), client.trigger());
        }
        Ok(())
    }
}

/// The definition with the names that it can have; `None` if nothing changes.
fn accept(object: &Object, client: &Client<'_>) -> Option<Value> {
    let body = object.data()?;
    let (wanted, has) = (
        body.pointer("/spec/names")?,
        body.pointer("/status/acceptedNames")?,
    );
    if wanted == has {
        return None;
    }
    let all = client.live().list(Kind::CustomResourceDefinition, None);
    let others: Vec<&Value> = all
        .filter(|o| o.meta.uid != object.meta.uid)
        .filter_map(|o| o.data())
        .filter(|other| text_at(other, "/spec/group") == text_at(body, "/spec/group"))
        .filter_map(|other| other.pointer("/status/acceptedNames"))
        .collect();
    let (names, conflict) = plan(wanted, has, &others);
    let mut new = body.clone();
    *new.pointer_mut("/status/acceptedNames")? = names;
    let now = client.now();
    match &conflict {
        Some((reason, why)) => set_condition(&mut new, "NamesAccepted", false, reason, why, now),
        None => {
            let (reason, why) = ("NoConflicts", "no conflicts found");
            set_condition(&mut new, "NamesAccepted", true, reason, why, now);
        }
    }
    if !is_true(body, "Established") {
        let (reason, why) = if conflict.is_some() {
            ("NotAccepted", "not all names are accepted")
        } else {
            ("Installing", "the initial names have been accepted")
        };
        set_condition(&mut new, "Established", false, reason, why, now);
    }
    (new != *body).then_some(new)
}

type Conflict = Option<(&'static str, String)>;

/// The names to accept, and what stands against the others.
fn plan(wanted: &Value, has: &Value, others: &[&Value]) -> (Value, Conflict) {
    let mut names = has.clone();
    let mut conflict: Conflict = None;
    let in_use = |name: &str, fields: &[&str]| {
        let taken = |other: &&Value| {
            let short =
                texts_at(other, "/shortNames").contains(&name) && fields.contains(&"plural");
            short
                || fields
                    .iter()
                    .any(|field| other.get(field).and_then(Value::as_str) == Some(name))
        };
        let why = format!("{} is already in use", go_quote(name));
        others.iter().any(taken).then_some(why)
    };
    let (resources, kinds) = (["plural", "singular"], ["kind", "listKind"]);
    for (field, fields, reason) in [
        ("plural", &resources, "PluralConflict"),
        ("singular", &resources, "SingularConflict"),
        ("shortNames", &resources, "ShortNamesConflict"),
        ("kind", &kinds, "KindConflict"),
        ("listKind", &kinds, "ListKindConflict"),
    ] {
        let asked = wanted.get(field).cloned();
        let problem = if field == "shortNames" {
            let own = texts_at(has, "/shortNames");
            let fresh = texts_at(wanted, "/shortNames")
                .into_iter()
                .filter(|n| !own.contains(n));
            let all: Vec<String> = fresh.filter_map(|name| in_use(name, fields)).collect();
            match all.as_slice() {
                [] => None,
                [one] => Some(one.clone()),
                more => Some(format!("[{}]", more.join(", "))),
            }
        } else {
            let name = asked.as_ref().and_then(Value::as_str).unwrap_or_default();
            let new = has.get(field).and_then(Value::as_str) != Some(name);
            new.then(|| in_use(name, fields)).flatten()
        };
        match problem {
            Some(why) => conflict = Some((reason, why)),
            None => put(&mut names, field, asked),
        }
    }
    put(&mut names, "categories", wanted.get("categories").cloned());
    (names, conflict)
}

fn put(names: &mut Value, field: &str, value: Option<Value>) {
    let Some(names) = names.as_object_mut() else {
        return;
    };
    match value {
        Some(value) => names.insert(field.to_string(), value),
        None => names.remove(field),
    };
}

fn write(object: &Object, body: Value, client: &mut Client<'_>) -> Result<(), ApiError> {
    let mut new = object.clone();
    new.body = Body::Data(Kind::CustomResourceDefinition, Arc::new(body));
    settle(client.update_status(new))
}

/// Who finds an object changed or gone is called again.
fn settle(result: Result<Arc<Object>, ApiError>) -> Result<(), ApiError> {
    match result {
        Err(error) if matches!(error.reason, Reason::NotFound | Reason::Conflict) => Ok(()),
        other => other.map(|_| ()),
    }
}

impl Controller for EstablishingController {
    fn name(&self) -> &'static str {
        "crd-establishing-controller"
    }

    fn watches(&self) -> &'static [Watch] {
        WATCHES
    }

    fn reconcile(
        &self,
        key: &Key,
        _desk: &mut Desk,
        client: &mut Client<'_>,
    ) -> Result<(), ApiError> {
        let Some(object) = client.cache().get(key).cloned() else {
            return Ok(());
        };
        let body = object.data().unwrap_or(&Value::Null);
        if !is_true(body, "NamesAccepted") || is_true(body, "Established") {
            return Ok(());
        }
        let mut new = body.clone();
        let why = "the initial names have been accepted";
        set_condition(
            &mut new,
            "Established",
            true,
            "InitialNamesAccepted",
            why,
            client.now(),
        );
        write(&object, new, client)
    }
}

impl Controller for Finalizer {
    fn name(&self) -> &'static str {
        "crd-finalizer"
    }

    fn watches(&self) -> &'static [Watch] {
        &[Watch {
            kind: Kind::CustomResourceDefinition,
            note: note_deletion,
        }]
    }

    fn reconcile(
        &self,
        key: &Key,
        desk: &mut Desk,
        client: &mut Client<'_>,
    ) -> Result<(), ApiError> {
        let Some(object) = client.live().get(key).filter(|o| is_to_go(o)).cloned() else {
            return Ok(());
        };
        let mut body = object.data().cloned().unwrap_or_default();
        let now = client.now();
        let say = |body: &mut Value, going, reason, why| {
            set_condition(body, "Terminating", going, reason, why, now);
        };
        let why = "CustomResource deletion is in progress";
        say(&mut body, true, "InstanceDeletionInProgress", why);
        if is_true(&body, "Established") {
            write(&object, body.clone(), client)?;
            if delete_objects(&body, client)? > 0 {
                let again = now + Span::secs(5);
                desk.queue
                    .add_at(key.clone(), again, timer_after(client.trigger()));
                return Ok(());
            }
            say(
                &mut body,
                false,
                "InstanceDeletionCompleted",
                "removed all instances",
            );
        } else {
            say(
                &mut body,
                false,
                "NeverEstablished",
                "resource was never established",
            );
        }
        let Some(fresh) = client.live().get(key) else {
            return Ok(());
        };
        let mut new = (**fresh).clone();
        let finalizers = fresh
            .meta
            .finalizers
            .iter()
            .filter(|f| *f != CUSTOM_CLEANUP);
        new.meta.finalizers = finalizers.cloned().collect();
        new.body = Body::Data(Kind::CustomResourceDefinition, Arc::new(body));
        settle(client.update(new))
    }
}

fn is_to_go(object: &Arc<Object>) -> bool {
    object.meta.is_deleting() && object.meta.finalizers.iter().any(|f| f == CUSTOM_CLEANUP)
}

fn note_deletion(change: &Change<'_>, desk: &mut Desk, _now: SimTime) {
    let Some(new) = change.new.filter(|new| is_to_go(new)) else {
        return;
    };
    // Its own conditions are no news.
    if !change.old.is_some_and(is_to_go) {
        desk.queue.add(new.key(), woken_by(change));
    }
}

/// Deletes the objects of a definition; how many are left.
fn delete_objects(definition: &Value, client: &mut Client<'_>) -> Result<usize, ApiError> {
    let names = definition.pointer("/status/acceptedNames");
    let version = text_at(definition, "/spec/versions/0/name");
    let kind = CustomKind::new(definition, names.unwrap_or(&json!({})), version);
    let Some(kind) = kind.map(Kind::Custom) else {
        return Ok(0);
    };
    let all: Vec<Key> = client.live().list(kind, None).map(|o| o.key()).collect();
    for key in all {
        ignore_not_found(client.delete(&key, DeleteOptions::default()).map(|_| ()))?;
    }
    Ok(client.live().list(kind, None).count())
}

#[cfg(test)]
mod tests {
    use super::super::drive::Drive;
    use super::*;

    fn names(plural: &str, kind: &str, short: &[&str]) -> Value {
        json!({
            "plural": plural, "singular": kind.to_lowercase(), "kind": kind,
            "listKind": format!("{kind}List"), "shortNames": short,
        })
    }

    #[test]
    fn names_are_accepted_unless_others_have_them() {
        let empty = json!({"kind": "", "plural": ""});
        let taken = names("crontabs", "CronTab", &["ct"]);
        for (wanted, conflict) in [
            (names("backups", "Backup", &["bk"]), None),
            (
                names("backups", "CronTab", &["bk"]),
                Some(("ListKindConflict", "\"CronTabList\" is already in use")),
            ),
            (
                names("backups", "Backup", &["ct"]),
                Some(("ShortNamesConflict", "\"ct\" is already in use")),
            ),
            (
                names("ct", "Backup", &[]),
                Some(("PluralConflict", "\"ct\" is already in use")),
            ),
        ] {
            let (accepted, problem) = plan(&wanted, &empty, &[&taken]);
            let problem = problem
                .as_ref()
                .map(|(reason, why)| (*reason, why.as_str()));
            assert_eq!(problem, conflict, "{wanted}");
            assert_eq!(accepted == wanted, conflict.is_none(), "{accepted}");
        }
    }

    fn definition(drive: &mut Drive, plural: &str, kind: &str) -> String {
        let body = json!({
            "metadata": {"namespace": ""},
            "spec": {
                "group": "example.com", "scope": "Namespaced", "names": names(plural, kind, &[]),
                "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object"}}}],
            },
        });
        let name = format!("{plural}.example.com");
        drive.create(Kind::CustomResourceDefinition, "", &name, &body);
        name
    }

    fn conditions(drive: &Drive, name: &str) -> Vec<String> {
        let object = drive.get(Kind::CustomResourceDefinition, name);
        let body = object.and_then(|o| o.data().cloned()).unwrap_or_default();
        let all = crate::api::items_at(&body, "/status/conditions").iter();
        all.map(|c| {
            format!(
                "{}={} {}",
                text_at(c, "/type"),
                text_at(c, "/status"),
                text_at(c, "/reason")
            )
        })
        .collect()
    }

    #[test]
    fn a_definition_is_established_and_its_objects_go_before_it() {
        let mut drive = Drive::new();
        let name = definition(&mut drive, "crontabs", "CronTab");
        drive.settle();
        let wanted = [
            "NamesAccepted=True NoConflicts",
            "Established=True InitialNamesAccepted",
        ];
        assert_eq!(conditions(&drive, &name), wanted);
        let kind = drive
            .api
            .store()
            .head()
            .kind_by_word("crontab")
            .expect("served");
        let held = json!({"metadata": {"finalizers": ["example.com/hold"]}});
        drive.create(kind, "default", "held", &held);
        drive.create(kind, "default", "free", &json!({}));
        drive.delete(Kind::CustomResourceDefinition, &name);
        drive.settle();
        assert_eq!(drive.list(kind).len(), 1);
        let going = conditions(&drive, &name).pop();
        assert_eq!(
            going.as_deref(),
            Some("Terminating=True InstanceDeletionInProgress")
        );
        let mut freed = (*drive.list(kind)[0]).clone();
        freed.meta.finalizers = [].into();
        drive.client().update(freed).expect("updated");
        drive.run_for(Span::secs(5));
        assert!(drive.get(Kind::CustomResourceDefinition, &name).is_none());
        assert_eq!(drive.api.store().head().kind_by_word("crontab"), None);
    }

    #[test]
    fn custom_objects_go_with_their_namespace_and_what_they_own_goes_with_them() {
        let mut drive = Drive::new();
        definition(&mut drive, "crontabs", "CronTab");
        drive.settle();
        let kind = drive
            .api
            .store()
            .head()
            .kind_by_word("crontabs")
            .expect("served");
        let owner = drive.create(kind, "default", "nightly", &json!({}));
        let owned = |controller: bool| {
            json!({"metadata": {"ownerReferences": [{
                "apiVersion": "example.com/v1", "kind": "CronTab", "name": "nightly",
                "uid": owner.meta.uid.to_string(), "controller": controller,
            }]}})
        };
        drive.create(Kind::ConfigMap, "default", "settings", &owned(false));
        drive.create(kind, "default", "child", &owned(true));
        drive.settle();
        assert_eq!(drive.list(kind).len(), 2, "their owner is there");
        drive.delete(kind, "nightly");
        drive.settle();
        assert_eq!(drive.list(kind).len(), 0);
        assert!(drive.get(Kind::ConfigMap, "settings").is_none());

        let namespace =
            json!({"metadata": {"namespace": ""}, "spec": {"finalizers": ["kubernetes"]}});
        drive.create(Kind::Namespace, "", "lab", &namespace);
        drive.create(kind, "lab", "weekly", &json!({}));
        drive.delete(Kind::Namespace, "lab");
        drive.run_for(Span::secs(6));
        assert!(drive.get(Kind::Namespace, "lab").is_none());
        assert_eq!(drive.list(kind).len(), 0);
    }

    #[test]
    fn a_name_that_becomes_free_is_accepted() {
        let mut drive = Drive::new();
        let first = definition(&mut drive, "crontabs", "CronTab");
        drive.settle();
        let second = definition(&mut drive, "backups", "CronTab");
        drive.settle();
        let wanted = [
            "NamesAccepted=False ListKindConflict",
            "Established=False NotAccepted",
        ];
        assert_eq!(conditions(&drive, &second), wanted);
        drive.delete(Kind::CustomResourceDefinition, &first);
        drive.settle();
        let wanted = [
            "NamesAccepted=True NoConflicts",
            "Established=True InitialNamesAccepted",
        ];
        assert_eq!(conditions(&drive, &second), wanted);
    }
}
