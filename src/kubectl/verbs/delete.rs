//! `kubectl delete`: asks for deletion, says so, and waits until all is gone.
//!
//! Upstream: `kubectl/pkg/cmd/delete/delete.go`, `pkg/cmd/wait` (WaitForDelete).

use std::sync::Arc;

use crate::api::{Key, Kind, Object, Uid, parse_duration};
use crate::apiserver::{DeleteOptions, Propagation};
use crate::clock::SimTime;
use crate::kubectl::args::{Args, Flag, Takes, flag, short};
use crate::kubectl::console::{Console, DryRun, Flow};
use crate::kubectl::errors::Failure;
use crate::kubectl::resources::{
    Filter, Found, Wanted, find, find_in_files, no_name, nothing_given, wanted,
};

use super::{FILES, SELECTION, Verb, Waiting};

const FLAGS: &[Flag] = &[
    flag("cascade", Takes::Optional("background")),
    flag("grace-period", Takes::Int64),
    flag("now", Takes::Switch),
    flag("force", Takes::Switch),
    flag("timeout", Takes::Duration),
    flag("wait", Takes::Switch),
    flag("ignore-not-found", Takes::Switch),
    short("interactive", 'i', Takes::Switch),
    flag("raw", Takes::Text),
    flag("dry-run", Takes::Optional("unchanged")),
    short("output", 'o', Takes::Text),
];

pub(super) const VERB: Verb = Verb {
    name: "delete",
    usage: "delete (-f FILE | TYPE NAME… | TYPE/NAME… | TYPE -l SELECTOR | TYPE --all) [--wait=false] [--force] [--grace-period=N]",
    summary: "Delete objects and wait until they are gone",
    flags: &[FLAGS, SELECTION, FILES],
    required: &[],
    below: &[],
    run,
};

/// Objects that are to go.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Gone {
    left: Vec<(Key, Uid)>,
    until: Option<SimTime>,
    /// What to fail with once all is gone.
    failure: Option<String>,
}

const FORCE_WARNING: &str = "Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.";

/// What the flags say.
struct Options {
    delete: DeleteOptions,
    forced: bool,
    dry: DryRun,
    name_only: bool,
}

fn run(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let options = read(console, args)?;
    let mut found = objects(console, args)?;
    if found.objects.is_empty() && found.failures.is_empty() {
        console.say("No resources found");
        return Ok(Flow::Done(0));
    }
    if options.forced {
        console.warn(FORCE_WARNING);
    }
    let mut left = Vec::new();
    for object in &found.objects {
        let kind = object.kind();
        if console.namespace_given && !kind.info().namespaced {
            console.warn(
                "Warning: deleting cluster-scoped resources, not scoped to the provided namespace",
            );
        }
        let key = object.key();
        let deleted = console.write(options.dry, |server, cause| {
            server.delete(&key, options.delete, cause)
        });
        match deleted {
            Err(error) => found.failures.push(error.into()),
            Ok(_) => {
                say(console, object, &options);
                left.push((key, object.meta.uid));
            }
        }
    }
    let waits = args.switch("wait", true) && !options.forced && options.dry == DryRun::No;
    let until = match args.get("timeout").map(parse_duration) {
        Some(Ok(span)) if span.as_micros() > 0 => Some(console.now() + span),
        _ => None,
    };
    let gone = Gone {
        left: if waits { left } else { Vec::new() },
        until,
        failure: Failure::all(found.failures).map(|failure| failure.text),
    };
    gone.resume(console)
}

