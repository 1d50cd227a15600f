//! Stories of pods, held against what recordings of real kubelets show: the order of writes and
//! events, and their times.
//!
//! Upstream: none.

use serde_json::{Value, json};

use crate::api::{ConditionStatus, Key, Kind};
use crate::clock::Span;

use super::stage::StageSet;
use super::{NodeConfig, ProbeKind, ProbeRule, RuntimeOptions};

/// Without the small differences between pods that start together.
fn steady() -> RuntimeOptions {
    RuntimeOptions {
        stagger: Span::ZERO,
        ..RuntimeOptions::default()
    }
}

fn one(name: &str, image: &str) -> Value {
    json!({ "containers": [{ "name": name, "image": image, "imagePullPolicy": "IfNotPresent" }] })
}

/// A pod with a token, whose volume takes its time.
fn run(name: &str, image: &str, command: &[&str], restart: &str) -> Value {
    json!({
        "restartPolicy": restart,
        "containers": [{ "name": name, "image": image, "command": command, "imagePullPolicy": "Always" }],
    })
}

fn assert_script(stage: &StageSet, pod: &str, from: i64, expected: &str) {
    let told = stage.script(pod, from).join("\n");
    let expected: Vec<&str> = expected
        .lines()
        .map(str::trim_end)
        .filter(|l| !l.is_empty())
        .collect();
    assert_eq!(told, expected.join("\n"), "\n{told}\n");
}

/// The times, in seconds after the start, of the lines that contain a text.
fn times(stage: &StageSet, pod: &str, text: &str) -> Vec<f64> {
    let lines = stage.script(pod, 0);
    let lines = lines.iter().filter(|line| line.contains(text));
    lines
        .filter_map(|line| line.split_whitespace().next()?.parse().ok())
        .collect()
}

#[test]
fn a_first_pull_and_a_deletion_go_as_recorded() {
    let mut stage = StageSet::new(steady());
    let key = stage.pod("web", "node1", one("nginx", "nginx:1.7.9"));
    stage.run_to(10_000);
    stage.delete(&key, None);
    stage.run_to(20_000);
    assert_script(
        &stage,
        "web",
        0,
        r#"
  0.00 Pending []
  0.00 Pending [P]
  0.01 Pending nginx=ContainerCreating [IP]
  0.61   Pulling Pulling image "nginx:1.7.9"
  0.61 Pending nginx=ContainerCreating [SIP]
  2.11   Pulled Successfully pulled image "nginx:1.7.9" in 1.501s (1.501s including waiting). Image size: 62715136 bytes.
  2.21   Created Container created
  2.31   Started Container started
  2.31 Running nginx=running ready [SIRCP] 10.244.1.2
 10.00 Running deleting(30) nginx=running ready [SIRCP] 10.244.1.2
 10.01 Running deleting(30) nginx=running ready [SIRCP] 10.244.1.2
 10.01   Killing Stopping container nginx
 10.21 Succeeded deleting(30) nginx=Completed 0 [IP] 10.244.1.2
 10.90 Succeeded deleting(0) nginx=Completed 0 [IP] 10.244.1.2
 10.90 gone
"#,
    );
}

#[test]
fn an_image_that_is_there_is_not_pulled() {
    let mut stage = StageSet::new(steady());
    stage.pod("first", "node1", one("nginx", "nginx:1.7.9"));
    stage.run_to(9000);
    stage.pod("second", "node1", one("nginx", "nginx:1.7.9"));
    stage.run_to(12_000);
    assert_script(
        &stage,
        "second",
        9000,
        r#"
  0.00 Pending []
  0.00 Pending [P]
  0.01 Pending nginx=ContainerCreating [IP]
  0.61   Pulled Container image "nginx:1.7.9" already present on machine and can be accessed by the pod
  0.61 Pending nginx=ContainerCreating [SIP]
  0.71   Created Container created
  0.81   Started Container started
  0.81 Running nginx=running ready [SIRCP] 10.244.1.3
"#,
    );
}

#[test]
fn two_pods_on_a_node_pull_one_after_the_other() {
    let mut stage = StageSet::new(steady());
    stage.pod("one", "node1", one("nginx", "nginx:1.7.9"));
    stage.run_to(60);
    stage.pod("two", "node1", one("nginx", "nginx:1.7.9"));
    stage.run_to(9000);
    let script = stage.script("two", 60);
    let pulled = script
        .iter()
        .find(|line| line.contains("Pulled"))
        .expect("a pull");
    assert!(pulled.starts_with("  3.55"), "{pulled}");
    assert!(
        pulled.contains("in 1.501s (2.941s including waiting)"),
        "{pulled}"
    );
}

