//! Time zones by their IANA names.
//!
//! Upstream: Go's `time.LoadLocation`. Differs: a zone has the rule that is in force since its last
//! change, and not those of the past; Morocco's clock does not go back for Ramadan.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

/// One line a rule: the POSIX form, as the last line of a file of tzdata 2025b has it, and the
/// names that follow it.
const RULES: &str = include_str!("zones.txt");

/// A time zone.
#[derive(Clone, Debug)]
pub struct Zone(TimeZone);

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Zone = Zone(TimeZone::UTC);

    /// The zone of a name. Errors: Go's text.
    pub fn load(name: &str) -> Result<Zone, String> {
        if matches!(name, "" | "UTC") {
            return Ok(Zone::UTC);
        }
        let rule = RULES.lines().find_map(|line| {
            let (rule, names) = line.split_once(' ')?;
            names.split(' ').any(|n| n == name).then_some(rule)
        });
        let zone = rule.and_then(|rule| TimeZone::posix(rule).ok());
        zone.map(Zone)
            .ok_or_else(|| format!("unknown time zone {name}"))
    }

    /// How many seconds the zone's clocks are ahead of UTC at a moment, seconds since 1970.
    pub fn offset_at(&self, unix_secs: i64) -> i64 {
        self.0.to_offset(stamp(unix_secs)).seconds().into()
    }

    /// `2026-01-05T10:00:00+01:00`, or with a `Z`.
    pub fn rfc3339(&self, at: crate::clock::SimTime) -> String {
        let unix = at.unix_secs();
        let offset = self.offset_at(unix);
        let shown = self.civil(unix).strftime("%Y-%m-%dT%H:%M:%S");
        if offset == 0 {
            return format!("{shown}Z");
        }
        let (sign, minutes) = (if offset < 0 { '-' } else { '+' }, offset.abs() / 60);
        format!("{shown}{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }

    /// What the zone's clocks show at a moment, seconds since 1970.
    pub(super) fn civil(&self, unix_secs: i64) -> DateTime {
        Offset::UTC.to_datetime(stamp(unix_secs + self.offset_at(unix_secs)))
    }

    /// When its clocks show this; of what they skip or show twice, the moment that Go takes.
    pub(super) fn moment(&self, civil: DateTime) -> i64 {
        let local = Offset::UTC.to_timestamp(civil);
        let local = local.map_or(0, |stamp| stamp.as_second());
        local - self.offset_at(local - self.offset_at(local))
    }
}

fn stamp(unix_secs: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(unix_secs).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_one_and_every_name_is_found() {
        let mut names = 0;
        for line in RULES.lines() {
            for name in line.split(' ').skip(1) {
                assert!(Zone::load(name).is_ok(), "{name}");
                names += 1;
            }
        }
        assert!(names > 500, "{names}");
        let unknown = Zone::load("Mars/Base").map(|_| ());
        assert_eq!(unknown, Err("unknown time zone Mars/Base".into()));
    }

    #[test]
    fn clocks_follow_the_seasons() {
        let winter = 1_767_225_600; // 2026-01-01T00:00:00Z
        let summer = 1_782_864_000; // 2026-07-01T00:00:00Z
        for (name, in_winter, in_summer) in [
            ("UTC", 0, 0),
            ("Europe/Berlin", 3600, 7200),
            ("Asia/Shanghai", 28_800, 28_800),
            ("America/New_York", -18_000, -14_400),
            ("Asia/Kolkata", 19_800, 19_800),
            ("Australia/Sydney", 39_600, 36_000),
        ] {
            let zone = Zone::load(name).expect(name);
            let offsets = (zone.offset_at(winter), zone.offset_at(summer));
            assert_eq!(offsets, (in_winter, in_summer), "{name}");
        }
    }
}
