//! Machines: power cuts, leases, new nodes, cordons, copies of the fleet.
//!
//! Upstream: none.

use crate::api::{ConditionStatus, Key, Kind};
use crate::clock::Span;

use super::{assert_script, one, run, steady, times};
use crate::kubelet::NodeConfig;
use crate::kubelet::stage::StageSet;

#[test]
fn a_node_that_loses_its_power_says_nothing_and_comes_back_as_recorded() {
    let mut stage = StageSet::new(steady());
    let kept = stage.pod("kept", "node1", one("nginx", "nginx:1.7.9"));
    let lost = stage.pod("lost", "node1", one("nginx", "nginx:1.7.9"));
    stage.run_to(10_000);
    stage
        .fault(|fleet, client| fleet.power_off("node1", client))
        .expect("off");
    assert!(!stage.fleet.is_powered("node1"));
    let revision = stage.api.store().revision();
    stage.run_to(60_000);
    assert_eq!(
        stage.api.store().revision(),
        revision,
        "nothing is written while it is off"
    );
    stage.delete(&lost, None);
    stage.run_to(100_000);
    stage
        .fault(|fleet, client| fleet.power_on("node1", client))
        .expect("on");
    stage.run_to(110_000);
    assert_script(
        &stage,
        "lost",
        100_000,
        r#"
  1.20 Running deleting(30) nginx=Unknown 255 [IP]
  1.30 Failed deleting(30) nginx=Unknown 255 [IP]
  1.90 Failed deleting(0) nginx=Unknown 255 [IP]
  1.90 gone
"#,
    );
    assert_script(
        &stage,
        "kept",
        100_000,
        r#"
  1.20 Running nginx=Unknown 255 [IP]
  1.50   SandboxChanged Pod sandbox changed, it will be killed and re-created.
  1.90   Pulled Container image "nginx:1.7.9" already present on machine and can be accessed by the pod
  1.90 Running nginx=Unknown 255 [SIP]
  2.00   Created Container created
  2.10   Started Container started
  2.10 Running nginx=running ready r1 [SIRCP] 10.244.1.4
"#,
    );
    let last = stage.status(&kept).containers[0]
        .last
        .clone()
        .expect("a last state");
    assert_eq!(
        last.finished,
        stage.at(100_000),
        "it ended when the machine came up again"
    );
    let told: Vec<String> = stage.script("node1", 100_000);
    let reasons: Vec<&str> = told
        .iter()
        .filter_map(|l| l.split_whitespace().nth(1))
        .collect();
    let three = [
        "NodeHasSufficientMemory",
        "NodeHasNoDiskPressure",
        "NodeHasSufficientPID",
    ];
    let wanted = [&["Starting"][..], &three, &three, &["Rebooted"], &three].concat();
    assert_eq!(reasons, wanted);
    let unknown = stage.fault(|fleet, client| fleet.power_off("node9", client));
    assert_eq!(unknown, Err("there is no node node9".into()));
    let twice = stage.fault(|fleet, client| fleet.power_on("node1", client));
    assert_eq!(twice, Err("node node1 is on already".into()));
}

#[test]
fn a_lease_is_a_rule_that_ends_with_the_power() {
    let mut stage = StageSet::new(steady());
    let lease = |stage: &StageSet| {
        let found = stage
            .api
            .store()
            .head()
            .find(Kind::Lease, "kube-node-lease", "node1")
            .cloned();
        found.and_then(|o| o.lease().cloned()).expect("a lease")
    };
    let renewed = lease(&stage).renewed(stage.at(0));
    assert_eq!(renewed.unix_micros().rem_euclid(10_000_000), 5_300_000);
    stage.run_to(8000);
    stage
        .fault(|fleet, client| fleet.power_off("node1", client))
        .expect("off");
    stage.run_to(60_000);
    assert_eq!(lease(&stage).renewed(stage.now()), stage.at(5300));
    stage
        .fault(|fleet, client| fleet.power_on("node1", client))
        .expect("on");
    stage.run_to(61_000);
    assert_eq!(lease(&stage).from, stage.at(60_310));
}

#[test]
fn a_new_machine_joins_and_cordon_is_told_with_the_next_status() {
    let mut stage = StageSet::new(steady());
    let mut config = NodeConfig::new("node4", 4, false);
    config.heartbeat = Some(Span::millis(5300));
    stage
        .fault(|fleet, client| fleet.add_node(config.clone(), client))
        .expect("a new node");
    let again = stage.fault(|fleet, client| fleet.add_node(config, client));
    assert_eq!(again, Err("node node4 exists already".into()));
    stage.run_to(2000);
    let key = Key::new(Kind::Node, "", "node4");
    let changes = stage.api.store().history(&key, u64::MAX);
    let ready: Vec<ConditionStatus> = changes
        .iter()
        .filter_map(|(_, o)| Some(o.as_ref()?.node()?.status.conditions.ready))
        .collect();
    assert_eq!(ready, [ConditionStatus::False, ConditionStatus::True]);
    assert!(
        stage
            .script("node4", 0)
            .iter()
            .any(|l| l.contains("NodeReady"))
    );
    let mut object = (**stage.api.store().head().get(&key).expect("the node")).clone();
    assert_eq!(object.meta.label("kubernetes.io/hostname"), Some("node4"));
    if let crate::api::Body::Node(node) = &mut object.body {
        node.unschedulable = true;
    }
    stage.update(object);
    stage.run_to(30_000);
    assert_eq!(times(&stage, "node4", "NodeNotSchedulable"), [5.3]);
}

#[test]
fn a_clone_goes_the_same_way_and_leaves_the_original_alone() {
    let mut stage = StageSet::new(steady());
    stage.pod("a", "node1", one("nginx", "nginx:1.7.9"));
    stage.pod(
        "b",
        "node2",
        run("c", "busybox", &["sh", "-c", "sleep 1; exit 1"], "Always"),
    );
    stage.run_to(1000);
    let (fleet, cursor) = (stage.fleet.clone(), stage.cursor);
    let (revision, state) = (stage.api.store().revision(), stage.api.state.clone());
    let before = stage.digest();
    stage.run_to(100_000);
    let (there, written) = (stage.digest(), stage.api.store().digest());
    stage.api.restore(revision, state);
    (stage.fleet, stage.cursor) = (fleet, cursor);
    assert_eq!(stage.digest(), before);
    // In slices this time.
    for millis in (1000..=100_000).step_by(700) {
        stage.run_to(millis);
    }
    stage.run_to(100_000);
    assert_eq!(
        (stage.digest(), stage.api.store().digest()),
        (there, written)
    );
}

#[test]
fn pods_at_rest_cost_nothing() {
    let mut stage = StageSet::new(steady());
    for n in 0..20 {
        stage.pod(&format!("p{n}"), "node1", one("nginx", "nginx:1.7.9"));
    }
    stage.run_to(60_000);
    assert_eq!(
        stage
            .status(&Key::new(Kind::Pod, "default", "p19"))
            .phase
            .as_str(),
        "Running"
    );
    assert_eq!(crate::client::Component::next_run(&stage.fleet), None);
}
