//! Metadata as the API has it, turned into ours.
//!
//! Upstream: `apimachinery/pkg/apis/meta/v1.ObjectMeta`. Differs: `managedFields` are dropped.

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference, Time};

use crate::api::{Deletion, Meta, OwnerRef, Uid};
use crate::clock::SimTime;

/// The moment of a timestamp.
pub(super) fn moment(time: &Time) -> SimTime {
    SimTime::parse_rfc3339(&time.0.to_string()).unwrap_or_default()
}

pub(super) fn from_api(meta: ObjectMeta) -> Meta {
    let text = |text: Option<String>| Arc::from(text.unwrap_or_default());
    let grace = meta.deletion_grace_period_seconds.unwrap_or(0);
    Meta {
        name: text(meta.name),
        namespace: text(meta.namespace),
        generate_name: meta.generate_name.filter(|n| !n.is_empty()).map(Arc::from),
        uid: meta
            .uid
            .and_then(|uid| Uid::parse(&uid))
            .unwrap_or_default(),
        resource_version: meta
            .resource_version
            .and_then(|v| v.parse().ok())
            .unwrap_or(0),
        generation: meta.generation.unwrap_or(0),
        created: meta
            .creation_timestamp
            .as_ref()
            .map(moment)
            .unwrap_or_default(),
        deletion: meta.deletion_timestamp.as_ref().map(|time| Deletion {
            timestamp: moment(time),
            grace_secs: grace,
        }),
        labels: Arc::new(meta.labels.unwrap_or_default()),
        annotations: Arc::new(meta.annotations.unwrap_or_default()),
        owners: meta
            .owner_references
            .into_iter()
            .flatten()
            .map(owner)
            .collect(),
        finalizers: meta.finalizers.unwrap_or_default().into(),
    }
}

fn owner(reference: OwnerReference) -> OwnerRef {
    OwnerRef {
        api_version: reference.api_version.into(),
        kind: reference.kind.into(),
        name: reference.name.into(),
        uid: Uid::parse(&reference.uid).unwrap_or_default(),
        controller: reference.controller.unwrap_or(false),
        block_owner_deletion: reference.block_owner_deletion.unwrap_or(false),
    }
}
