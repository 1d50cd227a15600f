//! Claims that get volumes, by hand and by a provisioner.
//!
//! Upstream: cases after `pv_controller_test.go`.

use serde_json::{Value, json};

use super::super::drive::Drive;
use crate::api::{Kind, data_text};
use crate::clock::Span;

fn claim(drive: &mut Drive, name: &str, class: Option<&str>, size: &str) {
    let mut spec = json!({
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": size}},
        "volumeMode": "Filesystem",
    });
    if let Some(class) = class {
        spec["storageClassName"] = json!(class);
    }
    let kind = Kind::PersistentVolumeClaim;
    drive.create(kind, "default", name, &json!({"spec": spec}));
}

fn volume(drive: &mut Drive, name: &str, size: &str, more: &Value) {
    let mut spec = json!({
        "accessModes": ["ReadWriteOnce", "ReadOnlyMany"],
        "capacity": {"storage": size},
        "hostPath": {"path": "/data"},
        "persistentVolumeReclaimPolicy": "Retain",
        "volumeMode": "Filesystem",
    });
    if let (Some(spec), Some(more)) = (spec.as_object_mut(), more.as_object()) {
        spec.extend(more.clone());
    }
    drive.create(Kind::PersistentVolume, "", name, &json!({"spec": spec}));
}

fn class(drive: &mut Drive, name: &str, provisioner: &str, mode: &str) {
    let class = json!({
        "provisioner": provisioner, "reclaimPolicy": "Delete", "volumeBindingMode": mode,
    });
    drive.create(Kind::StorageClass, "", name, &class);
}

/// `phase volume`.
fn state(drive: &Drive, name: &str) -> String {
    let claim = drive.get(Kind::PersistentVolumeClaim, name).expect("it");
    let volume = data_text(&claim, "/spec/volumeName");
    let phase = data_text(&claim, "/status/phase");
    format!("{phase} {volume}").trim().to_string()
}

fn phase(drive: &Drive, volume: &str) -> String {
    let volume = drive.get(Kind::PersistentVolume, volume).expect("it");
    data_text(&volume, "/status/phase").to_string()
}

#[test]
fn a_claim_gets_the_smallest_volume_that_is_large_enough() {
    let mut drive = Drive::new();
    volume(&mut drive, "large", "10Gi", &json!({}));
    volume(&mut drive, "small", "1Gi", &json!({}));
    volume(&mut drive, "middle", "2Gi", &json!({}));
    volume(
        &mut drive,
        "other",
        "2Gi",
        &json!({"storageClassName": "x"}),
    );
    drive.settle();
    assert_eq!(phase(&drive, "middle"), "Available");
    claim(&mut drive, "data", None, "1500Mi");
    drive.settle();
    assert_eq!(state(&drive, "data"), "Bound middle");
    assert_eq!(phase(&drive, "middle"), "Bound");
    assert_eq!(drive.reconcile_all(), Vec::<String>::new());
    claim(&mut drive, "more", None, "100Gi");
    drive.settle();
    assert_eq!(state(&drive, "more"), "Pending");
    let told = drive.events(Kind::PersistentVolumeClaim);
    let wanted =
        "FailedBinding no persistent volumes available for this claim and no storage class is set";
    assert!(told.iter().any(|line| line.starts_with(wanted)), "{told:?}");
    drive.delete(Kind::PersistentVolumeClaim, "data");
    drive.settle();
    assert_eq!(phase(&drive, "middle"), "Released", "its policy is Retain");
}

#[test]
fn a_provisioner_makes_a_volume_which_goes_with_its_claim() {
    let mut drive = Drive::new();
    class(&mut drive, "fast", "example.com/disk", "Immediate");
    claim(&mut drive, "data", Some("fast"), "1Gi");
    drive.run_for(Span::secs(5));
    let claim = drive.get(Kind::PersistentVolumeClaim, "data").expect("it");
    let name = format!("pvc-{}", claim.meta.uid);
    assert_eq!(state(&drive, "data"), format!("Bound {name}"));
    let reasons: Vec<String> = drive
        .events(Kind::PersistentVolumeClaim)
        .iter()
        .filter_map(|line| line.split(' ').next().map(str::to_string))
        .collect();
    let wanted = [
        "ExternalProvisioning",
        "Provisioning",
        "ProvisioningSucceeded",
    ];
    assert_eq!(reasons, wanted);
    drive.delete(Kind::PersistentVolumeClaim, "data");
    drive.settle();
    assert!(drive.get(Kind::PersistentVolumeClaim, "data").is_none());
    assert!(drive.get(Kind::PersistentVolume, &name).is_none());
}

#[test]
fn some_claims_wait_for_a_pod_or_for_ever() {
    let mut drive = Drive::new();
    class(
        &mut drive,
        "late",
        "example.com/disk",
        "WaitForFirstConsumer",
    );
    class(
        &mut drive,
        "by-hand",
        "kubernetes.io/no-provisioner",
        "Immediate",
    );
    claim(&mut drive, "a", Some("late"), "1Gi");
    claim(&mut drive, "b", Some("by-hand"), "1Gi");
    claim(&mut drive, "c", Some("nosuch"), "1Gi");
    drive.run_for(Span::secs(5));
    for name in ["a", "b", "c"] {
        assert_eq!(state(&drive, name), "Pending", "{name}");
    }
    let told = drive.events(Kind::PersistentVolumeClaim).join("\n");
    for text in [
        "WaitForFirstConsumer waiting for first consumer to be created before binding",
        "ProvisioningFailed no volume plugin matched name: kubernetes.io/no-provisioner",
        "ProvisioningFailed storageclass.storage.k8s.io \"nosuch\" not found",
    ] {
        assert!(told.contains(text), "{told}");
    }
    class(&mut drive, "nosuch", "example.com/disk", "Immediate");
    drive.run_for(Span::secs(5));
    assert!(
        state(&drive, "c").starts_with("Bound"),
        "its class has come"
    );
}

#[test]
fn a_claim_that_a_pod_uses_goes_after_the_pod() {
    let mut drive = Drive::new();
    volume(&mut drive, "v", "1Gi", &json!({}));
    claim(&mut drive, "data", None, "1Gi");
    let pod = json!({"spec": {
        "containers": [{"name": "c", "image": "nginx"}],
        "volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}],
    }});
    drive.create(Kind::Pod, "default", "p", &pod);
    drive.settle();
    drive.bind_pods(&["n1"]);
    drive.delete(Kind::PersistentVolumeClaim, "data");
    drive.settle();
    let claim = drive.get(Kind::PersistentVolumeClaim, "data").expect("it");
    assert!(claim.meta.is_deleting());
    drive.delete(Kind::Pod, "p");
    drive.kubelets_act();
    drive.settle();
    assert!(drive.get(Kind::PersistentVolumeClaim, "data").is_none());
}
