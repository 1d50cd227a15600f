//! Probes. One that keeps succeeding is not run: the moment at which its outcome next matters is
//! computed. One that fails is run each time, since each failure is told.
//!
//! Upstream: `pkg/kubelet/prober/{worker,prober_manager}.go`. Differs: the random wait after a
//! kubelet's restart and the three tries of a probe that cannot run are not modelled.

use std::sync::Arc;

use crate::clock::{SimTime, Span};

use super::ProbeKind;
use super::container::Container;
use super::plan::{ContainerPlan, ProbePlan};
use super::worker::{Act, Stage, Worker};

/// How a probe stands.
#[derive(Clone, Copy, Debug, Hash)]
pub(super) struct Probing {
    pub passing: bool,
    /// Successes (positive) or failures (negative) in a row.
    row: i32,
    /// When its outcome next matters.
    next: Option<SimTime>,
}

impl Container {
    fn verdict(&self, plan: &ContainerPlan, kind: ProbeKind) -> bool {
        let at = plan.probes.iter().position(|p| p.kind == kind);
        at.is_none_or(|at| self.probing.get(at).is_some_and(|p| p.passing))
    }

    /// Whether it runs and its startup probe has succeeded.
    pub(super) fn has_started(&self, plan: &ContainerPlan) -> bool {
        self.running().is_some() && self.verdict(plan, ProbeKind::Startup)
    }

    /// Whether its readiness probe says so.
    pub(super) fn is_ready(&self, plan: &ContainerPlan) -> bool {
        self.verdict(plan, ProbeKind::Readiness)
    }

    /// A new run begins: nothing is known yet. `added`: from when the pod's probes strike.
    pub(super) fn begin_probes(&mut self, plan: &ContainerPlan, added: SimTime) {
        let Some(started) = self.running().map(|r| r.started) else {
            return;
        };
        let gated = plan.probes.iter().any(|p| p.kind == ProbeKind::Startup);
        let fresh = |probe: &ProbePlan| Probing {
            passing: probe.kind == ProbeKind::Liveness,
            row: 0,
            next: match probe.kind {
                ProbeKind::Startup => Some(probe.strike(added, started, started)),
                _ if gated => None,
                _ => probe.first(added, started, started),
            },
        };
        self.probing = plan.probes.iter().map(fresh).collect();
    }
}

/// A container that has just started is asked at once whether it is ready.
const AT_ONCE: Span = Span::millis(2);

impl ProbePlan {
    /// The first strike no earlier than `from` at which a container of this age is probed.
    fn strike(&self, added: SimTime, from: SimTime, started: SimTime) -> SimTime {
        // The age counts in whole seconds.
        let from = from.max(started + self.initial_delay);
        let beats = (from - added).as_micros().max(0);
        let period = self.period.as_micros().max(1);
        let beats = beats / period + i64::from(beats % period != 0);
        added + self.period * beats
    }

    /// The first run of a liveness or readiness probe that matters, from `from` on.
    fn first(&self, added: SimTime, from: SimTime, started: SimTime) -> Option<SimTime> {
        match self.kind {
            ProbeKind::Liveness => self.next_failure(added, from, started),
            _ if from - started >= self.initial_delay => Some(from + AT_ONCE),
            _ => Some(self.strike(added, from, started)),
        }
    }

    /// When the outcome of a passing probe changes next.
    fn next_failure(&self, added: SimTime, after: SimTime, started: SimTime) -> Option<SimTime> {
        let begins = self.failing.iter().filter_map(|(from, until, _)| {
            let strike = self.strike(added, after.max(started + *from), started);
            until
                .is_none_or(|until| strike - started < until)
                .then_some(strike)
        });
        begins.min()
    }
}

impl Worker {
    /// When a probe is due that matters.
    pub(super) fn next_probe(&self) -> Option<SimTime> {
        if self.plan.containers.iter().all(|c| c.probes.is_empty()) {
            return None;
        }
        let listed = self.containers.iter().filter(|c| c.running().is_some());
        listed.flat_map(|c| &c.probing).filter_map(|p| p.next).min()
    }

