//! `kubectl wait`: for a condition, for an end, for a beginning, for a value.
//!
//! Upstream: `kubectl/pkg/cmd/wait/{wait,condition,delete,create,json}.go`.

use serde_json::Value;

use crate::api::{Key, Kind, Uid, parse_duration};
use crate::clock::{SimTime, Span};
use crate::kubectl::args::{Args, Flag, Takes, flag, short};
use crate::kubectl::console::{Console, DryRun, Flow};
use crate::kubectl::errors::Failure;
use crate::kubectl::objects::full_json;
use crate::kubectl::output;
use crate::kubectl::resources::{Filter, Wanted, no_name, wanted};

use super::{FILES, SELECTION, Verb, Waiting};

const FLAGS: &[Flag] = &[
    flag("for", Takes::Array),
    flag("timeout", Takes::Duration),
    short("output", 'o', Takes::Text),
    flag("local", Takes::Switch),
];

pub(super) const VERB: Verb = Verb {
    name: "wait",
    usage: "wait (TYPE NAME… | TYPE/NAME… | TYPE -l SELECTOR) --for=condition=NAME[=VALUE]|delete|create|jsonpath='{PATH}'=VALUE [--timeout=30s]",
    summary: "Wait until objects are in a state",
    flags: &[FLAGS, SELECTION, FILES],
    required: &[],
    below: &[],
    run,
};

/// What is waited for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum For {
    Condition(String, String),
    Delete,
    Create,
    /// A path, and the value that it must have, if it must have one.
    Path(String, Option<String>),
}

/// Objects that are waited for, one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wait {
    goal: For,
    left: Vec<(Key, Uid)>,
    timeout: Span,
    until: SimTime,
    name_only: bool,
    failures: Vec<String>,
}

const TIMEOUT: Span = Span::secs(30);
const FOREVER: Span = Span::secs(7 * 24 * 3600);

fn run(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let goal = goal(args)?;
    let timeout = match args.get("timeout").map(parse_duration) {
        Some(Ok(span)) if span.as_micros() < 0 => FOREVER,
        Some(Ok(span)) => span,
        _ => TIMEOUT,
    };
    let left = match wanted(&args.all_words(), console.live())? {
        Wanted::Listed(kinds) => {
            let filter = Filter::from(args, console, &kinds)?;
            if !args.has("selector") && !args.has("field-selector") && !args.on("all") {
                return Err(no_name());
            }
            let all = kinds.iter().flat_map(|kind| filter.list(*kind, console));
            let all: Vec<(Key, Uid)> = all.map(|object| (object.key(), object.meta.uid)).collect();
            if all.is_empty() && goal != For::Delete {
                return Err(Failure::error("no matching resources found"));
            }
            all
        }
        Wanted::Named(list) => {
            let mut left = Vec::new();
            for (kind, name) in list {
                match (console.find(kind, &name), &goal) {
                    (Ok(object), _) => left.push((object.key(), object.meta.uid)),
                    (Err(_), For::Delete) => {}
                    (Err(_), For::Create) => {
                        left.push((key_of(console, kind, &name), Uid::default()))
                    }
                    (Err(failure), _) => return Err(failure),
                }
            }
            left
        }
    };
    let wait = Wait {
        goal,
        left,
        timeout,
        until: console.now() + timeout,
        name_only: args.text("output", "") == "name",
        failures: Vec::new(),
    };
    wait.resume(console)
}

fn key_of(console: &Console<'_, '_>, kind: Kind, name: &str) -> Key {
    Key::new(kind, console.namespace_of(kind), name)
}

