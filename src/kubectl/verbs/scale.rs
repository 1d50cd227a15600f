//! `kubectl scale`.
//!
//! Upstream: `kubectl/pkg/cmd/scale/scale.go`, `kubectl/pkg/scale/scale.go`. Differs: does not wait
//! with `--timeout`, as the scaling is done when the write is.

use std::sync::Arc;

use crate::api::Object;
use crate::kubectl::args::{Args, Flag, Takes, flag};
use crate::kubectl::console::{Console, DryRun, Flow};
use crate::kubectl::errors::Failure;
use crate::kubectl::resources::find;

use super::{FILES, SELECTION, Verb, WRITE};

const FLAGS: &[Flag] = &[
    flag("replicas", Takes::Int32),
    flag("current-replicas", Takes::Int32),
    flag("resource-version", Takes::Text),
    flag("timeout", Takes::Duration),
];

pub(super) const VERB: Verb = Verb {
    name: "scale",
    usage: "scale (TYPE NAME… | TYPE/NAME…) --replicas=N [--current-replicas=M]",
    summary: "Set how many replicas a workload wants",
    flags: &[FLAGS, SELECTION, FILES, WRITE],
    required: &["replicas"],
    below: &[],
    run,
};

fn run(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let wanted = args.number("replicas").unwrap_or(-1);
    if wanted < 0 {
        return Err(Failure::error(
            "The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0",
        ));
    }
    let wanted = i32::try_from(wanted).unwrap_or(i32::MAX);
    let dry = console.dry_run(args)?;
    let mut found = find(&args.all_words(), args, console)?;
    if found.objects.is_empty() && found.failures.is_empty() {
        return Err(Failure::error("no objects passed to scale"));
    }
    for object in found.objects {
        if let Err(failure) = scale(console, args, &object, wanted, dry) {
            found.failures.push(failure);
        }
    }
    match Failure::all(found.failures) {
        Some(failure) => Err(failure),
        None => Ok(Flow::Done(0)),
    }
}

fn scale(
    console: &mut Console<'_, '_>,
    args: &Args,
    object: &Arc<Object>,
    wanted: i32,
    dry: DryRun,
) -> Result<(), Failure> {
    let (Some(current), Some(new)) = (object.replicas(), object.with_replicas(wanted)) else {
        return Err(Failure::plain(
            "Error from server (NotFound): the server could not find the requested resource",
        ));
    };
    let expected = args.number("current-replicas").filter(|n| *n >= 0);
    if let Some(expected) = expected.filter(|n| *n != i64::from(current)) {
        return Err(Failure::error(format!(
            "Expected replicas to be {expected}, was {current}"
        )));
    }
    if let Some(version) = args.get("resource-version").filter(|v| !v.is_empty()) {
        let is = object.meta.resource_version.to_string();
        if version != is {
            return Err(Failure::error(format!(
                "Expected resource version to be {version}, was {is}"
            )));
        }
    }
    console.write(dry, |server, cause| server.update(new, cause))?;
    console.done(object.kind(), &object.meta.name, "scaled", dry);
    Ok(())
}