    /// Runs the probes that are due.
    pub(super) fn probe(&mut self, act: &mut Act<'_, '_>) {
        while self.next_probe().is_some_and(|at| at <= act.now) {
            let plan = self.plan.clone();
            for (at, container) in plan.containers.iter().enumerate() {
                for (number, probe) in container.probes.iter().enumerate() {
                    self.run_probe(act, (at, container), (number, probe));
                }
            }
        }
    }

    fn run_probe(
        &mut self,
        act: &mut Act<'_, '_>,
        (at, container): (usize, &ContainerPlan),
        (number, probe): (usize, &ProbePlan),
    ) {
        let now = act.now;
        let leaving = self.leaving() && probe.kind != ProbeKind::Readiness;
        let Some(known) = self.containers.get_mut(at) else {
            return;
        };
        let started = known.has_started(container);
        let Some(since) = known.running().map(|r| r.started) else {
            return;
        };
        let Some(state) = known.probing.get_mut(number) else {
            return;
        };
        if state.next.is_none_or(|next| next > now) {
            return;
        }
        // The startup probe goes first, then the others; its success wakes them.
        if leaving || (probe.kind == ProbeKind::Startup) == started {
            state.next = None;
            return;
        }
        match probe.failure_at(now - since) {
            None => self.succeeded(act, (at, number), probe, since),
            Some(words) => self.failed(act, (at, number), probe, words, since),
        }
    }

    fn state(&mut self, (at, number): (usize, usize)) -> Option<&mut Probing> {
        self.containers.get_mut(at)?.probing.get_mut(number)
    }

    fn succeeded(
        &mut self,
        act: &mut Act<'_, '_>,
        which: (usize, usize),
        probe: &ProbePlan,
        since: SimTime,
    ) {
        let (now, added) = (act.now, self.timing.added);
        let later = now + Span::micros(1);
        let Some(state) = self.state(which) else {
            return;
        };
        state.row = state.row.max(0) + 1;
        let turned = !state.passing && state.row >= probe.successes;
        state.passing |= turned;
        state.next = if state.passing {
            probe.next_failure(added, later, since)
        } else {
            Some(probe.strike(added, later, since))
        };
        if !turned {
            return;
        }
        if probe.kind == ProbeKind::Startup {
            // Liveness and readiness begin now.
            let plan = self.plan.clone();
            let probes = plan
                .containers
                .get(which.0)
                .map(|c| &*c.probes)
                .unwrap_or_default();
            let states = self
                .containers
                .get_mut(which.0)
                .into_iter()
                .flat_map(|c| &mut c.probing);
            for (probe, state) in probes.iter().zip(states) {
                if probe.kind != ProbeKind::Startup {
                    state.next = probe.first(added, now, since);
                }
            }
            self.want(now);
        }
        self.tell(act);
    }

    fn failed(
        &mut self,
        act: &mut Act<'_, '_>,
        which: (usize, usize),
        probe: &ProbePlan,
        words: &Arc<str>,
        since: SimTime,
    ) {
        let (now, added) = (act.now, self.timing.added);
        let (kind, condemned) = match probe.kind {
            ProbeKind::Startup => ("Startup", Some("startup")),
            ProbeKind::Liveness => ("Liveness", Some("liveness")),
            ProbeKind::Readiness => ("Readiness", None),
        };
        let template = "{} probe failed: {}";
        self.warning(
            act,
            which.0,
            "Unhealthy",
            template,
            vec![kind.into(), words.into()],
        );
        let Some(state) = self.state(which) else {
            return;
        };
        state.row = state.row.min(0) - 1;
        state.next = Some(probe.strike(added, now + Span::micros(1), since));
        if -state.row < probe.failures {
            return;
        }
        if let Some(word) = condemned {
            // Nothing more is asked of a container that is about to be stopped.
            state.next = None;
            if let Some(container) = self.containers.get_mut(which.0) {
                container.condemned = Some(word);
            }
            self.want(now);
        } else if std::mem::replace(&mut state.passing, false) {
            self.tell(act);
        }
    }

    /// A probe has changed what is to be said of the pod.
    fn tell(&mut self, act: &mut Act<'_, '_>) {
        if self.stage == Stage::Syncing && self.status.is_some() && !self.timing.at_once {
            let status = self.generate(act.now, false);
            self.write(act, status);
        }
    }
}
