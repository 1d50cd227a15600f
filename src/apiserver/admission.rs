//! Admission: what the server adds to a pod before it is stored.
//!
//! Upstream: `plugin/pkg/admission/{defaulttolerationseconds,serviceaccount,priority,nodetaint}`.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{
    ConfigMapProjection, DownwardAPIProjection, DownwardAPIVolumeFile, KeyToPath,
    ObjectFieldSelector, PodSpec, ProjectedVolumeSource, ServiceAccountTokenProjection, Toleration,
    Volume, VolumeMount, VolumeProjection,
};

use crate::api::{Body, Kind, Object, PodTemplate, SharedPodSpec};

use super::server::fresh_pod_status;
use super::{ApiError, ApiOptions, ApiServer};

/// The volume's name but for its five letters.
pub(super) const TOKEN_VOLUME: &str = "kube-api-access-";
const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The priority classes that every cluster has.
pub(super) const SYSTEM_CLASSES: &[(&str, i32)] = &[
    ("system-node-critical", 2_000_001_000),
    ("system-cluster-critical", 2_000_000_000),
];

/// Completes an object that is about to be created. Errors: Forbidden.
pub(super) fn admit(server: &ApiServer, object: &mut Object) -> Result<(), ApiError> {
    let (name, uid) = (object.meta.name.clone(), object.meta.uid);
    let Body::Pod(pod) = &mut object.body else {
        return Ok(());
    };
    let limit = server.state.options.pods_max;
    if server.pod_count() >= limit {
        let why = format!("the simulation holds {limit} pods at most");
        return Err(ApiError::forbidden(Kind::Pod, &name, &why));
    }
    if !pod.spec.admitted {
        pod.spec = SharedPodSpec::new(
            admitted((*pod.spec.spec).clone(), &server.state.options),
            true,
        );
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
    Ok(())
}

impl ApiServer {
    /// The spec that all pods of a template share, admitted once.
    pub fn admitted_template(&self, template: &PodTemplate) -> Arc<SharedPodSpec> {
        let admit = || SharedPodSpec::new(admitted(template.spec(), &self.state.options), true);
        template.admitted.get_or_init(admit).clone()
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
    spec.priority
        .get_or_insert(match spec.priority_class_name.as_deref() {
            Some("system-node-critical") => 2_000_001_000,
            Some("system-cluster-critical") => 2_000_000_000,
            _ => 0,
        });
    spec.preemption_policy
        .get_or_insert_with(|| "PreemptLowerPriority".into());
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
