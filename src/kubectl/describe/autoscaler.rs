//! `kubectl describe hpa`.
//!
//! Upstream: `describeHorizontalPodAutoscalerV2` in `describe.go`.

use serde_json::Value;

use crate::api::{Object, go_quote, items_at, number_at, text_at};

use super::text::{Text, or};
use super::{Scene, events};

const UNKNOWN: &str = "<unknown>";

pub(super) fn write(object: &Object, scene: Scene<'_>, out: &mut Text) {
    let Some(body) = object.data() else { return };
    out.names(&object.meta);
    out.labels(&object.meta);
    out.field(0, "CreationTimestamp", object.meta.created.rfc1123z());
    let target = |field: &str| text_at(body, &format!("/spec/scaleTargetRef/{field}"));
    out.field(
        0,
        "Reference",
        format!("{}/{}", target("kind"), target("name")),
    );
    out.field(0, "Metrics", "( current / target )");
    let current = items_at(body, "/status/currentMetrics");
    for (i, one) in items_at(body, "/spec/metrics").iter().enumerate() {
        out.line(1, metric(one, current.get(i)));
    }
    let least = number_at(body, "/spec/minReplicas").map(|n| n.to_string());
    out.field(0, "Min replicas", least.unwrap_or("<unset>".into()));
    let number = |pointer: &str| number_at(body, pointer).unwrap_or(0);
    out.field(0, "Max replicas", number("/spec/maxReplicas"));
    if body.pointer("/spec/behavior").is_some_and(Value::is_object) {
        out.line(0, "Behavior:");
        for (field, title) in [("scaleUp", "Scale Up"), ("scaleDown", "Scale Down")] {
            behavior(body.pointer(&format!("/spec/behavior/{field}")), title, out);
        }
    }
    out.field(
        0,
        &format!("{} pods", target("kind")),
        format!(
            "{} current / {} desired",
            number("/status/currentReplicas"),
            number("/status/desiredReplicas")
        ),
    );
    let conditions = items_at(body, "/status/conditions");
    if !conditions.is_empty() {
        out.line(0, "Conditions:");
        out.line(1, "Type\tStatus\tReason\tMessage");
        out.line(1, "----\t------\t------\t-------");
    }
    for condition in conditions {
        let cells = ["/type", "/status", "/reason", "/message"].map(|key| text_at(condition, key));
        out.line(1, cells.join("\t"));
    }
    events::write(object, scene, out);
}

fn metric(metric: &Value, status: Option<&Value>) -> String {
    let kind = text_at(metric, "/type");
    let field = match kind {
        "External" => "external",
        "Pods" => "pods",
        "Object" => "object",
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        other => return format!("<unknown metric type {}>", go_quote(other)),
    };
    let text = |key: &str| text_at(metric, &format!("/{field}/{key}"));
    let seen = |key: &str| {
        let pointer = format!("/{field}/current/{key}");
        let found = status.and_then(|status| status.pointer(&pointer));
        found.and_then(Value::as_str).unwrap_or(UNKNOWN).to_string()
    };
    let average = text("target/averageValue");
    let name = go_quote(text("metric/name"));
    let of_average = || format!("{} / {average}", seen("averageValue"));
    let of_value = || format!("{} / {}", seen("value"), text("target/value"));
    match field {
        "external" if !average.is_empty() => {
            format!("{name} (target average value):\t{}", of_average())
        }
        "external" => format!("{name} (target value):\t{}", of_value()),
        "pods" => format!("{name} on pods:\t{}", of_average()),
        "object" => {
            let on = format!(
                "{}/{}",
                text("describedObject/kind"),
                text("describedObject/name")
            );
            if text("target/type") == "AverageValue" {
                format!("{name} on {on} (target average value):\t{}", of_average())
            } else {
                format!("{name} on {on} (target value):\t{}", of_value())
            }
        }
        _ => {
            let of = match field {
                "containerResource" => format!(" of container \"{}\"", text("container")),
                _ => String::new(),
            };
            let head = format!("resource {}{of} on pods", text("name"));
            if !average.is_empty() {
                return format!("{head}:\t{}", of_average());
            }
            let share = number_at(metric, &format!("/{field}/target/averageUtilization"));
            let share = share.map_or("<auto>".into(), |n| format!("{n}%"));
            let now =
                status.and_then(|s| number_at(s, &format!("/{field}/current/averageUtilization")));
            let now = now.map_or(UNKNOWN.into(), |n| {
                format!("{n}% ({})", seen("averageValue"))
            });
            format!("{head}  (as a percentage of request):\t{now} / {share}")
        }
    }
}

fn behavior(rules: Option<&Value>, title: &str, out: &mut Text) {
    let Some(rules) = rules.filter(|rules| rules.is_object()) else {
        return;
    };
    out.line(1, format!("{title}:"));
    if let Some(window) = number_at(rules, "/stabilizationWindowSeconds") {
        out.line(2, format!("Stabilization Window: {window} seconds"));
    }
    let policies = items_at(rules, "/policies");
    if policies.is_empty() {
        return;
    }
    out.line(
        2,
        format!(
            "Select Policy: {}",
            or(text_at(rules, "/selectPolicy"), "Max")
        ),
    );
    out.line(2, "Policies:");
    for policy in policies {
        let number = |key: &str| number_at(policy, key).unwrap_or(0);
        let (value, period) = (number("/value"), number("/periodSeconds"));
        let kind = text_at(policy, "/type");
        out.line(
            3,
            format!("- Type: {kind}\tValue: {value}\tPeriod: {period} seconds"),
        );
    }
}
