//! The figures of workloads, as a detail shows them.
//!
//! Upstream: `kubectl describe`, shortened.

use crate::api::{Body, Condition, Object};

type Rows = Vec<(&'static str, String)>;

fn conditions(all: &[Condition]) -> impl Iterator<Item = (&'static str, String)> {
    all.iter().map(|c| {
        let text = format!("{} {} {}", c.kind, c.status.as_str(), c.reason);
        ("Condition", text)
    })
}

/// The rows of a workload; none of other kinds.
pub(super) fn of(object: &Object) -> Rows {
    let mut rows = Rows::new();
    match &object.body {
        Body::Deployment(d) => {
            let s = &d.status;
            let counts = format!(
                "{} desired | {} updated | {} total | {} available | {} unavailable",
                d.replicas(),
                s.updated_replicas,
                s.replicas,
                s.available_replicas,
                s.unavailable_replicas
            );
            rows.push(("Replicas", counts));
            rows.push(("Selector", d.selector.to_string()));
            rows.extend(conditions(&s.conditions));
        }
        Body::DaemonSet(ds) => {
            let s = &ds.status;
            let counts = format!(
                "{} desired | {} current | {} updated | {} available | {} misscheduled",
                s.desired, s.current, s.updated, s.available, s.misscheduled
            );
            rows.push(("Nodes", counts));
            rows.push(("Selector", ds.selector.to_string()));
        }
        Body::StatefulSet(set) => {
            let s = &set.status;
            let counts = format!(
                "{} desired | {} total | {} ready | {} updated",
                set.replicas(),
                s.replicas,
                s.ready_replicas,
                s.updated_replicas
            );
            rows.push(("Replicas", counts));
            rows.push(("Selector", set.selector.to_string()));
        }
        Body::ReplicaSet(rs) | Body::ReplicationController(rs) => {
            rows.push((
                "Replicas",
                format!("{} current / {} desired", rs.status.replicas, rs.replicas),
            ));
            rows.push(("Selector", rs.selector.to_string()));
        }
        _ => jobs(object, &mut rows),
    }
    rows
}

fn jobs(object: &Object, rows: &mut Rows) {
    match &object.body {
        Body::Job(job) => {
            let s = &job.status;
            let counts = format!(
                "{} active | {} succeeded | {} failed",
                s.active, s.succeeded, s.failed
            );
            rows.push(("Pods", counts));
            rows.push((
                "Completions",
                format!("{} of {}", s.succeeded, job.spec.completions.unwrap_or(1)),
            ));
            rows.extend(conditions(&s.conditions));
        }
        Body::CronJob(cron_job) => {
            let active: Vec<&str> = cron_job.status.active.iter().map(|j| &*j.name).collect();
            let last = cron_job.status.last_schedule.map(|at| at.rfc3339());
            rows.push(("Schedule", cron_job.spec.schedule.clone()));
            rows.push((
                "Last Schedule Time",
                last.unwrap_or_else(|| "<none>".into()),
            ));
            rows.push(("Active Jobs", active.join(", ")));
        }
        _ => {}
    }
}
