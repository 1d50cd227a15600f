//! Surge, unavailability and sizes: the sums of a rollout.
//!
//! Upstream: `pkg/controller/deployment/util/deployment_util.go`, `apimachinery/pkg/util/intstr`.

use k8s_openapi::api::apps::v1::DeploymentSpec;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::super::util::scaled;

/// How many pods a rollout may have above and below the wanted number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fences {
    pub surge: i32,
    pub unavailable: i32,
}

/// Whether the strategy is a rolling update.
pub(super) fn is_rolling(spec: &DeploymentSpec) -> bool {
    let strategy = spec.strategy.as_ref().and_then(|s| s.type_.as_deref());
    strategy.unwrap_or("RollingUpdate") == "RollingUpdate"
}

/// The fences of a spec; none for a strategy that is no rolling update.
pub(super) fn fences(spec: &DeploymentSpec) -> Fences {
    let replicas = spec.replicas.unwrap_or(1);
    if !is_rolling(spec) {
        return Fences {
            surge: 0,
            unavailable: 0,
        };
    }
    let rolling = spec
        .strategy
        .as_ref()
        .and_then(|s| s.rolling_update.as_ref());
    let part = |given: Option<&IntOrString>, up| given.map_or(0, |v| scaled(v, replicas, up));
    let surge = part(rolling.and_then(|r| r.max_surge.as_ref()), true);
    let unavailable = part(rolling.and_then(|r| r.max_unavailable.as_ref()), false);
    resolve(replicas, surge, unavailable)
}

/// A rollout that may go neither above nor below would stand still: one pod may then be missing.
fn resolve(replicas: i32, surge: i32, unavailable: i32) -> Fences {
    let unavailable = if surge == 0 && unavailable == 0 {
        1
    } else {
        unavailable
    };
    let unavailable = if replicas == 0 {
        0
    } else {
        unavailable.min(replicas)
    };
    Fences { surge, unavailable }
}

/// The size to which a rolling update may raise the new ReplicaSet, of `current` pods now, while
/// all ReplicaSets together ask for `total`.
pub(super) fn new_size(current: i32, total: i32, replicas: i32, surge: i32) -> i32 {
    let room = replicas.saturating_add(surge) - total;
    if room <= 0 {
        return current;
    }
    current + room.min(replicas - current)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_of_each_size_as_upstream_rounds() {
        for (replicas, surge, unavailable) in [
            (0, 0, 0),
            (1, 1, 0),
            (2, 1, 0),
            (3, 1, 0),
            (4, 1, 1),
            (5, 2, 1),
            (6, 2, 1),
            (8, 2, 2),
            (10, 3, 2),
            (100, 25, 25),
        ] {
            let quarter = IntOrString::String("25%".into());
            let up = scaled(&quarter, replicas, true);
            let down = scaled(&quarter, replicas, false);
            let found = resolve(replicas, up, down);
            assert_eq!(found, Fences { surge, unavailable }, "{replicas} replicas");
        }
    }

    #[test]
    fn fences_are_never_both_zero_and_never_above_the_replicas() {
        for (case, replicas, surge, unavailable, expected) in [
            ("both zero by rounding", 3, 0, 0, 1),
            ("surge only", 3, 1, 0, 0),
            ("more unavailable than there are", 2, 0, 5, 2),
            ("nothing wanted", 0, 0, 1, 0),
        ] {
            assert_eq!(
                resolve(replicas, surge, unavailable).unavailable,
                expected,
                "{case}"
            );
        }
    }

    #[test]
    fn the_new_replica_set_grows_into_the_room() {
        for (case, current, total, replicas, surge, expected) in [
            ("first step of ten with three above", 0, 10, 10, 3, 3),
            ("after two old ones are asked to go", 3, 11, 10, 3, 5),
            ("no room", 3, 13, 10, 3, 3),
            ("never beyond the wanted number", 9, 9, 10, 3, 10),
            ("above the ceiling already", 2, 14, 10, 3, 2),
        ] {
            assert_eq!(
                new_size(current, total, replicas, surge),
                expected,
                "{case}"
            );
        }
    }
}
