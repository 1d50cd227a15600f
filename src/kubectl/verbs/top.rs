//! `kubectl top`: what nodes and pods use.
//!
//! Upstream: `kubectl/pkg/cmd/top`, `kubectl/pkg/metricsutil`. Differs: no swap; an API whose
//! backend does not answer counts as not there, as its discovery is stale then.

use std::sync::Arc;

use crate::api::{Kind, Object, Resources};
use crate::apiserver::{ApiError, Reason};
use crate::client::{NodeMetrics, PodMetrics, Usage};
use crate::clock::Span;
use crate::kubectl::args::{Args, Flag, Takes, flag, short};
use crate::kubectl::console::{Console, Flow};
use crate::kubectl::errors::Failure;
use crate::kubectl::resources::Filter;
use crate::kubectl::sort::go_sort;
use crate::kubectl::tables::{TABLE, align};

use super::{Verb, group};

const FLAGS: &[Flag] = &[
    short("selector", 'l', Takes::Text),
    flag("sort-by", Takes::Text),
    flag("no-headers", Takes::Switch),
    flag("use-protocol-buffers", Takes::Switch),
];
const POD_FLAGS: &[Flag] = &[
    flag("field-selector", Takes::Text),
    flag("containers", Takes::Switch),
    short("all-namespaces", 'A', Takes::Switch),
    flag("sum", Takes::Switch),
];
const NODE_FLAGS: &[Flag] = &[flag("show-capacity", Takes::Switch)];

const POD_USE: &str = "pod [NAME | -l label]";
const NODE_USE: &str = "node [NAME | -l label]";

pub(super) const VERB: Verb = Verb {
    name: "top",
    usage: "top (node | pod) [NAME | -l label]",
    summary: "Show what nodes and pods use",
    flags: &[],
    required: &[],
    below: &[
        Verb {
            name: "node|nodes|no",
            usage: "top node [NAME | -l label] [--sort-by=cpu|memory]",
            summary: "Show what nodes use",
            flags: &[FLAGS, NODE_FLAGS],
            required: &[],
            below: &[],
            run: nodes,
        },
        Verb {
            name: "pod|pods|po",
            usage: "top pod [NAME | -l label] [-A] [--containers] [--sort-by=cpu|memory] [--sum]",
            summary: "Show what pods use",
            flags: &[FLAGS, POD_FLAGS],
            required: &[],
            below: &[],
            run: pods,
        },
    ],
    run: |console, args| group("top", console, args),
};

/// After so long a pod should have metrics.
const CREATION_DELAY: Span = Span::secs(120);
const MIB: i64 = 1024 * 1024;

/// The name that was given, if any. Errors: contradictions of the flags.
fn checked<'a>(args: &'a Args, usage: &str, selectors: &str) -> Result<Option<&'a str>, Failure> {
    if args.words.len() > 1 {
        let verb = usage.split(' ').next().unwrap_or_default();
        return Err(Failure::usage(&format!("top {verb}"), usage));
    }
    if !["", "cpu", "memory"].contains(&args.text("sort-by", "")) {
        return Err(Failure::error("--sort-by accepts only cpu or memory"));
    }
    let name = args.words.first().map(String::as_str);
    let selects = !args.text("selector", "").is_empty() || args.has("field-selector");
    if name.is_some() && selects {
        let why = format!("only one of NAME or {selectors} can be provided");
        return Err(Failure::error(why));
    }
    Ok(name)
}

/// kubectl asks discovery before it asks for metrics.
fn unavailable(_: ApiError) -> Failure {
    Failure::error("Metrics API not available")
}

fn unknown(resource: &str, name: &str) -> Failure {
    let why = format!("{resource}.metrics.k8s.io \"{name}\" not found");
    ApiError::new(Reason::NotFound, why).into()
}

