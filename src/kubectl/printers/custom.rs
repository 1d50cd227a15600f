//! Tables of custom objects: the columns that their definition names.
//!
//! Upstream: `apiextensions-apiserver/pkg/registry/customresource/tableconvertor`.

use serde_json::Value;

use crate::api::{CustomColumn, CustomKind, Object, to_json};
use crate::clock::SimTime;
use crate::kubectl::age;
use crate::kubectl::output;

use super::{Column, column};

pub(super) fn columns(kind: CustomKind) -> Vec<Column> {
    let own = kind.columns().iter().map(|c| Column {
        title: c.title,
        wide: c.wide,
    });
    [column("NAME")].into_iter().chain(own).collect()
}

pub(super) fn cells(kind: CustomKind, object: &Object, now: SimTime) -> Vec<String> {
    let json = to_json(object);
    let own = kind.columns().iter().map(|c| cell(c, &json, now));
    [object.meta.name.to_string()]
        .into_iter()
        .chain(own)
        .collect()
}

/// A cell; empty where the value is missing or of another type.
fn cell(column: &CustomColumn, json: &Value, now: SimTime) -> String {
    let found = output::relaxed(&column.path).ok();
    let found = found.and_then(|steps| output::find(&steps, json, true).ok()?.first().copied());
    let text = found.and_then(|value| match column.kind.as_str() {
        "integer" => {
            let whole = value.as_i64();
            // Go cuts what is behind the point off.
            #[allow(clippy::cast_possible_truncation)]
            let cut = || value.as_f64().map(|n| n.trunc() as i64);
            whole.or_else(cut).map(|n| n.to_string())
        }
        "number" => value.as_f64().map(|n| n.to_string()),
        "boolean" => value.as_bool().map(|on| on.to_string()),
        "date" => value.as_str().map(|text| date(text, now)),
        _ => Some(match value {
            Value::String(text) => text.clone(),
            Value::Null => "<nil>".to_string(),
            other => other.to_string(),
        }),
    });
    text.unwrap_or_default()
}

fn date(text: &str, now: SimTime) -> String {
    let at = SimTime::parse_rfc3339(text);
    at.map_or_else(|| "<invalid>".to_string(), |at| age::since(at, now))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cells_are_of_the_type_that_the_column_has() {
        let now = SimTime::from_unix_secs(1_000_000);
        let json = json!({
            "n": 3, "f": 2.5, "b": true, "s": "text", "o": {"a": 1}, "l": ["x", "y"],
            "t": "1970-01-12T13:45:40Z", "c": [{"type": "A", "status": "No"}, {"type": "Ready", "status": "True"}],
        });
        for (kind, path, wanted) in [
            ("integer", ".n", "3"),
            ("integer", ".f", "2"),
            ("integer", ".s", ""),
            ("number", ".f", "2.5"),
            ("number", ".n", "3"),
            ("boolean", ".b", "true"),
            ("string", ".n", "3"),
            ("string", ".s", "text"),
            ("string", ".o", "{\"a\":1}"),
            ("string", ".l", "[\"x\",\"y\"]"),
            ("string", ".l[1]", "y"),
            ("string", ".missing", ""),
            ("string", ".c[?(@.type==\"Ready\")].status", "True"),
            ("date", ".t", "60s"),
            ("date", ".s", "<invalid>"),
        ] {
            let column = CustomColumn {
                title: "X",
                kind: kind.into(),
                path: path.into(),
                wide: false,
            };
            assert_eq!(cell(&column, &json, now), wanted, "{kind} {path}");
        }
    }
}
