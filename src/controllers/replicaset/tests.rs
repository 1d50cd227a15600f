//! The deletion ranking by table, and whole ReplicaSets with the test as kubelet.
//!
//! Upstream: case names after `controller_utils_test.go` (TestSortingActivePodsWithRanks).

use std::sync::Arc;

use serde_json::json;

use super::super::drive::Drive;
use super::rank::{Crowds, pods_to_delete};
use crate::api::{
    Body, ConditionStatus, ContainerState, ContainerStatus, Kind, Meta, Object, Phase, PodBody,
    PodCondition, PodConditionType, PodStatus, SharedPodSpec, Uid,
};
use crate::clock::{SimTime, Span};

const NOW: SimTime = SimTime::from_unix_secs(1_000_000);

/// `node=a phase=Running ready=60s restarts=2 cost=5 age=100s`; an age of readiness means Ready.
fn pod(name: &str, uid: u128, words: &str) -> Arc<Object> {
    let mut meta = Meta {
        uid: Uid(uid),
        created: NOW,
        ..Meta::named("default", name)
    };
    let mut status = PodStatus::default();
    let mut node_name = None;
    let ago = |text: &str| {
        let secs: i64 = text.trim_end_matches('s').parse().expect("seconds");
        NOW - Span::secs(secs)
    };
    for (key, value) in words
        .split_whitespace()
        .filter_map(|word| word.split_once('='))
    {
        match key {
            "node" => node_name = Some(Arc::from(value)),
            "phase" if value == "Running" => status.phase = Phase::Running,
            "phase" if value == "Unknown" => status.phase = Phase::Unknown,
            "ready" => status.set_condition(PodCondition {
                kind: PodConditionType::Ready,
                status: ConditionStatus::True,
                reason: None,
                message: None,
                transition: ago(value),
                observed_generation: 0,
            }),
            "restarts" => status.containers.push(ContainerStatus {
                name: "c".into(),
                state: ContainerState::Running { started: NOW },
                last: None,
                ready: true,
                started: true,
                restart_count: value.parse().expect("a number"),
                image: "i".into(),
                image_id: "".into(),
                container_id: "".into(),
            }),
            "cost" => {
                meta.set_annotation("controller.kubernetes.io/pod-deletion-cost", Some(value))
            }
            "age" => meta.created = ago(value),
            _ => panic!("unknown word {key}"),
        }
    }
    let spec = SharedPodSpec::new(Default::default(), true);
    let body = PodBody {
        spec,
        node_name,
        token_suffix: None,
        status: Arc::new(status),
    };
    Arc::new(Object {
        meta,
        body: Body::Pod(body),
    })
}

#[test]
fn the_pod_that_matters_less_goes_first() {
    let running = "node=a phase=Running ready=100s age=200s";
    let cases = [
        ("unassigned before assigned", "age=1s", "node=a age=1s"),
        ("Pending before Unknown", "node=a", "node=a phase=Unknown"),
        (
            "Unknown before Running",
            "node=a phase=Unknown",
            "node=a phase=Running",
        ),
        ("not ready before ready", "node=a phase=Running", running),
        (
            "cheaper before dearer",
            &format!("{running} cost=-1"),
            running,
        ),
        (
            "the crowded node first",
            "node=b phase=Running ready=100s age=200s",
            running,
        ),
        (
            "ready for a shorter time",
            "node=a phase=Running ready=10s age=200s",
            running,
        ),
        (
            "more restarts",
            &format!("{running} restarts=3"),
            &format!("{running} restarts=2"),
        ),
        (
            "younger by far",
            "node=a phase=Running ready=100s age=101s",
            "node=a phase=Running ready=100s age=900s",
        ),
    ];
    let crowds = Crowds::from([("a".into(), 1), ("b".into(), 2)]);
    for (case, first, second) in cases {
        // The uids say the opposite, so that only the criterion can decide.
        let pods = vec![pod("second", 1, second), pod("first", 2, first)];
        let chosen = pods_to_delete(pods, 1, &crowds, NOW);
        assert_eq!(
            chosen.first().map(|p| &*p.meta.name),
            Some("first"),
            "{case}"
        );
    }
}

#[test]
fn similar_ages_are_decided_by_uid() {
    let crowds = Crowds::new();
    let words = |secs| format!("node=a phase=Running ready={secs}s age={secs}s");
    // 100 s and 90 s lie in the same power of two of nanoseconds.
    let pods = vec![
        pod("younger", 9, &words(90)),
        pod("smaller", 3, &words(100)),
    ];
    let chosen = pods_to_delete(pods, 1, &crowds, NOW);
    assert_eq!(chosen.first().map(|p| &*p.meta.name), Some("smaller"));
}

fn web(drive: &mut Drive, replicas: i32) -> Arc<Object> {
    let spec = json!({"spec": {
        "replicas": replicas,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "c", "image": "nginx"}]},
        },
    }});
    drive.create(Kind::ReplicaSet, "default", "web", &spec)
}

fn status(drive: &Drive) -> (i32, i32, i32, i32, Option<i32>) {
    let rs = drive.get(Kind::ReplicaSet, "web").expect("the replica set");
    let s = rs.replica_set().expect("it").status.clone();
    (
        s.replicas,
        s.fully_labeled_replicas,
        s.ready_replicas,
        s.available_replicas,
        s.terminating_replicas,
    )
}

