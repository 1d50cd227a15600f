//! Thousands of random small clusters: the scheduler's decision against [`super::slow`], and its
//! cache, kept up write by write, against one made afresh.

use super::examples::owner;
use super::slow::{N, P, Slow};
use super::*;
use crate::scheduler::cycle::choose;
use crate::scheduler::explain::{Decision, decide};
use crate::scheduler::framework::Cycle;
use crate::scheduler::plugins::PLUGINS;

/// How many clusters: few in a quick run of the tests, many in a long one.
fn clusters() -> u64 {
    if std::env::var_os("KUBE_ORRERY_LONG").is_some() {
        20_000
    } else {
        1_500
    }
}

struct Dice {
    seed: Seed,
    count: u64,
}

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.count += 1;
        self.seed.below("dice", self.count, bound)
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    /// One time in `n`.
    fn one_in<T>(&mut self, n: u64, value: impl FnOnce(&mut Dice) -> T) -> Option<T> {
        (self.below(n) == 0).then(|| value(self))
    }
}

const APPS: [&str; 3] = ["a", "b", "c"];
const TOPOLOGIES: [&str; 2] = ["host", "zone"];
const DISKS: [&str; 2] = ["ssd", "hdd"];
const TAINTS: [(&str, &str); 3] = [
    ("x", "NoSchedule"),
    ("y", "NoExecute"),
    ("z", "PreferNoSchedule"),
];

fn random_node(dice: &mut Dice, index: usize) -> N {
    N {
        name: format!("n{index}"),
        cpu: dice.pick(&[1000, 2000, 4000]),
        memory_mib: dice.pick(&[1024, 4096, 8192]),
        pods: dice.pick(&[1, 4, 110, 110]),
        zone: dice.pick(&[None, Some("p"), Some("q"), Some("q")]),
        disk: dice.one_in(2, |dice| dice.pick(&DISKS)),
        taint: dice.one_in(4, |dice| dice.pick(&TAINTS)),
        cordoned: dice.below(10) == 0,
        image: dice.one_in(2, |dice| {
            (dice.pick(&["nginx", "redis"]), dice.pick(&[20, 140, 700]))
        }),
    }
}

fn random_pod(dice: &mut Dice, name: String) -> P {
    let mut terms = Vec::new();
    for kind in ["with", "without", "prefer", "avoid"] {
        for _ in 0..2 {
            if dice.below(9) == 0 {
                let weighted = matches!(kind, "prefer" | "avoid");
                let weight = if weighted {
                    1 + dice.below(100) as i64
                } else {
                    0
                };
                terms.push((kind, weight, dice.pick(&TOPOLOGIES), dice.pick(&APPS)));
            }
        }
    }
    let mut spread = Vec::new();
    for kind in ["spread", "soft"] {
        for topology in TOPOLOGIES {
            if dice.below(8) == 0 {
                spread.push((kind, topology, dice.pick(&APPS), 1 + dice.below(2) as i64));
            }
        }
    }
    P {
        name,
        app: dice.pick(&APPS),
        cpu: dice.one_in(2, |dice| dice.pick(&[0, 100, 500, 1500])),
        memory_mib: dice.one_in(2, |dice| dice.pick(&[0, 64, 512, 2048])),
        port: dice.one_in(8, |dice| dice.pick(&[80, 81])),
        tolerates: dice.one_in(3, |dice| dice.pick(&TAINTS)),
        disk: dice.one_in(6, |dice| dice.pick(&DISKS)),
        likes_disk: dice.one_in(4, |dice| (1 + dice.below(100) as i64, dice.pick(&DISKS))),
        image: dice.pick(&["nginx", "redis"]),
        terms,
        spread,
        node: None,
        replica: dice.below(2) == 0,
    }
}

struct Cluster {
    nodes: Vec<N>,
    placed: Vec<P>,
    world: World,
    owners: Vec<Object>,
}

impl Cluster {
    fn random(dice: &mut Dice) -> Cluster {
        let nodes: Vec<N> = (0..1 + dice.below(6) as usize)
            .map(|i| random_node(dice, i))
            .collect();
        let mut world = World::new(&[]);
        for node in &nodes {
            world.node(&node.name, &node.words());
        }
        let owners = APPS
            .map(|app| owner(&mut world, app, ("app", app)))
            .to_vec();
        let mut cluster = Cluster {
            nodes,
            placed: Vec::new(),
            world,
            owners,
        };
        for n in 0..dice.below(8) {
            let mut pod = random_pod(dice, format!("placed-{n}"));
            pod.node = Some(
                dice.pick(&cluster.nodes.iter().collect::<Vec<_>>())
                    .name
                    .clone(),
            );
            cluster.create(&pod);
            cluster.placed.push(pod);
        }
        cluster
    }

    /// Changes something at random.
    fn disturb(&mut self, dice: &mut Dice, step: u64) {
        let index = dice.below(self.nodes.len() as u64) as usize;
        let head = self.world.api.store().head();
        let pods: Vec<Key> = head.list(Kind::Pod, None).map(|pod| pod.key()).collect();
        match dice.below(5) {
            0 => {
                let node = random_node(dice, index);
                self.world.node(&node.name, &node.words());
            }
            1 if !pods.is_empty() => {
                let victim = &pods[dice.below(pods.len() as u64) as usize];
                self.world.delete(victim);
            }
            2 if !pods.is_empty() => {
                let victim = pods[dice.below(pods.len() as u64) as usize].clone();
                let app = dice.pick(&APPS);
                self.world
                    .change(&victim, |pod| pod.meta.set_label("app", Some(app)));
            }
            3 => {
                let name = format!("n{index}");
                if head.find(Kind::Node, "", &name).is_some() {
                    self.world.delete(&Key::new(Kind::Node, "", name));
                }
            }
            _ => {
                let pod = random_pod(dice, format!("new-{step}"));
                self.create(&pod);
            }
        }
    }

