//! Which lists merge, and by which key.
//!
//! Upstream: the struct tags `patchStrategy` and `patchMergeKey` in
//! `staging/src/k8s.io/api/*/v1/types.go`. Differs: a field is known by its name and its parent's
//! name, not by its Go type.

/// How a field is patched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Strategy {
    /// A list whose elements merge: objects by this key, or (empty) scalars as a set.
    pub merge_key: Option<&'static str>,
    /// Fields that a patch does not name are cleared (of the map, or of the list's elements).
    pub retain_keys: bool,
}

struct Row {
    /// The field above: `spec`, `containers`; `*` is any.
    parents: &'static [&'static str],
    field: &'static str,
    merge_key: Option<&'static str>,
    retain_keys: bool,
}

const CONTAINERS: &[&str] = &["containers", "initContainers", "ephemeralContainers"];
const SPEC: &[&str] = &["spec"];

const fn merge(parents: &'static [&'static str], field: &'static str, key: &'static str) -> Row {
    Row {
        parents,
        field,
        merge_key: Some(key),
        retain_keys: false,
    }
}

const ROWS: &[Row] = &[
    merge(SPEC, "containers", "name"),
    merge(SPEC, "initContainers", "name"),
    merge(SPEC, "ephemeralContainers", "name"),
    merge(CONTAINERS, "env", "name"),
    merge(CONTAINERS, "ports", "containerPort"),
    merge(CONTAINERS, "volumeMounts", "mountPath"),
    merge(CONTAINERS, "volumeDevices", "devicePath"),
    Row {
        parents: SPEC,
        field: "volumes",
        merge_key: Some("name"),
        retain_keys: true,
    },
    merge(&["spec", ""], "imagePullSecrets", "name"),
    merge(SPEC, "hostAliases", "ip"),
    merge(SPEC, "topologySpreadConstraints", "topologyKey"),
    merge(SPEC, "schedulingGates", "name"),
    merge(SPEC, "resourceClaims", "name"),
    merge(SPEC, "ports", "port"),
    merge(SPEC, "podCIDRs", ""),
    merge(&["metadata"], "ownerReferences", "uid"),
    merge(&["metadata"], "finalizers", ""),
    merge(&["status"], "conditions", "type"),
    merge(&["status"], "addresses", "type"),
    merge(&["status"], "podIPs", "ip"),
    merge(&["status"], "hostIPs", "ip"),
    merge(&[""], "secrets", "name"),
    Row {
        parents: SPEC,
        field: "strategy",
        merge_key: None,
        retain_keys: true,
    },
];

/// How the field of an object that itself stands under `parent` is patched.
pub(super) fn strategy(parent: &str, field: &str) -> Strategy {
    let found = ROWS
        .iter()
        .find(|row| row.field == field && row.parents.contains(&parent));
    found.map_or(Strategy::default(), |row| Strategy {
        merge_key: row.merge_key,
        retain_keys: row.retain_keys,
    })
}

/// Directives within patches.
pub(super) const PATCH: &str = "$patch";
pub(super) const RETAIN_KEYS: &str = "$retainKeys";
pub(super) const SET_ORDER: &str = "$setElementOrder/";
pub(super) const DELETE_FROM: &str = "$deleteFromPrimitiveList/";
