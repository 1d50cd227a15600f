//! `kubectl label` and `kubectl annotate`.
//!
//! Upstream: `kubectl/pkg/cmd/label/label.go`, `kubectl/pkg/cmd/annotate/annotate.go`. Differs:
//! `--list` is sorted, where kubectl follows the order of a Go map.

use std::sync::Arc;

use crate::api::{Labels, Object};
use crate::kubectl::args::{Args, Flag, Takes, flag};
use crate::kubectl::console::{Console, DryRun, Flow};
use crate::kubectl::errors::Failure;
use crate::kubectl::names::label_value_problem;
use crate::kubectl::resources::find;

use super::pairs::{Pairs, no_resources, split};
use super::{FILES, SELECTION, Verb, WRITE};

const FLAGS: &[Flag] = &[
    flag("overwrite", Takes::Switch),
    flag("list", Takes::Switch),
    flag("local", Takes::Switch),
    flag("resource-version", Takes::Text),
];

pub(super) const LABEL: Verb = Verb {
    name: "label",
    usage: "label (TYPE NAME… | TYPE/NAME…) KEY=VALUE… KEY-… [--overwrite] [--list]",
    summary: "Add, change and remove labels",
    flags: &[FLAGS, SELECTION, FILES, WRITE],
    required: &[],
    below: &[],
    run: |console, args| run(console, args, Place::Labels),
};

pub(super) const ANNOTATE: Verb = Verb {
    name: "annotate",
    usage: "annotate (TYPE NAME… | TYPE/NAME…) KEY=VALUE… KEY-… [--overwrite] [--list]",
    summary: "Add, change and remove annotations",
    flags: &[FLAGS, SELECTION, FILES, WRITE],
    required: &[],
    below: &[],
    run: |console, args| run(console, args, Place::Annotations),
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Labels,
    Annotations,
}

impl Place {
    fn word(self) -> &'static str {
        match self {
            Place::Labels => "label",
            Place::Annotations => "annotation",
        }
    }

    fn of(self, object: &Object) -> &Labels {
        match self {
            Place::Labels => &object.meta.labels,
            Place::Annotations => &object.meta.annotations,
        }
    }
}

fn run(console: &mut Console<'_, '_>, args: &Args, place: Place) -> Result<Flow, Failure> {
    let pairs = split(&args.all_words(), place.word())?;
    if place == Place::Labels {
        for (key, value) in &pairs.set {
            if let Some(problem) = label_value_problem(value) {
                return Err(Failure::error(format!(
                    "invalid label value: \"{key}={value}\": {problem}"
                )));
            }
        }
    }
    if pairs.resources.is_empty() {
        return Err(no_resources());
    }
    let list = args.on("list");
    if pairs.set.is_empty() && pairs.remove.is_empty() && !list {
        return Err(Failure::error(format!(
            "at least one {} update is required",
            place.word()
        )));
    }
    let dry = console.dry_run(args)?;
    let mut found = find(&pairs.resources, args, console)?;
    let several = found.objects.len() > 1;
    for object in found.objects {
        if list {
            print_list(console, &object, place, several);
        } else if let Err(failure) = change(console, args, &object, place, &pairs, dry) {
            found.failures.push(failure);
        }
    }
    match Failure::all(found.failures) {
        Some(failure) => Err(failure),
        None => Ok(Flow::Done(0)),
    }
}

fn print_list(console: &mut Console<'_, '_>, object: &Arc<Object>, place: Place, several: bool) {
    let indent = if several { " " } else { "" };
    if several {
        let info = object.kind().info();
        console.say(format!(
            "Listing {}s for {}.{}/{}:",
            place.word(),
            info.name,
            info.group,
            object.meta.name
        ));
    }
    for (key, value) in place.of(object).iter() {
        console.say(format!("{indent}{key}={value}"));
    }
}

fn change(
    console: &mut Console<'_, '_>,
    args: &Args,
    object: &Arc<Object>,
    place: Place,
    pairs: &Pairs,
    dry: DryRun,
) -> Result<(), Failure> {
    let present = place.of(object);
    if !args.on("overwrite") {
        let taken = pairs.set.iter().filter_map(|(key, value)| {
            let old = present.get(key).filter(|old| *old != value)?;
            Some(format!("'{key}' already has a value ({old})"))
        });
        let taken: Vec<String> = taken.collect();
        if let (Some(first), Place::Labels) = (taken.first(), place) {
            return Err(Failure::error(format!("{first}, and --overwrite is false")));
        } else if !taken.is_empty() {
            return Err(Failure::error(format!(
                "--overwrite is false but found the following declared annotation(s): {}",
                taken.join("; ")
            )));
        }
    }
    let mut new = (**object).clone();
    for (key, value) in &pairs.set {
        set(&mut new, place, key, Some(value));
    }
    for key in &pairs.remove {
        if place == Place::Labels && !present.contains_key(key) {
            console.say(format!("label \"{key}\" not found."));
        }
        set(&mut new, place, key, None);
    }
    let operation = match (place, place.of(&new) == present) {
        (Place::Annotations, _) => "annotated",
        (Place::Labels, true) => "not labeled",
        (Place::Labels, false) if pairs.remove.is_empty() => "labeled",
        (Place::Labels, false) if pairs.set.is_empty() => "unlabeled",
        (Place::Labels, false) => "modified",
    };
    console.write(dry, |server, cause| server.update(new, cause))?;
    console.done(object.kind(), &object.meta.name, operation, dry);
    Ok(())
}

fn set(object: &mut Object, place: Place, key: &str, value: Option<&str>) {
    match place {
        Place::Labels => object.meta.set_label(key, value),
        Place::Annotations => object.meta.set_annotation(key, value),
    }
}
