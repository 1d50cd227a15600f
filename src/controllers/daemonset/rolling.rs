//! Old pods replaced by new ones, a few nodes at a time.
//!
//! Upstream: `rollingUpdate` and `updatedDesiredNodeCounts` in `pkg/controller/daemon/update.go`.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::RollingUpdateDaemonSet;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::api::{DaemonSetBody, Object, Order};
use crate::apiserver::ApiError;

use super::super::util::scaled;
use super::Sync;
use super::manage::Plan;
use super::pods::PodsByNode;

/// Whether the strategy is a rolling update.
pub(super) fn is_rolling(body: &DaemonSetBody) -> bool {
    let strategy = body.spec.update_strategy.as_ref();
    strategy.and_then(|s| s.type_.as_deref()) == Some("RollingUpdate")
}

fn rolling(body: &DaemonSetBody) -> Option<&RollingUpdateDaemonSet> {
    let strategy = body.spec.update_strategy.as_ref()?;
    strategy
        .rolling_update
        .as_ref()
        .filter(|_| is_rolling(body))
}

fn surge(body: &DaemonSetBody, nodes: i32) -> i32 {
    let zero = IntOrString::Int(0);
    let given = rolling(body).and_then(|r| r.max_surge.as_ref());
    scaled(given.unwrap_or(&zero), nodes, true)
}

/// Whether a node may have two pods for a while.
pub(super) fn allows_surge(body: &DaemonSetBody) -> bool {
    surge(body, 1) > 0
}

/// How many nodes may do without an available pod, and how many may have two.
fn fences(body: &DaemonSetBody, nodes: i32) -> (usize, usize) {
    let one = IntOrString::Int(1);
    let given = rolling(body).and_then(|r| r.max_unavailable.as_ref());
    let (mut unavailable, surge) = (
        scaled(given.unwrap_or(&one), nodes, true),
        surge(body, nodes),
    );
    if nodes > 0 && unavailable == 0 && surge == 0 {
        unavailable = 1;
    }
    let count = |n: i32| usize::try_from(n).unwrap_or(0);
    (count(unavailable), count(surge))
}

/// A node in a rollout: whether it has a new and an old pod, and whether each is available.
#[derive(Clone, Debug)]
pub(super) struct OnNode {
    pub node: Arc<str>,
    pub should_run: bool,
    /// More than one pod of a kind: the next sync will delete some.
    pub crowded: bool,
    pub new: Option<bool>,
    /// The name, too.
    pub old: Option<(Arc<str>, bool)>,
}

/// Which old pods go where no node may have two. Old pods that are unavailable go at once.
pub(super) fn replace(nodes: &[OnNode], max_unavailable: usize) -> Plan {
    let (mut unavailable, mut plan, mut candidates) = (0, Plan::default(), Vec::new());
    for at in nodes {
        match (&at.new, &at.old) {
            _ if at.crowded => unavailable += 1,
            (None, None) | (Some(_), Some(_)) => unavailable += 1,
            (Some(available), None) => unavailable += usize::from(!available),
            (None, Some((name, false))) => {
                plan.pods.push(name.clone());
                unavailable += 1;
            }
            (None, Some(_)) if unavailable >= max_unavailable => {}
            (None, Some((name, true))) => candidates.push(name.clone()),
        }
    }
    let room = max_unavailable.saturating_sub(unavailable);
    plan.pods.extend(candidates.into_iter().take(room));
    plan
}

/// Which nodes get a new pod beside the old one, and which old pods go.
pub(super) fn surge_over(nodes: &[OnNode], max_surge: usize) -> Plan {
    let (mut surge, mut available, mut plan) = (0, 0, Plan::default());
    let (mut candidates, mut misplaced) = (Vec::new(), Vec::new());
    for at in nodes {
        if at.crowded {
            surge += 1;
            continue;
        }
        let counts = at.old.as_ref().map(|(_, available)| *available).or(at.new);
        available += usize::from(counts == Some(true));
        match (&at.old, at.new) {
            (None, _) => {}
            (Some((name, false)), None) if !at.should_run => plan.pods.push(name.clone()),
            (Some((_, false)), None) => plan.nodes.push(at.node.clone()),
            (Some((name, true)), None) if !at.should_run => misplaced.push(name.clone()),
            (Some(_), None) if surge >= max_surge => {}
            (Some(_), None) => candidates.push(at.node.clone()),
            (Some(_), Some(false)) => surge += 1,
            (Some((name, _)), Some(true)) => plan.pods.push(name.clone()),
        }
    }
    let desired = nodes.iter().filter(|at| at.should_run).count();
    let spare = available.saturating_sub(desired);
    plan.pods.extend(misplaced.into_iter().take(spare));
    let room = max_surge.saturating_sub(surge);
    plan.nodes.extend(candidates.into_iter().take(room));
    plan
}

impl Sync<'_, '_> {
    /// One step of a rolling update. Errors: of the writes.
    pub(super) fn roll(&mut self, pods: &PodsByNode, hash: &str) -> Result<(), ApiError> {
        let desired = self.nodes.iter().filter(|(_, v)| v.should_run).count();
        let desired = i32::try_from(desired).unwrap_or(i32::MAX);
        let (max_unavailable, max_surge) = fences(&self.body, desired);
        let mut names: Vec<&Arc<str>> = pods.keys().collect();
        names.extend(self.nodes.iter().filter(|n| n.1.should_run).map(|n| &n.0));
        names.order();
        names.dedup();
        let nodes = names.into_iter();
        let nodes: Vec<OnNode> = nodes.map(|node| self.on_node(node, pods, hash)).collect();
        let plan = if max_surge == 0 {
            replace(&nodes, max_unavailable)
        } else {
            surge_over(&nodes, max_surge)
        };
        self.carry_out(plan, pods, hash)
    }

    fn on_node(&self, node: &Arc<str>, pods: &PodsByNode, hash: &str) -> OnNode {
        let here = pods.get(node).into_iter().flatten();
        let staying = here.filter(|pod| !pod.meta.is_deleting());
        let is_new = |pod: &&Arc<Object>| self.is_updated(pod, hash);
        let (new, old): (Vec<_>, Vec<_>) = staying.partition(is_new);
        let at = self.nodes.binary_search_by(|(name, _)| name.cmp(node));
        let verdict = at.ok().and_then(|at| self.nodes.get(at));
        OnNode {
            node: node.clone(),
            should_run: verdict.is_some_and(|(_, v)| v.should_run),
            crowded: new.len() > 1 || old.len() > 1,
            new: new.first().map(|pod| self.is_available(pod)),
            old: old
                .first()
                .map(|pod| (pod.meta.name.clone(), self.is_available(pod))),
        }
    }
}
