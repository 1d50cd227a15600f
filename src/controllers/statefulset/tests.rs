//! Whole StatefulSets with the test as scheduler and kubelet.
//!
//! Upstream: cases after `stateful_set_control_test.go`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::drive::Drive;
use crate::api::{Body, ConditionStatus, Kind, Object, Phase, StatefulSetBody};
use crate::clock::Span;

fn web(drive: &mut Drive, replicas: i32, more: &Value) -> Arc<Object> {
    let mut spec = json!({
        "replicas": replicas,
        "serviceName": "web",
        "podManagementPolicy": "OrderedReady",
        "revisionHistoryLimit": 10,
        "selector": {"matchLabels": {"app": "web"}},
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "c", "image": "nginx:1"}]},
        },
    });
    if let (Some(spec), Some(more)) = (spec.as_object_mut(), more.as_object()) {
        spec.extend(more.clone());
    }
    drive.create(Kind::StatefulSet, "default", "web", &json!({"spec": spec}))
}

/// Binds every pod and lets the kubelets act, as often as an ordered set needs.
fn run(drive: &mut Drive) {
    for _ in 0..8 {
        drive.settle();
        drive.bind_pods(&["n1", "n2"]);
        drive.kubelets_act();
    }
    drive.settle();
}

fn names(drive: &Drive) -> Vec<String> {
    let pods = drive.list(Kind::Pod).into_iter();
    pods.map(|pod| pod.meta.name.to_string()).collect()
}

fn images(drive: &Drive) -> Vec<String> {
    let pods = drive.list(Kind::Pod);
    let first = |pod: &Arc<Object>| pod.pod()?.spec.spec.containers.first()?.image.clone();
    pods.iter().filter_map(first).collect()
}

/// replicas, ready, current, updated.
fn figures(drive: &Drive) -> [i32; 4] {
    let set = drive.get(Kind::StatefulSet, "web").expect("it");
    let status = set.stateful_set().expect("it").status.clone();
    [
        status.replicas,
        status.ready_replicas,
        status.current_replicas,
        status.updated_replicas,
    ]
}

fn edit(drive: &mut Drive, change: impl Fn(&mut k8s_openapi::api::apps::v1::StatefulSetSpec)) {
    let mut new = (*drive.get(Kind::StatefulSet, "web").expect("it")).clone();
    if let Body::StatefulSet(body) = &mut new.body {
        let mut spec = (**body.spec).clone();
        change(&mut spec);
        *body = StatefulSetBody::new(spec, body.status.clone());
    }
    drive.client().update(new).expect("updated");
}

fn set_image(drive: &mut Drive, image: &str) {
    edit(drive, |spec| {
        let pod = spec.template.spec.get_or_insert_default();
        for container in &mut pod.containers {
            container.image = Some(image.into());
        }
    });
}

#[test]
fn pods_come_one_after_the_other_with_names_of_their_own() {
    let mut drive = Drive::new();
    web(&mut drive, 3, &json!({}));
    drive.settle();
    assert_eq!(names(&drive), ["web-0"]);
    run(&mut drive);
    assert_eq!(names(&drive), ["web-0", "web-1", "web-2"]);
    assert_eq!(figures(&drive), [3, 3, 3, 3]);
    let pod = drive.get(Kind::Pod, "web-1").expect("it");
    assert_eq!(pod.meta.label("apps.kubernetes.io/pod-index"), Some("1"));
    let label = "statefulset.kubernetes.io/pod-name";
    assert_eq!(pod.meta.label(label), Some("web-1"));
    let spec = &pod.pod().expect("it").spec.spec;
    assert_eq!(spec.hostname.as_deref(), Some("web-1"));
    assert_eq!(spec.subdomain.as_deref(), Some("web"));
    assert_eq!(drive.reconcile_all(), Vec::<String>::new());
}

#[test]
fn scaling_down_takes_the_highest_first_and_scaling_up_fills_in() {
    let mut drive = Drive::new();
    web(&mut drive, 3, &json!({}));
    run(&mut drive);
    edit(&mut drive, |spec| spec.replicas = Some(1));
    drive.settle();
    let going = drive.list(Kind::Pod).into_iter();
    let going: Vec<String> = going
        .filter(|pod| pod.meta.is_deleting())
        .map(|pod| pod.meta.name.to_string())
        .collect();
    assert_eq!(going, ["web-2"]);
    run(&mut drive);
    assert_eq!(names(&drive), ["web-0"]);
    edit(&mut drive, |spec| spec.replicas = Some(2));
    run(&mut drive);
    assert_eq!(names(&drive), ["web-0", "web-1"]);
    assert_eq!(drive.list(Kind::Pod).len(), 2, "each name once");
    let owner = drive.get(Kind::StatefulSet, "web").expect("it").meta.uid;
    let owned = drive.api.store().head().owned_by(Kind::Pod, owner);
    assert_eq!(owned.count(), 2, "a name that is used again is listed once");
}