#[test]
fn a_missing_image_is_tried_again_and_told_one_sync_late() {
    let mut stage = StageSet::new(steady());
    let key = stage.pod("web", "node1", one("nginx", "nginx:1.161"));
    stage.run_to(200_000);
    // Attempts were recorded 0, 18, 45, 98 and 190 s after the first.
    let pulls = times(&stage, "web", "Pulling image");
    let recorded = [0.6, 16.8, 44.0, 98.0, 190.0];
    assert_eq!(pulls.len(), recorded.len(), "{pulls:?}");
    for (ours, theirs) in pulls.iter().zip(recorded) {
        assert!((ours - theirs).abs() < 3.0, "{pulls:?}");
    }
    let failed = stage.script("web", 0);
    let shown: Vec<&str> = failed
        .iter()
        .filter_map(|l| l.split("nginx=").nth(1)?.split(' ').next())
        .collect();
    let wanted = [
        "ContainerCreating",
        "ContainerCreating",
        "ErrImagePull",
        "ImagePullBackOff",
        "ErrImagePull",
        "ImagePullBackOff",
    ];
    assert_eq!(shown.get(..6), Some(&wanted[..]));
    let message = match &stage.status(&key).containers[0].state {
        crate::api::ContainerState::Waiting { message, .. } => message.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        message.as_deref(),
        Some(
            "Back-off pulling image \"nginx:1.161\": ErrImagePull: rpc error: code = NotFound desc = failed to \
             pull and unpack image \"docker.io/library/nginx:1.161\": failed to resolve reference \
             \"docker.io/library/nginx:1.161\": docker.io/library/nginx:1.161: not found"
        )
    );
    stage.delete(&key, None);
    stage.run_to(202_000);
    assert_script(
        &stage,
        "web",
        200_000,
        r#"
  0.00 Pending deleting(30) nginx=ImagePullBackOff [SIP] 10.244.1.2
  0.01 Pending deleting(30) nginx=ContainerCreating [SIP] 10.244.1.2
  0.11 Pending deleting(30) nginx=ContainerCreating [IP] 10.244.1.2
  0.90 Failed deleting(30) nginx=ContainerStatusUnknown 137 [IP] 10.244.1.2
  0.90 Failed deleting(0) nginx=ContainerStatusUnknown 137 [IP] 10.244.1.2
  0.90 gone
"#,
    );
}

#[test]
fn a_crash_loop_waits_as_long_as_recorded() {
    let mut stage = StageSet::new(steady());
    let key = stage.pod(
        "crash",
        "node2",
        run(
            "crash",
            "busybox",
            &["sh", "-c", "sleep 1; exit 1"],
            "Always",
        ),
    );
    stage.run_to(950_000);
    let runs = times(&stage, "crash", "crash=running");
    assert_eq!(
        stage.status(&key).containers[0].restart_count,
        7,
        "as recorded after 950 s"
    );
    let gaps: Vec<f64> = runs.windows(2).map(|w| w[1] - w[0] - 1.0).collect();
    // Exit to running, recorded twice each (A7c, A7f).
    let recorded = [
        (2.0, 4.0),
        (13.6, 16.2),
        (26.0, 30.7),
        (43.6, 59.0),
        (83.5, 86.0),
        (160.0, 170.0),
        (304.0, 330.0),
    ];
    for (gap, (least, most)) in gaps.iter().zip(recorded) {
        assert!(*gap > least * 0.9 && *gap < most * 1.05, "{gaps:?}");
    }
    let first: Vec<String> = stage
        .script("crash", 0)
        .into_iter()
        .skip(8)
        .take(8)
        .collect();
    assert_eq!(
        first.join("\n"),
        r#"  2.31 Running crash=running ready [SIRCP] 10.244.2.2
  3.90 Running crash=Error 1 [SIP] 10.244.2.2
  3.90   Pulling x2 Pulling image "busybox"
  5.40   Pulled x2 Successfully pulled image "busybox" in 1.501s (1.501s including waiting). Image size: 59271168 bytes.
  5.50   Created x2 Container created
  5.60   Started x2 Container started
  5.60 Running crash=running ready r1 [SIRCP] 10.244.2.2
  6.90 Running crash=Error 1 r1 [SIP] 10.244.2.2"#
    );
    let uid = stage
        .api
        .store()
        .head()
        .get(&key)
        .expect("the pod")
        .meta
        .uid;
    let told = stage.script("crash", 0).join("\n");
    assert!(told.contains(&format!(
        "Back-off restarting failed container crash in pod crash_default({uid})"
    )));
    // It shows CrashLoopBackOff only while it is being started again, as recorded, and from the
    // fourth wait on after a minute.
    let after: Vec<f64> = times(&stage, "crash", "CrashLoopBackOff");
    assert!(
        after
            .iter()
            .take(3)
            .zip(&runs[2..])
            .all(|(shown, runs)| runs - shown < 2.0),
        "{after:?} {runs:?}"
    );
}