fn goal(args: &Args) -> Result<For, Failure> {
    let text = args.text("for", "");
    let lower = text.to_lowercase();
    if lower == "delete" {
        return Ok(For::Delete);
    }
    if lower == "create" {
        return Ok(For::Create);
    }
    if let Some(condition) = text.strip_prefix("condition=") {
        let (name, value) = condition.split_once('=').unwrap_or((condition, "true"));
        return Ok(For::Condition(name.to_string(), value.to_string()));
    }
    if let Some(rest) = text.strip_prefix("jsonpath=") {
        let rest = rest.trim_matches('\'');
        let (path, value) = match rest.split_once("}=") {
            Some((path, value)) => (
                format!("{path}}}"),
                Some(value.trim_matches(['\'', '"']).to_string()),
            ),
            None => match rest.split_once('=').filter(|_| !rest.contains('{')) {
                Some((path, value)) => (path.to_string(), Some(value.to_string())),
                None => (rest.to_string(), None),
            },
        };
        output::relaxed(&path).map_err(Failure::error)?;
        return Ok(For::Path(path, value));
    }
    Err(Failure::error(format!(
        "unrecognized condition: \"{text}\""
    )))
}

impl Wait {
    /// Looks whether what is waited for has come.
    pub(super) fn resume(mut self, console: &mut Console<'_, '_>) -> Result<Flow, Failure> {
        while let Some((key, uid)) = self.left.first().cloned() {
            let met = self.is_met(console, &key, uid)?;
            let late = self.until <= console.now();
            if !met && !late {
                let until = self.until;
                return Ok(Flow::Wait(Box::new(Waiting::Wait(self)), Some(until)));
            }
            self.left.remove(0);
            let place = format!("{}/{}", key.kind.info().plural, key.name);
            if met && self.name_only {
                console.say(format!("{}/{}", key.kind.singular_with_group(), key.name));
            } else if met {
                console.done(key.kind, &key.name, "condition met", DryRun::No);
            } else if self.timeout == Span::ZERO {
                self.failures
                    .push(format!("error: condition not met for {place}"));
            } else {
                self.failures.push(format!(
                    "error: timed out waiting for the condition on {place}"
                ));
            }
        }
        let failures = self.failures.into_iter().map(Failure::plain).collect();
        match Failure::all(failures) {
            Some(failure) => Err(failure),
            None => Ok(Flow::Done(0)),
        }
    }

    fn is_met(&self, console: &Console<'_, '_>, key: &Key, uid: Uid) -> Result<bool, Failure> {
        let found = console.live().get(key);
        let (found, goal) = match (found, &self.goal) {
            (found, For::Create) => return Ok(found.is_some()),
            (found, For::Delete) => return Ok(found.is_none_or(|o| o.meta.uid != uid)),
            (None, _) => return Ok(false),
            (Some(found), goal) => (found, goal),
        };
        let json = full_json(found, console.live(), console.now());
        match goal {
            For::Condition(name, value) => Ok(has_condition(&json, name, value)),
            For::Path(path, value) => {
                let steps = output::relaxed(path).map_err(Failure::error)?;
                let values = output::find(&steps, &json, true).map_err(Failure::error)?;
                let text = |value: &Value| match value {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                Ok(match (values.as_slice(), value) {
                    ([], _) => false,
                    (_, None) => true,
                    ([only, ..], Some(wanted)) => text(only) == *wanted,
                })
            }
            For::Create | For::Delete => Ok(false),
        }
    }
}

fn has_condition(json: &Value, name: &str, value: &str) -> bool {
    let generation = json
        .pointer("/metadata/generation")
        .and_then(Value::as_i64)
        .unwrap_or(0);
    let observed = json
        .pointer("/status/observedGeneration")
        .and_then(Value::as_i64);
    // A condition that speaks of an older spec does not count.
    if observed.is_some_and(|observed| observed < generation) {
        return false;
    }
    let list = json.pointer("/status/conditions").and_then(Value::as_array);
    let text = |condition: &Value, key: &str| {
        condition
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_lowercase()
    };
    list.into_iter().flatten().any(|condition| {
        text(condition, "type") == name.to_lowercase()
            && text(condition, "status") == value.to_lowercase()
    })
}
