//! Cron schedules: their grammar, the texts of its errors, and when they are due.
//!
//! Upstream: `github.com/robfig/cron/v3` (parser.go, spec.go, constantdelay.go), the standard
//! parser of five fields and descriptors. Differs: `TZ=` is looked up in our table of zones.

use jiff::civil::DateTime;

use crate::clock::{SimTime, Span};

pub use super::zones::Zone;

/// When something is due again and again.
#[derive(Clone, Debug)]
pub enum Schedule {
    /// `@every 90s`: this long after the time before, in whole seconds.
    Every(Span),
    Fields(Fields),
}

/// The five fields, each as the set of its values; the highest bit says that it was a star.
#[derive(Clone, Debug)]
pub struct Fields {
    minute: u64,
    hour: u64,
    day: u64,
    month: u64,
    weekday: u64,
    zone: Zone,
}

const STAR: u64 = 1 << 63;
/// A schedule that is never due is searched for this long.
const YEARS_MAX: i16 = 5;

/// What a field may hold.
struct Bounds {
    min: u64,
    max: u64,
    names: &'static [&'static str],
}

const MONTHS: &[&str] = &[
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const fn bounds(min: u64, max: u64, names: &'static [&'static str]) -> Bounds {
    Bounds { min, max, names }
}

const BOUNDS: [Bounds; 5] = [
    bounds(0, 59, &[]),
    bounds(0, 23, &[]),
    bounds(1, 31, &[]),
    bounds(1, 12, MONTHS),
    bounds(0, 6, WEEKDAYS),
];

impl Schedule {
    /// Reads a schedule in UTC, or in the zone that its `TZ=` names. Errors: upstream's text.
    pub fn parse(text: &str) -> Result<Schedule, String> {
        Schedule::parse_in(text, Zone::UTC)
    }

    /// The same in a zone.
    pub fn parse_in(text: &str, mut zone: Zone) -> Result<Schedule, String> {
        let mut text = text;
        if text.is_empty() {
            return Err("empty spec string".into());
        }
        if text.starts_with("TZ=") || text.starts_with("CRON_TZ=") {
            let Some((prefix, rest)) = text.split_once(' ') else {
                // Upstream's parser panics, which its caller turns into these words.
                return Err(
                    "invalid schedule format: runtime error: slice bounds out of range [:-1]"
                        .into(),
                );
            };
            let name = prefix.split_once('=').map_or(prefix, |(_, name)| name);
            zone =
                Zone::load(name).map_err(|why| format!("provided bad location {name}: {why}"))?;
            text = rest.trim();
        }
        if text.starts_with('@') {
            return descriptor(text, zone);
        }
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields.as_slice() else {
            let found = fields.len();
            let list = fields.join(" ");
            return Err(format!(
                "expected exactly 5 fields, found {found}: [{list}]"
            ));
        };
        let [b_minute, b_hour, b_day, b_month, b_weekday] = &BOUNDS;
        Ok(Schedule::Fields(Fields {
            minute: field(minute, b_minute)?,
            hour: field(hour, b_hour)?,
            day: field(day, b_day)?,
            month: field(month, b_month)?,
            weekday: field(weekday, b_weekday)?,
            zone,
        }))
    }

    /// The first moment after this one at which it is due; `None` if there is none within years.
    pub fn next(&self, after: SimTime) -> Option<SimTime> {
        match self {
            Schedule::Every(span) => Some(after.whole_secs() + *span),
            Schedule::Fields(fields) => fields.next(after),
        }
    }
}

fn descriptor(text: &str, zone: Zone) -> Result<Schedule, String> {
    let fields = match text {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        _ => {
            let Some(span) = text.strip_prefix("@every ") else {
                return Err(format!("unrecognized descriptor: {text}"));
            };
            let parsed = super::parse_duration(span)
                .map_err(|why| format!("failed to parse duration {text}: {why}"))?;
            return Ok(Schedule::Every(Span::secs(parsed.as_secs().max(1))));
        }
    };
    Schedule::parse_in(fields, zone)
}

/// `1,5-10/2,*`.
fn field(text: &str, bounds: &Bounds) -> Result<u64, String> {
    let mut bits = 0;
    for range in text.split(',').filter(|range| !range.is_empty()) {
        bits |= self::range(range, bounds)?;
    }
    Ok(bits)
}

