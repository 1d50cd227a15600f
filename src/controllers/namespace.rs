//! The namespace controller: empties a namespace that is being deleted, pods first.
//!
//! Upstream: `pkg/controller/namespace`, `deletion/namespaced_resources_deleter.go`. Differs:
//! discovery never fails, so two of the five conditions are always False.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::{Body, Key, Kind, Object};
use crate::apiserver::{ApiError, Change, DeleteOptions};
use crate::client::Client;
use crate::clock::{SimTime, Span};

use super::util::{ignore_not_found, timer_after, woken_by};
use super::{Controller, Desk, Watch};

/// See the module.
pub(super) struct NamespaceController;

impl Controller for NamespaceController {
    fn name(&self) -> &'static str {
        "namespace-controller"
    }

    fn watches(&self) -> &'static [Watch] {
        &[Watch {
            kind: Kind::Namespace,
            note,
        }]
    }

    fn reconcile(
        &self,
        key: &Key,
        desk: &mut Desk,
        client: &mut Client<'_>,
    ) -> Result<(), ApiError> {
        let found = client.cache().get(key).filter(|ns| ns.meta.is_deleting());
        let Some(namespace) = found.cloned() else {
            return Ok(());
        };
        let left = delete_content(&namespace.meta.name, client)?;
        if left.counts.is_empty() {
            return ignore_not_found(client.finalize_namespace(&namespace.meta.name).map(|_| ()));
        }
        write_conditions(&namespace, &left, client)?;
        let again = client.now() + Span::secs(left.grace_secs / 2 + 1);
        desk.queue
            .add_at(key.clone(), again, timer_after(client.trigger()));
        Ok(())
    }
}

fn note(change: &Change<'_>, desk: &mut Desk, now: SimTime) {
    if let Some(namespace) = change.new.filter(|ns| ns.meta.is_deleting()) {
        // Other caches should have seen that nothing may be created here any more.
        let at = now + desk.options.namespace_deletion_grace;
        desk.queue
            .add_at(namespace.key(), at, timer_after(woken_by(change)));
    }
}

/// What a pass has left behind.
#[derive(Debug, Default)]
struct Left {
    /// By resource, as the condition names it.
    counts: BTreeMap<String, usize>,
    finalizers: BTreeMap<String, usize>,
    /// The longest grace period of a pod.
    grace_secs: i64,
}

fn delete_content(namespace: &str, client: &mut Client<'_>) -> Result<Left, ApiError> {
    let mut left = Left::default();
    delete_all(Kind::Pod, namespace, &mut left, client)?;
    if !left.counts.is_empty() {
        return Ok(left);
    }
    let kinds: Vec<Kind> = client.live().kinds().collect();
    for kind in kinds {
        if kind.info().namespaced && kind != Kind::Pod {
            delete_all(kind, namespace, &mut left, client)?;
        }
    }
    Ok(left)
}

fn delete_all(
    kind: Kind,
    namespace: &str,
    left: &mut Left,
    client: &mut Client<'_>,
) -> Result<(), ApiError> {
    let objects: Vec<Arc<Object>> = client.live().list(kind, Some(namespace)).cloned().collect();
    for object in objects {
        let deleted = match client.delete(&object.key(), DeleteOptions::default()) {
            Ok(rest) => rest,
            Err(error) => {
                ignore_not_found(Err(error))?;
                None
            }
        };
        let Some(rest) = deleted else { continue };
        *left.counts.entry(resource(kind)).or_default() += 1;
        for finalizer in rest.meta.finalizers.iter() {
            *left.finalizers.entry(finalizer.clone()).or_default() += 1;
        }
        let grace = rest.meta.deletion.map_or(0, |d| d.grace_secs);
        left.grace_secs = left.grace_secs.max(grace);
    }
    Ok(())
}

/// `pods.` or `deployments.apps`: resource and group with a dot between, also for the empty group.
fn resource(kind: Kind) -> String {
    format!("{}.{}", kind.info().plural, kind.info().group)
}

