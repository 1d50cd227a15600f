//! `kubectl rollout`: status, history, undo, restart, pause, resume.
//!
//! Upstream: `kubectl/pkg/cmd/rollout`, `kubectl/pkg/polymorphichelpers`.

mod change;
mod history;
mod revisions;
mod state;
mod status;
mod undo;

use std::sync::Arc;

use crate::api::{Kind, Object};
use crate::kubectl::args::{Args, Flag, Takes, flag, short};
use crate::kubectl::console::{Console, Flow};
use crate::kubectl::errors::Failure;
use crate::kubectl::resources::{Filter, Found, Wanted, find, find_in_files, wanted};

use super::{FILES, SELECTION, Verb, WRITE, group};

pub use status::Status;

const STATUS: &[Flag] = &[
    short("watch", 'w', Takes::Switch),
    flag("revision", Takes::Int64),
    flag("timeout", Takes::Duration),
];
const HISTORY: &[Flag] = &[
    flag("revision", Takes::Int64),
    short("output", 'o', Takes::Text),
];
const UNDO: &[Flag] = &[flag("to-revision", Takes::Int64)];

pub(super) const VERB: Verb = Verb {
    name: "rollout",
    usage: "rollout (status|history|undo|restart|pause|resume) (TYPE NAME | TYPE/NAME)",
    summary: "Follow, repeat or take back the rollout of a workload",
    flags: &[],
    required: &[],
    below: &[
        Verb {
            name: "history",
            usage: "rollout history (TYPE NAME | TYPE/NAME) [--revision=N]",
            summary: "list the revisions, or show one's template",
            flags: &[HISTORY, FILES, SELECTION],
            required: &[],
            below: &[],
            run: history::run,
        },
        Verb {
            name: "pause",
            usage: "rollout pause (TYPE NAME | TYPE/NAME)",
            summary: "stop rolling out further",
            flags: &[FILES, SELECTION, WRITE],
            required: &[],
            below: &[],
            run: change::pause,
        },
        Verb {
            name: "restart",
            usage: "rollout restart (TYPE NAME | TYPE/NAME)",
            summary: "replace all pods",
            flags: &[FILES, SELECTION, WRITE],
            required: &[],
            below: &[],
            run: change::restart,
        },
        Verb {
            name: "resume",
            usage: "rollout resume (TYPE NAME | TYPE/NAME)",
            summary: "go on rolling out",
            flags: &[FILES, SELECTION, WRITE],
            required: &[],
            below: &[],
            run: change::resume,
        },
        Verb {
            name: "status",
            usage: "rollout status (TYPE NAME | TYPE/NAME) [--watch=false] [--timeout=30s]",
            summary: "follow a rollout to its end",
            flags: &[STATUS, FILES, SELECTION],
            required: &[],
            below: &[],
            run: status::run,
        },
        Verb {
            name: "undo",
            usage: "rollout undo (TYPE NAME | TYPE/NAME) [--to-revision=N]",
            summary: "return to an earlier revision",
            flags: &[UNDO, FILES, SELECTION, WRITE],
            required: &[],
            below: &[],
            run: undo::run,
        },
    ],
    run: |console, args| group("rollout", console, args),
};

/// The objects that a rollout verb acts on. Without names: all of the kind. Errors: kubectl's.
fn objects(console: &Console<'_, '_>, args: &Args) -> Result<Found, Failure> {
    let words = args.all_words();
    if words.is_empty() && args.has("filename") {
        return find_in_files(args, console, "");
    }
    if words.is_empty() {
        return Err(Failure::error("required resource not specified"));
    }
    match wanted(&words, console.live())? {
        Wanted::Listed(kinds) => {
            let filter = Filter::from(args, console, &kinds)?;
            let all = kinds.iter().flat_map(|kind| filter.list(*kind, console));
            Ok(Found {
                objects: all.collect(),
                failures: Vec::new(),
            })
        }
        Wanted::Named(_) => find(&words, args, console),
    }
}

/// `Pod`, `ReplicaSet.apps`: a kind as these verbs' errors name it.
fn kind_with_group(kind: Kind) -> String {
    let info = kind.info();
    if info.group.is_empty() {
        info.name.to_string()
    } else {
        format!("{}.{}", info.name, info.group)
    }
}

/// Does something to each object and collects what fails.
fn each(
    console: &mut Console<'_, '_>,
    args: &Args,
    act: impl Fn(&mut Console<'_, '_>, &Arc<Object>) -> Result<(), Failure>,
) -> Result<Flow, Failure> {
    let mut found = objects(console, args)?;
    for object in found.objects {
        if let Err(failure) = act(console, &object) {
            found.failures.push(failure);
        }
    }
    match Failure::all(found.failures) {
        Some(failure) => Err(failure),
        None => Ok(Flow::Done(0)),
    }
}
