//! The verdict by table, and whole trees of owners with the test as kubelet.
//!
//! Upstream: none.

use serde_json::json;

use super::super::drive::Drive;
use super::*;

#[test]
fn the_verdict_follows_from_the_owners() {
    let owners = |solid, dangling: usize, waiting: usize| Owners {
        solid,
        dangling: vec![Uid(1); dangling],
        waiting: vec![Uid(2); waiting],
    };
    let (none, orphan, foreground) = ((false, false), (true, false), (false, true));
    let delete = Verdict::Delete;
    for (case, owners, has_dependents, finalizers, verdict) in [
        ("all exist", owners(2, 0, 0), true, none, Verdict::Keep),
        (
            "one of two is gone",
            owners(1, 1, 0),
            true,
            none,
            Verdict::Unlink,
        ),
        (
            "one of two waits",
            owners(1, 0, 1),
            true,
            none,
            Verdict::Unlink,
        ),
        (
            "gone",
            owners(0, 1, 0),
            true,
            none,
            delete(Propagation::Background),
        ),
        (
            "waiting, a tree below",
            owners(0, 0, 1),
            true,
            none,
            delete(Propagation::Foreground),
        ),
        (
            "waiting, a leaf",
            owners(0, 0, 1),
            false,
            none,
            delete(Propagation::Background),
        ),
        (
            "its own wish to orphan",
            owners(0, 1, 0),
            true,
            orphan,
            delete(Propagation::Orphan),
        ),
        (
            "its own wish",
            owners(0, 1, 0),
            true,
            foreground,
            delete(Propagation::Foreground),
        ),
    ] {
        assert_eq!(plan(&owners, has_dependents, finalizers), verdict, "{case}");
    }
}

fn deployed() -> Drive {
    let mut drive = Drive::new();
    drive.create_deployment("web", 3, &json!({}));
    drive.settle();
    drive.kubelets_act();
    drive.settle();
    drive
}

fn delete_with(drive: &mut Drive, propagation: Propagation) {
    let key = Key::new(Kind::Deployment, "default", "web");
    let options = DeleteOptions {
        propagation,
        ..DeleteOptions::default()
    };
    drive.client().delete(&key, options).expect("deleted");
    drive.settle();
}

#[test]
fn in_the_background_owners_go_first() {
    let mut drive = deployed();
    let before = drive.api.store().revision();
    delete_with(&mut drive, Propagation::Background);
    let writes = drive.writes_since(before);
    let deletes: Vec<&str> = writes
        .iter()
        .filter(|w| w.contains(" delete "))
        .filter_map(|w| w.split(" web").next())
        .collect();
    let collector = "garbage-collector-controller delete";
    assert_eq!(deletes.first(), Some(&"kubectl delete Deployment"));
    assert_eq!(
        deletes.get(1).copied(),
        Some(format!("{collector} ReplicaSet").as_str())
    );
    assert_eq!(deletes.len(), 5);
    assert!(drive.list(Kind::Pod).is_empty());
}

#[test]
fn in_the_foreground_owners_go_last() {
    let mut drive = deployed();
    let before = drive.api.store().revision();
    delete_with(&mut drive, Propagation::Foreground);
    let writes = drive.writes_since(before);
    assert!(
        writes.last().is_some_and(|w| w.contains("Deployment web")),
        "{writes:?}"
    );
    for kind in [Kind::Deployment, Kind::ReplicaSet, Kind::Pod] {
        assert!(drive.list(kind).is_empty(), "{}", kind.name());
    }
}

#[test]
fn orphans_stay_without_their_owner() {
    let mut drive = deployed();
    delete_with(&mut drive, Propagation::Orphan);
    assert!(drive.list(Kind::Deployment).is_empty());
    let sets = drive.list(Kind::ReplicaSet);
    assert!(sets.iter().all(|rs| rs.meta.owners.is_empty()) && sets.len() == 1);
    assert_eq!(drive.list(Kind::Pod).len(), 3);
}
