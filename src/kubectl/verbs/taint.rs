//! `kubectl taint nodes`.
//!
//! Upstream: `kubectl/pkg/cmd/taint/{taint,utils}.go`.

use std::sync::Arc;

use crate::api::{Body, Kind, Object, Taint};
use crate::kubectl::args::{Args, Flag, Takes, flag};
use crate::kubectl::console::{Console, DryRun, Flow};
use crate::kubectl::errors::Failure;
use crate::kubectl::names::label_value_problem;
use crate::kubectl::resources::{find, kind_of};

use super::{SELECTION, Verb, WRITE};

const FLAGS: &[Flag] = &[
    flag("overwrite", Takes::Switch),
    flag("validate", Takes::Optional("strict")),
];

pub(super) const VERB: Verb = Verb {
    name: "taint",
    usage: "taint nodes NAME… KEY=VALUE:EFFECT… KEY[:EFFECT]-… [--overwrite]",
    summary: "Keep pods off nodes, or let them come again",
    flags: &[FLAGS, SELECTION, WRITE],
    required: &[],
    below: &[],
    run,
};

/// Taints to set, and (key, effect) of those to remove; an empty effect means all.
#[derive(Default)]
struct Changes {
    set: Vec<Taint>,
    remove: Vec<(String, String)>,
}

fn run(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let (mut resources, mut specs) = (Vec::new(), Vec::new());
    for word in args.all_words() {
        let is_spec = word.contains([':', '=']) || word.ends_with('-');
        if is_spec {
            specs.push(word);
        } else if specs.is_empty() {
            resources.push(word);
        } else {
            return Err(Failure::error(format!(
                "all resources must be specified before taint changes: {word}"
            )));
        }
    }
    let Some(kind) = resources.first() else {
        return Err(Failure::error(
            "one or more resources must be specified as <resource> <name>",
        ));
    };
    let changes = parse(&specs)?;
    if kind_of(kind.split('/').next().unwrap_or_default(), console.live())? != Kind::Node {
        return Err(Failure::error(format!(
            "invalid resource type {kind}, only [nodes node no] are supported"
        )));
    }
    if changes.set.is_empty() && changes.remove.is_empty() {
        return Err(Failure::error("at least one taint update is required"));
    }
    let dry = console.dry_run(args)?;
    let mut found = find(&resources, args, console)?;
    for object in found.objects {
        if let Err(failure) = change(console, &object, &changes, args.on("overwrite"), dry) {
            found.failures.push(failure);
        }
    }
    match Failure::all(found.failures) {
        Some(failure) => Err(failure),
        None => Ok(Flow::Done(0)),
    }
}

fn parse(specs: &[String]) -> Result<Changes, Failure> {
    let mut changes = Changes::default();
    for spec in specs {
        let invalid = || Failure::usage("taint", format!("invalid taint spec: {spec}"));
        let (body, remove) = match spec.strip_suffix('-') {
            Some(body) => (body, true),
            None => (spec.as_str(), false),
        };
        let (pair, effect) = body.split_once(':').unwrap_or((body, ""));
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if key.is_empty() || effect.contains(':') || value.contains('=') {
            return Err(invalid());
        }
        if !effect.is_empty() || !remove {
            if effect.is_empty() {
                return Err(invalid());
            }
            if !matches!(effect, "NoSchedule" | "PreferNoSchedule" | "NoExecute") {
                return Err(Failure::usage(
                    "taint",
                    format!("invalid taint effect: {effect}, unsupported taint effect"),
                ));
            }
        }
        if let Some(problem) = label_value_problem(value) {
            return Err(Failure::usage(
                "taint",
                format!("invalid taint spec: {spec}, {problem}"),
            ));
        }
        if remove {
            changes.remove.push((key.into(), effect.into()));
        } else {
            changes.set.push(Taint {
                key: key.into(),
                value: value.into(),
                effect: effect.into(),
                time_added: None,
            });
        }
    }
    Ok(changes)
}

fn change(
    console: &mut Console<'_, '_>,
    object: &Arc<Object>,
    changes: &Changes,
    overwrite: bool,
    dry: DryRun,
) -> Result<(), Failure> {
    let Some(node) = object.node() else {
        return Ok(());
    };
    let same = |a: &Taint, b: &Taint| a.key == b.key && a.effect == b.effect;
    let taken: Vec<&Taint> = changes
        .set
        .iter()
        .filter(|new| node.taints.iter().any(|old| same(old, new)))
        .collect();
    if !overwrite && !taken.is_empty() {
        let keys: Vec<&str> = taken.iter().map(|taint| &*taint.key).collect();
        return Err(Failure::error(format!(
            "node {} already has {} taint(s) with same effect(s) and --overwrite is false",
            object.meta.name,
            keys.join(",")
        )));
    }
    for (key, effect) in &changes.remove {
        let matches =
            |taint: &Taint| *taint.key == **key && (effect.is_empty() || *taint.effect == **effect);
        if !node.taints.iter().any(matches) {
            let shown = if effect.is_empty() {
                key.clone()
            } else {
                format!("{key}:{effect}")
            };
            return Err(Failure::error(format!("taint \"{shown}\" not found")));
        }
    }
    let removed = |taint: &Taint| {
        changes.remove.iter().any(|(key, effect)| {
            *taint.key == **key && (effect.is_empty() || *taint.effect == **effect)
        })
    };
    let kept = node
        .taints
        .iter()
        .filter(|old| !removed(old) && !changes.set.iter().any(|new| same(old, new)));
    let all: Vec<Taint> = changes.set.iter().chain(kept).cloned().collect();
    let mut new = (**object).clone();
    if let Body::Node(body) = &mut new.body {
        body.taints = all.into();
    }
    console.write(dry, |server, cause| server.update(new, cause))?;
    let operation = match (changes.set.is_empty(), changes.remove.is_empty()) {
        (true, _) => "untainted",
        (false, true) if taken.is_empty() => "tainted",
        _ => "modified",
    };
    console.done(Kind::Node, &object.meta.name, operation, dry);
    Ok(())
}
