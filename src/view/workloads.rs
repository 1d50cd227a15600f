//! Workloads with what they make: ReplicaSets, the revisions of DaemonSets and StatefulSets, the
//! Jobs of CronJobs.
//!
//! Upstream: none; counts are those of kubectl's tables.

use std::sync::Arc;

use k8s_openapi::api::core::v1::PodTemplateSpec;
use serde_json::Value;

use crate::api::{Body, JobBody, Kind, Object, Order};
use crate::apiserver::Snapshot;
use crate::clock::digest_of;

use super::{SetView, WorkloadView};

const REVISION: &str = "deployment.kubernetes.io/revision";
const REVISION_HASH: &str = "controller-revision-hash";

/// One of twelve colours; neighbouring revisions of one workload are far apart.
fn hue(name: &str, revision: u64) -> u32 {
    ((digest_of(name) % 12 + revision * 5) % 12) as u32
}

fn set_hue(set: &Object) -> u32 {
    let owner = set.meta.controller().map_or(&*set.meta.name, |c| &*c.name);
    hue(owner, revision(set).parse().unwrap_or(0))
}

/// The number of a ReplicaSet or ControllerRevision; empty without one.
fn revision(set: &Object) -> String {
    let number = set.data().and_then(|data| data.get("revision"));
    match number.and_then(Value::as_u64) {
        Some(number) => number.to_string(),
        None => set.meta.annotation(REVISION).unwrap_or_default().into(),
    }
}

/// Whether a pod is of a revision: a StatefulSet labels it with the name, a DaemonSet with the
/// name's end.
fn is_of(pod: &Object, revision: &Object) -> bool {
    let hash = pod.meta.label(REVISION_HASH).unwrap_or_default();
    let owner = revision.meta.controller().map_or("", |c| &*c.name);
    let end = revision.meta.name.strip_prefix(owner).unwrap_or_default();
    *revision.meta.name == *hash || end.strip_prefix('-') == Some(hash)
}

/// The colour of a pod: that of its ReplicaSet or revision.
pub(super) fn pod_hue(snapshot: Snapshot<'_>, pod: &Object) -> u32 {
    let Some(owner) = pod.meta.controller() else {
        return hue(&pod.meta.name, 0);
    };
    let (kind, space) = (&*owner.kind, &pod.meta.namespace);
    if kind == Kind::ReplicaSet.name() {
        let set = snapshot.find(Kind::ReplicaSet, space, &owner.name);
        return set.map_or_else(|| hue(&pod.meta.name, 0), |set| set_hue(set));
    }
    if kind == Kind::Job.name() {
        let job = snapshot.find(Kind::Job, space, &owner.name);
        return job.map_or_else(|| hue(&owner.name, 0), |job| job_hue(job));
    }
    let mut revisions = snapshot.owned_by(Kind::ControllerRevision, owner.uid);
    let own = revisions.find(|revision| is_of(pod, revision));
    own.map_or_else(|| hue(&owner.name, 0), |revision| set_hue(revision))
}

/// Every workload, kind by kind.
pub(super) fn workload_views(snapshot: Snapshot<'_>) -> Vec<WorkloadView> {
    let kinds = [
        Kind::Deployment,
        Kind::DaemonSet,
        Kind::StatefulSet,
        Kind::ReplicaSet,
        Kind::ReplicationController,
        Kind::CronJob,
        Kind::Job,
    ];
    let all = kinds.iter().flat_map(|kind| snapshot.list(*kind, None));
    all.filter_map(|object| view(snapshot, object)).collect()
}

fn view(snapshot: Snapshot<'_>, object: &Arc<Object>) -> Option<WorkloadView> {
    let (desired, ready, updated, available) = match &object.body {
        Body::Deployment(body) => {
            let s = &body.status;
            let counts = (s.ready_replicas, s.updated_replicas, s.available_replicas);
            (body.replicas(), counts.0, counts.1, counts.2)
        }
        Body::DaemonSet(body) => {
            let s = &body.status;
            (s.desired, s.ready, s.updated, s.available)
        }
        Body::StatefulSet(body) => {
            let s = &body.status;
            let counts = (s.ready_replicas, s.updated_replicas, s.available_replicas);
            (body.replicas(), counts.0, counts.1, counts.2)
        }
        Body::ReplicaSet(body) | Body::ReplicationController(body)
            if object.meta.controller().is_none() =>
        {
            let s = &body.status;
            let ready = s.ready_replicas;
            (body.replicas, ready, s.replicas, s.available_replicas)
        }
        Body::CronJob(_) => {
            let jobs: Vec<&Arc<Object>> = snapshot.owned_by(Kind::Job, object.meta.uid).collect();
            let ended = jobs.iter().filter(|job| {
                let body = job.job();
                body.is_some_and(|body| body.status.finished().is_some())
            });
            let (all, ended) = (count(jobs.len()), count(ended.count()));
            (all, ended, all, ended)
        }
        Body::Job(body) if object.meta.controller().is_none() => {
            let succeeded = body.status.succeeded;
            (wanted(body), succeeded, succeeded, succeeded)
        }
        _ => return None,
    };
    Some(WorkloadView {
        kind: object.kind().name().into(),
        namespace: object.meta.namespace.to_string(),
        name: object.meta.name.to_string(),
        desired,
        ready,
        updated,
        available,
        sets: sets(snapshot, object),
    })
}

