//! Pods that start: pulls, missing images, images that change, init containers and sidecars.
//!
//! Upstream: none.

use serde_json::json;

use super::{assert_script, one, steady, times};
use crate::kubelet::stage::StageSet;

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
