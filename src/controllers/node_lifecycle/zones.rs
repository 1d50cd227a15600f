//! Zones: how many nodes of each are lost, and how fast the lost ones may be tainted.
//!
//! Upstream: `pkg/controller/nodelifecycle/{node_lifecycle_controller.go,scheduler}` (zone states,
//! RateLimitedTimedQueue), `component-helpers/node/topology`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::api::Object;
use crate::clock::{SimTime, Span};

use super::super::Options;

/// How a zone is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum ZoneState {
    #[default]
    Initial,
    Normal,
    PartialDisruption,
    FullDisruption,
}

/// A zone's nodes that wait for their NoExecute taint.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Zone {
    pub state: ZoneState,
    pub queue: VecDeque<Arc<str>>,
    /// The time between two nodes; `None`: no node at all.
    pub every: Option<Span>,
    /// The next node may be tainted at this moment.
    pub next: SimTime,
}

/// The zones by their names: region and zone, both empty where a node has no such labels.
pub(super) type Zones = BTreeMap<Arc<str>, Zone>;

/// The zone of a node.
pub(super) fn zone_of(node: &Object) -> Arc<str> {
    let label = |key: &str| node.meta.label(key).unwrap_or_default();
    let (region, zone) = (
        label("topology.kubernetes.io/region"),
        label("topology.kubernetes.io/zone"),
    );
    if region.is_empty() && zone.is_empty() {
        "".into()
    } else {
        format!("{region}/{zone}").into()
    }
}

/// The state of a zone with so many ready and lost nodes.
pub(super) fn state_of(ready: i64, lost: i64, options: &Options) -> ZoneState {
    let ratio_reached = lost * 100 >= (ready + lost) * options.unhealthy_zone_percent;
    match (ready, lost) {
        (0, 1..) => ZoneState::FullDisruption,
        _ if lost > 2 && ratio_reached => ZoneState::PartialDisruption,
        _ => ZoneState::Normal,
    }
}

/// The time between two nodes in a zone of this state and size.
pub(super) fn rate_of(state: ZoneState, nodes: i64, options: &Options) -> Option<Span> {
    match state {
        ZoneState::PartialDisruption if nodes > options.large_cluster_nodes => {
            Some(options.secondary_node_eviction_every)
        }
        ZoneState::PartialDisruption => None,
        _ => Some(options.node_eviction_every),
    }
}

impl Zone {
    /// Another rate: what the old one still forbids, the new one forbids for its own time.
    pub fn set_rate(&mut self, every: Option<Span>, now: SimTime) {
        if self.every == every {
            return;
        }
        if let (true, Some(every)) = (self.next > now, every) {
            self.next = now + every;
        }
        self.every = every;
    }

    /// Takes the node that may be tainted now.
    pub fn take(&mut self, now: SimTime) -> Option<Arc<str>> {
        let every = self.every.filter(|_| self.next <= now)?;
        let node = self.queue.pop_front()?;
        self.next = now + every;
        Some(node)
    }

    /// When a node may be taken next.
    pub fn due(&self) -> Option<SimTime> {
        self.every
            .filter(|_| !self.queue.is_empty())
            .map(|_| self.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_judged_by_its_lost_nodes() {
        let options = Options::new(SimTime::default());
        for (case, ready, lost, expected) in [
            ("all fine", 3, 0, ZoneState::Normal),
            ("no nodes", 0, 0, ZoneState::Normal),
            ("all lost", 0, 3, ZoneState::FullDisruption),
            ("two of three lost", 1, 2, ZoneState::Normal),
            ("three of five lost", 2, 3, ZoneState::PartialDisruption),
            ("three of six lost", 3, 3, ZoneState::Normal),
            ("eleven of twenty lost", 9, 11, ZoneState::PartialDisruption),
        ] {
            assert_eq!(state_of(ready, lost, &options), expected, "{case}");
        }
    }

    #[test]
    fn the_first_node_goes_at_once_and_the_next_later() {
        let at = SimTime::from_unix_secs;
        let mut zone = Zone::default();
        zone.set_rate(Some(Span::secs(10)), at(100));
        zone.queue.extend([Arc::from("a"), Arc::from("b")]);
        assert_eq!(zone.take(at(100)).as_deref(), Some("a"));
        assert_eq!(zone.take(at(109)), None);
        assert_eq!(zone.due(), Some(at(110)));
        zone.set_rate(None, at(105));
        assert_eq!((zone.due(), zone.take(at(120))), (None, None));
        zone.set_rate(Some(Span::secs(10)), at(130));
        assert_eq!(zone.take(at(130)).as_deref(), Some("b"));
    }
}
