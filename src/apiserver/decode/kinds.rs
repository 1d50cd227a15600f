//! Kinds whose objects are kept as data: their fields are checked, and kept as they came.
//!
//! Upstream: the codecs of `staging/src/k8s.io/api`.

use std::cell::RefCell;
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

use crate::api::{Body, Kind, Meta};
use crate::apiserver::defaults;

use super::metadata;
use super::schema::Struct;
use super::strict::{self, Notes};

/// Reads an object of a kind that is kept as data; `None` if nobody may write the kind.
pub(super) fn read<'a>(
    kind: Kind,
    value: &'a Value,
    notes: &RefCell<Notes<'a>>,
) -> Option<(Meta, Body)> {
    Struct::named(kind.name())?;
    let mut fields = strict::read_object(value, kind.name(), notes);
    for envelope in ["apiVersion", "kind", "status"] {
        fields.remove(envelope);
    }
    let meta = fields.remove("metadata").unwrap_or_default();
    let meta: ObjectMeta = serde_json::from_value(meta).unwrap_or_default();
    defaults::data(kind, &mut fields);
    let body = Body::Data(kind, Arc::new(Value::Object(fields)));
    Some((metadata::from_api(meta), body))
}
