//! `kubectl rollout undo`.
//!
//! Upstream: `kubectl/pkg/polymorphichelpers/rollback.go`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::{Kind, Object, Order};
use crate::kubectl::args::Args;
use crate::kubectl::console::{Console, DryRun, Flow};
use crate::kubectl::describe::raw_template;
use crate::kubectl::edits::{is_paused, with_template};
use crate::kubectl::errors::Failure;
use crate::kubectl::objects::{REVISION, ReplicaSets, TEMPLATE_HASH, has_template_of, revision_of};

use super::{each, kind_with_group, revisions};

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Annotations that stay the Deployment's own; all others come back with the template.
const OWN: &[&str] = &[
    LAST_APPLIED,
    REVISION,
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
];

pub(super) fn run(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let to = args.number("to-revision").unwrap_or(0);
    let dry = console.dry_run(args)?;
    each(console, args, |console, object| {
        undo(console, object, to, dry)
    })
}

fn undo(
    console: &mut Console<'_, '_>,
    object: &Arc<Object>,
    to: i64,
    dry: DryRun,
) -> Result<(), Failure> {
    let (kind, name) = (object.kind(), &object.meta.name);
    if kind != Kind::Deployment && !revisions::has_revisions(kind) {
        return Err(Failure::error(format!(
            "no rollbacker has been implemented for \"{}\"",
            kind_with_group(kind)
        )));
    }
    if object.meta.annotation(LAST_APPLIED).is_some() {
        console.warn(format!(
            "Warning: resource {}/{name} was previously managed with 'kubectl apply'. Rolling back will not update the {LAST_APPLIED} annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.",
            kind.info().plural
        ));
    }
    if revisions::has_revisions(kind) {
        return restore(console, object, to, dry);
    }
    let sets = ReplicaSets::of(object, console.live());
    let target = target(&sets, name, to)?;
    let Some(rs) = target.replica_set() else {
        return Ok(());
    };
    let mut template = (*rs.template.api).clone();
    if dry == DryRun::Client {
        let text = raw_template(&template);
        console.done(kind, name, &format!("{text}will roll back to"), dry);
        return Ok(());
    }
    if is_paused(object) {
        return Err(Failure::error(
            "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again",
        ));
    }
    if has_template_of(&target, object) {
        let what = format!("skipped rollback (current template already matches revision {to})");
        console.done(kind, name, &what, dry);
        return Ok(());
    }
    if let Some(labels) = template.metadata.as_mut().and_then(|m| m.labels.as_mut()) {
        labels.remove(TEMPLATE_HASH);
    }
    let Some(mut new) = with_template(object, template) else {
        return Ok(());
    };
    let own = object
        .meta
        .annotations
        .iter()
        .filter(|(key, _)| OWN.contains(&key.as_str()));
    let back = target
        .meta
        .annotations
        .iter()
        .filter(|(key, _)| !OWN.contains(&key.as_str()));
    let annotations: BTreeMap<String, String> = own
        .chain(back)
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    new.meta.annotations = Arc::new(annotations);
    console.write(dry, |server, cause| server.update(new, cause))?;
    console.done(kind, name, "rolled back", dry);
    Ok(())
}

/// Puts back the template that a ControllerRevision keeps.
fn restore(
    console: &mut Console<'_, '_>,
    object: &Arc<Object>,
    to: i64,
    dry: DryRun,
) -> Result<(), Failure> {
    let (kind, name) = (object.kind(), &object.meta.name);
    let all = revisions::of(object, console.live());
    let target = revisions::target(&all, to)?;
    let Some(template) = revisions::template_of(&target) else {
        return Ok(());
    };
    if dry == DryRun::Client {
        let text = raw_template(&template);
        console.done(kind, name, &format!("will roll back to {text}"), dry);
        return Ok(());
    }
    if revisions::is_current(object, &target) {
        let what = format!("skipped rollback (current template already matches revision {to})");
        console.done(kind, name, &what, dry);
        return Ok(());
    }
    if let Some(new) = with_template(object, template) {
        console.write(dry, |server, cause| server.update(new, cause))?;
    }
    console.done(kind, name, "rolled back", dry);
    Ok(())
}

/// The ReplicaSet of a revision; of the one before the last if that is 0.
fn target(sets: &ReplicaSets, name: &str, to: i64) -> Result<Arc<Object>, Failure> {
    let mut all: Vec<&Arc<Object>> = sets.all().filter(|rs| revision_of(rs) > 0).collect();
    all.order_by_key(|rs| revision_of(rs));
    if to != 0 {
        let found = all.into_iter().find(|rs| revision_of(rs) == to).cloned();
        return found.ok_or_else(|| {
            Failure::error(format!("unable to find specified revision {to} in history"))
        });
    }
    let previous = all.len().checked_sub(2).and_then(|at| all.get(at));
    previous.map(|rs| Arc::clone(rs)).ok_or_else(|| {
        Failure::error(format!(
            "no rollout history found for deployment \"{name}\""
        ))
    })
}
