//! The two clocks of a kubelet that everything else is aligned to: the relist of the runtime's
//! containers, and the tick that looks for pods whose time has come.
//!
//! Upstream: `pkg/kubelet/pleg/generic.go` (relist every second), `pkg/kubelet/kubelet.go`
//! (syncLoop's ticker of one second). Differs: a relist takes no time, so its phase does not drift.

use crate::clock::{SimTime, Span};

const SECOND: Span = Span::secs(1);

/// Both clocks, by one moment at which each strikes.
#[derive(Clone, Copy, Debug, Hash)]
pub(super) struct Clockwork {
    pub relist: SimTime,
    pub tick: SimTime,
}

impl Clockwork {
    /// The first relist at or after a moment.
    pub(super) fn relist_from(&self, at: SimTime) -> SimTime {
        strike(self.relist, at)
    }

    /// The first relist after a moment.
    pub(super) fn relist_after(&self, at: SimTime) -> SimTime {
        strike(self.relist, at + Span::micros(1))
    }

    /// The last relist no later than a moment.
    pub(super) fn relist_before(&self, at: SimTime) -> SimTime {
        self.relist_after(at) - SECOND
    }

    /// The first tick at or after a moment.
    pub(super) fn tick_from(&self, at: SimTime) -> SimTime {
        strike(self.tick, at)
    }
}

/// The first of `base + n seconds` at or after `at`.
fn strike(base: SimTime, at: SimTime) -> SimTime {
    let behind = (at - base).as_micros();
    let seconds = behind.div_euclid(1_000_000) + i64::from(behind.rem_euclid(1_000_000) != 0);
    base + SECOND * seconds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strikes_once_a_second_at_its_phase() {
        let at = |millis| SimTime::from_unix_secs(50) + Span::millis(millis);
        let clocks = Clockwork {
            relist: at(250),
            tick: at(900),
        };
        assert_eq!(clocks.relist_from(at(1250)), at(1250));
        assert_eq!(clocks.relist_after(at(1250)), at(2250));
        assert_eq!(clocks.relist_before(at(1250)), at(1250));
        assert_eq!(clocks.relist_before(at(1249)), at(250));
        assert_eq!(clocks.relist_from(at(-1000)), at(-750));
        assert_eq!(clocks.tick_from(at(901)), at(1900));
    }
}
