//! Signs of life: when a node counts as lost, and what is written then.
//!
//! Upstream: `pkg/controller/nodelifecycle/node_lifecycle_controller.go` (tryUpdateNodeHealth),
//! `pkg/controller/util/node/controller_utils.go` (MarkPodsNotReady).

use std::sync::Arc;

use crate::api::{Body, ConditionStatus, InvolvedObject, LeaseBody, Object, PodConditionType};
use crate::apiserver::ApiError;
use crate::client::Client;
use crate::clock::SimTime;

use super::super::util::ignore_not_found;
use super::super::{Desk, Options};

/// When a node is lost, if nothing changes.
///
/// The monitor sees the last sign of life at its next pass, and gives up at the first pass that
/// comes the whole grace period after that one. (Upstream's passes drift by their own duration, so
/// that the tenth pass of five seconds comes a little more than fifty seconds later.)
pub(super) fn lost_at(
    node: &Object,
    lease: Option<&LeaseBody>,
    not_before: SimTime,
    options: &Options,
) -> Option<SimTime> {
    let (sign, grace) = match lease {
        Some(lease) => {
            let until = lease.until?;
            let last = lease.renewed(until).max(lease.status_posted(until));
            (last, options.node_monitor_grace)
        }
        None => (node.meta.created, options.node_startup_grace),
    };
    let period = options.node_monitor_period;
    let seen = options.pass_at_or_after(period, sign).max(not_before);
    Some(options.pass_at_or_after(period, seen + grace))
}

/// Sets all four conditions to Unknown.
pub(super) fn mark_unknown(
    node: &Object,
    never_posted: bool,
    client: &mut Client<'_>,
) -> Result<(), ApiError> {
    let now = client.now().whole_secs();
    let mut new = node.clone();
    if let Body::Node(body) = &mut new.body {
        let conditions = &mut Arc::make_mut(&mut body.status).conditions;
        let (reason, text) = if never_posted {
            (
                "NodeStatusNeverUpdated",
                "Kubelet never posted node status.",
            )
        } else {
            ("NodeStatusUnknown", "Kubelet stopped posting node status.")
        };
        conditions.ready = ConditionStatus::Unknown;
        conditions.ready_reason = reason.into();
        conditions.ready_message = text.into();
        conditions.ready_transition = now;
        conditions.memory_pressure = ConditionStatus::Unknown;
        conditions.disk_pressure = ConditionStatus::Unknown;
        conditions.pid_pressure = ConditionStatus::Unknown;
        conditions.pressure_transition = now;
    }
    client.update_status(new).map(|_| ())
}

/// Every pod on the node is no longer Ready, whatever its containers do.
pub(super) fn mark_pods_not_ready(
    node: &str,
    desk: &mut Desk,
    client: &mut Client<'_>,
) -> Result<(), ApiError> {
    let now = client.now().whole_secs();
    let pods: Vec<Arc<Object>> = client.cache().pods_on(node).cloned().collect();
    for pod in pods {
        let mut new = (*pod).clone();
        let Body::Pod(body) = &mut new.body else {
            continue;
        };
        let status = Arc::make_mut(&mut body.status);
        let ready = status
            .conditions
            .iter_mut()
            .find(|c| c.kind == PodConditionType::Ready);
        let Some(ready) = ready.filter(|c| c.status != ConditionStatus::False) else {
            continue;
        };
        ready.status = ConditionStatus::False;
        ready.transition = now;
        ignore_not_found(client.update_status(new).map(|_| ()))?;
        let about = InvolvedObject::of(&pod);
        desk.recorder
            .warning(client, about, "NodeNotReady", "Node is not ready");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Key, Kind, Meta};
    use crate::clock::Span;

    #[test]
    fn a_node_is_lost_ten_passes_after_the_one_that_saw_its_last_sign_of_life() {
        let at = SimTime::from_unix_secs;
        let options = Options::new(at(1000));
        let meta = Meta {
            created: at(1000),
            ..Meta::named("", "n")
        };
        let body = Body::Data(Kind::Namespace, Arc::default());
        let node = Object { meta, body };
        assert_eq!(node.key(), Key::new(Kind::Namespace, "", "n"));
        for (case, until, not_before, expected) in [
            ("still renewing", None, 0, None),
            ("seen at 1025", Some(1029), 0, Some(1075)),
            (
                "a renewal at 1033 is seen at 1035",
                Some(1034),
                0,
                Some(1085),
            ),
            ("the clock was restarted", Some(1029), 1060, Some(1110)),
        ] {
            let lease = LeaseBody {
                holder: "n".into(),
                from: at(1003),
                every: Span::secs(10),
                until: until.map(at),
                status_from: at(1003),
            };
            let found = lost_at(&node, Some(&lease), at(not_before), &options);
            assert_eq!(found, expected.map(at), "{case}");
        }
        let found = lost_at(&node, None, at(0), &options);
        assert_eq!(found, Some(at(1060)), "a kubelet that never reported");
    }
}
