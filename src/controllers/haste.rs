//! Acts in quick succession: the next one falls into the time before the caches show the last one.
//! Each case was found by a random history (`tests/histories/`).
//!
//! Upstream: none.

use std::sync::Arc;

use serde_json::{Value, json};

use super::drive::Drive;
use crate::api::{Body, Kind, Object, items_at, number_at, text_at};
use crate::apiserver::{DeleteOptions, Propagation};
use crate::clock::Span;

/// Shorter than a watch takes.
const SOON: Span = Span::millis(6);

fn spec(app: &str, replicas: i32, more: &Value) -> Value {
    let mut spec = json!({
        "replicas": replicas,
        "selector": {"matchLabels": {"app": app}},
        "template": {
            "metadata": {"labels": {"app": app}},
            "spec": {"containers": [{"name": "c", "image": "nginx:1"}]},
        },
    });
    if let (Some(spec), Some(more)) = (spec.as_object_mut(), more.as_object()) {
        spec.extend(more.clone());
    }
    json!({ "spec": spec })
}

fn set_settings() -> Value {
    json!({
        "serviceName": "web", "podManagementPolicy": "OrderedReady", "revisionHistoryLimit": 10,
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
    })
}

fn relabel(drive: &mut Drive, pod: &Object, app: &str) {
    let latest = drive.get(Kind::Pod, &pod.meta.name).expect("the pod");
    let mut new = (*latest).clone();
    new.meta.set_label("app", Some(app));
    drive.client().update(new).expect("relabelled");
}

fn resize(drive: &mut Drive, replicas: i32) {
    let mut new = (*drive.get(Kind::ReplicaSet, "web").expect("it")).clone();
    if let Body::ReplicaSet(body) = &mut new.body {
        body.replicas = replicas;
    }
    drive.client().update(new).expect("resized");
}

fn delete(drive: &mut Drive, object: &Object, propagation: Propagation) {
    let options = DeleteOptions {
        propagation,
        ..DeleteOptions::default()
    };
    drive
        .client()
        .delete(&object.key(), options)
        .expect("deleted");
}

fn own_pods(drive: &Drive, owner: &Object) -> usize {
    let pods = drive.list(Kind::Pod);
    let own = pods.iter().filter(|pod| {
        let controller = pod.meta.controller();
        controller.is_some_and(|c| c.uid == owner.meta.uid) && !pod.meta.is_deleting()
    });
    own.count()
}

#[test]
fn a_replica_set_deletes_no_pod_that_it_has_just_released() {
    let mut drive = Drive::new();
    let rs = drive.create(
        Kind::ReplicaSet,
        "default",
        "web",
        &spec("web", 3, &json!({})),
    );
    drive.settle();
    let stranger = drive.list(Kind::Pod).remove(0);
    relabel(&mut drive, &stranger, "other");
    resize(&mut drive, 0);
    drive.settle();
    let left = drive.list(Kind::Pod);
    let names: Vec<_> = left.iter().map(|pod| &*pod.meta.name).collect();
    assert_eq!(names, [&*stranger.meta.name]);
    resize(&mut drive, 2);
    drive.settle();
    assert_eq!(own_pods(&drive, &rs), 2);
}

#[test]
fn a_set_that_waits_for_its_pods_to_go_does_not_make_revisions_for_ever() {
    let mut drive = Drive::new();
    let set = drive.create(
        Kind::StatefulSet,
        "default",
        "web",
        &spec("web", 1, &set_settings()),
    );
    drive.settle();
    drive.bind_pods(&["n1"]);
    drive.settle();
    delete(&mut drive, &set, Propagation::Foreground);
    drive.settle();
    let settled = drive.api.store().revision();
    drive.run_for(Span::secs(2));
    assert!(
        drive
            .get(Kind::StatefulSet, "web")
            .is_some_and(|set| set.meta.is_deleting())
    );
    assert_eq!(drive.writes_since(settled), Vec::<String>::new());
}

