//! What a Deployment's controller may do to its ReplicaSets.

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube_orrery::api::{DeploymentBody, Kind, Object, Uid};
use kube_orrery::apiserver::Snapshot;

use super::guard::{Moment, hold};

const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";

/// Judges a write of a ReplicaSet's size.
pub fn judge(moment: &Moment<'_>) -> Result<(), String> {
    let Some(rs) = moment.change.new.filter(|rs| rs.kind() == Kind::ReplicaSet) else {
        return Ok(());
    };
    if moment.change.cause.actor != "deployment-controller" {
        return Ok(());
    }
    let Some((uid, versions)) = moment.owner(Kind::Deployment) else {
        return Ok(());
    };
    let bodies: Vec<&DeploymentBody> = versions.iter().filter_map(|d| d.deployment()).collect();
    let (old, new) = (moment.change.old.map_or(0, size), size(rs));
    if new > old {
        let total: i32 = total(moment, uid);
        let most = bodies
            .iter()
            .map(|body| body.replicas() + surge(body))
            .max();
        return hold(Some(total) <= most, || {
            format!("{total} pods are asked for, and {most:?} may be")
        });
    }
    if new < old
        && bodies
            .iter()
            .all(|body| !resizes(body, moment.cache(), uid))
    {
        let floor = bodies
            .iter()
            .map(|body| body.replicas() - unavailable(body))
            .min();
        let (before, after) = (
            serving(moment, moment.before(), uid),
            serving(moment, moment.after(), uid),
        );
        return hold(Some(after) >= floor.min(Some(before)), || {
            format!("leaves {after} of {before} available pods, and the least is {floor:?}")
        });
    }
    Ok(())
}

fn size(rs: &Arc<Object>) -> i32 {
    rs.replica_set().map_or(0, |body| body.replicas)
}

/// The pods that are asked for, as far as the controller knows: a write of its own a moment ago the
/// cache does not show yet.
fn total(moment: &Moment<'_>, uid: Uid) -> i32 {
    let known = |rs: &Arc<Object>| {
        let cached = moment.cache().get(&rs.key()).map_or(0, size);
        if moment.is_written_now(&rs.key()) {
            size(rs)
        } else {
            cached
        }
    };
    moment
        .after()
        .owned_by(Kind::ReplicaSet, uid)
        .map(known)
        .sum()
}

/// Available pods that stay, as far as the controller knows.
fn serving(moment: &Moment<'_>, sizes: Snapshot<'_>, uid: Uid) -> i32 {
    let available = |rs: &Arc<Object>| {
        let cached = moment
            .cache()
            .get(&rs.key())
            .and_then(|rs| rs.replica_set());
        cached.map_or(0, |body| body.status.available_replicas)
    };
    sizes
        .owned_by(Kind::ReplicaSet, uid)
        .map(|rs| size(rs).min(available(rs)))
        .sum()
}

/// Whether the controller gives the ReplicaSets the Deployment's new size, or rolls out otherwise
/// than by steps: it then need not keep pods available.
fn resizes(body: &DeploymentBody, cache: Snapshot<'_>, uid: Uid) -> bool {
    let wanted = body.replicas().to_string();
    let mut active = cache
        .owned_by(Kind::ReplicaSet, uid)
        .filter(|rs| size(rs) > 0);
    !is_rolling(body) || active.any(|rs| rs.meta.annotation(DESIRED) != Some(&wanted))
}

fn is_rolling(body: &DeploymentBody) -> bool {
    let kind = body.spec.strategy.as_ref().and_then(|s| s.type_.as_deref());
    kind != Some("Recreate")
}

fn surge(body: &DeploymentBody) -> i32 {
    let rolling = body
        .spec
        .strategy
        .as_ref()
        .and_then(|s| s.rolling_update.as_ref());
    rolling
        .and_then(|r| r.max_surge.as_ref())
        .map_or(0, |v| part(v, body.replicas(), true))
}

fn unavailable(body: &DeploymentBody) -> i32 {
    let rolling = body
        .spec
        .strategy
        .as_ref()
        .and_then(|s| s.rolling_update.as_ref());
    let given = rolling.and_then(|r| r.max_unavailable.as_ref());
    let missing = given.map_or(0, |v| part(v, body.replicas(), false));
    // One that may neither go above nor below is let go below by one.
    let stands = missing == 0 && surge(body) == 0;
    missing.max(i32::from(stands)).min(body.replicas())
}

fn part(value: &IntOrString, of: i32, up: bool) -> i32 {
    match value {
        IntOrString::Int(number) => *number,
        IntOrString::String(text) => {
            let percent: i32 = text.trim_end_matches('%').parse().unwrap_or(0);
            (percent * of + if up { 99 } else { 0 }) / 100
        }
    }
}
