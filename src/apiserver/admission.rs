//! Admission: what the server adds to a pod before it is stored.
//!
//! Upstream: `plugin/pkg/admission/{defaulttolerationseconds,serviceaccount,nodetaint}`.

mod limits;
mod priority;
mod quota;

use std::sync::Arc;

use k8s_openapi::api::core::v1::{
    ConfigMapProjection, DownwardAPIProjection, DownwardAPIVolumeFile, KeyToPath,
    ObjectFieldSelector, PodSpec, ProjectedVolumeSource, ServiceAccountTokenProjection, Toleration,
    Volume, VolumeMount, VolumeProjection,
};

use serde_json::Value;

use crate::api::{Body, Kind, Object, PodBody, PodTemplate, SharedPodSpec};

use super::server::fresh_pod_status;
use super::{ApiError, ApiOptions, ApiServer, Cause, Snapshot};
use priority::Priority;

pub use priority::SYSTEM_CLASSES;
pub use quota::quota_status;

/// The volume's name but for its five letters.
pub(super) const TOKEN_VOLUME: &str = "kube-api-access-";
const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Completes an object that is about to be created. Errors: Forbidden.
pub(super) fn admit(server: &ApiServer, object: &mut Object) -> Result<(), ApiError> {
    let (name, uid) = (object.meta.name.clone(), object.meta.uid);
    let Body::Pod(pod) = &mut object.body else {
        return Ok(());
    };
    let pods_max = server.state.options.pods_max;
    if server.pod_count() >= pods_max {
        let why = format!("the simulation holds {pods_max} pods at most");
        return Err(ApiError::forbidden(Kind::Pod, &name, &why));
    }
    // A name that is generated comes later than this.
    let shown = object.meta.generate_name.clone().unwrap_or(name);
    let refused = |why: String| ApiError::forbidden(Kind::Pod, &shown, &why);
    let now = server.store.head();
    let namespace = object.meta.namespace.clone();
    let note = limit(&namespace, pod, now).map_err(refused)?;
    check_account(&namespace, &pod.spec.spec, now).map_err(refused)?;
    let priority = Priority::resolve(&pod.spec.spec, now).map_err(refused)?;
    if !pod.spec.admitted {
        let mut spec = (*pod.spec.spec).clone();
        priority.put(&mut spec).map_err(refused)?;
        pod.spec = SharedPodSpec::new(admitted(spec, &server.state.options), true);
    } else if !priority.is_in(&pod.spec.spec) {
        // The class has changed since the template was admitted.
        let mut spec = (*pod.spec.spec).clone();
        (spec.priority, spec.preemption_policy) = (None, None);
        priority.put(&mut spec).map_err(refused)?;
        pod.spec = SharedPodSpec::new(spec, true);
    }
    let has_token = pod
        .spec
        .spec
        .volumes
        .iter()
        .flatten()
        .any(|v| v.name == TOKEN_VOLUME);
    pod.token_suffix = has_token.then(|| server.state.seed.suffix((uid, "token"), 0).into());
    pod.status = fresh_pod_status();
    if !note.is_empty() {
        object
            .meta
            .set_annotation("kubernetes.io/limit-ranger", Some(&note));
    }
    Ok(())
}

/// Applies the namespace's LimitRanges. Returns the text of the annotation that tells of it.
/// Errors: what is out of bounds.
fn limit(namespace: &str, pod: &mut PodBody, now: Snapshot<'_>) -> Result<String, String> {
    let ranges = now.list(Kind::LimitRange, Some(namespace));
    let ranges: Vec<&Value> = ranges.filter_map(|range| range.data()).collect();
    if ranges.is_empty() {
        return Ok(String::new());
    }
    let mut spec = (*pod.spec.spec).clone();
    let notes = ranges.iter().map(|range| limits::fill(range, &mut spec));
    let notes: Vec<String> = notes.filter(|note| !note.is_empty()).collect();
    let breaches = ranges
        .iter()
        .flat_map(|range| limits::breaches(range, &spec));
    let breaches: Vec<String> = breaches.collect();
    match breaches.as_slice() {
        [] => {}
        [one] => return Err(one.clone()),
        several => return Err(format!("[{}]", several.join(", "))),
    }
    if notes.is_empty() {
        return Ok(String::new());
    }
    pod.spec = SharedPodSpec::new(spec, pod.spec.admitted);
    Ok(format!("LimitRanger plugin set: {}", notes.join("; ")))
}

/// An account that a pod names must exist. For `default` upstream waits until its controller has
/// made it.
fn check_account(namespace: &str, spec: &PodSpec, now: Snapshot<'_>) -> Result<(), String> {
    let name = spec.service_account_name.as_deref().unwrap_or_default();
    let known =
        matches!(name, "" | "default") || now.find(Kind::ServiceAccount, namespace, name).is_some();
    if known {
        return Ok(());
    }
    Err(format!(
        "error looking up service account {namespace}/{name}: serviceaccount \"{name}\" not found"
    ))
}

