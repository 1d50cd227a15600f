//! `kubectl patch`.
//!
//! Upstream: `kubectl/pkg/cmd/patch/patch.go`. Differs: of the subresources only the status of
//! custom objects.

use std::sync::Arc;

use serde_json::Value;

use crate::api::{Object, yaml};
use crate::apiserver::{ApiError, FieldValidation, PatchType, Reason};
use crate::kubectl::args::{Args, Flag, Takes, flag, short};
use crate::kubectl::console::{Console, DryRun, Flow};
use crate::kubectl::errors::Failure;
use crate::kubectl::resources::find;

use super::{FILES, Verb, WRITE};

const FLAGS: &[Flag] = &[
    short("patch", 'p', Takes::Text),
    flag("patch-file", Takes::Text),
    flag("type", Takes::Text),
    flag("subresource", Takes::Text),
    flag("local", Takes::Switch),
];

pub(super) const VERB: Verb = Verb {
    name: "patch",
    usage: "patch (TYPE NAME | TYPE/NAME) -p PATCH [--type=strategic|merge|json]",
    summary: "Change fields of an object by a patch in JSON or YAML",
    flags: &[FLAGS, FILES, WRITE],
    required: &[],
    below: &[],
    run,
};

fn run(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let given = args.text("patch", "");
    let from_file = args.get("patch-file").filter(|name| !name.is_empty());
    let text = match (given, from_file) {
        ("", None) => {
            return Err(Failure::error(
                "must specify --patch or --patch-file containing the contents of the patch",
            ));
        }
        ("", Some(name)) => match console.files.get(name) {
            Some(text) => text.clone(),
            None => {
                return Err(Failure::error(format!(
                    "unable to read patch file: open {name}: no such file or directory"
                )));
            }
        },
        (text, _) => text.to_string(),
    };
    let form = match args.text("type", "strategic").to_lowercase().as_str() {
        "strategic" => PatchType::Strategic,
        "merge" => PatchType::Merge,
        "json" => PatchType::Json,
        other => {
            return Err(Failure::error(format!(
                "--type must be one of [json merge strategic], not \"{other}\""
            )));
        }
    };
    let patch = read(&text)?;
    let dry = console.dry_run(args)?;
    let status = match args.text("subresource", "") {
        "" => false,
        "status" => true,
        other => {
            return Err(Failure::error(format!(
                "invalid subresource value: \"{other}\". Must be one of [status scale resize]"
            )));
        }
    };
    let mut found = find(&args.all_words(), args, console)?;
    for object in found.objects {
        let patch = Patch {
            form,
            patch: &patch,
            status,
        };
        if let Err(failure) = apply(console, &object, &patch, dry) {
            found.failures.push(failure);
        }
    }
    match Failure::all(found.failures) {
        Some(failure) => Err(failure),
        None => Ok(Flow::Done(0)),
    }
}

/// A patch in JSON or YAML. Errors: kubectl's for bad YAML, the server's for bad JSON.
fn read(text: &str) -> Result<Value, Failure> {
    if text.trim_start().starts_with(['{', '[']) {
        // What looks like JSON goes to the server as it is.
        return serde_json::from_str(text).map_err(|error| {
            let why = if error.is_eof() {
                "unexpected end of JSON input".to_string()
            } else {
                json_problem(text, error.line(), error.column())
            };
            Failure::from(ApiError::new(Reason::BadRequest, why))
        });
    }
    match yaml::parse(text) {
        Ok(node) => Ok(node.value()),
        Err(error) => Err(Failure::error(format!(
            "unable to parse {text:?}: yaml: {}",
            error.message
        ))),
    }
}

struct Patch<'p> {
    form: PatchType,
    patch: &'p Value,
    /// Of the status subresource.
    status: bool,
}

fn apply(
    console: &mut Console<'_, '_>,
    object: &Arc<Object>,
    patch: &Patch<'_>,
    dry: DryRun,
) -> Result<(), Failure> {
    let key = object.key();
    let Patch {
        form,
        patch,
        status,
    } = *patch;
    let strict = if form == PatchType::Json {
        FieldValidation::Warn
    } else {
        FieldValidation::Strict
    };
    let written = console.write(dry, |server, cause| {
        if status {
            let patched = server.patch_status(&key, form, patch, cause);
            return patched.map(|object| (object, Vec::new()));
        }
        server.patch(&key, form, patch, strict, cause)
    })?;
    let mut operation = "patched";
    if let Some((new, warnings)) = written {
        for warning in warnings {
            console.warn(format!("Warning: {warning}"));
        }
        if new.meta.resource_version == object.meta.resource_version {
            operation = "patched (no change)";
        }
    }
    console.done(key.kind, &key.name, operation, dry);
    Ok(())
}

/// What Go's JSON reader says about the character at a place (counted from 1).
fn json_problem(text: &str, line: usize, column: usize) -> String {
    let before_line: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    let at = before_line + column.saturating_sub(1);
    let (before, from) = (
        text.get(..at).unwrap_or(text),
        text.get(at..).unwrap_or_default(),
    );
    let Some(bad) = from.chars().next() else {
        return "unexpected end of JSON input".into();
    };
    let mut open = Vec::new();
    for c in before.chars() {
        match c {
            '{' | '[' => open.push(c),
            '}' | ']' => {
                open.pop();
            }
            _ => {}
        }
    }
    let place = match (before.trim_end().chars().last(), open.last()) {
        (Some('{'), _) | (Some(','), Some('{')) => "looking for beginning of object key string",
        (Some(':' | '[' | ',') | None, _) => "looking for beginning of value",
        (_, Some('{')) if before.trim_end().ends_with('"') && !is_value(before) => {
            "after object key"
        }
        (_, Some('{')) => "after object key:value pair",
        (_, Some(_)) => "after array element",
        (_, None) => "after top-level value",
    };
    format!("invalid character '{bad}' {place}")
}

/// Whether the last text of the JSON so far is a value, not a key.
fn is_value(before: &str) -> bool {
    let trimmed = before.trim_end().trim_end_matches('"');
    let start = trimmed.rfind('"').unwrap_or(0);
    trimmed
        .get(..start)
        .is_some_and(|head| head.trim_end().ends_with(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_json_is_refused_in_the_servers_words() {
        for (text, why) in [
            (
                "{bad",
                "invalid character 'b' looking for beginning of object key string",
            ),
            (
                "{\"a\":x}",
                "invalid character 'x' looking for beginning of value",
            ),
            ("{\"a\" 1}", "invalid character '1' after object key"),
            ("{\"a\":1", "unexpected end of JSON input"),
        ] {
            let failure = read(text).expect_err(text);
            assert_eq!(
                failure.text,
                format!("Error from server (BadRequest): {why}")
            );
        }
    }
}
