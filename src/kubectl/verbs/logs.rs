//! `kubectl logs`: which containers, which of their lines, and why there is nothing to read.
//!
//! Upstream: `kubectl/pkg/cmd/logs/logs.go`, `pkg/registry/core/pod/strategy.go` (LogLocation).
//! Differs: the logs of several containers come one after the other, also with `-f`.

use std::sync::Arc;

use crate::api::{
    ContainerState, ContainerStatus, Kind, Object, Phase, Terminated, parse_duration,
};
use crate::client::{LogLine, LogRun};
use crate::clock::SimTime;
use crate::kubectl::args::{Args, Flag, Takes, flag, short};
use crate::kubectl::console::{Console, Flow};
use crate::kubectl::errors::Failure;
use crate::kubectl::resources::{Filter, kind_of};

use super::{Verb, Waiting};

const FLAGS: &[Flag] = &[
    short("follow", 'f', Takes::Switch),
    short("previous", 'p', Takes::Switch),
    short("container", 'c', Takes::Text),
    flag("all-containers", Takes::Switch),
    flag("all-pods", Takes::Switch),
    short("selector", 'l', Takes::Text),
    flag("tail", Takes::Int64),
    flag("since", Takes::Duration),
    flag("since-time", Takes::Text),
    flag("timestamps", Takes::Switch),
    flag("prefix", Takes::Switch),
    flag("limit-bytes", Takes::Int64),
    flag("ignore-errors", Takes::Switch),
    flag("max-log-requests", Takes::Int64),
    flag("pod-running-timeout", Takes::Duration),
];

pub(super) const VERB: Verb = Verb {
    name: "logs",
    usage: "logs (POD | TYPE/NAME) [-c CONTAINER] [-p]",
    summary: "Show what a container has written",
    flags: &[FLAGS],
    required: &[],
    below: &[],
    run,
};

/// A container of a pod.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Target {
    namespace: Arc<str>,
    pod: Arc<str>,
    container: Arc<str>,
    run: LogRun,
}

/// How lines are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Style {
    timestamps: bool,
    prefix: bool,
}

/// `logs -f` that goes on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Follow {
    targets: Vec<Target>,
    style: Style,
    /// The moment up to which it has printed.
    printed: SimTime,
}

fn run(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let (now, mut targets) = (console.now(), Vec::new());
    let style = Style {
        timestamps: args.on("timestamps"),
        prefix: args.on("prefix"),
    };
    let (since, tail) = (since(args, now)?, tail(args)?);
    for pod in pods(console, args)? {
        for container in containers(console, args, &pod)? {
            let previous = args.on("previous");
            let refused = |why| Failure::plain(format!("Error from server (BadRequest): {why}"));
            let run = run_of(&pod, &container, previous).map_err(refused)?;
            let lines = console.logs.lines(&pod, &container, run, since, now);
            let target = Target {
                namespace: pod.meta.namespace.clone(),
                pod: pod.meta.name.clone(),
                container: container.as_str().into(),
                run,
            };
            let skipped = tail.map_or(0, |tail| lines.len().saturating_sub(tail));
            print(console, &target, style, lines.into_iter().skip(skipped));
            targets.push(target);
        }
    }
    if !args.on("follow") {
        return Ok(Flow::Done(0));
    }
    let follow = Follow {
        targets,
        style,
        printed: now,
    };
    follow.resume(console)
}

impl Follow {
    /// Prints what was written meanwhile; ends with the last of the containers.
    pub fn resume(mut self, console: &mut Console<'_, '_>) -> Result<Flow, Failure> {
        let (now, mut next, mut left) = (console.now(), None, Vec::new());
        let after = self.printed;
        for mut target in std::mem::take(&mut self.targets) {
            let pod = console
                .live()
                .find(Kind::Pod, &target.namespace, &target.pod);
            let Some(pod) = pod.cloned() else { continue };
            target.run.ended = ended(&pod, &target);
            let (name, run) = (&target.container, target.run);
            let lines = console.logs.lines(&pod, name, run, Some(after), now);
            let then = console.logs.next_line(&pod, name, run, now);
            next = [next, then].into_iter().flatten().min();
            print(console, &target, self.style, lines.into_iter());
            if target.run.ended.is_none() {
                left.push(target);
            }
        }
        if left.is_empty() {
            return Ok(Flow::Done(0));
        }
        (self.targets, self.printed) = (left, now);
        Ok(Flow::Wait(Box::new(Waiting::Logs(self)), next))
    }
}

