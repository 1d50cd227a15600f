//! Scaling in the middle of a rollout, or while paused: every ReplicaSet gets its proportion.
//!
//! Upstream: `pkg/controller/deployment/sync.go` (scale), `util/deployment_util.go`.

use std::cmp::Reverse;
use std::sync::Arc;

use crate::api::{Object, Order};
use crate::apiserver::ApiError;

use super::annotations;
use super::arithmetic::{Fences, is_rolling};
use super::sync::{Rollout, active, age_order, figures, total_size};

/// One ReplicaSet's part in a proportional scaling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Share {
    size: i32,
    /// The most pods that the Deployment allowed when it last sized this one.
    max_before: i32,
}

/// The new sizes of active ReplicaSets that are sorted by importance; `to_add` may be negative.
fn proportional(shares: &[Share], replicas: i32, fences: Fences, to_add: i32) -> Vec<i32> {
    let mut added = 0;
    let mut sizes: Vec<i32> = Vec::with_capacity(shares.len());
    for share in shares {
        let allowed = to_add - added;
        let fraction = fraction(*share, replicas, fences.surge);
        let part = match to_add.signum() {
            1 => fraction.min(allowed),
            -1 => fraction.max(allowed),
            _ => 0,
        };
        let part = if allowed == 0 { 0 } else { part };
        added += part;
        sizes.push(share.size + part);
    }
    if let Some(first) = sizes.first_mut() {
        *first = (*first + to_add - added).max(0);
    }
    sizes
}

fn fraction(share: Share, replicas: i32, surge: i32) -> i32 {
    if replicas == 0 {
        return -share.size;
    }
    if share.max_before == 0 {
        return 0;
    }
    let (wanted, before) = (
        i64::from(share.size) * i64::from(replicas + surge),
        i64::from(share.max_before),
    );
    // Half is rounded away from zero; all terms are positive.
    let rounded = (2 * wanted + before).div_euclid(2 * before);
    i32::try_from(rounded).unwrap_or(i32::MAX) - share.size
}

impl Rollout<'_, '_> {
    /// A sync that only scales: a change of `spec.replicas`, or a paused Deployment.
    pub(super) fn sync_scale(&mut self) -> Result<(), ApiError> {
        let (new, old) = self.sync_revision(false)?;
        self.scale_all(new.as_ref(), &old)?;
        if self.spec().paused == Some(true) {
            self.clean_up_history(&old)?;
        }
        self.write_scale_status(new.as_ref(), &old)
    }

    /// Whether an active ReplicaSet was last sized for another number of replicas.
    pub(super) fn is_scaling_event(&mut self) -> Result<bool, ApiError> {
        let (new, old) = self.sync_revision(false)?;
        let replicas = self.replicas();
        let mut all = old.iter().chain(&new).filter(|rs| figures(rs).size > 0);
        Ok(all.any(|rs| annotations::desired(rs).is_some_and(|desired| desired != replicas)))
    }

    fn scale_all(
        &mut self,
        new: Option<&Arc<Object>>,
        old: &[Arc<Object>],
    ) -> Result<(), ApiError> {
        let replicas = self.replicas();
        let old_active = active(old);
        let mut all = old_active.clone();
        all.extend(new.filter(|rs| figures(rs).size > 0).cloned());
        if all.len() <= 1 {
            let newest_old = || old.iter().max_by_key(|rs| age_order(rs));
            let only = all.first().or(new).or_else(newest_old);
            let Some(only) = only.filter(|rs| figures(rs).size != replicas) else {
                return Ok(());
            };
            return self.scale(&only.clone(), replicas).map(|_| ());
        }
        if new.is_some_and(|rs| self.is_saturated(rs)) {
            for rs in &old_active {
                self.scale(rs, 0)?;
            }
            return Ok(());
        }
        if !is_rolling(self.spec()) {
            return Ok(());
        }
        let fences = self.fences();
        let allowed = if replicas > 0 {
            replicas + fences.surge
        } else {
            0
        };
        let to_add = allowed - total_size(&all);
        if to_add > 0 {
            all.order_by_key(|rs| (Reverse(figures(rs).size), Reverse(age_order(rs))));
        } else {
            all.order_by_key(|rs| (Reverse(figures(rs).size), age_order(rs)));
        }
        let fallback = self.status().replicas;
        let share = |rs: &Arc<Object>| Share {
            size: figures(rs).size,
            max_before: annotations::max_replicas(rs)
                .filter(|n| *n != 0)
                .unwrap_or(fallback),
        };
        let shares: Vec<Share> = all.iter().map(share).collect();
        for (rs, size) in all
            .iter()
            .zip(proportional(&shares, replicas, fences, to_add))
        {
            self.resize(rs, size)?;
        }
        Ok(())
    }

    fn is_saturated(&self, rs: &Object) -> bool {
        let replicas = self.replicas();
        let own = figures(rs);
        own.size == replicas
            && own.available == replicas
            && annotations::desired(rs) == Some(replicas)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_replica_set_gets_its_proportion() {
        let none = Fences {
            surge: 0,
            unavailable: 0,
        };
        let share = |size, max_before| Share { size, max_before };
        type Case<'a> = (&'a str, &'a [Share], i32, i32, &'a [i32]);
        let cases: &[Case<'_>] = &[
            (
                "5 and 5 to 12",
                &[share(5, 10), share(5, 10)],
                12,
                2,
                &[6, 6],
            ),
            (
                "8 and 2 to 5",
                &[share(8, 10), share(2, 10)],
                5,
                -5,
                &[4, 1],
            ),
            (
                "three unequal up",
                &[share(5, 10), share(3, 10), share(2, 10)],
                20,
                10,
                &[10, 6, 4],
            ),
            (
                "the rest goes to the largest",
                &[share(4, 7), share(3, 7)],
                8,
                1,
                &[5, 3],
            ),
            ("to zero", &[share(6, 10), share(4, 10)], 0, -10, &[0, 0]),
            (
                "nothing to add",
                &[share(6, 10), share(4, 10)],
                10,
                0,
                &[6, 4],
            ),
            (
                "size of old never known",
                &[share(6, 0), share(4, 0)],
                12,
                2,
                &[8, 4],
            ),
        ];
        for (case, shares, replicas, to_add, expected) in cases {
            assert_eq!(
                proportional(shares, *replicas, none, *to_add),
                *expected,
                "{case}"
            );
        }
    }

    #[test]
    fn the_surge_is_part_of_the_proportion() {
        let fences = Fences {
            surge: 3,
            unavailable: 2,
        };
        let shares = [
            Share {
                size: 8,
                max_before: 13,
            },
            Share {
                size: 5,
                max_before: 13,
            },
        ];
        let sizes = proportional(&shares, 20, fences, 10);
        assert_eq!(sizes, [14, 9]);
    }
}
