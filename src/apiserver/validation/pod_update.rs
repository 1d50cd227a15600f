//! What of a pod may be changed.
//!
//! Upstream: `pkg/apis/core/validation/validation.go` (ValidatePodUpdate).

use k8s_openapi::api::core::v1::{Container, PodSpec, Toleration};

use serde_json::Value;

use crate::api::{
    Body, Meta, Object, PodBody, SharedPodSpec, go_internal_pod_spec, to_json, unified_diff,
};
use crate::apiserver::FieldError;

use super::{Errors, pod};

const ONLY: &str = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/// Problems of a visitor's new version of a pod.
pub(in crate::apiserver) fn pod_update(new: &PodBody, old: &PodBody) -> Errors {
    let mut errors = Vec::new();
    if new.spec == old.spec && new.node_name == old.node_name {
        return errors;
    }
    pod::pod_spec(&new.spec.spec, "spec", &mut errors);
    pod::images_of_a_pod(&new.spec.spec, &mut errors);
    let (new_spec, old_spec) = (&*new.spec.spec, &*old.spec.spec);
    for (new, old, path) in [
        (
            Some(&new_spec.containers),
            Some(&old_spec.containers),
            "spec.containers",
        ),
        (
            new_spec.init_containers.as_ref(),
            old_spec.init_containers.as_ref(),
            "spec.initContainers",
        ),
    ] {
        if new.map_or(0, Vec::len) != old.map_or(0, Vec::len) {
            let why = "pod updates may not add or remove containers";
            errors.push(FieldError::forbidden(path, why));
            return errors;
        }
    }
    let kept = old_spec.tolerations.iter().flatten();
    for (i, toleration) in kept.enumerate() {
        let still = new_spec
            .tolerations
            .iter()
            .flatten()
            .any(|t| is_same(t, toleration));
        if !still {
            let why = "existing toleration can not be modified except its tolerationSeconds";
            errors.push(FieldError::forbidden(format!("spec.tolerations[{i}]"), why));
        }
    }
    let mut allowed: PodSpec = new_spec.clone();
    allowed.active_deadline_seconds = old_spec.active_deadline_seconds;
    allowed.tolerations.clone_from(&old_spec.tolerations);
    take_images(&mut allowed.containers, &old_spec.containers);
    let old_init = old_spec.init_containers.as_deref().unwrap_or_default();
    take_images(
        allowed.init_containers.as_deref_mut().unwrap_or_default(),
        old_init,
    );
    if allowed != *old_spec || new.node_name != old.node_name {
        let difference = difference(allowed, new, old);
        errors.push(FieldError::forbidden(
            "spec",
            &format!("{ONLY}\n{difference}"),
        ));
    }
    errors
}

/// What upstream's structs of both specs differ in, of what may not differ.
fn difference(allowed: PodSpec, new: &PodBody, old: &PodBody) -> String {
    let printed = |pod: PodBody| {
        let pod = to_json(&Object {
            meta: Meta::default(),
            body: Body::Pod(pod),
        });
        go_internal_pod_spec(pod.get("spec").unwrap_or(&Value::Null)) + "\n"
    };
    let munged = PodBody {
        spec: SharedPodSpec::new(allowed, old.spec.admitted),
        node_name: new.node_name.clone(),
        token_suffix: old.token_suffix.clone(),
        status: old.status.clone(),
    };
    unified_diff(&printed(old.clone()), &printed(munged))
}

fn is_same(new: &Toleration, old: &Toleration) -> bool {
    let without_seconds = |t: &Toleration| Toleration {
        toleration_seconds: None,
        ..t.clone()
    };
    without_seconds(new) == without_seconds(old)
}

fn take_images(containers: &mut [Container], from: &[Container]) {
    for (new, old) in containers.iter_mut().zip(from) {
        new.image.clone_from(&old.image);
    }
}
