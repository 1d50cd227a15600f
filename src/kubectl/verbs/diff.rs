//! `kubectl diff -f`: what apply would change.
//!
//! Upstream: `kubectl/pkg/cmd/diff/diff.go`. Differs: the folders' names are made up, and the texts
//! are compared here instead of by `diff`.

use serde_json::Value;

use crate::api::{to_json, unified_diff};
use crate::apiserver::{FieldValidation, PatchType, in_version};
use crate::kubectl::args::{Args, Flag, Takes, flag, short};
use crate::kubectl::console::{Console, DryRun, Flow};
use crate::kubectl::errors::Failure;
use crate::kubectl::manifest::{Info, Problem, failure, load, with_last_applied, with_source};
use crate::kubectl::output::to_yaml_text;

use super::{FILES, Verb};

const FLAGS: &[Flag] = &[
    flag("field-manager", Takes::Text),
    flag("force-conflicts", Takes::Switch),
    flag("server-side", Takes::Switch),
    flag("concurrency", Takes::Int32),
    short("selector", 'l', Takes::Text),
];

pub(super) const VERB: Verb = Verb {
    name: "diff",
    usage: "diff -f FILE",
    summary: "Show what apply would change",
    flags: &[FLAGS, FILES],
    required: &[],
    below: &[],
    run,
};

fn run(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    if !args.has("filename") && !args.has("kustomize") {
        return Err(Failure::error("must specify one of -f and -k"));
    }
    let loaded = load(console, args, FieldValidation::Strict)?;
    let mut problems = loaded.problems;
    let mut found = String::new();
    for info in &loaded.infos {
        match both(console, info) {
            Ok((live, merged)) => found.push_str(&compare(console, info, &live, &merged)),
            Err(problem) => problems.push(problem),
        }
    }
    console.out.stdout.push_str(&found);
    match failure(problems) {
        Some(failure) => Err(Failure { code: 2, ..failure }),
        None => Ok(Flow::Done(i32::from(!found.is_empty()))),
    }
}

/// The live object and what it would become.
fn both(console: &mut Console<'_, '_>, info: &Info) -> Result<(Value, Value), Problem> {
    let live = console.live().get(&info.key());
    let live = live.map(|object| in_version(object, info.kind));
    let source = &info.source;
    match live {
        None => {
            let value = with_last_applied(&info.value);
            let strict = FieldValidation::Strict;
            let created = console.write(DryRun::Server, |server, cause| {
                server.create_from(info.kind, &value, strict, cause)
            });
            let created = created.map_err(|e| with_source(e, "creating", source))?;
            Ok((
                Value::Null,
                created.map_or(Value::Null, |(object, _)| to_json(&object)),
            ))
        }
        Some(live) => {
            let patch = super::apply::patch_for(info, &live).map_err(Problem::Text)?;
            let strict = FieldValidation::Strict;
            let patched = console.write(DryRun::Server, |server, cause| {
                let form = PatchType::of(info.kind);
                server.patch_in(info.api_version(), &info.key(), form, &patch, strict, cause)
            });
            let patched = patched.map_err(|e| with_source(e, "patching", source))?;
            Ok((
                to_json(&live),
                patched.map_or(Value::Null, |(object, _)| to_json(&object)),
            ))
        }
    }
}

fn compare(console: &Console<'_, '_>, info: &Info, live: &Value, merged: &Value) -> String {
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        value => {
            let mut value = value.clone();
            // A dry run's revision says nothing.
            if let (Some(meta), Some(old)) = (
                value.get_mut("metadata"),
                live.pointer("/metadata/resourceVersion"),
            ) {
                meta["resourceVersion"] = old.clone();
            }
            to_yaml_text(&value)
        }
    };
    let hunks = unified_diff(&text(live), &text(merged));
    if hunks.is_empty() {
        return hunks;
    }
    let row = info.kind.info();
    let file = format!(
        "{}{}.{}.{}.{}",
        if row.group.is_empty() {
            String::new()
        } else {
            format!("{}.", row.group)
        },
        row.version,
        row.name,
        info.namespace,
        info.name
    );
    let (old, new) = (
        format!("/tmp/LIVE-1/{file}"),
        format!("/tmp/MERGED-2/{file}"),
    );
    let now = console
        .now()
        .rfc3339()
        .replace('T', " ")
        .replace('Z', ".000000000 +0000");
    format!("diff -u -N {old} {new}\n--- {old}\t{now}\n+++ {new}\t{now}\n{hunks}")
}
