//! The pods of a StatefulSet: whose number they bear, and how they are made.
//!
//! Upstream: `stateful_set_utils.go` (identity, storage, newVersionedStatefulSetPod),
//! `getPodsForStatefulSet` in `stateful_set.go`.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{PersistentVolumeClaimVolumeSource, PodSpec, Volume};

use crate::api::{
    Body, Kind, Meta, Object, Order, PodBody, PodStatus, PodTemplate, SharedPodSpec,
    StatefulSetBody,
};
use crate::apiserver::ApiError;

use super::super::revisions::REVISION_HASH;
use super::super::util::{self, controller_ref};
use super::Sync;

const POD_NAME: &str = "statefulset.kubernetes.io/pod-name";
const POD_INDEX: &str = "apps.kubernetes.io/pod-index";

/// The number at the end of `<set>-<number>`; `None` for names that are no such.
pub(super) fn ordinal_of(name: &str, set: &str) -> Option<i32> {
    let digits = name.strip_prefix(set)?.strip_prefix('-')?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

/// `<template>-<set>-<ordinal>`.
pub(super) fn claim_name(template: &str, set: &str, ordinal: i32) -> String {
    format!("{template}-{set}-{ordinal}")
}

/// The names of the claim templates, in order.
pub(super) fn claim_templates(body: &StatefulSetBody) -> impl Iterator<Item = &str> {
    let templates = body.spec.volume_claim_templates.iter().flatten();
    templates.map(|claim| claim.metadata.name.as_deref().unwrap_or_default())
}

/// Puts a volume for each claim before those of the template.
fn set_volumes(spec: &mut PodSpec, set: &str, body: &StatefulSetBody, ordinal: i32) {
    let claims = claim_templates(body).map(|name| Volume {
        name: name.to_string(),
        persistent_volume_claim: Some(PersistentVolumeClaimVolumeSource {
            claim_name: claim_name(name, set, ordinal),
            read_only: None,
        }),
        ..Volume::default()
    });
    let mut volumes: Vec<Volume> = claims.collect();
    let named: Vec<String> = volumes.iter().map(|v| v.name.clone()).collect();
    let own = spec.volumes.take().unwrap_or_default();
    volumes.extend(own.into_iter().filter(|v| !named.contains(&v.name)));
    spec.volumes = Some(volumes).filter(|list| !list.is_empty());
}

fn set_identity(meta: &mut Meta, ordinal: i32) {
    let name = meta.name.clone();
    meta.set_label(POD_NAME, Some(&name));
    meta.set_label(POD_INDEX, Some(&ordinal.to_string()));
}

/// Whether the pod bears the label of its name, and has the volumes of its claims.
pub(super) fn matches(pod: &Object, set: &str, body: &StatefulSetBody, ordinal: i32) -> bool {
    let volumes = pod.pod().and_then(|p| p.spec.spec.volumes.as_deref());
    let volumes = volumes.unwrap_or_default();
    let mounted = |name: &str| {
        let claim = claim_name(name, set, ordinal);
        volumes.iter().any(|volume| {
            let source = volume.persistent_volume_claim.as_ref();
            volume.name == name && source.is_some_and(|s| s.claim_name == claim)
        })
    };
    pod.meta.label(POD_NAME) == Some(&*pod.meta.name) && claim_templates(body).all(mounted)
}

/// A pod with its ordinal.
type Numbered = (i32, Arc<Object>);

impl Sync<'_, '_> {
    /// The pods of the set by ordinal, adopted and released as name and selector say; `None` if
    /// some were adopted, which the cache has yet to show. Errors: of the writes.
    pub(super) fn claim_pods(&mut self) -> Result<Option<Vec<Numbered>>, ApiError> {
        let (set, selector) = (self.set.clone(), self.body.selector.clone());
        let owned = self.client.cache().owned_by(Kind::Pod, set.meta.uid);
        let owned: Vec<Arc<Object>> = owned.cloned().collect();
        let mut pods = Vec::new();
        for pod in owned {
            let ordinal = ordinal_of(&pod.meta.name, &set.meta.name);
            match ordinal.filter(|_| selector.matches(&pod.meta.labels)) {
                Some(ordinal) => pods.push((ordinal, pod)),
                None if set.meta.is_deleting() => {}
                None => util::release(set.meta.uid, &pod, self.client)?,
            }
        }
        let fits = |pod: &Object| ordinal_of(&pod.meta.name, &set.meta.name).is_some();
        let deleting = set.meta.is_deleting();
        if !deleting
            && util::adopt_where(&set, &selector, Kind::Pod, &fits, self.desk, self.client)?
        {
            return Ok(None);
        }
        pods.order_by_key(|(ordinal, _)| *ordinal);
        Ok(Some(pods))
    }

    /// A pod with an ordinal, of a revision's template.
    pub(super) fn new_pod(&self, ordinal: i32, revision: &str, template: &PodTemplate) -> Object {
        let set = &self.set.meta.name;
        let mut meta = Meta {
            generate_name: Some(format!("{set}-").into()),
            labels: template.labels.clone(),
            annotations: template.annotations.clone(),
            owners: [controller_ref(&self.set)].into(),
            ..Meta::named(self.set.meta.namespace.clone(), format!("{set}-{ordinal}"))
        };
        set_identity(&mut meta, ordinal);
        meta.set_label(REVISION_HASH, Some(revision));
        let mut spec = template.spec();
        spec.hostname = Some(meta.name.to_string());
        let service = self.body.spec.service_name.clone();
        spec.subdomain = service.filter(|name| !name.is_empty());
        set_volumes(&mut spec, set, &self.body, ordinal);
        let node_name = spec.node_name.take().filter(|name| !name.is_empty());
        Object {
            meta,
            body: Body::Pod(PodBody {
                spec: SharedPodSpec::new(spec, false),
                node_name: node_name.as_deref().map(Arc::from),
                token_suffix: None,
                status: Arc::new(PodStatus::default()),
            }),
        }
    }

    /// A pod with its identity and volumes as they should be.
    pub(super) fn mended(&self, pod: &Object, ordinal: i32) -> Object {
        let mut new = pod.clone();
        set_identity(&mut new.meta, ordinal);
        if !matches(&new, &self.set.meta.name, &self.body, ordinal)
            && let Body::Pod(body) = &mut new.body
        {
            let mut spec = (*body.spec.spec).clone();
            set_volumes(&mut spec, &self.set.meta.name, &self.body, ordinal);
            body.spec = SharedPodSpec::new(spec, body.spec.admitted);
        }
        new
    }
}
