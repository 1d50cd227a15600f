//! The node's own objects: Node and Lease, and the events of a kubelet that starts.
//!
//! Upstream: `pkg/kubelet/kubelet_node_status.go`, `pkg/kubelet/nodestatus/setters.go`,
//! `component-helpers/apimachinery/lease`. Differs: of the posts every five minutes none is a write
//! (`api::LeaseBody` has the rule); pressure conditions never turn.

use std::net::Ipv4Addr;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::api::{
    Body, ConditionStatus, InvolvedObject, Key, Kind, LeaseBody, Meta, NodeBody, NodeConditions,
    NodeStatus, Object, OwnerRef, Taint, Uid,
};
use crate::client::{Client, message};
use crate::clock::{SimTime, Span};

use super::machine::Machine;

/// The namespace of the leases.
const LEASES: &str = "kube-node-lease";
const EVERY: Span = Span::secs(10);
const NOT_READY: &str = "node.kubernetes.io/not-ready";
const STARTING: &str = "[container runtime status check may not have completed yet, PLEG is not \
                        healthy: pleg has yet to be successful]";

impl Machine {
    pub(super) fn node_key(&self) -> Key {
        Key::new(Kind::Node, "", self.config.name.clone())
    }

    fn lease_key(&self) -> Key {
        Key::new(Kind::Lease, LEASES, self.config.name.clone())
    }

    /// The first moment at or after `at` when the node's status is looked at.
    pub(super) fn heartbeat_from(&self, at: SimTime, seed: crate::clock::Seed) -> SimTime {
        let drawn = || {
            Span::millis(
                i64::try_from(
                    seed.stream("heartbeat")
                        .below(&*self.config.name, 0, 10_000),
                )
                .unwrap_or(0),
            )
        };
        let phase = self.config.heartbeat.unwrap_or_else(drawn).as_micros();
        let behind = (phase - at.unix_micros()).rem_euclid(EVERY.as_micros());
        at + Span::micros(behind)
    }

    /// Creates the Node object. A node that is not ready yet carries the taint that says so.
    pub(super) fn create_node(&self, client: &mut Client<'_>, ready: bool) {
        let config = &*self.config;
        let annotations = [
            ("node.alpha.kubernetes.io/ttl", "0"),
            (
                "volumes.kubernetes.io/controller-managed-attach-detach",
                "true",
            ),
        ];
        let annotations = annotations.map(|(k, v)| (k.to_string(), v.to_string()));
        let meta = Meta {
            labels: Arc::new(config.all_labels()),
            annotations: Arc::new(annotations.into()),
            ..Meta::named("", config.name.clone())
        };
        let mut taints = config.taints.clone();
        if !ready {
            taints.push(Taint {
                key: NOT_READY.into(),
                value: "".into(),
                effect: "NoSchedule".into(),
                time_added: None,
            });
        }
        let body = NodeBody {
            unschedulable: false,
            taints: taints.into(),
            status: Arc::new(self.status(client, ready)),
        };
        // It may be there already: a kubelet takes over the node of its name.
        let _ = client.create(Object {
            meta,
            body: Body::Node(body),
        });
    }

    fn status(&self, client: &Client<'_>, ready: bool) -> NodeStatus {
        let (config, name) = (&*self.config, &*self.config.name);
        let seed = client.seed().stream("machine");
        NodeStatus {
            capacity: Arc::new(config.capacity()),
            allocatable: config.resources(),
            pods: config.pods,
            internal_ip: config.internal_ip(),
            conditions: conditions(ready, client.now()),
            images: Arc::from([]),
            boot_id: Uid(seed.uuid((name, "boot"), 0)).to_string().into(),
            machine_id: machine_id(name),
            system_uuid: Uid(seed.uuid((name, "system"), 0)).to_string().into(),
            kubelet_version: "v1.36.2".into(),
            kernel_version: "6.1.0-fake-amd64".into(),
            os_image: "Debian GNU/Linux 12 (bookworm)".into(),
            runtime_version: "containerd://2.1.4".into(),
        }
    }

    /// Whether a kubelet has renewed this node's lease before.
    pub(super) fn has_lease(&self, client: &Client<'_>) -> bool {
        client.live().get(&self.lease_key()).is_some()
    }

