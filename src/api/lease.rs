//! A node's lease, as a rule instead of a series of writes: renewals come every ten seconds from
//! a start until the kubelet stops, so the last one before any moment can be computed.
//!
//! Upstream: `coordination/v1.Lease` in `kube-node-lease`, renewed by the kubelet every 10 s;
//! `kubelet_node_status.go` (a status is posted on change, else every 5 minutes). Differs: no write
//! per renewal; the one write when renewals stop stands for their absence.

use std::sync::Arc;

use crate::clock::{SimTime, Span};

/// The heartbeat of one kubelet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LeaseBody {
    pub holder: Arc<str>,
    /// The first renewal.
    pub from: SimTime,
    /// Renewals come at `from + k * every`.
    pub every: Span,
    /// No renewal happens at or after this moment.
    pub until: Option<SimTime>,
    /// The status that the kubelet posted last on its own account, at its start or on a change;
    /// it posts again every five minutes from there.
    pub status_from: SimTime,
}

/// `nodeStatusReportFrequency`.
const STATUS_EVERY: Span = Span::secs(300);

impl LeaseBody {
    /// The last renewal no later than `now`.
    pub fn renewed(&self, now: SimTime) -> SimTime {
        last(self.from, self.every, self.until, now)
    }

    /// The last status post no later than `now`: `lastHeartbeatTime` of the conditions.
    pub fn status_posted(&self, now: SimTime) -> SimTime {
        last(self.status_from, STATUS_EVERY, self.until, now)
    }
}

fn last(from: SimTime, every: Span, until: Option<SimTime>, now: SimTime) -> SimTime {
    let end = until.map_or(now, |until| until.min(now));
    if end <= from || every == Span::ZERO {
        return from;
    }
    let beats = (end - from).as_micros() / every.as_micros();
    from + every * beats
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computes_the_last_renewal() {
        let at = SimTime::from_unix_secs;
        let mut lease = LeaseBody {
            holder: "n".into(),
            from: at(103),
            every: Span::secs(10),
            until: None,
            status_from: at(100),
        };
        assert_eq!(lease.renewed(at(129)), at(123));
        assert_eq!(lease.status_posted(at(129)), at(100));
        lease.until = Some(at(119));
        assert_eq!(lease.renewed(at(500)), at(113));
        assert_eq!(lease.status_posted(at(500)), at(100));
    }
}
