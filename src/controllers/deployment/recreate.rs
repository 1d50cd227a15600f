//! The Recreate strategy: all old pods gone before the first new one comes.
//!
//! Upstream: `pkg/controller/deployment/recreate.go`.

use std::sync::Arc;

use crate::api::{Kind, Object};
use crate::apiserver::ApiError;

use super::sync::{Rollout, active};

impl Rollout<'_, '_> {
    /// One step of a recreation.
    pub(super) fn recreate(&mut self) -> Result<(), ApiError> {
        let (mut new, mut old) = self.sync_revision(false)?;
        let running = active(&old);
        if !running.is_empty() {
            for rs in &running {
                self.scale(rs, 0)?;
            }
            return self.write_rollout_status(new.as_ref(), &old);
        }
        if self.old_pods_run(&old) {
            return self.write_rollout_status(new.as_ref(), &old);
        }
        if new.is_none() {
            (new, old) = self.sync_revision(true)?;
        }
        if let Some(rs) = &mut new {
            *rs = self.scale(rs, self.replicas())?;
        }
        if self.is_complete(self.status()) {
            self.clean_up_history(&old)?;
        }
        self.write_rollout_status(new.as_ref(), &old)
    }

    fn old_pods_run(&self, old: &[Arc<Object>]) -> bool {
        let cache = self.client.cache();
        let mut pods = old
            .iter()
            .flat_map(|rs| cache.owned_by(Kind::Pod, rs.meta.uid));
        pods.any(|pod| pod.pod().is_some_and(|body| !body.is_terminal()))
    }
}
