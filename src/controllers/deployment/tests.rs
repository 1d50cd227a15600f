//! Whole rollouts, with the test as kubectl and kubelet.
//!
//! Upstream: none; sequences of writes as recorded on a real cluster.

use serde_json::json;

use super::super::drive::Drive;
use crate::api::{Kind, Object};
use crate::clock::Span;

fn status_line(deployment: &Object) -> String {
    let status = &deployment.deployment().expect("a deployment").status;
    let conditions: Vec<String> = status
        .conditions
        .iter()
        .map(|c| format!("{}={}/{}", c.kind, c.status.as_str(), c.reason))
        .collect();
    format!(
        "gen={} replicas={} updated={} ready={} unavailable={} terminating={:?} {}",
        status.observed_generation,
        status.replicas,
        status.updated_replicas,
        status.ready_replicas,
        status.unavailable_replicas,
        status.terminating_replicas,
        conditions.join(" "),
    )
}

/// The status after each write of the Deployment since a revision.
fn statuses(drive: &Drive, since: u64) -> Vec<String> {
    let changes = drive.api.store().changes(since, u64::MAX);
    let changes = changes.filter(|c| c.kind == Kind::Deployment);
    let mut lines: Vec<String> = changes
        .filter_map(|c| c.new)
        .map(|d| status_line(d))
        .collect();
    lines.dedup();
    lines
}

fn sizes(drive: &Drive) -> Vec<i32> {
    let mut sets = drive.list(Kind::ReplicaSet);
    sets.sort_by_key(|rs| super::annotations::revision(rs));
    sets.iter()
        .map(|rs| rs.replica_set().expect("a replica set").replicas)
        .collect()
}

fn roll_to_the_end(drive: &mut Drive) {
    for _ in 0..100 {
        let before = drive.api.store().revision();
        drive.kubelets_act();
        drive.settle();
        if drive.api.store().revision() == before {
            return;
        }
    }
    panic!("the rollout does not end");
}

#[test]
fn a_new_deployment_writes_its_status_in_the_recorded_order() {
    let mut drive = Drive::new();
    drive.create_deployment("web", 2, &json!({}));
    let created = drive.api.store().revision();
    drive.settle();
    assert_eq!(
        statuses(&drive, created),
        [
            "gen=0 replicas=0 updated=0 ready=0 unavailable=0 terminating=None \
             Progressing=True/NewReplicaSetCreated",
            "gen=1 replicas=0 updated=0 ready=0 unavailable=2 terminating=Some(0) \
             Progressing=True/NewReplicaSetCreated Available=False/MinimumReplicasUnavailable",
            "gen=1 replicas=2 updated=2 ready=0 unavailable=2 terminating=Some(0) \
             Available=False/MinimumReplicasUnavailable Progressing=True/ReplicaSetUpdated",
        ]
    );
    let rs = drive.list(Kind::ReplicaSet).remove(0);
    assert_eq!(
        drive.events(Kind::Deployment),
        [format!(
            "ScalingReplicaSet Scaled up replica set {} from 0 to 2 x1",
            rs.meta.name
        )]
    );
    assert_eq!(drive.list(Kind::Pod).len(), 2);

    drive.kubelets_act();
    drive.settle();
    let deployment = drive.get(Kind::Deployment, "web").expect("the deployment");
    assert_eq!(
        status_line(&deployment),
        "gen=1 replicas=2 updated=2 ready=2 unavailable=0 terminating=Some(0) \
         Available=True/MinimumReplicasAvailable Progressing=True/NewReplicaSetAvailable"
    );
    assert_eq!(
        deployment.meta.generation, 1,
        "the revision comes by the status and counts not"
    );
    assert_eq!(drive.reconcile_all(), Vec::<String>::new());
}

#[test]
fn scaling_a_complete_deployment_leaves_progressing_alone() {
    let mut drive = Drive::new();
    drive.create_deployment("web", 2, &json!({}));
    drive.settle();
    roll_to_the_end(&mut drive);
    let before = drive.api.store().revision();
    drive.edit("web", &json!({"replicas": 5}));
    drive.settle();
    roll_to_the_end(&mut drive);
    assert_eq!(drive.list(Kind::Pod).len(), 5);
    let lines = statuses(&drive, before);
    assert!(
        lines
            .iter()
            .all(|l| l.contains("Progressing=True/NewReplicaSetAvailable")),
        "{lines:?}"
    );
    drive.edit("web", &json!({"replicas": 3}));
    drive.settle();
    roll_to_the_end(&mut drive);
    assert_eq!(drive.list(Kind::Pod).len(), 3);
    assert_eq!(drive.reconcile_all(), Vec::<String>::new());
}

