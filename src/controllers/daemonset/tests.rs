//! Rollout steps by table, and whole DaemonSets with the test as scheduler and kubelet.
//!
//! Upstream: cases after `daemon_controller_test.go` and `update_test.go`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::drive::Drive;
use super::super::revisions;
use super::manage::Plan;
use super::rolling::{OnNode, replace, surge_over};
use crate::api::{Body, ConditionStatus, DaemonSetBody, Kind, Object, Phase};
use crate::clock::Span;

/// `n1 old:available new:not`; a node that should have no pod has a `!` before its name.
fn on_node(words: &str) -> OnNode {
    let mut words = words.split(' ');
    let name = words.next().unwrap_or_default();
    let mut at = OnNode {
        node: name.trim_start_matches('!').into(),
        should_run: !name.starts_with('!'),
        crowded: false,
        new: None,
        old: None,
    };
    for word in words {
        match word {
            "crowded" => at.crowded = true,
            "new" => at.new = Some(true),
            "new-not" => at.new = Some(false),
            "old" => at.old = Some((format!("old-{}", at.node).into(), true)),
            "old-not" => at.old = Some((format!("old-{}", at.node).into(), false)),
            other => panic!("unknown word {other}"),
        }
    }
    at
}

fn words(plan: &Plan) -> String {
    let all = plan.nodes.iter().chain(&plan.pods);
    all.map(|name| &**name).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_rolling_update_takes_away_as_many_as_may_be_missing() {
    for (case, max_unavailable, nodes, gone) in [
        ("all old", 1, &["a old", "b old", "c old"][..], "old-a"),
        (
            "two at a time",
            2,
            &["a old", "b old", "c old"],
            "old-a old-b",
        ),
        ("a new one is not up yet", 1, &["a new-not", "b old"], ""),
        ("a new one is up", 1, &["a new", "b old"], "old-b"),
        ("a node without a pod", 1, &["a", "b old"], ""),
        (
            "unavailable ones go at once",
            1,
            &["a old-not", "b old-not", "c old"],
            "old-a old-b",
        ),
        ("too many on a node", 1, &["a crowded", "b old"], ""),
        ("an old and a new one", 1, &["a new old", "b old"], ""),
        ("done", 1, &["a new", "b new"], ""),
    ] {
        let nodes: Vec<OnNode> = nodes.iter().map(|n| on_node(n)).collect();
        assert_eq!(words(&replace(&nodes, max_unavailable)), gone, "{case}");
    }
}

#[test]
fn with_surge_the_new_pod_comes_before_the_old_one_goes() {
    for (case, max_surge, nodes, done) in [
        ("all old", 1, &["a old", "b old"][..], "a"),
        ("two at a time", 2, &["a old", "b old", "c old"], "a b"),
        (
            "the new one is not up yet",
            1,
            &["a old new-not", "b old"],
            "",
        ),
        ("the new one is up", 1, &["a old new", "b old"], "b old-a"),
        (
            "unavailable ones are joined at once",
            1,
            &["a old-not", "b old-not"],
            "a b",
        ),
        ("too many on a node", 1, &["a crowded", "b old"], ""),
        (
            "a dead one where none should be",
            1,
            &["!a old-not", "b new"],
            "old-a",
        ),
        ("one where none should be", 1, &["!a old", "b new"], "old-a"),
        ("done", 1, &["a new", "b new"], ""),
    ] {
        let nodes: Vec<OnNode> = nodes.iter().map(|n| on_node(n)).collect();
        assert_eq!(words(&surge_over(&nodes, max_surge)), done, "{case}");
    }
}

const CONTROL_PLANE: &str = "node-role.kubernetes.io/control-plane";

fn cluster() -> Drive {
    let mut drive = Drive::new();
    drive.add_node("n1", &json!({"metadata": {"labels": {"disk": "ssd"}}}));
    drive.add_node("n2", &json!({}));
    let taint = json!({"key": CONTROL_PLANE, "effect": "NoSchedule"});
    drive.add_node("master", &json!({"spec": {"taints": [taint]}}));
    drive
}

fn exporter(drive: &mut Drive, more: &Value) -> Arc<Object> {
    let mut spec = json!({
        "selector": {"matchLabels": {"app": "x"}},
        "revisionHistoryLimit": 10,
        "updateStrategy": {
            "type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0},
        },
        "template": {
            "metadata": {"labels": {"app": "x"}},
            "spec": {"containers": [{"name": "c", "image": "exporter:1"}]},
        },
    });
    if let (Some(spec), Some(more)) = (spec.as_object_mut(), more.as_object()) {
        spec.extend(more.clone());
    }
    drive.create(Kind::DaemonSet, "default", "x", &json!({"spec": spec}))
}

/// Binds each pod to the node that it is made for, and lets the kubelets act.
fn run(drive: &mut Drive) {
    for _ in 0..6 {
        drive.settle();
        for pod in drive.list(Kind::Pod) {
            let bound = pod.pod().is_some_and(|body| body.node_name.is_some());
            if let Some(node) = super::pods::target(&pod).filter(|_| !bound) {
                drive.client().bind(&pod.key(), &node).expect("bound");
            }
        }
        drive.settle();
        drive.kubelets_act();
    }
    drive.settle();
}

fn placed(drive: &Drive) -> Vec<String> {
    let mut all: Vec<String> = drive
        .list(Kind::Pod)
        .iter()
        .filter_map(|pod| Some(super::pods::target(pod)?.to_string()))
        .collect();
    all.sort();
    all
}

/// desired, current, ready, updated, available, misscheduled.
fn figures(drive: &Drive) -> [i32; 6] {
    let ds = drive.get(Kind::DaemonSet, "x").expect("it");
    let status = ds.daemon_set().expect("it").status.clone();
    [
        status.desired,
        status.current,
        status.ready,
        status.updated,
        status.available,
        status.misscheduled,
    ]
}

fn taint(drive: &mut Drive, node: &str, key: &str, effect: &str) {
    let mut new = (*drive.get(Kind::Node, node).expect("the node")).clone();
    if let Body::Node(body) = &mut new.body {
        let taint = crate::api::Taint {
            key: key.into(),
            value: "".into(),
            effect: effect.into(),
            time_added: None,
        };
        body.taints = [taint].into();
    }
    drive.client().update(new).expect("updated");
    run(drive);
}

fn set_image(drive: &mut Drive, image: &str) {
    let mut new = (*drive.get(Kind::DaemonSet, "x").expect("it")).clone();
    if let Body::DaemonSet(body) = &mut new.body {
        let mut spec = (**body.spec).clone();
        let pod = spec.template.spec.get_or_insert_default();
        for container in &mut pod.containers {
            container.image = Some(image.into());
        }
        *body = DaemonSetBody::new(spec, body.status.clone());
    }
    drive.client().update(new).expect("updated");
}

#[test]
fn every_node_that_is_not_tainted_gets_a_pod() {
    let mut drive = cluster();
    exporter(&mut drive, &json!({}));
    run(&mut drive);
    assert_eq!(placed(&drive), ["n1", "n2"]);
    assert_eq!(figures(&drive), [2, 2, 2, 2, 2, 0]);
    let pods = drive.list(Kind::Pod);
    let pod = pods.first().expect("a pod");
    assert_eq!(pod.meta.label("pod-template-generation"), Some("1"));
    assert_eq!(pod.pod().expect("it").spec.facts.tolerations.len(), 6);
    assert_eq!(drive.reconcile_all(), Vec::<String>::new());
    drive.add_node("n3", &json!({}));
    run(&mut drive);
    assert_eq!(placed(&drive), ["n1", "n2", "n3"]);
}

#[test]
fn a_node_selector_follows_the_labels_of_nodes() {
    let mut drive = cluster();
    let selector = json!({"template": {
        "metadata": {"labels": {"app": "x"}},
        "spec": {
            "containers": [{"name": "c", "image": "exporter:1"}],
            "nodeSelector": {"disk": "ssd"},
        },
    }});
    exporter(&mut drive, &selector);
    run(&mut drive);
    assert_eq!(placed(&drive), ["n1"]);
    for (node, value, there) in [
        ("n2", Some("ssd"), &["n1", "n2"][..]),
        ("n1", None, &["n2"]),
    ] {
        let mut new = (*drive.get(Kind::Node, node).expect("the node")).clone();
        new.meta.set_label("disk", value);
        drive.client().update(new).expect("updated");
        run(&mut drive);
        assert_eq!(placed(&drive), there);
    }
}

#[test]
fn a_taint_keeps_new_pods_away_and_only_no_execute_ends_old_ones() {
    let mut drive = cluster();
    exporter(&mut drive, &json!({}));
    run(&mut drive);
    let before = drive.api.store().revision();
    taint(&mut drive, "n1", "a", "NoSchedule");
    assert_eq!(drive.writes_since(before), ["kubectl update Node n1"]);
    assert_eq!(figures(&drive), [2, 2, 2, 2, 2, 0], "nobody has looked yet");
    taint(&mut drive, "n1", "a", "NoExecute");
    assert_eq!(placed(&drive), ["n2"]);
    assert_eq!(figures(&drive), [1, 1, 1, 1, 1, 0]);
    taint(
        &mut drive,
        "n2",
        "node.kubernetes.io/unreachable",
        "NoExecute",
    );
    assert_eq!(placed(&drive), ["n2"], "it tolerates that");
}

#[test]
fn a_deleted_pod_is_replaced_when_it_is_gone() {
    let mut drive = cluster();
    exporter(&mut drive, &json!({}));
    run(&mut drive);
    let name = drive.list(Kind::Pod).remove(0).meta.name.clone();
    drive.delete(Kind::Pod, &name);
    drive.settle();
    assert_eq!(placed(&drive).len(), 2, "the old one is still there");
    run(&mut drive);
    assert_eq!(placed(&drive), ["n1", "n2"]);
    assert!(drive.get(Kind::Pod, &name).is_none());
}

#[test]
fn failed_pods_are_replaced_after_a_growing_wait() {
    let mut drive = cluster();
    exporter(&mut drive, &json!({}));
    run(&mut drive);
    let fail = |drive: &mut Drive| {
        let pods = drive.list(Kind::Pod);
        let pod = pods
            .iter()
            .find(|p| super::pods::target(p).as_deref() == Some("n1"));
        let pod = pod.expect("a pod").clone();
        drive.set_pod(&pod, ConditionStatus::False, Phase::Failed);
        pod
    };
    let first = fail(&mut drive);
    drive.run_for(Span::millis(100));
    assert!(drive.get(Kind::Pod, &first.meta.name).is_none());
    let second = fail(&mut drive);
    drive.run_for(Span::millis(500));
    assert!(
        drive.get(Kind::Pod, &second.meta.name).is_some(),
        "it waits"
    );
    drive.run_for(Span::secs(3));
    assert!(drive.get(Kind::Pod, &second.meta.name).is_none());
    let told = drive.events(Kind::DaemonSet);
    let told = told
        .iter()
        .filter(|e| e.starts_with("FailedDaemonPod Found failed daemon pod"));
    assert_eq!(told.count(), 2);
}

#[test]
fn a_new_template_rolls_out_and_an_old_one_gets_a_new_number() {
    let mut drive = cluster();
    exporter(&mut drive, &json!({"revisionHistoryLimit": 1}));
    run(&mut drive);
    let numbers = |drive: &Drive| {
        let all = drive.list(Kind::ControllerRevision);
        let mut all: Vec<i64> = all.iter().map(|r| revisions::number(r)).collect();
        all.sort_unstable();
        all
    };
    set_image(&mut drive, "exporter:2");
    run(&mut drive);
    assert_eq!(figures(&drive), [2, 2, 2, 2, 2, 0]);
    assert_eq!(numbers(&drive), [1, 2]);
    set_image(&mut drive, "exporter:1");
    run(&mut drive);
    assert_eq!(
        numbers(&drive),
        [2, 3],
        "the first one came back as the third"
    );
    set_image(&mut drive, "exporter:3");
    run(&mut drive);
    assert_eq!(numbers(&drive), [3, 4], "one old one is kept");
    assert_eq!(drive.reconcile_all(), Vec::<String>::new());
}

#[test]
fn on_delete_leaves_old_pods_alone() {
    let mut drive = cluster();
    exporter(&mut drive, &json!({"updateStrategy": {"type": "OnDelete"}}));
    run(&mut drive);
    set_image(&mut drive, "exporter:2");
    run(&mut drive);
    assert_eq!(figures(&drive), [2, 2, 2, 0, 2, 0]);
    let name = drive.list(Kind::Pod).remove(0).meta.name.clone();
    drive.delete(Kind::Pod, &name);
    run(&mut drive);
    assert_eq!(figures(&drive), [2, 2, 2, 1, 2, 0]);
}

#[test]
fn pods_that_never_reached_a_node_go_with_it() {
    let mut drive = cluster();
    exporter(&mut drive, &json!({}));
    drive.settle();
    drive.delete(Kind::Node, "n2");
    let ds = drive.get(Kind::DaemonSet, "x").expect("it");
    let mut touched = (*ds).clone();
    touched.meta.set_label("touched", Some("yes"));
    drive.client().update(touched).expect("updated");
    drive.settle();
    assert_eq!(placed(&drive), ["n1"]);
}

/// The new pod beside an old one is not counted, and nothing else tells when it is available.
#[test]
fn with_surge_an_old_pod_goes_when_the_new_one_has_been_ready_long_enough() {
    let mut drive = cluster();
    let surge = json!({
        "minReadySeconds": 3,
        "updateStrategy": {
            "type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1},
        },
    });
    exporter(&mut drive, &surge);
    run(&mut drive);
    drive.run_for(Span::secs(10));
    set_image(&mut drive, "exporter:2");
    for _ in 0..2 {
        run(&mut drive);
        drive.run_for(Span::secs(10));
    }
    run(&mut drive);
    assert_eq!(placed(&drive), ["n1", "n2"]);
}
