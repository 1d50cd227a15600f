//! Jobs with `ttlSecondsAfterFinished` go when that time has passed.
//!
//! Upstream: `pkg/controller/ttlafterfinished/ttlafterfinished_controller.go`.

use crate::api::{Key, Kind, Object};
use crate::apiserver::{ApiError, Change, DeleteOptions, Propagation};
use crate::client::Client;
use crate::clock::{SimTime, Span};

use super::util::{timer_after, woken_by};
use super::{Controller, Desk, Watch};

/// See the module.
pub(super) struct TtlAfterFinished;

impl Controller for TtlAfterFinished {
    fn name(&self) -> &'static str {
        "ttl-after-finished-controller"
    }

    fn watches(&self) -> &'static [Watch] {
        &[Watch {
            kind: Kind::Job,
            note,
        }]
    }

    fn reconcile(
        &self,
        key: &Key,
        desk: &mut Desk,
        client: &mut Client<'_>,
    ) -> Result<(), ApiError> {
        let cached = client.cache().get(key).and_then(|job| expires_at(job));
        let Some(at) = cached else { return Ok(()) };
        if client.now() < at {
            let trigger = timer_after(client.trigger());
            desk.queue.add_at(key.clone(), at, trigger);
            return Ok(());
        }
        // The time may have been changed in the meantime.
        let fresh = client.live().get(key).cloned();
        let due = |job: &Object| expires_at(job).is_some_and(|at| at <= client.now());
        let Some(job) = fresh.filter(|job| due(job)) else {
            return Ok(());
        };
        let options = DeleteOptions {
            propagation: Propagation::Foreground,
            uid: Some(job.meta.uid),
            ..DeleteOptions::default()
        };
        client.delete(key, options).map(|_| ())
    }
}

fn note(change: &Change<'_>, desk: &mut Desk, _now: SimTime) {
    let Some(job) = change.new else { return };
    if expires_at(job).is_some() {
        desk.queue.add(job.key(), woken_by(change));
    }
}

/// When a finished Job is to go; `None` for those that stay or are on their way.
fn expires_at(object: &Object) -> Option<SimTime> {
    let job = object.job().filter(|_| !object.meta.is_deleting())?;
    let seconds = job.spec.ttl_seconds_after_finished?;
    let end = job.status.finished()?;
    Some(end.transition + Span::secs(seconds.into()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::drive::Drive;
    use super::*;
    use crate::api::{ConditionStatus, Phase};

    #[test]
    fn a_finished_job_goes_with_its_pods_when_its_time_is_over() {
        let mut drive = Drive::new();
        let spec = json!({"ttlSecondsAfterFinished": 30, "template": {"spec": {
            "restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox"}],
        }}});
        drive.create(Kind::Job, "default", "j", &json!({ "spec": spec }));
        drive.settle();
        let pod = drive.list(Kind::Pod).remove(0);
        drive.set_pod(&pod, ConditionStatus::False, Phase::Succeeded);
        drive.run_for(Span::secs(29));
        assert!(drive.get(Kind::Job, "j").is_some());
        drive.run_for(Span::secs(3));
        assert!(drive.get(Kind::Job, "j").is_none());
        assert!(drive.list(Kind::Pod).is_empty());
    }
}
