//! Pods that end: deletions, crashes, jobs, deadlines.
//!
//! Upstream: none.

use super::{assert_script, one, run, steady, times};
use crate::kubelet::stage::StageSet;

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
