//! Which kinds are served: those of the table, and what CustomResourceDefinitions define.
//!
//! Upstream: discovery (`kube-aggregator`, `apiextensions-apiserver/pkg/apiserver`) and the
//! clients' mapper (`apimachinery/pkg/api/meta`, `version/helpers.go`). Differs: a definition is
//! served from the write on that says so; discovery does not lag behind.

use std::cmp::Reverse;
use std::sync::Arc;

use serde_json::Value;

use crate::api::{CustomKind, KINDS, Kind, Object, Order, items_at, text_at};

use super::{Snapshot, versions};

impl<'a> Snapshot<'a> {
    /// Every kind that is served, custom ones last and in their preferred versions.
    pub fn kinds(self) -> impl Iterator<Item = Kind> {
        KINDS.iter().copied().chain(self.custom_kinds())
    }

    /// The custom kinds in their preferred versions, in the order of groups and names.
    pub fn custom_kinds(self) -> Vec<Kind> {
        let all = self.definitions().filter(|d| is_true(d, "Established"));
        let first = all.filter_map(|d| served_versions(d).into_iter().next());
        let mut kinds: Vec<Kind> = first.collect();
        kinds.order_by_key(|kind| (kind.info().group, kind.info().plural));
        kinds
    }

    /// The custom kinds in every version in which they are served, the preferred ones first.
    pub fn custom_versions(self) -> impl Iterator<Item = Kind> {
        let all = self.definitions().filter(|d| is_true(d, "Established"));
        all.flat_map(served_versions)
    }

    /// The kind that `stable.example.com/v1` and `CronTab` name.
    pub fn kind_by_gvk(self, api_version: &str, kind: &str) -> Option<Kind> {
        let named = |k: &Kind| k.name() == kind && k.api_version() == api_version;
        Kind::by_gvk(api_version, kind)
            .or_else(|| versions::kind_of(api_version, kind))
            .or_else(|| self.custom_versions().find(named))
    }

    /// The kind that a word of the command line names: see [`Kind::by_word`].
    pub fn kind_by_word(self, word: &str) -> Option<Kind> {
        let custom = || {
            self.custom_kinds()
                .into_iter()
                .chain(self.custom_versions())
        };
        Kind::by_word(word).or_else(|| custom().find(|kind| kind.is_named(word)))
    }

    /// The definition of a custom kind, and the version in which its objects are stored.
    pub fn definition_of(self, kind: Kind) -> Option<(&'a Arc<Object>, Kind)> {
        let Kind::Custom(_) = kind else { return None };
        let found = self.find(Kind::CustomResourceDefinition, "", &kind.resource())?;
        let body = found.data()?;
        let mut versions = items_at(body, "/spec/versions").iter();
        let stored = versions.find(|v| v.get("storage") == Some(&Value::Bool(true)))?;
        Some((found, custom(body, text_at(stored, "/name"))?))
    }

    fn definitions(self) -> impl Iterator<Item = &'a Value> {
        let all = self.list(Kind::CustomResourceDefinition, None);
        all.filter_map(|object| object.data())
    }
}

/// Whether a condition of a definition's status is True.
pub fn is_true(definition: &Value, condition: &str) -> bool {
    let mut all = items_at(definition, "/status/conditions").iter();
    all.any(|c| text_at(c, "/type") == condition && text_at(c, "/status") == "True")
}

fn custom(definition: &Value, version: &str) -> Option<Kind> {
    let names = definition.pointer("/status/acceptedNames")?;
    CustomKind::new(definition, names, version).map(Kind::Custom)
}

/// The kind in each version that a definition serves, the preferred one first.
fn served_versions(definition: &Value) -> Vec<Kind> {
    let versions = items_at(definition, "/spec/versions").iter();
    let served = versions.filter(|v| v.get("served") == Some(&Value::Bool(true)));
    let mut names: Vec<&str> = served.map(|v| text_at(v, "/name")).collect();
    names.order_by_key(|name| rank(name));
    let kinds = names
        .into_iter()
        .filter_map(|name| custom(definition, name));
    kinds.collect()
}

/// Releases before betas before alphas, later ones first; names of another form come last.
fn rank(version: &str) -> (u8, Reverse<(u32, u32)>, &str) {
    let parts = || {
        let rest = version.strip_prefix('v')?;
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (major, rest) = rest.split_at(digits);
        let major: u32 = major.parse().ok().filter(|major| *major > 0)?;
        if rest.is_empty() {
            return Some((0, (major, 0)));
        }
        let (stage, minor) = match rest.strip_prefix("beta") {
            Some(minor) => (1, minor),
            None => (2, rest.strip_prefix("alpha")?),
        };
        Some((stage, (major, minor.parse().ok()?)))
    };
    match parts() {
        Some((stage, number)) => (stage, Reverse(number), ""),
        None => (3, Reverse((0, 0)), version),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_come_in_the_order_of_their_maturity() {
        let mut names = [
            "foo1",
            "v1",
            "v1alpha1",
            "v10",
            "v2",
            "v1beta2",
            "v1beta1",
            "v11alpha2",
        ];
        names.order_by_key(|name| rank(name));
        let wanted = [
            "v10",
            "v2",
            "v1",
            "v1beta2",
            "v1beta1",
            "v11alpha2",
            "v1alpha1",
            "foo1",
        ];
        assert_eq!(names, wanted);
    }
}
