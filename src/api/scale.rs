//! What the scale subresource is about: the replicas that a workload wants.
//!
//! Upstream: `autoscaling/v1.Scale`, `pkg/registry/{apps,core}/*/storage` (ScaleREST).

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Body, Hashed, Kind, Object, Selector, SelectorError, number_at, text_at};

impl Object {
    /// How many replicas it wants; `None` for kinds that cannot be scaled.
    pub fn replicas(&self) -> Option<i32> {
        match &self.body {
            Body::Deployment(deployment) => Some(deployment.replicas()),
            Body::ReplicaSet(rs) | Body::ReplicationController(rs) => Some(rs.replicas),
            Body::StatefulSet(set) => Some(set.replicas()),
            Body::Data(Kind::Custom(custom), body) => {
                let wanted = number_at(body, &custom.scale()?.spec_replicas).unwrap_or(0);
                i32::try_from(wanted).ok()
            }
            _ => None,
        }
    }

    /// What its scale selects; everything, if it does not say. Errors: a text that is no selector.
    pub fn scale_selector(&self) -> Result<Selector, SelectorError> {
        let Body::Data(Kind::Custom(custom), body) = &self.body else {
            return Ok(self.selector().cloned().unwrap_or_default());
        };
        let path = custom.scale().map(|scale| scale.label_selector.as_str());
        let path = path.filter(|path| !path.is_empty());
        text_at(body, path.unwrap_or("/-")).parse()
    }

    /// The object with another number of replicas; `None` for kinds that cannot be scaled.
    pub fn with_replicas(&self, replicas: i32) -> Option<Object> {
        let mut new = self.clone();
        match &mut new.body {
            Body::Deployment(deployment) => {
                let mut spec = (**deployment.spec).clone();
                spec.replicas = Some(replicas);
                deployment.spec = Arc::new(Hashed::new(spec));
            }
            Body::ReplicaSet(rs) | Body::ReplicationController(rs) => rs.replicas = replicas,
            Body::StatefulSet(set) => {
                let mut spec = (**set.spec).clone();
                spec.replicas = Some(replicas);
                set.spec = Arc::new(Hashed::new(spec));
            }
            Body::Data(Kind::Custom(custom), body) => {
                put(
                    Arc::make_mut(body),
                    &custom.scale()?.spec_replicas,
                    replicas,
                )?;
            }
            _ => return None,
        }
        Some(new)
    }
}

/// Puts a number at a pointer, and objects on the way there; `None` if something else is in it.
fn put(value: &mut Value, pointer: &str, number: i32) -> Option<()> {
    let mut place = value;
    for key in pointer.split('/').skip(1) {
        let fields = place.as_object_mut()?;
        let empty = || Value::Object(Map::new());
        place = fields.entry(key).or_insert_with(empty);
    }
    *place = number.into();
    Some(())
}
