//! CronJobs in a small world.
//!
//! Upstream: `pkg/controller/cronjob/cronjob_controllerv2_test.go` for the names of the cases.

use serde_json::{Value, json};

use crate::api::{ConditionStatus, Kind, Phase};
use crate::clock::Span;

use super::super::drive::Drive;

fn cron_job(drive: &mut Drive, more: &Value) {
    let mut spec = json!({
        "schedule": "* * * * *", "concurrencyPolicy": "Allow", "suspend": false,
        "successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1,
        "jobTemplate": {"metadata": {"labels": {"app": "x"}}, "spec": {"template": {"spec": {
            "restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox"}],
        }}}},
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        spec[key] = value.clone();
    }
    drive.create(Kind::CronJob, "default", "c", &json!({ "spec": spec }));
    drive.settle();
}

/// The last digits of the Jobs' names, and `*` behind those that the status has as active.
fn jobs(drive: &Drive) -> String {
    let cron_job = drive.get(Kind::CronJob, "c").expect("the CronJob");
    let status = &cron_job.cron_job().expect("a CronJob").status;
    let names = drive.list(Kind::Job);
    let names = names.iter().map(|job| {
        let active = status.active.iter().any(|a| a.uid == job.meta.uid);
        let (_, number) = job.meta.name.rsplit_once('-').expect("a number");
        format!(
            "{}{}",
            &number[number.len() - 2..],
            if active { "*" } else { "" }
        )
    });
    names.collect::<Vec<_>>().join(" ")
}

fn end_pods(drive: &mut Drive) {
    for pod in drive.list(Kind::Pod) {
        if !pod.pod().expect("a pod").is_terminal() {
            drive.set_pod(&pod, ConditionStatus::False, Phase::Succeeded);
        }
    }
    drive.run_for(Span::secs(2));
}

// The small world begins at 1,000,000 s, which is minute 16,666 and 40 s.

#[test]
fn a_job_starts_each_minute_and_three_are_kept() {
    let mut drive = Drive::new();
    cron_job(&mut drive, &json!({}));
    assert_eq!(jobs(&drive), "");
    drive.run_for(Span::secs(20));
    assert_eq!(jobs(&drive), "67*");
    let job = drive.list(Kind::Job).remove(0);
    assert_eq!(job.meta.label("app"), Some("x"));
    let stamp = job
        .meta
        .annotation("batch.kubernetes.io/cronjob-scheduled-timestamp");
    assert_eq!(stamp, Some("1970-01-12T13:47:00Z"));
    for told in ["67", "67 68", "67 68 69", "68 69 70"] {
        end_pods(&mut drive);
        assert_eq!(jobs(&drive), told);
        drive.run_for(Span::secs(58));
    }
    assert_eq!(jobs(&drive), "68 69 70 71*");
    let reasons = drive.events(Kind::CronJob);
    let expected = "SawCompletedJob Saw completed job: c-16667, condition: Complete x1";
    assert!(reasons.iter().any(|e| e == expected), "{reasons:?}");
}

#[test]
fn what_happens_to_a_job_that_still_runs() {
    for (policy, told, reason) in [
        ("Allow", "67* 68*", "SuccessfulCreate"),
        ("Forbid", "67*", "JobAlreadyActive"),
        ("Replace", "68*", "SuccessfulDelete"),
    ] {
        let mut drive = Drive::new();
        cron_job(&mut drive, &json!({"concurrencyPolicy": policy}));
        drive.run_for(Span::secs(85));
        assert_eq!(jobs(&drive), told, "{policy}");
        let events = drive.events(Kind::CronJob);
        assert!(
            events.iter().any(|e| e.starts_with(reason)),
            "{policy}: {events:?}"
        );
        end_pods(&mut drive);
        if policy == "Forbid" {
            assert_eq!(
                jobs(&drive),
                "67 68*",
                "the one that was forbidden starts now"
            );
        }
    }
}

#[test]
fn a_suspended_one_starts_nothing_and_the_last_missed_one_when_it_goes_on() {
    let mut drive = Drive::new();
    cron_job(&mut drive, &json!({"suspend": true}));
    drive.run_for(Span::secs(200));
    assert_eq!(jobs(&drive), "");
    drive.edit_cron_job("c", &json!({"suspend": false}));
    drive.settle();
    assert_eq!(jobs(&drive), "70*");
}

#[test]
fn a_missed_start_beyond_the_deadline_is_left_out() {
    let mut drive = Drive::new();
    cron_job(
        &mut drive,
        &json!({"suspend": true, "schedule": "47 13 * * *", "startingDeadlineSeconds": 30}),
    );
    drive.run_for(Span::secs(100));
    drive.edit_cron_job("c", &json!({"suspend": false}));
    drive.settle();
    assert_eq!(jobs(&drive), "");
}

#[test]
fn a_time_zone_moves_the_start() {
    let mut drive = Drive::new();
    // 13:47 in London is 14:47 in Berlin: the zone's winter clock is an hour ahead.
    cron_job(
        &mut drive,
        &json!({"schedule": "47 14 * * *", "timeZone": "Europe/Berlin"}),
    );
    drive.run_for(Span::secs(20));
    assert_eq!(jobs(&drive), "67*");
    let job = drive.list(Kind::Job).remove(0);
    let stamp = job
        .meta
        .annotation("batch.kubernetes.io/cronjob-scheduled-timestamp");
    assert_eq!(stamp, Some("1970-01-12T14:47:00+01:00"));
}

#[test]
fn a_schedule_that_never_comes_is_told_once() {
    let mut drive = Drive::new();
    cron_job(&mut drive, &json!({"schedule": "0 0 31 2 *"}));
    drive.run_for(Span::secs(3600));
    let words = "InvalidSchedule invalid schedule: 0 0 31 2 * : time difference between two schedules is less than 1 second x1";
    assert_eq!(drive.events(Kind::CronJob), [words]);
}