/// `5`, `5-10`, `5-10/2`, `5/2`, `*`, `*/2`.
fn range(text: &str, bounds: &Bounds) -> Result<u64, String> {
    let parts: Vec<&str> = text.split('/').collect();
    let (range, step) = match parts.as_slice() {
        [range] => (*range, None),
        [range, step, ..] => (*range, Some(*step)),
        [] => (text, None),
    };
    let ends: Vec<&str> = range.split('-').collect();
    let (start, mut end, mut extra) = match ends.as_slice() {
        ["*" | "?", ..] => (bounds.min, bounds.max, STAR),
        [one] => {
            let one = number_or_name(one, bounds.names)?;
            (one, one, 0)
        }
        [low, high] => (
            number_or_name(low, bounds.names)?,
            number_or_name(high, bounds.names)?,
            0,
        ),
        [low, ..] => {
            number_or_name(low, bounds.names)?;
            return Err(format!("too many hyphens: {text}"));
        }
        [] => (bounds.min, bounds.max, STAR),
    };
    if parts.len() > 2 {
        return Err(format!("too many slashes: {text}"));
    }
    let step = match step {
        None => 1,
        Some(step) => {
            let step = number(step)?;
            if ends.len() == 1 {
                end = bounds.max;
            }
            if step > 1 {
                extra = 0;
            }
            step
        }
    };
    let (min, max) = (bounds.min, bounds.max);
    if start < min {
        return Err(format!(
            "beginning of range ({start}) below minimum ({min}): {text}"
        ));
    }
    if end > max {
        return Err(format!(
            "end of range ({end}) above maximum ({max}): {text}"
        ));
    }
    if start > end {
        return Err(format!(
            "beginning of range ({start}) beyond end of range ({end}): {text}"
        ));
    }
    if step == 0 {
        return Err(format!("step of range should be a positive number: {text}"));
    }
    let step = usize::try_from(step).unwrap_or(usize::MAX);
    Ok((start..=end)
        .step_by(step)
        .fold(extra, |bits, n| bits | (1 << n)))
}

fn number_or_name(text: &str, names: &[&str]) -> Result<u64, String> {
    let lower = text.to_lowercase();
    // Months count from 1, weekdays from 0.
    let first = u64::from(names.len() == MONTHS.len());
    match (first..).zip(names).find(|(_, name)| **name == lower) {
        Some((value, _)) => Ok(value),
        None => number(text),
    }
}

fn number(text: &str) -> Result<u64, String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let number: i64 = text.parse().map_err(|_| {
        let why = if is_number {
            "value out of range"
        } else {
            "invalid syntax"
        };
        let quoted = super::go_quote(text);
        format!("failed to parse int from {text}: strconv.Atoi: parsing {quoted}: {why}")
    })?;
    u64::try_from(number).map_err(|_| format!("negative number ({number}) not allowed: {text}"))
}

fn has(set: u64, value: i8) -> bool {
    u32::try_from(value).is_ok_and(|value| set & (1 << value) != 0)
}

/// A moment with what the clocks show at it.
#[derive(Clone, Copy)]
struct At {
    unix: i64,
    shown: DateTime,
}

impl Fields {
    fn at(&self, unix: i64) -> At {
        let shown = self.zone.civil(unix);
        At { unix, shown }
    }

    /// The moment at which the clocks show a date and an hour.
    fn date(&self, day: DateTime) -> At {
        self.at(self.zone.moment(day))
    }

    /// Each field is moved on until it fits; one that wraps around has the ones above it looked at
    /// once more.
    fn next(&self, after: SimTime) -> Option<SimTime> {
        let mut t = self.at(after.unix_secs() + 1);
        let last_year = t.shown.year().saturating_add(YEARS_MAX);
        let mut moved = false;
        while t.shown.year() <= last_year {
            let wrapped = self.move_month(&mut t, &mut moved)
                || self.move_day(&mut t, &mut moved)
                || self.move_hour(&mut t, &mut moved)
                || self.move_minute(&mut t, &mut moved)
                || self.move_second(&mut t, &mut moved);
            if !wrapped {
                return Some(SimTime::from_unix_secs(t.unix));
            }
        }
        None
    }

    fn move_month(&self, t: &mut At, moved: &mut bool) -> bool {
        while !has(self.month, t.shown.month()) {
            let first = t.shown.date().first_of_month();
            if !std::mem::replace(moved, true) {
                *t = self.date(first.at(0, 0, 0, 0));
            }
            let next = first.saturating_add(jiff::Span::new().months(1));
            *t = self.date(next.to_datetime(t.shown.time()));
            if t.shown.month() == 1 {
                return true;
            }
        }
        false
    }

    fn move_day(&self, t: &mut At, moved: &mut bool) -> bool {
        while !self.day_fits(t.shown) {
            if !std::mem::replace(moved, true) {
                *t = self.date(t.shown.date().at(0, 0, 0, 0));
            }
            let next = t.shown.date().saturating_add(jiff::Span::new().days(1));
            *t = self.date(next.to_datetime(t.shown.time()));
            // Where midnight does not exist, the hour before or after it was found.
            let hour = i64::from(t.shown.hour());
            if hour > 12 {
                *t = self.at(t.unix + (24 - hour) * 3600);
            } else if hour != 0 {
                *t = self.at(t.unix - hour * 3600);
            }
            if t.shown.day() == 1 {
                return true;
            }
        }
        false
    }

    /// Of two days that are no stars either may fit; a star leaves the choice to the other.
    fn day_fits(&self, shown: DateTime) -> bool {
        let day = has(self.day, shown.day());
        let weekday = has(self.weekday, shown.weekday().to_sunday_zero_offset());
        if (self.day | self.weekday) & STAR != 0 {
            day && weekday
        } else {
            day || weekday
        }
    }

