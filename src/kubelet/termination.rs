//! The end of a pod: its containers are stopped, its sandbox is taken down, its fate is written,
//! and if it was being deleted the object goes.
//!
//! Upstream: `pkg/kubelet/kubelet.go` (SyncTerminatingPod, SyncTerminatedPod),
//! `pkg/kubelet/status/status_manager.go` (TerminatePod), `kuberuntime_termination_order.go`.

use crate::api::{ConditionStatus, ContainerState, Phase, PodConditionType};
use crate::apiserver::DeleteOptions;
use crate::clock::{SimTime, Span};

use super::container::Run;
use super::plan::Role;
use super::status;
use super::worker::{Act, Sandbox, Stage, Step, Worker};

impl Worker {
    /// Stops everything.
    pub(super) fn terminate(&mut self, act: &mut Act<'_, '_>) {
        let mut status = self.generate(act.now, false);
        if status.phase.is_terminal() {
            let before = self
                .status
                .as_deref()
                .unwrap_or_else(|| self.stored_status());
            status.phase = before.phase;
        }
        self.write(act, status);
        let mut until = self.stop_all(act);
        if self.sandbox != Sandbox::Absent {
            until = until + act.options.stop_sandbox + self.stagger(act, "stop");
        }
        self.step = Step::Terminate { until };
    }

    /// When the last container will have ended. Sidecars go after the others, last first.
    fn stop_all(&mut self, act: &mut Act<'_, '_>) -> SimTime {
        let plan = self.plan.clone();
        let grace = self.grace();
        let running = |worker: &Worker, at: usize| {
            worker
                .containers
                .get(at)
                .is_some_and(|c| c.running().is_some())
        };
        let mut until = act.now;
        for (at, container) in plan.containers.iter().enumerate() {
            if container.role != Role::Sidecar && running(self, at) {
                until = until.max(self.stop(act, at, "", grace));
            }
        }
        let others_end = until;
        for (at, container) in plan.containers.iter().enumerate().rev() {
            if container.role == Role::Sidecar && running(self, at) {
                let waited = others_end - act.now;
                self.stop(act, at, "", grace);
                until = until.max(self.postpone(at, waited, act.now + grace));
            }
        }
        until
    }

    /// A signal comes later than planned, the last one no later than `limit`: when the process
    /// ends.
    fn postpone(&mut self, at: usize, by: Span, limit: SimTime) -> SimTime {
        let Some(Run::Running(running)) = self.containers.get_mut(at).map(|c| &mut c.run) else {
            return limit;
        };
        let (end, code) = running.ends.unwrap_or((limit, 137));
        let end = (end + by).min(limit.max(end));
        running.ends = Some((end, code));
        end
    }

    /// The pod was deleted again while its containers are being stopped: the grace period may have
    /// become shorter.
    pub(super) fn shorten(&mut self, now: SimTime) {
        let Step::Terminate { until } = &mut self.step else {
            return;
        };
        let limit = now + Span::secs(self.object.meta.deletion.map_or(0, |d| d.grace_secs).max(2));
        *until = (*until).min(limit);
        let running = self.containers.iter_mut().filter_map(|c| match &mut c.run {
            Run::Running(running) => running.ends.as_mut(),
            _ => None,
        });
        for ends in running.filter(|ends| ends.0 > limit) {
            *ends = (limit, 137);
        }
    }

    /// Containers and sandbox are gone: the pod's fate is known.
    pub(super) fn terminated(&mut self, act: &mut Act<'_, '_>) {
        self.containers.iter_mut().for_each(|c| c.settle(act.now));
        if self.sandbox == Sandbox::Ready {
            self.sandbox = Sandbox::Dead;
            self.release_ip(act);
        }
        let status = self.generate(act.now, true);
        self.write(act, status);
        self.stage = Stage::Terminated;
        self.end_sync(act);
        self.want(act.now);
    }

    /// Nothing is left on the node.
    pub(super) fn finish(&mut self, act: &mut Act<'_, '_>) {
        let mut status = self.generate(act.now, true);
        let initialized = status.condition(PodConditionType::Initialized);
        if initialized.is_some_and(|c| c.status == ConditionStatus::True) {
            for container in &mut status.containers {
                if !matches!(container.state, ContainerState::Terminated(_)) {
                    container.state = status::lost();
                }
            }
        }
        if !status.phase.is_terminal() {
            status.phase = Phase::Failed;
        }
        self.write(act, status);
        self.leave_node(act);
        self.stage = Stage::Finished;
        if self.leaving() {
            self.remove(act);
        }
    }

    /// Removes the object of a pod that was being deleted.
    pub(super) fn remove(&mut self, act: &mut Act<'_, '_>) {
        if !self.removed {
            let options = DeleteOptions {
                grace_secs: Some(0),
                uid: Some(self.uid()),
                ..DeleteOptions::default()
            };
            // Whoever was faster has done the same.
            let _ = act.client.delete(&self.object.key(), options);
        }
        self.leave_node(act);
        self.stage = Stage::Gone;
    }
}
