//! `kubectl events`: events in the order of their times.
//!
//! Upstream: `kubectl/pkg/cmd/events/events.go`, `event_printer.go`. Differs: -w is not offered.

use std::sync::Arc;

use crate::api::{Kind, Object, Order};
use crate::clock::SimTime;
use crate::kubectl::args::{Args, Flag, Takes, flag, short};
use crate::kubectl::console::{Console, Flow};
use crate::kubectl::describe::EventLine;
use crate::kubectl::errors::Failure;
use crate::kubectl::resources::kind_of;
use crate::kubectl::tables::{TABLE, align};

use super::Verb;

const FLAGS: &[Flag] = &[
    flag("for", Takes::Text),
    flag("types", Takes::List),
    short("all-namespaces", 'A', Takes::Switch),
    flag("no-headers", Takes::Switch),
    flag("chunk-size", Takes::Int64),
    short("output", 'o', Takes::Text),
];

pub(super) const VERB: Verb = Verb {
    name: "events",
    usage: "events [--for=TYPE/NAME] [--types=Normal,Warning] [-n NAMESPACE|-A]",
    summary: "List events, oldest first",
    flags: &[FLAGS],
    required: &[],
    below: &[],
    run,
};

fn run(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let about = match args.get("for") {
        None => None,
        Some(text) => {
            let (kind, name) = text
                .split_once('/')
                .ok_or_else(|| Failure::error("--for must be in resource/name form"))?;
            Some((kind_of(kind, console.live())?, name.to_string()))
        }
    };
    let types = args.list("types");
    if types
        .iter()
        .any(|kind| !["normal", "warning"].contains(&kind.to_lowercase().as_str()))
    {
        return Err(Failure::error("valid --types are Normal or Warning"));
    }
    let everywhere = args.on("all-namespaces");
    let namespace = Some(&*console.namespace).filter(|_| !everywhere);
    let listed = console.live().list(Kind::Event, namespace).cloned();
    let mut events: Vec<Arc<Object>> = listed
        .filter(|object| {
            let Some(event) = object.event() else {
                return false;
            };
            let involved = &event.involved;
            let kind = if event.warning { "warning" } else { "normal" };
            about
                .as_ref()
                .is_none_or(|(k, n)| involved.kind == *k && **n == *involved.name)
                && (types.is_empty() || types.iter().any(|t| t.to_lowercase() == kind))
        })
        .collect();
    if events.is_empty() {
        let text = if everywhere {
            "No events found.".to_string()
        } else {
            format!("No events found in {} namespace.", console.namespace)
        };
        console.warn(text);
        return Ok(Flow::Done(0));
    }
    events.order_by_key(|object| happened(object));
    let text = table(&events, everywhere, !args.on("no-headers"), console.now());
    let aligned = align(&text, TABLE);
    console.out.stdout.push_str(&aligned);
    Ok(Flow::Done(0))
}

fn table(events: &[Arc<Object>], everywhere: bool, headers: bool, now: SimTime) -> String {
    let mut text = String::new();
    if headers {
        let first = if everywhere { "NAMESPACE\t" } else { "" };
        text.push_str(&format!(
            "{first}LAST SEEN\tTYPE\tREASON\tOBJECT\tMESSAGE\n"
        ));
    }
    for object in events {
        let Some(event) = object.event() else {
            continue;
        };
        let line = EventLine::of(event, now);
        if everywhere {
            text.push_str(&format!("{}\t", object.meta.namespace));
        }
        text.push_str(&format!(
            "{}\t{}\t{}\t{}/{}\t{}\n",
            line.age,
            line.kind,
            event.reason,
            event.involved.kind.name(),
            event.involved.name,
            line.message
        ));
    }
    text
}

fn happened(object: &Object) -> SimTime {
    let Some(event) = object.event() else {
        return SimTime::default();
    };
    match event.series {
        Some(series) => series.last_observed,
        None if event.new_api => event.first,
        None => event.last.whole_secs(),
    }
}

#[cfg(test)]
mod tests {
    use crate::kubectl::tests::{lines, stdout, web};

    #[test]
    fn events_are_told_in_the_order_of_their_times() {
        let text = stdout(&mut web(), "events --for deploy/web");
        let expected = lines(&[
            "LAST SEEN   TYPE     REASON              OBJECT           MESSAGE",
            "4s          Normal   ScalingReplicaSet   Deployment/web   Scaled up replica set web-846c778c95 from 0 to 2",
        ]);
        assert_eq!(text, expected);
        let none = web().run("events --types=Warning");
        assert_eq!(none.stderr, "No events found in default namespace.\n");
    }
}
