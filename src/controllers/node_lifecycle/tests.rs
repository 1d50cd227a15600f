//! Whole stories of nodes that are lost and come back, with the test as kubelet.
//!
//! Upstream: none; times and order as recorded on a real cluster.

use serde_json::json;

use super::super::drive::Drive;
use crate::api::{Body, ConditionStatus, Key, Kind};
use crate::clock::{SimTime, Span};

fn lease_key(name: &str) -> Key {
    Key::new(Kind::Lease, "kube-node-lease", name)
}

fn set_power(drive: &mut Drive, name: &str, on: bool) {
    let now = drive.now();
    let found = drive.api.store().head().get(&lease_key(name)).cloned();
    let mut lease = (*found.expect("the lease")).clone();
    if let Body::Lease(body) = &mut lease.body {
        body.until = (!on).then_some(now);
        if on {
            (body.from, body.status_from) = (now, now);
        }
    }
    drive.client().update_status(lease).expect("updated");
    if on {
        drive.set_node_ready(name);
    }
}

fn taints(drive: &Drive, name: &str) -> Vec<String> {
    let node = drive.get(Kind::Node, name).expect("the node");
    let taints = &node.node().expect("it").taints;
    let short = |key: &str| key.trim_start_matches("node.kubernetes.io/").to_string();
    taints
        .iter()
        .map(|t| format!("{}:{}", short(&t.key), t.effect))
        .collect()
}

fn ready(drive: &Drive, name: &str) -> ConditionStatus {
    drive
        .get(Kind::Node, name)
        .and_then(|n| Some(n.node()?.status.conditions.ready))
        .expect("it")
}

/// Runs until something holds, and says how long that took.
fn until(drive: &mut Drive, from: SimTime, holds: impl Fn(&Drive) -> bool) -> f64 {
    for _ in 0..10_000 {
        if holds(drive) {
            return (drive.now() - from).as_secs_f64();
        }
        drive.run_for(Span::millis(50));
    }
    panic!("it never holds");
}

fn three_nodes_with_pods() -> Drive {
    let mut drive = Drive::new();
    for name in ["n1", "n2", "n3"] {
        drive.add_node(name, &json!({}));
    }
    drive.create_deployment("web", 3, &json!({}));
    drive.settle();
    drive.bind_pods(&["n1", "n2", "n3"]);
    drive.kubelets_act();
    drive.settle();
    drive
}

#[test]
fn a_dead_node_loses_its_pods_after_the_grace_and_the_toleration() {
    let mut drive = three_nodes_with_pods();
    drive.run_for(Span::millis(20_300));
    let off = drive.now();
    let before = drive.api.store().revision();
    set_power(&mut drive, "n2", false);
    let lost = until(&mut drive, off, |d| {
        ready(d, "n2") == ConditionStatus::Unknown
    });
    assert!((40.0..=55.1).contains(&lost), "{lost}");
    drive.settle();
    assert_eq!(
        taints(&drive, "n2"),
        ["unreachable:NoSchedule", "unreachable:NoExecute"]
    );
    let writes = drive.writes_since(before);
    let order: Vec<&str> = writes
        .iter()
        .filter_map(|w| {
            w.split_once('-')
                .map(|w| w.0)
                .filter(|w| *w != "kubectl update Lease n2")
        })
        .collect();
    assert_eq!(order.first(), Some(&"node"), "{writes:?}");
    assert_eq!(
        drive.events(Kind::Node).last().map(String::as_str),
        Some("NodeNotReady Node n2 status is now: NodeNotReady x1")
    );
    assert_eq!(drive.list(Kind::Pod).len(), 3, "nothing is evicted yet");

    let tainted = drive.now();
    let evicted = until(&mut drive, tainted, |d| d.list(Kind::Pod).len() == 4);
    assert!((298.0..=301.0).contains(&evicted), "{evicted}");
    let gone: Vec<_> = drive
        .list(Kind::Pod)
        .into_iter()
        .filter(|pod| pod.meta.is_deleting())
        .collect();
    assert_eq!(gone.len(), 1);
    let pod = gone.first().expect("one");
    assert!(drive.events(Kind::Pod).contains(&format!(
        "TaintManagerEviction Marking for deletion Pod default/{} x1",
        pod.meta.name
    )));
    assert_eq!(drive.reconcile_all(), Vec::<String>::new());
}

