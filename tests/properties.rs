//! Properties over random stories: the same inputs give the same world, however it is run.

use kube_orrery::api::Kind;
use kube_orrery::clock::{SimTime, Span};
use kube_orrery::cluster::{Setup, World};
use kube_orrery::session::{History, Input, Msg, Reply, Session, Step};
use proptest::prelude::*;

/// How many random stories a property is tried on: few in the short run, many in the long one.
fn config() -> ProptestConfig {
    let long = std::env::var_os("KUBE_ORRERY_LONG").is_some();
    ProptestConfig {
        cases: if long { 300 } else { 24 },
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

const MANIFEST: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: 'nginx:1.7.9'}]}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: agent, image: 'agent:1'}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 2
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: 'mysql:9'}]}
";

const BATCH: &str = "apiVersion: batch/v1
kind: Job
metadata: {name: sums}
spec:
  parallelism: 3
  completions: 7
  template:
    spec:
      restartPolicy: Never
      containers: [{name: c, image: busybox, command: [sleep, '4']}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: tick}
spec:
  schedule: '* * * * *'
  concurrencyPolicy: Forbid
  jobTemplate:
    spec:
      backoffLimit: 1
      template:
        spec:
          restartPolicy: Never
          containers: [{name: c, image: busybox, command: [sh, -c, 'sleep 70; exit 1']}]
";

fn act() -> impl Strategy<Value = Input> {
    let line = prop_oneof![
        Just("kubectl apply -f web.yml".to_string()),
        (0u32..9).prop_map(|n| format!("kubectl scale deployment web --replicas={n}")),
        (0u32..3).prop_map(|n| format!("kubectl set image deployment/web nginx=nginx:1.{n}")),
        (1u32..3).prop_map(|n| format!("node off k8s-node{n}")),
        (1u32..3).prop_map(|n| format!("node on k8s-node{n}")),
        (1u32..3).prop_map(|n| format!("kubectl cordon k8s-node{n}")),
        (1u32..3).prop_map(|n| format!("kubectl uncordon k8s-node{n}")),
        (1u32..3).prop_map(|n| format!("kubectl label node k8s-node{n} disktype=ssd --overwrite")),
        Just("kubectl delete deployment web --wait=false".to_string()),
        Just("kubectl rollout status deployment/web".to_string()),
        (0u32..4).prop_map(|n| format!("kubectl scale sts db --replicas={n}")),
        (0u32..3).prop_map(|n| format!("kubectl set image sts/db db=mysql:{n}")),
        (0u32..3).prop_map(|n| format!("kubectl set image ds/agent agent=agent:{n}")),
        Just("kubectl rollout undo ds/agent".to_string()),
        Just("kubectl delete pod db-0 --wait=false".to_string()),
        (1u32..3).prop_map(|n| format!("kubectl taint node k8s-node{n} a=b:NoExecute --overwrite")),
        Just("kubectl delete pod -l app=web --wait=false".to_string()),
    ];
    line.prop_map(Input::Console)
}

/// What can happen to Jobs.
fn batch_act() -> impl Strategy<Value = Input> {
    let patch = |job: &str| format!("kubectl patch job sums -p '{{\"spec\":{{{job}}}}}'");
    let line = prop_oneof![
        Just("kubectl apply -f batch.yml".to_string()),
        Just("kubectl delete job sums --wait=false".to_string()),
        Just("kubectl delete job --all --wait=false".to_string()),
        Just("kubectl delete pod --all --wait=false".to_string()),
        Just("kubectl create job now --from=cronjob/other".to_string()),
        (1u32..4).prop_map(move |n| patch(&format!("\"parallelism\":{n}"))),
        any::<bool>().prop_map(move |on| patch(&format!("\"suspend\":{on}"))),
        (1u32..3).prop_map(|n| format!("node off k8s-node{n}")),
        (1u32..3).prop_map(|n| format!("node on k8s-node{n}")),
    ];
    line.prop_map(Input::Console)
}

/// Acts, each after a pause in milliseconds.
fn story() -> impl Strategy<Value = Vec<(i64, Input)>> {
    proptest::collection::vec((0i64..90_000, act()), 1..10)
}

fn begin(seed: u64) -> World {
    let mut world = World::new(Setup::chapter(seed));
    world.write_file("web.yml", MANIFEST);
    world.write_file("batch.yml", BATCH);
    world
}

/// What must hold at every moment.
fn check(world: &World) -> Result<(), TestCaseError> {
    let mut daemons = Vec::new();
    let mut ordinals = 0;
    for object in world.store().head().list(Kind::Pod, None) {
        let Some(pod) = object.pod() else { continue };
        let active = !object.meta.is_deleting() && !pod.is_terminal();
        ordinals += usize::from(object.meta.name.starts_with("db-"));
        if object.meta.name.starts_with("agent-") && active {
            daemons.extend(pod.node_name.clone());
        }
    }
    let count = daemons.len();
    daemons.sort();
    daemons.dedup();
    prop_assert_eq!(daemons.len(), count, "one daemon pod a node");
    prop_assert!(ordinals <= 4, "a pod an ordinal");
    Ok(())
}

