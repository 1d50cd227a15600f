//! Host ports that are free on the node.
//!
//! Upstream: `FP/nodeports/node_ports.go`, `kube-scheduler/framework/types.go` (HostPortInfo).

use crate::api::Port;
use crate::scheduler::cache::{NodeId, NodeInfo};
use crate::scheduler::framework::{
    ClusterEvent, Cycle, Filter, Plugin, PreFilter, Rejection, Waiting,
};

pub(super) struct NodePorts;

struct Wanted<'a>(&'a [Port]);

const ANY: &str = "0.0.0.0";

fn clash(a: &Port, b: &Port) -> bool {
    let ip = |port: &Port| {
        if port.host_ip.is_empty() {
            ANY.to_string()
        } else {
            port.host_ip.clone()
        }
    };
    (a.host_port, &a.protocol) == (b.host_port, &b.protocol)
        && (ip(a) == ANY || ip(b) == ANY || ip(a) == ip(b))
}

fn any_clash(wanted: &[Port], used: &[Port]) -> bool {
    wanted.iter().any(|a| used.iter().any(|b| clash(a, b)))
}

impl Filter for Wanted<'_> {
    fn filter(&self, _id: NodeId, node: &NodeInfo) -> Result<(), Rejection> {
        if any_clash(self.0, &node.ports) {
            let reason = "node(s) didn't have free ports for the requested pod ports";
            return Err(Rejection::unschedulable(reason));
        }
        Ok(())
    }
}

impl Plugin for NodePorts {
    fn name(&self) -> &'static str {
        "NodePorts"
    }

    fn pre_filter<'a>(&self, cycle: Cycle<'a>) -> PreFilter<'a> {
        let ports = &cycle.class.facts().host_ports;
        if ports.is_empty() {
            return PreFilter::Skip;
        }
        PreFilter::Filter(Box::new(Wanted(ports)))
    }

    fn hint(&self, event: &ClusterEvent<'_>, waiting: &Waiting<'_>) -> bool {
        match event {
            ClusterEvent::NodeAdd(..) => true,
            ClusterEvent::PodDelete(gone) => gone.pod().is_some_and(|gone| {
                any_clash(
                    &waiting.pod.spec.facts.host_ports,
                    &gone.spec.facts.host_ports,
                )
            }),
            _ => false,
        }
    }

    fn wakes_on_any_taint(&self) -> bool {
        true
    }
}
