//! The annotations by which a Deployment keeps books on its ReplicaSets: revisions and sizes.
//!
//! Upstream: `pkg/controller/deployment/util/deployment_util.go`.

use crate::api::{Meta, Object};

pub(super) const REVISION: &str = "deployment.kubernetes.io/revision";
const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";
const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
const MAX: &str = "deployment.kubernetes.io/max-replicas";
pub(super) const ROLLBACK_TO: &str = "deprecated.deployment.rollback.to";
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// The revision history of a ReplicaSet is cut to this many bytes.
const HISTORY_MAX: usize = 2000;

/// Not copied from a Deployment to its ReplicaSets.
const OWN: [&str; 6] = [
    LAST_APPLIED,
    REVISION,
    REVISION_HISTORY,
    DESIRED,
    MAX,
    ROLLBACK_TO,
];

/// The revision of an object; 0 where there is none.
pub(super) fn revision(object: &Object) -> i64 {
    object
        .meta
        .annotation(REVISION)
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

/// `spec.replicas` of the Deployment when it last sized this ReplicaSet.
pub(super) fn desired(rs: &Object) -> Option<i32> {
    rs.meta.annotation(DESIRED)?.parse().ok()
}

/// The most pods that the Deployment allowed when it last sized this ReplicaSet.
pub(super) fn max_replicas(rs: &Object) -> Option<i32> {
    rs.meta.annotation(MAX)?.parse().ok()
}

/// Writes the two sizes; whether either changed.
pub(super) fn set_sizes(rs: &mut Meta, desired: i32, max: i32) -> bool {
    let before = rs.annotations.clone();
    rs.set_annotation(DESIRED, Some(&desired.to_string()));
    rs.set_annotation(MAX, Some(&max.to_string()));
    before != rs.annotations
}

/// Copies the Deployment's annotations and moves the ReplicaSet to a later revision, keeping the
/// one that it had in its history; whether anything changed.
pub(super) fn sync(deployment: &Meta, rs: &mut Meta, new_revision: i64) -> bool {
    let before = rs.annotations.clone();
    for (key, value) in deployment
        .annotations
        .iter()
        .filter(|(key, _)| !OWN.contains(&&***key))
    {
        rs.set_annotation(key, Some(value));
    }
    let old = rs.annotation(REVISION).map(str::to_string);
    match old.as_deref().map_or(Ok(0), str::parse::<i64>) {
        Ok(number) if number < new_revision => {
            rs.set_annotation(REVISION, Some(&new_revision.to_string()));
            if let Some(old) = old {
                let history = rs.annotation(REVISION_HISTORY).unwrap_or_default();
                let history = extended_history(history, &old);
                rs.set_annotation(REVISION_HISTORY, Some(&history));
            }
        }
        _ => {}
    }
    before != rs.annotations
}

fn extended_history(history: &str, old: &str) -> String {
    if history.is_empty() {
        return old.to_string();
    }
    let all = format!("{history},{old}");
    let mut kept = all.as_str();
    while kept.len() > HISTORY_MAX {
        match kept.split_once(',') {
            Some((_, rest)) => kept = rest,
            None => break,
        }
    }
    kept.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revisions_go_up_and_leave_their_history() {
        let mut deployment = Meta::default();
        deployment.set_annotation("kubernetes.io/change-cause", Some("a better image"));
        deployment.set_annotation(LAST_APPLIED, Some("{}"));
        let mut rs = Meta::default();
        assert!(sync(&deployment, &mut rs, 1));
        assert_eq!(
            rs.annotation("kubernetes.io/change-cause"),
            Some("a better image")
        );
        assert_eq!(rs.annotation(LAST_APPLIED), None);
        assert_eq!(rs.annotation(REVISION_HISTORY), None);
        assert!(!sync(&deployment, &mut rs, 1));
        for revision in [3, 5] {
            assert!(sync(&deployment, &mut rs, revision));
        }
        assert!(!sync(&deployment, &mut rs, 4), "revisions never go down");
        assert_eq!(rs.annotation(REVISION), Some("5"));
        assert_eq!(rs.annotation(REVISION_HISTORY), Some("1,3"));
    }

    #[test]
    fn a_long_history_loses_its_oldest_entries() {
        let history = "11111,".repeat(HISTORY_MAX / 6) + "22222";
        let cut = extended_history(&history, "33333");
        assert!(cut.len() <= HISTORY_MAX);
        assert!(cut.ends_with("22222,33333"));
    }
}
