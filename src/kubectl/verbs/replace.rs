//! `kubectl replace -f`.
//!
//! Upstream: `kubectl/pkg/cmd/replace/replace.go`. Differs: no `--force`.

use crate::apiserver::{ApiError, Reason};
use crate::kubectl::args::{Args, Flag, Takes, flag};
use crate::kubectl::console::{Console, Flow};
use crate::kubectl::errors::Failure;
use crate::kubectl::manifest::{Validate, failure, load, with_last_applied, with_source};

use super::{FILES, Verb, WRITE};

const FLAGS: &[Flag] = &[
    flag("validate", Takes::Optional("strict")),
    flag("force", Takes::Switch),
    flag("grace-period", Takes::Int64),
    flag("cascade", Takes::Optional("background")),
    flag("timeout", Takes::Duration),
    flag("subresource", Takes::Text),
];

pub(super) const VERB: Verb = Verb {
    name: "replace",
    usage: "replace -f FILE [--dry-run=client|server]",
    summary: "Replace objects by those of a file",
    flags: &[FLAGS, FILES, WRITE],
    required: &[],
    below: &[],
    run,
};

fn run(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    if !args.has("filename") && !args.has("kustomize") {
        return Err(Failure::usage(
            "replace",
            "must specify --filename to replace",
        ));
    }
    if args.on("force") {
        return Err(Failure::error(
            "--force is not part of this simulation: use delete and create",
        ));
    }
    if args.has("grace-period") {
        return Err(Failure::error("--grace-period must have --force specified"));
    }
    let dry = console.dry_run(args)?;
    let Validate(validate) = Validate::from(args)?;
    let loaded = load(console, args, validate)?;
    if loaded.infos.is_empty() && loaded.problems.is_empty() {
        return Err(Failure::error("no objects passed to replace"));
    }
    let mut problems = loaded.problems;
    for info in &loaded.infos {
        let saved = args
            .on("save-config")
            .then(|| with_last_applied(&info.value));
        let value = saved.as_ref().unwrap_or(&info.value);
        let key = info.key();
        let written = console.write(dry, |server, cause| {
            if server.store().head().get(&key).is_none() {
                return Err(ApiError::not_found(info.kind, &info.name));
            }
            server.replace_from(info.kind, value, validate, cause)
        });
        match written {
            Ok(written) => {
                for warning in written.into_iter().flat_map(|(_, warnings)| warnings) {
                    console.warn(format!("Warning: {warning}"));
                }
                console.done(info.kind, &info.name, "replaced", dry);
            }
            Err(error) if error.reason == Reason::Invalid => problems.push(error.into()),
            Err(error) => problems.push(with_source(error, "replacing", &info.source)),
        }
    }
    failure(problems).map_or(Ok(Flow::Done(0)), Err)
}
