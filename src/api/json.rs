//! Objects as JSON, composed when somebody reads them, and read back when somebody writes.
//!
//! Upstream: the API machinery's codecs. Keys come out sorted, as kubectl prints YAML and JSON.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::{DaemonSetSpec, DeploymentSpec, ReplicaSetSpec, StatefulSetSpec};
use k8s_openapi::api::core::v1::{PodSpec, ReplicationControllerSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::clock::SimTime;

use super::{
    Body, CronJobBody, CronJobStatus, DaemonSetBody, DaemonSetStatus, Deletion, DeploymentBody,
    DeploymentStatus, JobBody, JobStatus, Kind, Labels, Meta, Object, OwnerRef, PodBody, PodStatus,
    PodTemplate, ReplicaSetBody, SharedPodSpec, StatefulSetBody, StatefulSetStatus, Uid,
};

mod apps;
mod batch;
mod event;
mod node;
mod pod;
mod workload;

pub use node::heartbeat_times;

/// The object as the API server would send it. A node's heartbeat times are those of its last own
/// status change; [`heartbeat_times`] fills in the later ones.
pub fn to_json(object: &Object) -> Value {
    let kind = object.kind();
    let mut out = Map::new();
    out.insert("apiVersion".into(), kind.api_version().into());
    out.insert("kind".into(), kind.name().into());
    out.insert("metadata".into(), meta_to_json(&object.meta));
    match &object.body {
        Body::Pod(body) => pod::write(&object.meta, body, &mut out),
        Body::Node(body) => node::write(&object.meta, body, &mut out),
        Body::Lease(body) => node::write_lease(body, &mut out),
        Body::Event(body) => event::write(body, &mut out),
        Body::Deployment(body) => workload::write_deployment(body, &mut out),
        Body::ReplicaSet(body) => workload::write_replica_set(body, &mut out),
        Body::DaemonSet(body) => apps::write_daemon_set(body, &mut out),
        Body::StatefulSet(body) => apps::write_stateful_set(body, &mut out),
        Body::ReplicationController(body) => {
            apps::write_replication_controller(body, &mut out);
        }
        Body::Job(body) => batch::write_job(body, &mut out),
        Body::CronJob(body) => batch::write_cron_job(body, &mut out),
        Body::Data(_, value) => {
            if let Value::Object(fields) = &**value {
                out.extend(fields.clone());
            }
        }
    }
    Value::Object(out)
}

/// `metadata`, without empty fields.
pub fn meta_to_json(meta: &Meta) -> Value {
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| {
        out.insert(key.into(), value);
    };
    if !meta.annotations.is_empty() {
        put("annotations", json!(*meta.annotations));
    }
    if meta.uid != Uid::default() {
        put("creationTimestamp", meta.created.rfc3339().into());
        put("uid", meta.uid.to_string().into());
    }
    if let Some(deletion) = meta.deletion {
        put("deletionGracePeriodSeconds", deletion.grace_secs.into());
        put("deletionTimestamp", deletion.timestamp.rfc3339().into());
    }
    if !meta.finalizers.is_empty() {
        put("finalizers", json!(*meta.finalizers));
    }
    if let Some(name) = &meta.generate_name {
        put("generateName", json!(name));
    }
    if meta.generation != 0 {
        put("generation", meta.generation.into());
    }
    if !meta.labels.is_empty() {
        put("labels", json!(*meta.labels));
    }
    put("name", json!(meta.name));
    if !meta.namespace.is_empty() {
        put("namespace", json!(meta.namespace));
    }
    if !meta.owners.is_empty() {
        put(
            "ownerReferences",
            meta.owners.iter().map(owner_to_json).collect(),
        );
    }
    if meta.resource_version != 0 {
        put("resourceVersion", meta.resource_version.to_string().into());
    }
    Value::Object(out)
}

fn owner_to_json(owner: &OwnerRef) -> Value {
    let mut out = json!({
        "apiVersion": owner.api_version, "kind": owner.kind, "name": owner.name, "uid": owner.uid.to_string(),
    });
    if let Value::Object(map) = &mut out {
        if owner.controller {
            map.insert("controller".into(), true.into());
        }
        if owner.block_owner_deletion {
            map.insert("blockOwnerDeletion".into(), true.into());
        }
    }
    out
}

/// Reads an object of a known kind from JSON that decoding has already found well-typed. `status`
/// is read only for kinds whose status nobody computes; the writer keeps the stored one elsewhere.
/// Errors: a text where a field has the wrong type after all.
pub fn from_json(kind: Kind, value: &Value) -> Result<Object, String> {
    let meta = read_meta(value.get("metadata").unwrap_or(&Value::Null))?;
    let spec = value.get("spec").cloned().unwrap_or_else(|| json!({}));
    let body = match kind {
        Kind::Pod => {
            let spec: PodSpec = read(spec)?;
            let node_name = spec.node_name.as_deref().map(Arc::from);
            let spec = PodSpec {
                node_name: None,
                ..spec
            };
            let spec = SharedPodSpec::new(spec, false);
            Body::Pod(PodBody {
                spec,
                node_name,
                token_suffix: None,
                status: Arc::new(PodStatus::default()),
            })
        }
        Kind::Node => Body::Node(node::read_node(value, &meta)?),
        Kind::Deployment => {
            let spec: DeploymentSpec = read(spec)?;
            Body::Deployment(DeploymentBody::new(spec, DeploymentStatus::default()))
        }
        Kind::ReplicaSet => {
            let spec: ReplicaSetSpec = read(spec)?;
            let template = PodTemplate::new(spec.template.unwrap_or_default());
            let selector: LabelSelector = spec.selector;
            let minimum = spec.min_ready_seconds.unwrap_or(0);
            Body::ReplicaSet(ReplicaSetBody::new(
                spec.replicas.unwrap_or(1),
                minimum,
                selector,
                template,
            ))
        }
        Kind::DaemonSet => {
            let spec: DaemonSetSpec = read(spec)?;
            Body::DaemonSet(DaemonSetBody::new(spec, DaemonSetStatus::default()))
        }
        Kind::StatefulSet => {
            let spec: StatefulSetSpec = read(spec)?;
            Body::StatefulSet(StatefulSetBody::new(spec, StatefulSetStatus::default()))
        }
        Kind::ReplicationController => {
            let spec: ReplicationControllerSpec = read(spec)?;
            Body::ReplicationController(ReplicaSetBody::of_controller(spec))
        }
        Kind::Job => Body::Job(JobBody::new(read(spec)?, JobStatus::default())),
        Kind::CronJob => Body::CronJob(CronJobBody::new(read(spec)?, CronJobStatus::default())),
        Kind::Event | Kind::Lease => {
            return Err(format!("{} objects cannot be written", kind.name()));
        }
        _ => {
            let mut fields = value.as_object().cloned().unwrap_or_default();
            for envelope in ["apiVersion", "kind", "metadata"] {
                fields.remove(envelope);
            }
            Body::Data(kind, Arc::new(Value::Object(fields)))
        }
    };
    Ok(Object { meta, body })
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|e| e.to_string())
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key)?.as_str().map(String::from)
}