    fn move_hour(&self, t: &mut At, moved: &mut bool) -> bool {
        while !has(self.hour, t.shown.hour()) {
            if !std::mem::replace(moved, true) {
                *t = self.date(t.shown.date().at(t.shown.hour(), 0, 0, 0));
            }
            *t = self.at(t.unix + 3600);
            if t.shown.hour() == 0 {
                return true;
            }
        }
        false
    }

    fn move_minute(&self, t: &mut At, moved: &mut bool) -> bool {
        while !has(self.minute, t.shown.minute()) {
            if !std::mem::replace(moved, true) {
                *t = self.at(t.unix - t.unix.rem_euclid(60));
            }
            *t = self.at(t.unix + 60);
            if t.shown.minute() == 0 {
                return true;
            }
        }
        false
    }

    fn move_second(&self, t: &mut At, moved: &mut bool) -> bool {
        if t.shown.second() == 0 {
            return false;
        }
        *moved = true;
        *t = self.at(t.unix + 60 - i64::from(t.shown.second()));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(schedule: &str, zone: &str, after: &str, times: usize) -> Vec<String> {
        let zone = Zone::load(zone).expect("a zone");
        let schedule = Schedule::parse_in(schedule, zone).expect("a schedule");
        let mut at = SimTime::parse_rfc3339(after).expect("a time");
        let mut all = Vec::new();
        for _ in 0..times {
            let Some(next) = schedule.next(at) else { break };
            at = next;
            all.push(at.rfc3339());
        }
        all
    }

    #[test]
    fn refuses_in_upstreams_words() {
        for (text, words) in [
            ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
            ("60 * * * *", "end of range (60) above maximum (59): 60"),
            ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
            (
                "5-1 * * * *",
                "beginning of range (5) beyond end of range (1): 5-1",
            ),
            (
                "*/0 * * * *",
                "step of range should be a positive number: */0",
            ),
            ("* * * * 7", "end of range (7) above maximum (6): 7"),
            (
                "a * * * *",
                "failed to parse int from a: strconv.Atoi: parsing \"a\": invalid syntax",
            ),
            (
                "MON * * * *",
                "failed to parse int from MON: strconv.Atoi: parsing \"MON\": invalid syntax",
            ),
            (
                "99999999999999999999 * * * *",
                "failed to parse int from 99999999999999999999: strconv.Atoi: parsing \"99999999999999999999\": value out of range",
            ),
            ("*/-1 * * * *", "negative number (-1) not allowed: -1"),
            ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
            ("1/2/3 * * * *", "too many slashes: 1/2/3"),
            ("@sometimes", "unrecognized descriptor: @sometimes"),
            (
                "@every soon",
                "failed to parse duration @every soon: time: invalid duration \"soon\"",
            ),
            (
                "TZ=Mars/Base * * * * *",
                "provided bad location Mars/Base: unknown time zone Mars/Base",
            ),
            ("", "empty spec string"),
        ] {
            let refused = Schedule::parse(text).map(|_| ());
            assert_eq!(refused, Err(words.to_string()), "{text}");
        }
    }

    #[test]
    fn due_times() {
        let from = "2026-01-05T08:59:30Z"; // a Monday
        for (schedule, times) in [
            (
                "*/1 * * * *",
                ["2026-01-05T09:00:00Z", "2026-01-05T09:01:00Z"],
            ),
            ("@hourly", ["2026-01-05T09:00:00Z", "2026-01-05T10:00:00Z"]),
            (
                "@every 90s",
                ["2026-01-05T09:01:00Z", "2026-01-05T09:02:30Z"],
            ),
            (
                "50/5 * * * *",
                ["2026-01-05T09:50:00Z", "2026-01-05T09:55:00Z"],
            ),
            (
                "0 0 1 JAN *",
                ["2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z"],
            ),
            (
                "0 0 29 2 ?",
                ["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"],
            ),
            // Neither of the two is a star: either may fit.
            (
                "0 0 13 * fri",
                ["2026-01-09T00:00:00Z", "2026-01-13T00:00:00Z"],
            ),
            // A step is no star.
            (
                "0 0 */15 * sun",
                ["2026-01-11T00:00:00Z", "2026-01-16T00:00:00Z"],
            ),
            (
                "0 12 * * 1-5",
                ["2026-01-05T12:00:00Z", "2026-01-06T12:00:00Z"],
            ),
        ] {
            assert_eq!(due(schedule, "UTC", from, 2), times, "{schedule}");
        }
        assert!(due("0 0 31 2 *", "UTC", from, 1).is_empty());
    }

    #[test]
    fn a_skipped_hour_is_left_out_and_a_repeated_one_comes_twice() {
        let spring = due("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", 2);
        assert_eq!(spring, ["2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z"]);
        let autumn = due("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 3);
        assert_eq!(
            autumn,
            [
                "2026-10-25T00:30:00Z",
                "2026-10-25T01:30:00Z",
                "2026-10-26T01:30:00Z"
            ]
        );
        let shanghai = due("0 8 * * *", "Asia/Shanghai", "2026-01-05T00:00:00Z", 1);
        assert_eq!(shanghai, ["2026-01-06T00:00:00Z"]);
    }
}
