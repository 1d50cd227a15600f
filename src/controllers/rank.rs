//! Which pods go first where there are too many.
//!
//! Upstream: `pkg/controller/controller_utils.go` (ActivePodsWithRanks), `getPodsToDelete`.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::{Object, Order, Phase, PodConditionType};
use crate::clock::SimTime;

/// The annotation that makes a pod dearer or cheaper to delete.
const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// How many active pods of the same family each node has.
pub(super) type Crowds = BTreeMap<Arc<str>, usize>;

/// The pods to delete: `count` of them, those that matter least first.
pub(super) fn pods_to_delete(
    pods: Vec<Arc<Object>>,
    count: usize,
    crowds: &Crowds,
    now: SimTime,
) -> Vec<Arc<Object>> {
    if count >= pods.len() {
        return pods;
    }
    let mut ranked = ranked(pods, crowds, now);
    ranked.truncate(count);
    ranked
}

/// Pods in the order in which they are deleted.
pub(super) fn ranked(pods: Vec<Arc<Object>>, crowds: &Crowds, now: SimTime) -> Vec<Arc<Object>> {
    let mut ranked: Vec<(Facts, Arc<Object>)> = pods
        .into_iter()
        .map(|pod| (Facts::of(&pod, crowds), pod))
        .collect();
    ranked.order_by(|(a, _), (b, _)| a.compare(b, now));
    ranked.into_iter().map(|(_, pod)| pod).collect()
}

/// What the order of deletion depends on.
struct Facts {
    assigned: bool,
    phase: u8,
    ready: Option<SimTime>,
    cost: i32,
    crowd: usize,
    restarts: (u32, u32),
    created: SimTime,
    uid: crate::api::Uid,
}

impl Facts {
    fn of(pod: &Object, crowds: &Crowds) -> Facts {
        let body = pod.pod();
        let node = body.and_then(|b| b.node_name.as_ref());
        let status = body.map(|b| &b.status);
        let ready = status.filter(|s| s.is_ready());
        let ready = ready.and_then(|s| s.condition(PodConditionType::Ready));
        let cost = pod
            .meta
            .annotation(DELETION_COST)
            .and_then(|text| text.parse().ok());
        let most = |list: &[crate::api::ContainerStatus]| {
            list.iter().map(|c| c.restart_count).max().unwrap_or(0)
        };
        Facts {
            assigned: node.is_some(),
            phase: match status.map(|s| s.phase) {
                Some(Phase::Running) => 2,
                Some(Phase::Unknown) => 1,
                _ => 0,
            },
            ready: ready.map(|c| c.transition.whole_secs()),
            cost: cost.unwrap_or(0),
            crowd: node.and_then(|n| crowds.get(n)).copied().unwrap_or(0),
            restarts: status.map_or((0, 0), |s| (most(&s.containers), most(&s.init_containers))),
            created: pod.meta.created.whole_secs(),
            uid: pod.meta.uid,
        }
    }

    /// `Less` if this pod is deleted before the other.
    fn compare(&self, other: &Facts, now: SimTime) -> Ordering {
        let by_uid = self.uid.cmp(&other.uid);
        let first = self
            .assigned
            .cmp(&other.assigned)
            .then(self.phase.cmp(&other.phase));
        let first = first.then(self.ready.is_some().cmp(&other.ready.is_some()));
        let first = first
            .then(self.cost.cmp(&other.cost))
            .then(other.crowd.cmp(&self.crowd));
        let age = |a, b| bucket(now, a).cmp(&bucket(now, b)).then(by_uid);
        let readiness = match (self.ready, other.ready) {
            (Some(a), Some(b)) if a != b => age(a, b),
            _ => Ordering::Equal,
        };
        let created = if self.created == other.created {
            Ordering::Equal
        } else {
            age(self.created, other.created)
        };
        first
            .then(readiness)
            .then(other.restarts.cmp(&self.restarts))
            .then(created)
    }
}

/// floor(log2(age in nanoseconds)); -1 for no age at all.
fn bucket(now: SimTime, since: SimTime) -> i64 {
    let nanos = (now - since).as_micros().saturating_mul(1000);
    u64::try_from(nanos)
        .ok()
        .and_then(u64::checked_ilog2)
        .map_or(-1, i64::from)
}
