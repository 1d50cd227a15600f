//! What the scale subresource is about: the replicas that a workload wants.
//!
//! Upstream: `autoscaling/v1.Scale`, `pkg/registry/{apps,core}/*/storage` (ScaleREST).

use std::sync::Arc;

use super::{Body, Hashed, Object};

impl Object {
    /// How many replicas it wants; `None` for kinds that cannot be scaled.
    pub fn replicas(&self) -> Option<i32> {
        match &self.body {
            Body::Deployment(deployment) => Some(deployment.replicas()),
            Body::ReplicaSet(rs) | Body::ReplicationController(rs) => Some(rs.replicas),
            Body::StatefulSet(set) => Some(set.replicas()),
            _ => None,
        }
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
            _ => return None,
        }
        Some(new)
    }
}
