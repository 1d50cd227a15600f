//! Stories of the whole scheduler: texts to the letter, order of choices, what wakes a pod.

use super::examples::{MASTER, owner, three};
use super::*;
use crate::api::{Phase, PodConditionType};

/// (case, nodes a b c, pod, message); every node runs a pod of 2 cores.
fn refusals() -> Vec<(&'static str, [&'static str; 3], &'static str, String)> {
    let tainted = "taint=a:NoSchedule";
    let victimless = "no new claims to deallocate, preemption: 0/3 nodes are available:";
    vec![
        (
            "cpu short on all",
            ["", "", ""],
            "cpu=3",
            format!("0/3 nodes are available: 3 Insufficient cpu. {victimless} 3 No preemption victims found for incoming pod."),
        ),
        (
            "one tainted, cpu short",
            [tainted, "", ""],
            "cpu=3",
            format!("0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu. {victimless} 1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod."),
        ),
        (
            "beyond every node",
            ["", "", ""],
            "cpu=5 memory=100Gi",
            format!("0/3 nodes are available: 3 Insufficient cpu, 3 Insufficient memory. {victimless} 3 Preemption is not helpful for scheduling."),
        ),
        (
            "taint and selector",
            [tainted, "", ""],
            "select=disktype:ssd",
            format!("0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 node(s) didn't match Pod's node affinity/selector. {victimless} 3 Preemption is not helpful for scheduling."),
        ),
        (
            "cordoned",
            ["cordoned", "cordoned", "cordoned"],
            "",
            format!("0/3 nodes are available: 3 node(s) were unschedulable. {victimless} 3 Preemption is not helpful for scheduling."),
        ),
        (
            "never preempts",
            ["", "", ""],
            "cpu=3 never",
            "0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.".into(),
        ),
        (
            "pinned to a full node",
            ["", "", ""],
            "cpu=3 on=b",
            format!("0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]. {victimless} 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling."),
        ),
        (
            "an extended resource",
            ["example.com/gpu=1", "", ""],
            "example.com/gpu=2",
            format!("0/3 nodes are available: 3 Insufficient example.com/gpu. {victimless} 3 Preemption is not helpful for scheduling."),
        ),
        (
            "a missing topology label",
            ["", "", ""],
            "label=a:b spread=zone/a:b/1",
            format!("0/3 nodes are available: 3 node(s) didn't match pod topology spread constraints (missing required label). {victimless} 3 Preemption is not helpful for scheduling."),
        ),
        (
            "affinity to nobody",
            ["", "", ""],
            "with=host/a:b",
            format!("0/3 nodes are available: 3 node(s) didn't match pod affinity rules. {victimless} 3 Preemption is not helpful for scheduling."),
        ),
    ]
}

#[test]
fn says_why_a_pod_found_no_node() {
    for (case, nodes, words, expected) in refusals() {
        let named: Vec<_> = ["a", "b", "c"].into_iter().zip(nodes).collect();
        let mut world = World::new(&named);
        for node in ["a", "b", "c"] {
            world.pod(&format!("fill-{node}"), &format!("cpu=2 node={node}"));
        }
        world.pod("x", words);
        world.run(1.0);
        assert_eq!(world.why_not("x"), expected, "{case}");
        let found = world
            .api
            .store()
            .head()
            .find(Kind::Pod, "default", "x")
            .cloned();
        let object = found.expect("a pod");
        let status = &object.pod().expect("a pod").status;
        let condition = status
            .condition(PodConditionType::PodScheduled)
            .expect("a condition");
        assert_eq!(
            condition.message.as_deref(),
            Some(expected.as_str()),
            "{case}"
        );
        assert_eq!(condition.reason.as_deref(), Some("Unschedulable"), "{case}");
    }
}

#[test]
fn without_nodes_it_says_so_and_tries_again() {
    let mut world = World::new(&[]);
    world.pod("x", "");
    world.run(0.2);
    assert_eq!(world.why_not("x"), "no nodes available to schedule pods");
    assert_eq!(world.scheduler.next_run(), Some(at(2.0)));
    world.node("n1", "");
    world.run(1.0);
    assert_eq!(world.placed("x"), "");
    world.run(2.0);
    assert_eq!(world.placed("x"), "n1");
}

type Act = fn(&mut World);