fn print(
    console: &mut Console<'_, '_>,
    target: &Target,
    style: Style,
    lines: impl Iterator<Item = LogLine>,
) {
    for (at, text) in lines {
        let mut line = String::new();
        if style.prefix {
            line = format!("[pod/{}/{}] ", target.pod, target.container);
        }
        if style.timestamps {
            line += &format!("{}.{:09}Z ", at.rfc3339().trim_end_matches('Z'), nanos(at));
        }
        console.say(line + &text);
    }
}

/// The fraction of a moment's second.
fn nanos(at: SimTime) -> i64 {
    at.unix_micros().rem_euclid(1_000_000) * 1_000
}

fn since(args: &Args, now: SimTime) -> Result<Option<SimTime>, Failure> {
    if let Some(text) = args.get("since-time") {
        let at = SimTime::parse_rfc3339(text).ok_or_else(|| {
            Failure::error(format!(
                "parsing time \"{text}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"{text}\" as \"2006\""
            ))
        });
        return at.map(Some);
    }
    let span = args.get("since").and_then(|text| parse_duration(text).ok());
    Ok(span.map(|span| now - span))
}

/// How many of the last lines are wanted; `None` for all.
fn tail(args: &Args) -> Result<Option<usize>, Failure> {
    match args.number("tail") {
        Some(lines) if lines < -1 => {
            Err(Failure::error("--tail must be greater than or equal to -1"))
        }
        Some(-1) => Ok(None),
        Some(lines) => Ok(usize::try_from(lines).ok()),
        None => Ok(args.has("selector").then_some(10)),
    }
}

fn pods(console: &mut Console<'_, '_>, args: &Args) -> Result<Vec<Arc<Object>>, Failure> {
    let words = args.all_words();
    if args.has("selector") {
        let filter = Filter::from(args, console, &[Kind::Pod])?;
        let found = filter.list(Kind::Pod, console);
        if found.is_empty() {
            console.warn(format!(
                "No resources found in {} namespace.",
                console.namespace
            ));
        }
        return Ok(found);
    }
    let Some(word) = words.first() else {
        return Err(Failure::usage(
            "logs",
            "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command",
        ));
    };
    Ok(vec![pod(console, word)?])
}

/// The containers that are asked for.
fn containers(
    console: &mut Console<'_, '_>,
    args: &Args,
    pod: &Object,
) -> Result<Vec<String>, Failure> {
    let Some(body) = pod.pod() else {
        return Ok(Vec::new());
    };
    let spec = &body.spec.spec;
    let names: Vec<&str> = spec.containers.iter().map(|c| c.name.as_str()).collect();
    let init = spec.init_containers.iter().flatten();
    let init: Vec<&str> = init.map(|c| c.name.as_str()).collect();
    if args.on("all-containers") {
        let all = init.iter().chain(&names);
        return Ok(all.map(ToString::to_string).collect());
    }
    let words = args.all_words();
    let asked = args.get("container").or(words.get(1).map(String::as_str));
    let container = match asked {
        Some(name) if names.contains(&name) || init.contains(&name) => name,
        Some(name) => {
            return Err(Failure::error(format!(
                "container {name} is not valid for pod {} out of: {}",
                pod.meta.name,
                names.join(", ")
            )));
        }
        None => {
            let first = names.first().copied().unwrap_or_default();
            let chosen = pod
                .meta
                .annotation("kubectl.kubernetes.io/default-container");
            if chosen.is_none() && names.len() + init.len() > 1 {
                let all = names.iter().map(ToString::to_string);
                let all = all.chain(init.iter().map(|name| format!("{name} (init)")));
                let all: Vec<String> = all.collect();
                console.warn(format!(
                    "Defaulted container \"{first}\" out of: {}",
                    all.join(", ")
                ));
            }
            chosen.unwrap_or(first)
        }
    };
    Ok(vec![container.to_string()])
}

