//! The taints that say what is wrong with a node.
//!
//! Upstream: `pkg/controller/nodelifecycle/node_lifecycle_controller.go` (doNoScheduleTaintingPass,
//! doNoExecuteTaintingPass), `pkg/controller/util/node/controller_utils.go`.

use std::sync::Arc;

use crate::api::{Body, ConditionStatus, Key, Kind, NodeBody, Taint};
use crate::apiserver::ApiError;
use crate::client::Client;
use crate::clock::SimTime;

use super::super::util::ignore_not_found;

pub(super) const NOT_READY: &str = "node.kubernetes.io/not-ready";
pub(super) const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
const MEMORY: &str = "node.kubernetes.io/memory-pressure";
const DISK: &str = "node.kubernetes.io/disk-pressure";
const PID: &str = "node.kubernetes.io/pid-pressure";
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
pub(super) const NO_SCHEDULE: &str = "NoSchedule";
pub(super) const NO_EXECUTE: &str = "NoExecute";

/// Keys whose NoSchedule taints follow the node's conditions and nothing else.
/// (`network-unavailable` is not among them: no node here has that condition.)
const MANAGED: [&str; 6] = [NOT_READY, UNREACHABLE, MEMORY, DISK, PID, UNSCHEDULABLE];

/// The keys that a node's NoSchedule taints should have.
fn wanted(node: &NodeBody) -> Vec<&'static str> {
    let conditions = &node.status.conditions;
    let pressed = |status| status == ConditionStatus::True;
    let rows = [
        (conditions.memory_pressure, MEMORY),
        (conditions.disk_pressure, DISK),
        (conditions.pid_pressure, PID),
    ];
    let mut keys = match conditions.ready {
        ConditionStatus::True => Vec::new(),
        ConditionStatus::False => vec![NOT_READY],
        ConditionStatus::Unknown => vec![UNREACHABLE],
    };
    keys.extend(
        rows.into_iter()
            .filter(|(status, _)| pressed(*status))
            .map(|(_, key)| key),
    );
    if node.unschedulable {
        keys.push(UNSCHEDULABLE);
    }
    keys
}

/// Taints to add and to remove, as (key, effect).
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Swap {
    pub add: Vec<(&'static str, &'static str)>,
    pub remove: Vec<(&'static str, &'static str)>,
}

/// What brings a node's NoSchedule taints in line with its conditions.
pub(super) fn plan_no_schedule(node: &NodeBody) -> Swap {
    let wanted = wanted(node);
    let has = |key: &str| node.has_taint(key, NO_SCHEDULE);
    let row = |key: &'static str| (key, NO_SCHEDULE);
    Swap {
        add: wanted
            .iter()
            .copied()
            .filter(|key| !has(key))
            .map(row)
            .collect(),
        remove: MANAGED
            .into_iter()
            .filter(|key| has(key) && !wanted.contains(key))
            .map(row)
            .collect(),
    }
}

/// What brings a node's NoExecute taints in line with its Ready condition.
pub(super) fn plan_no_execute(node: &NodeBody) -> Swap {
    let wanted = match node.status.conditions.ready {
        ConditionStatus::True => None,
        ConditionStatus::False => Some(NOT_READY),
        ConditionStatus::Unknown => Some(UNREACHABLE),
    };
    let has = |key: &str| node.has_taint(key, NO_EXECUTE);
    let row = |key: &'static str| (key, NO_EXECUTE);
    let others = [NOT_READY, UNREACHABLE].into_iter();
    Swap {
        add: wanted
            .into_iter()
            .filter(|key| !has(key))
            .map(row)
            .collect(),
        remove: others
            .filter(|key| has(key) && Some(*key) != wanted)
            .map(row)
            .collect(),
    }
}

/// Writes additions first, then removals, as upstream does in two patches.
pub(super) fn write(name: &Arc<str>, swap: &Swap, client: &mut Client<'_>) -> Result<(), ApiError> {
    let now = client.now();
    if !swap.add.is_empty() {
        edit(name, client, |list| add(list, &swap.add, now))?;
    }
    if !swap.remove.is_empty() {
        edit(name, client, |list| {
            list.retain(|t| !swap.remove.contains(&(&*t.key, &*t.effect)));
        })?;
    }
    Ok(())
}

fn add(list: &mut Vec<Taint>, rows: &[(&str, &str)], now: SimTime) {
    for (key, effect) in rows {
        list.push(Taint {
            key: (*key).into(),
            value: "".into(),
            effect: (*effect).into(),
            time_added: Some(now),
        });
    }
}

fn edit(
    name: &Arc<str>,
    client: &mut Client<'_>,
    change: impl FnOnce(&mut Vec<Taint>),
) -> Result<(), ApiError> {
    let latest = client
        .live()
        .get(&Key::new(Kind::Node, "", name.clone()))
        .cloned();
    let Some(latest) = latest else { return Ok(()) };
    let mut new = (*latest).clone();
    if let Body::Node(node) = &mut new.body {
        let mut list = node.taints.to_vec();
        change(&mut list);
        node.taints = list.into();
    }
    ignore_not_found(client.update(new).map(|_| ()))
}
