//! `kubectl describe limitrange`, and the limits of a namespace.
//!
//! Upstream: `describeLimitRange`, `DescribeLimitRanges` in `describe.go`. Differs: resources of
//! one type come sorted, which upstream leaves to chance.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::api::{Kind, Object, fields_at, items_at, text_at};

use super::Scene;
use super::text::Text;

const COLUMNS: [&str; 5] = [
    "min",
    "max",
    "defaultRequest",
    "default",
    "maxLimitRequestRatio",
];

const TITLES: [&str; 7] = [
    "Type",
    "Resource",
    "Min",
    "Max",
    "Default Request",
    "Default Limit",
    "Max Limit/Request Ratio",
];

fn head(prefix: &str, out: &mut Text) {
    let dashes = TITLES.map(|title| "-".repeat(title.len()));
    out.line(0, format!("{prefix}{}", TITLES.join("\t")));
    out.line(0, format!("{prefix}{}", dashes.join("\t")));
}

fn rows(body: &Value, prefix: &str, out: &mut Text) {
    for item in items_at(body, "/spec/limits") {
        let names = COLUMNS.iter().flat_map(|column| {
            let pointer = format!("/{column}");
            fields_at(item, &pointer).map(|(name, _)| name.clone())
        });
        let names: BTreeSet<String> = names.collect();
        for name in names {
            let cell = |column: &str| {
                let amount = item.get(column).and_then(|amounts| amounts.get(&name));
                amount.and_then(Value::as_str).unwrap_or("-").to_string()
            };
            let cells = COLUMNS.map(cell).join("\t");
            out.line(
                0,
                format!("{prefix}{}\t{name}\t{cells}", text_at(item, "/type")),
            );
        }
    }
}

pub(super) fn write(object: &Object, _: Scene<'_>, out: &mut Text) {
    let Some(body) = object.data() else { return };
    out.names(&object.meta);
    head("", out);
    rows(body, "", out);
}

/// The limits of a namespace in one table.
pub(super) fn of_namespace(namespace: &str, scene: Scene<'_>, out: &mut Text) {
    let mut ranges = scene
        .snapshot
        .list(Kind::LimitRange, Some(namespace))
        .peekable();
    if ranges.peek().is_none() {
        return out.line(0, "No LimitRange resource.");
    }
    out.line(0, "Resource Limits");
    head(" ", out);
    for range in ranges {
        rows(range.data().unwrap_or(&Value::Null), " ", out);
    }
}
