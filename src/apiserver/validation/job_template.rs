//! What may change about the pods of a Job that is suspended.
//!
//! Upstream: `pkg/apis/batch/validation/validation.go` (validatePodTemplateUpdate), with the
//! features MutableSchedulingDirectivesForSuspendedJobs and MutablePodResourcesForSuspendedJobs.

use k8s_openapi::api::core::v1::{Affinity, Container, PodTemplateSpec};

/// Whether a template differs from the old one only in what says where pods go, and how much of a
/// machine they take.
pub(super) fn differs_in_scheduling_only(new: &PodTemplateSpec, old: &PodTemplateSpec) -> bool {
    let mut allowed = old.clone();
    allowed.metadata.clone_from(&new.metadata);
    let (Some(spec), Some(wanted)) = (&mut allowed.spec, &new.spec) else {
        return allowed == *new;
    };
    spec.affinity = affinity(wanted.affinity.as_ref(), spec.affinity.take());
    spec.node_selector.clone_from(&wanted.node_selector);
    spec.tolerations.clone_from(&wanted.tolerations);
    spec.scheduling_gates.clone_from(&wanted.scheduling_gates);
    resources(&wanted.containers, &mut spec.containers);
    let inits = wanted.init_containers.as_deref().unwrap_or_default();
    resources(
        inits,
        spec.init_containers.as_deref_mut().unwrap_or_default(),
    );
    allowed == *new
}

/// Only the part about nodes is free.
fn affinity(wanted: Option<&Affinity>, old: Option<Affinity>) -> Option<Affinity> {
    let nodes = wanted.and_then(|w| w.node_affinity.clone());
    let mut allowed = old.unwrap_or_default();
    allowed.node_affinity = nodes;
    (wanted.is_some() || allowed != Affinity::default()).then_some(allowed)
}

fn resources(wanted: &[Container], own: &mut [Container]) {
    for (own, wanted) in own.iter_mut().zip(wanted) {
        own.resources.clone_from(&wanted.resources);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn template(spec: Value) -> PodTemplateSpec {
        let mut pod = json!({"containers": [{"name": "c", "image": "i"}]});
        for (key, value) in spec.as_object().into_iter().flatten() {
            pod[key] = value.clone();
        }
        serde_json::from_value(json!({"metadata": {}, "spec": pod})).expect("a template")
    }

    #[test]
    fn nodes_and_resources_may_change_and_nothing_else() {
        let node = json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}}});
        let pods = json!({"podAntiAffinity": {}});
        let both = json!({"nodeAffinity": node["nodeAffinity"], "podAntiAffinity": {}});
        for (old, new, may) in [
            (json!({}), json!({"nodeSelector": {"a": "b"}}), true),
            (
                json!({}),
                json!({"tolerations": [{"operator": "Exists"}]}),
                true,
            ),
            (json!({"schedulingGates": [{"name": "g"}]}), json!({}), true),
            (
                json!({}),
                json!({"containers": [{"name": "c", "image": "i", "resources": {"limits": {"cpu": "1"}}}]}),
                true,
            ),
            (json!({}), json!({"affinity": node}), true),
            (json!({"affinity": node}), json!({}), true),
            (json!({"affinity": pods}), json!({"affinity": both}), true),
            (json!({"affinity": pods}), json!({"affinity": node}), false),
            (json!({"affinity": both}), json!({}), false),
            (json!({}), json!({"hostNetwork": true}), false),
            (
                json!({}),
                json!({"containers": [{"name": "c", "image": "j"}]}),
                false,
            ),
        ] {
            let found = differs_in_scheduling_only(&template(new.clone()), &template(old.clone()));
            assert_eq!(found, may, "{old} {new}");
        }
    }
}
