//! Jobs and CronJobs as JSON.
//!
//! Upstream: `batch/v1`; zero counts are left out but for `ready` and `terminating`.

use serde_json::{Map, Value, json};

use crate::api::{Condition, CronJobBody, JobBody, Uid};

pub(super) fn write_job(body: &JobBody, out: &mut Map<String, Value>) {
    out.insert("spec".into(), json!(**body.spec));
    let status = &body.status;
    let mut fields = Map::new();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            fields.insert(key.into(), value);
        }
    };
    let count = |n: i32| (n != 0).then(|| n.into());
    let text = |text: &String| (!text.is_empty()).then(|| text.as_str().into());
    put("active", count(status.active));
    put("completedIndexes", text(&status.completed_indexes));
    put("completionTime", status.completion_time.map(time));
    let conditions: Vec<Value> = status.conditions.iter().map(condition).collect();
    put(
        "conditions",
        (!conditions.is_empty()).then(|| conditions.into()),
    );
    put("failed", count(status.failed));
    put(
        "failedIndexes",
        status.failed_indexes.clone().map(Value::from),
    );
    put("ready", status.ready.map(Value::from));
    put("startTime", status.start_time.map(time));
    put("succeeded", count(status.succeeded));
    put("terminating", status.terminating.map(Value::from));
    put(
        "uncountedTerminatedPods",
        status.uncounted.as_ref().map(|pods| {
            let mut uncounted = Map::new();
            for (key, uids) in [("failed", &pods.failed), ("succeeded", &pods.succeeded)] {
                if !uids.is_empty() {
                    uncounted.insert(key.into(), uids.iter().map(Uid::to_string).collect());
                }
            }
            uncounted.into()
        }),
    );
    out.insert("status".into(), fields.into());
}

fn time(at: crate::clock::SimTime) -> Value {
    at.rfc3339().into()
}

fn condition(condition: &Condition) -> Value {
    json!({
        "lastProbeTime": condition.updated.rfc3339(),
        "lastTransitionTime": condition.transition.rfc3339(),
        "message": condition.message, "reason": condition.reason,
        "status": condition.status.as_str(), "type": condition.kind,
    })
}

pub(super) fn write_cron_job(body: &CronJobBody, out: &mut Map<String, Value>) {
    out.insert("spec".into(), json!(**body.spec));
    let status = &body.status;
    let mut fields = Map::new();
    if !status.active.is_empty() {
        let active = status.active.iter().map(|job| {
            json!({
                "apiVersion": "batch/v1", "kind": "Job", "name": job.name,
                "namespace": job.namespace, "resourceVersion": job.resource_version.to_string(),
                "uid": job.uid.to_string(),
            })
        });
        fields.insert("active".into(), active.collect());
    }
    for (key, at) in [
        ("lastScheduleTime", status.last_schedule),
        ("lastSuccessfulTime", status.last_successful),
    ] {
        if let Some(at) = at {
            fields.insert(key.into(), time(at));
        }
    }
    out.insert("status".into(), fields.into());
}