    /// Begins to renew the lease, from `from` on.
    pub(super) fn renew_lease(&self, client: &mut Client<'_>, from: SimTime) {
        let body = LeaseBody {
            holder: self.config.name.clone(),
            from,
            every: EVERY,
            until: None,
            status_from: client.now(),
        };
        let node = client
            .live()
            .get(&self.node_key())
            .map(|node| node.meta.uid);
        let owner = node.map(|uid| OwnerRef {
            api_version: "v1".into(),
            kind: "Node".into(),
            name: self.config.name.clone(),
            uid,
            controller: false,
            block_owner_deletion: false,
        });
        let key = self.lease_key();
        if client.live().get(&key).is_some() {
            self.write_lease(client, body);
            return;
        }
        let meta = Meta {
            owners: owner.into_iter().collect(),
            ..Meta::named(key.namespace, key.name)
        };
        // Without its namespace there is no lease; the node controller then sees no sign of life.
        let _ = client.create(Object {
            meta,
            body: Body::Lease(body),
        });
    }

    /// No renewal comes any more.
    pub(super) fn end_lease(&self, client: &mut Client<'_>) {
        let lease = client
            .live()
            .get(&self.lease_key())
            .and_then(|l| l.lease().cloned());
        if let Some(mut lease) = lease {
            lease.until = Some(client.now());
            self.write_lease(client, lease);
        }
    }

    fn write_lease(&self, client: &mut Client<'_>, body: LeaseBody) {
        let Some(current) = client.live().get(&self.lease_key()).cloned() else {
            return;
        };
        let mut object = (*current).clone();
        object.meta.resource_version = 0;
        object.body = Body::Lease(body);
        let _ = client.update_status(object);
    }

    /// Posts the node's status, changed by `change`; whether there is a node to post it to.
    pub(super) fn post(
        &self,
        client: &mut Client<'_>,
        change: impl FnOnce(&mut NodeStatus),
    ) -> bool {
        let Some(current) = client.live().get(&self.node_key()).cloned() else {
            return false;
        };
        let mut object = (*current).clone();
        object.meta.resource_version = 0;
        if let Body::Node(node) = &mut object.body {
            change(Arc::make_mut(&mut node.status));
        }
        client.update_status(object).is_ok()
    }

    /// Posts Ready; after a power cut with a new boot id, which is returned.
    pub(super) fn post_ready(&self, client: &mut Client<'_>, rebooted: bool) -> Option<Arc<str>> {
        let now = client.now();
        let boot = (client.seed().stream("machine"), now);
        let boot = rebooted
            .then(|| Arc::from(Uid(boot.0.uuid((&*self.config.name, boot.1), 1)).to_string()));
        let new_boot = boot.clone();
        self.post(client, |status| {
            let before = status.conditions.clone();
            status.conditions = conditions(true, now);
            if before.ready == ConditionStatus::True {
                status.conditions.ready_transition = before.ready_transition;
            }
            if before.memory_pressure == ConditionStatus::False {
                status.conditions.pressure_transition = before.pressure_transition;
            }
            if status.internal_ip == Ipv4Addr::UNSPECIFIED {
                status.internal_ip = self.config.internal_ip();
            }
            if let Some(boot) = new_boot {
                status.boot_id = boot;
            }
        });
        boot
    }

    /// A Normal event about the node; such events carry no uid.
    pub(super) fn node_event(&mut self, client: &mut Client<'_>, reason: &'static str) {
        let name = self.config.name.clone();
        let text = match reason {
            "Starting" => message("Starting kubelet.", []),
            _ => message("Node {} status is now: {}", [(&name).into(), reason.into()]),
        };
        let about = self.about_node();
        self.recorder.normal(client, about, reason, text);
    }

    pub(super) fn about_node(&self) -> InvolvedObject {
        InvolvedObject {
            kind: Kind::Node,
            namespace: "".into(),
            name: self.config.name.clone(),
            uid: Uid::default(),
            resource_version: 0,
            field_path: "".into(),
        }
    }
}

fn conditions(ready: bool, now: SimTime) -> NodeConditions {
    let (reason, message) = match ready {
        true => ("KubeletReady", "kubelet is posting ready status"),
        false => ("KubeletNotReady", STARTING),
    };
    NodeConditions {
        ready: ready.into(),
        ready_reason: reason.into(),
        ready_message: message.into(),
        ready_transition: now.whole_secs(),
        memory_pressure: ConditionStatus::False,
        disk_pressure: ConditionStatus::False,
        pid_pressure: ConditionStatus::False,
        pressure_transition: now.whole_secs(),
    }
}

/// A machine keeps its id whatever cluster it joins: 32 hex digits of a hash of its name.
fn machine_id(name: &str) -> Arc<str> {
    let digest = Sha256::digest(name.as_bytes());
    let hex: String = digest
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    hex.into()
}
