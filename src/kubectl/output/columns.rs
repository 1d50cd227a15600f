//! `-o custom-columns=NAME:.metadata.name,…`.
//!
//! Upstream: `kubectl/pkg/cmd/get/customcolumn.go`.

use serde_json::Value;

use super::path::{Step, find, parse};
use super::template::text_of;
use crate::kubectl::errors::Failure;
use crate::kubectl::tables::{TABLE, align};

/// The columns: header and path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns(Vec<(String, Vec<Step>)>);

impl Columns {
    /// Reads a specification. Errors: kubectl's.
    pub fn parse(spec: &str) -> Result<Columns, Failure> {
        if spec.is_empty() {
            return Err(Failure::error(
                "custom-columns format specified but no custom columns given",
            ));
        }
        let mut columns = Vec::new();
        for part in spec.split(',') {
            let Some((header, path)) = part.split_once(':') else {
                return Err(Failure::error(format!(
                    "unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>"
                )));
            };
            columns.push((header.to_string(), relaxed(path).map_err(Failure::error)?));
        }
        Ok(Columns(columns))
    }

    /// The objects as a table.
    pub fn print(&self, objects: &[Value], headers: bool) -> String {
        let mut text = String::new();
        if headers {
            let headers: Vec<&str> = self.0.iter().map(|(header, _)| header.as_str()).collect();
            text.push_str(&headers.join("\t"));
            text.push('\n');
        }
        for object in objects {
            let cells: Vec<String> = self.0.iter().map(|(_, path)| cell(path, object)).collect();
            text.push_str(&cells.join("\t"));
            text.push('\n');
        }
        align(&text, TABLE)
    }
}

fn cell(path: &[Step], object: &Value) -> String {
    let values = find(path, object, true).unwrap_or_default();
    if values.is_empty() {
        return "<none>".into();
    }
    let texts: Vec<String> = values.into_iter().map(text_of).collect();
    texts.join(",")
}

/// A path in one of the forms `.a.b`, `{.a.b}`, `a.b`. Errors: a text.
pub fn relaxed(path: &str) -> Result<Vec<Step>, String> {
    let path = path.trim();
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let inner = path
        .strip_prefix('{')
        .map_or(path, |p| p.strip_suffix('}').unwrap_or(p));
    let inner = inner.strip_prefix('.').unwrap_or(inner);
    if inner.is_empty() || inner.contains(['{', '}']) {
        return Err(
            "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'"
                .into(),
        );
    }
    parse(&format!(".{inner}"))
}
