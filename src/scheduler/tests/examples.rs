//! The worked examples of scores: what the whole scheduler makes of them.

use super::*;
use crate::apiserver::decode;

pub(super) const MASTER: (&str, &str) = (
    "master",
    "taint=node-role.kubernetes.io/control-plane:NoSchedule",
);

pub(super) fn three(words: &'static str) -> World {
    World::new(&[MASTER, ("n1", words), ("n2", words)])
}

fn replica_set(name: &str, label: (&str, &str)) -> Object {
    let labels = json!({ label.0: label.1 });
    let value = json!({
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "c", "image": "c"}]},
            },
        },
    });
    decode(Kind::ReplicaSet, &value).expect("a ReplicaSet")
}

pub(super) fn owner(world: &mut World, name: &str, label: (&str, &str)) -> Object {
    let key = world.create(replica_set(name, label), None);
    (**world.api.store().head().get(&key).expect("it exists")).clone()
}

#[test]
fn replicas_alternate_between_equal_nodes() {
    // The worked example 7.9.
    let mut world = three("cpu=2 memory=4Gi");
    let web = owner(&mut world, "web", ("app", "web"));
    for name in ["a", "b", "c", "d"] {
        world.replica(&web, name, "label=app:web");
    }
    world.run(1.0);
    assert_eq!(
        ["a", "b", "c", "d"].map(|name| world.placed(name)),
        ["n1", "n2", "n1", "n2"]
    );
    let events: Vec<_> = world
        .events("a")
        .iter()
        .map(|e| e.message.to_string())
        .collect();
    assert_eq!(events, ["Successfully assigned default/a to n1"]);
}

#[test]
fn scores_of_the_deployment_example() {
    let mut world = three("cpu=2 memory=4Gi");
    let web = owner(&mut world, "web", ("app", "web"));
    world.replica(&web, "a", "label=app:web node=n1");
    let key = world.replica(&web, "b", "label=app:web");
    world.deliver();
    let snapshot = world.api.store().head();
    let decision = world.scheduler.explain(&key, snapshot).expect("a decision");
    assert_eq!(decision.chosen.as_deref(), Some("n2"));
    let totals: Vec<_> = decision.nodes.iter().map(|n| (&*n.node, n.total)).collect();
    assert_eq!(totals, [("master", 0), ("n1", 522), ("n2", 595)]);
    let failed = decision.nodes[0].failed.as_ref().expect("it is tainted");
    assert_eq!(failed.0, "TaintToleration");
    let spread = decision.nodes[1]
        .scores
        .iter()
        .find(|s| s.plugin == "PodTopologySpread");
    let spread = spread.expect("it scores");
    assert_eq!((spread.raw, spread.normalised, spread.weight), (3, 66, 2));
}

/// Raw and normalised scores of a plugin on the nodes that it scored, by name of the node.
fn scores(world: &mut World, key: &Key, plugin: &str) -> Vec<(i64, i64)> {
    world.deliver();
    let snapshot = world.api.store().head();
    let mut decision = world.scheduler.explain(key, snapshot).expect("a decision");
    decision.nodes.sort_by(|a, b| a.node.cmp(&b.node));
    let all = decision.nodes.into_iter().flat_map(|node| node.scores);
    all.filter(|s| s.plugin == plugin)
        .map(|s| (s.raw, s.normalised))
        .collect()
}

#[test]
fn spread_scores_of_the_reference() {
    let zones = ["zone=a", "zone=a", "zone=b"];
    for (case, counts, zones, expected) in [
        ("no zones", [2, 1, 0], [""; 3], [(5, 40), (4, 60), (2, 100)]),
        (
            "zones a a b",
            [2, 1, 0],
            zones,
            [(13, 46), (12, 53), (6, 100)],
        ),
        ("1 1 0", [1, 1, 0], [""; 3], [(4, 50), (4, 50), (2, 100)]),
        ("1 0 0", [1, 0, 0], [""; 3], [(4, 50), (2, 100), (2, 100)]),
        ("2 1 1", [2, 1, 1], [""; 3], [(5, 80), (4, 100), (4, 100)]),
        ("none", [0, 0, 0], [""; 3], [(2, 100); 3]),
    ] {
        let nodes: Vec<_> = ["n1", "n2", "n3"].into_iter().zip(zones).collect();
        let mut world = World::new(&nodes);
        let web = owner(&mut world, "web", ("app", "web"));
        for (node, count) in ["n1", "n2", "n3"].iter().zip(counts) {
            for n in 0..count {
                world.replica(
                    &web,
                    &format!("{node}-{n}"),
                    &format!("label=app:web node={node}"),
                );
            }
        }
        let key = world.replica(&web, "x", "label=app:web");
        assert_eq!(
            scores(&mut world, &key, "PodTopologySpread"),
            expected,
            "{case}"
        );
    }
}

#[test]
fn inter_pod_preferences_of_the_reference() {
    for (words, expected) in [
        ("avoid=100*host/app:db", [(-200, 0), (-100, 50), (0, 100)]),
        ("prefer=100*host/app:db", [(200, 100), (100, 50), (0, 0)]),
    ] {
        let mut world = World::new(&[("n1", ""), ("n2", ""), ("n3", "")]);
        for (name, node) in [("a", "n1"), ("b", "n1"), ("c", "n2")] {
            world.pod(name, &format!("label=app:db node={node}"));
        }
        let key = world.pod("x", words);
        assert_eq!(
            scores(&mut world, &key, "InterPodAffinity"),
            expected,
            "{words}"
        );
    }
}

#[test]
fn preferences_weigh_as_in_the_reference() {
    let size = "cpu=2 memory=4Gi";
    let n1 = format!("{size} taint=x:PreferNoSchedule label=a:1 label=c:1");
    let n2 = format!("{size} label=b:1");
    let mut world = World::new(&[("n1", &n1), ("n2", &n2)]);
    let key = world.pod(
        "x",
        "cpu=200m memory=256Mi like=1*a:1 like=4*c:1 like=1*b:1",
    );
    world.deliver();
    let snapshot = world.api.store().head();
    let decision = world.scheduler.explain(&key, snapshot).expect("a decision");
    let totals: Vec<_> = decision.nodes.iter().map(|n| n.total).collect();
    assert_eq!(
        (totals, decision.chosen.as_deref()),
        (vec![365, 505], Some("n2"))
    );
}
