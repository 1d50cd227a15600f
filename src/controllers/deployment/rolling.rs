//! A rolling update, one step a sync: first the new ReplicaSet up, then the old ones down.
//!
//! Upstream: `pkg/controller/deployment/rolling.go`.

use crate::apiserver::ApiError;

use super::arithmetic::{Fences, new_size};
use super::sync::Rollout;
use crate::api::Order;

/// What a step depends on, of one ReplicaSet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Figures {
    /// `spec.replicas`.
    pub size: i32,
    /// `status.availableReplicas`.
    pub available: i32,
}

/// The size of the new ReplicaSet after this step.
pub(super) fn plan_new(new: Figures, total: i32, replicas: i32, fences: Fences) -> i32 {
    if new.size > replicas {
        return replicas;
    }
    new_size(new.size, total, replicas, fences.surge)
}

/// The sizes to write, in order, as (which of the old ones, its size): first pods that do not serve
/// anyway go, then as many as serve beyond the fence. `old` is sorted, oldest first. One that still
/// tells of more available pods than it is to have ends the plan, or the surplus would be reckoned
/// with pods that are going.
pub(super) fn plan_old(
    old: &[Figures],
    new: Figures,
    replicas: i32,
    fences: Fences,
) -> Vec<(usize, i32)> {
    let mut steps = Vec::new();
    let mut sizes: Vec<i32> = old.iter().map(|rs| rs.size).collect();
    let total: i32 = sizes.iter().sum();
    let min_available = replicas - fences.unavailable;
    let budget = total + new.size - min_available - (new.size - new.available);
    if total == 0 || budget <= 0 {
        return steps;
    }
    let mut left = budget;
    for (at, (rs, size)) in old.iter().zip(&mut sizes).enumerate() {
        if left <= 0 {
            break;
        }
        let unhealthy = left.min(*size - rs.available);
        if *size == 0 || unhealthy == 0 {
            continue;
        }
        if unhealthy < 0 {
            return steps;
        }
        *size -= unhealthy;
        left -= unhealthy;
        steps.push((at, *size));
    }
    let available: i32 = old.iter().map(|rs| rs.available).sum::<i32>() + new.available;
    let mut surplus = available - min_available;
    for (at, size) in sizes.iter_mut().enumerate() {
        let fewer = surplus.min(*size);
        if *size > 0 && fewer > 0 {
            *size -= fewer;
            surplus -= fewer;
            steps.push((at, *size));
        }
    }
    steps
}

impl Rollout<'_, '_> {
    /// One step of a rolling update.
    pub(super) fn roll(&mut self) -> Result<(), ApiError> {
        let (new, old) = self.sync_revision(true)?;
        let Some(new) = new else { return Ok(()) };
        let (replicas, fences) = (self.replicas(), self.fences());
        let total = super::sync::total_size(&old) + super::sync::figures(&new).size;
        let size = plan_new(super::sync::figures(&new), total, replicas, fences);
        if size != super::sync::figures(&new).size {
            // As upstream, the status is reckoned with the size from before.
            self.scale(&new, size)?;
            return self.write_rollout_status(Some(&new), &old);
        }
        let mut active = super::sync::active(&old);
        active.order_by_key(|rs| super::sync::age_order(rs));
        let figures: Vec<Figures> = active.iter().map(|rs| super::sync::figures(rs)).collect();
        let steps = plan_old(&figures, super::sync::figures(&new), replicas, fences);
        let mut scaled = false;
        for (at, size) in steps {
            let Some(rs) = active.get_mut(at) else { break };
            // As upstream, a refusal only ends this step: the status is written all the same.
            match self.scale(rs, size) {
                Ok(updated) => *rs = updated,
                Err(_) => break,
            }
            scaled = true;
        }
        if !scaled && self.is_complete(self.status()) {
            self.clean_up_history(&old)?;
        }
        self.write_rollout_status(Some(&new), &old)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rs(size: i32, available: i32) -> Figures {
        Figures { size, available }
    }

    const QUARTER_OF_3: Fences = Fences {
        surge: 1,
        unavailable: 0,
    };
    const QUARTER_OF_10: Fences = Fences {
        surge: 3,
        unavailable: 2,
    };

    #[test]
    fn old_replica_sets_shrink_within_the_fences() {
        let (three, ten) = ((3, QUARTER_OF_3), (10, QUARTER_OF_10));
        type Case<'a> = (
            &'a str,
            &'a [Figures],
            Figures,
            (i32, Fences),
            &'a [(usize, i32)],
        );
        let cases: &[Case<'_>] = &[
            (
                "the new pod is not ready",
                &[rs(3, 3)],
                rs(1, 0),
                three,
                &[],
            ),
            (
                "the new pod is ready",
                &[rs(3, 3)],
                rs(1, 1),
                three,
                &[(0, 2)],
            ),
            ("the last old one", &[rs(1, 1)], rs(3, 3), three, &[(0, 0)]),
            (
                "two of ten at once",
                &[rs(10, 10)],
                rs(3, 0),
                ten,
                &[(0, 8)],
            ),
            (
                "a stuck image leaves the old ones",
                &[rs(8, 8)],
                rs(5, 0),
                ten,
                &[],
            ),
            (
                "the unhealthy first",
                &[rs(2, 0), rs(8, 8)],
                rs(3, 0),
                ten,
                &[(0, 0)],
            ),
            (
                "the status of the last step is not there yet",
                &[rs(7, 8)],
                rs(5, 2),
                ten,
                &[],
            ),
            ("nothing old", &[], rs(3, 3), three, &[]),
        ];
        for (case, old, new, (replicas, fences), expected) in cases {
            assert_eq!(plan_old(old, *new, *replicas, *fences), *expected, "{case}");
        }
    }

