//! Points and spans of simulated time, in microseconds.
//!
//! Upstream: `metav1.Time` has whole seconds; we keep microseconds and truncate where upstream
//! does.

use std::fmt;
use std::ops::{Add, Mul, Sub};

use serde::{Deserialize, Serialize};

/// A point of simulated time: microseconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct SimTime(i64);

/// A length of simulated time, in microseconds; may be negative.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Span(i64);

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);

    /// A span of whole microseconds.
    pub const fn micros(n: i64) -> Span {
        Span(n)
    }

    /// A span of whole milliseconds.
    pub const fn millis(n: i64) -> Span {
        Span(n * 1_000)
    }

    /// A span of whole seconds.
    pub const fn secs(n: i64) -> Span {
        Span(n * 1_000_000)
    }

    /// The span in microseconds.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The span in milliseconds, truncated.
    pub const fn as_millis(self) -> i64 {
        self.0 / 1_000
    }

    /// The span in seconds, truncated.
    pub const fn as_secs(self) -> i64 {
        self.0 / 1_000_000
    }

    /// The span in seconds with its fraction.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl SimTime {
    /// A point given in microseconds since 1970.
    pub const fn from_unix_micros(n: i64) -> SimTime {
        SimTime(n)
    }

    /// A point given in whole seconds since 1970.
    pub const fn from_unix_secs(n: i64) -> SimTime {
        SimTime(n * 1_000_000)
    }

    /// Microseconds since 1970.
    pub const fn unix_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, rounded down.
    pub const fn unix_secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The same point with the fraction of its second cut off, as the API server stores times.
    pub const fn whole_secs(self) -> SimTime {
        SimTime(self.unix_secs() * 1_000_000)
    }

    /// `2026-01-05T09:00:00Z`, as the API prints a time (fraction cut off).
    pub fn rfc3339(self) -> String {
        self.timestamp().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// `2026-01-05T09:00:00.123456Z`, as `eventTime` and lease times are printed.
    pub fn rfc3339_micros(self) -> String {
        let micros = self.0.rem_euclid(1_000_000);
        let head = self.timestamp().strftime("%Y-%m-%dT%H:%M:%S").to_string();
        format!("{head}.{micros:06}Z")
    }

    /// `Mon, 05 Jan 2026 09:00:00 +0000`, as `kubectl describe` prints a time.
    pub fn rfc1123z(self) -> String {
        self.timestamp()
            .strftime("%a, %d %b %Y %H:%M:%S +0000")
            .to_string()
    }

    /// Reads `2026-01-05T09:00:00Z` and its like. Errors: `None` if it is no such time.
    pub fn parse_rfc3339(text: &str) -> Option<SimTime> {
        let stamp: jiff::Timestamp = text.parse().ok()?;
        Some(SimTime(stamp.as_microsecond()))
    }

    fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

impl Add<Span> for SimTime {
    type Output = SimTime;
    fn add(self, span: Span) -> SimTime {
        SimTime(self.0.saturating_add(span.0))
    }
}

impl Sub<Span> for SimTime {
    type Output = SimTime;
    fn sub(self, span: Span) -> SimTime {
        SimTime(self.0.saturating_sub(span.0))
    }
}

impl Sub for SimTime {
    type Output = Span;
    fn sub(self, other: SimTime) -> Span {
        Span(self.0.saturating_sub(other.0))
    }
}

impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}

impl Sub for Span {
    type Output = Span;
    fn sub(self, other: Span) -> Span {
        Span(self.0.saturating_sub(other.0))
    }
}

impl Mul<i64> for Span {
    type Output = Span;
    fn mul(self, n: i64) -> Span {
        Span(self.0.saturating_mul(n))
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

/// Seconds with as many decimals as needed, `3.2s`; Go's `Duration` prints whole seconds alike.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}s", self.0 as f64 / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_the_api_does() {
        let t = SimTime::parse_rfc3339("2026-01-05T09:00:00.25Z").expect("a time");
        assert_eq!(t.rfc3339(), "2026-01-05T09:00:00Z");
        assert_eq!(t.rfc1123z(), "Mon, 05 Jan 2026 09:00:00 +0000");
        assert_eq!(t.rfc3339_micros(), "2026-01-05T09:00:00.250000Z");
        assert_eq!((t - t.whole_secs()).as_millis(), 250);
    }
}
