//! `kubectl describe`: what is to be described, exact names before prefixes.
//!
//! Upstream: `kubectl/pkg/cmd/describe/describe.go`.

use std::sync::Arc;

use crate::api::{Kind, Object};
use crate::kubectl::args::{Args, Flag, Takes, flag};
use crate::kubectl::console::{Console, Flow};
use crate::kubectl::describe::{Scene, describe};
use crate::kubectl::errors::Failure;
use crate::kubectl::resources::{Filter, Wanted, find_in_files, wanted};

use super::{FILES, SELECTION, Verb};

const FLAGS: &[Flag] = &[
    flag("show-events", Takes::Switch),
    flag("chunk-size", Takes::Int64),
];

pub(super) const VERB: Verb = Verb {
    name: "describe",
    usage: "describe TYPE [NAME|PREFIX…] | TYPE/NAME… [-l SELECTOR] [-n NAMESPACE|-A]",
    summary: "Show one object or several in detail, with their events",
    flags: &[FLAGS, SELECTION, FILES],
    required: &[],
    below: &[],
    run,
};

fn run(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let words = args.all_words();
    if words.is_empty() && args.has("filename") {
        let found = find_in_files(args, console, "")?;
        print(console, args, &found.objects);
        return Failure::all(found.failures).map_or(Ok(Flow::Done(0)), Err);
    }
    if words.is_empty() {
        return Err(Failure::error(
            "You must specify the type of resource to describe. Use \"kubectl api-resources\" for a complete list of supported resources.",
        ));
    }
    let wanted = wanted(&words, console.live())?;
    let mut objects: Vec<Arc<Object>> = Vec::new();
    let mut failures = Vec::new();
    match &wanted {
        Wanted::Listed(kinds) => {
            let filter = Filter::from(args, console, kinds)?;
            for kind in kinds {
                objects.extend(filter.list(*kind, console));
            }
        }
        Wanted::Named(_) if args.has("selector") => {
            return Err(Failure::error(
                "name cannot be provided when a selector is specified",
            ));
        }
        Wanted::Named(_) if args.on("all-namespaces") => {
            return Err(Failure::error(
                "a resource cannot be retrieved by name across all namespaces",
            ));
        }
        Wanted::Named(list) => {
            for (kind, name) in list {
                match console.find(*kind, name) {
                    Ok(object) => objects.push(object),
                    Err(failure) => failures.push(failure),
                }
            }
        }
    }
    if let (true, Wanted::Named(list), [_]) = (objects.is_empty(), &wanted, failures.as_slice()) {
        // Only `TYPE PREFIX` is tried as a prefix, never `TYPE/PREFIX`.
        if let (2, [(kind, prefix)]) = (words.len(), list.as_slice())
            && by_prefix(console, args, *kind, prefix)
        {
            return Ok(Flow::Done(0));
        }
    }
    print(console, args, &objects);
    if objects.is_empty() && failures.is_empty() {
        let namespaced = wanted.kinds().iter().all(|kind| kind.info().namespaced);
        if namespaced && !args.on("all-namespaces") {
            let text = format!("No resources found in {} namespace.", console.namespace);
            console.warn(text);
        } else {
            console.warn("No resources found");
        }
    }
    match Failure::all(failures) {
        Some(failure) => Err(failure),
        None => Ok(Flow::Done(0)),
    }
}

fn print(console: &mut Console<'_, '_>, args: &Args, objects: &[Arc<Object>]) {
    let events = args.switch("show-events", objects.len() == 1);
    for (index, object) in objects.iter().enumerate() {
        if index > 0 {
            console.out.stdout.push_str("\n\n");
        }
        let text = one(console, object, events);
        console.out.stdout.push_str(&text);
    }
}

fn one(console: &Console<'_, '_>, object: &Arc<Object>, events: bool) -> String {
    let scene = Scene {
        snapshot: console.live(),
        now: console.now(),
        events,
    };
    describe(object, scene)
}

fn by_prefix(console: &mut Console<'_, '_>, args: &Args, kind: Kind, prefix: &str) -> bool {
    let namespace = console.namespace_of(kind).to_string();
    let namespace = Some(namespace.as_str()).filter(|ns| !ns.is_empty());
    let all = console.live().list(kind, namespace);
    let near: Vec<Arc<Object>> = all
        .filter(|o| o.meta.name.starts_with(prefix))
        .cloned()
        .collect();
    let events = args.switch("show-events", true);
    for object in &near {
        let text = one(console, object, events);
        console.say(text);
    }
    !near.is_empty()
}
