//! Whether a node takes a pod that was bound to it.
//!
//! Upstream: `pkg/kubelet/lifecycle/predicate.go`. Differs: node affinity expressions, taints and
//! extended resources are left to the scheduler.

use crate::clock::SimTime;

use super::worker::{Act, Worker};

/// Reason and words of a refusal; `None` if the pod is welcome.
pub(super) fn refusal(worker: &Worker, act: &Act<'_, '_>) -> Option<(&'static str, String)> {
    let pod = worker.object.pod()?;
    // One that was here before is not asked again.
    if pod
        .status
        .start_time
        .is_some_and(|at| at != SimTime::default())
    {
        return None;
    }
    let (wanted, used) = (&pod.spec.facts.requests, &act.machine.used);
    let has = act.machine.config.resources();
    let short = [
        ("OutOfpods", "pods", 1, used.pods, act.machine.config.pods),
        (
            "OutOfcpu",
            "cpu",
            wanted.cpu_milli,
            used.cpu_milli,
            has.cpu_milli,
        ),
        (
            "OutOfmemory",
            "memory",
            wanted.memory_bytes,
            used.memory_bytes,
            has.memory_bytes,
        ),
        (
            "OutOfephemeral-storage",
            "ephemeral-storage",
            wanted.ephemeral_bytes,
            used.ephemeral_bytes,
            has.ephemeral_bytes,
        ),
    ];
    let short = short
        .into_iter()
        .find(|(_, _, asked, used, has)| *asked > 0 && asked + used > *has);
    if let Some((reason, resource, asked, used, has)) = short {
        let text = format!(
            "Node didn't have enough resource: {resource}, requested: {asked}, used: {used}, capacity: {has}"
        );
        return Some((reason, text));
    }
    let labels = act.machine.config.all_labels();
    let node = act
        .client
        .cache()
        .find(crate::api::Kind::Node, "", act.machine.name());
    let has = |key: &String, value: &String| {
        let live = node.and_then(|node| node.meta.label(key));
        live.or(labels.get(key).map(String::as_str)) == Some(value.as_str())
    };
    let selector = pod.spec.spec.node_selector.iter().flatten();
    if selector.clone().any(|(key, value)| !has(key, value)) {
        let text =
            "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector";
        return Some(("NodeAffinity", text.to_string()));
    }
    None
}
