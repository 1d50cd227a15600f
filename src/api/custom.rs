//! Kinds that CustomResourceDefinitions define: one row for each of their versions.
//!
//! Upstream: `apiextensions-apiserver/pkg/apiserver/customresource_handler.go`. Differs: a row is
//! made of the definition whenever somebody asks; equal definitions share one.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Mutex;

use serde_json::{Value, json};

use super::{KindInfo, items_at, text_at, texts_at};

/// The finalizer of a definition whose objects must go first.
pub const CUSTOM_CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

/// A custom kind in one of its versions. Two are the same kind if group and plural are the same:
/// definitions change, and what was stored before belongs to them all the same.
#[derive(Clone, Copy)]
pub struct CustomKind(&'static Row);

/// A column of the table that `kubectl get` prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomColumn {
    /// In capitals, as kubectl prints it.
    pub title: &'static str,
    /// `string`, `integer`, `number`, `boolean` or `date`.
    pub kind: String,
    /// `.spec.replicas`.
    pub path: String,
    /// Shown with `-o wide` only.
    pub wide: bool,
}

/// Where the numbers of the scale subresource lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScalePaths {
    /// `/spec/replicas`.
    pub spec_replicas: String,
    pub status_replicas: String,
    /// Of the text of the selector; empty if there is none.
    pub label_selector: String,
}

struct Row {
    info: KindInfo,
    columns: Vec<CustomColumn>,
    schema: Value,
    status: bool,
    scale: Option<ScalePaths>,
    selectable: Vec<String>,
}

/// Rows that were made so far, by what they were made of. A memory only: what a row says depends
/// on its definition alone, so that neither order nor repetition can be seen.
static ROWS: Mutex<BTreeMap<String, &'static Row>> = Mutex::new(BTreeMap::new());

impl CustomKind {
    /// The kind that a definition's body defines under these names (`spec.names`, or those that
    /// were accepted) in one of its versions; `None` if it has no such version.
    pub fn new(definition: &Value, names: &Value, version: &str) -> Option<CustomKind> {
        let mut versions = items_at(definition, "/spec/versions").iter();
        let version = versions.find(|v| text_at(v, "/name") == version)?;
        let (group, scope) = (
            text_at(definition, "/spec/group"),
            text_at(definition, "/spec/scope"),
        );
        let content = json!([group, scope, names, version]).to_string();
        let mut rows = ROWS.lock().ok()?;
        let row = rows
            .entry(content)
            .or_insert_with(|| Box::leak(Box::new(row(group, scope, names, version))));
        Some(CustomKind(row))
    }

    /// The kind's row.
    pub fn info(self) -> &'static KindInfo {
        &self.0.info
    }

    /// The columns behind NAME.
    pub fn columns(self) -> &'static [CustomColumn] {
        &self.0.columns
    }

    /// `openAPIV3Schema` of the version.
    pub fn schema(self) -> &'static Value {
        &self.0.schema
    }

    /// Whether the status is written for itself.
    pub fn has_status(self) -> bool {
        self.0.status
    }

    /// The scale subresource, if there is one.
    pub fn scale(self) -> Option<&'static ScalePaths> {
        self.0.scale.as_ref()
    }

    /// Whether two are the same version of the same definition.
    pub fn same_row(self, other: CustomKind) -> bool {
        std::ptr::eq(self.0, other.0)
    }

    /// Whether lists can be selected by a field: `spec.color`.
    pub fn is_selectable(self, field: &str) -> bool {
        self.0.selectable.iter().any(|own| own == field)
    }

    fn identity(&self) -> (&'static str, &'static str) {
        (self.0.info.group, self.0.info.plural)
    }
}

fn keep(text: &str) -> &'static str {
    Box::leak(text.to_string().into_boxed_str())
}

fn keep_all(texts: &[&str]) -> &'static [&'static str] {
    Box::leak(texts.iter().map(|text| keep(text)).collect())
}

