//! HorizontalPodAutoscalers as a table.
//!
//! Upstream: `printHorizontalPodAutoscaler`, `formatHPAMetrics` in `printers.go`.

use serde_json::Value;

use crate::api::{items_at, number_at, text_at};

use super::endpoints::more;
use super::{NONE, Printer, UNKNOWN, UNSET, column};
use crate::kubectl::age;

const SHOWN_MAX: usize = 2;

pub(super) static PRINTER: Printer = Printer {
    columns: &[
        column("NAME"),
        column("REFERENCE"),
        column("TARGETS"),
        column("MINPODS"),
        column("MAXPODS"),
        column("REPLICAS"),
        column("AGE"),
    ],
    cells: |object, now, _| {
        let empty = Value::Null;
        let body = object.data().unwrap_or(&empty);
        let target = |field: &str| text_at(body, &format!("/spec/scaleTargetRef/{field}"));
        let number = |pointer: &str| number_at(body, pointer).unwrap_or(0).to_string();
        vec![
            object.meta.name.to_string(),
            format!("{}/{}", target("kind"), target("name")),
            targets(body),
            number_at(body, "/spec/minReplicas").map_or(UNSET.into(), |n| n.to_string()),
            number("/spec/maxReplicas"),
            number("/status/currentReplicas"),
            age::since(object.meta.created, now),
        ]
    },
};

fn targets(body: &Value) -> String {
    let metrics = items_at(body, "/spec/metrics");
    if metrics.is_empty() {
        return NONE.into();
    }
    let current = items_at(body, "/status/currentMetrics");
    let lines = metrics
        .iter()
        .enumerate()
        .map(|(i, metric)| target(metric, current.get(i)));
    more(&lines.collect::<Vec<_>>(), SHOWN_MAX, ", ")
}

/// `cpu: 12%/80%`.
fn target(metric: &Value, status: Option<&Value>) -> String {
    let kind = text_at(metric, "/type");
    let field = match kind {
        "External" => "external",
        "Pods" => "pods",
        "Object" => "object",
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        _ => return "<unknown type>".into(),
    };
    let wanted = |key: &str| metric.pointer(&format!("/{field}/target/{key}"));
    let seen = |key: &str| status.and_then(|s| s.pointer(&format!("/{field}/current/{key}")));
    let amount = |value: Option<&Value>| {
        value
            .and_then(Value::as_str)
            .map_or(UNKNOWN.to_string(), str::to_string)
    };
    let average = wanted("averageValue").filter(|value| !value.is_null());
    if field.ends_with("esource") {
        let name = text_at(metric, &format!("/{field}/name"));
        if average.is_some() {
            return format!(
                "{name}: {}/{}",
                amount(seen("averageValue")),
                amount(average)
            );
        }
        let percent = |value: Option<&Value>, without: &str| {
            let number = value.and_then(Value::as_i64);
            number.map_or(without.to_string(), |number| format!("{number}%"))
        };
        return format!(
            "{name}: {}/{}",
            percent(seen("averageUtilization"), UNKNOWN),
            percent(wanted("averageUtilization"), "<auto>")
        );
    }
    match average {
        Some(_) if field == "pods" => {
            format!("{}/{}", amount(seen("averageValue")), amount(average))
        }
        Some(_) => format!("{}/{} (avg)", amount(seen("averageValue")), amount(average)),
        None => format!("{}/{}", amount(seen("value")), amount(wanted("value"))),
    }
}