/// (case, pod, what happens after it was refused, where it goes then).
const WAKES: &[(&str, &str, Act, &str)] = &[
    (
        "selector, other label",
        "select=disktype:ssd",
        |w| w.node("n1", "label=a:b"),
        "",
    ),
    (
        "selector, label",
        "select=disktype:ssd",
        |w| w.node("n1", "label=disktype:ssd"),
        "n1",
    ),
    (
        "selector, new node",
        "select=disktype:ssd",
        |w| w.node("n9", "label=disktype:ssd"),
        "n9",
    ),
    (
        "cpu, pod gone",
        "cpu=3",
        |w| w.delete(&Key::new(Kind::Pod, "default", "fill")),
        "n1",
    ),
    (
        "cpu, pod ended",
        "cpu=3",
        |w| {
            w.change(&Key::new(Kind::Pod, "default", "fill"), |object| {
                if let Body::Pod(pod) = &mut object.body {
                    Arc::make_mut(&mut pod.status).phase = Phase::Succeeded;
                }
            });
        },
        "n1",
    ),
    (
        "cpu, more memory",
        "cpu=3",
        |w| w.node("n1", "memory=16Gi"),
        "",
    ),
    ("cpu, more cpu", "cpu=3", |w| w.node("n1", "cpu=6"), "n1"),
    (
        "affinity, pod comes",
        "with=host/app:db",
        |w| {
            w.pod("db", "label=app:db node=n1");
        },
        "n1",
    ),
    (
        "anti-affinity, pod goes",
        "without=host/app:fill",
        |w| {
            w.delete(&Key::new(Kind::Pod, "default", "fill"));
        },
        "n1",
    ),
];

#[test]
fn a_useful_event_wakes_a_pod_and_others_do_not() {
    for (case, words, act, node) in WAKES.iter().copied() {
        let mut world = World::new(&[MASTER, ("n1", "")]);
        world.pod("fill", "cpu=2 label=app:fill node=n1");
        world.pod("x", words);
        world.run(1.0);
        assert_ne!(world.why_not("x"), "", "{case}");
        act(&mut world);
        world.run(1.1);
        assert_eq!(world.placed("x"), node, "{case}");
        let expected = if node.is_empty() { 1 } else { 2 };
        assert_eq!(world.events("x").len(), expected, "{case}");
    }
}

#[test]
fn a_new_toleration_or_a_lost_taint_wakes_a_pod() {
    for (case, words) in [("taint", ""), ("taint and selector", "select=a:b")] {
        let mut world = World::new(&[("n1", "taint=x:NoSchedule label=a:b"), ("n2", "cordoned")]);
        world.pod("x", words);
        world.run(1.0);
        assert_ne!(world.why_not("x"), "", "{case}");
        world.node("n1", "label=a:b");
        world.run(1.1);
        assert_eq!(world.placed("x"), "n1", "{case}");
    }
}

#[test]
fn gated_pods_wait_without_a_word() {
    let mut world = World::new(&[("n1", "")]);
    let key = world.pod("x", "gate=a");
    world.run(400.0);
    assert_eq!(
        (world.events("x").len(), world.scheduler.next_run()),
        (0, None)
    );
    world.change(&key, |object| {
        if let Body::Pod(pod) = &mut object.body {
            pod.spec = SharedPodSpec::new(spec(""), true);
        }
    });
    world.run(401.0);
    assert_eq!(world.placed("x"), "n1");
}

#[test]
fn spreading_and_ports_and_slots_filter() {
    for (case, fill, words, expected) in [
        (
            "skew",
            "label=a:b node=n1",
            "label=a:b spread=host/a:b/1",
            "n2",
        ),
        ("host port", "port=80 node=n1", "port=80", "n2"),
        (
            "anti-affinity",
            "label=a:b node=n1",
            "without=host/a:b",
            "n2",
        ),
        (
            "existing anti-affinity",
            "without=host/a:b node=n1",
            "label=a:b",
            "n2",
        ),
        ("affinity", "label=a:b node=n2", "with=host/a:b", "n2"),
        (
            "first of its series",
            "node=n2",
            "label=a:b with=host/a:b",
            "n1",
        ),
        ("slots", "node=n1", "", "n2"),
    ] {
        let mut world = World::new(&[("n1", "pods=1"), ("n2", "")]);
        if case == "first of its series" {
            world.node("n1", "");
        }
        if case == "slots" {
            world.node("n1", "pods=1 cpu=100");
        } else {
            world.node("n1", "");
        }
        world.pod("fill", fill);
        world.pod("x", words);
        world.run(1.0);
        assert_eq!(world.placed("x"), expected, "{case}");
    }
}