#[test]
fn a_node_that_returns_loses_its_taints_and_pending_evictions_are_cancelled() {
    let mut drive = three_nodes_with_pods();
    set_power(&mut drive, "n2", false);
    drive.run_for(Span::secs(120));
    assert_eq!(taints(&drive, "n2").len(), 2);
    drive.run_for(Span::millis(1500));
    set_power(&mut drive, "n2", true);
    drive.run_for(Span::millis(100));
    assert_eq!(
        taints(&drive, "n2"),
        ["unreachable:NoExecute"],
        "until the next pass"
    );
    drive.run_for(Span::secs(5));
    assert_eq!(taints(&drive, "n2"), Vec::<String>::new());
    let cancelled = drive
        .events(Kind::Pod)
        .iter()
        .filter(|e| e.contains("Cancelling deletion of Pod"))
        .count();
    assert_eq!(cancelled, 1);
    drive.run_for(Span::secs(400));
    assert!(
        drive
            .list(Kind::Pod)
            .iter()
            .all(|pod| !pod.meta.is_deleting())
    );
}

#[test]
fn nobody_is_evicted_when_every_node_is_lost() {
    let mut drive = three_nodes_with_pods();
    for name in ["n1", "n2", "n3"] {
        set_power(&mut drive, name, false);
    }
    drive.run_for(Span::secs(600));
    for name in ["n1", "n2", "n3"] {
        assert_eq!(taints(&drive, name), ["unreachable:NoSchedule"]);
    }
    assert!(
        drive
            .list(Kind::Pod)
            .iter()
            .all(|pod| !pod.meta.is_deleting())
    );
    let back = drive.now();
    set_power(&mut drive, "n1", true);
    drive.run_for(Span::secs(40));
    assert_eq!(taints(&drive, "n1"), Vec::<String>::new());
    let tainted = until(&mut drive, back, |d| taints(d, "n2").len() == 2);
    assert!((0.0..=60.0).contains(&tainted), "{tainted}");
}

#[test]
fn the_second_lost_node_is_tainted_ten_seconds_after_the_first() {
    let mut drive = three_nodes_with_pods();
    for name in ["n2", "n3"] {
        set_power(&mut drive, name, false);
    }
    let off = drive.now();
    let first = until(&mut drive, off, |d| {
        taints(d, "n2").len() + taints(d, "n3").len() == 3
    });
    let second = until(&mut drive, off, |d| {
        taints(d, "n2").len() + taints(d, "n3").len() == 4
    });
    assert!((second - first - 10.0).abs() < 0.2, "{first} {second}");
}

#[test]
fn cordon_adds_a_taint_and_uncordon_takes_it_away() {
    let mut drive = three_nodes_with_pods();
    for (unschedulable, expected) in [(true, vec!["unschedulable:NoSchedule"]), (false, vec![])] {
        let mut node = (*drive.get(Kind::Node, "n1").expect("it")).clone();
        if let Body::Node(body) = &mut node.body {
            body.unschedulable = unschedulable;
        }
        drive.client().update(node).expect("updated");
        drive.run_for(Span::millis(50));
        assert_eq!(taints(&drive, "n1"), expected);
    }
}

#[test]
fn nodes_are_registered_and_removed_at_the_next_pass() {
    let mut drive = Drive::new();
    drive.run_for(Span::secs(7));
    drive.add_node("late", &json!({}));
    drive.run_for(Span::secs(2));
    assert_eq!(drive.events(Kind::Node), Vec::<String>::new());
    drive.run_for(Span::secs(2));
    drive.delete(Kind::Node, "late");
    drive.run_for(Span::secs(6));
    assert_eq!(
        drive.events(Kind::Node),
        [
            "RegisteredNode Node late event: Registered Node late in Controller x1",
            "RemovingNode Node late event: Removing Node late from Controller x1",
        ]
    );
}
