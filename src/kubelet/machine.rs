//! One machine: power, images, addresses, clocks, and the recorder of its kubelet.
//!
//! Upstream: containerd, the host-local CNI plugin.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::api::{NodeImage, Resources};
use crate::client::Recorder;
use crate::clock::SimTime;

use super::NodeConfig;
use super::clockwork::Clockwork;
use super::images::ImageStore;

/// A machine, with what its kubelet shares between pods.
#[derive(Clone, Debug, Hash)]
pub struct Machine {
    pub(super) config: Arc<NodeConfig>,
    pub(super) powered: bool,
    /// Whether the kubelet runs.
    pub(super) running: bool,
    /// When the kubelet last came up or stopped.
    pub(super) switched: SimTime,
    pub(super) images: ImageStore,
    pub(super) addresses: Addresses,
    pub(super) clocks: Clockwork,
    pub(super) recorder: Recorder,
    /// What admitted pods have asked for, and how many they are.
    pub(super) used: Used,
}

/// What is taken of a node.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Used {
    pub cpu_milli: i64,
    pub memory_bytes: i64,
    pub ephemeral_bytes: i64,
    pub pods: i64,
}

impl Used {
    pub(super) fn add(&mut self, requests: &Resources, sign: i64) {
        self.cpu_milli += sign * requests.cpu_milli;
        self.memory_bytes += sign * requests.memory_bytes;
        self.ephemeral_bytes += sign * requests.ephemeral_bytes;
        self.pods += sign;
    }
}

/// The pod addresses of a machine: the next free one after the last that was given out.
#[derive(Clone, Debug, Hash)]
pub(super) struct Addresses {
    used: BTreeSet<u8>,
    next: u8,
}

/// `.1` is the bridge's.
const FIRST: u8 = 2;
const LAST: u8 = 254;

impl Default for Addresses {
    fn default() -> Self {
        Addresses {
            used: BTreeSet::new(),
            next: FIRST,
        }
    }
}

impl Addresses {
    /// Takes an address. Errors: `None` if all are taken.
    pub(super) fn take(&mut self) -> Option<u8> {
        let after = |n: u8| if n >= LAST { FIRST } else { n + 1 };
        let mut host = self.next;
        while self.used.contains(&host) {
            host = after(host);
            if host == self.next {
                return None;
            }
        }
        self.used.insert(host);
        self.next = after(host);
        Some(host)
    }

    pub(super) fn release(&mut self, ip: Ipv4Addr) {
        let [_, _, _, host] = ip.octets();
        self.used.remove(&host);
    }
}

/// Events that a kubelet's recorder remembers at most.
const EVENTS_MAX: usize = 1024;

/// The recorder of a kubelet that has just started.
pub(super) fn new_recorder(config: &NodeConfig) -> Recorder {
    Recorder::with_memory("kubelet", &config.name, EVENTS_MAX)
}

impl Machine {
    /// The node's name.
    pub fn name(&self) -> &Arc<str> {
        &self.config.name
    }

    /// Whether it has power.
    pub fn is_powered(&self) -> bool {
        self.powered
    }

    /// Whether its kubelet runs.
    pub fn kubelet_runs(&self) -> bool {
        self.powered && self.running
    }

    /// The images that it holds, the largest first.
    pub fn images(&self) -> Vec<NodeImage> {
        self.images.list()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_go_round_before_one_comes_again() {
        let mut addresses = Addresses::default();
        assert_eq!(addresses.take(), Some(2));
        assert_eq!(addresses.take(), Some(3));
        addresses.release(Ipv4Addr::new(10, 244, 0, 2));
        assert_eq!(addresses.take(), Some(4));
        let taken: Vec<Option<u8>> = (0..251).map(|_| addresses.take()).collect();
        assert_eq!(taken.get(249), Some(&Some(254)));
        assert_eq!(taken.get(250), Some(&Some(2)));
        assert_eq!(addresses.take(), None);
    }
}