#[test]
fn the_last_slot_is_taken_once() {
    let mut world = World::new(&[("n1", "pods=1")]);
    world.pod("a", "");
    world.pod("b", "");
    world.run(1.0);
    assert_eq!(
        (world.placed("a"), world.placed("b")),
        ("n1".into(), String::new())
    );
    assert!(
        world
            .why_not("b")
            .starts_with("0/1 nodes are available: 1 Too many pods.")
    );
}

#[test]
fn a_pinned_pod_looks_at_one_node_only() {
    let mut world = World::new(&[("n1", ""), ("n2", ""), ("n3", "")]);
    world.pod("ds", "on=n3");
    world.pod("x", "");
    world.run(1.0);
    // The search after it starts one node further on.
    assert_eq!(
        (world.placed("ds"), world.placed("x")),
        ("n3".into(), "n2".into())
    );
}

#[test]
fn preempts_the_least_important_pods() {
    // The example of chapter 8.
    let mut world = World::new(&[("n1", "cpu=2"), ("n2", "cpu=2")]);
    for (name, words, started) in [
        ("a", "cpu=1 node=n1", 0.0),
        ("b", "cpu=1 node=n1", 300.0),
        ("c", "cpu=1500m priority=100 node=n2", 0.0),
    ] {
        let key = world.pod(name, words);
        world.change(&key, |object| {
            if let Body::Pod(pod) = &mut object.body {
                Arc::make_mut(&mut pod.status).start_time = Some(at(started));
            }
        });
    }
    world.pod("p", "cpu=800m priority=1000");
    world.run(400.0);
    assert_eq!(
        world.why_not("p"),
        "0/2 nodes are available: 2 Insufficient cpu."
    );
    let head = world.api.store().head();
    let get = |name: &str| head.find(Kind::Pod, "default", name).cloned();
    let p = get("p").expect("it waits");
    assert_eq!(
        p.pod().and_then(|p| p.status.nominated_node.as_deref()),
        Some("n1")
    );
    let deleting = |name: &str| get(name).is_some_and(|o| o.meta.is_deleting());
    assert_eq!(["a", "b", "c"].map(deleting), [false, true, false]);
    let note = format!("Preempted by pod {} on node n1", p.meta.uid);
    assert_eq!(
        world.events("b").last().map(|e| e.message.to_string()),
        Some(note)
    );
    world.delete(&Key::new(Kind::Pod, "default", "b"));
    world.run(401.0);
    assert_eq!(world.placed("p"), "n1");
}

#[test]
fn the_same_story_has_the_same_digest() {
    let run = |split: bool| {
        let mut world = three("cpu=1");
        for n in 0..6 {
            world.pod(&format!("p{n}"), "cpu=400m");
        }
        world.run(1.0);
        if split {
            let copy = world.scheduler.clone();
            world.scheduler = copy;
        }
        world.node("n3", "cpu=1");
        world.run(2.0);
        let mut digest = crate::clock::Digest::default();
        world.scheduler.digest(&mut digest);
        (
            std::hash::Hasher::finish(&digest),
            world.api.store().digest(),
        )
    };
    assert_eq!(run(false), run(true));
}

/// Not a test of behaviour but a load to be timed: 10,000 replicas of 20 owners on 5,000 nodes.
#[test]
#[ignore = "a load to be timed"]
fn many_replicas_on_many_nodes() {
    let mut world = World::new(&[]);
    for n in 0..5000 {
        let zone = ["a", "b", "c"][n % 3];
        world.node(&format!("n{n}"), &format!("zone={zone} image=nginx:150"));
    }
    for number in 0..20 {
        let app = format!("app{number}");
        let web = owner(&mut world, &app, ("app", &app));
        for n in 0..500 {
            let words = format!("label=app:{app} cpu=10m memory=16Mi");
            world.replica(&web, &format!("{app}-{n}"), &words);
        }
    }
    let created = world.api.store().revision();
    if std::env::var("ONLY_CREATE").is_err() {
        world.run(1.0);
        assert_eq!(world.api.store().revision(), created + 20_000);
    }
}
