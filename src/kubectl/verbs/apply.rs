//! `kubectl apply -f`: creates what is missing and patches what is there.
//!
//! Upstream: `kubectl/pkg/cmd/apply/{apply,patcher}.go`. Differs: no `--prune`; a
//! client's dry run asks the server too, and takes everything back.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::{Object, go_json};
use crate::apiserver::{
    ApiError, FieldValidation, PatchType, Reason, from_own, in_version, merge_patch,
    three_way_patch,
};
use crate::kubectl::args::{Args, Flag, Takes, flag, short};
use crate::kubectl::console::{Console, DryRun, Flow};
use crate::kubectl::errors::Failure;
use crate::kubectl::manifest::{
    Info, LAST_APPLIED, Problem, Validate, applied, failure, load, with_last_applied, with_source,
};
use crate::kubectl::objects::full_json;
use crate::kubectl::output::{Format, list, to_json_text, to_yaml_text};

use super::{FILES, Verb, WRITE, apply_server};

const FLAGS: &[Flag] = &[
    flag("validate", Takes::Optional("strict")),
    flag("overwrite", Takes::Switch),
    flag("force", Takes::Switch),
    flag("all", Takes::Switch),
    flag("cascade", Takes::Optional("background")),
    flag("grace-period", Takes::Int64),
    flag("timeout", Takes::Duration),
    flag("wait", Takes::Switch),
    flag("openapi-patch", Takes::Switch),
    flag("server-side", Takes::Switch),
    flag("force-conflicts", Takes::Switch),
    flag("prune", Takes::Switch),
    short("selector", 'l', Takes::Text),
];

pub(super) const VERB: Verb = Verb {
    name: "apply",
    usage: "apply -f FILE [--dry-run=client|server] [--validate=strict|warn|ignore]",
    summary: "Bring objects to what a file says",
    flags: &[FLAGS, FILES, WRITE],
    required: &[],
    below: &[],
    run,
};

fn run(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let words = args.all_words();
    if !words.is_empty() {
        let text = format!("Unexpected args: [{}]", words.join(" "));
        return Err(Failure::usage("apply", text));
    }
    if !args.has("filename") && !args.has("kustomize") {
        return Err(Failure::error("must specify one of -f and -k"));
    }
    if args.on("prune") {
        return Err(Failure::error("--prune is not part of this simulation"));
    }
    let dry = console.dry_run(args)?;
    apply_server::check(args, dry)?;
    let Validate(validate) = Validate::from(args)?;
    let format = Format::parse(args.text("output", ""))?;
    let loaded = load(console, args, validate)?;
    if loaded.infos.is_empty() && loaded.problems.is_empty() {
        return Err(Failure::error("no objects passed to apply"));
    }
    let mut problems = loaded.problems;
    let mut shown = Vec::new();
    for info in &loaded.infos {
        let applied = if args.on("server-side") {
            apply_server::apply(console, info, args, validate, dry)
        } else {
            apply(console, info, validate, dry)
        };
        match applied {
            Ok(done) => {
                if let Some(value) = report(console, info, &done, dry, &format) {
                    shown.push(value);
                }
            }
            Err(problem) => problems.push(problem),
        }
    }
    print_all(console, shown, &format);
    failure(problems).map_or(Ok(Flow::Done(0)), Err)
}

/// What became of an object.
pub(super) struct Done {
    pub word: &'static str,
    /// Not there after a dry run of a creation.
    pub object: Option<Arc<Object>>,
}

fn report(
    console: &mut Console<'_, '_>,
    info: &Info,
    done: &Done,
    dry: DryRun,
    format: &Format,
) -> Option<Value> {
    match format {
        Format::Table(_) => {
            console.done(info.kind, &info.name, done.word, dry);
            None
        }
        Format::Name => {
            console.say(format!("{}/{}", info.kind.singular_with_group(), info.name));
            None
        }
        _ => Some(match &done.object {
            Some(object) => full_json(object, console.live(), console.now()),
            None => with_last_applied(&info.value),
        }),
    }
}

fn print_all(console: &mut Console<'_, '_>, mut values: Vec<Value>, format: &Format) {
    let value = match values.len() {
        0 => return,
        1 => values.remove(0),
        _ => list(values),
    };
    let text = if *format == Format::Json {
        to_json_text(&value)
    } else {
        to_yaml_text(&value)
    };
    console.out.stdout.push_str(&text);
}

