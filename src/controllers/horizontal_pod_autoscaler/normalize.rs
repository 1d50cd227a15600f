//! What stands between the number that the metrics ask for and the one that is written: limits,
//! rates, and the memory of what was asked for before.
//!
//! Upstream: `normalizeDesiredReplicas*`, `stabilizeRecommendation*`, `convertDesiredReplicas*`,
//! `calculateScale*Limit*` and `storeScaleEvent` in `horizontal.go`. Differs: what is too old to
//! count is dropped, where upstream writes over it.

use serde_json::Value;

use crate::api::{Selector, items_at, text_at};
use crate::clock::{SimTime, Span};

use super::{Sync, whole};

/// What the controller remembers of one autoscaler.
#[derive(Clone, Debug, Default, Hash)]
pub(in crate::controllers) struct Memory {
    /// What its target selects, once it is known.
    pub(super) selector: Option<Selector>,
    /// What the metrics asked for, unbounded.
    recommendations: Vec<(i32, SimTime)>,
    /// By how much it was scaled up, and down.
    ups: Vec<(i32, SimTime)>,
    downs: Vec<(i32, SimTime)>,
}

/// `minReplicas` and `maxReplicas`.
pub(super) struct Bounds {
    pub min: i32,
    pub max: i32,
}

impl Bounds {
    pub(super) fn of(body: &Value) -> Bounds {
        Bounds {
            min: whole(body, "/spec/minReplicas").unwrap_or(1),
            max: whole(body, "/spec/maxReplicas").unwrap_or(0),
        }
    }
}

/// A number with the reason and the message of a condition.
pub(super) type Explained = (i32, &'static str, &'static str);

/// Without `behavior`, a step up reaches at most the double, or four.
const UP_FACTOR: i32 = 2;
const UP_MIN: i32 = 4;

const IN_RANGE: (&str, &str) = (
    "DesiredWithinRange",
    "the desired count is within the acceptable range",
);
const TOO_MANY: (&str, &str) = (
    "TooManyReplicas",
    "the desired replica count is more than the maximum replica count",
);
const TOO_FEW: (&str, &str) = (
    "TooFewReplicas",
    "the desired replica count is less than the minimum replica count",
);
const TOO_FAST_UP: (&str, &str) = (
    "ScaleUpLimit",
    "the desired replica count is increasing faster than the maximum scale rate",
);
const TOO_FAST_DOWN: (&str, &str) = (
    "ScaleDownLimit",
    "the desired replica count is decreasing faster than the maximum scale rate",
);
const WAS_LOWER: (&str, &str) = (
    "ScaleUpStabilized",
    "recent recommendations were lower than current one, applying the lowest recent recommendation",
);
const WAS_HIGHER: (&str, &str) = (
    "ScaleDownStabilized",
    "recent recommendations were higher than current one, applying the highest recent recommendation",
);

impl Memory {
    /// The first recommendation of all is the number that was found.
    pub(super) fn begin(&mut self, current: i32, now: SimTime) {
        if self.recommendations.is_empty() {
            self.recommendations.push((current, now));
        }
    }

    /// The highest recommendation of a window, this one included.
    pub(super) fn highest(&mut self, desired: i32, window: Span, now: SimTime) -> i32 {
        self.recommendations.retain(|(_, at)| *at >= now - window);
        let all = self.recommendations.iter().map(|one| one.0);
        let highest = all.fold(desired, i32::max);
        self.recommendations.push((desired, now));
        highest
    }

    /// The number nearest to the current one between the lowest recommendation of one window and
    /// the highest of another.
    pub(super) fn stabilized(
        &mut self,
        (current, desired): (i32, i32),
        (up, down): (Span, Span),
        now: SimTime,
    ) -> Explained {
        let (mut lowest, mut highest) = (desired, desired);
        for (replicas, at) in &self.recommendations {
            if *at > now - up {
                lowest = lowest.min(*replicas);
            }
            if *at > now - down {
                highest = highest.max(*replicas);
            }
        }
        let oldest = now - up.max(down);
        self.recommendations.retain(|(_, at)| *at >= oldest);
        self.recommendations.push((desired, now));
        let stable = current.max(lowest).min(highest);
        let (reason, message) = if desired >= current {
            WAS_LOWER
        } else {
            WAS_HIGHER
        };
        (stable, reason, message)
    }

    /// Notes that the target was scaled; only rates of a `behavior` ask for it.
    pub(super) fn scaled(&mut self, body: &Value, from: i32, to: i32, now: SimTime) {
        let Some(behavior) = body.pointer("/spec/behavior").filter(|b| b.is_object()) else {
            return;
        };
        let (list, rules) = if to > from {
            (&mut self.ups, "/scaleUp/policies")
        } else {
            (&mut self.downs, "/scaleDown/policies")
        };
        let periods = items_at(behavior, rules).iter().map(period);
        let longest = periods.max().unwrap_or(Span::ZERO);
        list.retain(|(_, at)| *at >= now - longest);
        list.push(((to - from).abs(), now));
    }