    /// Runs a rollout in which every pod is ready at once, and returns the sizes after each step.
    fn trace(replicas: i32, fences: Fences) -> Vec<(i32, i32)> {
        let (mut new, mut old) = (rs(0, 0), rs(replicas, replicas));
        let mut trace = Vec::new();
        for _ in 0..1000 {
            let size = plan_new(new, new.size + old.size, replicas, fences);
            if size != new.size {
                new.size = size;
            } else if let Some((_, size)) = plan_old(&[old], new, replicas, fences).last() {
                old.size = *size;
            } else if (new.available, old.available) == (new.size, old.size) {
                return trace;
            } else {
                (new.available, old.available) = (new.size, old.size);
                continue;
            }
            trace.push((new.size, old.size));
        }
        trace
    }

    #[test]
    fn three_replicas_roll_one_by_one() {
        let steps = trace(
            3,
            Fences {
                surge: 1,
                unavailable: 0,
            },
        );
        assert_eq!(steps, [(1, 3), (1, 2), (2, 2), (2, 1), (3, 1), (3, 0)]);
    }

    #[test]
    fn ten_replicas_start_with_three_up_and_two_down() {
        let steps = trace(
            10,
            Fences {
                surge: 3,
                unavailable: 2,
            },
        );
        assert_eq!(steps.get(..3), Some(&[(3, 10), (3, 8), (5, 8)][..]));
        assert_eq!(steps.last(), Some(&(10, 0)));
    }

    /// Few cases in a quick run of the tests, many in a long one.
    fn cases() -> proptest::test_runner::Config {
        let long = std::env::var_os("KUBE_ORRERY_LONG").is_some();
        proptest::test_runner::Config::with_cases(if long { 20_000 } else { 200 })
    }

    proptest::proptest! {
        #![proptest_config(cases())]

        #[test]
        fn no_step_leaves_the_fences(
            replicas in 1..40i32, surge in 0..10i32, unavailable in 0..10i32,
            old in proptest::collection::vec((0..20i32, 0..20i32), 0..4),
            new in (0..40i32, 0..40i32),
        ) {
            let unavailable = if surge == 0 { unavailable.max(1) } else { unavailable };
            let fences = Fences { surge, unavailable: unavailable.min(replicas) };
            let old: Vec<Figures> = old.iter().map(|(s, a)| rs(*s, *a.min(s))).collect();
            let new = rs(new.0, new.1.min(new.0));
            let total = old.iter().map(|r| r.size).sum::<i32>() + new.size;
            let size = plan_new(new, total, replicas, fences);
            if size > new.size {
                proptest::prop_assert!(total + size - new.size <= replicas + surge);
            }
            let mut sizes: Vec<i32> = old.iter().map(|r| r.size).collect();
            let serving = |sizes: &[i32]| -> i32 {
                old.iter().zip(sizes).map(|(r, s)| r.available.min(*s)).sum::<i32>() + new.available
            };
            let before = serving(&sizes);
            for (at, size) in plan_old(&old, new, replicas, fences) {
                sizes[at] = size;
            }
            let floor = before.min(replicas - fences.unavailable);
            proptest::prop_assert!(serving(&sizes) >= floor);
        }
    }
}
