//! Verbs that block, and the history of rollouts.
//!
//! Upstream: none.

use crate::api::{Body, DeploymentStatus, Kind};

use super::{World, failed, stdout, web};

#[test]
fn delete_waits_until_the_pod_is_gone() {
    let mut world = web();
    let (mut command, said) = world.start("delete pod web-846c778c95-7mbgs");
    assert_eq!(
        said.stdout,
        "pod \"web-846c778c95-7mbgs\" deleted from default namespace\n"
    );
    assert_eq!(said.code, None);
    assert_eq!(world.resume(&mut command).code, None);
    world.run("delete pod web-846c778c95-7mbgs --force --grace-period=0");
    assert_eq!(world.resume(&mut command).code, Some(0));
    let (mut command, _) = world.start("delete pod web-846c778c95-kxhtz --timeout=1s");
    world.pass(1);
    let late = world.resume(&mut command);
    assert_eq!(
        late,
        failed("error: timed out waiting for the condition on pods/web-846c778c95-kxhtz")
    );
}

#[test]
fn rollout_status_follows_every_state() {
    let mut world = web();
    assert_eq!(
        stdout(&mut world, "rollout status deploy/web"),
        "deployment \"web\" successfully rolled out\n"
    );
    world.run("scale deploy web --replicas=3");
    let (mut command, said) = world.start("rollout status deploy/web --timeout=10s");
    assert_eq!(
        said.stdout,
        "Waiting for deployment spec update to be observed...\n"
    );
    let mut object = (*world.get(Kind::Deployment, "default", "web").expect("web")).clone();
    let mut step = |world: &mut World, change: &dyn Fn(&mut DeploymentStatus)| {
        if let Body::Deployment(deployment) = &mut object.body {
            change(&mut deployment.status);
        }
        object.meta.resource_version = 0;
        world.update_status(object.clone());
    };
    step(&mut world, &|s| s.observed_generation = 2);
    step(&mut world, &|s| (s.updated_replicas, s.replicas) = (3, 3));
    let head = "Waiting for deployment \"web\" rollout to finish: ";
    assert_eq!(
        world.resume(&mut command).stdout,
        format!(
            "{head}2 out of 3 new replicas have been updated...\n{head}2 of 3 updated replicas are available...\n"
        )
    );
    step(&mut world, &|s| s.available_replicas = 3);
    let said = world.resume(&mut command);
    assert_eq!(
        (said.stdout.as_str(), said.code),
        ("deployment \"web\" successfully rolled out\n", Some(0))
    );
}

#[test]
fn history_has_a_blank_behind_the_name_and_tabs_in_templates() {
    let mut world = web();
    assert_eq!(
        stdout(&mut world, "rollout history deployment/web"),
        "deployment.apps/web \nREVISION  CHANGE-CAUSE\n1         <none>\n\n"
    );
    assert_eq!(
        stdout(&mut world, "rollout history deployment/web --revision=1"),
        "deployment.apps/web with revision #1\nPod Template:\n  Labels:\tapp=web\n\tpod-template-hash=846c778c95\n  Containers:\n   nginx:\n    Image:\tnginx:1.7.9\n    Port:\t<none>\n    Host Port:\t<none>\n    Environment:\t<none>\n    Mounts:\t<none>\n  Volumes:\t<none>\n  Node-Selectors:\t<none>\n  Tolerations:\t<none>\n\n"
    );
}

#[test]
fn wait_ends_when_the_condition_holds() {
    let mut world = web();
    assert_eq!(
        stdout(
            &mut world,
            "wait --for=condition=Available deployment/web --timeout=5s"
        ),
        "deployment.apps/web condition met\n"
    );
    let (mut command, said) = world.start("wait --for=delete deployment/web --timeout=5s");
    assert_eq!(said.code, None);
    world.run("delete deploy web");
    assert_eq!(
        world.resume(&mut command).stdout,
        "deployment.apps/web condition met\n"
    );
    let (mut command, _) = world.start("wait --for=delete node/k8s-node1 --timeout=1s");
    world.pass(1);
    assert_eq!(
        world.resume(&mut command),
        failed("error: timed out waiting for the condition on nodes/k8s-node1")
    );
}
