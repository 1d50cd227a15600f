//! `kubectl logs`: which container, and why there is nothing to read.
//!
//! Upstream: `kubectl/pkg/cmd/logs/logs.go`, `pkg/registry/core/pod/strategy.go` (LogLocation).
//! Differs: a container's whole output is there from its start on; `--follow`, `--since` and
//! `--timestamps` change nothing.

use crate::api::{ContainerState, Kind, Object, Phase};
use crate::kubectl::LogRequest;
use crate::kubectl::args::{Args, Flag, Takes, flag, short};
use crate::kubectl::console::{Console, Flow};
use crate::kubectl::errors::Failure;
use crate::kubectl::resources::kind_of;

use super::Verb;

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

fn run(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let words = args.all_words();
    let Some(word) = words.first() else {
        return Err(Failure::usage(
            "logs",
            "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command",
        ));
    };
    let pod = pod(console, word)?;
    let Some(body) = pod.pod() else {
        return Ok(Flow::Done(0));
    };
    let spec = &body.spec.spec;
    let names: Vec<&str> = spec.containers.iter().map(|c| c.name.as_str()).collect();
    let init = spec
        .init_containers
        .iter()
        .flatten()
        .map(|c| c.name.as_str());
    let init: Vec<&str> = init.collect();
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
    refusal(&pod, container, args.on("previous")).map_or(Ok(()), |why| {
        Err(Failure::plain(format!(
            "Error from server (BadRequest): {why}"
        )))
    })?;
    let tail = args.get("tail").and_then(|n| n.parse().ok());
    let prefix = if args.on("prefix") {
        format!("[pod/{}/{container}] ", pod.meta.name)
    } else {
        String::new()
    };
    console.out.log = Some(LogRequest {
        pod: pod.key(),
        container: container.to_string(),
        tail,
        prefix,
    });
    Ok(Flow::Done(0))
}

fn pod(console: &mut Console<'_, '_>, word: &str) -> Result<std::sync::Arc<Object>, Failure> {
    let Some((kind, name)) = word.split_once('/') else {
        let found = console.find(Kind::Pod, word);
        return found.map_err(|_| {
            Failure::error(format!(
                "error from server (NotFound): pods \"{word}\" not found in namespace \"{}\"",
                console.namespace
            ))
        });
    };
    let object = console.find(kind_of(kind)?, name)?;
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
    let mut pods: Vec<std::sync::Arc<Object>> = pods.cloned().collect();
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

/// Why the server has no log of a container, if so.
fn refusal(pod: &Object, container: &str, previous: bool) -> Option<String> {
    let (name, body) = (&pod.meta.name, pod.pod()?);
    if body.node_name.is_none() {
        return Some(format!("pod {name} does not have a host assigned"));
    }
    let all = body
        .status
        .init_containers
        .iter()
        .chain(&body.status.containers);
    let Some(status) = all.into_iter().find(|status| &*status.name == container) else {
        return Some(format!(
            "container \"{container}\" in pod \"{name}\" is not available"
        ));
    };
    if previous {
        let missing =
            format!("previous terminated container \"{container}\" in pod \"{name}\" not found");
        return status.last.is_none().then_some(missing);
    }
    match &status.state {
        ContainerState::Waiting { reason, .. } if status.last.is_none() => Some(format!(
            "container \"{container}\" in pod \"{name}\" is waiting to start: {reason}"
        )),
        _ => None,
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