/// Sorts by what is asked for, the most first, or else by `name`.
fn sort<T, N: Ord>(list: &mut [T], by: &str, usage: impl Fn(&T) -> Usage, name: impl Fn(&T) -> N) {
    go_sort(list, |a, b| match by {
        "cpu" => usage(a).cpu_milli() > usage(b).cpu_milli(),
        "memory" => usage(a).memory_bytes > usage(b).memory_bytes,
        _ => name(a) < name(b),
    });
}

fn nodes(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let name = checked(args, NODE_USE, "--selector")?;
    let filter = Filter::from(args, console, &[Kind::Node])?;
    let picks = |node: &Object| name.is_none_or(|n| n == &*node.meta.name) && filter.passes(node);
    let metrics = console.client.node_metrics(&picks);
    let mut metrics = metrics.map_err(unavailable)?;
    if metrics.is_empty() {
        let Some(name) = name else {
            return Err(Failure::error("metrics not available yet"));
        };
        console.find(Kind::Node, name)?;
        return Err(unknown("nodemetrics", name));
    }
    let by = args.text("sort-by", "");
    sort(&mut metrics, by, |m| m.usage, |m| m.name.clone());
    let listed = console.live().list(Kind::Node, None);
    let known: Vec<Arc<Object>> = listed.filter(|node| picks(node)).cloned().collect();
    let mut text = String::new();
    if !args.on("no-headers") {
        text += "NAME\tCPU(cores)\tCPU(%)\tMEMORY(bytes)\tMEMORY(%)\t\n";
    }
    for one in &metrics {
        let node = known.iter().find(|node| node.meta.name == one.name);
        text += &node_line(one, node.and_then(|n| Some(&n.node()?.status.allocatable)));
    }
    let silent = |node: &&Arc<Object>| !metrics.iter().any(|m| m.name == node.meta.name);
    for node in known.iter().filter(silent) {
        let name = &node.meta.name;
        text += &format!("{name}\t<unknown>\t<unknown>\t<unknown>\t<unknown>\t\n");
    }
    console.out.stdout.push_str(&align(&text, TABLE));
    Ok(Flow::Done(0))
}

fn node_line(one: &NodeMetrics, of: Option<&Resources>) -> String {
    let (cpu, memory) = (one.usage.cpu_milli(), one.usage.memory_bytes);
    let percent = |used: i64, of: i64| (i128::from(used) * 100 / i128::from(of.max(1))).to_string();
    let share = |used: i64, of: Option<i64>| {
        of.map_or(String::new(), |of| format!("{}%\t", percent(used, of)))
    };
    format!(
        "{}\t{cpu}m\t{}{}Mi\t{}\n",
        one.name,
        share(cpu, of.map(|of| of.cpu_milli)),
        memory / MIB,
        share(memory, of.map(|of| of.memory_bytes))
    )
}

fn pods(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let name = checked(args, POD_USE, "selector")?;
    let filter = Filter::from(args, console, &[Kind::Pod])?;
    let picks = |pod: &Object| name.is_none_or(|n| n == &*pod.meta.name) && filter.passes(pod);
    let namespace = filter.namespace.as_deref();
    let metrics = console.client.pod_metrics(namespace, &picks);
    let mut metrics = metrics.map_err(unavailable)?;
    if metrics.is_empty() {
        if let Some(name) = name {
            console.find(Kind::Pod, name)?;
            let name = format!("{}/{name}", console.namespace);
            return Err(unknown("podmetrics", &name));
        }
        nothing(console, &filter)?;
        return Ok(Flow::Done(0));
    }
    let by = args.text("sort-by", "");
    let everywhere = args.on("all-namespaces");
    let place = |m: &PodMetrics| {
        let namespace = m.namespace.clone();
        (everywhere.then_some(namespace), m.name.clone())
    };
    sort(&mut metrics, by, total, place);
    let containers = args.on("containers");
    let mut text = String::new();
    if !args.on("no-headers") {
        let namespace = if everywhere { "NAMESPACE\t" } else { "" };
        let pod = if containers { "POD\t" } else { "" };
        text = format!("{namespace}{pod}NAME\tCPU(cores)\tMEMORY(bytes)\t\n");
    }
    for one in &mut metrics {
        let head = match everywhere {
            true => format!("{}\t", one.namespace),
            false => String::new(),
        };
        if !containers {
            text += &format!("{head}{}\t{}\n", one.name, cells(total(one)));
            continue;
        }
        sort(&mut one.containers, by, |c| c.1, |c| c.0.clone());
        for (name, usage) in &one.containers {
            text += &format!("{head}{}\t{name}\t{}\n", one.name, cells(*usage));
        }
    }
    if args.on("sum") {
        let counted = !args.on("no-headers");
        let before = usize::from(counted && everywhere) + usize::from(counted && containers);
        let sum = metrics.iter().map(total).sum::<Usage>();
        let blank = "\t".repeat(before + 1);
        text += &format!("{blank}________\t________\t\n{blank}{}\n", cells(sum));
    }
    console.out.stdout.push_str(&align(&text, TABLE));
    Ok(Flow::Done(0))
}

