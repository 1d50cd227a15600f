//! The status of a DaemonSet, counted and written.
//!
//! Upstream: `updateDaemonSetStatus` and `storeDaemonSetStatus` in `daemon_controller.go`.

use crate::api::{Body, DaemonSetStatus, Object};
use crate::apiserver::{ApiError, Reason};
use crate::clock::Span;

use super::super::util::{ready_since, timer_after};
use super::Sync;
use super::pods::{PodsByNode, age_order};

impl Sync<'_, '_> {
    /// Counts and writes, if anything differs. The generation counts as observed only where the
    /// sync could act on it. Errors: of the write.
    pub(super) fn write_status(
        &mut self,
        pods: &PodsByNode,
        hash: &str,
        observed: bool,
    ) -> Result<(), ApiError> {
        let mut status = self.count(pods, hash);
        let generation = self.ds.meta.generation;
        let old = &self.body.status;
        if (DaemonSetStatus {
            observed_generation: old.observed_generation,
            ..status.clone()
        }) != *old
            || old.observed_generation < generation
        {
            if observed {
                status.observed_generation = generation;
            }
            self.store(&status)?;
        }
        self.wait_for_availability(pods, status.ready != status.available);
        Ok(())
    }

    /// Comes again when a pod that is ready becomes available: a second later than it must, lest it
    /// be too early by a fraction. The status alone does not tell, since beside an old pod the new
    /// one is not counted.
    fn wait_for_availability(&mut self, pods: &PodsByNode, some_wait: bool) {
        let minimum = Span::secs(self.body.min_ready_seconds().into());
        if minimum == Span::ZERO {
            return;
        }
        let now = self.client.now();
        let pods = pods.values().flatten();
        let waiting = pods.filter(|pod| !pod.meta.is_deleting() && !self.is_available(pod));
        let since = waiting.filter_map(|pod| ready_since(pod)).min();
        let second = Span::secs(1);
        let due = since.map(|since| since + minimum + second);
        let due = due.into_iter().chain(some_wait.then(|| now + minimum));
        let trigger = timer_after(self.client.trigger());
        for at in due {
            self.desk.queue.add_at(self.key.clone(), at, trigger);
        }
    }

    fn count(&self, pods: &PodsByNode, hash: &str) -> DaemonSetStatus {
        let mut status = DaemonSetStatus {
            observed_generation: self.body.status.observed_generation,
            collision_count: self.body.status.collision_count,
            ..DaemonSetStatus::default()
        };
        for (node, verdict) in &self.nodes {
            let here = pods.get(node).into_iter().flatten();
            let Some(pod) = here.min_by_key(|pod| age_order(pod)) else {
                status.desired += i32::from(verdict.should_run);
                continue;
            };
            if !verdict.should_run {
                status.misscheduled += 1;
                continue;
            }
            status.desired += 1;
            status.current += 1;
            let ready = pod.pod().is_some_and(|body| body.status.is_ready());
            status.ready += i32::from(ready);
            status.available += i32::from(self.is_available(pod));
            status.updated += i32::from(self.is_updated(pod, hash));
        }
        status.unavailable = status.desired - status.available;
        status
    }

    fn store(&mut self, status: &DaemonSetStatus) -> Result<(), ApiError> {
        let with = |object: &Object| {
            let mut new = object.clone();
            if let Body::DaemonSet(body) = &mut new.body {
                body.status = status.clone();
            }
            new
        };
        match self.client.update_status(with(&self.ds)) {
            Err(error) if error.reason == Reason::Conflict => {
                let latest = self.client.live().get(&self.key).cloned();
                match latest {
                    Some(latest) => self.client.update_status(with(&latest)).map(|_| ()),
                    None => Ok(()),
                }
            }
            other => other.map(|_| ()),
        }
    }
}
