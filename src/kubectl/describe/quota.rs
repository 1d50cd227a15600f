//! `kubectl describe quota`, and the quotas of a namespace.
//!
//! Upstream: `describeQuota`, `DescribeResourceQuotas` in `describe.go`.

use serde_json::Value;

use crate::api::{Kind, Object, Order, fields_at, texts_at};

use super::Scene;
use super::text::Text;

fn help(scope: &str) -> &'static str {
    match scope {
        "Terminating" => {
            "Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being actively terminated by the system."
        }
        "NotTerminating" => {
            "Matches all pods that do not have an active deadline. These pods usually include long running pods whose container command is not expected to terminate."
        }
        "BestEffort" => {
            "Matches all pods that do not have resource requirements set. These pods have a best effort quality of service."
        }
        "NotBestEffort" => {
            "Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of service."
        }
        _ => "",
    }
}

/// The scopes, each explained after a mark.
fn scopes(body: &Value, level: usize, mark: &str, out: &mut Text) {
    let mut scopes = texts_at(body, "/spec/scopes");
    if scopes.is_empty() {
        return;
    }
    scopes.order();
    out.field(level, "Scopes", scopes.join(", "));
    for text in scopes.into_iter().map(help).filter(|text| !text.is_empty()) {
        out.line(level, format!("{mark}{text}"));
    }
}

fn amounts(body: &Value, level: usize, out: &mut Text) {
    for (name, hard) in fields_at(body, "/status/hard") {
        let used = body.pointer("/status/used").and_then(|used| used.get(name));
        let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or("0").to_string();
        out.line(
            level,
            format!("{name}\t{}\t{}", text(used), text(Some(hard))),
        );
    }
}

pub(super) fn write(object: &Object, _: Scene<'_>, out: &mut Text) {
    let Some(body) = object.data() else { return };
    out.names(&object.meta);
    scopes(body, 0, " * ", out);
    out.line(0, "Resource\tUsed\tHard");
    out.line(0, "--------\t----\t----");
    amounts(body, 0, out);
}

/// The quotas of a namespace in one table.
pub(super) fn of_namespace(namespace: &str, scene: Scene<'_>, out: &mut Text) {
    let mut quotas = scene
        .snapshot
        .list(Kind::ResourceQuota, Some(namespace))
        .peekable();
    if quotas.peek().is_none() {
        return out.line(0, "No resource quota.");
    }
    out.line(0, "Resource Quotas");
    for quota in quotas {
        let Some(body) = quota.data() else { continue };
        out.field(1, "Name", &quota.meta.name);
        scopes(body, 1, "* ", out);
        out.line(1, "Resource\tUsed\tHard");
        out.line(1, "--------\t---\t---");
        amounts(body, 1, out);
    }
}