fn row(group: &str, scope: &str, names: &Value, version: &Value) -> Row {
    let path = |text: &str| text.replace('.', "/");
    let scale = version
        .pointer("/subresources/scale")
        .map(|scale| ScalePaths {
            spec_replicas: path(text_at(scale, "/specReplicasPath")),
            status_replicas: path(text_at(scale, "/statusReplicasPath")),
            label_selector: path(text_at(scale, "/labelSelectorPath")),
        });
    let schema = version.pointer("/schema/openAPIV3Schema").cloned();
    let categories: Vec<&str> = texts_at(names, "/categories");
    let short: Vec<&str> = texts_at(names, "/shortNames");
    let selectable = items_at(version, "/selectableFields").iter();
    let selectable = selectable.map(|field| {
        text_at(field, "/jsonPath")
            .trim_start_matches('.')
            .to_string()
    });
    Row {
        info: KindInfo {
            name: keep(text_at(names, "/kind")),
            group: keep(group),
            version: keep(text_at(version, "/name")),
            plural: keep(text_at(names, "/plural")),
            singular: keep(text_at(names, "/singular")),
            short: keep_all(&short),
            namespaced: scope == "Namespaced",
            categories: keep_all(&categories),
            has_generation: true,
        },
        columns: columns(version),
        schema: schema.unwrap_or_default(),
        selectable: selectable.collect(),
        status: version.pointer("/subresources/status").is_some(),
        scale,
    }
}

fn columns(version: &Value) -> Vec<CustomColumn> {
    let column = |column: &Value| CustomColumn {
        title: keep(&text_at(column, "/name").to_uppercase()),
        kind: text_at(column, "/type").to_string(),
        path: text_at(column, "/jsonPath").to_string(),
        wide: column.get("priority").and_then(Value::as_i64).unwrap_or(0) != 0,
    };
    let given: Vec<CustomColumn> = items_at(version, "/additionalPrinterColumns")
        .iter()
        .map(column)
        .collect();
    if given.is_empty() {
        let age =
            json!({ "name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp" });
        return vec![column(&age)];
    }
    given
}

impl PartialEq for CustomKind {
    fn eq(&self, other: &CustomKind) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for CustomKind {}

impl PartialOrd for CustomKind {
    fn partial_cmp(&self, other: &CustomKind) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for CustomKind {
    fn cmp(&self, other: &CustomKind) -> Ordering {
        self.identity().cmp(&other.identity())
    }
}

impl Hash for CustomKind {
    fn hash<H: Hasher>(&self, h: &mut H) {
        self.identity().hash(h);
    }
}

impl fmt::Debug for CustomKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (group, plural) = self.identity();
        write!(f, "{plural}.{group}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition() -> Value {
        json!({"spec": {
            "group": "stable.example.com", "scope": "Namespaced",
            "names": {
                "kind": "CronTab", "plural": "crontabs", "singular": "crontab",
                "shortNames": ["ct"], "categories": ["all"],
            },
            "versions": [
                {"name": "v1", "subresources": {"scale": {"specReplicasPath": ".spec.replicas"}}},
                {"name": "v2", "additionalPrinterColumns": [
                    {"name": "Spec", "type": "string", "jsonPath": ".spec", "priority": 1},
                ]},
            ],
        }})
    }

    #[test]
    fn versions_are_the_same_kind_and_rows_are_shared() {
        let crd = definition();
        let names = &crd["spec"]["names"];
        let kind = |version: &str| CustomKind::new(&crd, names, version);
        let (v1, v2) = (kind("v1").expect("v1"), kind("v2").expect("v2"));
        assert_eq!(v1, v2);
        assert_eq!((v1.info().version, v2.info().version), ("v1", "v2"));
        assert!(std::ptr::eq(v1.0, kind("v1").expect("again").0));
        assert_eq!(kind("v3"), None);
        assert_eq!(v1.info().short, ["ct"]);
        let path = v1.scale().map(|scale| scale.spec_replicas.as_str());
        assert_eq!(path, Some("/spec/replicas"));
        assert_eq!(v1.columns()[0].title, "AGE");
        assert!(v2.columns()[0].wide && v2.columns()[0].title == "SPEC");
    }
}