/// What must hold for Jobs at every moment.
fn check_batch(world: &World) -> Result<(), TestCaseError> {
    let snapshot = world.store().head();
    let mut ticking = 0;
    for object in snapshot.list(Kind::Job, None) {
        let Some(job) = object.job() else { continue };
        let pods = snapshot.owned_by(Kind::Pod, object.meta.uid);
        let active = pods.filter(|pod| {
            let ended = pod.pod().is_some_and(|body| body.is_terminal());
            !pod.meta.is_deleting() && !ended
        });
        prop_assert!(active.count() <= 3, "no more pods than the parallelism");
        let status = &job.status;
        let ends = ["Complete", "Failed"].map(|kind| status.met(kind).is_some());
        prop_assert!(ends != [true, true], "a Job ends in one way");
        if ends == [true, false] {
            prop_assert!(
                Some(status.succeeded) >= job.spec.completions,
                "all completions"
            );
        }
        if ends != [false, false] {
            prop_assert_eq!((status.active, status.terminating), (0, Some(0)));
        }
        let of_cron_job = object.meta.name.starts_with("tick-");
        ticking += usize::from(of_cron_job && ends == [false, false]);
    }
    prop_assert!(ticking <= 1, "Forbid starts no Job beside another");
    Ok(())
}

fn live(world: &mut World, story: &[(i64, Input)]) -> SimTime {
    for (pause, input) in story {
        let until = world.now() + Span::millis(*pause);
        world.run_until(until);
        input.apply(world);
    }
    world.now() + Span::secs(60)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_same_story_gives_the_same_world(seed in 1u64..50, story in story()) {
        let hash = || {
            let mut world = begin(seed);
            let end = live(&mut world, &story);
            world.run_until(end);
            world.hash()
        };
        prop_assert_eq!(hash(), hash());
    }

    /// Never two daemon pods on a node, never more pods of a StatefulSet than ordinals.
    #[test]
    fn daemons_are_alone_and_ordinals_are_few(seed in 1u64..50, story in story()) {
        let mut world = begin(seed);
        Input::Console("kubectl apply -f web.yml".into()).apply(&mut world);
        for (pause, input) in &story {
            let until = world.now() + Span::millis(*pause);
            while let Some(next) = world.next_at().filter(|at| *at <= until) {
                world.run_until(next);
                check(&world)?;
            }
            world.run_until(until);
            input.apply(&mut world);
        }
    }

    /// No more pods than the parallelism, one end a Job, one Job at a time under Forbid.
    #[test]
    fn jobs_keep_to_their_limits(
        seed in 1u64..50,
        story in proptest::collection::vec((0i64..90_000, batch_act()), 1..10),
    ) {
        let mut world = begin(seed);
        Input::Console("kubectl apply -f batch.yml".into()).apply(&mut world);
        for (pause, input) in &story {
            let until = world.now() + Span::millis(*pause);
            while let Some(next) = world.next_at().filter(|at| *at <= until) {
                world.run_until(next);
                check_batch(&world)?;
            }
            world.run_until(until);
            input.apply(&mut world);
        }
    }

    #[test]
    fn slices_do_not_matter(story in story(), slice in 1u32..40) {
        let mut whole = begin(1);
        let end = live(&mut whole, &story);
        whole.run_until(end);
        let mut sliced = begin(1);
        for (pause, input) in &story {
            let until = sliced.now() + Span::millis(*pause);
            while !sliced.run_events(until, slice) {}
            input.apply(&mut sliced);
        }
        let mut at = sliced.now();
        while at < end {
            at = (at + Span::millis(777)).min(end);
            while !sliced.run_events(at, slice) {}
        }
        prop_assert_eq!(whole.hash(), sliced.hash());
    }

    #[test]
    fn back_and_forward_is_where_it_was(story in story(), fraction in 0.0f64..1.0) {
        let mut history = History::new(Setup::chapter(1));
        history.act(Input::WriteFile { name: "web.yml".into(), text: MANIFEST.into() });
        for (pause, input) in &story {
            let until = history.world().now() + Span::millis(*pause);
            history.run(until, u32::MAX, |_, _| {});
            history.act(input.clone());
        }
        let start = history.world().now();
        history.run(start + Span::secs(30), u32::MAX, |_, _| {});
        let (end, hash) = (history.world().now(), history.world().hash());
        let whole = end - history.world().start();
        let part = Span::micros((whole.as_micros() as f64 * fraction) as i64);
        let back = history.world().start() + part;
        history.seek(back);
        prop_assert_eq!(history.world().now(), back);
        history.seek(end);
        prop_assert_eq!(history.world().hash(), hash);
    }

    #[test]
    fn a_link_opens_at_the_same_world(story in story()) {
        let mut session = Session::new(7);
        session.update(Msg::WriteFile { name: "web.yml".into(), text: MANIFEST.into() });
        for (pause, input) in &story {
            session.update(Msg::Step(Step::Forward(pause * 1000)));
            if let Input::Console(line) = input {
                session.update(Msg::Console { line: line.clone() });
            }
        }
        session.update(Msg::Step(Step::Forward(5_000_000)));
        let Some(Reply::Link { fragment }) = session.update(Msg::Share).pop() else { panic!("a link") };
        let mut other = Session::new(1);
        let answer = other.update(Msg::Open { link: Some(fragment), seed: 1 });
        let opened = matches!(answer.first(), Some(Reply::Opened { note: Some(note), .. }) if note.starts_with("link-opened"));
        prop_assert!(opened, "{:?}", answer);
        prop_assert_eq!(other.world().hash(), session.world().hash());
    }

    #[test]
    fn no_text_panics_the_core(text in "[ -~\n\t]{0,200}", line in "[ -~]{0,60}") {
        let mut session = Session::new(1);
        session.update(Msg::Check { version: 1, text: text.clone() });
        session.update(Msg::WriteFile { name: "x.yml".into(), text: text.clone() });
        session.update(Msg::Console { line: "kubectl apply -f x.yml".into() });
        session.update(Msg::Console { line: format!("kubectl {line}") });
        session.update(Msg::Console { line });
        session.update(Msg::Open { link: Some(text), seed: 1 });
        session.update(Msg::Frame { elapsed_us: 16_000 });
    }
}
