//! What the state of a workload says about its rollout.
//!
//! Upstream: `kubectl/pkg/polymorphichelpers/rollout_status.go`.

use crate::api::{Body, DaemonSetBody, DeploymentBody, Object, StatefulSetBody};
use crate::kubectl::errors::Failure;
use crate::kubectl::objects::revision_of;

/// The line that a state prints, and whether it is the last one.
pub(super) enum State {
    Waiting(String),
    Finished(String),
}

/// Judges a state. Errors: kubectl's; a rollout that failed, a strategy that rolls nothing out.
pub(super) fn state(object: &Object, wanted: i64) -> Result<State, Failure> {
    match &object.body {
        Body::Deployment(body) => deployment(object, body, wanted),
        Body::DaemonSet(body) => daemon_set(object, body),
        Body::StatefulSet(body) => stateful_set(object, body),
        _ => Err(Failure::error("object has been deleted")),
    }
}

fn only_rolling(strategy: Option<&str>) -> Result<(), Failure> {
    if strategy == Some("RollingUpdate") {
        return Ok(());
    }
    Err(Failure::error(
        "rollout status is only available for RollingUpdate strategy type",
    ))
}

fn daemon_set(object: &Object, body: &DaemonSetBody) -> Result<State, Failure> {
    let strategy = body.spec.update_strategy.as_ref();
    only_rolling(strategy.and_then(|s| s.type_.as_deref()))?;
    let (name, status) = (&object.meta.name, &body.status);
    if object.meta.generation > status.observed_generation {
        let line = "Waiting for daemon set spec update to be observed...";
        return Ok(State::Waiting(line.into()));
    }
    let head = format!("Waiting for daemon set \"{name}\" rollout to finish: ");
    let (updated, available, desired) = (status.updated, status.available, status.desired);
    Ok(if updated < desired {
        State::Waiting(format!(
            "{head}{updated} out of {desired} new pods have been updated..."
        ))
    } else if available < desired {
        State::Waiting(format!(
            "{head}{available} of {desired} updated pods are available..."
        ))
    } else {
        State::Finished(format!("daemon set \"{name}\" successfully rolled out"))
    })
}

fn stateful_set(object: &Object, body: &StatefulSetBody) -> Result<State, Failure> {
    let strategy = body.spec.update_strategy.as_ref();
    only_rolling(strategy.and_then(|s| s.type_.as_deref()))?;
    let status = &body.status;
    let observed = status.observed_generation;
    if observed == 0 || object.meta.generation > observed {
        let line = "Waiting for statefulset spec update to be observed...";
        return Ok(State::Waiting(line.into()));
    }
    let missing = body.replicas() - status.ready_replicas;
    if missing > 0 {
        return Ok(State::Waiting(format!(
            "Waiting for {missing} pods to be ready..."
        )));
    }
    let updated = status.updated_replicas;
    if let Some(partition) = body.partition() {
        let wanted = body.replicas() - partition;
        if updated < wanted {
            return Ok(State::Waiting(format!(
                "Waiting for partitioned roll out to finish: {updated} out of {wanted} new pods have been updated..."
            )));
        }
        return Ok(State::Finished(format!(
            "partitioned roll out complete: {updated} new pods have been updated..."
        )));
    }
    let (current, update) = (&status.current_revision, &status.update_revision);
    Ok(if update != current {
        State::Waiting(format!(
            "waiting for statefulset rolling update to complete {updated} pods at revision {update}..."
        ))
    } else {
        let count = status.current_replicas;
        State::Finished(format!(
            "statefulset rolling update complete {count} pods at revision {current}..."
        ))
    })
}

fn deployment(object: &Object, deployment: &DeploymentBody, wanted: i64) -> Result<State, Failure> {
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
    use crate::clock::SimTime;
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