#[test]
fn a_job_ends_a_relist_after_its_process() {
    let mut stage = StageSet::new(steady());
    stage.pod(
        "job",
        "node1",
        run("c", "busybox", &["sh", "-c", "sleep 5"], "Never"),
    );
    stage.pod(
        "bad",
        "node2",
        run("c", "busybox", &["nosuchcommand", "x"], "Never"),
    );
    stage.run_to(20_000);
    let job = stage.script("job", 0);
    assert_eq!(
        job[job.len() - 3..].join("\n"),
        "  2.31 Running c=running ready [SIRCP] 10.244.1.2\n  \
         7.90 Running c=Completed 0 [SIP] 10.244.1.2\n  \
         9.00 Succeeded c=Completed 0 [IP] 10.244.1.2"
    );
    let bad = stage.script("bad", 0);
    assert_eq!(
        bad[bad.len() - 2..].join("\n"),
        "  2.90 Pending c=StartError 128 [SIP] 10.244.2.2\n  \
         4.00 Failed c=StartError 128 [IP] 10.244.2.2"
    );
    assert!(bad.iter().all(|line| !line.contains("Started")), "{bad:?}");
}

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
  2.00   Created x2 Container created
  2.10   Started x2 Container started
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
    assert_eq!(lease(&stage).from, stage.at(65_300));
}

#[test]
fn a_process_that_is_deaf_is_killed_after_the_grace_period() {
    let mut stage = StageSet::new(steady());
    let key = stage.pod(
        "deaf",
        "node1",
        run("c", "busybox", &["sleep", "1000"], "Always"),
    );
    stage.run_to(10_000);
    stage.delete(&key, None);
    stage.run_to(15_000);
    assert!(stage.script("deaf", 11_000).is_empty());
    stage.run_to(50_000);
    assert_script(
        &stage,
        "deaf",
        11_000,
        r#"
 29.11 Failed deleting(30) c=Error 137 [IP] 10.244.1.2
 29.90 Failed deleting(0) c=Error 137 [IP] 10.244.1.2
 29.90 gone
"#,
    );
    let key = stage.pod(
        "hurried",
        "node1",
        run("c", "busybox", &["sleep", "1000"], "Always"),
    );
    stage.run_to(60_000);
    stage.delete(&key, None);
    stage.run_to(61_000);
    stage.delete(&key, Some(0));
    stage.run_to(70_000);
    assert!(
        stage.script("hurried", 61_100).is_empty(),
        "a pod deleted by force is gone for the API"
    );
    assert_eq!(stage.fleet.machine("node1").map(|m| m.used.pods), Some(0));
}

#[test]
fn a_pod_deleted_before_its_volumes_are_there_never_gets_a_sandbox() {
    let mut stage = StageSet::new(steady());
    let key = stage.pod("brief", "node1", one("nginx", "nginx"));
    stage.run_to(110);
    stage.delete(&key, None);
    stage.run_to(5000);
    assert_script(
        &stage,
        "brief",
        100,
        r#"
  0.01 Pending deleting(30) nginx=ContainerCreating [IP]
  0.80 Pending deleting(30) nginx=ContainerCreating [IP]
  1.80 Failed deleting(30) nginx=ContainerStatusUnknown 137 [IP]
  1.80 Failed deleting(0) nginx=ContainerStatusUnknown 137 [IP]
  1.80 gone
"#,
    );
}

#[test]
fn a_changed_image_restarts_the_container_in_its_place() {
    let mut stage = StageSet::new(steady());
    let key = stage.pod("p", "node1", one("c", "nginx"));
    stage.run_to(10_000);
    let mut object = (**stage.api.store().head().get(&key).expect("the pod")).clone();
    if let crate::api::Body::Pod(pod) = &mut object.body {
        let mut spec = (*pod.spec.spec).clone();
        spec.containers[0].image = Some("httpd".into());
        pod.spec = crate::api::SharedPodSpec::new(spec, true);
    }
    stage.update(object);
    stage.run_to(20_000);
    assert_script(
        &stage,
        "p",
        10_000,
        r#"
  0.00 Running c=running ready [SIRCP] 10.244.1.2
  0.01 Running c=running ready [SIRCP] 10.244.1.2
  0.01   Killing Container c definition changed, will be restarted
  0.11   Pulling Pulling image "httpd"
  1.61   Pulled Successfully pulled image "httpd" in 1.501s (1.501s including waiting). Image size: 66098688 bytes.
  1.71   Created x2 Container created
  1.81   Started x2 Container started
  1.81 Running c=running ready r1 [SIRCP] 10.244.1.2
"#,
    );
}

