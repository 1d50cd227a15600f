//! One container of a pod: what the runtime knows of it, and what the kubelet remembers about it.
//!
//! Upstream: `pkg/kubelet/container/runtime.go` (Status), `pkg/kubelet/reason_cache.go`,
//! `client-go/util/flowcontrol/backoff.go`.

use std::sync::Arc;

use crate::api::Terminated;
use crate::clock::{SimTime, Span};

use super::images::Image;
use super::probes::Probing;

/// A container's present and past.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Container {
    pub run: Run,
    /// How the run before ended.
    pub last: Option<Arc<Terminated>>,
    pub restarts: u32,
    /// Why it does not run, as the last attempt left it.
    pub reason: Option<Reason>,
    pub backoff: Option<Backoff>,
    pub image_backoff: Option<Backoff>,
    /// Set when a probe has condemned it: the words of the Killing event.
    pub condemned: Option<&'static str>,
    pub probing: Vec<Probing>,
    /// Stopped by the sync that is to start it again.
    pub restarting: bool,
    /// An init container that ran for an earlier sandbox and must run again.
    pub stale: bool,
}

/// The latest run.
#[derive(Clone, Debug, Default, Hash)]
pub(super) enum Run {
    #[default]
    Absent,
    Running(Box<Running>),
    Exited {
        image: Arc<Image>,
        end: Arc<Terminated>,
    },
}

/// A process that runs, or has ended without anybody having looked yet.
#[derive(Clone, Debug, Hash)]
pub(super) struct Running {
    pub image: Arc<Image>,
    pub id: Arc<str>,
    pub started: SimTime,
    /// When it ends by itself or by a signal that was sent, and with which code.
    pub ends: Option<(SimTime, i32)>,
    pub on_term: Option<i32>,
}

/// Why a container waits: a word and a message.
#[derive(Clone, Debug, Hash)]
pub(super) struct Reason {
    pub word: &'static str,
    pub message: Option<Arc<str>>,
}

/// An entry of a back-off table.
#[derive(Clone, Copy, Debug, Hash)]
pub(super) struct Backoff {
    wait: Span,
    touched: SimTime,
}

impl Backoff {
    /// How much of the wait since `event` remains; `None` if it is over or was never begun.
    pub(super) fn remaining(
        entry: Option<Backoff>,
        event: SimTime,
        now: SimTime,
        max: Span,
    ) -> Option<Span> {
        let entry = entry.filter(|e| event - e.touched <= max * 2)?;
        let remaining = entry.wait - (now - event);
        (remaining > Span::ZERO).then_some(remaining)
    }

    /// The wait that stands in the table; zero if there is none.
    pub(super) fn wait(entry: Option<Backoff>) -> Span {
        entry.map_or(Span::ZERO, |e| e.wait)
    }

    pub(super) fn touched(entry: Option<Backoff>) -> SimTime {
        entry.map_or(SimTime::default(), |e| e.touched)
    }

    /// The entry after one more failure: the first wait, then twice as long each time, no longer
    /// than the longest.
    pub(super) fn next(
        entry: Option<Backoff>,
        event: SimTime,
        now: SimTime,
        (first, max): (Span, Span),
    ) -> Backoff {
        let entry = entry.filter(|e| event - e.touched <= max * 2);
        let wait = entry.map_or(first, |e| e.wait * 2).min(max);
        Backoff { wait, touched: now }
    }
}

impl Container {
    pub(super) fn running(&self) -> Option<&Running> {
        match &self.run {
            Run::Running(running) => Some(running),
            _ => None,
        }
    }

    pub(super) fn exited(&self) -> Option<&Arc<Terminated>> {
        match &self.run {
            Run::Exited { end, .. } => Some(end),
            _ => None,
        }
    }

    /// How often it was created so far.
    pub(super) fn runs(&self) -> u32 {
        match &self.run {
            Run::Absent => 0,
            _ => self.restarts + 1,
        }
    }

    /// Turns a process that has ended by `until` into what is left of it.
    pub(super) fn settle(&mut self, until: SimTime) {
        let Run::Running(running) = &self.run else {
            return;
        };
        let Some((at, code)) = running.ends.filter(|(at, _)| *at <= until) else {
            return;
        };
        self.end(
            at,
            code,
            if code == 0 { "Completed" } else { "Error" },
            None,
        );
    }

    /// Ends the run, whatever it was.
    pub(super) fn end(
        &mut self,
        at: SimTime,
        exit_code: i32,
        reason: &str,
        message: Option<Arc<str>>,
    ) {
        let Run::Running(running) = &self.run else {
            return;
        };
        let started = if reason == "StartError" {
            None
        } else {
            Some(running.started)
        };
        let end = Terminated {
            exit_code,
            reason: reason.into(),
            message,
            started,
            finished: at,
            container_id: running.id.clone(),
        };
        let image = running.image.clone();
        self.run = Run::Exited {
            image,
            end: Arc::new(end),
        };
        self.condemned = None;
    }

    /// Begins a new run.
    pub(super) fn begin(&mut self, running: Running) {
        if let Run::Exited { end, .. } = &self.run {
            self.last = Some(end.clone());
        }
        if !matches!(self.run, Run::Absent) {
            self.restarts += 1;
        }
        self.run = Run::Running(Box::new(running));
        self.stale = false;
        self.restarting = false;
        self.condemned = None;
        self.probing.clear();
    }
}

/// A span as Go prints a `Duration` of whole seconds or milliseconds: `1m20s`, `5m0s`, `1.501s`.
pub(super) fn go_duration(span: Span) -> String {
    let (secs, millis) = (span.as_secs(), span.as_millis() % 1000);
    let fraction = if millis == 0 {
        String::new()
    } else {
        format!(".{millis:03}").trim_end_matches('0').to_string()
    };
    match (secs / 3600, secs / 60 % 60, secs % 60) {
        (0, 0, 0) if millis > 0 => format!("{millis}ms"),
        (0, 0, s) => format!("{s}{fraction}s"),
        (0, m, s) => format!("{m}m{s}{fraction}s"),
        (h, m, s) => format!("{h}h{m}m{s}{fraction}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_print_as_go_prints_them() {
        for (millis, text) in [
            (10_000, "10s"),
            (80_000, "1m20s"),
            (300_000, "5m0s"),
            (1501, "1.501s"),
            (1510, "1.51s"),
            (250, "250ms"),
        ] {
            assert_eq!(go_duration(Span::millis(millis)), text);
        }
    }

    #[test]
    fn the_wait_doubles_to_its_limit_and_is_forgotten_after_twice_that() {
        let (first, max, at) = (Span::secs(10), Span::secs(300), SimTime::from_unix_secs);
        let mut entry = None;
        let mut waits = Vec::new();
        for n in 0..7 {
            let now = at(1000 + n * 400);
            entry = Some(Backoff::next(entry, now, now, (first, max)));
            waits.push(Backoff::wait(entry).as_secs());
        }
        assert_eq!(waits, [10, 20, 40, 80, 160, 300, 300]);
        let touched = Backoff::touched(entry);
        let exit = touched + Span::secs(5);
        assert_eq!(
            Backoff::remaining(entry, exit, exit + Span::secs(100), max),
            Some(Span::secs(200))
        );
        assert_eq!(
            Backoff::remaining(entry, exit, exit + Span::secs(300), max),
            None
        );
        let late = touched + Span::secs(601);
        assert_eq!(Backoff::remaining(entry, late, late, max), None);
        assert_eq!(
            Backoff::wait(Some(Backoff::next(entry, late, late, (first, max)))),
            first
        );
    }
}
