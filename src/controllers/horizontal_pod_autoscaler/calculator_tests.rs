//! Cases as in `replica_calculator_test.go`, in our own numbers.

use std::sync::Arc;

use serde_json::{Value, json};

use super::calculator::*;
use crate::api::{Body, Kind, Object, Phase, PodCondition, PodConditionType, from_json};
use crate::clock::{SimTime, Span};

const START: SimTime = SimTime::from_unix_secs(1_000_000);

/// A pod by a letter: `R`eady since long ago, `F`ailing after it was ready, `S`tarting and never
/// ready, `P`ending, `X` failed, `N`ew and ready for less than a window.
fn pod(n: usize, is: char, request: &Value) -> Arc<Object> {
    let value = json!({
        "metadata": {"name": format!("p{n}"), "namespace": "default"},
        "spec": {"containers": [
            {"name": "a", "image": "nginx", "resources": {"requests": request}},
            {"name": "b", "image": "nginx", "resources": {"requests": request}},
        ]},
    });
    let mut pod = from_json(Kind::Pod, &value).expect("a pod");
    if let Body::Pod(body) = &mut pod.body {
        let status = Arc::make_mut(&mut body.status);
        status.phase = match is {
            'P' => Phase::Pending,
            'X' => Phase::Failed,
            _ => Phase::Running,
        };
        let young = is == 'N';
        let started = START - Span::secs(if young { 20 } else { 3600 });
        status.start_time = Some(started);
        let changed = match is {
            'S' => started + Span::secs(2),
            'N' => START - Span::secs(5),
            _ => START - Span::secs(600),
        };
        status.set_condition(PodCondition {
            kind: PodConditionType::Ready,
            status: matches!(is, 'R' | 'N').into(),
            reason: None,
            message: None,
            transition: changed,
            observed_generation: 0,
        });
    }
    Arc::new(pod)
}

fn ask(
    pods: &str,
    request: &Value,
    resource: &str,
    container: Option<&str>,
    wanted: Wanted,
) -> Result<Answer, String> {
    let pods: Vec<&str> = pods.split_whitespace().collect();
    let letters = pods.iter().filter_map(|pod| pod.chars().next());
    let objects: Vec<_> = letters
        .enumerate()
        .map(|(n, is)| pod(n, is, request))
        .collect();
    let samples = pods.iter().enumerate().filter_map(|(n, pod)| {
        let sample = Sample {
            value: pod.get(1..)?.parse().ok()?,
            at: START,
            window: Span::secs(15),
        };
        Some((Arc::from(format!("p{n}")), sample))
    });
    let question = Question {
        pods: &objects,
        current: i32::try_from(objects.len()).expect("few"),
        resource,
        container,
        wanted,
        tolerances: Tolerances { down: 0.1, up: 0.1 },
        cpu_initialization: Span::secs(300),
        initial_readiness: Span::secs(30),
        now: START,
    };
    question.answer(samples.collect())
}

/// Pods of two containers that request 100m each, half of which is wanted: 100m a pod.
fn half(pods: &str) -> Result<Answer, String> {
    ask(
        pods,
        &json!({"cpu": "100m"}),
        "cpu",
        None,
        Wanted::Utilization(50),
    )
}

#[test]
fn usage_by_requests_gives_replicas() {
    let none = "did not receive metrics for targeted pods (pods might be unready)";
    for (name, pods, expected) in [
        ("scale up", "R200 R300", Ok((5, 125))),
        ("scale down", "R20 R20 R20", Ok((1, 10))),
        ("within the upper tolerance", "R110 R110", Ok((2, 55))),
        ("beyond the upper tolerance", "R112 R112", Ok((3, 56))),
        ("within the lower tolerance", "R90 R90", Ok((2, 45))),
        (
            "a missing pod uses nothing on the way up",
            "R300 R",
            Ok((3, 150)),
        ),
        (
            "and all of its request on the way down",
            "R20 R20 R",
            Ok((3, 10)),
        ),
        (
            "a missing pod that would turn the direction",
            "R150 R",
            Ok((2, 75)),
        ),
        ("unready pods damp the way up", "R300 S300", Ok((3, 150))),
        (
            "unready pods count for nothing on the way down",
            "R40 S900",
            Ok((1, 20)),
        ),
        ("pods that were ready once count", "R200 F200", Ok((4, 100))),
        ("pending pods damp the way up", "R300 P", Ok((3, 150))),
        (
            "a pod within its first window damps, too",
            "R300 N900",
            Ok((3, 150)),
        ),
        ("failed pods are no pods", "R300 X0", Ok((3, 150))),
        ("none is ready", "S900 P", Err(none)),
        (
            "there are none",
            "",
            Err("no pods returned by selector while calculating replica count"),
        ),
    ] {
        let found = half(pods).map(|a| (a.replicas, a.utilization.unwrap_or(-1)));
        assert_eq!(found, expected.map_err(str::to_string), "{name}");
    }
}

#[test]
fn usage_by_pods_gives_replicas() {
    for (name, pods, resource, expected) in [
        ("scale up", "R200 R300", "cpu", (5, 250)),
        (
            "memory of pods that are not ready counts",
            "R300 S300",
            "memory",
            (6, 300),
        ),
        (
            "a missing pod is as it should be on the way down",
            "R20 R",
            "memory",
            (2, 20),
        ),
    ] {
        let found = ask(pods, &json!({}), resource, None, Wanted::Average(100));
        let found = found.map(|a| (a.replicas, a.average));
        assert_eq!(found, Ok(expected), "{name}");
    }
}

#[test]
fn requests_that_are_missing_are_named() {
    let wanted = Wanted::Utilization(50);
    let pods = "R100";
    let missing = ask(pods, &json!({"memory": "1Mi"}), "cpu", None, wanted);
    let text = "missing request for cpu in container a of Pod p0";
    assert_eq!(missing, Err(text.to_string()));
    let other = ask(pods, &json!({"cpu": "1"}), "cpu", Some("c"), wanted);
    assert_eq!(other, Err("container c not found in Pod p0".to_string()));
    let one = ask(pods, &json!({"cpu": "50m"}), "cpu", Some("b"), wanted);
    assert_eq!(one.map(|a| (a.replicas, a.utilization)), Ok((4, Some(200))));
}
