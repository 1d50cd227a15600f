//! What a machine is: its name, size, labels and taints.
//!
//! Upstream: kubelet flags and kubeadm's node marking. Differs: capacity equals allocatable.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::api::{Resources, Taint, parse_quantity};
use crate::clock::{SimTime, Span};

/// One machine with its kubelet, as a scenario describes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodeConfig {
    pub name: Arc<str>,
    /// Gives the addresses: the node has 192.168.56.(10 + index), its pods 10.244.index.0/24.
    pub index: u32,
    pub cpu: String,
    pub memory: String,
    pub ephemeral_storage: String,
    pub pods: i64,
    /// Beside those that the kubelet sets itself.
    pub labels: BTreeMap<String, String>,
    pub taints: Vec<Taint>,
    /// Images that it holds at the start, as pods write them.
    pub images: Vec<String>,
    /// When in each ten seconds the lease is renewed and the status looked at; drawn if not given.
    pub heartbeat: Option<Span>,
    /// When in each second the runtime is asked for its containers; drawn if not given.
    pub relist: Option<Span>,
    /// From when until when its line of pulls is taken by pods that the scenario does not know.
    pub busy_pulls: Vec<(SimTime, SimTime)>,
}

const ROLE: &str = "node-role.kubernetes.io/control-plane";

impl NodeConfig {
    /// A machine of the usual size; a control-plane node carries its label and its taint.
    pub fn new(name: &str, index: u32, control_plane: bool) -> NodeConfig {
        let mut config = NodeConfig {
            name: name.into(),
            index,
            cpu: "4".into(),
            memory: "8Gi".into(),
            ephemeral_storage: "50Gi".into(),
            pods: 110,
            labels: BTreeMap::new(),
            taints: Vec::new(),
            images: Vec::new(),
            heartbeat: None,
            relist: None,
            busy_pulls: Vec::new(),
        };
        if control_plane {
            config.labels.insert(ROLE.into(), String::new());
            config.taints.push(Taint {
                key: ROLE.into(),
                value: "".into(),
                effect: "NoSchedule".into(),
                time_added: None,
            });
        }
        config
    }

    pub(super) fn all_labels(&self) -> BTreeMap<String, String> {
        let own = [
            ("beta.kubernetes.io/arch", "amd64"),
            ("beta.kubernetes.io/os", "linux"),
            ("kubernetes.io/arch", "amd64"),
            ("kubernetes.io/hostname", &*self.name),
            ("kubernetes.io/os", "linux"),
        ];
        let own = own.map(|(key, value)| (key.to_string(), value.to_string()));
        let mut labels = BTreeMap::from(own);
        labels.extend(self.labels.clone());
        labels
    }

    pub(super) fn capacity(&self) -> BTreeMap<String, String> {
        let all = [
            ("cpu", self.cpu.clone()),
            ("ephemeral-storage", self.ephemeral_storage.clone()),
            ("memory", self.memory.clone()),
            ("pods", self.pods.to_string()),
        ];
        all.map(|(key, value)| (key.to_string(), value)).into()
    }

    pub(super) fn resources(&self) -> Resources {
        let amount = |text: &str| parse_quantity(text).unwrap_or_default();
        Resources {
            cpu_milli: amount(&self.cpu).milli(),
            memory_bytes: amount(&self.memory).units(),
            ephemeral_bytes: amount(&self.ephemeral_storage).units(),
            other: BTreeMap::new(),
        }
    }

    /// The machine's own address.
    pub fn internal_ip(&self) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(Ipv4Addr::new(192, 168, 56, 10)).wrapping_add(self.index))
    }

    /// The pod address with this number within the node's block.
    pub(super) fn pod_ip(&self, host: u8) -> Ipv4Addr {
        let block = u32::from(Ipv4Addr::new(10, 244, 0, 0)).wrapping_add(self.index << 8);
        Ipv4Addr::from(block | u32::from(host))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_follow_the_index_beyond_one_byte() {
        let at = |index| NodeConfig::new("n", index, false);
        assert_eq!(at(1).internal_ip().to_string(), "192.168.56.11");
        assert_eq!(at(1).pod_ip(2).to_string(), "10.244.1.2");
        assert_eq!(at(300).internal_ip().to_string(), "192.168.57.54");
        assert_eq!(at(300).pod_ip(2).to_string(), "10.245.44.2");
    }
}
