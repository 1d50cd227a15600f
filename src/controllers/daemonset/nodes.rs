//! Which nodes a DaemonSet's pods belong on.
//!
//! Upstream: `NodeShouldRunDaemonPod` in `daemon_controller.go`, `daemon/util/daemonset_util.go`
//! (AddOrUpdateDaemonPodTolerations).

use k8s_openapi::api::core::v1::{PodSpec, Toleration};

use crate::api::{DaemonSetBody, Object, Placement, Taint};

const EXECUTE: &str = "NoExecute";
const SCHEDULE: &str = "NoSchedule";

/// What every daemon pod tolerates, and whether only on the host's network.
const TOLERATIONS: &[(&str, &str, bool)] = &[
    ("node.kubernetes.io/not-ready", EXECUTE, false),
    ("node.kubernetes.io/unreachable", EXECUTE, false),
    ("node.kubernetes.io/disk-pressure", SCHEDULE, false),
    ("node.kubernetes.io/memory-pressure", SCHEDULE, false),
    ("node.kubernetes.io/pid-pressure", SCHEDULE, false),
    ("node.kubernetes.io/unschedulable", SCHEDULE, false),
    ("node.kubernetes.io/network-unavailable", SCHEDULE, true),
];

/// Adds the automatic tolerations; one of the same key, effect, operator and value is replaced.
pub(super) fn add_tolerations(spec: &mut PodSpec) {
    let host_network = spec.host_network == Some(true);
    let list = spec.tolerations.get_or_insert_default();
    for (key, effect, _) in TOLERATIONS.iter().filter(|t| host_network || !t.2) {
        let new = Toleration {
            key: Some((*key).into()),
            operator: Some("Exists".into()),
            effect: Some((*effect).into()),
            value: None,
            toleration_seconds: None,
        };
        let same = |old: &&mut Toleration| {
            old.key == new.key
                && old.effect == new.effect
                && old.operator == new.operator
                && old.value.as_deref().unwrap_or_default().is_empty()
        };
        match list.iter_mut().find(same) {
            Some(old) => *old = new,
            None => list.push(new),
        }
    }
}

/// What decides where the pods of a DaemonSet run.
pub(super) struct Eligibility {
    /// `template.spec.nodeName`.
    node_name: Option<String>,
    placement: Placement,
    tolerations: Vec<crate::api::Toleration>,
}

/// What a DaemonSet makes of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// A pod should be there.
    pub should_run: bool,
    /// A pod that is there may stay.
    pub may_stay: bool,
}

impl Eligibility {
    /// Reads a DaemonSet's template.
    pub fn of(body: &DaemonSetBody) -> Eligibility {
        let mut spec = PodSpec::default();
        if let Some(own) = &body.template.api.spec {
            spec.host_network = own.host_network;
            spec.tolerations.clone_from(&own.tolerations);
            spec.node_selector.clone_from(&own.node_selector);
            spec.affinity.clone_from(&own.affinity);
            spec.node_name.clone_from(&own.node_name);
        }
        add_tolerations(&mut spec);
        let read = |t: &Toleration| crate::api::Toleration {
            key: t.key.clone().unwrap_or_default(),
            exists: t.operator.as_deref() == Some("Exists"),
            value: t.value.clone().unwrap_or_default(),
            effect: t.effect.clone().unwrap_or_default(),
            seconds: t.toleration_seconds,
        };
        Eligibility {
            tolerations: spec.tolerations.iter().flatten().map(read).collect(),
            placement: Placement::of(&spec),
            node_name: spec.node_name.filter(|name| !name.is_empty()),
        }
    }

    /// What the DaemonSet makes of a node.
    pub fn judge(&self, node: &Object) -> Verdict {
        let name = &*node.meta.name;
        let elsewhere = self.node_name.as_deref().is_some_and(|own| own != name);
        if elsewhere || !self.placement.allows_node(name, &node.meta.labels) {
            return Verdict {
                should_run: false,
                may_stay: false,
            };
        }
        let taints = node.node().map(|n| n.taints.clone()).unwrap_or_default();
        let minds = |effect: &str| {
            let kept_out = |taint: &&Taint| !self.tolerates(taint);
            taints
                .iter()
                .filter(|t| &*t.effect == effect)
                .any(|t| kept_out(&t))
        };
        let evicted = minds(EXECUTE);
        Verdict {
            should_run: !evicted && !minds(SCHEDULE),
            may_stay: !evicted,
        }
    }

    fn tolerates(&self, taint: &Taint) -> bool {
        self.tolerations
            .iter()
            .any(|t| t.tolerates(&taint.key, &taint.value, &taint.effect))
    }
}
