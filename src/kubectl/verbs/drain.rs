//! `kubectl drain`: cordons nodes and evicts their pods.
//!
//! Upstream: `kubectl/pkg/cmd/drain/drain.go`, `kubectl/pkg/drain/{drain,filters}.go`. Differs:
//! pods are evicted in the order of their names instead of by a goroutine each.

use std::sync::Arc;

use crate::api::{Key, Kind, Object, Order, Uid, parse_duration};
use crate::apiserver::{DeleteOptions, Reason};
use crate::clock::{SimTime, Span};
use crate::kubectl::args::{Args, Flag, Takes, flag};
use crate::kubectl::console::{Console, DryRun, Flow};
use crate::kubectl::errors::Failure;
use crate::kubectl::resources::Filter;

use super::cordon::{mark, nodes};
use super::{SELECTION, Verb, WRITE, Waiting};

const FLAGS: &[Flag] = &[
    flag("ignore-daemonsets", Takes::Switch),
    flag("delete-emptydir-data", Takes::Switch),
    flag("force", Takes::Switch),
    flag("grace-period", Takes::Int64),
    flag("timeout", Takes::Duration),
    flag("disable-eviction", Takes::Switch),
    flag("pod-selector", Takes::Text),
    flag("skip-wait-for-delete-timeout", Takes::Int64),
    flag("chunk-size", Takes::Int64),
];

pub(super) const VERB: Verb = Verb {
    name: "drain",
    usage: "drain NODE… [--ignore-daemonsets] [--delete-emptydir-data] [--force] [--timeout=30s]",
    summary: "Cordon nodes and evict their pods",
    flags: &[FLAGS, SELECTION, WRITE],
    required: &[],
    below: &[],
    run,
};

/// A drain that waits for evicted pods to go.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Drain {
    /// The node whose pods it waits for.
    node: Arc<str>,
    left: Vec<(Key, Uid)>,
    /// Pods that a budget holds back, and when they are tried again.
    held: Vec<((Key, Uid), SimTime)>,
    /// When it looks next: kubectl asks once a second.
    next: SimTime,
    until: Option<SimTime>,
    /// The nodes that come afterwards.
    later: Vec<Arc<str>>,
    args: Args,
}

const POLL: Span = Span::secs(1);
/// `EvictErrorRetryDelay`.
const RETRY: Span = Span::secs(5);

fn run(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let dry = console.dry_run(args)?;
    let (found, failures) = nodes(console, args, "drain")?;
    if let Some(failure) = Failure::all(failures) {
        return Err(failure);
    }
    for node in &found {
        mark(console, node, true, dry)?;
    }
    let names = found.iter().map(|node| node.meta.name.clone()).collect();
    next_node(console, args.clone(), names)
}

/// Begins with the next node, or ends.
fn next_node(
    console: &mut Console<'_, '_>,
    args: Args,
    mut names: Vec<Arc<str>>,
) -> Result<Flow, Failure> {
    let dry = console.dry_run(&args)?;
    while !names.is_empty() {
        let node = names.remove(0);
        let pods = sorted_out(console, &args, &node, &names)?;
        let (mut left, mut held) = (Vec::new(), Vec::new());
        for pod in pods {
            let pod = (pod.key(), pod.meta.uid);
            match evict(console, &args, &pod.0, dry)? {
                Outcome::Going if dry == DryRun::No => left.push(pod),
                Outcome::Held => held.push((pod, console.now() + RETRY)),
                Outcome::Going | Outcome::Gone => {}
            }
        }
        if left.is_empty() && held.is_empty() {
            console.done(Kind::Node, &node, "drained", dry);
            continue;
        }
        let now = console.now();
        let until = match args.get("timeout").map(parse_duration) {
            Some(Ok(span)) if span.as_micros() > 0 => Some(now + span),
            _ => None,
        };
        let drain = Drain {
            node,
            left,
            held,
            next: now + POLL,
            until,
            later: names,
            args,
        };
        let next = drain.next;
        return Ok(Flow::Wait(Box::new(Waiting::Drain(drain)), Some(next)));
    }
    Ok(Flow::Done(0))
}

/// What came of an eviction.
enum Outcome {
    Going,
    /// A budget holds the pod back.
    Held,
    Gone,
}

/// Asks for one eviction, or deletes with --disable-eviction. Errors: the server's other words.
fn evict(
    console: &mut Console<'_, '_>,
    args: &Args,
    key: &Key,
    dry: DryRun,
) -> Result<Outcome, Failure> {
    let place = format!("{}/{}", key.namespace, key.name);
    console.say(format!("evicting pod {place}{}", dry.suffix()));
    let options = DeleteOptions {
        grace_secs: args.number("grace-period").filter(|n| *n >= 0),
        ..DeleteOptions::default()
    };
    let plainly = args.on("disable-eviction");
    let done = console.write(dry, |server, cause| {
        if plainly {
            server.delete(key, options, cause)
        } else {
            server.evict(key, options, cause)
        }
    });
    let why = match done {
        Ok(_) => return Ok(Outcome::Going),
        Err(error) if error.reason == Reason::NotFound => return Ok(Outcome::Gone),
        Err(error) => error,
    };
    let about = format!(
        "error when evicting pods/\"{}\" -n \"{}\"",
        key.name, key.namespace
    );
    if why.reason == Reason::TooManyRequests {
        console.warn(format!("{about} (will retry after 5s): {}", why.message));
        return Ok(Outcome::Held);
    }
    Err(Failure::error(format!("{about}: {}", why.message)))
}

