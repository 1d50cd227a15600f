//! What holds once a history has come to rest.

use std::collections::BTreeSet;
use std::sync::Arc;

use kube_orrery::api::{KINDS, Kind, Object, Taint, Uid};
use kube_orrery::apiserver::{Change, Snapshot};
use kube_orrery::clock::Span;
use kube_orrery::cluster::World;

use super::guard::{active, hold, words};
use super::pods::target;

/// Judges a world in which nothing goes on.
pub fn check(world: &mut World) -> Result<(), String> {
    let head = world.store().head();
    owners(head)?;
    for rs in head.list(Kind::ReplicaSet, None) {
        replica_set(rs, head)?;
    }
    for set in head
        .list(Kind::DaemonSet, None)
        .filter(|set| !set.meta.is_deleting())
    {
        for node in head.list(Kind::Node, None) {
            daemon(set, node, head)?;
        }
    }
    again(world)
}

/// Every owned object has a living owner, or is being collected.
fn owners(head: Snapshot<'_>) -> Result<(), String> {
    let all = || KINDS.iter().flat_map(|kind| head.list(*kind, None));
    let living: BTreeSet<Uid> = all().map(|object| object.meta.uid).collect();
    let orphan = all().find(|object| {
        let mut owners = object.meta.owners.iter();
        let abandoned = owners.len() > 0 && owners.all(|owner| !living.contains(&owner.uid));
        abandoned && !object.meta.is_deleting()
    });
    hold(orphan.is_none(), || {
        let name = orphan.map(|object| (object.kind().name(), &object.meta.name));
        format!("{name:?} has no living owner")
    })
}

/// As many pods as asked for, and the status tells the truth.
fn replica_set(rs: &Arc<Object>, head: Snapshot<'_>) -> Result<(), String> {
    let Some(body) = rs.replica_set().filter(|_| !rs.meta.is_deleting()) else {
        return Ok(());
    };
    let count = active(head, rs.meta.uid) as i64;
    let pods = head.owned_by(Kind::Pod, rs.meta.uid);
    let ready = pods.filter(|pod| {
        !pod.meta.is_deleting() && pod.pod().is_some_and(|body| body.status.is_ready())
    });
    let (ready, status) = (ready.count() as i64, &body.status);
    let told = (i64::from(status.replicas), i64::from(status.ready_replicas));
    hold(
        count == i64::from(body.replicas) && told == (count, ready),
        || {
            format!(
                "{} asks for {} pods, has {count} with {ready} ready and tells {told:?}",
                rs.meta.name, body.replicas
            )
        },
    )
}

/// One daemon on a node that may have it, none on one that may not keep it.
fn daemon(set: &Arc<Object>, node: &Arc<Object>, head: Snapshot<'_>) -> Result<(), String> {
    let (Some(body), Some(machine)) = (set.daemon_set(), node.node()) else {
        return Ok(());
    };
    let spec = body.template.api.spec.as_ref();
    let wanted = spec.and_then(|spec| spec.node_selector.as_ref());
    let fits = wanted.is_none_or(|wanted| {
        wanted
            .iter()
            .all(|(key, value)| node.meta.label(key) == Some(value))
    });
    let takes_master = spec.is_some_and(|spec| spec.tolerations.is_some());
    let hurts = |taint: &&Taint| {
        let own = match (&*taint.key, &*taint.effect) {
            ("node-role.kubernetes.io/control-plane", _) => takes_master,
            ("node.kubernetes.io/unreachable" | "node.kubernetes.io/not-ready", "NoExecute") => {
                true
            }
            ("node.kubernetes.io/unschedulable", "NoSchedule") => true,
            (_, effect) => effect == "PreferNoSchedule",
        };
        !own
    };
    let worst: Vec<&str> = machine
        .taints
        .iter()
        .filter(hurts)
        .map(|t| &*t.effect)
        .collect();
    let pods = head.owned_by(Kind::Pod, set.meta.uid);
    let pods = pods.filter(|pod| super::guard::is_active(pod));
    let count = pods
        .filter(|pod| target(pod).as_deref() == Some(&*node.meta.name))
        .count();
    let right = match (fits, worst.contains(&"NoExecute"), worst.is_empty()) {
        (true, false, true) => count == 1,
        (true, false, false) => count <= 1,
        _ => count == 0,
    };
    hold(right, || {
        format!(
            "{count} daemons on {} (selected: {fits}, taints: {worst:?})",
            node.meta.name
        )
    })
}

/// One more reconcile of every key writes nothing.
fn again(world: &mut World) -> Result<(), String> {
    let before = world.store().revision();
    world.resync();
    world.run_until(world.now() + Span::secs(2));
    let head = world.store().at(before);
    let mut changes = world.store().changes(before, u64::MAX);
    let write = changes.find(|change| !is_known(change, head));
    hold(write.is_none(), || {
        let write = write.as_ref().map(words).unwrap_or_default();
        format!("one more reconcile: {write}")
    })
}

/// Writes that upstream's controllers would do as well.
fn is_known(change: &Change<'_>, head: Snapshot<'_>) -> bool {
    let tainted = |node: &Arc<Object>| {
        let taints = node.node().into_iter().flat_map(|node| &*node.taints);
        taints
            .clone()
            .any(|taint| &*taint.key != "node-role.kubernetes.io/control-plane")
    };
    let going = |uid: Uid| {
        let set = |set: &&Arc<Object>| set.meta.uid == uid && set.meta.is_deleting();
        head.list(Kind::StatefulSet, None)
            .any(|object| set(&object))
    };
    match change.kind {
        Kind::Event | Kind::Lease => true,
        // A taint under which pods may stay wakes no DaemonSet: its counts lag behind.
        Kind::DaemonSet => head.list(Kind::Node, None).any(tainted),
        // A budget counts what the pods' owners ask for, and no change of an owner wakes it.
        Kind::PodDisruptionBudget => head.list(Kind::StatefulSet, None).any(|set| {
            set.stateful_set()
                .is_some_and(|body| body.status.replicas != body.replicas())
        }),
        // A stranger has the name of one of its pods: it tries again after ever longer waits.
        Kind::StatefulSet => {
            let set = change.object();
            let of = format!("{}-", set.meta.name);
            let strange = |pod: &Arc<Object>| {
                let owner = pod.meta.controller().map(|owner| owner.uid);
                pod.meta.name.starts_with(&of) && owner != Some(set.meta.uid)
            };
            head.list(Kind::Pod, None).any(strange)
        }
        // A set makes its revision even while it waits for its dependents to be deleted.
        Kind::ControllerRevision => change
            .object()
            .meta
            .owners
            .iter()
            .any(|owner| going(owner.uid)),
        _ => false,
    }
}
