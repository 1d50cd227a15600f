//! StatefulSets.
//!
//! Upstream: `pkg/apis/apps/validation/validation.go` (ValidateStatefulSetSpec and -Update).

use k8s_openapi::api::apps::v1::{StatefulSetSpec, StatefulSetUpdateStrategy};
use k8s_openapi::api::core::v1::{PersistentVolumeClaimVolumeSource, PodTemplateSpec, Volume};
use serde_json::json;

use crate::api::{Selector, go_quote};
use crate::apiserver::FieldError;

use super::Errors;
use super::format::dns_1123_label;
use super::meta::{invalid_text, selector, selector_text};
use super::workload::{is_absent, matches_template, mismatch, nonnegative, pod_template};

/// The rules; `new` adds those that an older object may break.
pub(super) fn stateful_set(spec: &StatefulSetSpec, new: bool, errors: &mut Errors) {
    let policy = spec.pod_management_policy.as_deref().unwrap_or_default();
    if !matches!(policy, "OrderedReady" | "Parallel") {
        let path = "spec.podManagementPolicy";
        let why = "must be 'OrderedReady' or 'Parallel'";
        errors.push(FieldError::invalid(path, go_quote(policy), why));
    }
    if let Some(strategy) = &spec.update_strategy {
        update_strategy(strategy, errors);
    }
    let retention = spec.persistent_volume_claim_retention_policy.as_ref();
    for (policy, field) in [
        (
            retention.and_then(|p| p.when_deleted.as_deref()),
            "whenDeleted",
        ),
        (
            retention.and_then(|p| p.when_scaled.as_deref()),
            "whenScaled",
        ),
    ] {
        if let Some(other) = policy.filter(|p| !matches!(*p, "Retain" | "Delete")) {
            let path = format!("spec.persistentVolumeClaimRetentionPolicy.{field}");
            let allowed = &["Retain", "Delete"];
            errors.push(FieldError::not_supported(path, go_quote(other), allowed));
        }
    }
    let minimum = spec.min_ready_seconds.unwrap_or(0);
    nonnegative(spec.replicas.unwrap_or(1), "spec.replicas", errors);
    nonnegative(minimum, "spec.minReadySeconds", errors);
    if let Some(start) = spec.ordinals.as_ref().and_then(|o| o.start) {
        nonnegative(start, "spec.ordinals.start", errors);
    }
    let service = spec.service_name.as_deref().unwrap_or_default();
    if new && !service.is_empty() {
        let problems = dns_1123_label(service);
        invalid_text("spec.serviceName", service, problems, errors);
    }
    selected_template(spec, errors);
}

fn selected_template(spec: &StatefulSetSpec, errors: &mut Errors) {
    let wanted = &spec.selector;
    let mut usable = true;
    if is_absent(wanted) {
        errors.push(FieldError::required("spec.selector", ""));
    } else {
        usable = selector(wanted, "spec.selector", errors);
        if Selector::from_api(wanted).is_empty() {
            let why = "empty selector is invalid for statefulset";
            errors.push(FieldError::invalid("spec.selector", "{}", why));
        }
    }
    if !usable {
        let text = selector_text(wanted);
        errors.push(FieldError::invalid("spec.selector", text, ""));
        return;
    }
    if !matches_template(wanted, &spec.template) {
        errors.push(mismatch(&spec.template));
    }
    pod_template(&with_claims(spec), "StatefulSet", errors);
}

/// The template as its pods have it: with a volume for each claim template.
fn with_claims(spec: &StatefulSetSpec) -> PodTemplateSpec {
    let mut template = spec.template.clone();
    let pod = template.spec.get_or_insert_default();
    (pod.hostname, pod.subdomain) = (None, None);
    for claim in spec.volume_claim_templates.iter().flatten() {
        let name = claim.metadata.name.clone().unwrap_or_default();
        let volumes = pod.volumes.get_or_insert_default();
        volumes.retain(|v| v.name != name);
        let source = PersistentVolumeClaimVolumeSource {
            claim_name: name.clone(),
            read_only: None,
        };
        volumes.push(Volume {
            name,
            persistent_volume_claim: Some(source),
            ..Volume::default()
        });
    }
    template
}

fn update_strategy(strategy: &StatefulSetUpdateStrategy, errors: &mut Errors) {
    let rolling = strategy.rolling_update.as_ref();
    let partition = rolling.and_then(|r| r.partition).unwrap_or(0);
    let text = format!("{{\"Partition\":{partition},\"MaxUnavailable\":null}}");
    match strategy.type_.as_deref().unwrap_or_default() {
        "OnDelete" if rolling.is_some() => {
            let path = "spec.updateStrategy.rollingUpdate";
            let why = "only allowed for updateStrategy 'RollingUpdate'";
            errors.push(FieldError::invalid(path, text, why));
        }
        "OnDelete" => {}
        "RollingUpdate" => {
            let path = "spec.updateStrategy.rollingUpdate.partition";
            nonnegative(partition, path, errors);
        }
        other => {
            let rolling = rolling.map_or("null".into(), |_| text);
            let text = format!(
                "{{\"Type\":{},\"RollingUpdate\":{rolling}}}",
                go_quote(other)
            );
            let why = "must be 'RollingUpdate' or 'OnDelete'";
            errors.push(FieldError::invalid("spec.updateStrategy", text, why));
        }
    }
}

/// Everything but the fields that may change must be as it was.
pub(super) fn immutable_fields(new: &StatefulSetSpec, old: &StatefulSetSpec, errors: &mut Errors) {
    let fixed = |spec: &StatefulSetSpec| {
        (
            json!(spec.volume_claim_templates),
            spec.service_name.clone().unwrap_or_default(),
            spec.pod_management_policy.clone(),
            Selector::from_api(&spec.selector),
        )
    };
    if fixed(new) != fixed(old) {
        errors.push(FieldError::forbidden("spec", "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"));
    }
}