impl Drain {
    /// Tries again what a budget has held back for five seconds.
    fn retry(&mut self, console: &mut Console<'_, '_>) -> Result<(), Failure> {
        let now = console.now();
        for (pod, due) in std::mem::take(&mut self.held) {
            if due > now {
                self.held.push((pod, due));
                continue;
            }
            match evict(console, &self.args, &pod.0, DryRun::No)? {
                Outcome::Going => self.left.push(pod),
                Outcome::Held => self.held.push((pod, now + RETRY)),
                Outcome::Gone => {}
            }
        }
        Ok(())
    }

    /// Looks which pods have gone.
    pub(super) fn resume(mut self, console: &mut Console<'_, '_>) -> Result<Flow, Failure> {
        let now = console.now();
        if now < self.next {
            let next = self.next;
            return Ok(Flow::Wait(Box::new(Waiting::Drain(self)), Some(next)));
        }
        self.retry(console)?;
        let live = console.live();
        let is_there = |(key, uid): &(Key, Uid)| live.get(key).is_some_and(|o| o.meta.uid == *uid);
        let (left, gone): (Vec<_>, Vec<_>) = self.left.drain(..).partition(is_there);
        self.left = left;
        let word = if self.args.on("disable-eviction") {
            "deleted"
        } else {
            "evicted"
        };
        for (key, _) in gone {
            console.done(Kind::Pod, &key.name, word, DryRun::No);
        }
        if self.left.is_empty() && self.held.is_empty() {
            console.done(Kind::Node, &self.node, "drained", DryRun::No);
            return next_node(console, self.args, self.later);
        }
        if self.until.is_some_and(|until| until <= now) {
            return Err(self.timed_out());
        }
        self.next = now + POLL;
        let next = self.next;
        Ok(Flow::Wait(Box::new(Waiting::Drain(self)), Some(next)))
    }

    fn timed_out(&self) -> Failure {
        let timeout = self.args.text("timeout", "0s");
        let one = |(key, _): &(Key, Uid)| {
            format!(
                "error when waiting for pod \"{}\" in namespace \"{}\" to terminate: global timeout reached: {timeout}",
                key.name, key.namespace
            )
        };
        let held = |((key, _), _): &((Key, Uid), SimTime)| {
            format!(
                "error when evicting pods/\"{}\" -n \"{}\": global timeout reached: {timeout}",
                key.name, key.namespace
            )
        };
        let all = self.left.iter().map(one).chain(self.held.iter().map(held));
        let all: Vec<String> = all.collect();
        let list = if all.len() == 1 {
            all.concat()
        } else {
            format!("[{}]", all.join(", "))
        };
        let pods: Vec<String> = self
            .left
            .iter()
            .chain(self.held.iter().map(|(pod, _)| pod))
            .map(|(key, _)| format!("pod/{}", key.name))
            .collect();
        Failure::plain(format!(
            "There are pending pods in node \"{node}\" when an error occurred: {list}\n{pods}\nerror: unable to drain node \"{node}\" due to error: {list}, continuing command...\nThere are pending nodes to be drained:\n {node}\n{all}",
            node = self.node,
            pods = pods.join("\n"),
            all = all.join("\n"),
        ))
    }
}

/// Why a pod stands in the way, or is mentioned.
const DAEMON_ERROR: &str = "DaemonSet-managed Pods (use --ignore-daemonsets to ignore)";
const DAEMON_WARNING: &str = "ignoring DaemonSet-managed Pods";
const LOCAL_ERROR: &str = "Pods with local storage (use --delete-emptydir-data to override)";
const LOCAL_WARNING: &str = "deleting Pods with local storage";
const ALONE_ERROR: &str = "Pods that declare no controller (use --force to override)";
const ALONE_WARNING: &str = "deleting Pods that declare no controller";

