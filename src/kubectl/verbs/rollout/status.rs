//! `kubectl rollout status`: a line for every state that its watch sees.
//!
//! Upstream: `kubectl/pkg/cmd/rollout/rollout_status.go`.

use std::sync::Arc;

use crate::api::{Key, Kind, Object, Uid, parse_duration};
use crate::clock::SimTime;
use crate::kubectl::args::Args;
use crate::kubectl::console::{Console, Flow};
use crate::kubectl::errors::Failure;
use crate::kubectl::verbs::Waiting;

use super::state::{State, state};
use super::{kind_with_group, objects};

/// Rollouts that are followed, one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Status {
    key: Key,
    uid: Uid,
    later: Vec<(Key, Uid)>,
    revision: i64,
    watch: bool,
    seen: u64,
    until: Option<SimTime>,
}

pub(super) fn run(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let found = objects(console, args)?;
    if let Some(failure) = Failure::all(found.failures) {
        return Err(failure);
    }
    let keys = found
        .objects
        .iter()
        .map(|object| (object.key(), object.meta.uid));
    let mut keys: Vec<(Key, Uid)> = keys.collect();
    if keys.is_empty() {
        return Ok(Flow::Done(0));
    }
    for (key, _) in &keys {
        if !matches!(
            key.kind,
            Kind::Deployment | Kind::DaemonSet | Kind::StatefulSet
        ) {
            return Err(Failure::error(format!(
                "no status viewer has been implemented for {}",
                kind_with_group(key.kind)
            )));
        }
    }
    let (key, uid) = keys.remove(0);
    let until = match args.get("timeout").map(parse_duration) {
        Some(Ok(span)) if span.as_micros() > 0 => Some(console.now() + span),
        _ => None,
    };
    let status = Status {
        key,
        uid,
        later: keys,
        revision: args.number("revision").unwrap_or(0),
        watch: args.switch("watch", true),
        seen: 0,
        until,
    };
    status.begin(console)
}

impl Status {
    fn begin(mut self, console: &mut Console<'_, '_>) -> Result<Flow, Failure> {
        self.seen = console.revision();
        let Some(object) = console.live().get(&self.key).cloned() else {
            return Err(Failure::error("object has been deleted"));
        };
        if self.tell(console, &object)? || !self.watch {
            return self.next(console);
        }
        self.wait()
    }

    /// Goes on with the states that the watch has delivered since.
    pub(in crate::kubectl::verbs) fn resume(
        mut self,
        console: &mut Console<'_, '_>,
    ) -> Result<Flow, Failure> {
        let head = console.revision();
        let (server, _) = console.client.server();
        let changes = server.store().changes(self.seen, head);
        let own = changes.filter(|c| c.kind == self.key.kind && c.object().meta.uid == self.uid);
        let states: Vec<Option<Arc<Object>>> = own.map(|change| change.new.cloned()).collect();
        self.seen = head;
        for state in states {
            let Some(object) = state else {
                return Err(Failure::error("object has been deleted"));
            };
            if self.tell(console, &object)? {
                return self.next(console);
            }
        }
        if self.until.is_some_and(|until| until <= console.now()) {
            return Err(Failure::error("timed out waiting for the condition"));
        }
        self.wait()
    }

    fn wait(self) -> Result<Flow, Failure> {
        let until = self.until;
        Ok(Flow::Wait(Box::new(Waiting::Rollout(self)), until))
    }

    fn next(mut self, console: &mut Console<'_, '_>) -> Result<Flow, Failure> {
        if self.later.is_empty() {
            return Ok(Flow::Done(0));
        }
        (self.key, self.uid) = self.later.remove(0);
        self.begin(console)
    }

    /// Prints a state; says whether it is the last one.
    fn tell(&self, console: &mut Console<'_, '_>, object: &Object) -> Result<bool, Failure> {
        match state(object, self.revision)? {
            State::Waiting(line) => {
                console.say(line);
                Ok(false)
            }
            State::Finished(line) => {
                console.say(line);
                Ok(true)
            }
        }
    }
}
