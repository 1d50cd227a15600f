//! Limits, rates and windows, in tables.

use serde_json::json;

use super::normalize::*;
use crate::clock::{SimTime, Span};

const START: SimTime = SimTime::from_unix_secs(1_000_000);

fn at(secs: i64) -> SimTime {
    START + Span::secs(secs)
}

#[test]
fn a_step_is_bounded() {
    for (name, current, desired, (min, max), expected) in [
        ("as it is", 3, 5, (1, 10), (5, "DesiredWithinRange")),
        ("four from one", 1, 9, (1, 10), (4, "ScaleUpLimit")),
        ("the double", 5, 20, (1, 30), (10, "ScaleUpLimit")),
        ("the most", 6, 20, (1, 10), (10, "TooManyReplicas")),
        ("the least", 6, 1, (2, 10), (2, "TooFewReplicas")),
    ] {
        let (replicas, reason, _) = plainly(current, desired, &Bounds { min, max });
        assert_eq!((replicas, reason), expected, "{name}");
    }
}

#[test]
fn the_highest_recommendation_of_the_window_counts() {
    let mut memory = Memory::default();
    memory.begin(7, at(0));
    let window = Span::secs(300);
    for (secs, desired, expected) in [
        (15, 3, 7),
        (30, 9, 9),
        (299, 2, 9),
        (330, 2, 9),
        (331, 2, 2),
        (332, 5, 5),
    ] {
        assert_eq!(
            memory.highest(desired, window, at(secs)),
            expected,
            "at {secs}s"
        );
    }
}

#[test]
fn windows_hold_a_number_back_both_ways() {
    let windows = (Span::secs(60), Span::secs(300));
    let mut memory = Memory::default();
    memory.begin(5, at(0));
    for (secs, current, desired, expected) in [
        (15, 5, 8, (5, "ScaleUpStabilized")),
        (59, 5, 8, (5, "ScaleUpStabilized")),
        // Sixty seconds after the five, the lowest is the eight.
        (61, 5, 8, (8, "ScaleUpStabilized")),
        (76, 8, 2, (8, "ScaleDownStabilized")),
        (360, 8, 2, (8, "ScaleDownStabilized")),
        (361, 8, 2, (2, "ScaleDownStabilized")),
    ] {
        let (replicas, reason, _) = memory.stabilized((current, desired), windows, at(secs));
        assert_eq!((replicas, reason), expected, "at {secs}s");
    }
}

#[test]
fn policies_bound_the_change_of_a_period() {
    let policy =
        |kind: &str, value: i32| json!({"type": kind, "value": value, "periodSeconds": 60});
    let rules = |select: &str| json!({"selectPolicy": select, "policies": [policy("Pods", 4), policy("Percent", 50)]});
    let bounds = Bounds { min: 1, max: 100 };
    for (name, select, current, desired, expected) in [
        ("the larger step up", "Max", 20, 90, (30, "ScaleUpLimit")),
        ("the smaller step up", "Min", 20, 90, (24, "ScaleUpLimit")),
        ("no step up", "Disabled", 20, 90, (20, "ScaleUpLimit")),
        ("the larger step down", "Max", 20, 1, (10, "ScaleDownLimit")),
        (
            "the smaller step down",
            "Min",
            20,
            1,
            (16, "ScaleDownLimit"),
        ),
        ("no step down", "Disabled", 20, 1, (20, "ScaleDownLimit")),
        ("within both", "Min", 20, 18, (18, "DesiredWithinRange")),
    ] {
        let behavior = json!({"scaleUp": rules(select), "scaleDown": rules(select)});
        let memory = Memory::default();
        let found = with_behavior(&memory, &behavior, (current, desired), &bounds, at(0));
        assert_eq!((found.0, found.1), expected, "{name}");
    }
}

#[test]
fn what_was_done_within_the_period_counts() {
    let policy = json!({"type": "Pods", "value": 4, "periodSeconds": 60});
    let rules = json!({"selectPolicy": "Max", "policies": [policy]});
    let behavior = json!({"scaleUp": rules, "scaleDown": rules});
    let body = json!({"spec": {"behavior": behavior}});
    let bounds = Bounds { min: 1, max: 100 };
    let mut memory = Memory::default();
    memory.scaled(&body, 2, 5, at(0));
    for (secs, current, desired, expected) in [
        // Three of the four are used up.
        (15, 5, 50, 6),
        (60, 5, 50, 9),
        // What went up comes down again, and four more.
        (15, 5, 1, 1),
        (60, 6, 1, 2),
    ] {
        let found = with_behavior(&memory, &behavior, (current, desired), &bounds, at(secs));
        assert_eq!(found.0, expected, "{current} to {desired} at {secs}s");
    }
}