#[test]
fn a_set_goes_on_once_it_has_adopted_its_revisions() {
    let mut drive = Drive::new();
    let set = drive.create(
        Kind::StatefulSet,
        "default",
        "web",
        &spec("web", 1, &set_settings()),
    );
    drive.settle();
    delete(&mut drive, &set, Propagation::Orphan);
    drive.settle();
    for pod in drive.list(Kind::Pod) {
        delete(&mut drive, &pod, Propagation::Background);
    }
    drive.settle();
    let again = drive.create(
        Kind::StatefulSet,
        "default",
        "web",
        &spec("web", 1, &set_settings()),
    );
    drive.settle();
    assert_eq!(own_pods(&drive, &again), 1);
}

fn figure(drive: &Drive, key: &str) -> Option<i64> {
    let budget = drive.get(Kind::PodDisruptionBudget, "web")?;
    number_at(budget.data()?, &format!("/status/{key}"))
}

#[test]
fn a_budget_learns_that_pods_were_orphaned() {
    let mut drive = Drive::new();
    let rs = drive.create(
        Kind::ReplicaSet,
        "default",
        "web",
        &spec("web", 3, &json!({})),
    );
    let budget = json!({"maxUnavailable": 1, "selector": {"matchLabels": {"app": "web"}}});
    drive.create(
        Kind::PodDisruptionBudget,
        "default",
        "web",
        &json!({"spec": budget}),
    );
    drive.settle();
    assert_eq!(figure(&drive, "expectedPods"), Some(3));
    delete(&mut drive, &rs, Propagation::Orphan);
    drive.settle();
    assert_eq!(figure(&drive, "expectedPods"), Some(0));
}

fn slice(drive: &Drive) -> Arc<Object> {
    drive.list(Kind::EndpointSlice).remove(0)
}

#[test]
fn a_slice_forgets_a_pod_that_came_and_went() {
    let mut drive = Drive::new();
    drive.create(
        Kind::ReplicaSet,
        "default",
        "web",
        &spec("web", 1, &json!({})),
    );
    let service = json!({"selector": {"app": "other"}, "ports": [{"port": 80, "protocol": "TCP"}]});
    drive.create(Kind::Service, "default", "other", &json!({"spec": service}));
    drive.settle();
    drive.kubelets_act();
    drive.settle();
    let pod = drive.list(Kind::Pod).remove(0);
    relabel(&mut drive, &pod, "other");
    drive.run_for(SOON);
    relabel(&mut drive, &pod, "web");
    drive.run_for(SOON);
    let endpoints = |drive: &Drive| items_at(slice(drive).data().expect("it"), "/endpoints").len();
    assert_eq!(endpoints(&drive), 1);
    drive.run_for(Span::secs(3));
    assert_eq!(endpoints(&drive), 0);
}

#[test]
fn a_claim_that_came_again_gets_its_volume() {
    let mut drive = Drive::new();
    let class = json!({
        "provisioner": "example.com/disk", "reclaimPolicy": "Delete",
        "volumeBindingMode": "Immediate",
    });
    drive.create(Kind::StorageClass, "", "fast", &class);
    let claim = json!({"spec": {
        "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}},
        "storageClassName": "fast", "volumeMode": "Filesystem",
    }});
    for _ in 0..2 {
        drive.create(Kind::PersistentVolumeClaim, "default", "data", &claim);
        drive.run_for(Span::millis(300));
        let claim = drive.get(Kind::PersistentVolumeClaim, "data").expect("it");
        let phase = text_at(claim.data().expect("it"), "/status/phase");
        assert_eq!(phase, "Pending");
        drive.delete(Kind::PersistentVolumeClaim, "data");
        drive.run_for(Span::millis(100));
    }
    drive.create(Kind::PersistentVolumeClaim, "default", "data", &claim);
    drive.run_for(Span::secs(5));
    let claim = drive.get(Kind::PersistentVolumeClaim, "data").expect("it");
    assert_eq!(text_at(claim.data().expect("it"), "/status/phase"), "Bound");
}