fn total(metrics: &PodMetrics) -> Usage {
    metrics.containers.iter().map(|container| container.1).sum()
}

fn cells(usage: Usage) -> String {
    let (cpu, memory) = (usage.cpu_milli(), usage.memory_bytes / MIB);
    format!("{cpu}m\t{memory}Mi\t")
}

/// What is said where no pod has metrics. Errors: there are pods, which have none yet.
fn nothing(console: &mut Console<'_, '_>, filter: &Filter) -> Result<(), Failure> {
    let pods = filter.list(Kind::Pod, console);
    for pod in &pods {
        let age = console.now() - pod.meta.created;
        if age > CREATION_DELAY {
            return Err(Failure::error(format!(
                "Metrics not available for pod {}/{}, age: {}",
                pod.meta.namespace,
                pod.meta.name,
                go_duration(age)
            )));
        }
    }
    if !pods.is_empty() {
        return Err(Failure::error("metrics not available yet"));
    }
    let text = match &filter.namespace {
        Some(namespace) => format!("No resources found in {namespace} namespace."),
        None => "No resources found".to_string(),
    };
    console.warn(text);
    Ok(())
}

/// `2m1.5s`, as Go prints a duration of a second or more.
fn go_duration(span: Span) -> String {
    let (secs, micros) = (span.as_secs(), span.as_micros().rem_euclid(1_000_000));
    let fraction = format!(".{micros:06}");
    let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
    let (hours, minutes, rest) = (secs / 3600, secs / 60 % 60, secs % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest}{fraction}s"),
        (0, _) => format!("{minutes}m{rest}{fraction}s"),
        _ => format!("{hours}h{minutes}m{rest}{fraction}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubectl::tests::web;

    #[test]
    fn wrong_words_are_refused_before_the_server_is_asked() {
        for (line, text) in [
            (
                "top pod a b",
                "error: pod [NAME | -l label]\nSee 'kubectl top pod -h' for help and examples\n",
            ),
            (
                "top node --sort-by=name",
                "error: --sort-by accepts only cpu or memory\n",
            ),
            (
                "top node a -l x=y",
                "error: only one of NAME or --selector can be provided\n",
            ),
            (
                "top pod a -l x=y",
                "error: only one of NAME or selector can be provided\n",
            ),
            ("top pod", "error: Metrics API not available\n"),
            ("top no", "error: Metrics API not available\n"),
        ] {
            let said = web().run(line);
            assert_eq!((said.stderr.as_str(), said.code), (text, Some(1)), "{line}");
        }
    }

    #[test]
    fn durations_print_as_go_prints_them() {
        for (millis, text) in [
            (121_500, "2m1.5s"),
            (180_000, "3m0s"),
            (3_661_000, "1h1m1s"),
        ] {
            assert_eq!(go_duration(Span::millis(millis)), text);
        }
    }
}
