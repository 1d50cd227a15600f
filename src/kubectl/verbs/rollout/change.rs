//! `kubectl rollout restart`, `pause` and `resume`.
//!
//! Upstream: `kubectl/pkg/polymorphichelpers/object{restarter,pauser,resumer}.go`.

use std::sync::Arc;

use crate::api::{Kind, Object};
use crate::kubectl::args::Args;
use crate::kubectl::console::{Console, DryRun, Flow};
use crate::kubectl::edits::{is_paused, template, with_paused, with_template};
use crate::kubectl::errors::Failure;

use super::each;

const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

pub(super) fn restart(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let dry = console.dry_run(args)?;
    each(console, args, |console, object| {
        restart_one(console, object, dry)
    })
}

fn named(object: &Object) -> String {
    format!("{} \"{}\"", object.kind().resource(), object.meta.name)
}

fn restart_one(
    console: &mut Console<'_, '_>,
    object: &Arc<Object>,
    dry: DryRun,
) -> Result<(), Failure> {
    let (kind, name) = (object.kind(), &object.meta.name);
    if !matches!(kind, Kind::Deployment | Kind::DaemonSet | Kind::StatefulSet) {
        return Err(Failure::error(format!(
            "{} restarting is not supported",
            named(object)
        )));
    }
    if is_paused(object) {
        return Err(Failure::error(format!(
            "{} can't restart paused deployment (run rollout resume first)",
            named(object)
        )));
    }
    let Some(mut template) = template(object).cloned() else {
        return Ok(());
    };
    let now = console.now().rfc3339();
    let meta = template.metadata.get_or_insert_default();
    let old = meta
        .annotations
        .get_or_insert_default()
        .insert(RESTARTED_AT.into(), now.clone());
    if old.as_ref() == Some(&now) {
        return Err(Failure::error(format!(
            "failed to create patch for {name}: if restart has already been triggered within the past second, please wait before attempting to trigger another"
        )));
    }
    if let Some(new) = with_template(object, template) {
        console.write(dry, |server, cause| server.update(new, cause))?;
    }
    console.done(kind, name, "restarted", dry);
    Ok(())
}

pub(super) fn pause(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let dry = console.dry_run(args)?;
    each(console, args, |console, object| {
        set_paused(console, object, true, dry)
    })
}

pub(super) fn resume(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let dry = console.dry_run(args)?;
    each(console, args, |console, object| {
        set_paused(console, object, false, dry)
    })
}

fn set_paused(
    console: &mut Console<'_, '_>,
    object: &Arc<Object>,
    paused: bool,
    dry: DryRun,
) -> Result<(), Failure> {
    let (doing, done) = if paused {
        ("pausing", "paused")
    } else {
        ("resuming", "resumed")
    };
    let Some(new) = with_paused(object, paused) else {
        return Err(Failure::error(format!(
            "{} {doing} is not supported",
            named(object)
        )));
    };
    if is_paused(object) == paused {
        let state = if paused {
            "is already paused"
        } else {
            "is not paused"
        };
        return Err(Failure::error(format!("{} {state}", named(object))));
    }
    console.write(dry, |server, cause| server.update(new, cause))?;
    console.done(object.kind(), &object.meta.name, done, dry);
    Ok(())
}
