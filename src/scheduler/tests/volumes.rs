//! VolumeBinding: what pods with claims wait for, and where they may run.
//!
//! Upstream: cases after `FP/volumebinding/volume_binding_test.go`.

use serde_json::{Value, json};

use super::*;
use crate::api::{SELECTED_NODE, from_json};

fn put(world: &mut World, kind: Kind, name: &str, annotations: &Value, rest: &Value) -> Key {
    let namespace = if kind.info().namespaced {
        "default"
    } else {
        ""
    };
    let mut value = json!({
        "metadata": {"name": name, "namespace": namespace, "annotations": annotations},
    });
    if let (Some(value), Some(rest)) = (value.as_object_mut(), rest.as_object()) {
        value.extend(rest.clone());
    }
    let object = from_json(kind, &value).expect("an object");
    world.create(object, None)
}

fn claim(world: &mut World, class: &str, volume: &str) -> Key {
    let bound = !volume.is_empty();
    let marks = if bound {
        json!({"pv.kubernetes.io/bind-completed": "yes"})
    } else {
        json!({})
    };
    let spec = json!({"spec": {
        "accessModes": ["ReadWriteOnce"], "storageClassName": class, "volumeName": volume,
        "resources": {"requests": {"storage": "1Gi"}},
    }});
    put(world, Kind::PersistentVolumeClaim, "data", &marks, &spec)
}

fn class(world: &mut World, name: &str, provisioner: &str) {
    let rest = json!({
        "provisioner": provisioner, "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
    });
    put(world, Kind::StorageClass, name, &json!({}), &rest);
}

/// A volume that is reached from one node.
fn volume(world: &mut World, name: &str, class: &str, node: &str) {
    let rule = json!({"key": "kubernetes.io/hostname", "operator": "In", "values": [node]});
    let terms = json!({"nodeSelectorTerms": [{"matchExpressions": [rule]}]});
    let rest = json!({
        "spec": {
            "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"},
            "hostPath": {"path": "/x"}, "nodeAffinity": {"required": terms},
            "persistentVolumeReclaimPolicy": "Retain", "storageClassName": class,
        },
        "status": {"phase": "Available"},
    });
    put(world, Kind::PersistentVolume, name, &json!({}), &rest);
}

fn pod(world: &mut World) {
    let spec = json!({"metadata": {"name": "x", "namespace": "default"}, "spec": {
        "containers": [{"name": "c", "image": "nginx"}],
        "schedulerName": "default-scheduler",
        "volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}],
    }});
    let object = from_json(Kind::Pod, &spec).expect("a pod");
    world.create(object, None);
}

fn two() -> World {
    let label = |name| format!("label=kubernetes.io/hostname:{name}");
    World::new(&[("n1", label("n1").as_str()), ("n2", label("n2").as_str())])
}

#[test]
fn says_which_claim_a_pod_waits_for() {
    let none = |_: &mut World| {};
    let immediate = |world: &mut World| {
        claim(world, "", "");
    };
    let elsewhere = |world: &mut World| {
        volume(world, "v", "", "n9");
        claim(world, "", "v");
    };
    let lost = |world: &mut World| {
        claim(world, "", "v");
    };
    let by_hand = |world: &mut World| {
        class(world, "local", "kubernetes.io/no-provisioner");
        claim(world, "local", "");
    };
    for (set_up, words) in [
        (
            &none as &dyn Fn(&mut World),
            "persistentvolumeclaim \"data\" not found",
        ),
        (
            &immediate,
            "pod has unbound immediate PersistentVolumeClaims",
        ),
        (
            &elsewhere,
            "2 node(s) didn't match PersistentVolume's node affinity",
        ),
        (
            &lost,
            "2 node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)",
        ),
        (
            &by_hand,
            "2 node(s) didn't find available persistent volumes to bind",
        ),
    ] {
        let mut world = two();
        set_up(&mut world);
        pod(&mut world);
        world.run(1.0);
        let why = world.why_not("x");
        let head = format!("0/2 nodes are available: {words}. ");
        assert!(why.starts_with(&head), "{why}");
    }
}

#[test]
fn a_pod_runs_where_its_volume_is() {
    let mut world = two();
    volume(&mut world, "v", "", "n2");
    claim(&mut world, "", "v");
    pod(&mut world);
    world.run(1.0);
    assert_eq!(world.placed("x"), "n2");
}

#[test]
fn a_claim_that_waits_for_its_pod_is_told_the_node_and_wakes_the_pod_when_bound() {
    let mut world = two();
    class(&mut world, "late", "example.com/disk");
    let key = claim(&mut world, "late", "");
    pod(&mut world);
    world.run(1.0);
    assert_eq!(world.placed("x"), "");
    assert_eq!(world.events("x").len(), 0, "it is no failure");
    let found = world.api.store().head().get(&key).cloned().expect("it");
    let node = found
        .meta
        .annotation(SELECTED_NODE)
        .expect("a node")
        .to_string();
    volume(&mut world, "v", "late", &node);
    world.change(&key, |claim| {
        claim
            .meta
            .set_annotation("pv.kubernetes.io/bind-completed", Some("yes"));
        if let Body::Data(_, data) = &mut claim.body {
            Arc::make_mut(data)["spec"]["volumeName"] = json!("v");
        }
    });
    world.run(2.5);
    assert_eq!(world.placed("x"), node);
}