fn time(value: &Value, key: &str) -> Option<SimTime> {
    SimTime::parse_rfc3339(value.get(key)?.as_str()?)
}

fn labels(value: &Value, key: &str) -> Labels {
    let entries = value
        .get(key)
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    let map: BTreeMap<String, String> = entries
        .filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_string())))
        .collect();
    Arc::new(map)
}

fn read_meta(value: &Value) -> Result<Meta, String> {
    let owners = value
        .get("ownerReferences")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let finalizers = value
        .get("finalizers")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let number = |key: &str| value.get(key).and_then(Value::as_i64);
    Ok(Meta {
        name: text(value, "name").unwrap_or_default().into(),
        namespace: text(value, "namespace").unwrap_or_default().into(),
        generate_name: text(value, "generateName").map(Arc::from),
        uid: text(value, "uid")
            .and_then(|t| Uid::parse(&t))
            .unwrap_or_default(),
        resource_version: text(value, "resourceVersion")
            .and_then(|t| t.parse().ok())
            .unwrap_or(0),
        generation: number("generation").unwrap_or(0),
        created: time(value, "creationTimestamp").unwrap_or_default(),
        deletion: time(value, "deletionTimestamp").map(|timestamp| Deletion {
            timestamp,
            grace_secs: number("deletionGracePeriodSeconds").unwrap_or(0),
        }),
        labels: labels(value, "labels"),
        annotations: labels(value, "annotations"),
        owners: owners.map(read_owner).collect(),
        finalizers: finalizers
            .filter_map(|f| f.as_str().map(String::from))
            .collect(),
    })
}

fn read_owner(value: &Value) -> OwnerRef {
    let get = |key: &str| Arc::from(text(value, key).unwrap_or_default());
    let flag = |key: &str| value.get(key).and_then(Value::as_bool).unwrap_or(false);
    OwnerRef {
        api_version: get("apiVersion"),
        kind: get("kind"),
        name: get("name"),
        uid: Uid::parse(&get("uid")).unwrap_or_default(),
        controller: flag("controller"),
        block_owner_deletion: flag("blockOwnerDeletion"),
    }
}
