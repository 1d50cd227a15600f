//! The table of kinds: one row a kind.
//!
//! Upstream: `pkg/registry/*/storage` (names, short names, categories) and discovery.

use serde::{Deserialize, Serialize};

/// A kind of object that the API server serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    Namespace,
    Node,
    Pod,
    Event,
    Service,
    Lease,
    Deployment,
    ReplicaSet,
}

/// One row of the kind table.
#[derive(Debug)]
pub struct KindInfo {
    pub kind: Kind,
    /// `Deployment`.
    pub name: &'static str,
    /// `apps`; empty for the core group.
    pub group: &'static str,
    pub version: &'static str,
    /// `deployments`.
    pub plural: &'static str,
    pub singular: &'static str,
    pub short: &'static [&'static str],
    pub namespaced: bool,
    /// Whether `kubectl get all` lists it.
    pub in_all: bool,
    /// Whether objects of this kind carry `metadata.generation`.
    pub has_generation: bool,
}

/// Every kind, in discovery order.
pub const KINDS: &[KindInfo] = &[
    row(
        Kind::Event,
        "Event",
        "",
        "v1",
        "events",
        "event",
        &["ev"],
        true,
        false,
        false,
    ),
    row(
        Kind::Namespace,
        "Namespace",
        "",
        "v1",
        "namespaces",
        "namespace",
        &["ns"],
        false,
        false,
        false,
    ),
    row(
        Kind::Node,
        "Node",
        "",
        "v1",
        "nodes",
        "node",
        &["no"],
        false,
        false,
        false,
    ),
    row(
        Kind::Pod,
        "Pod",
        "",
        "v1",
        "pods",
        "pod",
        &["po"],
        true,
        true,
        true,
    ),
    row(
        Kind::Service,
        "Service",
        "",
        "v1",
        "services",
        "service",
        &["svc"],
        true,
        true,
        false,
    ),
    row(
        Kind::Deployment,
        "Deployment",
        "apps",
        "v1",
        "deployments",
        "deployment",
        &["deploy"],
        true,
        true,
        true,
    ),
    row(
        Kind::ReplicaSet,
        "ReplicaSet",
        "apps",
        "v1",
        "replicasets",
        "replicaset",
        &["rs"],
        true,
        true,
        true,
    ),
    row(
        Kind::Lease,
        "Lease",
        "coordination.k8s.io",
        "v1",
        "leases",
        "lease",
        &[],
        true,
        false,
        false,
    ),
];

#[allow(clippy::too_many_arguments)] // a row of a table, not a call to remember
const fn row(
    kind: Kind,
    name: &'static str,
    group: &'static str,
    version: &'static str,
    plural: &'static str,
    singular: &'static str,
    short: &'static [&'static str],
    namespaced: bool,
    in_all: bool,
    has_generation: bool,
) -> KindInfo {
    KindInfo {
        kind,
        name,
        group,
        version,
        plural,
        singular,
        short,
        namespaced,
        in_all,
        has_generation,
    }
}

impl Kind {
    /// How many kinds there are.
    pub const COUNT: usize = 8;

    /// The kind's row.
    pub fn info(self) -> &'static KindInfo {
        let found = KINDS.iter().find(|row| row.kind == self);
        found.unwrap_or_else(|| unreachable!("every kind has a row: see the test below"))
    }

    /// `Deployment`.
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// `apps/v1`, or `v1` for the core group.
    pub fn api_version(self) -> String {
        let info = self.info();
        if info.group.is_empty() {
            info.version.to_string()
        } else {
            format!("{}/{}", info.group, info.version)
        }
    }

    /// `deployments.apps`, or `pods`: how the API server names the resource in messages.
    pub fn resource(self) -> String {
        dotted(self.info().plural, self.info().group)
    }

    /// `deployment.apps`, or `pod`: how kubectl names an object in its success lines.
    pub fn singular_with_group(self) -> String {
        dotted(self.info().singular, self.info().group)
    }

    /// The kind that `apps/v1` and `Deployment` name.
    pub fn by_gvk(api_version: &str, kind: &str) -> Option<Kind> {
        KINDS
            .iter()
            .find(|row| row.name == kind && row.kind.api_version() == api_version)
            .map(|row| row.kind)
    }

    /// The kind that a word of the command line names: plural, singular, short name, kind,
    /// `deployments.apps`, `deployments.v1.apps`; case does not matter.
    pub fn by_word(word: &str) -> Option<Kind> {
        let word = word.to_ascii_lowercase();
        let (head, rest) = word.split_once('.').unwrap_or((&word, ""));
        let named = |row: &&KindInfo| {
            let name = row.plural == head
                || row.singular == head
                || row.short.contains(&head)
                || row.name.to_ascii_lowercase() == head;
            let versioned = format!("{}.{}", row.version, row.group);
            name && (rest.is_empty()
                || rest == row.group
                || rest == versioned.trim_end_matches('.'))
        };
        KINDS.iter().find(named).map(|row| row.kind)
    }
}

fn dotted(word: &str, group: &str) -> String {
    if group.is_empty() {
        word.to_string()
    } else {
        format!("{word}.{group}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_row_and_words_find_it() {
        assert_eq!(KINDS.len(), Kind::COUNT);
        for row in KINDS {
            assert_eq!(row.kind.info().name, row.name);
            for word in [row.plural, row.singular, row.name] {
                assert_eq!(Kind::by_word(word), Some(row.kind), "{word}");
            }
        }
        assert_eq!(Kind::by_word("deployments.v1.apps"), Some(Kind::Deployment));
        assert_eq!(Kind::by_word("pods.apps"), None);
        assert_eq!(
            Kind::by_gvk("apps/v1", "Deployment"),
            Some(Kind::Deployment)
        );
        assert_eq!(Kind::by_gvk("extensions/v1beta1", "Deployment"), None);
    }
}
