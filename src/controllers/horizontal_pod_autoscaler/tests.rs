//! Whole looks at autoscalers; figures come from a metrics server, which these tests lack: stories
//! have one (`tests/scenarios/workloads/hpa.txt`).

use serde_json::json;

use super::super::drive::Drive;
use super::*;
use crate::api::items_at;
use crate::clock::Span;

fn hpa(target: (&str, &str, &str), more: &Value) -> Value {
    let (version, kind, name) = target;
    let mut spec = json!({
        "scaleTargetRef": {"apiVersion": version, "kind": kind, "name": name},
        "minReplicas": 2, "maxReplicas": 5,
        "metrics": [{"type": "Resource", "resource": {
            "name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50},
        }}],
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        spec[key] = value.clone();
    }
    json!({ "spec": spec })
}

const WEB: (&str, &str, &str) = ("apps/v1", "Deployment", "web");

fn condition(drive: &Drive, name: &str, kind: &str) -> String {
    let hpa = drive
        .get(Kind::HorizontalPodAutoscaler, name)
        .expect("the autoscaler");
    let body = hpa.data().expect("a body");
    let found = items_at(body, "/status/conditions")
        .iter()
        .find(|c| c["type"] == kind);
    found.map_or(String::new(), |c| {
        format!(
            "{} {} {}",
            text_at(c, "/status"),
            text_at(c, "/reason"),
            text_at(c, "/message")
        )
    })
}

fn wanted(drive: &Drive) -> Option<i32> {
    drive.get(Kind::Deployment, "web")?.replicas()
}

#[test]
fn the_limits_hold_without_any_metrics() {
    for (replicas, after, why) in [
        (1, 2, "Current number of replicas below Spec.MinReplicas"),
        (9, 5, "Current number of replicas above Spec.MaxReplicas"),
    ] {
        let mut drive = Drive::new();
        drive.create_deployment("web", replicas, &json!({}));
        drive.create(
            Kind::HorizontalPodAutoscaler,
            "default",
            "h",
            &hpa(WEB, &json!({})),
        );
        drive.run_for(Span::secs(14));
        assert_eq!(
            wanted(&drive),
            Some(replicas),
            "the first look comes after a period"
        );
        drive.run_for(Span::secs(2));
        assert_eq!(wanted(&drive), Some(after));
        let events = drive.events(Kind::HorizontalPodAutoscaler);
        assert_eq!(
            events,
            [format!(
                "SuccessfulRescale New size: {after}; reason: {why} x1"
            )]
        );
        let text = format!(
            "True SucceededRescale the HPA controller was able to update the target scale to {after}"
        );
        assert_eq!(condition(&drive, "h", "AbleToScale"), text);
    }
}

#[test]
fn nothing_is_done_for_a_target_that_wants_no_replicas() {
    let mut drive = Drive::new();
    drive.create_deployment("web", 0, &json!({}));
    drive.create(
        Kind::HorizontalPodAutoscaler,
        "default",
        "h",
        &hpa(WEB, &json!({})),
    );
    drive.run_for(Span::secs(40));
    assert_eq!(wanted(&drive), Some(0));
    assert_eq!(
        condition(&drive, "h", "ScalingActive"),
        "False ScalingDisabled scaling is disabled since the replica count of the target is zero"
    );
}

#[test]
fn a_target_that_cannot_be_found_is_named() {
    for (target, why) in [
        (
            ("apps/v1", "Deployment", "no"),
            "deployments/scale.apps \"no\" not found",
        ),
        (
            ("v1", "ReplicationController", "no"),
            "replicationcontrollers/scale.autoscaling \"no\" not found",
        ),
        (
            ("apps/v1", "DaemonSet", "no"),
            "the server could not find the requested resource",
        ),
        (
            ("v1", "Deployment", "web"),
            "no matches for kind \"Deployment\" in group \"\"",
        ),
        (
            ("a/b/c", "Deployment", "web"),
            "unexpected GroupVersion string: a/b/c",
        ),
    ] {
        let mut drive = Drive::new();
        drive.create(
            Kind::HorizontalPodAutoscaler,
            "default",
            "h",
            &hpa(target, &json!({})),
        );
        drive.run_for(Span::secs(31));
        let events = drive.events(Kind::HorizontalPodAutoscaler);
        assert_eq!(events, [format!("FailedGetScale {why} x2")]);
        let text = format!(
            "False FailedGetScale the HPA controller was unable to get the target's current scale: {why}"
        );
        assert_eq!(condition(&drive, "h", "AbleToScale"), text);
    }
}

#[test]
fn metrics_that_cannot_be_had_are_named() {
    let metric = |kind: &str, field: &str, source: Value| json!({"metrics": [{"type": kind, (field): source}]});
    let average = json!({"type": "AverageValue", "averageValue": "10"});
    let value = json!({"type": "Value", "value": "10"});
    for (metrics, reason, why, of) in [
        (
            json!({}),
            "FailedGetResourceMetric",
            "failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)",
            "failed to get cpu resource metric value",
        ),
        (
            metric(
                "Pods",
                "pods",
                json!({"metric": {"name": "rps"}, "target": average}),
            ),
            "FailedGetPodsMetric",
            "unable to get metric rps: unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered",
            "failed to get pods metric value",
        ),
        (
            metric(
                "Object",
                "object",
                json!({"metric": {"name": "rps"}, "describedObject": {"kind": "Service", "name": "web"}, "target": value}),
            ),
            "FailedGetObjectMetric",
            "unable to get metric rps on Service default/web: unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered",
            "failed to get object metric value",
        ),
        (
            metric(
                "External",
                "external",
                json!({"metric": {"name": "q", "selector": {"matchLabels": {"a": "b"}}}, "target": average}),
            ),
            "FailedGetExternalMetric",
            "failed to get q external metric: unable to get external metric default/q/&LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:[]LabelSelectorRequirement{},}: unable to fetch metrics from external metrics API: the server could not find the requested resource (get q.external.metrics.k8s.io)",
            "failed to get q external metric value",
        ),
    ] {
        let mut drive = Drive::new();
        drive.create_deployment("web", 3, &json!({}));
        drive.create(
            Kind::HorizontalPodAutoscaler,
            "default",
            "h",
            &hpa(WEB, &metrics),
        );
        drive.run_for(Span::secs(16));
        let all = format!("invalid metrics (1 invalid out of 1), first error is: {of}: {why}");
        assert_eq!(
            drive.events(Kind::HorizontalPodAutoscaler),
            [
                format!("{reason} {why} x1"),
                format!("FailedComputeMetricsReplicas {all} x1")
            ]
        );
        let text = format!("False {reason} the HPA was unable to compute the replica count: {why}");
        assert_eq!(condition(&drive, "h", "ScalingActive"), text);
        assert_eq!(wanted(&drive), Some(3));
    }
}

#[test]
fn two_autoscalers_of_the_same_pods_do_nothing() {
    let mut drive = Drive::new();
    drive.create_deployment("web", 3, &json!({}));
    for name in ["a", "b"] {
        drive.create(
            Kind::HorizontalPodAutoscaler,
            "default",
            name,
            &hpa(WEB, &json!({})),
        );
    }
    drive.run_for(Span::secs(31));
    let text =
        "pods by selector app=web are controlled by multiple HPAs: [{a default} {b default}]";
    assert_eq!(
        condition(&drive, "b", "ScalingActive"),
        format!("False AmbiguousSelector {text}")
    );
    drive.delete(Kind::HorizontalPodAutoscaler, "a");
    drive.run_for(Span::secs(16));
    assert!(condition(&drive, "b", "ScalingActive").starts_with("False FailedGetResourceMetric"));
}

#[test]
fn a_look_that_finds_nothing_new_writes_nothing() {
    let mut drive = Drive::new();
    drive.create_deployment("web", 0, &json!({}));
    drive.create(
        Kind::HorizontalPodAutoscaler,
        "default",
        "h",
        &hpa(WEB, &json!({})),
    );
    drive.run_for(Span::secs(16));
    let revision = drive.api.store().revision();
    drive.run_for(Span::secs(60));
    assert_eq!(drive.writes_since(revision), Vec::<String>::new());
}
