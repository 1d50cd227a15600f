//! Jobs in a small world.
//!
//! Upstream: `pkg/controller/job/job_controller_test.go` for the names of the cases.

use serde_json::{Value, json};

use crate::api::{ConditionStatus, Kind, Object, Phase};
use crate::clock::Span;

use super::super::drive::Drive;

fn job(drive: &mut Drive, more: &Value) {
    let mut spec = json!({
        "parallelism": 1, "completions": 1, "backoffLimit": 6, "completionMode": "NonIndexed",
        "suspend": false, "podReplacementPolicy": "TerminatingOrFailed",
        "template": {"spec": {
            "restartPolicy": "Never",
            "containers": [{"name": "c", "image": "busybox"}],
        }},
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        spec[key] = value.clone();
    }
    drive.create(Kind::Job, "default", "j", &json!({ "spec": spec }));
    drive.settle();
}

fn pods(drive: &Drive) -> Vec<std::sync::Arc<Object>> {
    let mut pods = drive.list(Kind::Pod);
    pods.sort_by_key(|pod| pod.meta.created);
    pods
}

fn running(drive: &Drive) -> Vec<std::sync::Arc<Object>> {
    let alive = |pod: &std::sync::Arc<Object>| {
        !pod.meta.is_deleting() && pod.pod().is_some_and(|p| !p.is_terminal())
    };
    pods(drive).into_iter().filter(alive).collect()
}

fn end(drive: &mut Drive, phase: Phase) {
    for pod in running(drive) {
        drive.set_pod(&pod, ConditionStatus::False, phase);
    }
    drive.run_for(Span::secs(2));
}

/// `active/succeeded/failed`, and the conditions that are True.
fn status(drive: &Drive) -> String {
    let job = drive.get(Kind::Job, "j").expect("the job");
    let status = &job.job().expect("a job").status;
    let met = status
        .conditions
        .iter()
        .filter(|c| c.status == ConditionStatus::True);
    let met: Vec<&str> = met.map(|c| &*c.kind).collect();
    let (active, succeeded, failed) = (status.active, status.succeeded, status.failed);
    format!("{active}/{succeeded}/{failed} {}", met.join(" "))
}

#[test]
fn completions_come_as_many_at_a_time_as_the_parallelism_allows() {
    let mut drive = Drive::new();
    job(&mut drive, &json!({"parallelism": 2, "completions": 5}));
    for (alive, told) in [(2, "2/0/0 "), (2, "2/2/0 "), (1, "1/4/0 ")] {
        assert_eq!(
            (running(&drive).len(), status(&drive).as_str()),
            (alive, told)
        );
        end(&mut drive, Phase::Succeeded);
    }
    assert_eq!(status(&drive), "0/5/0 SuccessCriteriaMet Complete");
    assert!(
        pods(&drive)
            .iter()
            .all(|pod| pod.meta.finalizers.is_empty())
    );
    let events = drive.events(Kind::Job);
    assert_eq!(
        events.last().map(String::as_str),
        Some("Completed Job completed x1")
    );
    assert_eq!(events.len(), 6);
    assert!(drive.reconcile_all().is_empty());
}

#[test]
fn failed_pods_are_replaced_after_a_wait_that_doubles_until_the_limit() {
    let mut drive = Drive::new();
    job(&mut drive, &json!({"backoffLimit": 2}));
    end(&mut drive, Phase::Failed);
    assert_eq!(
        (running(&drive).len(), status(&drive).as_str()),
        (0, "0/0/1 ")
    );
    drive.run_for(Span::secs(9));
    assert_eq!(running(&drive).len(), 1);
    end(&mut drive, Phase::Failed);
    drive.run_for(Span::secs(15));
    assert_eq!(running(&drive).len(), 0);
    drive.run_for(Span::secs(5));
    assert_eq!(running(&drive).len(), 1);
    end(&mut drive, Phase::Failed);
    assert_eq!(status(&drive), "0/0/3 FailureTarget Failed");
    let last = drive.events(Kind::Job).pop();
    let words = "BackoffLimitExceeded Job has reached the specified backoff limit x1";
    assert_eq!(last.as_deref(), Some(words));
    drive.run_for(Span::secs(1000));
    assert_eq!(pods(&drive).len(), 3);
}

#[test]
fn a_deadline_ends_what_runs() {
    let mut drive = Drive::new();
    job(
        &mut drive,
        &json!({"activeDeadlineSeconds": 30, "parallelism": 2}),
    );
    drive.bind_pods(&["n1"]);
    drive.run_for(Span::secs(28));
    assert_eq!(status(&drive), "1/0/0 ");
    drive.run_for(Span::secs(2));
    assert_eq!(status(&drive), "0/0/1 FailureTarget");
    drive.kubelets_act();
    drive.run_for(Span::secs(2));
    assert_eq!(status(&drive), "0/0/1 FailureTarget Failed");
    let last = drive.events(Kind::Job).pop();
    let words = "DeadlineExceeded Job was active longer than specified deadline x1";
    assert_eq!(last.as_deref(), Some(words));
}

#[test]
fn suspending_takes_the_pods_away_and_counts_no_failure() {
    let mut drive = Drive::new();
    job(&mut drive, &json!({"parallelism": 2, "completions": 2}));
    drive.edit_job("j", &json!({"suspend": true}));
    drive.settle();
    assert_eq!(
        (running(&drive).len(), status(&drive).as_str()),
        (0, "0/0/0 Suspended")
    );
    drive.edit_job("j", &json!({"suspend": false}));
    drive.settle();
    assert_eq!(
        (running(&drive).len(), status(&drive).as_str()),
        (2, "2/0/0 ")
    );
    let reasons: Vec<String> = drive.events(Kind::Job);
    let said = |reason: &str| reasons.iter().any(|e| e.starts_with(reason));
    assert!(
        said("Suspended Job suspended") && said("Resumed Job resumed"),
        "{reasons:?}"
    );
}

#[test]
fn indexed_jobs_fill_the_lowest_indexes() {
    let mut drive = Drive::new();
    let spec = json!({"completionMode": "Indexed", "parallelism": 2, "completions": 3});
    job(&mut drive, &spec);
    let names: Vec<String> = pods(&drive)
        .iter()
        .map(|p| p.meta.name[..4].to_string())
        .collect();
    assert_eq!(names, ["j-0-", "j-1-"]);
    let first = pods(&drive).remove(0);
    let spec = &first.pod().expect("a pod").spec.spec;
    assert_eq!(spec.hostname.as_deref(), Some("j-0"));
    let variable = &spec.containers[0].env.as_ref().expect("variables")[0];
    assert_eq!(variable.name, "JOB_COMPLETION_INDEX");
    end(&mut drive, Phase::Succeeded);
    end(&mut drive, Phase::Succeeded);
    assert_eq!(status(&drive), "0/3/0 SuccessCriteriaMet Complete");
    let job = drive.get(Kind::Job, "j").expect("the job");
    assert_eq!(job.job().expect("a job").status.completed_indexes, "0-2");
}

#[test]
fn an_index_that_fails_too_often_fails_alone() {
    let mut drive = Drive::new();
    let spec = json!({
        "completionMode": "Indexed", "parallelism": 2, "completions": 2,
        "backoffLimitPerIndex": 1, "backoffLimit": i32::MAX,
    });
    job(&mut drive, &spec);
    let index = |pod: &Object| {
        pod.meta
            .label("batch.kubernetes.io/job-completion-index")
            .map(str::to_string)
    };
    for round in 0..2 {
        for pod in running(&drive) {
            let fails = index(&pod).as_deref() == Some("1");
            let phase = if fails {
                Phase::Failed
            } else {
                Phase::Succeeded
            };
            drive.set_pod(&pod, ConditionStatus::False, phase);
        }
        drive.run_for(Span::secs(14));
        if round == 0 {
            let again = running(&drive).remove(0);
            assert_eq!(
                again
                    .meta
                    .annotation("batch.kubernetes.io/job-index-failure-count"),
                Some("1")
            );
        }
    }
    assert_eq!(status(&drive), "0/1/2 FailureTarget Failed");
    let job = drive.get(Kind::Job, "j").expect("the job");
    assert_eq!(
        job.job().expect("a job").status.failed_indexes.as_deref(),
        Some("1")
    );
    let last = drive.events(Kind::Job).pop();
    assert_eq!(
        last.as_deref(),
        Some("FailedIndexes Job has failed indexes x1")
    );
}

#[test]
fn a_success_policy_ends_the_rest() {
    let mut drive = Drive::new();
    let spec = json!({
        "completionMode": "Indexed", "parallelism": 3, "completions": 3,
        "successPolicy": {"rules": [{"succeededIndexes": "0"}]},
    });
    job(&mut drive, &spec);
    let leader = pods(&drive).remove(0);
    drive.set_pod(&leader, ConditionStatus::False, Phase::Succeeded);
    drive.run_for(Span::secs(3));
    assert_eq!(status(&drive), "0/1/0 SuccessCriteriaMet Complete");
    assert!(running(&drive).is_empty());
}

#[test]
fn a_pod_that_is_deleted_counts_as_failed_or_is_waited_for() {
    for (policy, told) in [("TerminatingOrFailed", "1/0/1 "), ("Failed", "0/0/0 ")] {
        let mut drive = Drive::new();
        job(&mut drive, &json!({"podReplacementPolicy": policy}));
        drive.bind_pods(&["n1"]);
        let name = pods(&drive).remove(0).meta.name.to_string();
        drive.delete(Kind::Pod, &name);
        drive.run_for(Span::secs(20));
        assert_eq!(status(&drive), told, "{policy}");
    }
}

#[test]
fn deleting_a_job_lets_its_pods_go() {
    let mut drive = Drive::new();
    job(&mut drive, &json!({"parallelism": 2, "completions": 2}));
    drive.bind_pods(&["n1"]);
    drive.delete(Kind::Job, "j");
    drive.settle();
    assert!(
        pods(&drive)
            .iter()
            .all(|p| p.meta.finalizers.is_empty() && p.meta.is_deleting())
    );
    drive.kubelets_act();
    assert!(pods(&drive).is_empty());
}

#[test]
fn a_job_with_its_own_selector_adopts_pods() {
    let mut drive = Drive::new();
    let labels = json!({"labels": {"app": "x"}});
    let pod =
        json!({"metadata": labels, "spec": {"containers": [{"name": "c", "image": "busybox"}]}});
    drive.create(Kind::Pod, "default", "stray", &pod);
    let template = json!({
        "metadata": labels,
        "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox"}]},
    });
    let selector = json!({"matchLabels": {"app": "x"}});
    job(
        &mut drive,
        &json!({"manualSelector": true, "selector": selector, "template": template}),
    );
    let stray = drive.get(Kind::Pod, "stray").expect("the pod");
    assert_eq!(
        stray
            .meta
            .controller()
            .map(|c| c.name.to_string())
            .as_deref(),
        Some("j")
    );
    assert_eq!(
        &*stray.meta.finalizers,
        ["batch.kubernetes.io/job-tracking"]
    );
    assert_eq!(pods(&drive).len(), 1);
}