fn sets(snapshot: Snapshot<'_>, object: &Arc<Object>) -> Vec<SetView> {
    let uid = object.meta.uid;
    let mut sets: Vec<SetView> = match object.kind() {
        Kind::Deployment => {
            let owned = snapshot.owned_by(Kind::ReplicaSet, uid);
            owned.filter_map(|set| set_view(set)).collect()
        }
        Kind::DaemonSet | Kind::StatefulSet => {
            let owned = snapshot.owned_by(Kind::ControllerRevision, uid);
            let pods: Vec<&Arc<Object>> = snapshot.owned_by(Kind::Pod, uid).collect();
            owned.map(|set| revision_view(set, &pods)).collect()
        }
        Kind::ReplicaSet => set_view(object).into_iter().collect(),
        Kind::CronJob => {
            let owned = snapshot.owned_by(Kind::Job, uid);
            owned.filter_map(|job| job_view(snapshot, job)).collect()
        }
        Kind::Job => job_view(snapshot, object).into_iter().collect(),
        _ => Vec::new(),
    };
    sets.order_by_key(|set| set.revision.parse::<u64>().unwrap_or(0));
    sets
}

fn images(template: &PodTemplateSpec) -> String {
    let containers = template.spec.iter().flat_map(|s| &s.containers);
    let images: Vec<&str> = containers.filter_map(|c| c.image.as_deref()).collect();
    images.join(",")
}

fn set_view(object: &Object) -> Option<SetView> {
    let set = object.replica_set()?;
    Some(SetView {
        name: object.meta.name.to_string(),
        revision: revision(object),
        images: images(&set.template.api),
        desired: set.replicas,
        current: set.status.replicas,
        ready: set.status.ready_replicas,
        hue: set_hue(object),
    })
}

fn count(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

/// How many pods of a Job have to succeed.
fn wanted(job: &JobBody) -> i32 {
    job.spec.completions.unwrap_or(1)
}

/// The Jobs of a CronJob are numbered by the minute of their schedule.
fn minute(job: &Object) -> &str {
    let owner = job.meta.controller().map(|owner| &*owner.name);
    let rest = owner.and_then(|owner| job.meta.name.strip_prefix(owner));
    rest.and_then(|rest| rest.strip_prefix('-'))
        .unwrap_or_default()
}

fn job_hue(job: &Object) -> u32 {
    let owner = job.meta.controller().map_or(&*job.meta.name, |c| &*c.name);
    hue(owner, minute(job).parse().unwrap_or(0))
}

fn job_view(snapshot: Snapshot<'_>, object: &Arc<Object>) -> Option<SetView> {
    let job = object.job()?;
    let pods = snapshot.owned_by(Kind::Pod, object.meta.uid);
    Some(SetView {
        name: object.meta.name.to_string(),
        revision: minute(object).to_string(),
        images: images(&job.template.api),
        desired: wanted(job),
        current: count(pods.count()),
        ready: job.status.succeeded,
        hue: job_hue(object),
    })
}

fn revision_view(object: &Object, pods: &[&Arc<Object>]) -> SetView {
    let containers = object
        .data()
        .and_then(|data| data.pointer("/data/spec/template/spec/containers"))
        .and_then(Value::as_array);
    let images = containers.into_iter().flatten();
    let images = images.filter_map(|c| c.get("image").and_then(Value::as_str));
    let own = pods.iter().filter(|pod| is_of(pod, object));
    let ready = own.clone().filter(|pod| {
        let body = pod.pod();
        body.is_some_and(|body| body.status.is_ready())
    });
    let current = count(own.count());
    SetView {
        name: object.meta.name.to_string(),
        revision: revision(object),
        images: images.collect::<Vec<_>>().join(","),
        desired: current,
        current,
        ready: count(ready.count()),
        hue: set_hue(object),
    }
}

#[cfg(test)]
mod tests {
    use crate::clock::Span;
    use crate::cluster::{Setup, World};
    use crate::view::map_diff;

    #[test]
    fn jobs_and_the_jobs_of_cron_jobs_are_shown_with_their_pods() {
        let mut world = World::new(Setup::chapter(1));
        for line in [
            "kubectl create job once --image=busybox",
            "kubectl create cronjob often --image=busybox --schedule='* * * * *'",
        ] {
            world.console(line);
        }
        world.run_until(world.now() + Span::secs(130));
        let shown = map_diff(&world, None);
        let workloads = shown.workloads.expect("all of them");
        let told: Vec<String> = workloads
            .iter()
            .map(|w| {
                format!(
                    "{} {} {}/{} in {}",
                    w.kind,
                    w.name,
                    w.ready,
                    w.desired,
                    w.sets.len()
                )
            })
            .collect();
        assert_eq!(told, ["CronJob often 2/2 in 2", "Job once 1/1 in 1"]);
        let hues: Vec<u32> = workloads
            .iter()
            .flat_map(|w| w.sets.iter().map(|s| s.hue))
            .collect();
        assert_ne!(hues[0], hues[1], "two Jobs of a CronJob have two colours");
        let mut owners: Vec<&str> = shown.pods.iter().map(|pod| &*pod.workload).collect();
        owners.sort_unstable();
        assert_eq!(owners, ["often", "often", "once"]);
        assert!(shown.pods.iter().all(|pod| hues.contains(&pod.hue)));
    }
}