#[test]
fn an_update_stops_at_the_partition_and_a_rollback_renumbers() {
    let mut drive = Drive::new();
    let partition = json!({"updateStrategy": {
        "type": "RollingUpdate", "rollingUpdate": {"partition": 2},
    }});
    web(&mut drive, 3, &partition);
    run(&mut drive);
    set_image(&mut drive, "nginx:2");
    run(&mut drive);
    assert_eq!(images(&drive), ["nginx:1", "nginx:1", "nginx:2"]);
    assert_eq!(figures(&drive), [3, 3, 2, 1]);
    drive.delete(Kind::Pod, "web-0");
    run(&mut drive);
    assert_eq!(
        images(&drive),
        ["nginx:1", "nginx:1", "nginx:2"],
        "a new old pod"
    );
    edit(&mut drive, |spec| {
        let strategy = spec.update_strategy.get_or_insert_default();
        strategy.rolling_update.get_or_insert_default().partition = Some(0);
    });
    run(&mut drive);
    assert_eq!(images(&drive), ["nginx:2", "nginx:2", "nginx:2"]);
    assert_eq!(figures(&drive), [3, 3, 3, 3]);
    set_image(&mut drive, "nginx:1");
    run(&mut drive);
    let revisions = drive.list(Kind::ControllerRevision);
    let mut numbers: Vec<i64> = revisions
        .iter()
        .map(|r| super::super::revisions::number(r))
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [2, 3]);
    assert_eq!(drive.reconcile_all(), Vec::<String>::new());
}

#[test]
fn a_broken_update_stays_until_its_pod_is_deleted() {
    let mut drive = Drive::new();
    web(&mut drive, 2, &json!({}));
    run(&mut drive);
    set_image(&mut drive, "nginx:bad");
    drive.settle();
    // The old pod goes, the new one never gets ready.
    let at_once = crate::apiserver::DeleteOptions {
        grace_secs: Some(0),
        ..Default::default()
    };
    let key = drive.get(Kind::Pod, "web-1").expect("it").key();
    drive.client().delete(&key, at_once).expect("deleted");
    drive.settle();
    set_image(&mut drive, "nginx:1");
    drive.run_for(Span::secs(30));
    assert_eq!(images(&drive), ["nginx:1", "nginx:bad"], "it waits");
    drive.client().delete(&key, at_once).expect("deleted");
    run(&mut drive);
    assert_eq!(images(&drive), ["nginx:1", "nginx:1"]);
}

#[test]
fn a_failed_pod_is_made_anew_and_a_terminating_one_blocks() {
    let mut drive = Drive::new();
    web(&mut drive, 2, &json!({}));
    run(&mut drive);
    let pod = drive.get(Kind::Pod, "web-0").expect("it");
    drive.set_pod(&pod, ConditionStatus::False, Phase::Failed);
    run(&mut drive);
    let anew = drive.get(Kind::Pod, "web-0").expect("it");
    assert_ne!(anew.meta.uid, pod.meta.uid);
    drive.delete(Kind::Pod, "web-0");
    drive.run_for(Span::secs(20));
    let still = drive.get(Kind::Pod, "web-0").expect("it");
    assert_eq!(
        still.meta.uid, anew.meta.uid,
        "its node has not let go of it"
    );
}

#[test]
fn min_ready_seconds_delays_the_next_pod() {
    let mut drive = Drive::new();
    web(&mut drive, 2, &json!({"minReadySeconds": 10}));
    drive.settle();
    drive.bind_pods(&["n1"]);
    drive.kubelets_act();
    drive.run_for(Span::secs(5));
    assert_eq!(names(&drive), ["web-0"]);
    drive.run_for(Span::secs(6));
    assert_eq!(names(&drive), ["web-0", "web-1"]);
}

#[test]
fn claims_come_before_their_pod_and_go_as_the_policy_says() {
    let mut drive = Drive::new();
    let claims = json!({
        "volumeClaimTemplates": [{
            "metadata": {"name": "data"},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": "1Gi"}},
            },
        }],
        "persistentVolumeClaimRetentionPolicy": {"whenScaled": "Delete", "whenDeleted": "Retain"},
    });
    web(&mut drive, 2, &claims);
    run(&mut drive);
    let claims = |drive: &Drive| {
        let all = drive.list(Kind::PersistentVolumeClaim).into_iter();
        let all = all.filter(|claim| !claim.meta.is_deleting());
        all.map(|claim| claim.meta.name.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(claims(&drive), ["data-web-0", "data-web-1"]);
    let claim = drive.get(Kind::PersistentVolumeClaim, "data-web-0");
    assert_eq!(claim.expect("it").meta.label("app"), Some("web"));
    let told = drive.events(Kind::StatefulSet);
    let wanted = "SuccessfulCreate Create Claim data-web-0 Pod web-0 in StatefulSet web success x1";
    assert!(told.iter().any(|line| line == wanted), "{told:?}");
    edit(&mut drive, |spec| spec.replicas = Some(1));
    run(&mut drive);
    assert_eq!(claims(&drive), ["data-web-0"]);
    drive.delete(Kind::StatefulSet, "web");
    run(&mut drive);
    assert_eq!(names(&drive), Vec::<String>::new());
    assert_eq!(claims(&drive), ["data-web-0"]);
}
