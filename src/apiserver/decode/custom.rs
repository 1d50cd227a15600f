//! Objects of custom kinds: pruned and defaulted as their definition says.
//!
//! Upstream: `apiextensions-apiserver/pkg/apiserver/customresource_handler.go`
//! (`schemaCoercingDecoder`). Differs: objects within objects keep their metadata as it came.

use std::cell::RefCell;
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

use crate::api::{Body, CustomKind, Kind, Meta};
use crate::apiserver::structural;

use super::metadata;
use super::problem::Problem;
use super::strict::{self, Notes};

pub(super) fn read<'a>(
    kind: CustomKind,
    value: &'a Value,
    notes: &RefCell<Notes<'a>>,
) -> (Meta, Body) {
    let meta = value.get("metadata");
    let meta = meta.and_then(|meta| {
        strict::read_field::<ObjectMeta>(meta, kind.info().name, "metadata", notes)
    });
    let mut object = value.clone();
    if let Some(fields) = object.as_object_mut() {
        for envelope in ["apiVersion", "kind", "metadata"] {
            fields.remove(envelope);
        }
    }
    structural::fill(&mut object, kind.schema());
    let dropped = structural::prune(&mut object, kind.schema());
    let unknown = dropped.into_iter().map(Problem::unknown_field);
    notes.borrow_mut().problems.extend(unknown);
    let body = Body::Data(Kind::Custom(kind), Arc::new(object));
    (metadata::from_api(meta.unwrap_or_default()), body)
}