#[test]
fn creates_pods_and_counts_them() {
    let mut drive = Drive::new();
    web(&mut drive, 3);
    let before = drive.api.store().revision();
    drive.settle();
    let writes = drive.writes_since(before);
    let kinds: Vec<&str> = writes
        .iter()
        .filter_map(|w| w.split(" web").next())
        .collect();
    let create = "replicaset-controller create Pod";
    let update = "replicaset-controller update ReplicaSet";
    assert_eq!(kinds, [create, create, create, update, update]);
    assert_eq!(status(&drive), (3, 3, 0, 0, Some(0)));
    drive.kubelets_act();
    drive.settle();
    assert_eq!(status(&drive), (3, 3, 3, 3, Some(0)));
    let pods = drive.list(Kind::Pod);
    assert!(
        pods.iter()
            .all(|pod| pod.meta.name.starts_with("web-") && pod.meta.name.len() == 9)
    );
    assert_eq!(drive.events(Kind::ReplicaSet).len(), 3);
    assert_eq!(drive.reconcile_all(), Vec::<String>::new());
}

#[test]
fn a_thousand_pods_come_in_bursts_with_few_status_writes() {
    let mut drive = Drive::new();
    web(&mut drive, 1000);
    let before = drive.api.store().revision();
    drive.settle();
    assert_eq!(drive.list(Kind::Pod).len(), 1000);
    let updates = drive
        .writes_since(before)
        .iter()
        .filter(|w| w.contains("update"))
        .count();
    assert_eq!(updates, 3, "none, 500 and 1000 replicas");
}

#[test]
fn a_pod_whose_label_changes_is_released_and_replaced_and_comes_back() {
    let mut drive = Drive::new();
    let rs = web(&mut drive, 2);
    drive.settle();
    let relabel = |drive: &mut Drive, name: &str, value: &str| {
        let mut pod = (*drive.get(Kind::Pod, name).expect("the pod")).clone();
        pod.meta.set_label("app", Some(value));
        drive.client().update(pod).expect("updated");
        drive.settle();
    };
    let name = drive.list(Kind::Pod).remove(0).meta.name.clone();
    relabel(&mut drive, &name, "other");
    let released = drive.get(Kind::Pod, &name).expect("the pod");
    assert!(released.meta.controller().is_none());
    assert_eq!(drive.list(Kind::Pod).len(), 3);
    assert_eq!(status(&drive), (2, 2, 0, 0, Some(0)));
    relabel(&mut drive, &name, "web");
    let pods = drive.list(Kind::Pod);
    assert_eq!(pods.len(), 2, "three match, so one goes");
    assert!(
        pods.iter()
            .all(|pod| pod.meta.controller().is_some_and(|c| c.uid == rs.meta.uid))
    );
    assert_eq!(drive.reconcile_all(), Vec::<String>::new());
}

#[test]
fn a_new_replica_set_adopts_what_matches_instead_of_creating() {
    let mut drive = Drive::new();
    for name in ["a", "b"] {
        let more = json!({
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "c", "image": "nginx"}]},
        });
        drive.create(Kind::Pod, "default", name, &more);
    }
    drive.settle();
    web(&mut drive, 3);
    drive.settle();
    assert_eq!(drive.list(Kind::Pod).len(), 3);
    assert_eq!(status(&drive), (3, 3, 0, 0, Some(0)));
}

#[test]
fn deletion_replaces_a_pod_at_once_and_counts_the_terminating_one() {
    let mut drive = Drive::new();
    web(&mut drive, 2);
    drive.settle();
    drive.bind_pods(&["n1"]);
    drive.kubelets_act();
    drive.settle();
    let name = drive.list(Kind::Pod).remove(0).meta.name.clone();
    drive.delete(Kind::Pod, &name);
    drive.settle();
    assert_eq!(drive.list(Kind::Pod).len(), 3);
    assert_eq!(status(&drive), (2, 2, 1, 1, Some(1)));
}

#[test]
fn refused_pods_come_again_after_a_back_off() {
    let mut drive = Drive::new();
    drive.api.state.options.pods_max = 2;
    web(&mut drive, 5);
    drive.run_for(Span::secs(5));
    let rs = drive.get(Kind::ReplicaSet, "web").expect("it");
    let conditions = &rs.replica_set().expect("it").status.conditions;
    assert_eq!(conditions.len(), 1);
    assert!(
        conditions
            .iter()
            .all(|c| &*c.kind == "ReplicaFailure" && &*c.reason == "FailedCreate")
    );
    drive.api.state.options.pods_max = 200;
    drive.run_for(Span::secs(30));
    assert_eq!(drive.list(Kind::Pod).len(), 5);
    let rs = drive.get(Kind::ReplicaSet, "web").expect("it");
    assert!(rs.replica_set().expect("it").status.conditions.is_empty());
}

#[test]
fn min_ready_seconds_delays_availability() {
    let mut drive = Drive::new();
    let rs = web(&mut drive, 1);
    let mut slow = (*rs).clone();
    if let Body::ReplicaSet(body) = &mut slow.body {
        body.min_ready_seconds = 10;
    }
    drive.client().update(slow).expect("updated");
    drive.settle();
    drive.kubelets_act();
    drive.settle();
    assert_eq!(status(&drive), (1, 1, 1, 0, Some(0)));
    drive.run_for(Span::secs(10));
    assert_eq!(status(&drive), (1, 1, 1, 1, Some(0)));
}