    /// The number of replicas at the beginning of a period that ends now.
    fn before(&self, current: i32, period: Span, now: SimTime) -> i32 {
        let sum = |list: &[(i32, SimTime)]| -> i32 {
            let recent = list.iter().filter(|(_, at)| *at > now - period);
            recent.map(|one| one.0).sum()
        };
        current - sum(&self.ups) + sum(&self.downs)
    }

    /// How far the policies of a direction allow to go.
    fn limit(&self, rules: &Value, current: i32, up: bool, now: SimTime) -> i32 {
        let select = text_at(rules, "/selectPolicy");
        if select == "Disabled" {
            return current;
        }
        let proposals = items_at(rules, "/policies").iter().map(|policy| {
            let start = self.before(current, period(policy), now);
            let value = whole(policy, "/value").unwrap_or(0);
            match (text_at(policy, "/type"), up) {
                ("Pods", true) => start.saturating_add(value),
                ("Pods", false) => start.saturating_sub(value),
                // Rounded so that the smallest change is not lost.
                (_, true) => (f64::from(start) * (1.0 + f64::from(value) / 100.0)).ceil() as i32,
                (_, false) => (f64::from(start) * (1.0 - f64::from(value) / 100.0)) as i32,
            }
        });
        // The policy that changes most is the highest number upwards, the lowest downwards.
        let highest = (select == "Min") != up;
        let found = if highest {
            proposals.max()
        } else {
            proposals.min()
        };
        found.unwrap_or(current)
    }
}

fn period(policy: &Value) -> Span {
    Span::secs(whole(policy, "/periodSeconds").unwrap_or(0).into())
}

/// The bounds where there is no `behavior`.
pub(super) fn plainly(current: i32, desired: i32, bounds: &Bounds) -> Explained {
    let limit = current.saturating_mul(UP_FACTOR).max(UP_MIN);
    let (most, why) = if bounds.max > limit {
        (limit, TOO_FAST_UP)
    } else {
        (bounds.max, TOO_MANY)
    };
    let (replicas, (reason, message)) = if desired < bounds.min {
        (bounds.min, TOO_FEW)
    } else if desired > most {
        (most, why)
    } else {
        (desired, IN_RANGE)
    };
    (replicas, reason, message)
}

/// The bounds and rates of a `behavior`.
pub(super) fn with_behavior(
    memory: &Memory,
    behavior: &Value,
    (current, desired): (i32, i32),
    bounds: &Bounds,
    now: SimTime,
) -> Explained {
    let empty = Value::Null;
    let rules = |direction: &str| behavior.get(direction).unwrap_or(&empty);
    let mut bounded = (desired, IN_RANGE);
    if desired > current {
        let limit = memory
            .limit(rules("scaleUp"), current, true, now)
            .max(current);
        let (most, why) = if bounds.max > limit {
            (limit, TOO_FAST_UP)
        } else {
            (bounds.max, TOO_MANY)
        };
        if desired > most {
            bounded = (most, why);
        }
    } else if desired < current {
        let limit = memory
            .limit(rules("scaleDown"), current, false, now)
            .min(current);
        let (least, why) = if bounds.min < limit {
            (limit, TOO_FAST_DOWN)
        } else {
            (bounds.min, TOO_FEW)
        };
        if desired < least {
            bounded = (least, why);
        }
    }
    let (replicas, (reason, message)) = bounded;
    (replicas, reason, message)
}

impl Sync<'_, '_> {
    /// The number that may be written, with the conditions AbleToScale and ScalingLimited.
    pub(super) fn normalize(&mut self, current: i32, desired: i32, bounds: &Bounds) -> i32 {
        let (hpa, now) = (self.hpa.clone(), self.client.now());
        let usual = self.desk.options.autoscaler_downscale_stabilization;
        let behavior = hpa.data().and_then(|body| body.pointer("/spec/behavior"));
        let behavior = behavior.filter(|behavior| behavior.is_object());
        let memory = self.memory();
        let stable = match behavior {
            None => {
                let highest = memory.highest(desired, usual, now);
                (highest, WAS_HIGHER.0, WAS_HIGHER.1)
            }
            Some(behavior) => {
                let window = |direction: &str| {
                    let pointer = format!("/{direction}/stabilizationWindowSeconds");
                    whole(behavior, &pointer).map(|secs| Span::secs(secs.into()))
                };
                let up = window("scaleUp").unwrap_or(Span::ZERO);
                let down = window("scaleDown").unwrap_or(usual);
                memory.stabilized((current, desired), (up, down), now)
            }
        };
        let (stable, mut reason, mut message) = stable;
        let (replicas, limited, limited_message) = match behavior {
            None => plainly(current, stable, bounds),
            Some(behavior) => with_behavior(memory, behavior, (current, stable), bounds, now),
        };
        if stable == desired {
            reason = "ReadyForNewScale";
            message = "recommended size matches current size";
        }
        self.status.set("AbleToScale", true, reason, message);
        let is_limited = replicas != stable;
        self.status
            .set("ScalingLimited", is_limited, limited, limited_message);
        replicas
    }
}
