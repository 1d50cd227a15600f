//! `kubectl rollout status`: a line for every state that its watch sees.
//!
//! Upstream: `kubectl/pkg/cmd/rollout/rollout_status.go`, `polymorphichelpers/rollout_status.go`.

use std::sync::Arc;

use crate::api::{Key, Kind, Object, Uid};
use crate::clock::SimTime;
use crate::kubectl::args::{Args, parse_duration};
use crate::kubectl::console::{Console, Flow};
use crate::kubectl::errors::Failure;
use crate::kubectl::objects::revision_of;
use crate::kubectl::verbs::Waiting;

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

/// What a rollout's state means.
enum State {
    Waiting(String),
    Finished(String),
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
        if key.kind != Kind::Deployment {
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

fn state(object: &Object, wanted: i64) -> Result<State, Failure> {
    let Some(deployment) = object.deployment() else {
        return Err(Failure::error("object has been deleted"));
    };
    let (name, status) = (&object.meta.name, &deployment.status);
    let revision = revision_of(object);
    if wanted > 0 && revision != wanted {
        return Err(Failure::error(format!(
            "desired revision ({wanted}) is different from the running revision ({revision})"
        )));
    }
    if object.meta.generation > status.observed_generation {
        let line = "Waiting for deployment spec update to be observed...";
        return Ok(State::Waiting(line.into()));
    }
    let progressing = status.conditions.iter().find(|c| &*c.kind == "Progressing");
    if progressing.is_some_and(|c| &*c.reason == "ProgressDeadlineExceeded") {
        return Err(Failure::error(format!(
            "deployment \"{name}\" exceeded its progress deadline"
        )));
    }
    let waiting = |what: String| {
        let head = format!("Waiting for deployment \"{name}\" rollout to finish: ");
        Ok(State::Waiting(format!("{head}{what}...")))
    };
    let (updated, wanted) = (status.updated_replicas, deployment.replicas());
    if updated < wanted {
        return waiting(format!(
            "{updated} out of {wanted} new replicas have been updated"
        ));
    }
    if status.replicas > updated {
        let old = status.replicas - updated;
        return waiting(format!("{old} old replicas are pending termination"));
    }
    if status.available_replicas < updated {
        let available = status.available_replicas;
        return waiting(format!(
            "{available} of {updated} updated replicas are available"
        ));
    }
    Ok(State::Finished(format!(
        "deployment \"{name}\" successfully rolled out"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Body, Condition, ConditionStatus, DeploymentBody, DeploymentStatus, Meta};
    use k8s_openapi::api::apps::v1::DeploymentSpec;

    fn deployment(figures: [i32; 4], status: impl FnOnce(&mut DeploymentStatus)) -> Object {
        let [wanted, updated, replicas, available] = figures;
        let mut own = DeploymentStatus {
            observed_generation: 1,
            replicas,
            updated_replicas: updated,
            available_replicas: available,
            ..DeploymentStatus::default()
        };
        status(&mut own);
        let spec = DeploymentSpec {
            replicas: Some(wanted),
            ..DeploymentSpec::default()
        };
        Object {
            meta: Meta {
                generation: 1,
                ..Meta::named("default", "x")
            },
            body: Body::Deployment(DeploymentBody::new(spec, own)),
        }
    }

    fn words(object: &Object, revision: i64) -> String {
        match state(object, revision) {
            Ok(State::Waiting(line)) => line,
            Ok(State::Finished(line)) => format!("done: {line}"),
            Err(failure) => failure.text,
        }
    }

    #[test]
    fn states_are_tested_in_kubectls_order() {
        let head = "Waiting for deployment \"x\" rollout to finish: ";
        for (figures, text) in [
            (
                [3, 2, 3, 1],
                format!("{head}2 out of 3 new replicas have been updated..."),
            ),
            (
                [3, 3, 5, 3],
                format!("{head}2 old replicas are pending termination..."),
            ),
            (
                [3, 3, 3, 1],
                format!("{head}1 of 3 updated replicas are available..."),
            ),
            (
                [3, 3, 3, 3],
                "done: deployment \"x\" successfully rolled out".to_string(),
            ),
        ] {
            assert_eq!(words(&deployment(figures, |_| {}), 0), text);
        }
        let unseen = deployment([3, 3, 3, 3], |s| s.observed_generation = 0);
        assert_eq!(
            words(&unseen, 0),
            "Waiting for deployment spec update to be observed..."
        );
        let stuck = deployment([3, 2, 3, 1], |s| {
            s.conditions.push(Condition {
                kind: "Progressing".into(),
                status: ConditionStatus::False,
                reason: "ProgressDeadlineExceeded".into(),
                message: "".into(),
                updated: SimTime::default(),
                transition: SimTime::default(),
            });
        });
        assert_eq!(
            words(&stuck, 0),
            "error: deployment \"x\" exceeded its progress deadline"
        );
        assert_eq!(
            words(&deployment([1, 1, 1, 1], |_| {}), 2),
            "error: desired revision (2) is different from the running revision (0)"
        );
    }
}
