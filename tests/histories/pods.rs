//! What the controllers may create: never a pod or a Job too many.

use std::sync::Arc;

use kube_orrery::api::{Kind, NameRequirement, Object};

use super::guard::{Moment, active, hold, is_active};

const INDEX: &str = "batch.kubernetes.io/job-completion-index";

/// Judges what a controller has created or deleted.
pub fn judge(moment: &Moment<'_>) -> Result<(), String> {
    replica_set(moment)?;
    stateful_set(moment)?;
    scaled_down(moment)?;
    daemon_set(moment)?;
    job(moment)?;
    cron_job(moment)
}

/// No more pods than the ReplicaSet's size.
fn replica_set(moment: &Moment<'_>) -> Result<(), String> {
    let created = moment.created_by("replicaset-controller", Kind::Pod);
    let Some((uid, versions)) = created.and_then(|_| moment.owner(Kind::ReplicaSet)) else {
        return Ok(());
    };
    let sizes = versions
        .iter()
        .filter_map(|rs| rs.replica_set())
        .map(|body| body.replicas);
    let (most, count) = (sizes.max().unwrap_or(0), active(moment.after(), uid));
    hold(
        i32::try_from(count).is_ok_and(|count| count <= most),
        || format!("{count} pods, and its size is {most}"),
    )
}

/// The number at the end of a pod's name.
fn ordinal(pod: &Object) -> Option<i32> {
    pod.meta.name.rsplit('-').next()?.parse().ok()
}

fn is_ready(pod: &Arc<Object>) -> bool {
    !pod.meta.is_deleting() && pod.pod().is_some_and(|body| body.status.is_ready())
}

/// Ordinals within the size, each once, and in order unless they may come at once.
fn stateful_set(moment: &Moment<'_>) -> Result<(), String> {
    let Some(pod) = moment.created_by("statefulset-controller", Kind::Pod) else {
        return Ok(());
    };
    let (Some((uid, versions)), Some(number)) = (moment.owner(Kind::StatefulSet), ordinal(pod))
    else {
        return Ok(());
    };
    let bodies: Vec<_> = versions
        .iter()
        .filter_map(|set| set.stateful_set())
        .collect();
    let within = |first: i32, size: i32| (first..first + size).contains(&number);
    hold(
        bodies
            .iter()
            .any(|body| within(body.first_ordinal(), body.replicas())),
        || {
            format!(
                "no ordinal of a set of {:?}",
                bodies.iter().map(|b| b.replicas()).max()
            )
        },
    )?;
    let pods = || {
        moment
            .after()
            .owned_by(Kind::Pod, uid)
            .filter(|pod| !pod.meta.is_deleting())
    };
    let same = pods().filter(|pod| ordinal(pod) == Some(number)).count();
    hold(same == 1, || format!("{same} pods of one ordinal"))?;
    let first = bodies
        .iter()
        .map(|body| body.first_ordinal())
        .max()
        .unwrap_or(0);
    let missing = (first..number).find(|lower| {
        let mut known = moment.cache().owned_by(Kind::Pod, uid);
        !known.any(|pod| ordinal(pod) == Some(*lower) && is_ready(pod))
    });
    let at_once = bodies.iter().any(|body| body.is_parallel());
    hold(at_once || missing.is_none(), || {
        format!("before {missing:?} is ready")
    })
}

/// The pods of a smaller set go one after the other, the last first.
fn scaled_down(moment: &Moment<'_>) -> Result<(), String> {
    let (Some(old), Some(new)) = (moment.change.old, moment.change.new) else {
        return Ok(());
    };
    let marked = !old.meta.is_deleting() && new.meta.is_deleting();
    if !marked || moment.change.cause.actor != "statefulset-controller" {
        return Ok(());
    }
    let (Some((uid, versions)), Some(number)) = (moment.owner(Kind::StatefulSet), ordinal(new))
    else {
        return Ok(());
    };
    let mut bodies = versions.iter().filter_map(|set| set.stateful_set());
    let surplus =
        bodies.all(|body| !body.is_parallel() && number >= body.first_ordinal() + body.replicas());
    let mut known = moment.cache().owned_by(Kind::Pod, uid);
    let stays = |pod: &Arc<Object>| {
        let mut owned = moment.before().owned_by(Kind::Pod, uid);
        owned.any(|own| own.meta.uid == pod.meta.uid)
    };
    let higher = known.find(|pod| ordinal(pod) > Some(number) && stays(pod));
    hold(!surplus || higher.is_none(), || {
        format!("{} is still there", higher.map_or("", |pod| &pod.meta.name))
    })
}

