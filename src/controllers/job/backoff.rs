//! How long a Job waits after failed pods before it creates the next.
//!
//! Upstream: `pkg/controller/job/backoff_utils.go`.

use crate::api::{ContainerState, ContainerStatus, Object, PodConditionType};
use crate::clock::{SimTime, Span};

use super::super::Options;

/// What is kept of a Job's failures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(in super::super) struct Backoff {
    /// Since the last success.
    failures: i32,
    last_failure: Option<SimTime>,
}

impl Backoff {
    /// The record after pods have ended at these times.
    pub(super) fn after(self, succeeded: &[SimTime], failed: &[SimTime]) -> Backoff {
        let last_success = succeeded.iter().max();
        let counting: Vec<SimTime> = failed
            .iter()
            .filter(|at| last_success.is_none_or(|success| *at > success))
            .copied()
            .collect();
        let before = if last_success.is_some() {
            Backoff::default()
        } else {
            self
        };
        let newly = i32::try_from(counting.len()).unwrap_or(i32::MAX);
        Backoff {
            failures: before.failures.saturating_add(newly),
            last_failure: counting.into_iter().max().or(before.last_failure),
        }
    }

    /// How long it is until the next pod may be created.
    pub(super) fn remaining(self, options: &Options, now: SimTime) -> Span {
        match self.last_failure {
            Some(last) => remaining(self.failures, last, options, now),
            None => Span::ZERO,
        }
    }
}

/// The same for a number of failures, the last of which was at `last`.
pub(super) fn remaining(failures: i32, last: SimTime, options: &Options, now: SimTime) -> Span {
    if failures <= 0 {
        return Span::ZERO;
    }
    let doubled = options.job_pod_backoff * (1i64 << (failures - 1).min(30));
    let until = last + doubled.min(options.job_pod_backoff_max);
    (until - now).max(Span::ZERO)
}

/// When a pod ended: by its containers, else by its readiness, else by its deletion.
pub(super) fn finished_at(pod: &Object) -> SimTime {
    let by_containers = || {
        let body = pod.pod()?;
        let specs = body.spec.spec.init_containers.iter().flatten();
        let sidecars: Vec<&str> = specs
            .filter(|c| c.restart_policy.as_deref() == Some("Always"))
            .map(|c| c.name.as_str())
            .collect();
        let init = body.status.init_containers.iter();
        let init = init.filter(|status| sidecars.contains(&&*status.name));
        let ends = body.status.containers.iter().chain(init).map(end);
        ends.collect::<Option<Vec<SimTime>>>()?.into_iter().max()
    };
    let by_readiness = || {
        let ready = pod.pod()?.status.condition(PodConditionType::Ready)?;
        (ready.status == crate::api::ConditionStatus::False).then_some(ready.transition)
    };
    let by_deletion = || {
        let deletion = pod.meta.deletion?;
        Some(deletion.timestamp - Span::secs(deletion.grace_secs))
    };
    let found = by_containers().or_else(by_readiness).or_else(by_deletion);
    found.unwrap_or(pod.meta.created).whole_secs()
}

fn end(status: &ContainerStatus) -> Option<SimTime> {
    match &status.state {
        ContainerState::Terminated(terminated) => Some(terminated.finished),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_ten_minutes_and_a_success_ends_them() {
        let at = SimTime::from_unix_secs;
        let options = Options::new(at(0));
        let mut record = Backoff::default();
        let mut waits = Vec::new();
        for n in 1..=8 {
            record = record.after(&[], &[at(n * 1000)]);
            waits.push(record.remaining(&options, at(n * 1000)).as_secs());
        }
        assert_eq!(waits, [10, 20, 40, 80, 160, 320, 600, 600]);
        for (case, succeeded, failed, left) in [
            ("a success", vec![at(9)], vec![], 0),
            ("a failure after it", vec![at(9)], vec![at(10)], 10),
            ("a failure before it", vec![at(9)], vec![at(8)], 0),
            ("at the same second", vec![at(9)], vec![at(9)], 0),
        ] {
            let after = record.after(&succeeded, &failed);
            assert_eq!(after.remaining(&options, at(10)).as_secs(), left, "{case}");
        }
    }
}