#[test]
fn init_containers_come_first_and_sidecars_stay() {
    let mut stage = StageSet::new(steady());
    let container = |name: &str, command: &[&str]| json!({ "name": name, "image": "busybox", "command": command });
    let mut sidecar = container(
        "side",
        &[
            "sh",
            "-c",
            "trap 'exit 0' TERM; while true; do sleep 1; done",
        ],
    );
    sidecar["restartPolicy"] = "Always".into();
    let spec = json!({
        "restartPolicy": "Never", "automountServiceAccountToken": false,
        "initContainers": [container("first", &["sleep", "1"]), sidecar],
        "containers": [container("main", &["sleep", "3"])],
    });
    stage.pod("job", "node1", spec);
    stage.run_to(20_000);
    let pods: Vec<String> = stage
        .script("job", 0)
        .into_iter()
        .filter(|l| l.contains("main="))
        .collect();
    let shown: Vec<&str> = pods.iter().filter_map(|l| l.get(7..)).collect();
    assert_eq!(
        shown,
        [
            "Pending first=PodInitializing side=PodInitializing main=PodInitializing [P]",
            "Pending first=PodInitializing side=PodInitializing main=PodInitializing [SP]",
            "Pending first=running side=PodInitializing main=PodInitializing [SP] 10.244.1.2",
            "Pending first=Completed 0 side=PodInitializing main=PodInitializing [SP] 10.244.1.2",
            "Pending first=Completed 0 side=running ready main=PodInitializing [SIP] 10.244.1.2",
            "Running first=Completed 0 side=running ready main=running ready [SIRCP] 10.244.1.2",
            "Running first=Completed 0 side=running ready main=Completed 0 [SIP] 10.244.1.2",
            "Running first=Completed 0 side=Completed 0 main=Completed 0 [SIP] 10.244.1.2",
            "Succeeded first=Completed 0 side=Completed 0 main=Completed 0 [IP] 10.244.1.2",
        ],
        "{shown:#?}"
    );
}

#[test]
fn a_failing_init_container_keeps_the_pod_or_fails_it() {
    for (restart, phase) in [("Always", "Pending"), ("Never", "Failed")] {
        let mut stage = StageSet::new(steady());
        let spec = json!({
            "restartPolicy": restart,
            "initContainers": [{ "name": "init", "image": "busybox", "command": ["false"] }],
            "containers": [{ "name": "main", "image": "nginx" }],
        });
        let key = stage.pod("p", "node1", spec);
        stage.run_to(60_000);
        let status = stage.status(&key);
        assert_eq!(status.phase.as_str(), phase, "{restart}");
        assert_eq!(
            status.init_containers[0].restart_count > 1,
            restart == "Always"
        );
        let initialized = status
            .condition(crate::api::PodConditionType::Initialized)
            .expect("it");
        assert_eq!(
            initialized.message.as_deref(),
            Some("containers with incomplete status: [init]")
        );
    }
}

#[test]
fn a_node_refuses_what_it_has_no_room_for() {
    let mut stage = StageSet::new(steady());
    let big = |cpu: &str| json!({ "containers": [{ "name": "c", "image": "nginx", "resources": { "requests": { "cpu": cpu } } }] });
    stage.pod("first", "node1", big("3"));
    stage.run_to(5000);
    let key = stage.pod("second", "node1", big("1500m"));
    stage.run_to(10_000);
    let status = stage.status(&key);
    assert_eq!(
        (status.phase.as_str(), status.reason.as_deref()),
        ("Failed", Some("OutOfcpu"))
    );
    let words =
        "Node didn't have enough resource: cpu, requested: 1500, used: 3000, capacity: 4000";
    assert_eq!(
        status.message.as_deref(),
        Some(format!("Pod was rejected: {words}").as_str())
    );
    assert!(
        stage
            .script("second", 0)
            .iter()
            .any(|l| l.ends_with(&format!("OutOfcpu {words}")))
    );
    let mut elsewhere = one("c", "nginx");
    elsewhere["nodeSelector"] = json!({ "disktype": "ssd" });
    let key = stage.pod("third", "node1", elsewhere);
    stage.run_to(15_000);
    assert_eq!(stage.status(&key).reason.as_deref(), Some("NodeAffinity"));
}

