//! How much work a frame gets, so that the page hears from the core often enough.
//!
//! Upstream: none.

/// A slice should take no longer.
const SLICE_MS: f64 = 8.0;
const FEWEST: u32 = 50;
const MOST: u32 = 1_000_000;

/// The number of events for the next slice, from what the last one took.
pub fn next_slice(events: u32, spent_ms: f64, behind: bool) -> u32 {
    let next = if spent_ms > SLICE_MS {
        f64::from(events) * SLICE_MS / spent_ms
    } else if behind && spent_ms < SLICE_MS / 2.0 {
        f64::from(events) * 2.0
    } else {
        return events;
    };
    (next as u32).clamp(FEWEST, MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_shrink_when_slow_and_grow_only_when_needed() {
        assert_eq!(next_slice(1000, 16.0, true), 500);
        assert_eq!(next_slice(1000, 2.0, true), 2000);
        assert_eq!(next_slice(1000, 2.0, false), 1000);
        assert_eq!(next_slice(1000, 6.0, true), 1000);
        assert_eq!(next_slice(60, 1e9, true), FEWEST);
        assert_eq!(next_slice(MOST, 0.0, true), MOST);
    }
}
