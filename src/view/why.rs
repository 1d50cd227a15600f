//! Why: the chain of causes from an object's last change back to an act of the visitor.
//!
//! Every write carries its actor and what woke it; this walks that record. Keys for the page's
//! i18n table, arguments behind tabs:
//! `why-created KIND NAME`, `why-deleted KIND NAME`, `why-marked KIND NAME`, `why-bound NAME NODE`,
//! `why-status KIND NAME OLD NEW`, `why-scaled KIND NAME OLD NEW`, `why-changed KIND NAME`,
//! `why-you LINE`, `why-start`.
//!
//! Upstream: none.

use crate::api::{Body, Key, Object};
use crate::apiserver::{Change, Store, Trigger};
use crate::kubectl::pod_columns;

use super::{Ref, WhyStep};

/// No chain is followed further than this.
const STEPS_MAX: usize = 24;

/// The chain of an object's last change no later than `until`, newest first. `input` gives the text
/// of the visitor's act of a number.
pub fn why(
    store: &Store,
    key: &Key,
    until: u64,
    input: &dyn Fn(u32) -> Option<String>,
) -> Vec<WhyStep> {
    let mut steps = Vec::new();
    let mut next = store
        .history(key, until)
        .last()
        .map(|(revision, _)| *revision);
    while let Some(change) = next.take().and_then(|revision| store.change(revision)) {
        let object = change.object();
        steps.push(WhyStep {
            at_us: change.at.unix_micros(),
            actor: change.cause.actor.to_string(),
            act: act(&change),
            object: Some(reference(object)),
        });
        if steps.len() >= STEPS_MAX {
            break;
        }
        match change.cause.trigger {
            Trigger::Write(revision) | Trigger::Timer(revision) if revision < change.revision => {
                next = Some(revision)
            }
            Trigger::Input(n) => {
                let act = format!("why-you\t{}", input(n).unwrap_or_default());
                steps.push(WhyStep {
                    at_us: change.at.unix_micros(),
                    actor: "you".into(),
                    act,
                    object: None,
                });
            }
            _ => {
                let act = "why-start".to_string();
                steps.push(WhyStep {
                    at_us: change.at.unix_micros(),
                    actor: String::new(),
                    act,
                    object: None,
                });
            }
        }
    }
    steps
}

pub(super) fn reference(object: &Object) -> Ref {
    Ref {
        kind: object.kind().name().to_string(),
        namespace: object.meta.namespace.to_string(),
        name: object.meta.name.to_string(),
    }
}

fn act(change: &Change<'_>) -> String {
    let object = change.object();
    let (kind, name) = (object.kind().name(), &object.meta.name);
    match (change.old, change.new) {
        (None, _) => format!("why-created\t{kind}\t{name}"),
        (_, None) => format!("why-deleted\t{kind}\t{name}"),
        (Some(old), Some(new)) => modified(old, new),
    }
}

fn modified(old: &Object, new: &Object) -> String {
    let (kind, name) = (new.kind().name(), &new.meta.name);
    if old.meta.deletion.is_none() && new.meta.deletion.is_some() {
        return format!("why-marked\t{kind}\t{name}");
    }
    match (&old.body, &new.body) {
        (Body::Pod(was), Body::Pod(is)) => {
            if let (None, Some(node)) = (&was.node_name, &is.node_name) {
                return format!("why-bound\t{name}\t{node}");
            }
            let (was, is) = (pod_columns(old).status, pod_columns(new).status);
            if was != is {
                return format!("why-status\t{kind}\t{name}\t{was}\t{is}");
            }
        }
        (Body::ReplicaSet(was), Body::ReplicaSet(is)) if was.replicas != is.replicas => {
            return format!(
                "why-scaled\t{kind}\t{name}\t{}\t{}",
                was.replicas, is.replicas
            );
        }
        (Body::Deployment(was), Body::Deployment(is)) if was.replicas() != is.replicas() => {
            return format!(
                "why-scaled\t{kind}\t{name}\t{}\t{}",
                was.replicas(),
                is.replicas()
            );
        }
        (Body::Node(was), Body::Node(is))
            if was.status.conditions.ready != is.status.conditions.ready =>
        {
            let ready =
                |n: &crate::api::NodeBody| format!("Ready={}", n.status.conditions.ready.as_str());
            return format!("why-status\t{kind}\t{name}\t{}\t{}", ready(was), ready(is));
        }
        _ => {}
    }
    format!("why-changed\t{kind}\t{name}")
}