#[test]
fn ten_replicas_roll_within_the_fences() {
    let mut drive = Drive::new();
    drive.create_deployment("web", 10, &json!({}));
    drive.settle();
    roll_to_the_end(&mut drive);
    drive.edit(
        "web",
        &json!({"template": {"metadata": {"labels": {"v": "2"}}}}),
    );
    drive.settle();
    assert_eq!(
        sizes(&drive),
        [8, 5],
        "three up, two down, two more up; none of them ready"
    );
    for _ in 0..40 {
        let pods = drive.list(Kind::Pod);
        let active = pods.iter().filter(|pod| !pod.meta.is_deleting());
        let ready = active
            .clone()
            .filter(|pod| pod.pod().is_some_and(|p| p.status.is_ready()));
        assert!(active.clone().count() <= 13, "{}", active.count());
        assert!(ready.clone().count() >= 8, "{}", ready.count());
        drive.kubelets_act();
        drive.run_for(Span::millis(30));
    }
    roll_to_the_end(&mut drive);
    assert_eq!(sizes(&drive), [0, 10]);
    assert_eq!(drive.reconcile_all(), Vec::<String>::new());
}

#[test]
fn going_back_to_an_old_template_renumbers_its_replica_set() {
    let mut drive = Drive::new();
    drive.create_deployment("web", 1, &json!({}));
    drive.settle();
    roll_to_the_end(&mut drive);
    for label in ["2", "3"] {
        drive.edit(
            "web",
            &json!({"template": {"metadata": {"labels": {"v": label}}}}),
        );
        drive.settle();
        roll_to_the_end(&mut drive);
    }
    let mut old = drive
        .get(Kind::Deployment, "web")
        .expect("it")
        .deployment()
        .expect("it")
        .spec
        .template
        .clone();
    if let Some(labels) = old.metadata.as_mut().and_then(|m| m.labels.as_mut()) {
        labels.remove("v");
    }
    let latest = drive.get(Kind::Deployment, "web").expect("it");
    let mut new = (*latest).clone();
    let body = latest.deployment().expect("it");
    let spec = k8s_openapi::api::apps::v1::DeploymentSpec {
        template: old,
        ..(**body.spec).clone()
    };
    new.body =
        crate::api::Body::Deployment(crate::api::DeploymentBody::new(spec, body.status.clone()));
    drive.client().update(new).expect("updated");
    drive.settle();
    roll_to_the_end(&mut drive);
    let mut revisions: Vec<_> = drive
        .list(Kind::ReplicaSet)
        .iter()
        .map(|rs| super::annotations::revision(rs))
        .collect();
    revisions.sort_unstable();
    assert_eq!(revisions, [2, 3, 4]);
    let deployment = drive.get(Kind::Deployment, "web").expect("it");
    assert_eq!(super::annotations::revision(&deployment), 4);
    assert_eq!(sizes(&drive), [0, 0, 1]);
}

#[test]
fn recreate_waits_until_every_old_pod_is_gone() {
    let mut drive = Drive::new();
    let strategy = json!({"strategy": {"type": "Recreate", "rollingUpdate": null}});
    drive.create_deployment("web", 3, &strategy);
    drive.settle();
    drive.bind_pods(&["n1", "n2"]);
    drive.kubelets_act();
    drive.settle();
    drive.edit(
        "web",
        &json!({"template": {"metadata": {"labels": {"v": "2"}}}}),
    );
    drive.settle();
    assert_eq!(sizes(&drive), [0], "the old pods are still going");
    drive.kubelets_act();
    drive.settle();
    assert_eq!(sizes(&drive), [0, 3]);
    roll_to_the_end(&mut drive);
    assert_eq!(drive.reconcile_all(), Vec::<String>::new());
}

