//! Verbs that write: what they say and what they leave.
//!
//! Upstream: none.

use crate::api::{Body, Kind};

use super::{failed, stdout, web};

const FILE: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n";

#[test]
fn verbs_that_change_say_so() {
    let mut world = web();
    for (line, text) in [
        (
            "scale deploy/web --replicas=4",
            "deployment.apps/web scaled\n",
        ),
        (
            "set image deployment/web nginx=nginx:1.9.1 --dry-run=server",
            "deployment.apps/web image updated (server dry run)\n",
        ),
        (
            "set image deployment/web nginx=nginx:1.9.1",
            "deployment.apps/web image updated\n",
        ),
        ("set image deployment/web nginx=nginx:1.9.1", ""),
        (
            "annotate deploy/web kubernetes.io/change-cause='image 1.9.1'",
            "deployment.apps/web annotated\n",
        ),
    ] {
        assert_eq!(stdout(&mut world, line), text, "{line}");
    }
}

#[test]
fn verbs_that_change_nodes_say_so() {
    let mut world = web();
    for (line, text) in [
        (
            "label node k8s-node1 disktype=ssd",
            "node/k8s-node1 labeled\n",
        ),
        (
            "label node k8s-node1 disktype=ssd",
            "node/k8s-node1 not labeled\n",
        ),
        (
            "label node k8s-node1 disktype-",
            "node/k8s-node1 unlabeled\n",
        ),
        (
            "label node k8s-node1 disktype-",
            "label \"disktype\" not found.\nnode/k8s-node1 not labeled\n",
        ),
        (
            "taint node k8s-node1 a=b:NoSchedule",
            "node/k8s-node1 tainted\n",
        ),
        ("taint node k8s-node1 a-", "node/k8s-node1 untainted\n"),
        ("cordon k8s-node1", "node/k8s-node1 cordoned\n"),
        ("cordon k8s-node1", "node/k8s-node1 already cordoned\n"),
        ("uncordon k8s-node1", "node/k8s-node1 uncordoned\n"),
        (
            "rollout restart deployment/web",
            "deployment.apps/web restarted\n",
        ),
        (
            "rollout pause deployment/web",
            "deployment.apps/web paused\n",
        ),
        (
            "delete deployment web",
            "deployment.apps \"web\" deleted from default namespace\n",
        ),
        ("delete node k8s-node2", "node \"k8s-node2\" deleted\n"),
        ("delete deployment web --ignore-not-found", ""),
        ("delete pods -l app=nosuch", "No resources found\n"),
    ] {
        assert_eq!(stdout(&mut world, line), text, "{line}");
    }
    let node = world.get(Kind::Node, "", "k8s-node1").expect("the node");
    assert_eq!(node.meta.label("disktype"), None);
    assert!(
        matches!(&node.body, Body::Node(node) if node.taints.is_empty() && !node.unschedulable)
    );
    assert_eq!(
        world.get(Kind::Deployment, "default", "web").map(|_| ()),
        None
    );
}

#[test]
fn a_dry_run_on_the_server_leaves_nothing() {
    let mut world = web();
    let before = (world.api.store().revision(), world.api.store().digest());
    stdout(&mut world, "scale deploy web --replicas=9 --dry-run=server");
    stdout(&mut world, "scale deploy web --replicas=9 --dry-run=client");
    assert_eq!(
        (world.api.store().revision(), world.api.store().digest()),
        before
    );
}

#[test]
fn files_name_objects() {
    let mut world = web();
    world.files.insert("web.yml".into(), FILE.into());
    let line = "get -f web.yml -o name";
    assert_eq!(stdout(&mut world, line), "deployment.apps/web\n");
    assert_eq!(
        stdout(&mut world, "scale -f web.yml --replicas=3"),
        "deployment.apps/web scaled\n"
    );
    assert_eq!(
        stdout(&mut world, "delete -f web.yml"),
        "deployment.apps \"web\" deleted from default namespace\n"
    );
    assert_eq!(
        world.run("delete -f web.yml"),
        failed(
            "Error from server (NotFound): error when deleting \"web.yml\": deployments.apps \"web\" not found"
        )
    );
    assert_eq!(
        world.run("delete -f nosuch.yml"),
        failed("error: the path \"nosuch.yml\" does not exist")
    );
}

#[test]
fn patch_changes_fields() {
    let mut world = web();
    let line = "patch deploy web -p '{\"spec\":{\"replicas\":3}}'";
    assert_eq!(stdout(&mut world, line), "deployment.apps/web patched\n");
    assert_eq!(
        stdout(&mut world, line),
        "deployment.apps/web patched (no change)\n"
    );
    let deployment = world.get(Kind::Deployment, "default", "web").expect("web");
    assert_eq!(deployment.deployment().map(|d| d.replicas()), Some(3));
    assert_eq!(
        world.run("patch deploy web -p '{\"spec\":{\"replicas\":\"x\"}}'"),
        failed(
            "The request is invalid: patch: Invalid value: \"map[spec:map[replicas:x]]\": unrecognized type: int32"
        )
    );
}