/// What is to happen to a pod.
enum Verdict {
    Evict,
    EvictWith(&'static str),
    Keep(&'static str),
    Refuse(&'static str),
}

fn verdict(pod: &Object, args: &Args) -> Verdict {
    let Some(body) = pod.pod() else {
        return Verdict::Evict;
    };
    let finished = body.is_terminal();
    let controller = pod.meta.controller();
    if controller.is_some_and(|owner| &*owner.kind == "DaemonSet") && !finished {
        return if args.on("ignore-daemonsets") {
            Verdict::Keep(DAEMON_WARNING)
        } else {
            Verdict::Refuse(DAEMON_ERROR)
        };
    }
    let local = body
        .spec
        .spec
        .volumes
        .iter()
        .flatten()
        .any(|v| v.empty_dir.is_some());
    if local && !finished && !args.on("delete-emptydir-data") {
        return Verdict::Refuse(LOCAL_ERROR);
    }
    // The check for a controller has the last word, also over a warning.
    match controller {
        None if !finished && args.on("force") => Verdict::EvictWith(ALONE_WARNING),
        None if !finished => Verdict::Refuse(ALONE_ERROR),
        None if local => Verdict::EvictWith(LOCAL_WARNING),
        _ => Verdict::Evict,
    }
}

/// The pods of a node that are to be evicted. Errors: those that may not be.
fn sorted_out(
    console: &mut Console<'_, '_>,
    args: &Args,
    node: &Arc<str>,
    later: &[Arc<str>],
) -> Result<Vec<Arc<Object>>, Failure> {
    let selector = args
        .text("pod-selector", "")
        .parse()
        .map_err(|e: crate::api::SelectorError| Failure::error(e.0))?;
    let filter = Filter {
        labels: selector,
        ..Filter::default()
    };
    let on_node = console
        .live()
        .pods_on(node)
        .filter(|pod| filter.passes(pod));
    let mut pods: Vec<Arc<Object>> = on_node.cloned().collect();
    pods.order_by(|a, b| (&a.meta.namespace, &a.meta.name).cmp(&(&b.meta.namespace, &b.meta.name)));
    let mut refused: Vec<(&'static str, Vec<String>)> = Vec::new();
    let mut warned: Vec<(&'static str, Vec<String>)> = Vec::new();
    let mut evicted = Vec::new();
    for pod in pods {
        let place = format!("{}/{}", pod.meta.namespace, pod.meta.name);
        match verdict(&pod, args) {
            Verdict::Evict => evicted.push(pod),
            Verdict::EvictWith(why) => {
                note(&mut warned, why, place);
                evicted.push(pod);
            }
            Verdict::Keep(why) => note(&mut warned, why, place),
            Verdict::Refuse(why) => note(&mut refused, why, place),
        }
    }
    if !refused.is_empty() {
        return Err(refusal(node, later, &refused));
    }
    if !warned.is_empty() {
        let parts = warned
            .iter()
            .map(|(why, pods)| format!("{why}: {}", pods.join(", ")));
        let text = parts.collect::<Vec<_>>().join("; ");
        console.warn(format!("Warning: {text}"));
    }
    Ok(evicted)
}

fn note(list: &mut Vec<(&'static str, Vec<String>)>, why: &'static str, pod: String) {
    match list.iter_mut().find(|(known, _)| *known == why) {
        Some((_, pods)) => pods.push(pod),
        None => {
            list.push((why, vec![pod]));
            list.order_by_key(|(why, _)| *why);
        }
    }
}

fn refusal(node: &str, later: &[Arc<str>], refused: &[(&'static str, Vec<String>)]) -> Failure {
    let one = |(why, pods): &(&'static str, Vec<String>)| {
        format!("cannot delete {why}: {}", pods.join(", "))
    };
    let all: Vec<String> = refused.iter().map(one).collect();
    let list = if all.len() == 1 {
        all.concat()
    } else {
        format!("[{}]", all.join(", "))
    };
    let mut text = format!(
        "error: unable to drain node \"{node}\" due to error: {list}, continuing command...\nThere are pending nodes to be drained:\n {node}\n"
    );
    for name in later {
        text.push_str(&format!(" {name}\n"));
    }
    text.push_str(&all.join("\n"));
    Failure::plain(text)
}

#[cfg(test)]
mod tests {
    use crate::kubectl::tests::web;

    #[test]
    fn drain_evicts_pods_and_looks_once_a_second() {
        let mut world = web();
        let (mut command, said) = world.start("drain k8s-node1");
        assert_eq!(
            said.stdout,
            "node/k8s-node1 cordoned\nevicting pod default/web-846c778c95-7mbgs\nevicting pod default/web-846c778c95-kxhtz\n"
        );
        for name in ["web-846c778c95-7mbgs", "web-846c778c95-kxhtz"] {
            world.run(&format!("delete pod {name} --force"));
        }
        assert_eq!(
            world.resume(&mut command).stdout,
            "",
            "it asks once a second"
        );
        world.pass(1);
        let said = world.resume(&mut command);
        assert_eq!(
            said.stdout,
            "pod/web-846c778c95-7mbgs evicted\npod/web-846c778c95-kxhtz evicted\nnode/k8s-node1 drained\n"
        );
        assert_eq!(said.code, Some(0));
    }

    #[test]
    fn drain_stops_at_pods_without_a_controller() {
        let mut world = web();
        world.run("run x --image=nginx");
        world.bind("x", "k8s-node2");
        let said = world.run("drain k8s-node2");
        assert_eq!(said.stdout, "node/k8s-node2 cordoned\n");
        let cannot =
            "cannot delete Pods that declare no controller (use --force to override): default/x";
        assert_eq!(
            said.stderr,
            format!(
                "error: unable to drain node \"k8s-node2\" due to error: {cannot}, continuing command...\nThere are pending nodes to be drained:\n k8s-node2\n{cannot}\n"
            )
        );
        assert_eq!(said.code, Some(1));
    }
}