#[test]
fn a_stuck_rollout_times_out_one_second_after_its_deadline() {
    let mut drive = Drive::new();
    drive.create_deployment("web", 3, &json!({"progressDeadlineSeconds": 20}));
    drive.settle();
    roll_to_the_end(&mut drive);
    drive.edit(
        "web",
        &json!({"template": {"metadata": {"labels": {"v": "2"}}}}),
    );
    let start = drive.now();
    drive.settle();
    drive.run_for(start + Span::millis(20_950) - drive.now());
    let reason = |drive: &Drive| {
        let deployment = drive.get(Kind::Deployment, "web").expect("it");
        status_line(&deployment)
            .rsplit(' ')
            .next()
            .map(str::to_string)
    };
    assert_eq!(
        reason(&drive).as_deref(),
        Some("Progressing=True/ReplicaSetUpdated")
    );
    drive.run_for(Span::millis(100));
    assert_eq!(
        reason(&drive).as_deref(),
        Some("Progressing=False/ProgressDeadlineExceeded")
    );
    roll_to_the_end(&mut drive);
    assert_eq!(
        reason(&drive).as_deref(),
        Some("Progressing=True/NewReplicaSetAvailable")
    );
}

#[test]
fn a_paused_deployment_scales_but_does_not_roll() {
    let mut drive = Drive::new();
    drive.create_deployment("web", 2, &json!({}));
    drive.settle();
    roll_to_the_end(&mut drive);
    drive.edit("web", &json!({"paused": true}));
    drive.settle();
    drive.edit(
        "web",
        &json!({"replicas": 3, "template": {"metadata": {"labels": {"v": "2"}}}}),
    );
    drive.settle();
    assert_eq!(sizes(&drive), [3]);
    let line = status_line(&drive.get(Kind::Deployment, "web").expect("it"));
    assert!(
        line.contains("Progressing=Unknown/DeploymentPaused"),
        "{line}"
    );
    drive.edit("web", &json!({"paused": false}));
    drive.settle();
    roll_to_the_end(&mut drive);
    assert_eq!(sizes(&drive), [0, 3]);
}

#[test]
fn history_is_cut_to_its_limit() {
    let mut drive = Drive::new();
    drive.create_deployment("web", 1, &json!({"revisionHistoryLimit": 2}));
    for version in 2..=6 {
        drive.settle();
        roll_to_the_end(&mut drive);
        let label = version.to_string();
        drive.edit(
            "web",
            &json!({"template": {"metadata": {"labels": {"v": label}}}}),
        );
    }
    drive.settle();
    roll_to_the_end(&mut drive);
    let mut revisions: Vec<_> = drive
        .list(Kind::ReplicaSet)
        .iter()
        .map(|rs| super::annotations::revision(rs))
        .collect();
    revisions.sort_unstable();
    assert_eq!(revisions, [4, 5, 6]);
}

#[test]
fn a_deployment_adopts_a_matching_replica_set() {
    let mut drive = Drive::new();
    drive.create_deployment("web", 2, &json!({}));
    drive.settle();
    roll_to_the_end(&mut drive);
    let rs = drive.list(Kind::ReplicaSet).remove(0);
    let mut free = (*rs).clone();
    free.meta.owners = [].into();
    drive.client().update(free).expect("updated");
    drive.settle();
    let again = drive.list(Kind::ReplicaSet);
    assert_eq!(again.len(), 1);
    assert!(
        again
            .first()
            .is_some_and(|rs| rs.meta.controller().is_some())
    );
}

#[test]
fn the_same_story_gives_the_same_digest() {
    let run = || {
        let mut drive = Drive::new();
        drive.create_deployment("web", 3, &json!({}));
        drive.settle();
        drive.kubelets_act();
        drive.settle();
        (drive.digest(), drive.api.store().digest())
    };
    assert_eq!(run(), run());
}

/// Recording A9a: beside 8 old pods there are to be 5 new ones, and the status knows of 3 at first.
#[test]
fn a_status_is_reckoned_with_the_size_from_before_the_step() {
    let mut drive = Drive::new();
    drive.create_deployment("web", 10, &json!({}));
    roll_to_the_end(&mut drive);
    let since = drive.api.store().revision();
    let containers = json!([{"name": "nginx", "image": "nginx:2"}]);
    drive.edit(
        "web",
        &json!({"template": {"spec": {"containers": containers}}}),
    );
    drive.settle();
    let told = statuses(&drive, since);
    let told = told.iter().filter(|status| status.starts_with("gen=2"));
    let unavailable: Vec<&str> = told.filter_map(|s| s.split(' ').nth(4)).collect();
    assert_eq!(
        unavailable.first(),
        Some(&"unavailable=3"),
        "{unavailable:?}"
    );
    assert_eq!(
        unavailable.last(),
        Some(&"unavailable=5"),
        "{unavailable:?}"
    );
}