/// Type, reason and message where all is well; reason and message where it is not.
fn conditions(left: &Left) -> Vec<(&'static str, bool, &'static str, String)> {
    let ok = |kind, reason, text: &str| (kind, false, reason, text.to_string());
    let list = |map: &BTreeMap<String, usize>, middle: &str| {
        let parts: Vec<String> = map
            .iter()
            .map(|(name, count)| format!("{name} {middle} {count} resource instances"))
            .collect();
        parts.join(", ")
    };
    let remaining = if left.counts.is_empty() {
        ok(
            "NamespaceContentRemaining",
            "ContentRemoved",
            "All content successfully removed",
        )
    } else {
        let text = format!(
            "Some resources are remaining: {}",
            list(&left.counts, "has")
        );
        (
            "NamespaceContentRemaining",
            true,
            "SomeResourcesRemain",
            text,
        )
    };
    let finalizers = if left.finalizers.is_empty() {
        let text = "All content-preserving finalizers finished";
        ok(
            "NamespaceFinalizersRemaining",
            "ContentHasNoFinalizers",
            text,
        )
    } else {
        let named = list(&left.finalizers, "in");
        let text = format!("Some content in the namespace has finalizers remaining: {named}");
        (
            "NamespaceFinalizersRemaining",
            true,
            "SomeFinalizersRemain",
            text,
        )
    };
    vec![
        ok(
            "NamespaceDeletionDiscoveryFailure",
            "ResourcesDiscovered",
            "All resources successfully discovered",
        ),
        ok(
            "NamespaceDeletionGroupVersionParsingFailure",
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed",
        ),
        ok(
            "NamespaceDeletionContentFailure",
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization",
        ),
        remaining,
        finalizers,
    ]
}

fn write_conditions(
    namespace: &Object,
    left: &Left,
    client: &mut Client<'_>,
) -> Result<(), ApiError> {
    let now = client.now().rfc3339();
    let mut value = namespace.data().cloned().unwrap_or_else(|| json!({}));
    let old = value
        .pointer("/status/conditions")
        .cloned()
        .unwrap_or(Value::Null);
    let old_one = |kind: &str| {
        let mut all = old.as_array().into_iter().flatten();
        all.find(|c| c.get("type").and_then(Value::as_str) == Some(kind))
            .cloned()
    };
    let list: Vec<Value> = conditions(left)
        .into_iter()
        .map(|(kind, bad, reason, message)| {
            let status = if bad { "True" } else { "False" };
            let earlier =
                old_one(kind).filter(|c| c.get("status").and_then(Value::as_str) == Some(status));
            let since = earlier.and_then(|c| c.get("lastTransitionTime").cloned());
            json!({
                "type": kind, "status": status, "reason": reason, "message": message,
                "lastTransitionTime": since.unwrap_or_else(|| now.clone().into()),
            })
        })
        .collect();
    if let Some(map) = value.as_object_mut() {
        let status = map
            .entry("status")
            .or_insert_with(|| json!({"phase": "Terminating"}));
        if let Some(status) = status.as_object_mut() {
            status.insert("conditions".into(), list.into());
        }
    }
    let mut new = namespace.clone();
    new.body = Body::Data(Kind::Namespace, Arc::new(value));
    client.update_status(new).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::super::drive::Drive;
    use super::*;

    fn namespaced(drive: &mut Drive, pods: usize) {
        let body = json!({
            "metadata": {"namespace": ""},
            "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"},
        });
        drive.create(Kind::Namespace, "", "lab", &body);
        for n in 0..pods {
            let spec = json!({"spec": {"containers": [{"name": "c", "image": "nginx"}]}});
            drive.create(Kind::Pod, "lab", &format!("p{n}"), &spec);
        }
        drive.bind_pods(&["n1"]);
        let service = json!({"spec": {"ports": [{"port": 80}]}});
        drive.create(Kind::Service, "lab", "s", &service);
        drive.settle();
        drive.delete(Kind::Namespace, "lab");
    }

    fn phase(drive: &Drive) -> Option<String> {
        let namespace = drive.get(Kind::Namespace, "lab")?;
        Some(
            namespace
                .data()?
                .pointer("/status/phase")?
                .as_str()?
                .to_string(),
        )
    }

    #[test]
    fn a_namespace_without_pods_goes_after_five_seconds() {
        let mut drive = Drive::new();
        namespaced(&mut drive, 0);
        drive.run_for(Span::millis(4900));
        assert_eq!(phase(&drive).as_deref(), Some("Terminating"));
        assert_eq!(drive.list(Kind::Service).len(), 1);
        drive.run_for(Span::millis(200));
        assert_eq!(phase(&drive), None);
        assert!(drive.list(Kind::Service).is_empty());
    }

    #[test]
    fn pods_go_first_and_the_rest_five_seconds_later() {
        let mut drive = Drive::new();
        namespaced(&mut drive, 2);
        drive.run_for(Span::millis(5500));
        let message = |drive: &Drive| {
            let namespace = drive.get(Kind::Namespace, "lab")?;
            let text = namespace
                .data()?
                .pointer("/status/conditions/3/message")?
                .clone();
            text.as_str().map(str::to_string)
        };
        assert_eq!(
            message(&drive).as_deref(),
            Some("Some resources are remaining: pods. has 2 resource instances")
        );
        assert_eq!(drive.list(Kind::Service).len(), 1);
        drive.kubelets_act();
        drive.run_for(Span::millis(5000));
        assert_eq!(phase(&drive), None);
        assert!(drive.list(Kind::Service).is_empty());
    }
}
