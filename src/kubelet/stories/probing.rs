//! Probes that fail, and what comes of it.
//!
//! Upstream: none.

use serde_json::{Value, json};

use crate::clock::Span;

use super::{one, steady, times};
use crate::kubelet::stage::StageSet;
use crate::kubelet::{ProbeKind, ProbeRule, RuntimeOptions};

fn probed(kind: &str, period: i64, delay: i64) -> Value {
    let mut spec = one("c", "app:1");
    spec["containers"][0][kind] = json!({ "periodSeconds": period, "initialDelaySeconds": delay, "httpGet": { "path": "/", "port": 80 } });
    spec
}

fn failing(probe: ProbeKind, from: i64, until: Option<i64>) -> RuntimeOptions {
    RuntimeOptions {
        probes: vec![ProbeRule {
            image: "app".into(),
            probe,
            from: Span::secs(from),
            until: until.map(Span::secs),
            message: "HTTP probe failed with statuscode: 500".into(),
        }],
        ..steady()
    }
}

#[test]
fn a_readiness_probe_makes_ready_and_unready() {
    let mut stage = StageSet::new(failing(ProbeKind::Readiness, 20, Some(50)));
    stage.pod("p", "node1", probed("readinessProbe", 5, 0));
    stage.run_to(100_000);
    let script = stage.script("p", 0);
    let shown: Vec<&str> = script
        .iter()
        .filter(|l| l.contains("c=running"))
        .filter_map(|l| l.get(..26))
        .collect();
    // The pod's probes strike every five seconds from its first sync on.
    assert_eq!(
        shown,
        [
            "  2.31 Running c=running [",
            "  2.31 Running c=running r",
            " 35.01 Running c=running [",
            " 55.01 Running c=running r",
        ],
        "{script:#?}"
    );
    assert_eq!(
        times(&stage, "p", "Unhealthy"),
        [25.01, 30.01, 35.01, 40.01, 45.01, 50.01]
    );
    assert!(script.iter().any(|l| {
        l.contains("Unhealthy x6 Readiness probe failed: HTTP probe failed with statuscode: 500")
    }));
}

#[test]
fn a_liveness_probe_restarts_the_container() {
    let mut stage = StageSet::new(failing(ProbeKind::Liveness, 20, None));
    let key = stage.pod("p", "node1", probed("livenessProbe", 10, 0));
    stage.run_to(46_000);
    let script = stage.script("p", 3000);
    assert_eq!(
        script
            .first()
            .map(|l| l.contains("Unhealthy Liveness probe failed: HTTP")),
        Some(true),
        "{script:#?}"
    );
    assert_eq!(
        times(&stage, "p", "Unhealthy"),
        [30.01, 40.01, 50.01]
            .into_iter()
            .filter(|t| *t < 46.0)
            .collect::<Vec<_>>()
    );
    stage.run_to(60_000);
    assert_eq!(
        times(
            &stage,
            "p",
            "Killing Container c failed liveness probe, will be restarted"
        ),
        [50.01]
    );
    assert_eq!(stage.status(&key).containers[0].restart_count, 1);
    stage.run_to(900_000);
    let restarts = stage.status(&key).containers[0].restart_count;
    assert!(
        (5..12).contains(&restarts),
        "back-off slows the restarts down: {restarts}"
    );
}

#[test]
fn a_startup_probe_holds_the_others_back() {
    let mut stage = StageSet::new(failing(ProbeKind::Startup, 0, Some(25)));
    let mut spec = probed("startupProbe", 10, 0);
    spec["containers"][0]["readinessProbe"] =
        json!({ "periodSeconds": 10, "httpGet": { "path": "/", "port": 80 } });
    stage.pod("p", "node1", spec);
    stage.run_to(60_000);
    assert_eq!(times(&stage, "p", "Startup probe failed"), [10.01, 20.01]);
    assert_eq!(times(&stage, "p", "c=running ready"), [30.01]);
}