fn apply(
    console: &mut Console<'_, '_>,
    info: &Info,
    validate: FieldValidation,
    dry: DryRun,
) -> Result<Done, Problem> {
    if info.name.is_empty() {
        return Err(Problem::Text(nameless(info)));
    }
    let live = console.live().get(&info.key());
    let live = live.map(|object| in_version(object, info.kind));
    match live {
        None => create(console, info, validate, dry),
        Some(live) => patch(console, info, &live, validate, dry),
    }
}

pub(super) fn nameless(info: &Info) -> String {
    let generated = info
        .value
        .pointer("/metadata/generateName")
        .and_then(Value::as_str);
    match generated.filter(|name| !name.is_empty()) {
        Some(name) => format!("from {name}: cannot use generate name with apply"),
        None => format!(
            "error when retrieving current configuration of:\n{}\nfrom server for: \"{}\": resource name may not be empty",
            info.description(),
            info.source
        ),
    }
}

fn create(
    console: &mut Console<'_, '_>,
    info: &Info,
    validate: FieldValidation,
    dry: DryRun,
) -> Result<Done, Problem> {
    let value = with_last_applied(&info.value);
    let written = console.write(dry, |server, cause| {
        server.create_from(info.kind, &value, validate, cause)
    });
    let written = written.map_err(|e| with_source(e, "creating", &info.source))?;
    let object = written.map(|(object, warnings)| {
        warn_all(console, &warnings);
        object
    });
    Ok(Done {
        word: "created",
        object,
    })
}

pub(super) fn warn_all(console: &mut Console<'_, '_>, warnings: &[String]) {
    for warning in warnings {
        console.warn(format!("Warning: {warning}"));
    }
}

fn patch(
    console: &mut Console<'_, '_>,
    info: &Info,
    live: &Arc<Object>,
    validate: FieldValidation,
    dry: DryRun,
) -> Result<Done, Problem> {
    if live.meta.annotation(LAST_APPLIED).is_none() {
        console.warn(format!(
            "Warning: resource {}/{} is missing the {LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.",
            info.kind.info().plural,
            info.name
        ));
    }
    let patch = patch_for(info, live).map_err(Problem::Text)?;
    if patch == json!({}) {
        warn_if_deleting(console, live);
        return Ok(Done {
            word: "unchanged",
            object: Some(live.clone()),
        });
    }
    let mode = if dry == DryRun::Client {
        DryRun::Server
    } else {
        dry
    };
    let written = console.write(mode, |server, cause| {
        let form = PatchType::of(info.kind);
        let version = info.api_version();
        server.patch_in(version, &info.key(), form, &patch, validate, cause)
    });
    let (object, warnings) = written
        .map_err(|error| refused(error, info, &patch))?
        .unwrap_or_else(|| (live.clone(), Vec::new()));
    warn_all(console, &warnings);
    warn_if_deleting(console, &object);
    Ok(Done {
        word: "configured",
        object: Some(object),
    })
}

pub(super) fn warn_if_deleting(console: &mut Console<'_, '_>, object: &Object) {
    if object.meta.is_deleting() {
        console.warn(format!(
            "Warning: Detected changes to resource {} which is currently being deleted.",
            object.meta.name
        ));
    }
}

/// The patch that apply sends. Errors: a list's element without its merge key, in kubectl's words.
pub(super) fn patch_for(info: &Info, live: &Object) -> Result<Value, String> {
    let modified = with_last_applied(&info.value);
    let original = applied(live).unwrap_or(Value::Null);
    let mut current = crate::api::to_json(live);
    from_own(info.kind, info.api_version(), &mut current);
    if PatchType::of(info.kind) == PatchType::Merge {
        return Ok(merge_patch(&original, &modified, &current));
    }
    three_way_patch(&original, &modified, &current).map_err(|why| {
        format!(
            "error when creating patch with:\noriginal:\n{}\nmodified:\n{}\ncurrent:\n{}\nfor: \"{}\": {why}",
            live.meta.annotation(LAST_APPLIED).unwrap_or_default(),
            go_json(&modified),
            go_json(&current),
            info.source
        )
    })
}

fn refused(error: ApiError, info: &Info, patch: &Value) -> Problem {
    let act = format!(
        "applying patch:\n{}\nto:\n{}\nfor:",
        go_json(patch),
        info.description()
    );
    match with_source(error, "patching", &info.source) {
        Problem::Api(error) if error.reason != Reason::Invalid => {
            with_source(error, &act, &info.source)
        }
        other => other,
    }
}