fn pod(console: &mut Console<'_, '_>, word: &str) -> Result<Arc<Object>, Failure> {
    let Some((kind, name)) = word.split_once('/') else {
        let found = console.find(Kind::Pod, word);
        return found.map_err(|_| {
            Failure::error(format!(
                "error from server (NotFound): pods \"{word}\" not found in namespace \"{}\"",
                console.namespace
            ))
        });
    };
    let object = console.find(kind_of(kind, console.live())?, name)?;
    if object.pod().is_some() {
        return Ok(object);
    }
    let Some(selector) = object.selector() else {
        let info = object.kind().info();
        let kind = format!("*{}.{}", info.version, info.name);
        return Err(Failure::error(format!(
            "cannot get the logs from {kind}: selector for {kind} not implemented"
        )));
    };
    let all = console.live().list(Kind::Pod, Some(&console.namespace));
    let pods = all.filter(|pod| selector.matches(&pod.meta.labels));
    let mut pods: Vec<Arc<Object>> = pods.cloned().collect();
    pods.sort_by_key(|pod| by_logging(pod));
    let Some(first) = pods.first().cloned() else {
        return Err(Failure::error("timed out waiting for the condition"));
    };
    if pods.len() > 1 {
        console.warn(format!(
            "Found {} pods, using pod/{}",
            pods.len(),
            first.meta.name
        ));
    }
    Ok(first)
}

/// Pods that have the most to tell come first: placed, running, ready, often restarted, old.
fn by_logging(pod: &Object) -> impl Ord + use<> {
    let body = pod.pod();
    let placed = body.is_some_and(|b| b.node_name.is_some());
    let phase = match body.map(|b| b.status.phase) {
        Some(Phase::Running) => 0,
        Some(Phase::Unknown) => 1,
        _ => 2,
    };
    let ready = body.is_some_and(|b| b.status.is_ready());
    let restarts = body.map_or(0, |b| b.restarts());
    let created = pod.meta.created.whole_secs();
    (!placed, phase, !ready, std::cmp::Reverse(restarts), created)
}

/// The run of a container that is asked for. Errors: why the server has no log of it.
fn run_of(pod: &Object, container: &str, previous: bool) -> Result<LogRun, String> {
    let name = &pod.meta.name;
    let absent = || format!("container \"{container}\" in pod \"{name}\" is not available");
    let body = pod.pod().ok_or_else(absent)?;
    if body.node_name.is_none() {
        return Err(format!("pod {name} does not have a host assigned"));
    }
    let status = status_of(pod, container).ok_or_else(absent)?;
    let over = |ended: &Terminated| LogRun {
        started: ended.started.unwrap_or(ended.finished),
        ended: Some(ended.finished),
    };
    if previous {
        let missing =
            format!("previous terminated container \"{container}\" in pod \"{name}\" not found");
        return status.last.as_ref().map(over).ok_or(missing);
    }
    match (&status.state, &status.last) {
        (ContainerState::Running { started }, _) => Ok(LogRun {
            started: *started,
            ended: None,
        }),
        (ContainerState::Terminated(ended), _) => Ok(over(ended)),
        (ContainerState::Waiting { .. }, Some(last)) => Ok(over(last)),
        (ContainerState::Waiting { reason, .. }, None) => Err(format!(
            "container \"{container}\" in pod \"{name}\" is waiting to start: {reason}"
        )),
    }
}

fn status_of<'a>(pod: &'a Object, container: &str) -> Option<&'a ContainerStatus> {
    let status = &pod.pod()?.status;
    let mut all = status.init_containers.iter().chain(&status.containers);
    all.find(|status| &*status.name == container)
}

/// When the run that is followed ended, if it has.
fn ended(pod: &Object, target: &Target) -> Option<SimTime> {
    let status = status_of(pod, &target.container)?;
    let same = |ended: &&Terminated| ended.started == Some(target.run.started);
    match &status.state {
        ContainerState::Running { started } if *started == target.run.started => None,
        ContainerState::Terminated(ended) if same(&ended) => Some(ended.finished),
        _ => {
            let last = status.last.as_ref().filter(same);
            Some(last.map_or(target.run.started, |last| last.finished))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::kubectl::tests::web;

    #[test]
    fn logs_say_why_there_are_none() {
        let mut world = web();
        world.run("run x --image=nginx");
        for (line, text) in [
            (
                "logs x",
                "Error from server (BadRequest): pod x does not have a host assigned",
            ),
            (
                "logs web-846c778c95-7mbgs -c y",
                "error: container y is not valid for pod web-846c778c95-7mbgs out of: nginx",
            ),
            (
                "logs web-846c778c95-7mbgs -p",
                "Error from server (BadRequest): previous terminated container \"nginx\" in pod \"web-846c778c95-7mbgs\" not found",
            ),
            (
                "logs deploy/web",
                "Found 2 pods, using pod/web-846c778c95-7mbgs",
            ),
        ] {
            assert_eq!(world.run(line).stderr, format!("{text}\n"), "{line}");
        }
    }
}
