//! `kubectl describe replicaset` and `replicationcontroller`.
//!
//! Upstream: `describeReplicaSet`, `describeReplicationController` in `describe.go`.

use crate::api::{Kind, Object, Phase, Selector};

use super::text::Text;
use super::{Scene, deployment, events, template};

pub(super) fn write(object: &Object, scene: Scene<'_>, out: &mut Text) {
    let Some(rs) = object.replica_set() else {
        return;
    };
    out.names(&object.meta);
    out.field(0, "Selector", &rs.selector);
    out.labels(&object.meta);
    out.controller(&object.meta);
    let (is, wanted) = (rs.status.replicas, rs.replicas);
    out.field(0, "Replicas", format!("{is} current / {wanted} desired"));
    pods_status(object, &rs.selector, scene, out);
    template::write(&rs.template.api, out);
    deployment::conditions(&rs.status.conditions, out);
    events::write(object, scene, out);
}

/// How many of a workload's pods are in which phase.
pub(super) fn pods_status(object: &Object, selector: &Selector, scene: Scene<'_>, out: &mut Text) {
    let pods = scene.snapshot.owned_by(Kind::Pod, object.meta.uid);
    let pods = pods.filter(|pod| selector.matches(&pod.meta.labels));
    let (mut running, mut waiting, mut succeeded, mut failed) = (0, 0, 0, 0);
    for pod in pods.filter_map(|object| object.pod()) {
        match pod.status.phase {
            Phase::Running => running += 1,
            Phase::Pending => waiting += 1,
            Phase::Succeeded => succeeded += 1,
            Phase::Failed => failed += 1,
            Phase::Unknown => {}
        }
    }
    out.field(
        0,
        "Pods Status",
        format!("{running} Running / {waiting} Waiting / {succeeded} Succeeded / {failed} Failed"),
    );
}
