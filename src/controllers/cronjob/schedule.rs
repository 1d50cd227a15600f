//! Which of a schedule's times is due, and when to look again.
//!
//! Upstream: `pkg/controller/cronjob/utils.go` (mostRecentScheduleTime, nextScheduleTime).

use crate::api::cron::Schedule;
use crate::api::{CronJobBody, CronJobStatus};
use crate::clock::{SimTime, Span};

use super::super::Options;

/// From so many missed times on it is said that there are too many.
const MISSED_MAX: i64 = 100;

/// The times of a CronJob at a moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    created: SimTime,
    last: Option<SimTime>,
    /// How late a Job may start.
    deadline: Option<Span>,
    now: SimTime,
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    /// The most recent of the times that have come since `since`.
    pub at: Option<SimTime>,
    since: SimTime,
    missed: i64,
}

impl Due {
    /// Whether more times were missed than a controller should miss.
    pub fn too_many(&self) -> bool {
        self.missed > MISSED_MAX
    }
}

impl Clock {
    pub fn of(body: &CronJobBody, status: &CronJobStatus, created: SimTime, now: SimTime) -> Clock {
        Clock {
            created: created.whole_secs(),
            last: status.last_schedule,
            deadline: body.spec.starting_deadline_seconds.map(Span::secs),
            now,
        }
    }

    /// What is due within the deadline. Errors: upstream's text, if the schedule never is.
    pub fn due(&self, schedule: &Schedule) -> Result<Due, String> {
        let since = self.last.unwrap_or(self.created);
        let since = match self.deadline {
            Some(deadline) => since.max(self.now - deadline),
            None => since,
        };
        most_recent(schedule, since, self.now)
    }

    /// When the schedule is next due, and a little more against clocks that differ. `None` if it
    /// never is.
    pub fn next(&self, schedule: &Schedule, options: &Options) -> Option<SimTime> {
        let since = self.last.unwrap_or(self.created);
        let from = match most_recent(schedule, since, self.now) {
            Ok(Due { at: Some(at), .. }) => at,
            Ok(due) if due.missed == 0 => due.since,
            _ => self.now,
        };
        schedule.next(from).map(|at| at + options.cron_job_delay)
    }
}

fn most_recent(schedule: &Schedule, since: SimTime, now: SimTime) -> Result<Due, String> {
    let never = || "time difference between two schedules is less than 1 second".to_string();
    let due = |at: Option<SimTime>, missed: i64| Due { at, since, missed };
    let first = schedule.next(since).ok_or_else(never)?;
    if now < first {
        return Ok(due(None, 0));
    }
    let second = schedule.next(first).ok_or_else(never)?;
    if now < second {
        return Ok(due(Some(first), 0));
    }
    let between = (second - first).as_secs();
    if between < 1 {
        return Err(never());
    }
    // An estimate: the times need not lie equally apart.
    let missed = (now - first).as_secs() / between + 1;
    let mut latest = None;
    let mut at = schedule.next(first + Span::secs((missed - 2) * between));
    while let Some(next) = at.filter(|next| *next <= now) {
        latest = Some(next);
        at = schedule.next(next);
    }
    Ok(due(latest, missed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(last: Option<&str>, deadline: Option<i64>, now: &str) -> Clock {
        let time = |text: &str| SimTime::parse_rfc3339(text).expect("a time");
        Clock {
            created: time("2026-01-05T08:59:30Z"),
            last: last.map(time),
            deadline: deadline.map(Span::secs),
            now: time(now),
        }
    }

    #[test]
    fn only_the_most_recent_time_is_due() {
        for (case, schedule, last, deadline, now, due) in [
            (
                "before the first",
                "*/5 * * * *",
                None,
                None,
                "2026-01-05T08:59:59Z",
                None,
            ),
            (
                "at the first",
                "*/5 * * * *",
                None,
                None,
                "2026-01-05T09:00:00Z",
                Some("2026-01-05T09:00:00Z"),
            ),
            (
                "started already",
                "*/5 * * * *",
                Some("2026-01-05T09:00:00Z"),
                None,
                "2026-01-05T09:04:59Z",
                None,
            ),
            (
                "some missed",
                "*/5 * * * *",
                Some("2026-01-05T09:00:00Z"),
                None,
                "2026-01-05T09:21:00Z",
                Some("2026-01-05T09:20:00Z"),
            ),
            (
                "missed beyond the deadline",
                "0 * * * *",
                Some("2026-01-05T09:00:00Z"),
                Some(60),
                "2026-01-05T10:05:00Z",
                None,
            ),
            (
                "unequal steps",
                "30 6-16/4 * * 1-5",
                Some("2026-01-05T14:30:00Z"),
                None,
                "2026-01-06T11:00:00Z",
                Some("2026-01-06T10:30:00Z"),
            ),
        ] {
            let schedule = Schedule::parse(schedule).expect("a schedule");
            let found = clock(last, deadline, now).due(&schedule).expect(case);
            assert_eq!(found.at.map(SimTime::rfc3339).as_deref(), due, "{case}");
        }
    }

    #[test]
    fn many_missed_times_are_told_and_none_is_an_error() {
        let minutely = Schedule::parse("* * * * *").expect("a schedule");
        for (now, too_many) in [
            ("2026-01-05T10:39:00Z", false),
            ("2026-01-05T10:41:00Z", true),
        ] {
            let due = clock(None, None, now).due(&minutely).expect("due");
            assert_eq!(due.too_many(), too_many, "{now}");
        }
        let never = Schedule::parse("0 0 31 2 *").expect("a schedule");
        assert!(
            clock(None, None, "2026-01-05T10:00:00Z")
                .due(&never)
                .is_err()
        );
    }

    #[test]
    fn the_next_look_is_just_after_the_next_time() {
        let minutely = Schedule::parse("* * * * *").expect("a schedule");
        let options = Options::new(SimTime::default());
        let clock = clock(Some("2026-01-05T09:00:00Z"), None, "2026-01-05T09:00:10Z");
        let next = clock
            .next(&minutely, &options)
            .map(|at| at.unix_micros() % 60_000_000);
        assert_eq!(next, Some(100_000));
    }
}