impl ApiServer {
    /// The spec that all pods of a template share, admitted once.
    pub fn admitted_template(&self, template: &PodTemplate) -> Arc<SharedPodSpec> {
        let admit = || {
            let mut spec = template.spec();
            // A class that does not exist is an error for each pod.
            if let Ok(priority) = Priority::resolve(&spec, self.store.head()) {
                let _ = priority.put(&mut spec);
            }
            SharedPodSpec::new(admitted(spec, &self.state.options), true)
        };
        template.admitted.get_or_init(admit).clone()
    }

    /// Charges a new object, or what an object has grown by, to the quotas of its namespace.
    /// Errors: Forbidden.
    pub(super) fn charge_quotas(
        &mut self,
        object: &Object,
        before: Option<&Object>,
        cause: Cause,
    ) -> Result<(), ApiError> {
        if before.is_some() && !quota::counts_updates(object.kind()) {
            return Ok(());
        }
        let quotas = self
            .store
            .head()
            .list(Kind::ResourceQuota, Some(&object.meta.namespace));
        let quotas: Vec<Arc<Object>> = quotas.cloned().collect();
        let mut charged = Vec::new();
        for old in quotas {
            let body = old.data().unwrap_or(&Value::Null);
            let used = quota::charge(&old.meta.name, body, object, before)
                .map_err(|why| ApiError::forbidden(object.kind(), &object.meta.name, &why))?;
            if let Some(used) = used {
                let mut new = (*old).clone();
                if let Body::Data(_, body) = &mut new.body
                    && let Some(status) = Arc::make_mut(body).get_mut("status")
                    && let Some(status) = status.as_object_mut()
                {
                    status.insert("used".into(), used);
                }
                charged.push(new);
            }
        }
        for quota in charged {
            self.commit(&quota.key(), quota, cause);
        }
        Ok(())
    }
}

fn admitted(mut spec: PodSpec, options: &ApiOptions) -> PodSpec {
    add_tolerations(&mut spec, options);
    let account = spec
        .service_account_name
        .clone()
        .or_else(|| spec.service_account.clone());
    let account = account
        .filter(|a| !a.is_empty())
        .unwrap_or_else(|| "default".into());
    spec.service_account_name = Some(account.clone());
    spec.service_account = Some(account);
    if spec.automount_service_account_token != Some(false) {
        add_token_volume(&mut spec);
    }
    spec.enable_service_links.get_or_insert(true);
    spec
}

fn add_tolerations(spec: &mut PodSpec, options: &ApiOptions) {
    let tolerations = spec.tolerations.get_or_insert_default();
    for (key, seconds) in [
        (
            "node.kubernetes.io/not-ready",
            options.not_ready_toleration_secs,
        ),
        (
            "node.kubernetes.io/unreachable",
            options.unreachable_toleration_secs,
        ),
    ] {
        let covers = |t: &Toleration| {
            let (own, effect) = (
                t.key.as_deref().unwrap_or_default(),
                t.effect.as_deref().unwrap_or_default(),
            );
            (own == key || own.is_empty()) && (effect == "NoExecute" || effect.is_empty())
        };
        if !tolerations.iter().any(covers) {
            tolerations.push(Toleration {
                key: Some(key.into()),
                operator: Some("Exists".into()),
                effect: Some("NoExecute".into()),
                toleration_seconds: Some(seconds),
                value: None,
            });
        }
    }
}

fn add_token_volume(spec: &mut PodSpec) {
    let all = spec
        .containers
        .iter_mut()
        .chain(spec.init_containers.iter_mut().flatten());
    let mut wanted = false;
    for container in all {
        let mounts = container.volume_mounts.get_or_insert_default();
        if mounts.iter().any(|m| m.mount_path == TOKEN_PATH) {
            continue;
        }
        wanted = true;
        mounts.push(VolumeMount {
            name: TOKEN_VOLUME.into(),
            mount_path: TOKEN_PATH.into(),
            read_only: Some(true),
            ..VolumeMount::default()
        });
    }
    if wanted {
        spec.volumes.get_or_insert_default().push(token_volume());
    }
}

fn token_volume() -> Volume {
    let token = ServiceAccountTokenProjection {
        expiration_seconds: Some(3607),
        path: "token".into(),
        audience: None,
    };
    let ca = KeyToPath {
        key: "ca.crt".into(),
        path: "ca.crt".into(),
        mode: None,
    };
    let namespace = DownwardAPIVolumeFile {
        path: "namespace".into(),
        field_ref: Some(ObjectFieldSelector {
            api_version: Some("v1".into()),
            field_path: "metadata.namespace".into(),
        }),
        ..DownwardAPIVolumeFile::default()
    };
    let sources = vec![
        VolumeProjection {
            service_account_token: Some(token),
            ..VolumeProjection::default()
        },
        VolumeProjection {
            config_map: Some(ConfigMapProjection {
                items: Some(vec![ca]),
                name: "kube-root-ca.crt".into(),
                optional: None,
            }),
            ..VolumeProjection::default()
        },
        VolumeProjection {
            downward_api: Some(DownwardAPIProjection {
                items: Some(vec![namespace]),
            }),
            ..VolumeProjection::default()
        },
    ];
    Volume {
        name: TOKEN_VOLUME.into(),
        projected: Some(ProjectedVolumeSource {
            default_mode: Some(420),
            sources: Some(sources),
        }),
        ..Volume::default()
    }
}
