//! Object metadata, compact: what `metadata` holds for every kind.
//!
//! Upstream: `apimachinery/pkg/apis/meta/v1.ObjectMeta`. Differs: `managedFields` is not kept
//! (kubectl hides it), `selfLink` does not exist any more.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock};

use crate::clock::SimTime;

use super::Kind;
use super::name::compare_names;

/// Labels or annotations; shared between versions of an object and between replicas.
pub type Labels = Arc<BTreeMap<String, String>>;

/// A uid: 128 bits printed as a UUID, compared as upstream compares the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid(pub u128);

/// What names an object: kind, namespace (empty for cluster-scoped kinds), name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub kind: Kind,
    pub namespace: Arc<str>,
    pub name: Arc<str>,
}

impl Key {
    /// A key from its parts.
    pub fn new(kind: Kind, namespace: impl Into<Arc<str>>, name: impl Into<Arc<str>>) -> Key {
        Key {
            kind,
            namespace: namespace.into(),
            name: name.into(),
        }
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        let namespaces = || match Arc::ptr_eq(&self.namespace, &other.namespace) {
            true => Ordering::Equal,
            false => compare_names(&self.namespace, &other.namespace),
        };
        let names = || compare_names(&self.name, &other.name);
        let kinds = self.kind.cmp(&other.kind);
        kinds.then_with(namespaces).then_with(names)
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// `Pod default/web-0`, or `Node k8s-node1`: for traces and messages of our own.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            write!(f, "{} {}", self.kind.name(), self.name)
        } else {
            write!(f, "{} {}/{}", self.kind.name(), self.namespace, self.name)
        }
    }
}

/// An entry of `metadata.ownerReferences`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OwnerRef {
    pub api_version: Arc<str>,
    pub kind: Arc<str>,
    pub name: Arc<str>,
    pub uid: Uid,
    pub controller: bool,
    pub block_owner_deletion: bool,
}

/// Set once an object is being deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Deletion {
    /// `deletionTimestamp`: the moment of the request plus the grace period, whole seconds.
    pub timestamp: SimTime,
    /// `deletionGracePeriodSeconds`.
    pub grace_secs: i64,
}

/// The metadata of one version of an object. Equality includes everything, the hash all but the
/// revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    pub name: Arc<str>,
    /// Empty for cluster-scoped kinds.
    pub namespace: Arc<str>,
    pub generate_name: Option<Arc<str>>,
    pub uid: Uid,
    /// The store's revision of this version; 0 before it is stored.
    pub resource_version: u64,
    /// 0 for kinds without one.
    pub generation: i64,
    /// Full resolution; printed in whole seconds.
    pub created: SimTime,
    pub deletion: Option<Deletion>,
    pub labels: Labels,
    pub annotations: Labels,
    pub owners: Arc<[OwnerRef]>,
    pub finalizers: Arc<[String]>,
}

/// Thousands of objects begin with this, so that it is shared.
static BLANK: LazyLock<Meta> = LazyLock::new(|| Meta {
    name: "".into(),
    namespace: "".into(),
    generate_name: None,
    uid: Uid::default(),
    resource_version: 0,
    generation: 0,
    created: SimTime::default(),
    deletion: None,
    labels: Labels::default(),
    annotations: Labels::default(),
    owners: Arc::from([]),
    finalizers: Arc::from([]),
});

impl Default for Meta {
    fn default() -> Self {
        BLANK.clone()
    }
}

/// The empty text, shared.
pub(super) fn no_text() -> Arc<str> {
    BLANK.name.clone()
}

impl Hash for Meta {
    fn hash<H: Hasher>(&self, h: &mut H) {
        // The revision is the store's: it digests it beside the object.
        (&self.name, &self.namespace, self.uid).hash(h);
        (self.generation, self.created, self.deletion).hash(h);
        (
            &self.labels,
            &self.annotations,
            &self.owners,
            &self.finalizers,
        )
            .hash(h);
    }
}

impl Meta {
    /// Metadata of a namespaced object that is about to be created.
    pub fn named(namespace: impl Into<Arc<str>>, name: impl Into<Arc<str>>) -> Meta {
        Meta {
            namespace: namespace.into(),
            name: name.into(),
            ..Meta::default()
        }
    }

    /// The reference with `controller: true`.
    pub fn controller(&self) -> Option<&OwnerRef> {
        self.owners.iter().find(|owner| owner.controller)
    }

    /// Whether `deletionTimestamp` is set.
    pub fn is_deleting(&self) -> bool {
        self.deletion.is_some()
    }

    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key).map(String::as_str)
    }

    /// The value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.get(key).map(String::as_str)
    }

    /// Sets or (with `None`) removes an annotation; copies the map only if that changes it.
    pub fn set_annotation(&mut self, key: &str, value: Option<&str>) {
        set(&mut self.annotations, key, value);
    }

    /// Sets or (with `None`) removes a label; copies the map only if that changes it.
    pub fn set_label(&mut self, key: &str, value: Option<&str>) {
        set(&mut self.labels, key, value);
    }
}

fn set(map: &mut Labels, key: &str, value: Option<&str>) {
    if map.get(key).map(String::as_str) == value {
        return;
    }
    let map = Arc::make_mut(map);
    match value {
        Some(value) => map.insert(key.to_string(), value.to_string()),
        None => map.remove(key),
    };
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:032x}", self.0);
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
        write!(
            f,
            "{}-{}-{}-{}-{}",
            part(0, 8),
            part(8, 12),
            part(12, 16),
            part(16, 20),
            part(20, 32)
        )
    }
}

impl Uid {
    /// Reads the printed form. Errors: `None` if it is not 32 hex digits with dashes.
    pub fn parse(text: &str) -> Option<Uid> {
        let hex: String = text.chars().filter(|c| *c != '-').collect();
        if hex.len() == 32 {
            u128::from_str_radix(&hex, 16).ok().map(Uid)
        } else {
            None
        }
    }
}