fn read(console: &mut Console<'_, '_>, args: &Args) -> Result<Options, Failure> {
    if args.on("all") && args.has("selector") {
        return Err(Failure::error(
            "cannot set --all and --selector at the same time",
        ));
    }
    let output = args.text("output", "");
    if !matches!(output, "" | "name") {
        return Err(Failure::error(format!(
            "unexpected -o output mode: {output}. We only support '-o name'"
        )));
    }
    let mut grace = args.number("grace-period").filter(|n| *n >= 0);
    if args.on("now") {
        if grace.is_some() {
            return Err(Failure::error(
                "--now and --grace-period cannot be specified together",
            ));
        }
        grace = Some(1);
    }
    let force = args.on("force");
    if force && grace.is_some_and(|n| n > 0) {
        return Err(Failure::error(
            "--force and --grace-period greater than 0 cannot be specified together",
        ));
    }
    let grace = match (force, grace) {
        (true, _) => Some(0),
        // Without --force the object's own kubelet must have its say.
        (false, Some(0)) => Some(1),
        (false, grace) => grace,
    };
    let propagation = match args.text("cascade", "background") {
        "background" | "true" => Propagation::Background,
        "foreground" => Propagation::Foreground,
        "orphan" | "false" => Propagation::Orphan,
        other => {
            return Err(Failure::error(format!(
                "invalid cascade value ({other}). Must be \"background\", \"foreground\", or \"orphan\""
            )));
        }
    };
    Ok(Options {
        delete: DeleteOptions {
            grace_secs: grace,
            propagation,
            uid: None,
        },
        forced: force,
        dry: console.dry_run(args)?,
        name_only: output == "name",
    })
}

fn objects(console: &mut Console<'_, '_>, args: &Args) -> Result<Found, Failure> {
    let words = args.all_words();
    if args.has("filename") {
        let found = find_in_files(args, console, "deleting")?;
        return without_missing(args, found);
    }
    if words.is_empty() {
        return Err(nothing_given());
    }
    let wanted = wanted(&words, console.live())?;
    let picks = args.has("selector") || args.has("field-selector") || args.on("all");
    let found = match &wanted {
        Wanted::Listed(kinds) if picks => {
            let filter = Filter::from(args, console, kinds)?;
            let all = kinds.iter().flat_map(|kind| filter.list(*kind, console));
            Found {
                objects: all.collect(),
                failures: Vec::new(),
            }
        }
        Wanted::Listed(_) => return Err(no_name()),
        Wanted::Named(_) if args.on("all") => {
            return Err(Failure::error(
                "name cannot be provided when a selector is specified",
            ));
        }
        Wanted::Named(_) => find(&words, args, console)?,
    };
    without_missing(args, found)
}

/// Forgets names that do not exist where `--ignore-not-found` says so.
fn without_missing(args: &Args, mut found: Found) -> Result<Found, Failure> {
    if args.on("ignore-not-found") {
        if found.objects.is_empty() && !found.failures.is_empty() {
            // Nothing to delete and nothing to say.
            return Err(Failure {
                text: String::new(),
                code: 0,
            });
        }
        found.failures.clear();
    }
    Ok(found)
}

fn say(console: &mut Console<'_, '_>, object: &Arc<Object>, options: &Options) {
    let kind: Kind = object.kind();
    let (word, name) = (kind.singular_with_group(), &object.meta.name);
    if options.name_only {
        return console.say(format!("{word}/{name}"));
    }
    let operation = if options.forced {
        "force deleted"
    } else {
        "deleted"
    };
    let from = if object.meta.namespace.is_empty() {
        String::new()
    } else {
        format!(" from {} namespace", object.meta.namespace)
    };
    console.say(format!(
        "{word} \"{name}\" {operation}{from}{}",
        options.dry.suffix()
    ));
}

impl Gone {
    /// Looks what is still there.
    pub(super) fn resume(mut self, console: &mut Console<'_, '_>) -> Result<Flow, Failure> {
        let live = console.live();
        self.left
            .retain(|(key, uid)| live.get(key).is_some_and(|o| o.meta.uid == *uid));
        let Some((key, _)) = self.left.first() else {
            return match self.failure {
                Some(text) => Err(Failure::plain(text)),
                None => Ok(Flow::Done(0)),
            };
        };
        if self.until.is_some_and(|until| until <= console.now()) {
            return Err(Failure::error(format!(
                "timed out waiting for the condition on {}/{}",
                key.kind.info().plural,
                key.name
            )));
        }
        let until = self.until;
        Ok(Flow::Wait(Box::new(Waiting::Gone(self)), until))
    }
}
