//! `kubectl cordon` and `kubectl uncordon`.
//!
//! Upstream: `kubectl/pkg/cmd/drain/drain.go`.

use std::sync::Arc;

use crate::api::{Body, Kind, Object};
use crate::kubectl::args::Args;
use crate::kubectl::console::{Console, DryRun, Flow};
use crate::kubectl::errors::Failure;
use crate::kubectl::resources::Filter;

use super::{SELECTION, Verb, WRITE};

pub(super) const CORDON: Verb = Verb {
    name: "cordon",
    usage: "cordon NODE… [-l SELECTOR]",
    summary: "Mark nodes as not to be scheduled on",
    flags: &[SELECTION, WRITE],
    required: &[],
    below: &[],
    run: |console, args| run(console, args, true),
};

pub(super) const UNCORDON: Verb = Verb {
    name: "uncordon",
    usage: "uncordon NODE… [-l SELECTOR]",
    summary: "Let the scheduler use nodes again",
    flags: &[SELECTION, WRITE],
    required: &[],
    below: &[],
    run: |console, args| run(console, args, false),
};

fn run(console: &mut Console<'_, '_>, args: &Args, cordon: bool) -> Result<Flow, Failure> {
    let verb = if cordon { "cordon" } else { "uncordon" };
    let dry = console.dry_run(args)?;
    let (nodes, mut failures) = nodes(console, args, verb)?;
    for node in nodes {
        if let Err(failure) = mark(console, &node, cordon, dry) {
            failures.push(failure);
        }
    }
    match Failure::all(failures) {
        Some(failure) => Err(failure),
        None => Ok(Flow::Done(0)),
    }
}

/// The nodes that a command names, and what is wrong with the others. Errors: none named.
pub(super) fn nodes(
    console: &Console<'_, '_>,
    args: &Args,
    verb: &str,
) -> Result<(Vec<Arc<Object>>, Vec<Failure>), Failure> {
    let words = args.all_words();
    if args.has("selector") {
        if !words.is_empty() {
            return Err(Failure::error(
                "cannot specify both a node name and a --selector option",
            ));
        }
        let filter = Filter::from(args, console, &[Kind::Node])?;
        return Ok((filter.list(Kind::Node, console), Vec::new()));
    }
    if words.is_empty() {
        return Err(Failure::usage(verb, format!("USAGE: {verb} NODE [flags]")));
    }
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for word in &words {
        let name = word
            .strip_prefix("node/")
            .or_else(|| word.strip_prefix("nodes/"));
        match console.find(Kind::Node, name.unwrap_or(word)) {
            Ok(node) => found.push(node),
            Err(failure) => failures.push(failure),
        }
    }
    Ok((found, failures))
}

/// Cordons or uncordons a node and says so. Errors: the server's.
pub(super) fn mark(
    console: &mut Console<'_, '_>,
    object: &Arc<Object>,
    cordon: bool,
    dry: DryRun,
) -> Result<(), Failure> {
    let is = object.node().is_some_and(|node| node.unschedulable);
    let word = if cordon { "cordoned" } else { "uncordoned" };
    if is == cordon {
        console.done(
            Kind::Node,
            &object.meta.name,
            &format!("already {word}"),
            dry,
        );
        return Ok(());
    }
    let mut new = (**object).clone();
    if let Body::Node(node) = &mut new.body {
        node.unschedulable = cordon;
    }
    console.write(dry, |server, cause| server.update(new, cause))?;
    console.done(Kind::Node, &object.meta.name, word, dry);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::kubectl::tests::{stdout, web};

    #[test]
    fn nodes_are_cordoned_once() {
        let mut world = web();
        for (line, text) in [
            ("cordon k8s-node1", "node/k8s-node1 cordoned\n"),
            ("cordon k8s-node1", "node/k8s-node1 already cordoned\n"),
            (
                "get node k8s-node1 --no-headers",
                "k8s-node1   Ready,SchedulingDisabled   <none>   98s   v1.36.2\n",
            ),
            ("uncordon k8s-node1", "node/k8s-node1 uncordoned\n"),
            (
                "uncordon k8s-node1 --dry-run=client",
                "node/k8s-node1 already uncordoned (dry run)\n",
            ),
        ] {
            assert_eq!(stdout(&mut world, line), text, "{line}");
        }
    }
}