fn probed(kind: &str, period: i64, delay: i64) -> Value {
    let mut spec = one("c", "app:1");
    spec["containers"][0][kind] = json!({ "periodSeconds": period, "initialDelaySeconds": delay, "httpGet": { "path": "/", "port": 80 } });
    spec
}

fn failing(probe: ProbeKind, from: i64, until: Option<i64>) -> RuntimeOptions {
    RuntimeOptions {
        probes: vec![ProbeRule {
            image: "app".into(),
            probe,
            from: Span::secs(from),
            until: until.map(Span::secs),
            message: "HTTP probe failed with statuscode: 500".into(),
        }],
        ..steady()
    }
}

#[test]
fn a_readiness_probe_makes_ready_and_unready() {
    let mut stage = StageSet::new(failing(ProbeKind::Readiness, 20, Some(50)));
    stage.pod("p", "node1", probed("readinessProbe", 5, 0));
    stage.run_to(100_000);
    let script = stage.script("p", 0);
    let shown: Vec<&str> = script
        .iter()
        .filter(|l| l.contains("c=running"))
        .filter_map(|l| l.get(..26))
        .collect();
    // The pod's probes strike every five seconds from its first sync on.
    assert_eq!(
        shown,
        [
            "  2.31 Running c=running [",
            "  2.31 Running c=running r",
            " 35.01 Running c=running [",
            " 55.01 Running c=running r",
        ],
        "{script:#?}"
    );
    assert_eq!(
        times(&stage, "p", "Unhealthy"),
        [25.01, 30.01, 35.01, 40.01, 45.01, 50.01]
    );
    assert!(script.iter().any(|l| {
        l.contains("Unhealthy x6 Readiness probe failed: HTTP probe failed with statuscode: 500")
    }));
}

#[test]
fn a_liveness_probe_restarts_the_container() {
    let mut stage = StageSet::new(failing(ProbeKind::Liveness, 20, None));
    let key = stage.pod("p", "node1", probed("livenessProbe", 10, 0));
    stage.run_to(46_000);
    let script = stage.script("p", 3000);
    assert_eq!(
        script
            .first()
            .map(|l| l.contains("Unhealthy Liveness probe failed: HTTP")),
        Some(true),
        "{script:#?}"
    );
    assert_eq!(
        times(&stage, "p", "Unhealthy"),
        [30.01, 40.01, 50.01]
            .into_iter()
            .filter(|t| *t < 46.0)
            .collect::<Vec<_>>()
    );
    stage.run_to(60_000);
    assert_eq!(
        times(
            &stage,
            "p",
            "Killing Container c failed liveness probe, will be restarted"
        ),
        [50.01]
    );
    assert_eq!(stage.status(&key).containers[0].restart_count, 1);
    stage.run_to(900_000);
    let restarts = stage.status(&key).containers[0].restart_count;
    assert!(
        (5..12).contains(&restarts),
        "back-off slows the restarts down: {restarts}"
    );
}

#[test]
fn a_startup_probe_holds_the_others_back() {
    let mut stage = StageSet::new(failing(ProbeKind::Startup, 0, Some(25)));
    let mut spec = probed("startupProbe", 10, 0);
    spec["containers"][0]["readinessProbe"] =
        json!({ "periodSeconds": 10, "httpGet": { "path": "/", "port": 80 } });
    stage.pod("p", "node1", spec);
    stage.run_to(60_000);
    assert_eq!(times(&stage, "p", "Startup probe failed"), [10.01, 20.01]);
    assert_eq!(times(&stage, "p", "c=running ready"), [30.01]);
}

#[test]
fn an_active_deadline_fails_the_pod() {
    let mut stage = StageSet::new(steady());
    let mut spec = run(
        "c",
        "busybox",
        &["sh", "-c", "trap 'exit 0' TERM; sleep 1000"],
        "Never",
    );
    spec["activeDeadlineSeconds"] = 10.into();
    let key = stage.pod("p", "node1", spec);
    stage.run_to(20_000);
    let status = stage.status(&key);
    assert_eq!(
        (status.phase.as_str(), status.reason.as_deref()),
        ("Failed", Some("DeadlineExceeded"))
    );
    assert_eq!(times(&stage, "p", "Killing").len(), 1);
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