    fn create(&mut self, pod: &P) -> Key {
        let owner = self
            .owners
            .iter()
            .find(|owner| *owner.meta.name == *pod.app)
            .cloned();
        match owner.filter(|_| pod.replica) {
            Some(owner) => self.world.replica(&owner, &pod.name, &pod.words()),
            None => self.world.pod(&pod.name, &pod.words()),
        }
    }
}

fn expected(slow: &Slow<'_>, pod: &P, order: &[Arc<str>]) -> Decision {
    let nodes: Vec<&N> = order
        .iter()
        .map(|name| {
            slow.nodes
                .iter()
                .find(|n| *n.name == **name)
                .expect("a node")
        })
        .collect();
    let rejections: Vec<_> = nodes.iter().map(|node| slow.rejection(pod, node)).collect();
    let feasible: Vec<&N> = nodes
        .iter()
        .zip(&rejections)
        .filter(|(_, r)| r.is_none())
        .map(|(n, _)| *n)
        .collect();
    let scores = if feasible.len() > 1 {
        slow.scores(pod, &feasible)
    } else {
        Vec::new()
    };
    let weight = |plugin: &str| {
        PLUGINS
            .iter()
            .find(|row| row.plugin.name() == plugin)
            .expect("a plugin")
            .weight
    };
    let mut position = 0;
    let mut totals = Vec::new();
    let verdicts = nodes.iter().zip(rejections).map(|(node, failed)| {
        let mut scored = Vec::new();
        if failed.is_none() {
            scored.extend(scores.iter().map(|(plugin, all)| super::super::Scored {
                plugin,
                raw: all[position].0,
                normalised: all[position].1,
                weight: weight(plugin),
            }));
            position += 1;
            totals.push(scored.iter().map(|s| s.normalised * s.weight).sum::<i64>());
        }
        super::super::NodeVerdict {
            node: node.name.as_str().into(),
            failed,
            total: scored.iter().map(|s| s.normalised * s.weight).sum(),
            scores: scored,
        }
    });
    let nodes = verdicts.collect();
    Decision {
        nodes,
        chosen: choose(&totals).map(|index| feasible[index].name.as_str().into()),
    }
}

/// What the scheduler makes of a pod by its own cache.
fn by_cache(scheduler: &mut Scheduler, object: &Object) -> Decision {
    let pod = object.pod().expect("a pod");
    let class = scheduler.cache.class_of(object, pod);
    for row in PLUGINS {
        row.plugin.prepare(&mut scheduler.cache, class);
    }
    let cycle = Cycle {
        cache: &scheduler.cache,
        class: scheduler.cache.class(class),
        pod,
    };
    decide(cycle, object.meta.uid, 0)
}

#[test]
fn agrees_with_the_rules_written_down_plainly() {
    let (mut some, mut none) = (0, 0);
    for number in 0..clusters() {
        let mut dice = Dice {
            seed: Seed(number),
            count: 0,
        };
        let mut cluster = Cluster::random(&mut dice);
        let pod = random_pod(&mut dice, "x".into());
        let key = cluster.create(&pod);
        cluster.world.deliver();
        let head = cluster.world.api.store().head();
        let found = cluster
            .world
            .scheduler
            .explain(&key, head)
            .expect("a decision");
        let order: Vec<Arc<str>> = found.nodes.iter().map(|node| node.node.clone()).collect();
        let slow = Slow {
            nodes: &cluster.nodes,
            placed: &cluster.placed,
        };
        let wanted = expected(&slow, &pod, &order);
        assert_eq!(
            found, wanted,
            "cluster {number}: {pod:#?}\n{:#?}\n{:#?}",
            cluster.nodes, cluster.placed
        );
        match found.chosen {
            Some(_) => some += 1,
            None => none += 1,
        }
    }
    // The clusters are worth something only if they differ.
    assert!(
        some > clusters() / 4 && none > clusters() / 10,
        "{some} {none}"
    );
}

#[test]
fn a_cache_kept_up_agrees_with_one_made_afresh() {
    for number in 0..clusters() / 6 {
        let mut dice = Dice {
            seed: Seed(number).stream("kept up"),
            count: 0,
        };
        let mut cluster = Cluster::random(&mut dice);
        let mut secs = 1.0;
        for step in 0..12 {
            cluster.disturb(&mut dice, step);
            if dice.below(2) == 0 {
                secs += 1.0;
                cluster.world.run(secs);
            }
            let probe = random_pod(&mut dice, format!("probe-{step}"));
            let key = cluster.create(&probe);
            cluster.world.deliver();
            let head = cluster.world.api.store().head();
            let object = head.get(&key).expect("a pod").clone();
            let sorted = |mut decision: Decision| {
                decision.nodes.sort_by(|a, b| a.node.cmp(&b.node));
                decision.nodes
            };
            let afresh = cluster
                .world
                .scheduler
                .explain(&key, head)
                .expect("a decision");
            let mut scheduler = cluster.world.scheduler.clone();
            let kept = by_cache(&mut scheduler, &object);
            assert_eq!(
                sorted(kept),
                sorted(afresh),
                "cluster {number}, step {step}"
            );
            // The probe itself stays: the scheduler places it in one of the next runs.
            let live = by_cache(&mut cluster.world.scheduler, &object);
            assert_eq!(
                live.nodes.len(),
                cluster.world.scheduler.cache.order().len()
            );
        }
    }
}