/// The node that a pod is on or is made for.
pub fn target(pod: &Object) -> Option<String> {
    let body = pod.pod()?;
    if let Some(node) = &body.node_name {
        return Some(node.to_string());
    }
    let terms = body.spec.facts.placement.required_nodes.as_ref()?;
    terms
        .iter()
        .flat_map(|term| &term.names)
        .find_map(|names| match names {
            NameRequirement::In(names) => names.first().cloned(),
            NameRequirement::NotIn(_) => None,
        })
}

/// One daemon a node, and beside it one of another template where the update surges.
fn daemon_set(moment: &Moment<'_>) -> Result<(), String> {
    let Some(pod) = moment.created_by("daemonset-controller", Kind::Pod) else {
        return Ok(());
    };
    let Some((uid, _)) = moment.owner(Kind::DaemonSet) else {
        return Ok(());
    };
    let pods = moment
        .after()
        .owned_by(Kind::Pod, uid)
        .filter(|other| is_active(other));
    let here: Vec<_> = pods.filter(|other| target(other) == target(pod)).collect();
    let hash = |pod: &Object| {
        pod.meta
            .label("controller-revision-hash")
            .map(str::to_string)
    };
    let same = here.iter().filter(|other| hash(other) == hash(pod)).count();
    hold(same == 1 && here.len() <= 2, || {
        format!(
            "{} daemons on {:?}, {same} of one template",
            here.len(),
            target(pod)
        )
    })
}

/// No more pods than the parallelism, nor than completions are left; one an index.
fn job(moment: &Moment<'_>) -> Result<(), String> {
    let Some(pod) = moment.created_by("job-controller", Kind::Pod) else {
        return Ok(());
    };
    let Some((uid, versions)) = moment.owner(Kind::Job) else {
        return Ok(());
    };
    let bodies: Vec<_> = versions.iter().filter_map(|job| job.job()).collect();
    let most = bodies
        .iter()
        .map(|body| body.parallelism())
        .max()
        .unwrap_or(0);
    let left = bodies.iter().map(|body| {
        let wanted = body.spec.completions.unwrap_or(i32::MAX);
        wanted - body.status.succeeded
    });
    let most = most.min(left.max().unwrap_or(0));
    let count = active(moment.after(), uid);
    hold(
        i32::try_from(count).is_ok_and(|count| count <= most),
        || format!("{count} pods at once, and {most} may be"),
    )?;
    hold(bodies.iter().any(|body| !body.is_suspended()), || {
        "though it is suspended".into()
    })?;
    let index = |pod: &Object| pod.meta.label(INDEX).map(str::to_string);
    let pods = moment
        .after()
        .owned_by(Kind::Pod, uid)
        .filter(|other| is_active(other));
    let same = pods.filter(|other| index(other) == index(pod)).count();
    hold(index(pod).is_none() || same == 1, || {
        format!("{same} pods of one index")
    })
}

/// Under Forbid, no Job beside another one.
fn cron_job(moment: &Moment<'_>) -> Result<(), String> {
    let Some(created) = moment.created_by("cronjob-controller", Kind::Job) else {
        return Ok(());
    };
    let Some((uid, versions)) = moment.owner(Kind::CronJob) else {
        return Ok(());
    };
    let mut bodies = versions.iter().filter_map(|object| object.cron_job());
    let forbids = bodies.all(|body| body.spec.concurrency_policy.as_deref() == Some("Forbid"));
    let mut jobs = moment.after().owned_by(Kind::Job, uid);
    let other = jobs.find(|job| {
        let goes_on = job
            .job()
            .is_some_and(|body| body.status.finished().is_none());
        job.meta.uid != created.meta.uid && goes_on
    });
    hold(!forbids || other.is_none(), || {
        format!("{} goes on", other.map_or("", |job| &job.meta.name))
    })
}
